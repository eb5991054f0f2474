"""Ollama's chat and generate as the caller's dialect: writes the answer whole or in lines."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from trayapp.gateway.exchange import (
    Answer,
    Event,
    Fault,
    GarbledError,
    Ping,
    Refusal,
    RefusalDelta,
    Request,
    Stamp,
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
from trayapp.gateway.faults import garbled, ollama_error
from trayapp.gateway.streams import called_with

_encode = msgspec.json.Encoder().encode
_NANO = 1_000_000_000


def write_chat(answer: Answer, stamp: Stamp, request: Request) -> bytes:
    """The body of a whole answer to ``/api/chat``. GarbledError where a call's arguments are no object."""
    del request
    message = _message(_words(answer), _thinking(answer))
    if calls := [_call(part) for part in answer.parts if isinstance(part, ToolCall)]:
        message["tool_calls"] = calls
    return _whole(answer, stamp, {"message": message})


def write_generate(answer: Answer, stamp: Stamp, request: Request) -> bytes:
    """The body of a whole answer to ``/api/generate``."""
    del request
    said: dict[str, Any] = {"response": _words(answer)}
    if thinking := _thinking(answer):
        said["thinking"] = thinking
    return _whole(answer, stamp, said)


def write_loaded(stamp: Stamp, *, chat: bool) -> bytes:
    """The answer to a request without a prompt, which only asks to load a model: never a stream."""
    said = {"message": _message("", "")} if chat else {"response": ""}
    return _encode(_head(stamp) | said | {"done": True, "done_reason": "load"})


def _words(answer: Answer) -> str:
    return "".join(part.text for part in answer.parts if isinstance(part, Text | Refusal))


def _thinking(answer: Answer) -> str:
    return "".join(part.text for part in answer.parts if isinstance(part, Thinking))


def _message(content: str, thinking: str) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if thinking:
        message["thinking"] = thinking
    return message


def _call(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "function": {"name": call.name, "arguments": called_with(call)}}


def _whole(answer: Answer, stamp: Stamp, said: dict[str, Any]) -> bytes:
    body = _head(stamp) | said | _last(answer.stop, answer.usage, stamp)
    if answer.logprobs:
        body["logprobs"] = answer.logprobs
    return _encode(body)


def _head(stamp: Stamp) -> dict[str, Any]:
    whole = int(stamp.created)
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
    return {"model": stamp.model, "created_at": f"{moment}.{int((stamp.created - whole) * 1e6):06d}Z"}


def _last(reason: StopReason, usage: Usage | None, stamp: Stamp, first: float = 0.0) -> dict[str, Any]:
    """What ends an answer. ``first``: seconds until its first word; until then counts as the time of reading.

    No time is nought, for programs divide by them.
    """
    whole = stamp.elapsed()
    took = max(1, int(whole * _NANO))
    body: dict[str, Any] = {
        "done": True,
        "done_reason": "length" if reason is StopReason.LENGTH else "stop",
        "total_duration": took,
        "load_duration": 0,
    }
    if usage is not None:
        body |= {
            "prompt_eval_count": usage.input,
            "prompt_eval_duration": max(1, int(first * _NANO)),
            "eval_count": usage.output,
            "eval_duration": max(1, int((whole - first) * _NANO)),
        }
    return body


class StreamWriter:
    """Lines of ``/api/chat``: words as they come, calls whole and together before the last line."""

    def __init__(self, stamp: Stamp, request: Request) -> None:
        del request
        self._stamp = stamp
        self._head = _head(stamp)
        self._first: float | None = None
        self._calls: dict[int, tuple[ToolStart, list[str]]] = {}

    def write(self, event: Event) -> bytes:
        """The bytes of one event; empty where this dialect says nothing, or not yet."""
        if self._first is None and not isinstance(event, Start | Ping):
            self._first = self._stamp.elapsed()
        match event:
            case TextDelta(text, logprobs):
                return self._line(self._said(text, ""), logprobs)
            case RefusalDelta(text):
                return self._line(self._said(text, ""))
            case ThinkingDelta(text) if text:
                return self._line(self._said("", text))
            case ToolStart(index):
                self._calls[index] = (event, [])
            case ToolDelta(index, arguments):
                self._calls[index][1].append(arguments)
            case Stop():
                return self._end(event)
            case Fault():
                return ollama_error(event) + b"\n"
        return b""

    def _said(self, text: str, thinking: str) -> dict[str, Any]:
        return {"message": _message(text, thinking)}

    def _line(self, said: dict[str, Any], logprobs: tuple[dict[str, Any], ...] = ()) -> bytes:
        line = {**self._head, **said, "done": False}
        if logprobs:
            line["logprobs"] = logprobs
        return _encode(line) + b"\n"

    def _end(self, event: Stop) -> bytes:
        before = b""
        if self._calls:
            try:
                calls = [
                    _call(ToolCall(start.id, start.name, "".join(arguments)))
                    for start, arguments in self._calls.values()
                ]
            except GarbledError as error:
                return ollama_error(garbled(error)) + b"\n"
            before = self._line({"message": _message("", "") | {"tool_calls": calls}})
        last = {**self._head, **self._said("", ""), **_last(event.reason, event.usage, self._stamp, self._first or 0.0)}
        return before + _encode(last) + b"\n"


class GenerateWriter(StreamWriter):
    """Lines of ``/api/generate``."""

    def _said(self, text: str, thinking: str) -> dict[str, Any]:
        return {"response": text, "thinking": thinking} if thinking else {"response": text}


def write_error(fault: Fault) -> bytes:
    """The body of an error that came before any answer."""
    return ollama_error(fault)
