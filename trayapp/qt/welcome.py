"""The first start: what was found, a provider, a model; nothing is written before the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtWidgets import QWidget

from trayapp.app.root import App
from trayapp.core.intents import Intent


class Welcome(QWidget):
    """The first start: what was found, a provider, a model; nothing is written before the end."""

    def open_anew(self) -> None:
        """Show it."""
        self.show()


def window(app: App, ask: Callable[[Intent], None], found: Callable[[], Mapping[str, str]]) -> Welcome:
    """The window of the running program."""
    return Welcome()
