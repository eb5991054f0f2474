"""Which strategy this computer's memory speaks for; pure, and never applied by itself.

From 32 GB on RAM, best from 64; from 16 GB SSD; below that none. A graphics card with 16 GB or more of its own holds
several models without taking them from the computer's memory, so it lifts the suggestion by one step; what it holds
on its own is the same memory counted twice where the card has none of its own, and lifts nothing.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

GIB = 2**30
GOOD, BEST, ENOUGH = 32, 64, 16
"""GB of memory: for RAM, for RAM at its best, for SSD (requirements S3-3, S3-7, S3-12)."""
LIFTS = 16
"""GB of a graphics card's own."""
_SOLD = (2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
"""GB as computers and cards are sold with them."""
_MISSING = 0.1
"""The share that firmware and an integrated graphics card may keep for themselves."""


class Advice(Struct, frozen=True):
    """A suggestion and the figures behind it."""

    strategy: Literal["ram", "ssd", "none"]
    memory: int
    """GB, as the computer was sold."""
    vram: int | None = None
    """GB of the graphics cards' own; None: none, or not known."""
    best: bool = False
    """More than enough for it."""
    lifted: bool = False
    """It is the graphics card that speaks for it."""
    unified: bool = False
    """Processor and graphics card share the memory."""


def advised(total: int, vram: int | None = None, *, unified: bool = False) -> Advice | None:
    """The suggestion for so many bytes of memory and of graphics memory; None where the memory is not known."""
    if total <= 0:
        return None
    memory = max(1, sold(total))
    own = None if unified or not vram else sold(vram) or None
    step = 2 if memory >= GOOD else 1 if memory >= ENOUGH else 0
    lifted = step < 2 and own is not None and own >= LIFTS
    step += lifted
    strategies: tuple[Literal["none", "ssd", "ram"], ...] = ("none", "ssd", "ram")
    return Advice(strategies[step], memory, own, best=memory >= BEST, lifted=lifted, unified=unified)


def sold(count: int) -> int:
    """GB on the label of so many bytes: 31.1 GiB were sold as 32. What fits no label is rounded down; 0 below one."""
    gib = count / GIB
    label = next((it for it in _SOLD if gib <= it), 0)
    return label if label and gib >= label * (1 - _MISSING) else int(gib)
