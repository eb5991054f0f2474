"""The settings dialog: nothing typed is lost, nothing bad is saved, and the system is believed."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QLabel,
    QLineEdit,
)

from tests.qt.dialog import APPLY, CANCEL, OK, Opened, ready
from tests.qt.parts import SETTINGS, Status
from trayapp.core.intents import Reply, SaveAccount, SaveSettings, SetLogin
from trayapp.core.settings import GENERAL, MODELS, PROVIDERS
from trayapp.qt import gateway_page, local_page
from trayapp.ui import form


async def test_every_preference_has_its_control_with_the_value_that_holds(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    own = (*local_page.OWN, *gateway_page.OWN)
    fields = [field for page in form.pages(SETTINGS) for field in page.fields if field.name not in own]
    assert fields
    for field in fields:
        assert it.row(field.name).text == field.value
    assert not it.dialog.dirty
    assert not it.button(APPLY).isEnabled()


async def test_changes_are_asked_for_together_and_only_with_apply(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    it.enter("tray_wait", "30")
    it.enter("confirm_switch", form.ON)
    await it.desk.settle()
    assert it.desk.asked == []
    await it.press(APPLY)
    assert it.desk.asked == [SaveSettings(msgspec.structs.replace(SETTINGS, tray_wait=30, confirm_switch=True))]
    assert it.dialog.isVisible()
    it.settings.publish(msgspec.structs.replace(SETTINGS, tray_wait=30, confirm_switch=True))
    assert not it.dialog.dirty


async def test_ok_saves_and_closes(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    it.enter("tray_wait", "30")
    await it.press(OK)
    assert [type(intent) for intent in it.desk.asked] == [SaveSettings]
    assert not it.dialog.isVisible()


async def test_a_bad_value_is_told_beside_its_field_and_keeps_everything(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    it.enter("inline_models", "ninety")
    it.enter("confirm_switch", form.ON)
    it.dialog.show_page(GENERAL)
    await it.press(OK)
    assert it.desk.asked == []
    assert it.dialog.isVisible()
    assert it.dialog.turner.shown is it.models
    row = it.row("inline_models")
    assert row.error.isVisible()
    assert "0 to 60" in row.error.text()
    assert (row.text, it.row("confirm_switch").text) == ("ninety", form.ON)
    it.enter("inline_models", "20")
    assert not row.error.isVisible()


async def test_a_failure_to_save_is_told_and_keeps_everything(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    it.desk.replies[SaveSettings] = Reply(False, "The disk is full.")
    it.enter("tray_wait", "30")
    await it.press(OK)
    assert it.dialog.isVisible()
    assert it.dialog.message.text() == "The disk is full."
    assert it.row("tray_wait").text == "30"
    assert it.button(OK).isEnabled()


async def test_a_change_from_elsewhere_shows_and_does_not_undo_what_is_typed(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    it.enter("tray_wait", "30")
    it.settings.publish(msgspec.structs.replace(SETTINGS, tray_wait=99, inline_models=7))
    assert it.row("inline_models").text == "7"
    assert it.row("tray_wait").text == "30"
    await it.press(APPLY)
    saved = it.desk.asked[0]
    assert isinstance(saved, SaveSettings)
    assert (saved.settings.tray_wait, saved.settings.inline_models) == (30, 7)


async def test_cancel_without_changes_just_closes(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    await it.press(CANCEL)
    assert not it.dialog.isVisible()


@pytest.mark.parametrize("way", ["cancel", "escape", "cross"])
async def test_changes_are_thrown_away_only_after_asking(opened: Callable[..., Opened], way: str) -> None:
    it = await ready(opened)
    it.enter("tray_wait", "30")
    for answer, stays in (("Go on editing", True), ("&Throw away", False)):
        match way:
            case "cancel":
                it.button(CANCEL).click()
            case "escape":
                QTest.keyClick(it.dialog, Qt.Key.Key_Escape)
            case _:
                it.dialog.close()
        assert it.dialog.isVisible()
        box = await it.question()
        next(button for button in box.buttons() if button.text() == answer).click()
        await it.desk.settle()
        assert it.dialog.isVisible() is stays
    it.dialog.show_page()
    await it.desk.settle()
    assert it.row("tray_wait").text == str(SETTINGS.tray_wait)


async def test_a_closed_dialog_hears_nothing_and_shows_the_newest_when_opened(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    await it.press(CANCEL)
    it.settings.publish(msgspec.structs.replace(SETTINGS, tray_wait=77))
    assert it.row("tray_wait").text != "77"
    it.dialog.show_page(MODELS)
    await it.desk.settle()
    assert it.row("tray_wait").text == "77"
    assert it.dialog.turner.shown is it.models


async def test_it_opens_at_the_account_that_was_asked_for(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    it.dialog.show_page(PROVIDERS, "mistral")
    assert it.dialog.turner.shown is it.providers
    assert it.providers.forms["mistral"].isVisible()


async def test_start_with_the_desktop_is_what_the_system_says(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    assert it.general.login.check.isChecked()
    assert it.general.login.note.text() == "Switched on by you."
    it.general.login.check.setChecked(False)
    assert it.dialog.dirty
    it.status = Status(False)
    await it.press(APPLY)
    assert it.desk.asked == [SetLogin(False)]
    assert not it.dialog.dirty


async def test_a_system_that_keeps_its_own_mind_is_believed(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    it.desk.replies[SetLogin] = Reply(False, "The system did not keep the setting.")
    it.general.login.check.setChecked(False)
    await it.press(OK)
    assert it.dialog.isVisible()
    assert it.dialog.message.text() == "The system did not keep the setting."
    assert it.general.login.check.isChecked()


async def test_about_tells_version_licence_places_and_editions(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    it.dialog.show_page(form.ABOUT)
    told = " ".join(label.text() for label in it.about.findChildren(QLabel))
    told += " ".join(edit.text() for edit in it.about.findChildren(QLineEdit))
    for words in ("0.1.0", "MIT", "1 October 2026", "/home/somebody/.config/trayapp"):
        assert words in told


async def test_account_changes_are_saved_with_the_rest(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    it.dialog.show_page(PROVIDERS, "openai")
    it.providers.forms["openai"].name.setText("Work")
    it.enter("tray_wait", "30")
    await it.press(APPLY)
    assert [type(intent) for intent in it.desk.asked] == [SaveSettings, SaveAccount]
    saved = it.desk.asked[1]
    assert isinstance(saved, SaveAccount)
    assert saved.account == msgspec.structs.replace(SETTINGS.accounts[0], name="Work")


async def test_a_bad_line_of_an_account_is_shown_and_nothing_is_saved(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    it.dialog.show_page(PROVIDERS, "openai")
    it.providers.forms["openai"].address.setText("ftp://x")
    it.dialog.show_page(PROVIDERS, "mistral")
    it.dialog.show_page(GENERAL)
    await it.press(OK)
    assert it.desk.asked == []
    assert it.providers.forms["openai"].isVisible()
    assert it.providers.forms["openai"].address.text() == "ftp://x"
