"""Clicks on the icon become what the settings make of them; the first of two waits only where two mean something."""

from __future__ import annotations

import sys
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from trayapp.core.settings import Settings
from trayapp.ui.clicks import Click, does, waits


class Clicker(QObject):
    """Told of every click; says what it does, as ``ui.clicks.does`` names it."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        do: Callable[[str], object],
        parent: QObject | None = None,
        *,
        platform: str = sys.platform,
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._do = do
        self._platform = platform
        self._waiting = QTimer(self)
        self._waiting.setSingleShot(True)
        self._waiting.timeout.connect(lambda: self._act(Click.LEFT))

    def clicked(self, click: Click) -> None:
        """Hosts of StatusNotifier tell of a double click as of two single ones."""
        second = click is Click.LEFT and self._waiting.isActive()
        if click is Click.DOUBLE or second:
            self._waiting.stop()
            self._act(Click.DOUBLE)
        elif click is Click.LEFT and waits(self._settings(), self._platform):
            self._waiting.start(QApplication.doubleClickInterval())
        else:
            self._act(click)

    def _act(self, click: Click) -> None:
        self._do(does(click, self._settings(), self._platform))
