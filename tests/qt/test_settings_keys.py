"""The keys that find a model: recorded as they are pressed, typed by hand, and why they do not work."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.qt.dialog import APPLY, Opened, ready
from tests.qt.parts import SETTINGS
from trayapp.core.intents import SaveSettings
from trayapp.core.settings import DESKTOP
from trayapp.core.shortcuts import parsed
from trayapp.qt.settings_keys import written

Open = Callable[..., Opened]
CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
SHIFT, META = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.MetaModifier


@pytest.mark.parametrize(
    ("key", "held", "platform", "text"),
    [
        (Qt.Key.Key_M, CTRL | ALT, "linux", "Ctrl+Alt+M"),
        (Qt.Key.Key_5, META | SHIFT, "win32", "Shift+Meta+5"),
        (Qt.Key.Key_F12, Qt.KeyboardModifier.NoModifier, "linux", "F12"),
        (Qt.Key.Key_Space, ALT, "linux", "Alt+Space"),
        (Qt.Key.Key_Backtab, CTRL | SHIFT, "linux", "Ctrl+Shift+Tab"),
        (Qt.Key.Key_M, CTRL, "darwin", "Meta+M"),
        (Qt.Key.Key_M, META | ALT, "darwin", "Ctrl+Alt+M"),
    ],
)
def test_keys_are_written_as_the_program_reads_them(
    key: Qt.Key, held: Qt.KeyboardModifier, platform: str, text: str
) -> None:
    assert written(key.value, held, platform) == text
    assert str(parsed(text)) == text


async def test_pressed_keys_stand_in_the_line_and_mean_nothing_else(opened: Open) -> None:
    it = await ready(opened)
    it.dialog.show_page(DESKTOP)
    recorder = it.desktop.shortcut.button
    recorder.click()
    assert recorder.recording
    recorder.setFocus()
    QTest.keyClick(recorder, Qt.Key.Key_Control, CTRL)
    QTest.keyClick(recorder, Qt.Key.Key_A, ALT)  # the access key of Apply
    assert (it.row("shortcut").text, recorder.recording) == ("Alt+A", False)
    assert it.desk.asked == []
    await it.press(APPLY)
    assert it.desk.asked == [SaveSettings(msgspec.structs.replace(SETTINGS, shortcut="Alt+A"))]


async def test_keys_that_cannot_be_are_said_and_others_awaited(opened: Open) -> None:
    it = await ready(opened)
    it.dialog.show_page(DESKTOP)
    recorder = it.desktop.shortcut.button
    recorder.click()
    QTest.keyClick(recorder, Qt.Key.Key_M)
    assert recorder.recording
    assert "Ctrl+Alt+M" in it.row("shortcut").error.text()
    QTest.keyClick(recorder, Qt.Key.Key_M, CTRL | SHIFT)
    assert (it.row("shortcut").text, it.row("shortcut").problem) == ("Ctrl+Shift+M", "")


async def test_escape_ends_the_recording_and_leaves_the_dialog_open(opened: Open) -> None:
    it = await ready(opened)
    it.dialog.show_page(DESKTOP)
    recorder = it.desktop.shortcut.button
    words = recorder.text()
    recorder.click()
    assert "Esc" in recorder.text()
    QTest.keyClick(recorder, Qt.Key.Key_Escape)
    assert (recorder.recording, recorder.text(), it.dialog.isVisible()) == (False, words, True)
    assert not it.dialog.dirty


async def test_why_the_keys_in_use_do_not_work_is_said_until_others_are_entered(opened: Open) -> None:
    it = await ready(opened)
    it.dialog.show_page(DESKTOP)
    said = it.desktop.shortcut.said
    assert not said.isVisible()
    it.problem.publish("Another program has these keys.")
    assert (said.isVisible(), said.text()) == (True, "Another program has these keys.")
    it.enter("shortcut", "Ctrl+Alt+M")
    assert not said.isVisible()
    it.enter("shortcut", "")
    assert said.isVisible()
    it.problem.publish("")
    assert not said.isVisible()


async def test_keys_that_the_environment_sets_are_not_recorded(qtbot: QtBot) -> None:
    it = await ready(Opened, qtbot=qtbot, forced={"shortcut": "TRAYAPP_SHORTCUT"})
    assert not it.desktop.shortcut.button.isEnabled()
