"""A request that is turned away: with a status, a short word for programs, and a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from trayapp.core.errors import UserError


class Reason(StrEnum):
    """Why, in a word that programs may look for."""

    BAD_HOST = "bad_host"
    BAD_ORIGIN = "bad_origin"
    UNKNOWN_CALLER = "unknown_caller"
    BAD_REQUEST = "bad_request"
    BODY_TOO_LARGE = "request_too_large"
    HEAD_TOO_LARGE = "headers_too_large"
    UNKNOWN_ENCODING = "unknown_encoding"
    TOO_SLOW = "request_timeout"
    BUSY = "too_many_connections"
    LEAVING = "shutting_down"
    BROKEN = "internal_error"


class RefusedError(UserError):
    """Raised by whoever turns a request away; its text is the sentence."""

    def __init__(self, status: int, reason: Reason, sentence: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.reason = reason
        self.headers = dict(headers or {})

    @property
    def closes(self) -> bool:
        """Whether the connection ends with it: what follows on it cannot be trusted or is not wanted."""
        return self.status in (400, 408, 413, 431) or self.reason in (Reason.BUSY, Reason.LEAVING)


Words = Callable[[str, int, str, str], tuple[str, bytes]]
"""Path, status, reason and sentence to a content type and a body in the dialect of whoever asks there."""


def plain(path: str, status: int, reason: str, sentence: str) -> tuple[str, bytes]:
    """A body that most clients find the sentence in."""
    import msgspec

    return "application/json", msgspec.json.encode({"error": {"message": sentence, "type": reason, "code": reason}})
