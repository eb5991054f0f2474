"""The box with known models: filled when somebody uses it, since thousands in ten boxes would hold up a page."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from trayapp.qt.local_order import ModelBox

NAMES = ("openai/gpt-5", "ollama/qwen3:8b")


class Window(QWidget):
    """The box, and something beside it that has the keyboard."""

    def __init__(self) -> None:
        super().__init__()
        self.box, self.other = ModelBox("Model"), QLineEdit()
        layout = QVBoxLayout(self)
        layout.addWidget(self.other)
        layout.addWidget(self.box)
        self.show()
        self.other.setFocus()
        self.box.offer(NAMES)


@pytest.fixture
def window(qtbot: QtBot) -> Window:
    made = Window()
    qtbot.addWidget(made)
    return made


def items(box: ModelBox) -> list[str]:
    return [box.itemText(at) for at in range(box.count())]


def test_it_is_filled_when_it_gets_the_keyboard_and_keeps_what_is_entered(window: Window) -> None:
    box, other = window.box, window.other
    box.enter("mine")
    assert (items(box), box.offered) == ([], NAMES)
    box.setFocus()
    assert (items(box), box.text) == (list(NAMES), "mine")
    box.offer(NAMES[:1])
    assert (items(box), box.text) == (list(NAMES[:1]), "mine"), "it has the keyboard"
    other.setFocus()
    box.offer(NAMES)
    assert items(box) == list(NAMES[:1])


def test_it_is_filled_when_its_list_opens(window: Window) -> None:
    box = window.box
    box.showPopup()
    assert items(box) == list(NAMES)
    box.hidePopup()


def test_what_is_typed_is_completed_by_any_part(window: Window) -> None:
    box = window.box
    box.setFocus()
    edit = box.lineEdit()
    assert edit is not None
    QTest.keyClicks(edit, "qwen")
    completer = box.completer()
    assert completer is not None
    assert completer.currentCompletion() == NAMES[1]
    QTest.keyClick(edit, Qt.Key.Key_Escape)
