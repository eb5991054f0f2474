"""Asks in a caller's dialect and shows what is sent to an upstream."""

from __future__ import annotations

import json
from typing import Any

from trayapp.gateway.dialects import IN, OUT, Spoken
from trayapp.gateway.exchange import Request, Target
from trayapp.providers.spec import Dialect

HI = [{"role": "user", "content": "Hi"}]
SCHEMA = {"type": "object", "properties": {"z": {"type": "integer"}, "a": {"type": "string"}}, "required": ["z"]}
LOOK = {"type": "function", "function": {"name": "look", "description": "Looks.", "parameters": SCHEMA}}
PIXEL = "iVBORw0KGgo="
PICTURE = {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{PIXEL}", "detail": "high"}}


def read(spoken: Spoken, **fields: Any) -> Request:
    return IN[spoken].read_request(json.dumps({"model": "m", **fields}).encode())


def written(request: Request, dialect: Dialect, target: Target | None = None, model: str = "big") -> dict[str, Any]:
    body: dict[str, Any] = json.loads(OUT[dialect].write_request(request, model, target or Target()))
    assert body.pop("model") == model
    return body


def chat(**fields: Any) -> Request:
    return read(Spoken.CHAT, **({"messages": HI} | fields))


def messages(**fields: Any) -> Request:
    return read(Spoken.MESSAGES, **({"messages": HI, "max_tokens": 50} | fields))


def turns(*pairs: tuple[str, Any]) -> list[dict[str, Any]]:
    return [{"role": role, "content": content} for role, content in pairs]
