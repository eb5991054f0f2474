"""Parts of the page “Local models”: a box to choose a model or type one, and buttons to put a list in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QComboBox, QCompleter, QGroupBox, QLabel, QLineEdit, QPushButton, QWidget

from trayapp.core.language import _
from trayapp.qt.dialogs import plain
from trayapp.qt.fields import embolden, small

T = TypeVar("T")


class ModelBox(QComboBox):
    """An editable box with known names; completion finds any part of them.

    They are put into it when it gets the keyboard or opens: thousands in ten boxes would hold up their page.
    """

    def __init__(self, name: str, *, placeholder: str = "", letters: int = 30) -> None:
        super().__init__()
        self.offered: tuple[str, ...] = ()
        """The names to choose from."""
        self._filled: tuple[str, ...] = ()
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(letters)
        self.setAccessibleName(name)
        edit, completer = QLineEdit(), QCompleter(self.model())
        self.setLineEdit(edit)
        self.setCompleter(completer)
        edit.setAccessibleName(name)
        edit.setPlaceholderText(placeholder)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)

    @property
    def text(self) -> str:
        """What is entered."""
        return self.currentText().strip()

    def enter(self, text: str) -> None:
        """Put this in, unless it is there."""
        if self.currentText() != text:
            self.setEditText(text)

    def offer(self, names: Iterable[str]) -> None:
        """Have these to choose from; what is entered stays."""
        self.offered = tuple(names)
        if self.hasFocus():
            self._fill()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Somebody may type now."""
        self._fill()
        super().focusInEvent(event)

    def showPopup(self) -> None:
        """The list opens."""
        self._fill()
        super().showPopup()

    def _fill(self) -> None:
        if self.offered == self._filled:
            return
        self._filled = self.offered
        text = self.currentText()
        with QSignalBlocker(self):
            self.clear()
            self.addItems(self.offered)
            self.setCurrentIndex(-1)
            self.setEditText(text)


def push(text: str, clicked: Callable[[], object], name: str = "") -> QPushButton:
    """A button that Enter elsewhere does not press; ``name``: what it does, where its text needs the context."""
    button = QPushButton(text)
    button.setAutoDefault(False)
    if name:
        button.setAccessibleName(name)
    button.clicked.connect(lambda _checked: clicked())
    return button


def note() -> QLabel:
    """What is wrong with what was entered, told by weight; hidden while nothing is."""
    label = small(plain())
    embolden(label)
    label.hide()
    return label


def say(label: QLabel, text: str) -> None:
    """Show a sentence, or nothing."""
    label.setText(text)
    label.setVisible(bool(text))


def forced(variable: str) -> str:
    """Why something cannot be changed here; empty where it can."""
    return _("Set by {variable}; change it there.").format(variable=variable) if variable else ""


def boxed(title: str, *, name: str = "") -> QGroupBox:
    """A group of its own on a page."""
    group = QGroupBox(title)
    group.setAccessibleName(name or title)
    return group


def moved(items: Sequence[T], at: int, by: int) -> tuple[tuple[T, ...], int]:
    """The items with one moved up or down, and where it is then."""
    to = at + by
    if not (0 <= at < len(items) and 0 <= to < len(items)):
        return tuple(items), at
    made = list(items)
    made.insert(to, made.pop(at))
    return tuple(made), to


def enable(widgets: Iterable[QWidget], on: bool) -> None:
    """All of them, or none."""
    for widget in widgets:
        widget.setEnabled(on)
