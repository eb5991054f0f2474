"""Streams of events: how readers keep going wherever chunks are cut, and how a whole answer becomes one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any, Protocol

import msgspec

from trayapp.core.language import _
from trayapp.core.secret import Secret
from trayapp.core.weight import weight
from trayapp.gateway.exchange import (
    Answer,
    AnswerPart,
    BadRequestError,
    Event,
    Fault,
    GarbledError,
    PartEnd,
    Refusal,
    RefusalDelta,
    Start,
    Stop,
    StopReason,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCall,
    ToolDelta,
    ToolStart,
)
from trayapp.gateway.faults import broken_off, garbled
from trayapp.gateway.fields import UNREADABLE
from trayapp.gateway.limits import PARTS, TOLD, VALUES

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_SMALL = 2**16
"""Characters of a call's arguments that are not weighed."""


class StreamWriter(Protocol):
    """Writes events in the caller's dialect. After a Stop or a Fault nothing more is written."""

    def write(self, event: Event) -> bytes: ...


class Cutter(Protocol):
    """Cuts bytes into pieces: events or lines."""

    def feed(self, chunk: bytes) -> list[Any]: ...
    def end(self) -> list[Any]: ...


class StreamReader:
    """Reads events from an upstream's bytes; raises nothing, for what is wrong with a stream is its last event.

    A dialect gives ``_read`` for one piece, and says with ``_finish`` that the answer is whole.
    """

    def __init__(self, cutter: Cutter, *secrets: Secret | None) -> None:
        self._cutter = cutter
        self._secrets = secrets
        self.over = False
        """Whether the last event was given; what comes afterwards is not read."""

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that these bytes complete; often none."""
        return self._take(self._cutter.feed, chunk)

    def end(self) -> list[Event]:
        """What is to be said now that upstream has closed the stream; a Fault if it did so too early."""
        events = self._take(self._cutter.end)
        if not self.over:
            self.over = True
            events.extend(self._cut())
        return events

    def _take(self, cut: Any, *chunk: bytes) -> list[Event]:
        events: list[Event] = []
        if self.over:
            return events
        try:
            for piece in cut(*chunk):
                self._read(piece, events)
                if self.over:
                    break
        except (GarbledError, *UNREADABLE) as error:
            self._end_with(garbled(error), events)
        return events

    def _end_with(self, event: Stop | Fault, events: list[Event]) -> None:
        self.over = True
        events.append(event)

    def _read(self, piece: Any, events: list[Event]) -> None:
        raise NotImplementedError

    def _cut(self) -> list[Event]:
        return [broken_off()]


def events_of(answer: Answer) -> Iterator[Event]:
    """The stream that a whole answer would have been."""
    yield Start(answer.model)
    calls = 0
    logprobs = answer.logprobs
    for part in answer.parts:
        match part:
            case Text(text):
                yield TextDelta(text, logprobs)
                logprobs = ()
            case Thinking(text, signature, redacted):
                yield ThinkingDelta(text, signature, redacted)
            case Refusal(text):
                yield RefusalDelta(text)
            case call:
                yield ToolStart(calls, call.id, call.name)
                if call.arguments:
                    yield ToolDelta(calls, call.arguments)
                calls += 1
        yield PartEnd()
    yield Stop(answer.stop, answer.sequence, answer.usage)


def gathered(events: Iterable[Event]) -> Answer | Fault:
    """The whole answer that a stream was; the Fault, if it ended with one."""
    whole = Gathering()
    for event in events:
        if isinstance(event, Fault):
            return event
        whole.take(event)
    return whole.answer()


class Gathering:
    """Puts a stream together to the answer that it is."""

    def __init__(self) -> None:
        self._parts: list[_Growing] = []
        self._calls: dict[int, _Growing] = {}
        self._logprobs: list[dict[str, Any]] = []
        self._weight = 0
        """Bytes that these take; past the limit they are left out."""
        self._model, self._closed = "", True
        self._stop = Stop(StopReason.END)

    def take(self, event: Event) -> None:
        match event:
            case Start(name):
                self._model = name
            case TextDelta(text, logprobs):
                self._grow(Text(text))
                if logprobs:
                    self._add(logprobs)
            case ThinkingDelta(text, signature, redacted):
                self._grow(Thinking(text, signature, redacted))
            case RefusalDelta(text):
                self._grow(Refusal(text))
            case ToolStart(index, id_, name):
                self._calls[index] = _Growing(ToolCall(id_, name, ""))
                self._parts.append(self._calls[index])
                self._closed = True
            case ToolDelta(index, arguments):
                self._calls[index].text.write(arguments)
            case PartEnd():
                self._closed = True
            case Stop():
                self._stop = event

    def answer(self) -> Answer:
        stop, parts = self._stop, tuple(part.whole() for part in self._parts)
        return Answer(parts, stop.reason, stop.sequence, stop.usage, self._model, tuple(self._logprobs))

    def _grow(self, more: Text | Thinking | Refusal) -> None:
        if self._closed or not self._parts[-1].goes_on(more):
            self._parts.append(_Growing(more))
        self._parts[-1].grow(more)
        self._closed = False

    def _add(self, logprobs: tuple[dict[str, Any], ...]) -> None:
        self._weight += weight(_encode(logprobs))
        self._logprobs.extend(logprobs)
        if self._weight > VALUES:
            self._logprobs.clear()


class _Growing:
    """A part of an answer, put together once: to do so at every word takes the square of its length."""

    def __init__(self, first: AnswerPart) -> None:
        self._first = first
        self.text, self.signature = StringIO(), StringIO()

    def goes_on(self, more: AnswerPart) -> bool:
        """Whether this is more of the same."""
        last = self._first
        if isinstance(last, Thinking) and isinstance(more, Thinking):
            return not (last.redacted or more.redacted)
        return type(last) is type(more)

    def grow(self, more: Text | Thinking | Refusal) -> None:
        self.text.write(more.text)
        if isinstance(more, Thinking):
            self.signature.write(more.signature)

    def whole(self) -> AnswerPart:
        text = self.text.getvalue()
        match self._first:
            case Thinking(redacted=redacted):
                return Thinking(text, self.signature.getvalue(), redacted)
            case ToolCall(id_, name):
                return ToolCall(id_, name, text)
            case Refusal():
                return Refusal(text)
        return Text(text)


class Told:
    """Counts what of a streamed answer stays in memory until its end; past the limits a Fault is its last event."""

    def __init__(self, *, words: bool) -> None:
        """``words``: they are repeated at the end, as calls are in every dialect."""
        self._words = words
        self._kind: type | None = None
        self._parts = 0
        self._held = 0

    def of(self, events: list[Event]) -> list[Event]:
        """The events, as far as they may be told."""
        for at, event in enumerate(events):
            self._count(event)
            if self._held > TOLD or self._parts > PARTS:
                return [*events[:at], too_much()]
        return events

    def _count(self, event: Event) -> None:
        match event:
            case ToolDelta(_, arguments):
                self._held += _size(arguments) + _EACH
            case ToolStart(_, id_, name):
                self._held += len(id_) + len(name)
                self._parts += 1
            case Start(name):
                self._held += len(name) + _EACH
            case TextDelta(text) | RefusalDelta(text) | ThinkingDelta(text) if self._words:
                self._held += _size(text)
                self._parts += type(event) is not self._kind
                self._kind = type(event)
            case PartEnd():
                self._kind = None


_EACH = 16
"""Characters that the place of a piece is worth."""


def _size(text: str) -> int:
    return len(text) if text.isascii() else 3 * len(text)


def too_much() -> Fault:
    """The fault of an answer that no model gives and no caller could hold."""
    return Fault(_("The provider's answer is longer than any model's can be, and was not read to its end."), 502)


def arguments_object(arguments: str) -> dict[str, Any] | None:
    """A call's arguments as an object; None for text that is none. Empty text means no arguments."""
    if not arguments.strip():
        return {}
    if len(arguments) > _SMALL and weight(arguments.encode("utf-8", "replace")) > VALUES:
        return None
    try:
        value = _decode(arguments)
    except UNREADABLE:
        return None
    return value if isinstance(value, dict) else None


def called_before(call: ToolCall, path: str) -> dict[str, Any]:
    """The arguments of a call in the caller's conversation, for the same; BadRequestError where they are none."""
    arguments = arguments_object(call.arguments)
    if arguments is None:
        sentence = _("The arguments of the earlier call to “{name}” are no JSON object.").format(name=call.name)
        raise BadRequestError(sentence, path)
    return arguments


def called_with(call: ToolCall) -> dict[str, Any]:
    """The arguments of a model's call for a dialect that wants an object; GarbledError where they are none."""
    arguments = arguments_object(call.arguments)
    if arguments is None:
        raise GarbledError(
            _("The model called the tool “{name}” with arguments that are no JSON object.").format(name=call.name)
        )
    return arguments
