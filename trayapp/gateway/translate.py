"""Another dialect upstream: the request is read and written anew, the answer as well, whole or as it streams."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar

from trayapp.core.errors import ProviderError
from trayapp.core.models import Capability
from trayapp.core.redaction import struck
from trayapp.core.secret import Secret
from trayapp.core.weight import weight
from trayapp.gateway import embeddings, headers
from trayapp.gateway.dialects import IN, OUT, Outward, Spoken
from trayapp.gateway.exchange import (
    Answer,
    Event,
    Fault,
    GarbledError,
    Ping,
    Request,
    Start,
    Stop,
    Target,
    Usage,
)
from trayapp.gateway.facts import Outcome
from trayapp.gateway.faults import broken_off, garbled
from trayapp.gateway.limits import ANSWER, PARTS, VALUES, VECTORS
from trayapp.gateway.sentences import SPOKEN
from trayapp.gateway.streams import Gathering, StreamReader, Told, events_of, too_much
from trayapp.gateway.turn import Turn, Way
from trayapp.providers.spec import Dialect

if TYPE_CHECKING:
    from trayapp.gateway.relay import Reply

_OPENAI_ITSELF = ("openai", "azure-openai")
_THINKING_BACK = ("deepseek", "moonshot")
_ANTHROPIC_VERSION = ("anthropic-version", "2023-06-01")
_MARK = 0.1
"""Seconds."""
T = TypeVar("T")


class FaultyError(Exception):
    """The provider said 200 and then, before any word, that it failed: nothing was sent to the caller yet."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class Translate:
    """One request as it goes to one model of another dialect."""

    def __init__(self, turn: Turn, way: Way) -> None:
        """Raises BadRequestError, and CannotCarryError for what that dialect has no word for."""
        self._turn = turn
        self._way = way
        self._in = IN[SPOKEN[turn.route]]
        self._out = OUT[way.plan.out]
        self._request: Request = self._in.read_request(turn.raw)
        self._stamp = turn.stamp()
        self._secrets: tuple[Secret, ...] = ()
        self.body = self._out.write_request(self._request, way.ref.model, _target(turn, way))

    def headers(self, signed: Mapping[str, str]) -> dict[str, str]:
        """What goes with it. Nothing of the caller's: its headers are about a body in another dialect."""
        self._secrets = secrets_in(signed)
        sent = headers.upward((), signed)
        if self._way.plan.out is Dialect.ANTHROPIC:
            sent.setdefault(*_ANTHROPIC_VERSION)
        return sent

    async def deliver(self, reply: Reply) -> None:
        """Give the answer in the caller's dialect. Raises FaultyError where it failed before its first word."""
        kind = reply.headers.get("Content-Type", "")
        if not reply.readable:
            reply.close()
            raise FaultyError(garbled(reply.facts.encoding))
        streams = "event-stream" in kind or "ndjson" in kind
        if streams and self._request.stream:
            await self._stream(reply)
            return
        if streams:
            answer = await self._gathered(reply)
        else:
            body = await _body(reply, ANSWER)
            answer = _sound(lambda: whole_answer(self._out, body, self._stamp.id))
        self._turn.usage = answer.usage
        head = ("Content-Type", "application/json")
        if self._request.stream:
            head = ("Content-Type", self._in.stream_type)
            writer = self._in.stream_writer(self._stamp, self._request)
            written = b"".join(map(writer.write, events_of(answer)))
        else:
            written = _sound(lambda: self._in.write_answer(answer, self._stamp, self._request))
        self._turn.call.answer(200, written, [head, *self._turn.mark()])

    async def _gathered(self, reply: Reply) -> Answer:
        """A stream that nobody asked for."""
        reader = self._out.stream_reader(self._stamp.id, *self._secrets)
        told, whole = Told(words=True), Gathering()
        try:
            while not reader.over:
                for event in told.of(await _more(reply, reader)):
                    if isinstance(event, Fault):
                        raise FaultyError(event)
                    whole.take(event)
            await _drained(reply)
        finally:
            reply.close()
        return whole.answer()

    async def _stream(self, reply: Reply) -> None:
        turn = self._turn
        reader = self._out.stream_reader(self._stamp.id, *self._secrets)
        writer = self._in.stream_writer(self._stamp, self._request)
        told = Told(words=SPOKEN[turn.route] is Spoken.RESPONSES)
        held: list[Event] = []
        """What says nothing yet: until a word comes, an error may still be told with its status."""
        begun = False
        try:
            while not reader.over:
                events = told.of(await _more(reply, reader))
                self._note(events)
                if not begun:
                    held += events
                    if not (begun := _says(held)):
                        continue
                    events = held
                    turn.forget()
                    self.body = b""
                    await turn.call.begin(200, [("Content-Type", self._in.stream_type), *turn.mark()])
                await turn.call.write(b"".join(map(writer.write, events)))
                if isinstance(events[-1] if events else None, Fault):
                    self._broken(reply)
            await turn.call.end()
            await _drained(reply)
        finally:
            reply.close()

    def _note(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, Start | Stop) and event.usage is not None:
                self._turn.usage = event.usage

    def _broken(self, reply: Reply) -> None:
        """The caller has read why; the connection ends, so that nobody takes a part for the whole."""
        reply.finish(Outcome.CUT)
        self._turn.outcome = "cut"
        self._turn.call.break_off()
        raise ConnectionResetError("the upstream broke off")


class Embed:
    """Texts of an Ollama caller, to be turned into vectors by somebody else."""

    def __init__(self, turn: Turn, way: Way) -> None:
        """Raises BadRequestError."""
        self._turn = turn
        self._request = embeddings.read_ollama(turn.raw)
        self.body = embeddings.write_openai_request(self._request, way.ref.model)

    def headers(self, signed: Mapping[str, str]) -> dict[str, str]:
        return headers.upward((), signed)

    async def deliver(self, reply: Reply) -> None:
        """Give the vectors in the caller's dialect."""
        written = self._written(await _body(reply, VECTORS))  # which is not held while the caller reads
        self._turn.call.answer(200, written, [("Content-Type", "application/json"), *self._turn.mark()])

    def _written(self, body: bytes) -> bytes:
        vectors = _sound(lambda: embeddings.read_openai_answer(body))
        self._turn.usage = Usage(vectors.tokens) if vectors.tokens else None
        return embeddings.write_ollama_answer(vectors, self._turn.stamp())


def whole_answer(out: Outward, body: bytes, seed: str) -> Answer:
    """The answer in this body. Raises GarbledError where it cannot be read, or would fill the memory if it were."""
    if weight(body) > VALUES:
        raise GarbledError(too_much().message)
    answer = out.read_answer(body, seed)
    if len(answer.parts) > PARTS:
        raise GarbledError(too_much().message)
    return answer


def secrets_in(signed: Mapping[str, str]) -> tuple[Secret, ...]:
    """The keys that these headers carry, to be struck out of whatever an upstream says."""
    found = (value.removeprefix("Bearer ") for name, value in signed.items() if name.lower() in _KEYED)
    return tuple(Secret(value) for value in found)


_KEYED = ("authorization", "x-api-key", "api-key", "x-goog-api-key")


def _target(turn: Turn, way: Way) -> Target:
    model = way.model
    return Target(
        max_output=model.max_output if model is not None else None,
        thinks=model.can(Capability.REASONING) if model is not None else None,
        own=way.spec.id in _OPENAI_ITSELF,
        thinking_back=way.spec.id in _THINKING_BACK,
        ask_usage=way.spec.id != "mistral",
        openai_caller=turn.route.dialect is Dialect.OPENAI,
    )


async def _more(reply: Reply, reader: StreamReader) -> list[Event]:
    """The events that come next; a Fault where the upstream went away."""
    try:
        chunk = await reply.piece()
    except ProviderError:
        return [broken_off()]
    return reader.feed(chunk) if chunk else reader.end()


def _says(held: list[Event]) -> bool:
    """Whether there is something to be passed on. Raises FaultyError where the first thing said is an error."""
    for event in held:
        if isinstance(event, Fault):
            raise FaultyError(event)
        if not isinstance(event, Start | Ping):
            return True
    # comments keep a slow model's connection alive, so they go through
    return any(isinstance(event, Ping) for event in held)


async def _drained(reply: Reply) -> None:
    """Take the mark of the end, which may come behind the last event: else the connection could not be kept."""
    with contextlib.suppress(ProviderError, TimeoutError):
        async with asyncio.timeout(_MARK):
            while await reply.piece():
                pass
    reply.finish(Outcome.WHOLE)


async def _body(reply: Reply, most: int) -> bytes:
    """All of it. Raises FaultyError where it breaks off, and past so many bytes."""
    try:
        if (reply.length or 0) > most or len(body := await reply.read(most + 1)) > most:
            reply.close()
            raise FaultyError(too_much())
    except ProviderError:
        raise FaultyError(broken_off()) from None
    return body


def _sound(read: Callable[[], T]) -> T:
    """What this gives. Raises FaultyError for an answer that cannot be read, or not be said in the caller's dialect."""
    try:
        return read()
    except GarbledError as exc:
        raise FaultyError(Fault(struck(str(exc)), exc.status)) from None
