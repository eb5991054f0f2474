"""Anthropic's messages as the caller's dialect: writes the answer whole or streamed."""

from __future__ import annotations

from typing import Any

import msgspec

from trayapp.gateway.anthropic_parts import STOPS, usage_body
from trayapp.gateway.exchange import (
    Answer,
    Event,
    Fault,
    PartEnd,
    Ping,
    Refusal,
    RefusalDelta,
    Request,
    Stamp,
    Start,
    Stop,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolDelta,
    ToolStart,
    Usage,
)
from trayapp.gateway.faults import anthropic_error
from trayapp.gateway.framing import named_event
from trayapp.gateway.streams import arguments_object, called_with

_encode = msgspec.json.Encoder().encode
_NOTHING = Usage()


def write_answer(answer: Answer, stamp: Stamp, request: Request) -> bytes:
    """The body of a whole answer. GarbledError where a tool was called with arguments that are no object."""
    del request
    blocks: list[dict[str, Any]] = []
    for part in answer.parts:
        match part:
            case Text(text) | Refusal(text):
                blocks.append({"type": "text", "text": text})
            case Thinking(redacted=redacted) if redacted:
                blocks.append({"type": "redacted_thinking", "data": redacted})
            case Thinking(text, signature):
                blocks.append({"type": "thinking", "thinking": text, "signature": signature})
            case call:
                blocks.append({"type": "tool_use", "id": call.id, "name": call.name, "input": called_with(call)})
    usage = answer.usage or _NOTHING
    body = _message(stamp, usage, blocks)
    body["stop_reason"] = STOPS[answer.stop]
    body["stop_sequence"] = answer.sequence or None
    return _encode(body)


def _message(stamp: Stamp, usage: Usage, blocks: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": f"msg_{stamp.id}",
        "type": "message",
        "role": "assistant",
        "model": stamp.model,
        "content": blocks,
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage_body(usage),
    }


class _Held:
    """A tool call that waits for the one before it to end, for here one block follows another."""

    def __init__(self, start: ToolStart) -> None:
        self.start = start
        self.arguments: list[str] = []


class StreamWriter:
    """``message_start``, blocks one after another, ``message_delta`` with the tokens, ``message_stop``."""

    def __init__(self, stamp: Stamp, request: Request) -> None:
        del request
        self._stamp = stamp
        self._begun = False
        self._block = -1
        self._kind = ""
        """Of the open block; empty: none is open."""
        self._tool = -1
        self._said: list[str] = []
        """Arguments of the open call so far."""
        self._waiting: dict[int, _Held] = {}

    def write(self, event: Event) -> bytes:
        """The bytes of one event; empty where this dialect says nothing."""
        match event:
            case TextDelta(text) | RefusalDelta(text):
                if not text:
                    return b""
                opened = self._opened("text", {"type": "text", "text": ""})
                return opened + self._delta({"type": "text_delta", "text": text})
            case ThinkingDelta():
                return self._thinking(event)
            case ToolStart():
                return self._tool_start(event)
            case ToolDelta(index, arguments):
                return self._tool_delta(index, arguments)
            case PartEnd():
                return b"" if self._waiting else self._closed()
            case Ping():
                return self._started(None) + named_event("ping", b'{"type":"ping"}')
            case Start(_, usage):
                return self._started(usage)
            case Stop():
                return self._end(event)
        return named_event("error", anthropic_error(event))

    def _started(self, usage: Usage | None) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        message = _message(self._stamp, usage or _NOTHING, [])
        return named_event("message_start", _encode({"type": "message_start", "message": message}))

    def _opened(self, kind: str, block: dict[str, Any]) -> bytes:
        """What comes before a delta: nothing while a block of its kind is open."""
        if self._kind == kind != "tool":
            return b""
        before = self._started(None) + self._flushed() + self._closed()
        self._block += 1
        self._kind = kind
        begin = {"type": "content_block_start", "index": self._block, "content_block": block}
        return before + named_event("content_block_start", _encode(begin))

    def _delta(self, delta: dict[str, Any]) -> bytes:
        body = {"type": "content_block_delta", "index": self._block, "delta": delta}
        return named_event("content_block_delta", _encode(body))

    def _closed(self) -> bytes:
        if not self._kind:
            return b""
        self._kind = ""
        self._tool = -1
        self._said.clear()
        return named_event("content_block_stop", _encode({"type": "content_block_stop", "index": self._block}))

    def _thinking(self, event: ThinkingDelta) -> bytes:
        if event.redacted:
            block = {"type": "redacted_thinking", "data": event.redacted}
            return self._closed() + self._opened("redacted", block) + self._closed()
        written = b""
        if event.text or event.signature:
            written = self._opened("thinking", {"type": "thinking", "thinking": "", "signature": ""})
        if event.text:
            written += self._delta({"type": "thinking_delta", "thinking": event.text})
        if event.signature:
            written += self._delta({"type": "signature_delta", "signature": event.signature})
        return written

    def _tool_start(self, event: ToolStart) -> bytes:
        open_and_unfinished = self._kind == "tool" and not self._complete()
        if self._waiting or open_and_unfinished:
            self._waiting[event.index] = _Held(event)
            return b""
        return self._open_tool(event)

    def _open_tool(self, event: ToolStart) -> bytes:
        block = {"type": "tool_use", "id": event.id, "name": event.name, "input": {}}
        opened = self._opened("tool", block)
        self._tool = event.index
        return opened

    def _complete(self) -> bool:
        said = "".join(self._said)
        return bool(said) and arguments_object(said) is not None

    def _tool_delta(self, index: int, arguments: str) -> bytes:
        if index == self._tool:
            self._said.append(arguments)
            return self._delta({"type": "input_json_delta", "partial_json": arguments})
        if held := self._waiting.get(index):
            held.arguments.append(arguments)
        return b""

    def _flushed(self) -> bytes:
        """The calls that had to wait, each as a block of its own."""
        written = b""
        waiting, self._waiting = self._waiting, {}
        for held in waiting.values():
            written += self._open_tool(held.start)
            for arguments in held.arguments:
                written += self._tool_delta(held.start.index, arguments)
        return written

    def _end(self, event: Stop) -> bytes:
        delta = {"stop_reason": STOPS[event.reason], "stop_sequence": event.sequence or None}
        body = {"type": "message_delta", "delta": delta, "usage": usage_body(event.usage or _NOTHING)}
        return (
            self._started(None)
            + self._flushed()
            + self._closed()
            + named_event("message_delta", _encode(body))
            + named_event("message_stop", b'{"type":"message_stop"}')
        )


def write_error(fault: Fault) -> bytes:
    """The body of an error that came before any answer."""
    return anthropic_error(fault)
