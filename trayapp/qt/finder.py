"""The quick switcher: a small window over everything that finds a model as somebody types."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from trayapp.app.root import App
from trayapp.core.intents import Intent


class Finder(QWidget):
    """The quick switcher: a small window over everything that finds a model as somebody types."""

    def open(self, text: str = "") -> None:
        """Show it."""
        self.show()


def window(app: App, ask: Callable[[Intent], None]) -> Finder:
    """The window of the running program."""
    return Finder()
