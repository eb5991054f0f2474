"""Turns rows into aligned columns for people and tab-separated lines for programs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trayapp.core.models import Model

GAP = "  "
_NARROWEST = 12
"""No column is cut below this, however narrow the window."""
_UNPRINTABLE = re.compile(
    # control characters (tabs and line ends of every kind, and what steers a terminal), marks that turn the
    # direction of writing, and halves of characters that no encoding takes
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def clean(text: str) -> str:
    """``text`` on one line and in one field: whatever would break either is a space."""
    return text if text.isprintable() else _UNPRINTABLE.sub(" ", text)


def porcelain(model: Model, source: str) -> str:
    """One line of ``models --porcelain``; its form does not change. Unknown is empty, free is 0."""
    price = model.price
    return "\t".join(
        (
            clean(model.ref.provider),
            clean(model.ref.model),
            clean(model.name),
            "" if model.context is None else str(model.context),
            "" if price is None else exact_amount(price.input),
            "" if price is None else exact_amount(price.output),
            source,
        )
    )


def exact_amount(value: float) -> str:
    """Dollars per million tokens as a plain decimal number, all of its digits and no exponent."""
    return f"{value:.8f}".rstrip("0").rstrip(".")


def columns(rows: Iterable[Sequence[str]], *, width: int | None = None, flexible: Sequence[int] = ()) -> str:
    """Rows with their columns aligned. Columns that are empty throughout are left out.

    Where ``width`` is given and the rows are wider, the ``flexible`` columns are cut, the widest first;
    without it nothing is ever cut.
    """
    table = [[clean(cell) for cell in row] for row in rows]
    if not table:
        return ""
    sizes = [max(map(_cells, column)) for column in zip(*table, strict=True)]
    if width is not None:
        _squeeze(sizes, width, flexible)
    lines = []
    for row in table:
        shown = [_fit(cell, size) for cell, size in zip(row, sizes, strict=True) if size]
        lines.append(GAP.join(shown).rstrip())
    return "\n".join(lines)


def _squeeze(sizes: list[int], width: int, flexible: Sequence[int]) -> None:
    shown = sum(1 for size in sizes if size)
    over = sum(sizes) + len(GAP) * (shown - 1) - width
    while over > 0:
        widest = max(flexible, key=lambda index: sizes[index], default=None)
        if widest is None or sizes[widest] <= _NARROWEST:
            return
        sizes[widest] -= 1
        over -= 1


def _fit(text: str, size: int) -> str:
    taken = _cells(text)
    if taken > size:
        while text and _cells(text) > size - 1:
            text = text[:-1]
        text += "…"
        taken = _cells(text)
    return text + " " * (size - taken)


def _cells(text: str) -> int:
    """How many columns of a terminal the text takes: wide East Asian letters take two, accents none."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )
