"""Questions and messages are opened and awaited; nothing stops meanwhile."""

from __future__ import annotations

import asyncio

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from trayapp.qt.dialogs import failed, plain, question


async def opened(parent: QWidget) -> QMessageBox:
    for _turn in range(50):
        box = parent.findChild(QMessageBox)
        if isinstance(box, QMessageBox) and box.isVisible():
            return box
        await asyncio.sleep(0)
    raise AssertionError("no question was opened")


def button(box: QMessageBox, text: str) -> QPushButton:
    return next(it for it in box.buttons() if it.text() == text)  # type: ignore[return-value]


async def test_yes_is_true_and_no_is_false(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    for text, wanted in (("&Remove", True), ("Keep", False)):
        asking = asyncio.create_task(question(parent, "Remove it?", "&Remove", "Keep"))
        button(await opened(parent), text).click()
        assert await asking is wanted


async def test_escape_is_a_no_and_so_is_a_window_that_goes_away(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    asking = asyncio.create_task(question(parent, "Remove it?", "Yes", "No"))
    QTest.keyClick(await opened(parent), Qt.Key.Key_Escape)
    assert await asking is False
    doomed = QWidget()
    asking = asyncio.create_task(question(doomed, "Remove it?", "Yes", "No"))
    await opened(doomed)
    doomed.deleteLater()
    assert await asking is False


async def test_the_safe_answer_is_the_default(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    asking = asyncio.create_task(question(parent, "Remove it?", "Yes", "No"))
    box = await opened(parent)
    assert box.defaultButton().text() == "No"
    box.reject()
    await asking


async def test_other_tasks_go_on_while_a_question_is_open(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    asking = asyncio.create_task(question(parent, "Well?", "Yes", "No"))
    box = await opened(parent)
    await asyncio.sleep(0.01)
    assert not asking.done()
    box.reject()
    assert await asking is False


async def test_a_question_nobody_waits_for_any_more_is_closed(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    asking = asyncio.create_task(question(parent, "Well?", "Yes", "No"))
    await opened(parent)
    asking.cancel()
    await asyncio.wait([asking])
    await asyncio.sleep(0)
    assert parent.findChild(QMessageBox) is None


async def test_an_error_can_be_copied_without_its_keys_and_stays_open(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    box = failed(parent, "That did not work.", "key sk-proj-abcdefghijklmnop was refused")
    assert "sk-proj" not in box.informativeText()
    button(box, "&Copy").click()
    copied = QGuiApplication.clipboard().text()
    assert "That did not work." in copied
    assert "sk-proj" not in copied
    assert box.isVisible()
    button(box, "Close").click()
    assert not box.isVisible()


def test_text_from_outside_is_never_read_as_html(qtbot: QtBot) -> None:
    label = plain("<img src='http://x'>")
    qtbot.addWidget(label)
    assert label.textFormat() is Qt.TextFormat.PlainText
