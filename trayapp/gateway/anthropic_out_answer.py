"""Anthropic's messages as the upstream's dialect: reads the answer, whole or streamed."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from trayapp.core.secret import Secret
from trayapp.gateway.answers import decoded, no_answer, text_of
from trayapp.gateway.anthropic_parts import REASONS, usage_of
from trayapp.gateway.exchange import (
    Answer,
    AnswerPart,
    Event,
    GarbledError,
    PartEnd,
    Ping,
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
    Usage,
)
from trayapp.gateway.faults import fault_in_stream
from trayapp.gateway.framing import Frames
from trayapp.gateway.limits import TOLD
from trayapp.gateway.streams import StreamReader, too_much

_encode = msgspec.json.Encoder().encode


class _Block(Struct):
    type: Any = None
    text: Any = None
    thinking: Any = None
    signature: Any = None
    data: Any = None
    id: Any = None
    name: Any = None
    input: Any = None


class _Delta(Struct):
    type: Any = None
    text: Any = None
    thinking: Any = None
    signature: Any = None
    partial_json: Any = None
    stop_reason: Any = None
    stop_sequence: Any = None
    stop_details: Any = None


class _Message(Struct):
    model: Any = None
    content: list[_Block] | None = None
    stop_reason: Any = None
    stop_sequence: Any = None
    stop_details: Any = None
    usage: Any = None
    error: Any = None


class _Event(Struct):
    type: Any = None
    index: Any = None
    message: _Message | None = None
    content_block: _Block | None = None
    delta: _Delta | None = None
    usage: Any = None
    error: Any = None


_decode = msgspec.json.Decoder(_Message).decode
_decode_event = msgspec.json.Decoder(_Event).decode


def read_answer(body: bytes, seed: str = "") -> Answer:
    """The answer, or GarbledError. ``seed`` makes ids for calls that come without one."""
    said = decoded(_decode, body)
    if said.content is None:
        raise no_answer(said.error)
    parts = [part for number, block in enumerate(said.content) if (part := _part(block, seed, number)) is not None]
    stop = _reason(said.stop_reason)
    if explained := _explained(said.stop_details):
        parts.append(Refusal(explained))
    return Answer(tuple(parts), stop, text_of(said.stop_sequence), usage_of(said.usage), text_of(said.model))


def _part(block: _Block, seed: str, number: int) -> AnswerPart | None:
    match block.type:
        case "text":
            return Text(text_of(block.text))
        case "thinking":
            return Thinking(text_of(block.thinking), text_of(block.signature))
        case "redacted_thinking":
            return Thinking(redacted=text_of(block.data))
        case "tool_use":
            arguments = _encode(block.input if isinstance(block.input, dict) else {}).decode()
            return ToolCall(text_of(block.id) or f"toolu_{seed}_{number}", text_of(block.name), arguments)
    return None  # a block of Anthropic's own tools, of which none were offered


def _reason(value: Any) -> StopReason:
    return REASONS.get(value, StopReason.END) if isinstance(value, str) else StopReason.END


def _explained(details: Any) -> str:
    return text_of(details.get("explanation")) if isinstance(details, dict) else ""


class AnswerReader(StreamReader):
    """Events to events. The stream is good if it ended with ``message_stop``."""

    def __init__(self, seed: str = "", *secrets: Secret | None) -> None:
        super().__init__(Frames(), *secrets)
        self._seed = seed
        self._usage: Usage | None = None
        self._reason: Any = None
        self._sequence = ""
        self._count = 0
        self._calls: dict[int, int] = {}
        """Number of the call in each block."""
        self._inputs: dict[int, str] = {}
        """Arguments that stand in the block's start, for servers that send no deltas."""
        self._held = 0

    def _read(self, piece: tuple[bytes, bytes], events: list[Event]) -> None:
        name, data = piece
        if name == b":":
            events.append(Ping())
            return
        said = _decode_event(data)
        match said.type:
            case "content_block_delta" if said.delta is not None:
                self._delta(said.delta, said.index, events)
            case "content_block_start" if said.content_block is not None:
                self._start(said.content_block, said.index, events)
            case "content_block_stop":
                self._stop(said.index, events)
            case "message_start" if said.message is not None:
                self._usage = usage_of(said.message.usage)
                events.append(Start(text_of(said.message.model), self._usage))
            case "message_delta":
                self._close(said, events)
            case "message_stop":
                self._end_with(Stop(_reason(self._reason), self._sequence, self._usage), events)
            case "ping":
                events.append(Ping())
            case "error":
                self._end_with(fault_in_stream(said.error, *self._secrets), events)

    def _delta(self, delta: _Delta, index: Any, events: list[Event]) -> None:
        match delta.type:
            case "text_delta":
                if text := text_of(delta.text):
                    events.append(TextDelta(text))
            case "input_json_delta":
                call = self._calls.get(index) if isinstance(index, int) else None
                if call is not None and (more := text_of(delta.partial_json)):
                    self._inputs.pop(index, None)
                    events.append(ToolDelta(call, more))
            case "thinking_delta":
                if text := text_of(delta.thinking):
                    events.append(ThinkingDelta(text))
            case "signature_delta":
                if text := text_of(delta.signature):
                    events.append(ThinkingDelta(signature=text))

    def _start(self, block: _Block, index: Any, events: list[Event]) -> None:
        match block.type:
            case "text":
                if text := text_of(block.text):
                    events.append(TextDelta(text))
            case "thinking":
                if text_of(block.thinking) or text_of(block.signature):
                    events.append(ThinkingDelta(text_of(block.thinking), text_of(block.signature)))
            case "redacted_thinking":
                events.append(ThinkingDelta(redacted=text_of(block.data)))
            case "tool_use" if isinstance(index, int):
                call = self._calls[index] = self._count
                self._count += 1
                if isinstance(block.input, dict) and block.input:
                    self._inputs[index] = given = _encode(block.input).decode()
                    self._held += len(given)
                    if self._held > TOLD:
                        raise GarbledError(too_much().message)
                events.append(ToolStart(call, text_of(block.id) or f"toolu_{self._seed}_{call}", text_of(block.name)))

    def _stop(self, index: Any, events: list[Event]) -> None:
        if isinstance(index, int) and (given := self._inputs.pop(index, "")):
            events.append(ToolDelta(self._calls[index], given))
        events.append(PartEnd())

    def _close(self, said: _Event, events: list[Event]) -> None:
        self._usage = usage_of(said.usage, self._usage)
        if said.delta is not None:
            self._reason = said.delta.stop_reason
            self._sequence = text_of(said.delta.stop_sequence)
            if explained := _explained(said.delta.stop_details):
                events.append(RefusalDelta(explained))
