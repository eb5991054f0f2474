"""Spoils a sample: one or a few things in it are replaced, repeated, moved or cut, in its JSON or in its bytes.

Who chooses is handed in, so that Hypothesis can shrink what it found and libFuzzer can repeat it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

Below = Callable[[int], int]
"""Gives a number from 0 up to, and without, the one given."""

LONGEST = 64 * 1024
WRONG: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1e308, 2**63, -(2**70), "", " ", "0", "word", "\x00", "\ud800", "é" * 9, "x" * 400,
    [], {}, [[]], [None], ["word"], {"a": 1}, [{"a": []}], {"": ""}, "2026-13-99", "1e999", "NaN", "{}", '{"a":1}',
)  # fmt: skip
PIECES = (
    b"\xff", b"\x00", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\\ud800", b"\\u0000", b"1e999", b"-0", b"NaN", b"[", b"{",
    b"]", b"}", b'"', b"\\", b"\n", b"\r\n", b"\n\n", b"data: ", b"event: ", b":", b",", b"=", b"<title", b"<title>",
    b"*", b"sk-", b"Bearer ", b"null", b'"":', b'{"a":', b"[[", b"9" * 40, b"..", b"%00", b"\x1f\x8b\x08",
)  # fmt: skip
_SIZES = (2, 3, 17, 99, 101, 700, 5_000, 70_000)


def spoiled(data: bytes, below: Below, words: Sequence[str] = ()) -> bytes:
    """The sample with up to four things wrong in it. ``words``: names that mean something to the parser."""
    for _ in range(1 + below(4)):
        data = (_in_json if below(3) else _in_bytes)(data, below, words)
    return data[:LONGEST]


def _in_json(data: bytes, below: Below, words: Sequence[str]) -> bytes:
    """One of the JSON values in it is spoiled: the whole, or that of one line."""
    starts = [at for at, byte in enumerate(data[:4096]) if byte in b"{[" and (at == 0 or data[at - 1 : at] in b"\n ")]
    if not starts:
        return _in_bytes(data, below, words)
    begin = starts[below(len(starts))]
    text = data[begin:].decode("utf-8", "surrogateescape")
    try:
        value, length = json.JSONDecoder().raw_decode(text)
        written = json.dumps(_changed(value, below, words, 0), ensure_ascii=bool(below(2)))
    except (ValueError, RecursionError):
        return _in_bytes(data, below, words)
    rest = text[length:].encode("utf-8", "surrogateescape")
    return data[:begin] + written.encode("utf-8", "surrogatepass") + rest


def _changed(value: Any, below: Below, words: Sequence[str], depth: int) -> Any:
    """The same value with one thing changed, somewhere in it."""
    if isinstance(value, dict) and value and below(4) and depth < 50:
        name = list(value)[below(len(value))]
        return _object(value, name, below, words) if not below(4) else _with(value, name, below, words, depth)
    if isinstance(value, list) and value and below(4) and depth < 50:
        at = below(len(value))
        return (
            _list(value, at, below)
            if not below(3)
            else [*value[:at], _changed(value[at], below, words, depth + 1), *value[at + 1 :]]
        )
    return _other(value, below)


def _with(value: dict[str, Any], name: str, below: Below, words: Sequence[str], depth: int) -> dict[str, Any]:
    return {**value, name: _changed(value[name], below, words, depth + 1)}


def _object(value: dict[str, Any], name: str, below: Below, words: Sequence[str]) -> dict[str, Any]:
    known = words[below(len(words))] if words else "a"
    match below(4):
        case 0:
            return {key: it for key, it in value.items() if key != name}
        case 1:
            return {known if key == name else key: it for key, it in value.items()}
        case 2:
            return {**value, known: WRONG[below(len(WRONG))]}
        case _:
            return {**value, known: value[name]}


def _list(value: list[Any], at: int, below: Below) -> list[Any]:
    match below(4):
        case 0:
            return value[:at] + value[at + 1 :]
        case 1:
            return [*value[: at + 1], *[value[at]] * min(300, _SIZES[below(6)]), *value[at + 1 :]]
        case 2:
            return value[::-1]
        case _:
            return [*value, WRONG[below(len(WRONG))]]


def _other(value: Any, below: Below) -> Any:
    match below(6):
        case 0:
            depth = _SIZES[below(5)]
            for _ in range(depth):
                value = [value] if depth % 2 else {"a": value}
            return value
        case 1 if isinstance(value, str):
            return (value or "x") * (1 + _SIZES[below(len(_SIZES))] // (len(value) or 1))
        case 2 if isinstance(value, str):
            at = below(len(value) + 1)
            return value[:at] + str(WRONG[below(len(WRONG))]) + value[at:]
        case _:
            return WRONG[below(len(WRONG))]


def _in_bytes(data: bytes, below: Below, words: Sequence[str]) -> bytes:
    begin = below(len(data) + 1)
    end = min(len(data), begin + _SIZES[below(6)])
    match below(8):
        case 0:
            return data[:begin] + data[end:]
        case 1:  # pumped: what costs the square of its length shows itself
            piece = data[begin:end] or b" "
            return data[:end] + piece * min(LONGEST // len(piece), _SIZES[below(len(_SIZES))]) + data[end:]
        case 2:
            piece = PIECES[below(len(PIECES))]
            return data[:begin] + piece * min(LONGEST // len(piece), _SIZES[below(len(_SIZES))]) + data[begin:]
        case 3:
            return data[:begin] + PIECES[below(len(PIECES))] + data[begin:]
        case 4:
            return data[:begin] + bytes([below(256)]) + data[begin + 1 :]
        case 5 if words:
            return data[:begin] + words[below(len(words))].encode("utf-8", "replace") + data[begin:]
        case 6:
            lines = data.split(b"\n")
            at = below(len(lines))
            return b"\n".join([*lines[:at], *lines[at + 1 :], *([lines[at]] if below(2) else [lines[at]] * 3)])
        case _:
            return data[:begin]
