"""OpenAI's responses as the caller's dialect: writes the answer whole or streamed, item by item."""

from __future__ import annotations

from typing import Any

import msgspec

from trayapp.gateway.exchange import (
    Answer,
    Event,
    Fault,
    PartEnd,
    Ping,
    RefusalDelta,
    Request,
    Stamp,
    Start,
    Stop,
    StopReason,
    TextDelta,
    ThinkingDelta,
    ToolDelta,
    ToolStart,
    Usage,
)
from trayapp.gateway.faults import openai_error
from trayapp.gateway.framing import named_event
from trayapp.gateway.responses_items import Item, message_item, reasoning_item, tool_item
from trayapp.gateway.streams import events_of

_encode = msgspec.json.Encoder().encode
_INCOMPLETE = {
    StopReason.LENGTH: "max_output_tokens",
    StopReason.FILTER: "content_filter",
}


def write_answer(answer: Answer, stamp: Stamp, request: Request) -> bytes:
    """The body of a whole answer."""
    writer = _Silent(stamp, request)
    for event in events_of(answer):
        writer.write(event)
    return _encode(writer.response)


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cached_read, "cache_write_tokens": usage.cached_write},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    }


def _new(stamp: Stamp, request: Request) -> dict[str, Any]:
    """A response that has only begun; it repeats what was asked, as OpenAI's does."""
    choice: Any = request.tool_choice.mode.value
    if request.tool_choice.name:
        choice = {"type": "function", "name": request.tool_choice.name}
    return {
        "id": f"resp_{stamp.id}",
        "object": "response",
        "created_at": int(stamp.created),
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": request.max_tokens,
        "metadata": {},
        "model": stamp.model,
        "output": [],
        "parallel_tool_calls": request.parallel is not False,
        "previous_response_id": None,
        "reasoning": {"effort": request.reasoning.effort, "summary": None},
        "store": False,
        "temperature": request.sampling.temperature,
        "text": {"format": _format(request)},
        "tool_choice": choice,
        "tools": [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description or None,
                "parameters": tool.schema,
                "strict": tool.strict,
            }
            for tool in request.tools
        ],
        "top_p": request.sampling.top_p,
        "truncation": "disabled",
        "usage": None,
        "user": request.user or None,
    }


def _format(request: Request) -> dict[str, Any]:
    said = request.format
    if said is None:
        return {"type": "text"}
    if said.schema is None:
        return {"type": "json_object"}
    return {"type": "json_schema", "name": said.name or "answer", "schema": said.schema, "strict": said.strict}


class StreamWriter:
    """Items open one after another, calls stay open side by side; then the whole response once more."""

    def __init__(self, stamp: Stamp, request: Request) -> None:
        self.response = _new(stamp, request)
        """The response as far as it has come."""
        self._id = stamp.id
        self._begun = False
        self._number = 0
        self._items: list[Item] = []
        self._open: Item | None = None
        """The message or the thinking that grows."""
        self._calls: dict[int, Item] = {}

    def write(self, event: Event) -> bytes:
        """The bytes of one event; empty where this dialect says nothing."""
        match event:
            case TextDelta(text):
                return self._grown("output_text", text)
            case ThinkingDelta(text):
                return self._grown("summary_text", text)
            case RefusalDelta(text):
                return self._grown("refusal", text)
            case ToolStart(index, id_, name):
                before = self._started() + self._closed()
                item = self._calls[index] = tool_item(self._id, len(self._items), id_, name)
                return before + self._added(item)
            case ToolDelta(index, arguments):
                return self._sent(self._calls[index].grow(arguments))
            case PartEnd():
                return self._closed()
            case Start():
                return self._started()
            case Ping():
                return b": ping\n\n"
            case Stop():
                return self._end(event)
        return self._failed(event)

    def _sent(self, events: list[dict[str, Any]]) -> bytes:
        written = []
        for event in events:
            event["sequence_number"] = self._number
            self._number += 1
            written.append(named_event(event["type"], _encode(event)))
        return b"".join(written)

    def _started(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        kinds = ("response.created", "response.in_progress")
        return self._sent([{"type": kind, "response": self.response} for kind in kinds])

    def _added(self, item: Item) -> bytes:
        self._items.append(item)
        return self._sent(item.begin())

    def _grown(self, kind: str, text: str) -> bytes:
        if not text:
            return b""
        before = b""
        if self._open is None or self._open.kind != kind:
            before = self._started() + self._closed()
            make = reasoning_item if kind == "summary_text" else message_item
            self._open = make(self._id, len(self._items), kind)
            before += self._added(self._open)
        return before + self._sent(self._open.grow(text))

    def _closed(self) -> bytes:
        item, self._open = self._open, None
        return b"" if item is None else self._sent(item.end())

    def _whole(self, usage: Usage | None, *, complete: bool) -> bytes:
        status = "completed" if complete else "incomplete"
        written = [self._started(), self._closed()]
        written += [self._sent(item.end(status)) for item in self._calls.values()]
        self.response["output"] = [item.body for item in self._items]
        self.response["usage"] = None if usage is None else _usage(usage)
        return b"".join(written)

    def _end(self, event: Stop) -> bytes:
        why = _INCOMPLETE.get(event.reason)
        written = self._whole(event.usage, complete=why is None)
        self.response["status"] = "completed" if why is None else "incomplete"
        if why is not None:
            self.response["incomplete_details"] = {"reason": why}
        kind = f"response.{self.response['status']}"
        return written + self._sent([{"type": kind, "response": self.response}])

    def _failed(self, fault: Fault) -> bytes:
        """Both of OpenAI's ways to say it: programs look for one or the other."""
        before = self._started()
        code = "rate_limit_exceeded" if fault.status == 429 else "server_error"
        self.response["status"] = "failed"
        self.response["error"] = {"code": code, "message": fault.message}
        self.response["output"] = [item.body for item in self._items]
        error = {"type": "error", "code": fault.code or code, "message": fault.message, "param": None}
        return before + self._sent([error, {"type": "response.failed", "response": self.response}])


class _Silent(StreamWriter):
    """Puts the response together and writes no event of it, of which each would hold the text once more."""

    def _sent(self, events: list[dict[str, Any]]) -> bytes:
        return b""


def write_error(fault: Fault) -> bytes:
    """The body of an error that came before any answer."""
    return openai_error(fault)
