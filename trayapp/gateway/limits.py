"""How much of everything the gateway takes: bytes, connections, seconds."""

from __future__ import annotations

from msgspec import Struct


class Limits(Struct, frozen=True, kw_only=True):
    """Sizes in bytes, times in seconds. What is beyond them is refused in words, never cut."""

    head: int = 64 * 2**10
    """Request line and headers together."""
    field: int = 16 * 2**10
    """One header line; there may be 128 of them."""
    body: int = 64 * 2**20
    """One request's body, as sent and again when decoded."""
    connections: int = 256
    """Callers connected at once."""
    head_within: float = 10.0
    """From the first byte of a request to the end of its headers."""
    body_within: float = 30.0
    """Between two pieces of a request's body."""
    idle: float = 75.0
    """Until a connection without a request is closed."""
    last_words: float = 1.0
    """A refused caller may go on sending for so long, so that it reads the answer."""


ANSWER = 16 * 2**20
"""Bytes of an answer that is translated whole, and of one event or line of a stream that is: no model says as much."""
VECTORS = 24 * 2**20
"""Bytes of an answer with embeddings that is translated: 1,200 vectors of the usual length."""
VECTOR = 2 * 2**20
"""Bytes of one of them; the longest known has 16,384 numbers."""
VALUES = 20 * 2**20
"""Bytes that one of these may take once it is parsed, which is up to thirty times its length."""
TOLD = 4 * 2**20
"""Bytes of a streamed answer's words that the caller's dialect repeats at its end: a million tokens. Calls as well."""
PARTS = 4096
"""Pieces of one answer, tool calls among them."""


class Patience(Struct, frozen=True, kw_only=True):
    """Seconds that an upstream has. There is no limit for a whole answer: models may write for an hour."""

    connect: float = 10.0
    """Name, TCP and TLS together."""
    silence: float = 900.0
    """Until the first byte, and between any two: a model may think, or be loaded, for minutes."""
