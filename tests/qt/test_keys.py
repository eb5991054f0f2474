"""The key dialog: checked before it is kept, wiped afterwards, and in words what became of it."""

from __future__ import annotations

import asyncio

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QClipboard, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.qt.parts import Desk
from trayapp.core.intents import Reply, StoreKey
from trayapp.core.secret import Secret
from trayapp.qt import clipboard
from trayapp.qt.keys import KeyDialog

FOREIGN = "This looks like a key of somebody else."


@pytest.fixture
def desk() -> Desk:
    return Desk()


def dialog(qtbot: QtBot, desk: Desk) -> KeyDialog:
    parent = QWidget()
    qtbot.addWidget(parent)
    made = KeyDialog(
        parent,
        provider="openai",
        title="OpenAI",
        perform=desk.perform,
        start=desk.start,
        warn=lambda text: FOREIGN if text.startswith("sk-ant") else "",
    )
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
    made.parent_kept = parent  # type: ignore[attr-defined]
    made.open()
    return made


async def test_a_key_is_hidden_unless_it_is_to_be_shown(qtbot: QtBot, desk: Desk) -> None:
    made = dialog(qtbot, desk)
    assert made.edit.echoMode() is QLineEdit.EchoMode.Password
    made._show_key(True)
    assert made.edit.echoMode() is QLineEdit.EchoMode.Normal


async def test_white_space_around_a_pasted_key_is_left_out(qtbot: QtBot, desk: Desk, canary: str) -> None:
    made = dialog(qtbot, desk)
    made.edit.setText(f"  {canary} ")
    made._save.click()
    await desk.settle()
    assert desk.asked == [StoreKey("openai", Secret(canary), check=True)]


async def test_nothing_typed_is_nothing_to_save(qtbot: QtBot, desk: Desk) -> None:
    made = dialog(qtbot, desk)
    assert not made._save.isEnabled()
    made.edit.setText("   ")
    assert not made._save.isEnabled()


async def test_a_plainly_wrong_key_is_warned_of_while_it_is_typed(qtbot: QtBot, desk: Desk) -> None:
    made = dialog(qtbot, desk)
    made.edit.setText("sk-ant-123")
    assert made.warning.text() == FOREIGN
    assert made.warning.isVisible()
    made.edit.setText("sk-123")
    assert not made.warning.isVisible()


async def test_a_stored_key_leaves_the_field_and_the_answer_is_shown(qtbot: QtBot, desk: Desk, canary: str) -> None:
    desk.replies[StoreKey] = Reply(True, "Key stored in the keyring.")
    made = dialog(qtbot, desk)
    made.edit.setText(canary)
    made._save.click()
    await desk.settle()
    assert made.edit.text() == ""
    assert not made.edit.isUndoAvailable()
    assert made.outcome.text == "Key stored in the keyring."
    assert made.isVisible()
    made._close.click()
    assert not made.isVisible()


@pytest.mark.parametrize("verdict", ["refused", "unsure"])
async def test_a_key_the_provider_did_not_take_can_be_kept_anyway(
    verdict: str, qtbot: QtBot, desk: Desk, canary: str
) -> None:
    desk.replies[StoreKey] = Reply(False, "OpenAI refused the key.", {"verdict": verdict})
    made = dialog(qtbot, desk)
    made.edit.setText(canary)
    made._save.click()
    await desk.settle()
    assert made.outcome.text == "OpenAI refused the key."
    assert made.edit.text() == canary  # to be mended
    assert made.anyway.isVisible()
    made.anyway.click()
    await desk.settle()
    assert desk.asked[-1] == StoreKey("openai", Secret(canary), check=False)


async def test_a_changed_key_is_checked_again(qtbot: QtBot, desk: Desk) -> None:
    desk.replies[StoreKey] = Reply(False, "no", {"verdict": "refused"})
    made = dialog(qtbot, desk)
    made.edit.setText("one")
    made._save.click()
    await desk.settle()
    made.edit.setText("two")
    assert not made.anyway.isVisible()


async def test_what_is_not_about_the_key_cannot_be_overruled(qtbot: QtBot, desk: Desk) -> None:
    desk.replies[StoreKey] = Reply(False, "The keyring is locked.", {"kind": "locked"})
    made = dialog(qtbot, desk)
    made.edit.setText("one")
    made._save.click()
    await desk.settle()
    assert not made.anyway.isVisible()
    assert made._save.isEnabled()


async def test_a_check_that_takes_long_can_be_cancelled(qtbot: QtBot, desk: Desk) -> None:
    desk.hold = asyncio.Event()
    made = dialog(qtbot, desk)
    made.edit.setText("one")
    made._save.click()
    await desk.settle()
    assert made.outcome.busy
    assert made.edit.isReadOnly()
    assert not made._save.isEnabled()
    made._close.click()
    await desk.settle()
    assert not made.outcome.busy
    assert made.isVisible()
    assert made.edit.text() == "one"
    assert not desk.tasks
    made._close.click()
    assert not made.isVisible()


async def test_closing_wipes_the_field(qtbot: QtBot, desk: Desk, canary: str) -> None:
    made = dialog(qtbot, desk)
    made.edit.setText(canary)
    QTest.keyClick(made, Qt.Key.Key_Escape)
    assert not made.isVisible()
    assert made.edit.text() == ""


async def test_enter_saves(qtbot: QtBot, desk: Desk) -> None:
    made = dialog(qtbot, desk)
    made.edit.setText("one")
    QTest.keyClick(made.edit, Qt.Key.Key_Return)
    await desk.settle()
    assert [type(it) for it in desk.asked] == [StoreKey]


async def test_a_request_that_broke_ends_being_busy(qtbot: QtBot, desk: Desk) -> None:
    async def broken(_intent: object) -> Reply:
        raise RuntimeError("a bug")

    made = dialog(qtbot, desk)
    made.outcome._perform = broken
    made.edit.setText("one")
    made._save.click()
    task = next(iter(desk.tasks))
    await asyncio.wait([task])
    assert isinstance(task.exception(), RuntimeError)  # for the program to report
    assert not made.outcome.busy
    assert made.edit.text() == "one"


class Board:
    """A clipboard as X11 has it: with a second one that holds what is selected."""

    def __init__(self, copied: str = "", selected: str = "") -> None:
        self.texts = {QClipboard.Mode.Clipboard: copied, QClipboard.Mode.Selection: selected}
        self.asked = 0

    def supportsSelection(self) -> bool:
        return True

    def text(self, mode: QClipboard.Mode = QClipboard.Mode.Clipboard) -> str:
        self.asked += 1
        return self.texts[mode]

    def clear(self, mode: QClipboard.Mode) -> None:
        self.texts[mode] = ""


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Board:
    made = Board()
    monkeypatch.setattr(QGuiApplication, "clipboard", lambda: made)
    return made


async def test_after_a_paste_the_clipboard_can_be_cleared_also_once_the_key_is_stored(
    qtbot: QtBot, desk: Desk, canary: str
) -> None:
    desk.replies[StoreKey] = Reply(True, "Key stored in the keyring.")
    made = dialog(qtbot, desk)
    assert not made.forget.isVisible()
    clipboard.copy(f" {canary}\n")
    made.edit.paste()
    assert made.forget.isVisible()
    made._save.click()
    await desk.settle()
    assert made.forget.isVisible()
    made.forget.click()
    assert QGuiApplication.clipboard().text() == ""
    assert not made.forget.isVisible()
    assert made._pasted is None


@pytest.mark.parametrize("where", list(QClipboard.Mode)[:2])
async def test_only_what_was_pasted_is_cleared_wherever_it_still_stands(
    where: QClipboard.Mode, qtbot: QtBot, desk: Desk, board: Board, canary: str
) -> None:
    other = next(it for it in board.texts if it is not where)
    board.texts |= {where: canary, other: "something else"}
    made = dialog(qtbot, desk)
    made.edit.insert(canary)
    assert made.forget.isVisible()
    made.forget.click()
    assert board.texts == {where: "", other: "something else"}


async def test_what_was_copied_after_the_paste_stays(qtbot: QtBot, desk: Desk, board: Board, canary: str) -> None:
    board.texts[QClipboard.Mode.Clipboard] = canary
    made = dialog(qtbot, desk)
    made.edit.insert(canary)
    board.texts[QClipboard.Mode.Clipboard] = "copied meanwhile"
    made.forget.click()
    assert board.texts[QClipboard.Mode.Clipboard] == "copied meanwhile"
    assert not made.forget.isVisible()


async def test_what_is_typed_asks_no_clipboard_and_offers_nothing(
    qtbot: QtBot, desk: Desk, board: Board, canary: str
) -> None:
    board.texts[QClipboard.Mode.Clipboard] = canary
    made = dialog(qtbot, desk)
    QTest.keyClicks(made.edit, canary)
    assert made.edit.text() == canary
    assert board.asked == 0
    assert not made.forget.isVisible()


async def test_a_dialog_that_is_closed_remembers_nothing_of_the_paste(
    qtbot: QtBot, desk: Desk, board: Board, canary: str
) -> None:
    board.texts[QClipboard.Mode.Clipboard] = canary
    made = dialog(qtbot, desk)
    made.edit.insert(canary)
    made.reject()
    assert made._pasted is None
    assert board.texts[QClipboard.Mode.Clipboard] == canary  # it was offered, and not asked for


async def test_a_clipboard_with_half_a_letter_in_it_is_compared_all_the_same(board: Board, canary: str) -> None:
    board.texts[QClipboard.Mode.Clipboard] = "\ud83d"
    assert not clipboard.holds(Secret(canary))
