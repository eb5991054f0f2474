"""The page “Gateway”: drafts until they are saved, tokens at once, and how it stands as it stands."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from tests.qt.dialog import APPLY, CANCEL, OK, Opened, ready
from tests.qt.gateway_opened import Open, copied, publish, saved, shown
from tests.qt.gateway_parts import CANARY, EDITOR, FIRST, ON, TAKEN
from tests.qt.parts import SETTINGS
from trayapp.core.intents import NewToken, Reply, RevokeToken, SaveSettings, SwitchGateway
from trayapp.core.settings import GATEWAY, GENERAL
from trayapp.qt.gateway_page import OWN
from trayapp.ui import form


async def test_every_preference_of_the_page_has_a_control(opened: Open) -> None:
    _it, page = await shown(opened)
    (declared,) = (it for it in form.pages(SETTINGS) if it.name == GATEWAY)
    assert {it.name for it in declared.fields} == {*page.rows, *OWN}
    assert not page.dirty
    assert page.applied(SETTINGS) == SETTINGS


# -- on and off -------------------------------------------------------------------------------------


async def test_it_is_switched_on_with_apply_and_after_the_other_settings_are_saved(opened: Open) -> None:
    it, page = await shown(opened)
    it.enter("gateway", form.ON)
    it.enter("gateway_port", "4555")
    assert it.desk.asked == []
    await it.press(APPLY)
    assert it.desk.asked == [SaveSettings(msgspec.structs.replace(SETTINGS, gateway_port=4555)), SwitchGateway(True)]
    publish(it, gateway=True, gateway_port=4555)
    assert not page.dirty
    it.enter("gateway", form.OFF)
    await it.press(OK)
    assert it.desk.asked[2:] == [SwitchGateway(False)]
    assert not it.dialog.isVisible()


async def test_a_port_that_is_taken_keeps_the_dialog_open_and_says_why(opened: Open) -> None:
    it, page = await shown(opened)
    it.desk.replies[SwitchGateway] = Reply(False, TAKEN.problem)
    it.enter("gateway", form.ON)
    await it.press(OK)
    assert it.dialog.isVisible()
    assert it.dialog.message.text() == TAKEN.problem
    it.gateway.status.publish(TAKEN)
    assert "Port 4180 is in use" in page.reach.status.text()


async def test_how_it_stands_is_told_as_it_changes_and_only_while_somebody_looks(opened: Open) -> None:
    it, page = await shown(opened)
    assert "is off" in page.reach.status.text()
    it.gateway.status.publish(ON)
    assert "2 requests are under way" in page.reach.status.text()
    it.dialog.show_page(GENERAL)
    it.gateway.status.publish(TAKEN)
    assert "2 requests are under way" in page.reach.status.text()
    it.dialog.show_page(GATEWAY)
    assert "does not run" in page.reach.status.text()


async def test_each_address_is_copied_in_its_own_form_with_the_port_that_holds(opened: Open) -> None:
    it, page = await shown(opened)
    publish(it, gateway_port=4321)
    page.reach.copy_buttons["openai"].click()
    assert copied() == "http://127.0.0.1:4321/v1"
    assert "4321/v1" in page.reach.copied.text()
    it.gateway.status.publish(ON)
    for style in ("anthropic", "ollama"):
        page.reach.copy_buttons[style].click()
        assert copied() == "http://127.0.0.1:4180"
    it.enter("gateway_port", "5000")
    assert page.reach.addresses["openai"].text() == "http://127.0.0.1:4180/v1", "what is not saved holds nowhere"


# -- tokens -----------------------------------------------------------------------------------------


async def test_a_token_is_made_at_once_and_is_the_selected_one_then(opened: Open) -> None:
    it, page = await shown(opened)
    it.gateway.has(FIRST)
    part = page.tokens
    assert not part.make_button.isEnabled()
    part.name.setText("First")
    assert not part.make_button.isEnabled()
    assert part.problem.text() == "Another token has this name."
    part.name.setText(" editor ")
    part.make_button.click()
    await it.desk.settle()
    assert it.desk.asked == [NewToken("editor")]
    assert part.name.text() == ""
    it.gateway.has(FIRST, EDITOR)
    assert part.line is not None
    assert part.line.name == "editor"
    assert not it.dialog.dirty


async def test_enter_in_the_name_makes_the_token_and_closes_nothing(opened: Open) -> None:
    it, page = await shown(opened)
    page.tabs.setCurrentIndex(1)
    page.tokens.name.setText("editor")
    QTest.keyClick(page.tokens.name, Qt.Key.Key_Return)
    await it.desk.settle()
    assert it.desk.asked == [NewToken("editor")]
    page.tokens.name.setText("a/b")
    QTest.keyClick(page.tokens.name, Qt.Key.Key_Return)
    await it.desk.settle()
    assert len(it.desk.asked) == 1
    assert it.dialog.isVisible()


async def test_a_token_that_could_not_be_made_keeps_its_name_and_says_why(opened: Open) -> None:
    it, page = await shown(opened)
    it.desk.replies[NewToken] = Reply(False, "The keyring was not unlocked.")
    page.tokens.name.setText("editor")
    page.tokens.make_button.click()
    await it.desk.settle()
    assert page.tokens.name.text() == "editor"
    assert page.tokens.outcome.text == "The keyring was not unlocked."


async def test_a_copied_token_goes_to_the_clipboard_and_is_shown_nowhere(opened: Open) -> None:
    it, page = await shown(opened)
    it.gateway.has(FIRST, EDITOR)
    page.tokens.table.selectRow(1)
    page.tokens.copy_button.click()
    await it.desk.settle()
    assert it.gateway.read == ["editor"]
    assert copied() == CANARY
    assert "x-kde-passwordManagerHint" in QGuiApplication.clipboard().mimeData().formats()
    assert "“editor”" in page.tokens.outcome.text
    told = " ".join(label.text() for label in it.dialog.findChildren(QLabel))
    assert CANARY not in told + page.tools.text.toPlainText()


async def test_a_token_that_cannot_be_read_is_said_so(opened: Open) -> None:
    it, page = await shown(opened)
    it.gateway.has(FIRST)
    it.gateway.refusal = "The keyring is locked."
    QGuiApplication.clipboard().setText("before")
    page.tokens.copy_button.click()
    await it.desk.settle()
    assert page.tokens.outcome.text == "The keyring is locked."
    assert copied() == "before"
    assert page.tokens.copy_button.isEnabled()


async def test_a_token_is_revoked_only_after_asking(opened: Open) -> None:
    it, page = await shown(opened)
    it.gateway.has(FIRST, EDITOR)
    page.tokens.table.selectRow(1)
    for answer, asked in (("Keep it", []), ("&Revoke it", [RevokeToken("editor")])):
        page.tokens.revoke_button.click()
        assert not page.tokens.revoke_button.isEnabled(), "one question at a time"
        box = await it.question()
        assert "“editor”" in box.text()
        next(button for button in box.buttons() if button.text() == answer).click()
        await it.desk.settle()
        assert it.desk.asked == asked
    it.gateway.has(FIRST)
    assert page.tokens.line is not None
    assert page.tokens.line.name == "first"
    it.gateway.has()
    assert page.tokens.line is None
    assert not page.tokens.revoke_button.isEnabled()


async def test_without_a_keyring_the_page_says_what_becomes_of_tokens(opened: Open) -> None:
    it, page = await shown(opened)
    it.gateway.session = {"editor"}
    it.gateway.has(FIRST, EDITOR)
    it.gateway.keyring.publish("no-service")
    assert "until you quit" in page.tokens.note.text()
    page.tokens.table.selectRow(0)
    assert not page.tokens.copy_button.isEnabled()
    page.tokens.table.selectRow(1)
    assert page.tokens.copy_button.isEnabled()


# -- names, failover, the rest ----------------------------------------------------------------------


async def test_the_failover_list_has_an_order_and_offers_roles_and_models(opened: Open) -> None:
    it, page = await shown(opened)
    box = page.failover
    offered = list(box.model.offered)
    assert offered[:4] == ["primary", "code", "fast", "embedding"]
    assert "openai/gpt-5" in offered
    for name in ("openai/gpt-5", "fast", "mistral/x", "fast"):
        box.model.enter(name)
        box.add_button.click()
    box.model.enter("nonsense")
    assert not box.add_button.isEnabled()
    assert "neither a role" in box.problem_note.text()
    box.list.setCurrentRow(2)
    box.up_button.click()
    box.up_button.click()
    assert not box.up_button.isEnabled()
    box.list.setCurrentRow(1)
    box.down_button.click()
    box.list.setCurrentRow(0)
    box.remove_button.click()
    assert box.value == ("fast", "openai/gpt-5")
    assert "stands for no model yet" in box.about.text()
    await it.press(APPLY)
    assert saved(it).gateway_failover == ("fast", "openai/gpt-5")


async def test_an_open_path_is_warned_of_as_it_is_typed(opened: Open) -> None:
    it, page = await shown(opened)
    page.tabs.setCurrentIndex(3)
    assert not page.warning.isVisible()
    it.enter("gateway_without_token", "/api/")
    assert page.warning.isVisible()
    assert "spend your keys" in page.warning.text()
    it.enter("gateway_without_token", "")
    assert not page.warning.isVisible()


async def test_a_bad_figure_is_told_beside_it_and_nothing_is_saved(opened: Open) -> None:
    it, page = await shown(opened)
    it.enter("gateway_cooldown", "never")
    it.enter("gateway", form.ON)
    it.dialog.show_page(GENERAL)
    await it.press(OK)
    assert it.desk.asked == []
    assert it.dialog.turner.shown is page
    assert page.tabs.currentWidget() is page.fields[1]
    assert page.rows["gateway_cooldown"].error.isVisible()
    assert "Leave a failed provider alone for" in it.dialog.message.text()


async def test_what_is_changed_elsewhere_shows_and_does_not_undo_what_is_entered(opened: Open) -> None:
    it, page = await shown(opened)
    it.enter("gateway_grace", "9")
    publish(it, gateway=True, gateway_port=4999, gateway_failover=("fast",))
    assert page.switch.text == form.ON
    assert page.rows["gateway_port"].text == "4999"
    assert page.failover.value == ("fast",)
    await it.press(APPLY)
    assert it.desk.asked == [SaveSettings(msgspec.structs.replace(it.settings.value, gateway_grace=9))]


async def test_cancel_takes_everything_back_after_asking(opened: Open) -> None:
    it, page = await shown(opened)
    it.enter("gateway", form.ON)
    it.enter("usage_days", "7")
    page.failover.model.enter("fast")
    page.failover.add_button.click()
    it.button(CANCEL).click()
    box = await it.question()
    next(button for button in box.buttons() if button.text() == "&Throw away").click()
    await it.desk.settle()
    it.dialog.show_page(GATEWAY)
    await it.desk.settle()
    assert not it.dialog.dirty
    assert page.drafts == SETTINGS
    assert it.desk.asked == []


async def test_what_the_environment_sets_cannot_be_changed_here(qtbot: QtBot) -> None:
    forced = {"gateway": "TRAYAPP_GATEWAY", "gateway_failover": "TRAYAPP_GATEWAY_FAILOVER"}
    it = await ready(Opened, qtbot=qtbot, forced=forced)
    publish(it, gateway=True, gateway_failover=("fast",))
    it.dialog.show_page(GATEWAY)
    page = it.gateway_page
    assert not page.switch.control.isEnabled()
    assert not page.failover.list.isEnabled()
    assert "TRAYAPP_GATEWAY_FAILOVER" in page.failover._forced.text()
    assert not page.dirty
    await it.desk.settle()


# -- tools and usage --------------------------------------------------------------------------------


async def test_a_recipe_is_copied_with_the_address_of_now(opened: Open) -> None:
    it, page = await shown(opened)
    publish(it, gateway_port=4321)
    part = page.tools
    names = [part.list.item(at).text() for at in range(part.list.count())]
    part.list.setCurrentRow(names.index("Claude Code"))
    assert part.heading.text() == "Claude Code"
    part.copy_button.click()
    assert "http://127.0.0.1:4321" in copied()
    assert "TOKEN" in copied()
    publish(it, gateway_port=4322)
    assert part.heading.text() == "Claude Code", "the tool that was looked at stays"
    assert "4322" in part.text.toPlainText()


async def test_the_figures_of_use_have_a_part_of_their_own(qtbot: QtBot, opened: Open) -> None:
    _it, page = await shown(opened)
    assert page.tabs.count() == 6
    told: list[str] = []

    def usage(taken: str) -> QLabel:
        told.append(taken)
        return QLabel("the chart")

    it = await ready(Opened, qtbot=qtbot, usage=usage)
    part = it.gateway_page.tabs.widget(5)
    assert isinstance(part, QLabel)
    assert part.text() == "the chart"
    assert told
    assert told[0], "it knows the access keys around it"
    await it.desk.settle()
