"""What JSON from outside would cost once it is parsed, told from its bytes alone: memory, and depth."""

from __future__ import annotations

MAX_DEPTH = 100
_EACH = 90  # bytes that a value takes in a list or an object, small objects the most


def weight(body: bytes) -> int:
    """Bytes that it may take, thirty times its length at worst; more where texts hold commas and brackets."""
    wide = 1 if body.isascii() and rb"\u" not in body else 4  # one letter makes all of a text wide
    return wide * len(body) + _EACH * sum(map(body.count, (b",", b"[", b"{")))


def too_deep(body: bytes) -> bool:
    """Counts levels before a recursive parser sees them: threads have small stacks on some systems."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return False
    unescaped = body.replace(rb"\\", b"").replace(rb"\"", b"")
    brackets = unescaped.translate(None, _ALL_BUT_BRACKETS)
    outside = b"".join(brackets.split(b'"')[::2])
    for _level in range(MAX_DEPTH):
        inner = outside.replace(b"[]", b"").replace(b"{}", b"")
        if len(inner) == len(outside):
            break
        outside = inner
    return bool(outside)  # brackets that do not pair are no JSON either


_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b'[]{}"'))
