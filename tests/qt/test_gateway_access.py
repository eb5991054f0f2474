"""The page “Gateway” for hands and ears: names, access keys, the order of Tab, and text of any size."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.qt.access import assert_keys_differ, assert_named, assert_short, assert_texts_fit, tab_order_of_part
from tests.qt.dialog import APPLY, Opened
from tests.qt.gateway_opened import Open, copied, publish, shown
from tests.qt.gateway_parts import EDITOR, FIRST, TAKEN
from trayapp.core.intents import SwitchGateway
from trayapp.qt.gateway_page import GatewayPage

PARTS = range(6)


async def full(opened: Open) -> tuple[Opened, GatewayPage]:
    """With something in every list, and something to complain about on every part."""
    it, page = await shown(opened)
    publish(it, gateway_failover=("openai/gpt-5", "fast", "nobody/x"), gateway_without_token=("/api/", "v1"))
    it.gateway.status.publish(msgspec.structs.replace(TAKEN, problem=TAKEN.problem * 2))
    it.gateway.has(FIRST, EDITOR)
    it.gateway.keyring.publish("no-service")
    it.enter("gateway_port", "80")
    it.enter("gateway_cooldown", "x")
    it.enter("usage_days", "x")
    page.failover.model.enter("nonsense")
    page.failover.list.setCurrentRow(1)
    page.tokens.name.setText("a/b")
    page.tokens.outcome.say("The keyring was not unlocked, so the token could not be read. " * 2)
    page.reach.copy_buttons["openai"].click()
    page.tools.copy_button.click()
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
    tops = [widget.mapTo(inside, widget.rect().topLeft()).y() for widget in here]
    line = page.fontMetrics().height()
    # what stands beside a list is read after it, from its top
    assert all(later > earlier - 3 * line for earlier, later in pairwise(tops)), [it.accessibleName() for it in here]


async def test_no_text_is_clipped_in_any_size(size_of_text: float, opened: Open) -> None:
    it, page = await full(opened)
    for part in PARTS:
        page.tabs.setCurrentIndex(part)
        rows = range(page.tools.list.count()) if page.tabs.currentWidget() is page.tools else range(1)
        for row in rows:
            page.tools.list.setCurrentRow(row)
            await assert_texts_fit(it.dialog, page.tabs.tabText(part))


async def test_the_longest_address_and_every_tool_s_name_can_be_read(size_of_text: float, opened: Open) -> None:
    it, page = await full(opened)
    publish(it, gateway_port=32767)
    line = page.reach.addresses["openai"]
    assert line.fontMetrics().horizontalAdvance(line.text()) < line.width()
    page.tabs.setCurrentIndex(4)
    for _turn in range(5):
        await asyncio.sleep(0)
    tools = page.tools.list
    assert tools.sizeHintForColumn(0) <= tools.viewport().width()


@pytest.mark.parametrize("part", PARTS)
async def test_no_part_is_longer_than_a_small_screen(opened: Open, part: int) -> None:
    _it, page = await full(opened)
    assert_short(page.tabs, part)


async def test_everything_can_be_done_with_the_keyboard_alone(opened: Open) -> None:
    it, page = await shown(opened)
    it.gateway.has(FIRST, EDITOR)
    page.switch.control.setFocus()
    QTest.keyClick(page.switch.control, Qt.Key.Key_Space)
    QTest.keyClick(it.button(APPLY), Qt.Key.Key_Space)
    await it.desk.settle()
    assert it.desk.asked == [SwitchGateway(True)]
    QTest.keyClick(page.reach.copy_buttons["openai"], Qt.Key.Key_Space)
    assert copied().endswith("/v1")
    page.tabs.tabBar().setFocus()
    QTest.keyClick(page.tabs.tabBar(), Qt.Key.Key_Right)
    assert page.tabs.currentWidget() is page.tokens
    QTest.keyClick(page.tokens.table, Qt.Key.Key_Down)
    assert page.tokens.line is not None
    assert page.tokens.line.name == "editor"
    QTest.keyClick(page.tokens.copy_button, Qt.Key.Key_Space)
    await it.desk.settle()
    assert it.gateway.read == ["editor"]
    for _step in range(3):
        QTest.keyClick(page.tabs.tabBar(), Qt.Key.Key_Right)
    assert page.tabs.currentWidget() is page.tools
    QTest.keyClick(page.tools.list, Qt.Key.Key_End)
    assert page.tools.heading.text() == "Any other tool"
