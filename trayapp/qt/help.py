"""The user guide in a window."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from trayapp.app.root import App


class HelpWindow(QWidget):
    """The user guide in a window."""

    def open_page(self, page: str = "") -> None:
        """Show it."""
        self.show()


def window(app: App) -> HelpWindow:
    """The window of the running program."""
    return HelpWindow()
