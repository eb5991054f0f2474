"""Messages and questions: opened, never executed, so that everything else goes on meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeAlias

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QMessageBox, QScrollArea, QWidget

from trayapp.core.intents import Intent, Reply
from trayapp.core.language import _
from trayapp.core.redaction import struck

Perform: TypeAlias = Callable[[Intent], Awaitable[Reply]]
"""Does what was asked and says what became of it; never raises for what the user can mend."""
Start: TypeAlias = Callable[[Coroutine[Any, Any, None]], object]
"""Runs a coroutine as a task of the program. What it gives back may be cancelled."""


class Wrapped(QLabel):
    """A label of several lines that is never lower than its text at the width that it has.

    Qt's layouts ask how high such a label has to be, and do not insist where one stands within the other.
    """

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.least = 0
        """Pixels that it is high at least."""
        self.setWordWrap(True)

    def setText(self, text: str) -> None:
        """Other text may need another height."""
        super().setText(text)
        self._insist()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width needs another height."""
        super().resizeEvent(event)
        self._insist()

    def showEvent(self, event: QShowEvent) -> None:
        """It may have got its width while it was hidden."""
        super().showEvent(event)
        self._insist()

    def changeEvent(self, event: QEvent) -> None:
        """So does another font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._insist()

    def _insist(self) -> None:
        if self.isVisible():  # before that it has a width of no meaning
            self.setMinimumHeight(max(self.heightForWidth(self.width()), self.least))


def begin() -> None:
    """Have Qt set up what its first widgets need: fonts, and names of kinds. It takes 15 ms, once."""
    plain()
    QScrollArea().viewport()


def plain(text: str = "", parent: QWidget | None = None) -> QLabel:
    """A label that wraps, can be copied from, and shows text from outside as text and not as HTML."""
    label = Wrapped(text, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


async def question(parent: QWidget | None, text: str, yes: str, no: str, *, detail: str = "") -> bool:
    """Ask; True for yes. Closing the question in any other way, or its parent, is a no."""
    box = _box(parent, QMessageBox.Icon.Question, text, detail)
    agree = box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
    refuse = box.addButton(no, QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(refuse)
    box.setEscapeButton(refuse)
    answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def settle(value: bool) -> None:
        if not answer.done():
            answer.set_result(value)

    box.finished.connect(lambda _result: settle(box.clickedButton() is agree))
    box.destroyed.connect(lambda: settle(False))
    _show(box)
    try:
        return await answer
    finally:
        if answer.cancelled():
            box.reject()


def failed(parent: QWidget | None, text: str, detail: str = "") -> QMessageBox:
    """Say that something went wrong; a button copies it all, keys struck out."""
    text, detail = struck(text), struck(detail)
    box = _box(parent, QMessageBox.Icon.Warning, text, detail)
    copy = box.addButton(_("&Copy"), QMessageBox.ButtonRole.ActionRole)
    # an action button closes a message box unless it is taken off the box's own wiring
    copy.clicked.disconnect()
    copy.clicked.connect(lambda: QGuiApplication.clipboard().setText("\n\n".join(filter(None, (text, detail)))))
    close = box.addButton(_("Close"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(close)
    box.setEscapeButton(close)
    _show(box)
    return box


def named_buttons(box: QDialogButtonBox, names: dict[QDialogButtonBox.StandardButton, str]) -> None:
    """Our own words on standard buttons: Qt's come in the desktop's language, ours in the program's."""
    for which, text in names.items():
        box.button(which).setText(text)


def _box(parent: QWidget | None, icon: QMessageBox.Icon, text: str, detail: str) -> QMessageBox:
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle("trayapp")
    box.setIcon(icon)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(text)
    box.setInformativeText(detail)
    box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return box


def _show(box: QMessageBox) -> None:
    box.open()
    box.raise_()
    box.activateWindow()
