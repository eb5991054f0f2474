"""OpenAI's older completions as the caller's dialect: a prompt in, words out, whole or streamed."""

from __future__ import annotations

from typing import Any

import msgspec

from trayapp.core.language import _
from trayapp.gateway.exchange import (
    Answer,
    Event,
    Fault,
    Message,
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
    Usage,
)
from trayapp.gateway.faults import openai_error
from trayapp.gateway.fields import Fields, body_fields, cannot, must_be
from trayapp.gateway.framing import event as sse
from trayapp.gateway.openai_parts import HARMLESS, read_include_usage, read_sampling, usage_body

_encode = msgspec.json.Encoder().encode
_STOPS = {
    StopReason.LENGTH: "length",
    StopReason.FILTER: "content_filter",
    StopReason.REFUSAL: "content_filter",
}


def read_request(body: bytes) -> Request:
    """The request, or BadRequestError. The prompt becomes a user's message: a chat model answers it, not goes on."""
    fields = body_fields(body)
    fields.leave(*HARMLESS)
    fields.only("n", 1)
    fields.only("best_of", 1)
    fields.only("echo", False)
    fields.only("suffix", "")
    fields.only("logprobs", 0, False)
    include_usage = read_include_usage(fields)
    request = Request(
        model=fields.needed("model"),
        messages=(Message(Role.USER, (Text(_prompt(fields)),)),),
        max_tokens=fields.integer("max_tokens", 1),
        sampling=read_sampling(fields, logprobs=False),
        user=fields.text("user"),
        stream=fields.flag("stream") or False,
        include_usage=include_usage,
    )
    fields.done()
    return request


def _prompt(fields: Fields) -> str:
    value = fields.take("prompt")
    path = fields.at("prompt")
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, list):
        if value and isinstance(value[0], str | list):
            raise cannot(path, _("Send one prompt at a time."))
        raise cannot(path, _("Tokens mean something to their own model only: send the text."))
    if not isinstance(value, str) or not value:
        raise must_be(path, _("a text"))
    return value


def _head(stamp: Stamp) -> dict[str, Any]:
    kind = "text_completion"
    return {"id": f"cmpl-{stamp.id}", "object": kind, "created": int(stamp.created), "model": stamp.model}


def _choice(text: str, finish: str | None) -> dict[str, Any]:
    return {"text": text, "index": 0, "logprobs": None, "finish_reason": finish}


def write_answer(answer: Answer, stamp: Stamp, request: Request) -> bytes:
    """The body of a whole answer. Thinking is left out: this dialect has words only."""
    del request
    text = "".join(part.text for part in answer.parts if isinstance(part, Text | Refusal))
    body = _head(stamp) | {"choices": [_choice(text, _STOPS.get(answer.stop, "stop"))]}
    if answer.usage is not None:
        body["usage"] = usage_body(answer.usage)
    return _encode(body)


class StreamWriter:
    """Chunks of words, the finish reason in one of its own, tokens if asked for, ``[DONE]``."""

    def __init__(self, stamp: Stamp, request: Request) -> None:
        self._head = _head(stamp)
        self._tokens = request.include_usage

    def write(self, event: Event) -> bytes:
        """The bytes of one event; empty where this dialect says nothing."""
        match event:
            case TextDelta(text) | RefusalDelta(text):
                return self._chunk([_choice(text, None)])
            case Stop(reason, _, usage):
                return self._end(reason, usage)
            case Fault():
                return sse(openai_error(event))
            case Ping():
                return b": ping\n\n"
        return b""

    def _chunk(self, choices: list[dict[str, Any]], **more: Any) -> bytes:
        return sse(_encode({**self._head, "choices": choices, **more}))

    def _end(self, reason: StopReason, usage: Usage | None) -> bytes:
        written = self._chunk([_choice("", _STOPS.get(reason, "stop"))])
        if self._tokens and usage is not None:
            written += self._chunk([], usage=usage_body(usage))
        return written + sse(b"[DONE]")


def write_error(fault: Fault) -> bytes:
    """The body of an error that came before any answer."""
    return openai_error(fault)
