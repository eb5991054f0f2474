"""How Ollama reads a ``keep_alive``: numbers, Go's durations, and what it says of everything else."""

from __future__ import annotations

import re

SECOND = 1_000_000_000
"""Nanoseconds, in which Go counts."""
FOREVER = 2**63 - 1
_LEAST = -(2**63)
_UNITS = {"ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000, "s": SECOND, "m": 60 * SECOND}
_UNITS["h"] = 3600 * SECOND
_PART = re.compile(r"(\d*)(?:\.(\d*))?([^\d.]*)")
_TYPES = {bool: "bool", list: "[]interface {}", dict: "map[string]interface {}"}


class BadDurationError(ValueError):
    """Its text is what Ollama answers with 400."""


def keep_alive(value: object) -> int | None:
    """Nanoseconds, ``FOREVER`` for what is negative, None for what is not set. Raises BadDurationError.

    A number too large for 63 bits overflows to the least one, as on amd64: the model then leaves at once.
    """
    if value is None:
        return None
    if isinstance(value, str):
        length = parsed(value)
        return FOREVER if length < 0 else length
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadDurationError(f"Unsupported type: '{_TYPES[type(value)]}'")
    if value < 0:
        return FOREVER
    length = int(float(value) * SECOND)
    return length if length <= FOREVER else _LEAST


def parsed(text: str) -> int:
    """``time.ParseDuration``. Raises BadDurationError with Go's words."""
    sign, rest = (-1, text[1:]) if text[:1] == "-" else (1, text.removeprefix("+"))
    if rest == "0":
        return 0
    total = 0
    while True:
        match = _PART.match(rest)
        assert match is not None
        whole, part, unit = match.groups()
        if not whole and not part:
            raise BadDurationError(f'time: invalid duration "{text}"')
        if not unit:
            raise BadDurationError(f'time: missing unit in duration "{text}"')
        if unit not in _UNITS:
            raise BadDurationError(f'time: unknown unit "{unit}" in duration "{text}"')
        total += int(whole or "0") * _UNITS[unit]
        total += int(int(part or "0") * _UNITS[unit] / 10 ** len(part or ""))
        if total > FOREVER:
            raise BadDurationError(f'time: invalid duration "{text}"')
        rest = rest[match.end() :]
        if not rest:
            return sign * total


def default(environment: str) -> int:
    """``OLLAMA_KEEP_ALIVE``: a duration or whole seconds, quotes stripped; whatever else means five minutes."""
    text = environment.strip().strip("\"'").strip()
    length = 300 * SECOND
    if text:
        try:
            length = parsed(text)
        except BadDurationError:
            if re.fullmatch(r"[+-]?\d+", text):
                length = int(text) * SECOND
    return FOREVER if length < 0 else length
