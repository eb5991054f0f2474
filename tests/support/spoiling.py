"""Spoils the bytes of a good file as disks, editors, other programs and other versions do; for Hypothesis."""

from __future__ import annotations

import re

from hypothesis import strategies as st

ENCODINGS = ("utf-16", "utf-16-be", "utf-32", "utf-7", "latin-1", "cp1252", "cp037", "utf-8-sig")
HUGE = (b"9" * 5000, b"-1", b"1e999", b"-0.0", b"NaN", b"18446744073709551616", b"99", b"null", b'"\\ud800"', b"2" * 19)
DEEP = (b"[" * 100_000, b'{"a":' * 100_000, b"[" * 400 + b"]" * 400, b'{"a":' * 400 + b"1" + b"}" * 400)
_NUMBER = re.compile(rb"\d+(\.\d+)?")


def spoiled(*good: bytes) -> st.SearchStrategy[bytes]:
    """One of these files, spoiled once or more often."""
    return st.builds(_spoiled, st.sampled_from(good), st.lists(_HARM, min_size=1, max_size=4), st.sampled_from(good))


_PLACE = st.floats(0, 1)
_HARM = st.one_of(
    st.tuples(st.just("cut"), _PLACE, st.just(b"")),
    st.tuples(st.just("flip"), _PLACE, st.binary(min_size=1, max_size=8)),
    st.tuples(st.just("insert"), _PLACE, st.sampled_from((b"\0", b"\0" * 600, b"\xff\xfe", b"\n", b'"', b"\x1b[2J"))),
    st.tuples(st.just("insert"), _PLACE, st.sampled_from(DEEP)),
    st.tuples(st.just("number"), _PLACE, st.sampled_from(HUGE)),
    st.tuples(st.just("splice"), _PLACE, st.just(b"")),
    st.tuples(st.just("zero"), _PLACE, st.just(b"")),
    st.tuples(st.just("twice"), _PLACE, st.just(b"")),
    st.tuples(st.just("encode"), _PLACE, st.sampled_from([it.encode() for it in ENCODINGS])),
    st.tuples(st.just("replace"), _PLACE, st.binary(max_size=300)),
)


def _spoiled(data: bytes, harms: list[tuple[str, float, bytes]], other: bytes) -> bytes:
    for kind, where, what in harms:
        data = _harmed(data, kind, int(where * len(data)), what, other)
    return data


def _harmed(data: bytes, kind: str, at: int, what: bytes, other: bytes) -> bytes:
    match kind:
        case "cut":
            return data[:at]
        case "flip":
            return data[:at] + what + data[at + len(what) :]
        case "insert":
            return data[:at] + what + data[at:]
        case "number":
            found = _NUMBER.search(data, at) or _NUMBER.search(data)
            return data[: found.start()] + what + data[found.end() :] if found else data + what
        case "splice":
            return data[:at] + other[at:]
        case "zero":  # what a file system leaves of a file that was not synced
            return data[:at] + b"\0" * (len(data) - at)
        case "twice":
            return data[:at] + data
        case "encode":
            return data.decode("utf-8", "replace").encode(what.decode(), "replace")
    return what
