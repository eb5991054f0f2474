"""Ollama's chat as the upstream's dialect: reads the answer, whole or in lines."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from trayapp.core.secret import Secret
from trayapp.gateway.answers import counted, decoded, text_of
from trayapp.gateway.exchange import (
    Answer,
    AnswerPart,
    Event,
    GarbledError,
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
from trayapp.gateway.faults import broken_off, fault_in_stream
from trayapp.gateway.framing import Lines
from trayapp.gateway.streams import StreamReader

_encode = msgspec.json.Encoder().encode


class _Function(Struct):
    name: Any = None
    arguments: Any = None


class _Call(Struct):
    id: Any = None
    function: _Function | None = None


class _Message(Struct):
    content: Any = None
    thinking: Any = None
    tool_calls: list[_Call] | None = None


class _Line(Struct):
    model: Any = None
    message: _Message | None = None
    done: Any = None
    done_reason: Any = None
    prompt_eval_count: Any = None
    eval_count: Any = None
    logprobs: Any = None
    error: Any = None


_decode = msgspec.json.Decoder(_Line).decode


def read_answer(body: bytes, seed: str = "") -> Answer:
    """The answer, or GarbledError. ``seed`` makes the ids of calls, for older servers give none."""
    said = decoded(_decode, body)
    if said.error is not None:
        raise GarbledError(fault_in_stream(said.error).message)
    if said.done is not True:  # a model's process that went away quietly
        raise GarbledError(broken_off().message)
    message = said.message or _Message()
    parts: list[AnswerPart] = []
    if thinking := text_of(message.thinking):
        parts.append(Thinking(thinking))
    if text := text_of(message.content):
        parts.append(Text(text))
    calls = [_call(call, seed, number) for number, call in enumerate(message.tool_calls or ())]
    stop = _reason(said.done_reason, calls=bool(calls))
    return Answer((*parts, *calls), stop, "", _usage(said), text_of(said.model), _logprobs(said.logprobs))


def _call(call: _Call, seed: str, number: int) -> ToolCall:
    function = call.function or _Function()
    given = function.arguments
    arguments = _encode(given).decode() if isinstance(given, dict) else text_of(given)
    return ToolCall(text_of(call.id) or f"call_{seed}_{number}", text_of(function.name), arguments)


def _reason(said: Any, *, calls: bool) -> StopReason:
    """Ollama says ``stop`` when tools are called, too."""
    if said == "length":
        return StopReason.LENGTH
    return StopReason.TOOLS if calls else StopReason.END


def _usage(said: _Line) -> Usage | None:
    if said.eval_count is None and said.prompt_eval_count is None:
        return None
    return Usage(counted(said.prompt_eval_count), counted(said.eval_count))


def _logprobs(value: Any) -> tuple[dict[str, Any], ...]:
    return tuple(item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


class AnswerReader(StreamReader):
    """Lines to events. The stream is good if a line said ``done``; a line with ``error`` ends it as well."""

    def __init__(self, seed: str = "", *secrets: Secret | None) -> None:
        super().__init__(Lines(), *secrets)
        self._seed = seed
        self._begun = False
        self._count = 0

    def _read(self, piece: bytes, events: list[Event]) -> None:
        if not piece.strip():
            return
        said = _decode(piece)
        if said.error is not None:
            self._end_with(fault_in_stream(said.error, *self._secrets), events)
            return
        if not self._begun:
            self._begun = True
            events.append(Start(text_of(said.model)))
        if said.message is not None:
            self._message(said.message, _logprobs(said.logprobs), events)
        if said.done is True:
            reason = _reason(said.done_reason, calls=self._count > 0)
            self._end_with(Stop(reason, usage=_usage(said)), events)

    def _message(self, message: _Message, logprobs: tuple[dict[str, Any], ...], events: list[Event]) -> None:
        if thinking := text_of(message.thinking):
            events.append(ThinkingDelta(thinking))
        text = text_of(message.content)
        if text or logprobs:
            events.append(TextDelta(text, logprobs))
        for one in message.tool_calls or ():
            call = _call(one, self._seed, self._count)
            events.append(ToolStart(self._count, call.id, call.name))
            if call.arguments:
                events.append(ToolDelta(self._count, call.arguments))
            self._count += 1
