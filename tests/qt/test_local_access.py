"""The page “Local models” for hands and ears: names, access keys, the order of Tab, and text of any size."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import pairwise

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from tests.qt.dialog import Opened
from tests.qt.local_opened import Open, publish, shown
from tests.qt.local_parts import LOADING, OLLAMA, RESIDENTS
from tests.qt.test_settings_access import assert_fits, tab_order
from trayapp.core.rules import EXAMPLES, Rule
from trayapp.qt.local_page import LocalPage
from trayapp.qt.local_rule import RuleDialog

PARTS = range(5)


async def full(opened: Open) -> tuple[Opened, LocalPage]:
    """With something in every list, and something to complain about on every part."""
    import msgspec

    it, page = await shown(opened)
    publish(
        it,
        local_exceptions={"qwen2.5:7b": "never"},
        roles={"primary": "nobody/x"},
        rules=EXAMPLES["by role"],
        warm_at_launch=("ollama/qwen2.5:7b", "ollama/b"),
    )
    it.side.views.publish((msgspec.structs.replace(OLLAMA, residents=RESIDENTS, loading=(LOADING,)),))
    page.loaded.timer.timeout.emit()
    page.loaded.table.selectRow(0)
    it.enter("ram_max_models", "many")
    page.roles.boxes["code"].enter("qwen")
    page.routes.default.enter("nowhere")
    page.routes.text.setPlainText("Write a function to sort an array")
    return it, page


def controls(inside: QWidget) -> list[QWidget]:
    kinds = (QAbstractButton, QLineEdit, QComboBox, QPlainTextEdit, QAbstractItemView)
    return [it for it in inside.findChildren(QWidget) if isinstance(it, kinds) and it.isVisible()]


@pytest.mark.parametrize("part", PARTS)
async def test_every_control_has_a_name_for_a_screen_reader(opened: Open, part: int) -> None:
    it, page = await full(opened)
    page.tabs.setCurrentIndex(part)
    for control in controls(it.dialog):
        own = type(control).__name__ in ("QToolButton", "QAbstractButton", "QHeaderView", "QTableCornerButton")
        if own or control.objectName().startswith("qt_"):
            continue  # Qt's own, inside its widgets
        named = control.accessibleName() or (control.text() if isinstance(control, QAbstractButton) else "")
        assert named, type(control).__name__


@pytest.mark.parametrize("part", PARTS)
async def test_no_access_key_is_there_twice(opened: Open, part: int) -> None:
    it, page = await full(opened)
    page.tabs.setCurrentIndex(part)
    tabs = (it.dialog.tabs, page.tabs)
    texts = [bar.tabText(at) for bar in tabs for at in range(bar.count())]
    texts += [it.text() for it in controls(it.dialog) if isinstance(it, QAbstractButton)]
    texts += [label.text() for label in it.dialog.findChildren(QLabel) if label.isVisible() and label.buddy()]
    marks = [text.replace("&&", "") for text in texts]
    keys = [mark[mark.index("&") + 1].lower() for mark in marks if "&" in mark]
    assert sorted(keys) == sorted(set(keys)), sorted(texts)


@pytest.mark.parametrize("part", PARTS)
async def test_tab_goes_through_a_part_from_top_to_bottom_and_then_to_the_buttons(opened: Open, part: int) -> None:
    it, page = await full(opened)
    page.tabs.setCurrentIndex(part)
    it.dialog.tabs.tabBar().setFocus()
    order = tab_order(it.dialog)
    assert order[1] is page.tabs.tabBar()
    inside = page.tabs.currentWidget()
    assert inside is not None
    here = [widget for widget in order if inside.isAncestorOf(widget)]
    assert here
    buttons = [widget for widget in order if it.dialog.buttons.isAncestorOf(widget)]
    assert order == [order[0], page.tabs.tabBar(), *here, *buttons]
    middles = [widget.mapTo(inside, widget.rect().center()).y() for widget in here]
    line = page.fontMetrics().height()
    # what stands beside a list is read after it, from its top
    assert all(later > earlier - 5 * line for earlier, later in pairwise(middles)), [
        widget.accessibleName() for widget in here
    ]
    assert middles[-1] == max(middles)


@pytest.fixture(params=[1.0, 2.0])
def size_of_text(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[object]:
    before = qapp.font()
    font = qapp.font()
    font.setPointSizeF(before.pointSizeF() * request.param)
    qapp.setFont(font)
    yield request.param
    qapp.setFont(before)


async def test_no_text_is_clipped_in_any_size(size_of_text: float, opened: Open) -> None:
    it, page = await full(opened)
    for part in PARTS:
        page.tabs.setCurrentIndex(part)
        for _turn in range(5):
            await asyncio.sleep(0)
        for widget in it.dialog.findChildren(QWidget):
            if widget.isVisible() and isinstance(widget, QLabel | QAbstractButton) and widget.text():
                assert_fits(widget, page.tabs.tabText(part))


async def test_a_rule_s_dialog_has_room_for_what_it_says(size_of_text: float, opened: Open) -> None:
    it, _page = await shown(opened)
    dialog = RuleDialog(it.dialog, Rule("a", "(a", "x"), title="Edit a rule", others=(), models=())
    dialog.open()
    for _turn in range(5):
        await asyncio.sleep(0)
    for widget in dialog.findChildren(QWidget):
        if widget.isVisible() and isinstance(widget, QLabel | QAbstractButton) and widget.text():
            assert_fits(widget, "the rule")
    dialog.reject()


@pytest.mark.parametrize("part", PARTS)
async def test_no_part_is_longer_than_a_small_screen(opened: Open, part: int) -> None:
    _it, page = await full(opened)
    area = page.tabs.widget(part)
    assert area is not None
    inside = area.widget()  # type: ignore[attr-defined]
    letters = page.fontMetrics().height()
    assert inside.heightForWidth(area.width()) <= 50 * letters


async def test_everything_can_be_done_with_the_keyboard_alone(opened: Open) -> None:
    it, page = await shown(opened)
    page.tabs.tabBar().setFocus()
    page.strategy.control.setFocus()
    QTest.keyClick(page.strategy.control, Qt.Key.Key_Up)
    assert page.strategy.chosen == "none"
    for _step in range(4):
        QTest.keyClick(page.tabs.tabBar(), Qt.Key.Key_Right)
    assert page.tabs.currentWidget() is page.routes
    QTest.keyClick(page.routes.rules.example_buttons[0], Qt.Key.Key_Space)
    QTest.keyClick(page.routes.rules.list, Qt.Key.Key_Home)
    QTest.keyClick(page.routes.rules.list, Qt.Key.Key_Space)
    assert [rule.enabled for rule in page.routes.rules.value] == [False, True]
    QTest.keyClick(page.routes.rules.edit_button, Qt.Key.Key_Space)
    (dialog,) = it.dialog.findChildren(RuleDialog)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert it.dialog.isVisible()
