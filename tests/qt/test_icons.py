"""The pictures: complete, sharp, of different shapes, seen on any bar, and rendered from the drawings."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from typing import Any

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from tests.qt.parts import ICONS
from tests.support.scripts import script
from trayapp.qt.icons import DARK, LIGHT, OUTLINED, PROGRAM_SIZES, SIZES, Icons

STATES = ("ready", "working", "attention")
BARS = ("#ffffff", "#f0f0f0", "#808080", "#2e2e2e", "#000000")
SEEN = 3.0
"""The contrast that WCAG 2.2 asks for of a picture that tells something (1.4.11)."""
SEEN_ON = {DARK: BARS[:2], LIGHT: BARS[3:], OUTLINED: BARS}
"""The bars that each tone is made for."""
PART = {DARK: 0.8, LIGHT: 0.8, OUTLINED: 0.25}
"""How much of it has that contrast at least: an outlined icon has two tones, and each bar is far from one of them."""


@cache
def builder() -> Any:
    return script("build_icons")


@cache
def picture(state: str, tone: str, size: int) -> QImage:
    return QImage(str(ICONS / f"{state}-{tone}-{size}.png")).convertToFormat(QImage.Format.Format_ARGB32)


@pytest.mark.parametrize("colour", ["auto", "light", "dark"])
@pytest.mark.parametrize("state", STATES)
def test_every_state_has_its_picture_in_every_size(state: str, colour: str, qtbot: QtBot) -> None:
    icon = Icons(ICONS, lambda: colour).state(state)
    assert {size.width() for size in icon.availableSizes()} == set(SIZES)
    for size in SIZES:
        image = icon.pixmap(QSize(size, size), 1.0)
        assert (image.width(), image.height()) == (size, size)


def test_a_state_without_a_picture_looks_ready(qtbot: QtBot) -> None:
    icons = Icons(ICONS)
    assert icons.state("unheard-of").cacheKey() == icons.state("ready").cacheKey()


def test_the_program_has_an_icon_in_every_size(qtbot: QtBot) -> None:
    assert {size.width() for size in Icons(ICONS).program().availableSizes()} == set(PROGRAM_SIZES)


def test_the_pictures_are_those_of_the_drawings_and_there_are_no_others(qapp: object) -> None:
    made = builder().pictures(ICONS.parent)
    assert set(ICONS.iterdir()) == set(made)
    for path, fresh in made.items():
        stored = QImage(str(path))
        assert stored.size() == fresh.size(), path.name
        assert difference(stored, fresh) < 0.005, f"{path.name}: run packaging/build_icons.py"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("one", "other"), list(combinations(STATES, 2)))
def test_states_differ_in_shape_by_a_third_of_what_is_drawn(one: str, other: str, size: int, qapp: object) -> None:
    first, second = (drawn(picture(state, DARK, size)) for state in (one, other))
    assert len(first ^ second) > len(first | second) / 3
    light = {state: picture(state, LIGHT, size) for state in (one, other)}
    assert all(drawn(light[state]) == drawn(picture(state, DARK, size)) for state in light)


@pytest.mark.parametrize("tone", SEEN_ON)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("size", SIZES)
def test_the_icon_stands_out_from_every_bar_it_is_made_for(tone: str, state: str, size: int, qapp: object) -> None:
    image = picture(state, tone, size)
    shape = drawn(image)
    for bar in map(QColor, SEEN_ON[tone]):
        seen = [at for at in shape if contrast(over(image.pixelColor(*at), bar), bar) >= SEEN]
        assert len(seen) > PART[tone] * len(shape), bar.name()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("size", SIZES)
def test_an_outline_goes_all_the_way_round(state: str, size: int, qapp: object) -> None:
    """On a white bar the light shapes are told by it alone: from outside nobody gets in without crossing dark."""
    image = picture(state, OUTLINED, size)
    white = QColor("white")
    pale = {
        (x, y) for x in range(size) for y in range(size) if contrast(over(image.pixelColor(x, y), white), white) < 1.15
    }
    shape = {at for at in pale if image.pixelColor(*at).alpha() > 200}
    assert shape
    assert not shape & reached(pale - shape, pale, size)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("size", [16, 18, 20, 22, 32])
def test_straight_edges_stand_between_pixels(state: str, size: int, qapp: object) -> None:
    """An edge through the middle of pixels makes them grey all along, which is what looks blurred; curves make few."""
    image = picture(state, DARK, size)
    for y in range(size):
        row = "".join("g" if 20 < image.pixelColor(x, y).alpha() < 235 else " " for x in range(size))
        assert max(map(len, row.split(" "))) <= size // 4, y


def test_a_dark_picture_is_a_template_for_macos(qapp: object) -> None:
    for state in STATES:
        image = picture(state, DARK, 36)
        assert all(image.pixelColor(*at).lightness() == 0 for at in drawn(image))


def test_the_programs_picture_is_coloured_and_fills_its_square(qapp: object) -> None:
    for size in (*PROGRAM_SIZES, 512):
        image = QImage(str(ICONS / f"trayapp-{size}.png"))
        assert max(image.pixelColor(x, size // 2).saturation() for x in range(size)) > 150
        assert image.pixelColor(size // 2, size // 2).alpha() == 255
        assert image.pixelColor(0, 0).alpha() < 100


def drawn(image: QImage) -> set[tuple[int, int]]:
    """The pixels that are more there than not."""
    width, height = image.width(), image.height()
    return {(x, y) for x in range(width) for y in range(height) if image.pixelColor(x, y).alpha() > 127}


def reached(start: set[tuple[int, int]], free: set[tuple[int, int]], size: int) -> set[tuple[int, int]]:
    """Every pixel of ``free`` that can be gone to, straight on, from those at the edge of the picture."""
    to_go = [(x, y) for x, y in start if x in (0, size - 1) or y in (0, size - 1)]
    been = set(to_go)
    while to_go:
        x, y = to_go.pop()
        for at in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)):
            if at in free and at not in been:
                been.add(at)
                to_go.append(at)
    return been


def difference(one: QImage, other: QImage) -> float:
    same = [it.convertToFormat(QImage.Format.Format_ARGB32) for it in (one, other)]  # kept while their bits are read
    a, b = (bytes(it.constBits()) for it in same)
    return sum(abs(x - y) for x, y in zip(a, b, strict=True)) / (255 * len(a))


def over(colour: QColor, ground: QColor) -> QColor:
    """What is seen of a colour that lets the ground shine through."""
    alpha = colour.alphaF()
    red, green, blue = (
        round(getattr(colour, part)() * alpha + getattr(ground, part)() * (1 - alpha))
        for part in ("red", "green", "blue")
    )
    return QColor(red, green, blue)


def contrast(one: QColor, other: QColor) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: QColor) -> float:
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (colour.redF(), colour.greenF(), colour.blueF())
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
