"""The shapes of a fake Ollama's answers: one class per dialect, whole and as a stream, and its errors."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

from msgspec import Struct

from tests.support.ollama_durations import SECOND
from tests.support.ollama_models import RefusedError
from tests.support.served import Answer, as_json

NDJSON = "application/x-ndjson"
EVENTS = "text/event-stream"


class Counts(Struct):
    """What an answer took. Durations are nanoseconds."""

    prompt: int = 0
    answer: int = 0
    total: int = 0
    load: int = 0
    reason: str | None = "stop"
    """None: the runner closed its connection without a last message."""

    @property
    def metrics(self) -> dict[str, Any]:
        return {
            "total_duration": self.total,
            "load_duration": self.load,
            "prompt_eval_count": self.prompt,
            "prompt_eval_duration": self.total // 4,
            "eval_count": self.answer,
            "eval_duration": self.total // 2,
        }


def instant(nanoseconds: int, zone: float) -> str:
    """RFC 3339 in a zone so many hours from UTC, as Go writes it: trailing zeros of the fraction are cut."""
    seconds, rest = divmod(nanoseconds, SECOND)
    local = datetime.fromtimestamp(0, timezone(timedelta(hours=zone))) + timedelta(seconds=seconds)
    fraction = f".{rest:09d}".rstrip("0") if rest else ""
    offset = local.strftime("%z")
    return f"{local:%Y-%m-%dT%H:%M:%S}{fraction}" + (f"{offset[:3]}:{offset[3:]}" if zone else "Z")


class Generate:
    """``/api/generate``."""

    media = NDJSON

    def __init__(self, model: str, created: str) -> None:
        self.model = model
        self.created = created

    def line(self, text: str, done: bool, **more: Any) -> dict[str, Any]:
        return {"model": self.model, "created_at": self.created, **self.saying(text), "done": done, **more}

    def saying(self, text: str) -> dict[str, Any]:
        return {"response": text}

    def opening(self) -> bytes:
        return b""

    def piece(self, text: str) -> bytes:
        return _line(self.line(text, False))

    def closing(self, counts: Counts) -> bytes:
        return _line(self.whole("", counts)) if counts.reason is not None else b""

    def whole(self, text: str, counts: Counts) -> dict[str, Any]:
        if counts.reason is None:
            return self.line(text, False)
        return self.line(text, True, done_reason=counts.reason, **self.context(), **counts.metrics)

    def context(self) -> dict[str, Any]:
        return {"context": [1, 2, 3]}

    def broken(self, why: str) -> bytes:
        return _line({"error": why})


class Chat(Generate):
    """``/api/chat``."""

    def saying(self, text: str) -> dict[str, Any]:
        return {"message": {"role": "assistant", "content": text}}

    def context(self) -> dict[str, Any]:
        return {}


class V1Chat:
    """``/v1/chat/completions``. What breaks in a stream cannot be told from an empty piece."""

    media = EVENTS
    object = "chat.completion"

    def __init__(self, model: str, created: str) -> None:
        self.model = model
        self.created = int(datetime.fromisoformat(created).timestamp())
        self.tells = False
        """The request asked for the tokens at the end of the stream (``stream_options.include_usage``)."""

    def choice(self, text: str, reason: str | None, stream: bool) -> dict[str, Any]:
        message = {"role": "assistant", "content": text}
        return {"index": 0, "delta" if stream else "message": message, "finish_reason": reason}

    def body(self, text: str, reason: str | None, stream: bool, model: str) -> dict[str, Any]:
        return {
            "id": "chatcmpl-1",
            "object": f"{self.object}.chunk" if stream and self.object == "chat.completion" else self.object,
            "created": self.created,
            "model": model,
            "system_fingerprint": "fp_ollama",
            "choices": [self.choice(text, reason, stream)],
        }

    def opening(self) -> bytes:
        return b""

    def piece(self, text: str) -> bytes:
        return _data(self.body(text, None, True, self.model))

    def closing(self, counts: Counts) -> bytes:
        if counts.reason is None:
            return b""
        told = {**self.body("", None, True, self.model), "choices": [], "usage": self.usage(counts)}
        last = _data(told) if self.tells else b""
        return _data(self.body("", counts.reason, True, self.model)) + last + b"data: [DONE]\n\n"

    def usage(self, counts: Counts) -> dict[str, int]:
        usage = {"prompt_tokens": counts.prompt, "completion_tokens": counts.answer}
        return {**usage, "total_tokens": counts.prompt + counts.answer}

    def whole(self, text: str, counts: Counts) -> dict[str, Any]:
        usage = self.usage(counts)
        none = dict.fromkeys(usage, 0)
        return {**self.body(text, counts.reason, False, self.model), "usage": usage if counts.reason else none}

    def broken(self, why: str) -> bytes:
        return _data(self.body("", None, True, ""))


class V1Completion(V1Chat):
    """``/v1/completions``."""

    object = "text_completion"

    def choice(self, text: str, reason: str | None, stream: bool) -> dict[str, Any]:
        return {"text": text, "index": 0, "finish_reason": reason}


class V1Responses(V1Chat):
    """``/v1/responses``."""

    def response(self, text: str, status: str, counts: Counts | None = None) -> dict[str, Any]:
        content = [{"type": "output_text", "text": text, "annotations": []}]
        output = [{"id": "msg_1", "type": "message", "status": status, "role": "assistant", "content": content}]
        usage = {"input_tokens": counts.prompt, "output_tokens": counts.answer} if counts else None
        return {
            "id": "resp_1",
            "object": "response",
            "created_at": self.created,
            "status": status,
            "model": self.model,
            "output": output if text else [],
            "usage": usage,
        }

    def opening(self) -> bytes:
        return _event("response.created", {"response": self.response("", "in_progress")})

    def piece(self, text: str) -> bytes:
        return _event("response.output_text.delta", {"item_id": "msg_1", "output_index": 0, "delta": text})

    def closing(self, counts: Counts) -> bytes:
        return _event("response.completed", {"response": self.response("", "completed", counts)})

    def whole(self, text: str, counts: Counts) -> dict[str, Any]:
        return self.response(text, "completed", counts)

    def broken(self, why: str) -> bytes:
        return b""


class V1Messages(V1Chat):
    """``/v1/messages``, Anthropic's. Where it breaks it just stops."""

    def message(self, text: str, reason: str | None, counts: Counts) -> dict[str, Any]:
        return {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": [{"type": "text", "text": text}] if text else [],
            "stop_reason": reason,
            "usage": {"input_tokens": counts.prompt, "output_tokens": counts.answer},
        }

    def opening(self) -> bytes:
        start = _event("message_start", {"message": self.message("", None, Counts())})
        return start + _event("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}})

    def piece(self, text: str) -> bytes:
        return _event("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": text}})

    def closing(self, counts: Counts) -> bytes:
        if counts.reason is None:
            return b""
        delta = {"delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": counts.answer}}
        return _event("content_block_stop", {"index": 0}) + _event("message_delta", delta) + _event("message_stop", {})

    def whole(self, text: str, counts: Counts) -> dict[str, Any]:
        return self.message(text, "end_turn" if counts.reason else None, counts)

    def broken(self, why: str) -> bytes:
        return b""


def refusal(path: str, refused: RefusedError) -> Answer:
    """An error in the dialect of the route. Some stay in the native shape wherever they come from."""
    status, text = refused.status, refused.text
    if status == 403 or refused.more or not path.startswith("/v1/"):
        return as_json({"error": text, **refused.more}, status)
    if path == "/v1/messages":
        kind = {400: "invalid_request_error", 404: "not_found_error", 503: "overloaded_error"}.get(status, "api_error")
        return as_json({"type": "error", "error": {"type": kind, "message": text}, "request_id": "req_1"}, status)
    kind = {400: "invalid_request_error", 404: "not_found_error"}.get(status, "api_error")
    return as_json({"error": {"message": text, "type": kind, "param": None, "code": None}}, status)


def _line(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _data(value: object) -> bytes:
    return b"data: " + json.dumps(value, separators=(",", ":")).encode() + b"\n\n"


def _event(kind: str, value: dict[str, Any]) -> bytes:
    return f"event: {kind}\n".encode() + _data({"type": kind, **value})
