"""The bars of use: walked through with the keyboard, told without eyes, drawn in the desktop's colours."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.qt.usage_opened import Page, report
from trayapp.qt.usage_chart import HATCHINGS, UsageChart, brush, swatch
from trayapp.ui.usage import APART, DAYS


@pytest.fixture
def opened(qtbot: QtBot) -> Callable[[], Page]:
    return lambda: Page(qtbot)


# -- with the keyboard, and without eyes ---------------------------------------------------------------


async def test_the_arrows_go_from_day_to_day_and_each_is_told_in_words(opened: Callable[[], Page]) -> None:
    it = opened()
    await it.open()
    chart = it.page.chart
    chart.setFocus(Qt.FocusReason.TabFocusReason)
    if not chart.hasFocus():  # offscreen gives it to nobody
        chart.choose(DAYS - 1)
    steps = [(Qt.Key.Key_Left, 28), (Qt.Key.Key_PageUp, 21), (Qt.Key.Key_Home, 0), (Qt.Key.Key_Left, 0)]
    steps += [(Qt.Key.Key_Right, 1), (Qt.Key.Key_PageDown, 8), (Qt.Key.Key_End, 29), (Qt.Key.Key_Right, 29)]
    for key, day in steps:
        QTest.keyClick(chart, key)
        assert chart.day == day
    assert it.page.detail.text() == "30 Jun: 8 requests – openai 4, groq 4"
    QTest.keyClick(chart, Qt.Key.Key_A)
    assert chart.day == 29


async def test_a_screen_reader_hears_the_chosen_day_and_what_the_chart_shows(opened: Callable[[], Page]) -> None:
    it = opened()
    await it.open()
    chart = it.page.chart
    assert chart.accessibleName() == "Use by day"
    assert chart.accessibleDescription() == it.page.summary.text()
    chart.choose(2)
    assert chart.accessibleDescription().startswith("3 Jun: 19 requests – openai 10, groq 9 In the last 30 days")
    cell = it.page.table.cells.index(0, 1)
    assert cell.data(Qt.ItemDataRole.AccessibleTextRole) == "Requests: 14"
    assert all(control.accessibleName() for control in it.page.controls)


async def test_a_chosen_day_stays_when_the_figures_change(opened: Callable[[], Page]) -> None:
    it = opened()
    await it.open()
    it.page.chart.choose(DAYS - 1)
    it.report = lambda what: report(what, last=9)
    it.page.timer.timeout.emit()
    await it.rest()
    assert it.page.detail.text() == "30 Jun: 18 requests – openai 9, groq 9"


async def test_a_click_chooses_the_day_below_it_and_none_beside_the_bars(opened: Callable[[], Page]) -> None:
    it = opened()
    it.page.resize(800, 500)
    await it.open()
    chart = it.page.chart
    across = [chart.day_at(QPointF(x, chart.height() / 2)) for x in range(chart.width())]
    days = [day for day in across if day is not None]
    assert days == sorted(days)
    assert set(days) == set(range(DAYS))
    QTest.mouseClick(chart, Qt.MouseButton.LeftButton, pos=QPoint(across.index(2), chart.height() // 2))
    assert it.page.detail.text().startswith("3 Jun")
    QTest.mouseClick(chart, Qt.MouseButton.LeftButton, pos=QPoint(1, 1))
    assert it.page.detail.text() == ""


async def test_every_control_is_reached_with_tab_and_left_again(opened: Callable[[], Page]) -> None:
    it = opened()
    await it.open()
    chain, at = [], it.page.measure.nextInFocusChain()
    while at is not None and at is not it.page.measure:
        if at in it.page.controls:
            chain.append(at)
        at = at.nextInFocusChain()
    assert set(chain) == set(it.page.controls) - {it.page.measure}
    assert not it.page.table.tabKeyNavigation()


# -- colours ------------------------------------------------------------------------------------------


@pytest.fixture
def colours(qapp: QApplication) -> Iterator[Callable[[str, str, str], None]]:
    before = qapp.palette()

    def paint(window: str, text: str, highlight: str) -> None:
        palette = QPalette(QColor(window))
        for role, colour in (
            (QPalette.ColorRole.Window, window),
            (QPalette.ColorRole.Base, window),
            (QPalette.ColorRole.WindowText, text),
            (QPalette.ColorRole.Text, text),
            (QPalette.ColorRole.Highlight, highlight),
        ):
            palette.setColor(role, QColor(colour))
        qapp.setPalette(palette)

    yield paint
    qapp.setPalette(before)


def seen(chart: UsageChart) -> dict[str, int]:
    """How often each colour stands in the picture."""
    picture = chart.grab().toImage()
    found: dict[str, int] = {}
    for y in range(picture.height()):
        for x in range(picture.width()):
            name = picture.pixelColor(x, y).name()
            found[name] = found.get(name, 0) + 1
    return found


@pytest.mark.parametrize(
    ("window", "text", "highlight"), [("#ffffff", "#101010", "#2060c0"), ("#202020", "#f0f0f0", "#50a0ff")]
)
async def test_it_is_drawn_in_the_desktops_colours_light_or_dark(
    opened: Callable[[], Page], colours: Callable[[str, str, str], None], window: str, text: str, highlight: str
) -> None:
    colours(window, text, highlight)
    it = opened()
    it.page.resize(800, 500)
    await it.open()
    found = seen(it.page.chart)
    assert max(found, key=lambda name: found[name]) == window
    assert found[highlight] > 500
    assert found[text] > 50


async def test_the_parts_of_a_bar_differ_by_more_than_their_colour(opened: Callable[[], Page]) -> None:
    palette = QApplication.palette()
    brushes = [brush(palette, part) for part in range(len(HATCHINGS))]
    assert len(HATCHINGS) == APART + 1
    assert len({it.style() for it in brushes}) == len(brushes)
    pictures = [swatch(palette, part, 16).pixmap(16, 16).toImage() for part in range(len(HATCHINGS))]
    grey = [picture.convertToFormat(picture.Format.Format_Grayscale8) for picture in pictures]
    assert all(one != two for at, one in enumerate(grey) for two in grey[at + 1 :])


async def test_the_table_shows_the_hatching_of_each_and_learns_of_new_colours(
    opened: Callable[[], Page], colours: Callable[[str, str, str], None]
) -> None:
    colours("#ffffff", "#000000", "#0000ff")
    it = opened()
    it.report = lambda what: report(what, tuple("abcdefg"))
    await it.open()

    def icons() -> list[object]:
        cells = it.page.table.cells
        found = [cells.index(row, 0).data(Qt.ItemDataRole.DecorationRole) for row in range(cells.rowCount())]
        return [icon.pixmap(16, 16).toImage() if icon is not None else None for icon in found]

    light = icons()
    assert light[5] == light[6]  # both are among the others
    assert (light[7], len({id(it) for it in light})) == (None, 8)
    assert light[0] != light[1]
    colours("#202020", "#ffffff", "#ffff00")
    await it.desk.settle()
    assert icons()[0] != light[0]


async def test_it_can_be_drawn_very_small_and_without_figures(opened: Callable[[], Page]) -> None:
    it = opened()
    it.page.show()
    assert it.page.chart.day_at(QPointF(5, 5)) is None
    it.page.chart.grab()
    it.page.chart.choose(3)
    assert it.page.chart.day is None
    await it.rest()
    it.page.chart.resize(20, 20)
    it.page.chart.grab()
