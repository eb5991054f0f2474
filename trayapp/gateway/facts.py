"""What is known of one request's way at its end: times, bytes, and how it ended."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Outcome(StrEnum):
    """How it ended."""

    WHOLE = "whole"
    CUT = "cut"
    """The upstream broke off in mid-answer."""
    LEFT = "left"
    """The caller did not wait for the end."""
    FAILED = "failed"
    """No answer came."""


class Facts(Struct):
    """Filled while a request runs. Times are the clock's monotonic seconds."""

    started: float
    first_byte: float | None = None
    """When the upstream's status was there."""
    ended: float | None = None
    outcome: Outcome = Outcome.FAILED
    status: int | None = None
    received: int = 0
    """Bytes of the answer's body."""
    reused: bool = False
    """It went over a connection that was open already."""
    retried: bool = False
    encoding: str = ""
    """The answer's, where it was compressed all the same: then nobody here has read its bytes."""
