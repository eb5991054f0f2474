"""Streams of events: how readers keep going wherever chunks are cut, and how a whole answer becomes one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import msgspec

from trayapp.core.language import _
from trayapp.core.secret import Secret
from trayapp.gateway.exchange import (
    Answer,
    AnswerPart,
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

_decode = msgspec.json.Decoder().decode


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
            case ToolCall(id_, name, arguments):
                yield ToolStart(calls, id_, name)
                if arguments:
                    yield ToolDelta(calls, arguments)
                calls += 1
        yield PartEnd()
    yield Stop(answer.stop, answer.sequence, answer.usage)


def gathered(events: Iterable[Event]) -> Answer | Fault:
    """The whole answer that a stream was; the Fault, if it ended with one."""
    parts: list[AnswerPart] = []
    calls: dict[int, int] = {}
    logprobs: list[dict[str, Any]] = []
    model, closed = "", True
    stop = Stop(StopReason.END)
    for event in events:
        match event:
            case Start(name):
                model = name
            case TextDelta(text, more):
                logprobs.extend(more)
                closed = _grown(parts, Text(text), closed)
            case ThinkingDelta(text, signature, redacted):
                closed = _grown(parts, Thinking(text, signature, redacted), closed)
            case RefusalDelta(text):
                closed = _grown(parts, Refusal(text), closed)
            case ToolStart(index, id_, name):
                calls[index] = len(parts)
                parts.append(ToolCall(id_, name, ""))
                closed = True
            case ToolDelta(index, arguments):
                call = parts[calls[index]]
                if isinstance(call, ToolCall):
                    parts[calls[index]] = ToolCall(call.id, call.name, call.arguments + arguments)
            case PartEnd():
                closed = True
            case Stop():
                stop = event
            case Fault():
                return event
    return Answer(tuple(parts), stop.reason, stop.sequence, stop.usage, model, tuple(logprobs))


def _grown(parts: list[AnswerPart], more: Text | Thinking | Refusal, closed: bool) -> bool:
    last = parts[-1] if parts and not closed else None
    if isinstance(more, Text) and isinstance(last, Text):
        parts[-1] = Text(last.text + more.text)
    elif isinstance(more, Refusal) and isinstance(last, Refusal):
        parts[-1] = Refusal(last.text + more.text)
    elif isinstance(more, Thinking) and isinstance(last, Thinking) and not more.redacted and not last.redacted:
        parts[-1] = Thinking(last.text + more.text, last.signature + more.signature)
    else:
        parts.append(more)
    return False


def arguments_object(arguments: str) -> dict[str, Any] | None:
    """A call's arguments as an object; None for text that is none. Empty text means no arguments."""
    if not arguments.strip():
        return {}
    try:
        value = _decode(arguments)
    except UNREADABLE:
        return None
    return value if isinstance(value, dict) else None


def called_with(call: ToolCall) -> dict[str, Any]:
    """The arguments of a model's call for a dialect that wants an object; GarbledError where they are none."""
    arguments = arguments_object(call.arguments)
    if arguments is None:
        raise GarbledError(
            _("The model called the tool “{name}” with arguments that are no JSON object.").format(name=call.name)
        )
    return arguments


def counted(value: Any) -> int:
    """A number of tokens; zero for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
