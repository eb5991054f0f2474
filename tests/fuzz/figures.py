"""What a long run tells of itself, in small files that the next step reads."""

from __future__ import annotations

from msgspec import Struct


class Ran(Struct):
    """Of the guided part."""

    calls: int = 0


class Figures(Struct):
    """Of the part that measures."""

    inputs: int = 0
    seconds: float = 0.0
    """Processor time of the slowest call, the best of some."""
    bytes: int = 0
    """The most that one call held."""
    broken: int = 0
    """Inputs that broke a promise."""
