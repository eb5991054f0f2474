"""The settings dialog: nothing typed is lost, nothing bad is saved, all of it can be done by keyboard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QComboBox,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QMessageBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tests.qt.parts import SETTINGS, SPECS, Desk, Doctor, Status, about, views
from trayapp.core.intents import Reply, SaveAccount, SaveSettings, SetLogin
from trayapp.core.settings import GENERAL, MODELS, PROVIDERS, Settings
from trayapp.core.topic import Topic
from trayapp.qt.fields import FieldRow
from trayapp.qt.settings import SettingsDialog
from trayapp.ui import form
from trayapp.ui.accounts import AccountView


class Opened:
    """An open dialog and everything around it."""

    def __init__(self, qtbot: QtBot, keyring: str = "ok", forced: dict[str, str] | None = None) -> None:
        self.desk = Desk()
        self.stored = SETTINGS
        self.settings: Topic[Settings] = Topic(SETTINGS)
        self.accounts: Topic[tuple[AccountView, ...]] = Topic(views(keyring=keyring))
        self.status = Status(True, "Switched on by you.")
        self.dialog = SettingsDialog(
            perform=self.desk.perform,
            start=self.desk.start,
            settings=self.settings,
            accounts=self.accounts,
            specs=SPECS,
            offers=lambda: (),
            warn=lambda _spec, _text: "",
            login=self.login,
            doctor=Doctor(),
            about=about,
            stored=(lambda: self.stored) if forced else None,
            forced=forced,
        )
        qtbot.addWidget(self.dialog, before_close_func=lambda _widget: self.dialog.hide())
        self.dialog.show_page()

    async def login(self) -> Status:
        return self.status

    def look_at(self, page: str, provider: str = "") -> None:
        """Show the page with everything unfolded."""
        self.dialog.show_page(page, provider)
        if page == PROVIDERS and provider:
            self.dialog.providers.forms[provider].advanced.toggle.setChecked(True)

    def row(self, name: str) -> FieldRow:
        return next(page.rows[name] for page in self.dialog.pages.values() if name in page.rows)

    def enter(self, name: str, text: str) -> None:
        control = self.row(name).control
        if isinstance(control, QCheckBox):
            control.setChecked(text == form.ON)
        elif isinstance(control, QLineEdit):
            control.setText(text)

    def button(self, which: QDialogButtonBox.StandardButton) -> QAbstractButton:
        return self.dialog.buttons.button(which)

    async def press(self, which: QDialogButtonBox.StandardButton) -> None:
        self.button(which).click()
        await self.desk.settle()

    async def question(self) -> QMessageBox:
        for _turn in range(50):
            box = self.dialog.findChild(QMessageBox)
            if isinstance(box, QMessageBox) and box.isVisible():
                return box
            await asyncio.sleep(0)
        raise AssertionError("nothing was asked")


OK = QDialogButtonBox.StandardButton.Ok
CANCEL = QDialogButtonBox.StandardButton.Cancel
APPLY = QDialogButtonBox.StandardButton.Apply


@pytest.fixture
def opened(qtbot: QtBot) -> Callable[..., Opened]:
    return lambda **more: Opened(qtbot, **more)


async def ready(make: Callable[..., Opened], **more: Any) -> Opened:
    made = make(**more)
    await made.desk.settle()
    return made


# -- preferences --------------------------------------------------------------------------------


async def test_every_preference_has_its_control_with_the_value_that_holds(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    fields = [field for page in form.pages(SETTINGS) for field in page.fields]
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
    it.dialog.tabs.setCurrentIndex(0)
    await it.press(OK)
    assert it.desk.asked == []
    assert it.dialog.isVisible()
    assert it.dialog.tabs.currentWidget() is it.dialog.pages[MODELS]
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
    assert it.dialog.tabs.currentWidget() is it.dialog.pages[MODELS]


async def test_it_opens_at_the_account_that_was_asked_for(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    it.dialog.show_page(PROVIDERS, "mistral")
    assert it.dialog.tabs.currentWidget() is it.dialog.providers
    assert it.dialog.providers.forms["mistral"].isVisible()


# -- start with the desktop -----------------------------------------------------------------------


async def test_start_with_the_desktop_is_what_the_system_says(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    assert it.dialog.login.check.isChecked()
    assert it.dialog.login.note.text() == "Switched on by you."
    it.dialog.login.check.setChecked(False)
    assert it.dialog.dirty
    it.status = Status(False)
    await it.press(APPLY)
    assert it.desk.asked == [SetLogin(False)]
    assert not it.dialog.dirty


async def test_a_system_that_keeps_its_own_mind_is_believed(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    it.desk.replies[SetLogin] = Reply(False, "The system did not keep the setting.")
    it.dialog.login.check.setChecked(False)
    await it.press(OK)
    assert it.dialog.isVisible()
    assert it.dialog.message.text() == "The system did not keep the setting."
    assert it.dialog.login.check.isChecked()


# -- about ------------------------------------------------------------------------------------------


async def test_about_tells_version_licence_places_and_editions(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    it.dialog.show_page(form.ABOUT)
    told = " ".join(label.text() for label in it.dialog.about.findChildren(QLabel))
    told += " ".join(edit.text() for edit in it.dialog.about.findChildren(QLineEdit))
    for words in ("0.1.0", "MIT", "1 October 2026", "/home/somebody/.config/trayapp"):
        assert words in told


# -- for hands and ears -----------------------------------------------------------------------------


def controls(dialog: SettingsDialog) -> list[QWidget]:
    kinds = (QAbstractButton, QLineEdit, QComboBox)
    return [it for it in dialog.findChildren(QWidget) if isinstance(it, kinds) and it.isVisible()]


def pages(it: Opened) -> list[str]:
    return [GENERAL, PROVIDERS, MODELS, form.ABOUT]


async def test_every_control_has_a_name_for_a_screen_reader(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    for page in pages(it):
        it.look_at(page, "openai" if page == PROVIDERS else "")
        for control in controls(it.dialog):
            if type(control).__name__ in ("QToolButton", "QAbstractButton") or control.objectName().startswith("qt_"):
                continue  # Qt's own, inside its widgets
            named = control.accessibleName() or (control.text() if isinstance(control, QAbstractButton) else "")
            assert named, f"{type(control).__name__} on {page}"


async def test_no_access_key_is_there_twice_on_a_page(opened: Callable[..., Opened]) -> None:
    it = await ready(opened, keyring="locked")
    for page in pages(it):
        for provider in ("openai", "azure", "ollama") if page == PROVIDERS else ("",):
            it.look_at(page, provider)
            texts = [it.dialog.tabs.tabText(at) for at in range(it.dialog.tabs.count())]
            texts += [control.text() for control in controls(it.dialog) if isinstance(control, QAbstractButton)]
            texts += [label.text() for label in it.dialog.findChildren(QLabel) if label.isVisible() and label.buddy()]
            marks = [text.replace("&&", "") for text in texts]
            keys = [mark[mark.index("&") + 1].lower() for mark in marks if "&" in mark]
            assert sorted(keys) == sorted(set(keys)), f"{page} {provider}: {sorted(texts)}"


async def test_tab_goes_from_the_pages_through_the_fields_to_the_buttons(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    for page, provider in ((GENERAL, ""), (MODELS, ""), (PROVIDERS, "azure"), (form.ABOUT, "")):
        it.look_at(page, provider)
        it.dialog.tabs.tabBar().setFocus()
        order = tab_order(it.dialog)
        # a page that scrolls reaches below the buttons
        above = [widget for widget in order if not it.dialog.buttons.isAncestorOf(widget)]
        heights = [widget.mapTo(it.dialog, widget.rect().topLeft()).y() for widget in above]
        if page == PROVIDERS:  # the list and its button, then the form from top to bottom
            form_ = it.dialog.providers.forms["azure"]
            assert order[1:3] == [it.dialog.providers.list, it.dialog.providers.add_button]
            heights = [
                widget.mapTo(form_, widget.rect().topLeft()).y() for widget in order if form_.isAncestorOf(widget)
            ]
        assert heights == sorted(heights), [widget.accessibleName() for widget in order]
        inside = [it.dialog.buttons.isAncestorOf(widget) for widget in order]
        assert inside == sorted(inside), [(type(widget).__name__, widget.accessibleName()) for widget in order]
        assert sum(inside) >= 2


def tab_order(dialog: SettingsDialog) -> list[QWidget]:
    start = dialog.tabs.tabBar()
    order: list[QWidget] = [start]
    widget = start.nextInFocusChain()
    while widget is not None and widget is not start:
        takes = widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isEnabled() and widget.isVisible()
        if takes and widget.focusProxy() is None:
            order.append(widget)
        widget = widget.nextInFocusChain()
    return order


@pytest.fixture(params=[1.0, 2.0])
def large_text(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[object]:
    before = qapp.font()
    font = qapp.font()
    font.setPointSizeF(before.pointSizeF() * request.param)
    qapp.setFont(font)
    yield request.param
    qapp.setFont(before)


async def test_no_text_is_clipped_in_any_size(large_text: float, opened: Callable[..., Opened]) -> None:
    it = await ready(opened, keyring="locked")
    it.enter("inline_models", "ninety")
    for page in pages(it):
        for provider in ("openai", "azure") if page == PROVIDERS else ("",):
            it.look_at(page, provider)
            for _turn in range(5):
                await asyncio.sleep(0)
            for widget in it.dialog.findChildren(QWidget):
                if widget.isVisible() and isinstance(widget, QLabel | QAbstractButton) and widget.text():
                    assert_fits(widget, page)


def assert_fits(widget: QLabel | QAbstractButton, page: str) -> None:
    what = f"“{widget.text()}” on {page}: {widget.size()} of {widget.sizeHint()}"
    if isinstance(widget, QLabel) and widget.wordWrap():
        assert widget.height() >= widget.heightForWidth(widget.width()), what
    else:
        assert widget.width() >= widget.minimumSizeHint().width(), what
        assert widget.height() >= widget.minimumSizeHint().height(), what


async def test_enter_in_a_field_is_ok(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    it.enter("tray_wait", "30")
    QTest.keyClick(it.row("tray_wait").control, Qt.Key.Key_Return)
    await it.desk.settle()
    assert [type(intent) for intent in it.desk.asked] == [SaveSettings]


async def test_account_changes_are_saved_with_the_rest(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    it.dialog.show_page(PROVIDERS, "openai")
    it.dialog.providers.forms["openai"].name.setText("Work")
    it.enter("tray_wait", "30")
    await it.press(APPLY)
    assert [type(intent) for intent in it.desk.asked] == [SaveSettings, SaveAccount]
    saved = it.desk.asked[1]
    assert isinstance(saved, SaveAccount)
    assert saved.account == msgspec.structs.replace(SETTINGS.accounts[0], name="Work")


async def test_a_bad_line_of_an_account_is_shown_and_nothing_is_saved(opened: Callable[..., Opened]) -> None:
    it = await ready(opened)
    it.dialog.show_page(PROVIDERS, "openai")
    it.dialog.providers.forms["openai"].address.setText("ftp://x")
    it.dialog.show_page(PROVIDERS, "mistral")
    it.dialog.show_page(GENERAL)
    await it.press(OK)
    assert it.desk.asked == []
    assert it.dialog.providers.forms["openai"].isVisible()
    assert it.dialog.providers.forms["openai"].address.text() == "ftp://x"
