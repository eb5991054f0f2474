"""Error bodies: reads what a provider says is wrong, and writes it as the caller's dialect would."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from trayapp.core.language import _
from trayapp.core.redaction import struck
from trayapp.core.secret import Secret
from trayapp.gateway.exchange import Fault
from trayapp.gateway.fields import UNREADABLE

_MOST = 2_000
"""Characters of a provider's words that are passed on."""
_NOISE = re.compile(r"[\x00-\x1f\x7f\s]+")

_ANTHROPIC = {
    # https://docs.anthropic.com/en/api/errors
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_OPENAI = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    503: "overloaded_error",
    529: "overloaded_error",
}
_CODES = {401: "invalid_api_key", 429: "rate_limit_exceeded"}
_STATUS_OF = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def _type(fault: Fault, types: dict[int, str], broken: str) -> str:
    """The vendor's word for a status; whatever else is wrong with a request is an invalid one."""
    return types.get(fault.status) or (types[400] if 400 <= fault.status < 500 else broken)


def openai_error(fault: Fault) -> bytes:
    """The body of an error in all of OpenAI's dialects, embeddings included."""
    return _encode(
        {
            "error": {
                "message": fault.message,
                "type": _type(fault, _OPENAI, "server_error"),
                "param": fault.parameter or None,
                "code": fault.code or _CODES.get(fault.status),
            }
        }
    )


def anthropic_error(fault: Fault) -> bytes:
    """The body of an error in Anthropic's dialect, whole or as an event."""
    said = {"type": _type(fault, _ANTHROPIC, "api_error"), "message": fault.message}
    return _encode({"type": "error", "error": said})


def ollama_error(fault: Fault) -> bytes:
    """The body of an error in Ollama's dialect, whole or as a line."""
    return _encode({"error": fault.message})


def read_error(status: int, body: bytes, *secrets: Secret | None) -> Fault:
    """What an error body says, in whatever form, free of keys; a sentence of our own where it says nothing."""
    try:
        value = _decode(body)
    except UNREADABLE:
        plain = b"<" not in body[:200] and b"\0" not in body and not body.lstrip().startswith((b"[", b"{"))
        value = body[: 2 * _MOST].decode("utf-8", "replace") if plain else None
    said = _words(value)
    text = struck(said[: 2 * _MOST], *secrets)[:_MOST].strip()
    return Fault(
        text or _("The provider answered with status {status}.").format(status=status), status, code=_code(value)
    )


def fault_in_stream(value: Any, *secrets: Secret | None) -> Fault:
    """The fault that a stream carries in place of an answer: the value of its ``error``, text or object."""
    said = struck(_words(value)[: 2 * _MOST], *secrets)[:_MOST].strip()
    status = 502
    if isinstance(value, dict):
        stated = value.get("code")
        if isinstance(stated, int) and not isinstance(stated, bool) and 400 <= stated <= 599:
            status = stated
        else:
            kind = value.get("type")
            status = _STATUS_OF.get(kind, 502) if isinstance(kind, str) else 502
    return Fault(said or _("The provider broke off the answer with an error."), status, code=_code({"error": value}))


def broken_off() -> Fault:
    """The fault of a stream that ended without saying so."""
    return Fault(_("The provider ended the answer before it was complete."), 502)


def garbled(detail: object) -> Fault:
    """The fault of an answer that cannot be read."""
    return Fault(_("The provider's answer cannot be read: {reason}").format(reason=struck(str(detail))), 502)


def _words(value: Any, depth: int = 0) -> str:
    """The first sentence in an error of any known form: text, ``error``, ``message``, ``detail``, lists of these."""
    if isinstance(value, str):
        return _NOISE.sub(" ", value)
    if depth > 4:
        return ""
    if isinstance(value, list):
        return next((said for item in value[:4] if (said := _words(item, depth + 1)).strip()), "")
    if isinstance(value, dict):
        names = ("error", "message", "detail", "msg", "errors", "title")
        return next((said for name in names if (said := _words(value.get(name), depth + 1)).strip()), "")
    return ""


def _code(value: Any) -> str:
    """The short word for programs: a text, short and plain, or nothing."""
    error = value.get("error") if isinstance(value, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) and re.fullmatch(r"[a-z_]{3,40}", code) else ""
