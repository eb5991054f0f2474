"""The one window for what did not work: what comes while it is open joins it, so that windows never pile up."""

from __future__ import annotations

import shiboken6
from PySide6.QtWidgets import QMessageBox, QWidget

from trayapp.qt import dialogs

MOST = 5
"""Messages in one window; older ones go first."""


class Messages:
    """Shows them, the newest on top."""

    def __init__(self) -> None:
        self._box: QMessageBox | None = None
        self._told: list[tuple[str, str]] = []

    def show(self, parent: QWidget | None, title: str, text: str) -> None:
        """Say it; the same once more only brings the window to the front."""
        box, self._box = self._box, None
        if box is None or not shiboken6.isValid(box) or not box.isVisible():
            self._told = []
        elif (title, text) == self._told[0]:
            self._box = box
            box.raise_()
            return
        else:
            box.done(0)
        self._told = [(title, text), *(it for it in self._told if it != (title, text))][:MOST]
        older = ("\n".join(filter(None, it)) for it in self._told[1:])
        self._box = dialogs.failed(parent, title, "\n\n".join(filter(None, (text, *older))))

    def close(self) -> None:
        """Take it off the screen."""
        if self._box is not None and shiboken6.isValid(self._box):
            self._box.done(0)
        self._box = None
