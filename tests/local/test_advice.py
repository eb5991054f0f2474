"""A strategy is suggested from the memory that the computer was sold with, never from a rounding error."""

from __future__ import annotations

import pytest

from trayapp.local.advice import GIB, Advice, advised, sold


@pytest.mark.parametrize(
    ("gib", "label"),
    [
        (31.1, 32),
        (30.0, 32),
        (28.0, 28),
        (15.4, 16),
        (14.9, 16),
        (62.5, 64),
        (7.6, 8),
        (3.7, 4),
        (23.5, 24),
        (32.0, 32),
        (33.0, 33),
        (2000.0, 2000),
        (0.4, 0),
    ],
)
def test_memory_counts_as_it_was_sold(gib: float, label: int) -> None:
    assert sold(int(gib * GIB)) == label


@pytest.mark.parametrize(
    ("gib", "strategy", "best"),
    [
        (125.0, "ram", True),
        (62.5, "ram", True),
        (47.0, "ram", False),
        (31.1, "ram", False),
        (23.5, "ssd", False),
        (15.4, "ssd", False),
        (11.5, "none", False),
        (0.4, "none", False),
    ],
)
def test_the_thresholds_are_32_64_and_16(gib: float, strategy: str, best: bool) -> None:
    advice = advised(int(gib * GIB))
    assert advice is not None
    assert (advice.strategy, advice.best, advice.lifted) == (strategy, best, False)


@pytest.mark.parametrize(
    ("gib", "vram", "strategy", "lifted"),
    [
        (15.4, 15.9, "ram", True),
        (15.4, 11.9, "ssd", False),
        (7.6, 23.9, "ssd", True),
        (31.1, 23.9, "ram", False),
        (15.4, 0.5, "ssd", False),
    ],
)
def test_a_large_graphics_card_lifts_it_by_one_step(gib: float, vram: float, strategy: str, lifted: bool) -> None:
    advice = advised(int(gib * GIB), int(vram * GIB))
    assert advice is not None
    assert (advice.strategy, advice.lifted) == (strategy, lifted)


def test_shared_memory_is_not_counted_twice() -> None:
    assert advised(16 * GIB, 16 * GIB, unified=True) == Advice("ssd", 16, unified=True)


def test_nothing_is_suggested_where_nothing_is_known() -> None:
    assert advised(0) is None
