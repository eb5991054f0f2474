"""One TLS context for the clients of all tests, which speak without it: each of its own would take 20 ms to make."""

from __future__ import annotations

import ssl
from functools import cache


@cache
def tls() -> ssl.SSLContext:
    """As a client makes it by itself, with the certificates of the world read once."""
    return ssl.create_default_context()
