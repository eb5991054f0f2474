"""The page “Local models” for hands and ears: names, access keys, the order of Tab, and text of any size."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.qt.access import assert_keys_differ, assert_named, assert_short, assert_texts_fit, tab_order_of_part
from tests.qt.dialog import Opened
from tests.qt.local_opened import Open, publish, shown
from tests.qt.local_parts import LOADING, OLLAMA, RESIDENTS
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


@pytest.mark.parametrize("part", PARTS)
async def test_every_control_has_a_name_for_a_screen_reader(opened: Open, part: int) -> None:
    it, page = await full(opened)
    page.tabs.setCurrentIndex(part)
    assert_named(it.dialog)


@pytest.mark.parametrize("part", PARTS)
async def test_no_access_key_is_there_twice(opened: Open, part: int) -> None:
    it, page = await full(opened)
    page.tabs.setCurrentIndex(part)
    assert_keys_differ(it.dialog, page.tabs)


@pytest.mark.parametrize("part", PARTS)
async def test_tab_goes_through_a_part_from_top_to_bottom_and_then_to_the_buttons(opened: Open, part: int) -> None:
    it, page = await full(opened)
    page.tabs.setCurrentIndex(part)
    inside, here = tab_order_of_part(it.dialog, page.tabs)
    assert here
    middles = [widget.mapTo(inside, widget.rect().center()).y() for widget in here]
    line = page.fontMetrics().height()
    # what stands beside a list is read after it, from its top
    assert all(later > earlier - 5 * line for earlier, later in pairwise(middles)), [
        widget.accessibleName() for widget in here
    ]
    assert middles[-1] == max(middles)


async def test_no_text_is_clipped_in_any_size(size_of_text: float, opened: Open) -> None:
    it, page = await full(opened)
    for part in PARTS:
        page.tabs.setCurrentIndex(part)
        await assert_texts_fit(it.dialog, page.tabs.tabText(part))


async def test_a_rule_s_dialog_has_room_for_what_it_says(size_of_text: float, opened: Open) -> None:
    it, _page = await shown(opened)
    dialog = RuleDialog(it.dialog, Rule("a", "(a", "x"), title="Edit a rule", others=(), models=())
    dialog.open()
    await assert_texts_fit(dialog, "the rule")
    dialog.reject()


@pytest.mark.parametrize("part", PARTS)
async def test_no_part_is_longer_than_a_small_screen(opened: Open, part: int) -> None:
    _it, page = await full(opened)
    assert_short(page.tabs, part)


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
