"""The About page: version, licence, where the files are, and how old the shipped catalogue is."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QPushButton, QScrollArea, QWidget

from trayapp.core.language import _
from trayapp.qt.dialogs import plain
from trayapp.qt.fields import embolden, make_scrolling
from trayapp.ui.form import About


class AboutPage(QScrollArea):
    """Filled when it is first looked at: the catalogue's date has to be read from its file."""

    def __init__(self, about: Callable[[], About]) -> None:
        super().__init__()
        self._about = about
        self._grid: QGridLayout | None = None
        self.controls: list[QWidget] = []
        """In the order in which they are read."""

    def fill(self) -> None:
        """Show everything; the second time nothing happens."""
        if self._grid is not None:
            return
        about = self._about()
        inside = QWidget()
        grid = self._grid = QGridLayout(inside)
        grid.setColumnStretch(1, 1)
        title = plain(f"trayapp {about.version}")
        embolden(title)
        grid.addWidget(title, 0, 0, 1, 3)
        for text in (
            _("One click in the tray decides which language model every tool on this computer talks to."),
            about.licence,
            *about.editions,
        ):
            grid.addWidget(plain(text), grid.rowCount(), 0, 1, 3)
        heading = plain(_("Where things are kept"))
        embolden(heading)
        grid.setRowMinimumHeight(grid.rowCount(), heading.fontMetrics().height() // 2)
        grid.addWidget(heading, grid.rowCount(), 0, 1, 3)
        for what, path in about.places:
            self._place(grid, what, path)
        grid.setRowStretch(grid.rowCount(), 1)
        make_scrolling(self, inside)

    def _place(self, grid: QGridLayout, what: str, path: str) -> None:
        row = grid.rowCount()
        label = QLabel(what)
        shown = QLineEdit(path)
        shown.setReadOnly(True)
        shown.setCursorPosition(0)
        shown.setAccessibleName(what)
        shown.setMinimumWidth(shown.fontMetrics().averageCharWidth() * 30)
        label.setBuddy(shown)
        open_it = QPushButton(_("Open"))
        open_it.setAutoDefault(False)
        open_it.setAccessibleName(_("Open: {what}").format(what=what))
        open_it.clicked.connect(lambda _checked: QDesktopServices.openUrl(QUrl.fromLocalFile(path)))
        grid.addWidget(label, row, 0)
        grid.addWidget(shown, row, 1)
        grid.addWidget(open_it, row, 2)
        self.controls += (shown, open_it)
