"""The icons: complete, of the right size, of different shapes, and rendered from the drawings that lie beside them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from tests.qt.parts import ICONS
from trayapp.qt.icons import PROGRAM_SIZES, SIZES, Icons

STATES = ("ready", "working", "attention")


def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_icons", ICONS.parents[1] / "packaging" / "build_icons.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("size", SIZES)
def test_every_state_has_its_picture_in_every_size(state: str, size: int, qtbot: QtBot) -> None:
    image = Icons(ICONS).state(state).pixmap(QSize(size, size), 1.0)
    assert (image.width(), image.height()) == (size, size)
    assert image.toImage().pixelColor(size // 2, 2).alpha() > 0


def test_a_state_without_a_picture_looks_ready(qtbot: QtBot) -> None:
    icons = Icons(ICONS)
    assert icons.state("unheard-of").cacheKey() == icons.state("ready").cacheKey()


def test_the_program_has_an_icon_in_every_size(qtbot: QtBot) -> None:
    assert {size.width() for size in Icons(ICONS).program().availableSizes()} == set(PROGRAM_SIZES)


def test_the_pictures_are_those_of_the_drawings(qapp: object) -> None:
    for path, fresh in builder().pictures(ICONS.parent).items():
        stored = QImage(str(path))
        assert stored.size() == fresh.size(), path.name
        assert difference(stored, fresh) < 0.01, f"{path.name}: run packaging/build_icons.py"


def test_states_differ_in_shape_and_not_only_in_colour(qapp: object) -> None:
    shapes = [grey(ICONS / f"{state}-22.png") for state in STATES]
    for at, one in enumerate(shapes):
        for other in shapes[at + 1 :]:
            differing = sum(abs(a - b) > 60 for a, b in zip(one, other, strict=True))
            assert differing > len(one) * 0.1


@pytest.mark.parametrize("bar", ["#ffffff", "#f2f2f2", "#202326", "#000000"])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("size", [16, 22, 24])
def test_a_third_of_the_icon_stands_out_from_the_bar(bar: str, state: str, size: int, qapp: object) -> None:
    image = QImage(str(ICONS / f"{state}-{size}.png"))
    ground = luminance(QColor(bar))
    seen = 0
    for x in range(size):
        for y in range(size):
            colour = image.pixelColor(x, y)
            light = luminance(colour) * colour.alphaF() + ground * (1 - colour.alphaF())
            high, low = max(light, ground), min(light, ground)
            seen += (high + 0.05) / (low + 0.05) >= 3
    assert seen > size * size / 3


def difference(one: QImage, other: QImage) -> float:
    same = [it.convertToFormat(QImage.Format.Format_ARGB32) for it in (one, other)]  # kept while their bits are read
    a, b = (bytes(it.constBits()) for it in same)
    return sum(abs(x - y) for x, y in zip(a, b, strict=True)) / (255 * len(a))


def grey(path: Path) -> list[int]:
    image = QImage(str(path))
    return [
        image.pixelColor(x, y).lightness() if image.pixelColor(x, y).alpha() > 127 else -255
        for y in range(image.height())
        for x in range(image.width())
    ]


def luminance(colour: QColor) -> float:
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (colour.redF(), colour.greenF(), colour.blueF())
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
