"""The suggestion is explained with the machine's figures, and never applied by itself."""

from __future__ import annotations

import pytest

from trayapp.local.advice import GIB, advised
from trayapp.ui.advice import sentence


@pytest.mark.parametrize(
    ("gib", "vram", "unified", "parts"),
    [
        (62, None, False, ("Suggested: RAM.", "has 64 GB of memory.", "several models side by side")),
        (31, None, False, ("Suggested: RAM.", "has 32 GB of memory.", "From 32 GB on")),
        (15.4, None, False, ("Suggested: SSD.", "has 16 GB of memory.", "holds one model")),
        (3.7, None, False, ("Suggested: None.", "has 4 GB of memory.", "less than 16 GB")),
        (
            15.4,
            24,
            False,
            ("Suggested: RAM.", "16 GB of memory, and 24 GB on its graphics card", "fit on the graphics"),
        ),
        (7.6, 16, False, ("Suggested: SSD.", "8 GB of memory, and 16 GB on its graphics card", "for a while")),
        (16, 16, True, ("Suggested: SSD.", "16 GB of memory, shared with its graphics card")),
    ],
)
def test_it_names_the_figures_it_goes_by(gib: float, vram: int | None, unified: bool, parts: tuple[str, ...]) -> None:
    told = sentence(advised(int(gib * GIB), vram * GIB if vram else None, unified=unified))
    for part in parts:
        assert part in told
    assert told.endswith("Nothing changes until you choose it.")
    assert "{" not in told


def test_for_another_computer_there_is_none() -> None:
    assert "another computer" in sentence(advised(64 * GIB), remote=True)
    assert "Suggested" not in sentence(advised(64 * GIB), remote=True)


def test_unknown_memory_is_said_so() -> None:
    assert "not known" in sentence(None)
