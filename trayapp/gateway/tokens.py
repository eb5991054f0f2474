"""Local tokens: made, and recognised again by their digests alone."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping

BEGINNING = "sk-trayapp-"
"""Tools that check the look of a key accept it, and our own logs strike it out as one."""
LONGEST = 256


def new() -> str:
    """A token of 32 random bytes. It is shown and stored by whoever asked, and forgotten here."""
    return BEGINNING + secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is kept of a token: enough to know it again, useless to whoever reads it.

    A plain hash suffices, for nobody can guess 256 random bits.
    """
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def named(token: str, digests: Mapping[str, str]) -> str | None:
    """The name of this token, or None. ``digests`` maps names to digests.

    All of them are compared, each in constant time, so that the time says nothing about any.
    """
    if not token or len(token) > LONGEST:
        return None
    shown = digest(token)
    found = None
    for name, kept in digests.items():
        if hmac.compare_digest(shown.encode(), kept.encode("utf-8", "replace")):
            found = name
    return found
