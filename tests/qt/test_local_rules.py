"""Rules on the page “Local models”: written, ordered, tried out, and kept as drafts until they are saved."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.qt.dialog import APPLY, OK
from tests.qt.local_opened import Open, publish, saved, shown
from trayapp.core.models import ModelRef
from trayapp.core.rules import EXAMPLES, Rule
from trayapp.core.state import State
from trayapp.qt.local_page import LocalPage
from trayapp.qt.local_rule import RuleDialog
from trayapp.qt.local_rules import RuleList

CHOSEN = ModelRef("openai", "gpt-5")


def rule_dialog(page: LocalPage) -> RuleDialog:
    found = [it for it in page.window().findChildren(RuleDialog) if it.isVisible()]
    assert len(found) == 1
    return found[0]


def select(rules: RuleList, row: int) -> None:
    item = rules.list.topLevelItem(row)
    assert item is not None
    rules.list.setCurrentItem(item)


async def test_a_rule_is_written_in_a_dialog_that_checks_its_pattern_as_it_is_typed(opened: Open) -> None:
    it, page = await shown(opened)
    page.tabs.setCurrentWidget(page.routes)
    page.routes.rules.add_button.click()
    dialog = rule_dialog(page)
    dialog.ok.click()
    assert dialog.isVisible()
    assert dialog._notes["name"].isVisible()
    QTest.keyClicks(dialog.name, "greeting")
    dialog.pattern.setText("(hello")
    assert "(" in dialog._notes["pattern"].text()
    dialog.to.enter("openai/gpt-5")
    dialog.ok.click()
    assert dialog.isVisible(), "a pattern that cannot be used is not kept"
    dialog.pattern.setText("(a+)+$")
    assert not dialog._notes["pattern"].isVisible()
    QTest.keyClick(dialog.pattern, Qt.Key.Key_Return)
    assert not dialog.isVisible()
    assert it.dialog.isVisible()
    await it.press(APPLY)
    assert saved(it).rules == (Rule("greeting", "(a+)+$", "openai/gpt-5"),)


async def test_rules_are_edited_ordered_switched_off_and_removed(opened: Open) -> None:
    it, page = await shown(opened)
    publish(it, rules=EXAMPLES["by role"])
    code, short = EXAMPLES["by role"]
    box = page.routes.rules
    select(box, 1)
    box.up_button.click()
    assert box.value == (short, code)
    item = box.list.topLevelItem(0)
    assert item is not None
    item.setCheckState(0, Qt.CheckState.Unchecked)
    off = msgspec.structs.replace(short, enabled=False)
    assert box.value == (off, code)
    box.edit_button.click()
    dialog = rule_dialog(page)
    assert dialog.name.text() == "short"
    dialog.name.setText("code")
    assert "Another rule" in dialog._notes["name"].text()
    dialog.name.setText("brief")
    dialog.on.setCurrentIndex(dialog.on.findData("name"))
    dialog.accept()
    assert box.value == (msgspec.structs.replace(off, name="brief", on="name"), code)
    box.down_button.click()
    box.remove_button.click()
    assert list(box.value) == [code]
    await it.press(APPLY)
    assert saved(it).rules == (code,)


async def test_a_rule_that_was_removed_while_it_is_edited_comes_at_the_end(opened: Open) -> None:
    it, page = await shown(opened)
    publish(it, rules=EXAMPLES["by role"])
    box = page.routes.rules
    select(box, 0)
    box.edit_button.click()
    dialog = rule_dialog(page)
    publish(it, rules=EXAMPLES["by model"])
    dialog.accept()
    assert box.value == (*EXAMPLES["by model"], EXAMPLES["by role"][0])


async def test_the_examples_by_role_bring_roles_and_a_default_and_send_code_to_code(opened: Open) -> None:
    it, page = await shown(opened)
    page.routes.text.setPlainText("Write a function to sort an array")
    before = page.routes.result.text()
    page.routes.rules.example_buttons[0].click()
    assert page.routes.result.text() != before
    assert "ollama/deepseek-coder-v2:16b" in page.routes.result.text()
    assert "“code”" in page.routes.result.text()
    await it.press(APPLY)
    made = saved(it)
    assert made.rules == EXAMPLES["by role"]
    assert made.roles["primary"] == "ollama/qwen2.5:32b"
    assert made.default_route == "primary"


async def test_the_tester_goes_by_what_is_entered_and_by_the_tray(opened: Open) -> None:
    it, page = await shown(opened)
    assert "Type a text" in page.routes.result.text()
    page.routes.rules.example_buttons[1].click()
    page.routes.text.setPlainText("hi")
    assert "qwen2.5:7b" in page.routes.result.text()
    page.routes.name.setText("fast")
    assert "role fast" in page.routes.result.text()
    page.roles.boxes["fast"].enter("openai/gpt-5")
    assert "openai/gpt-5" in page.routes.result.text()
    page.routes.name.clear()
    page.routes.rules.enter(())
    page.routes.default.enter("")
    assert "no model is chosen" in page.routes.result.text()
    it.side.state.publish(State(active=CHOSEN))
    assert "openai/gpt-5" in page.routes.result.text()


async def test_a_default_that_is_neither_role_nor_model_is_not_saved(opened: Open) -> None:
    it, page = await shown(opened)
    page.routes.default.enter("somewhere")
    assert page.routes.default_note.text()
    await it.press(OK)
    assert it.desk.asked == []
    assert page.tabs.currentWidget() is page.routes
    page.routes.default.enter("fast")
    assert "stands for no model" in page.routes.default_note.text()
    await it.press(OK)
    assert saved(it).default_route == "fast"


async def test_a_pattern_cannot_hang_the_page(opened: Open) -> None:
    it, page = await shown(opened)
    publish(it, rules=(Rule("evil", "(a+)+$", "openai/gpt-5"),))
    page.routes.text.setPlainText("a" * 10_000 + "!")
    assert "no rule" in page.routes.result.text()
