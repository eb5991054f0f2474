"""OpenAI's chat completions as the caller's dialect: reads the request, writes the answer whole or streamed."""

from __future__ import annotations

from typing import Any

import msgspec

from trayapp.core.language import _
from trayapp.gateway.exchange import (
    Answer,
    Event,
    Fault,
    Message,
    Part,
    Ping,
    Refusal,
    RefusalDelta,
    Request,
    Role,
    Stamp,
    Stop,
    StopReason,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    Tool,
    ToolCall,
    ToolDelta,
    ToolResult,
    ToolStart,
    Usage,
)
from trayapp.gateway.faults import openai_error
from trayapp.gateway.fields import Fields, body_fields, cannot, must_be
from trayapp.gateway.framing import event as sse
from trayapp.gateway.openai_parts import (
    HARMLESS,
    call_body,
    opening,
    read_choice,
    read_content,
    read_format,
    read_include_usage,
    read_reasoning,
    read_sampling,
    read_tool,
    usage_body,
)

_encode = msgspec.json.Encoder().encode

STOPS = {
    StopReason.LENGTH: "length",
    StopReason.TOOLS: "tool_calls",
    StopReason.FILTER: "content_filter",
    StopReason.REFUSAL: "content_filter",
}
"""OpenAI's words; everything else is ``stop``."""


def read_request(body: bytes) -> Request:
    """The request, or BadRequestError."""
    fields = body_fields(body)
    fields.leave(*HARMLESS)
    fields.only("n", 1)
    fields.only("modalities", ["text"])
    if "functions" in fields or "function_call" in fields:
        raise cannot("functions", _("Functions were replaced by “tools”: use these."))
    include_usage = read_include_usage(fields)
    system, messages = opening([_message(item) for item in fields.each("messages")])
    limit = fields.integer("max_completion_tokens", 1)
    older = fields.integer("max_tokens", 1)
    request = Request(
        model=fields.needed("model"),
        messages=messages,
        system=system,
        tools=tuple(_tool(item) for item in fields.each("tools")),
        tool_choice=read_choice(fields),
        parallel=fields.flag("parallel_tool_calls"),
        max_tokens=older if limit is None else limit,
        sampling=read_sampling(fields),
        format=read_format(fields, "response_format"),
        reasoning=read_reasoning(fields),
        verbosity=_verbosity(fields),
        user=fields.text("user"),
        stream=fields.flag("stream") or False,
        include_usage=include_usage,
    )
    fields.done()
    return request


def _verbosity(fields: Fields) -> str:
    said = fields.one_of("verbosity", "low", "medium", "high")
    return "" if said == "medium" else said


def _message(item: Fields) -> Message:
    role = item.needed("role")
    item.leave("cache_control")
    match role:
        case "system" | "developer":
            item.leave("name")
            message = Message(Role.SYSTEM, read_content(item, images=False))
        case "user":
            message = Message(Role.USER, read_content(item), item.text("name"))
        case "assistant":
            message = _assistant(item)
        case "tool":
            message = Message(Role.USER, (_result(item),))
        case "function":
            raise cannot(item.at("role"), _("Functions were replaced by “tools”: use these."))
        case _:
            raise must_be(
                item.at("role"), _("one of: {words}").format(words="system, developer, user, assistant, tool")
            )
    item.done()
    return message


def _assistant(item: Fields) -> Message:
    # annotations point into an earlier answer of another vendor; reasoning_details repeat its thinking, sealed
    item.leave("annotations", "reasoning_details", "id", "index")
    thinking = item.text("reasoning_content") or item.text("reasoning")
    item.leave("reasoning_content", "reasoning")
    parts: list[Part] = [Thinking(thinking)] if thinking else []
    parts += read_content(item, images=False)
    if refusal := item.text("refusal"):
        parts.append(Refusal(refusal))
    parts += [_call(call) for call in item.each("tool_calls")]
    return Message(Role.ASSISTANT, tuple(parts), item.text("name"))


def _call(item: Fields) -> ToolCall:
    # the index is the place in a stream; extra_content is Google's seal on its own thinking
    item.leave("index", "extra_content")
    if (kind := item.text("type", "function")) != "function":
        raise cannot(item.at("type"), _("Only functions can be called, not “{kind}”.").format(kind=kind))
    function = item.fields("function")
    call = ToolCall(item.needed("id"), function.needed("name"), function.text("arguments"))
    function.done()
    item.done()
    return call


def _result(item: Fields) -> ToolResult:
    parts = tuple(part for part in read_content(item) if not isinstance(part, Refusal))
    return ToolResult(item.needed("tool_call_id"), parts, name=item.text("name"))


def _tool(item: Fields) -> Tool:
    tool = read_tool(item)
    item.leave("cache_control")
    item.done()
    return tool


def write_answer(answer: Answer, stamp: Stamp, request: Request) -> bytes:
    """The body of a whole answer."""
    del request
    message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
    texts = [part.text for part in answer.parts if isinstance(part, Text)]
    calls = [part for part in answer.parts if isinstance(part, ToolCall)]
    refusals = [part.text for part in answer.parts if isinstance(part, Refusal)]
    thinking = "".join(part.text for part in answer.parts if isinstance(part, Thinking))
    if texts or not (calls or refusals):
        message["content"] = "".join(texts)
    if refusals:
        message["refusal"] = "".join(refusals)
    if thinking:
        message["reasoning_content"] = thinking
    if calls:
        message["tool_calls"] = [call_body(call) for call in calls]
    choice = {
        "index": 0,
        "message": message,
        "logprobs": {"content": answer.logprobs, "refusal": None} if answer.logprobs else None,
        "finish_reason": STOPS.get(answer.stop, "stop"),
    }
    body = _head(stamp, "chat.completion") | {"choices": [choice]}
    if answer.usage is not None:
        body["usage"] = usage_body(answer.usage)
    return _encode(body)


def _head(stamp: Stamp, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{stamp.id}", "object": kind, "created": int(stamp.created), "model": stamp.model}


class StreamWriter:
    """Chunks, the finish reason in one of its own, tokens if asked for, ``[DONE]``."""

    def __init__(self, stamp: Stamp, request: Request) -> None:
        self._head = _head(stamp, "chat.completion.chunk")
        self._tokens = request.include_usage
        if self._tokens:
            self._head["usage"] = None
        self._begun = False
        self._bare: set[int] = set()
        """Calls that have no arguments yet: an empty text would be no JSON."""

    def write(self, event: Event) -> bytes:
        """The bytes of one event; empty where this dialect says nothing."""
        match event:
            case TextDelta(text, logprobs):
                return self._delta({"content": text}, logprobs)
            case ThinkingDelta(text) if text:
                return self._delta({"reasoning_content": text})
            case RefusalDelta(text):
                return self._delta({"refusal": text})
            case ToolStart(index, id_, name):
                self._bare.add(index)
                call: dict[str, Any] = {"index": index, "id": id_, "type": "function"}
                return self._delta({"tool_calls": [call | {"function": {"name": name, "arguments": ""}}]})
            case ToolDelta(index, arguments):
                return self._arguments(index, arguments)
            case Stop(reason, _, usage):
                return self._end(reason, usage)
            case Fault():
                return sse(openai_error(event))
            case Ping():
                return b": ping\n\n"
        return b""

    def _arguments(self, index: int, arguments: str) -> bytes:
        self._bare.discard(index)
        return self._delta({"tool_calls": [{"index": index, "function": {"arguments": arguments}}]})

    def _delta(self, delta: dict[str, Any], logprobs: tuple[dict[str, Any], ...] = ()) -> bytes:
        if self._begun:
            return self._chunk(delta, logprobs=logprobs)
        self._begun = True
        return self._chunk({"role": "assistant", "content": ""}) + self._chunk(delta, logprobs=logprobs)

    def _chunk(
        self, delta: dict[str, Any], finish: str | None = None, logprobs: tuple[dict[str, Any], ...] = ()
    ) -> bytes:
        told = {"content": logprobs, "refusal": None} if logprobs else None
        choice = {"index": 0, "delta": delta, "logprobs": told, "finish_reason": finish}
        return sse(_encode({**self._head, "choices": [choice]}))

    def _end(self, reason: StopReason, usage: Usage | None) -> bytes:
        pieces = [self._arguments(index, "{}") for index in sorted(self._bare)]
        if not self._begun:
            pieces.append(self._chunk({"role": "assistant", "content": ""}))
        pieces.append(self._chunk({}, STOPS.get(reason, "stop")))
        if self._tokens and usage is not None:
            pieces.append(sse(_encode({**self._head, "choices": [], "usage": usage_body(usage)})))
        pieces.append(sse(b"[DONE]"))
        return b"".join(pieces)


def write_error(fault: Fault) -> bytes:
    """The body of an error that came before any answer."""
    return openai_error(fault)
