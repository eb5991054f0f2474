"""How much is taken from a connection in one read: little, so that a busy day leaves no holes in memory.

asyncio takes 256 KB from the heap for every read and gives back what did not come. What is kept of a request comes to
lie in the midst of that, so the next read finds no 256 KB in one piece and takes new ones: in the end two such holes,
of the caller's and of the upstream's connection, for as many callers as there ever were at once. With 32 of them the
process grew by 15 MB in 200,000 requests, free and of no use to anybody; now it is 3 MB.
"""

from __future__ import annotations

from asyncio import selector_events, sslproto
from collections.abc import Iterable
from types import ModuleType
from typing import Any

SMALL = 32 * 2**10
"""Bytes: more than most requests and nearly all pieces of answers have. TLS keeps a buffer of it per connection."""
LARGE = 2**18
"""Bytes while a long prompt comes: in small pieces it would take a fifth longer."""
_PRIVATE = ((selector_events, "_SelectorTransport"), (sslproto, "SSLProtocol"))


def small(classes: Iterable[tuple[ModuleType, str]] = _PRIVATE) -> None:
    """Let connections that are made from now on read ``SMALL`` bytes at once, in every loop of this process.

    WORKAROUND: asyncio has no setting for it up to Python 3.13, but an attribute of classes that are not its public
    ones. Where they are missing everything stays as asyncio has it; without TLS, Windows' proactor reads 64 KB anyway.
    """
    for module, name in classes:
        kind: Any = getattr(module, name, None)
        if hasattr(kind, "max_size"):
            kind.max_size = SMALL


def set_size(transport: object, size: int) -> None:
    """The same for one connection without TLS: ``LARGE`` while there is more to come, then ``SMALL`` again."""
    it: Any = transport
    if hasattr(it, "max_size"):
        it.max_size = size
