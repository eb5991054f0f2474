"""The window for what did not work: one of it, however much goes wrong."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from trayapp.qt.messages import MOST, Messages


def boxes() -> list[QMessageBox]:
    return [it for it in QApplication.topLevelWidgets() if isinstance(it, QMessageBox) and it.isVisible()]


def test_what_comes_while_it_is_open_joins_it(qtbot: QtBot) -> None:
    messages = Messages()
    messages.show(None, "First", "why")
    messages.show(None, "Second", "because")
    (box,) = boxes()
    assert (box.text(), box.informativeText()) == ("Second", "because\n\nFirst\nwhy")
    messages.close()
    assert boxes() == []


def test_the_same_again_is_not_told_twice(qtbot: QtBot) -> None:
    messages = Messages()
    for _ in range(3):
        messages.show(None, "First", "why")
    messages.show(None, "Second", "")
    messages.show(None, "First", "why")
    (box,) = boxes()
    assert (box.text(), box.informativeText()) == ("First", "why\n\nSecond")
    messages.close()


def test_it_does_not_grow_for_ever(qtbot: QtBot) -> None:
    messages = Messages()
    for number in range(20):
        messages.show(None, f"Title {number}", "")
    (box,) = boxes()
    assert box.text() == "Title 19"
    assert box.informativeText().count("Title") == MOST - 1
    messages.close()


def test_once_closed_it_begins_anew(qtbot: QtBot) -> None:
    messages = Messages()
    messages.show(None, "First", "why")
    boxes()[0].reject()
    messages.show(None, "Second", "")
    (box,) = boxes()
    assert (box.text(), box.informativeText()) == ("Second", "")
    messages.close()
