"""The About page: version, newer ones, licence, where the files are, and how old the shipped catalogue is."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from trayapp.core.intents import LookForUpdate, Reply, ShowRelease
from trayapp.core.language import _
from trayapp.core.releases import Updates
from trayapp.qt.dialogs import Perform, Start, plain
from trayapp.qt.fields import embolden, make_scrolling
from trayapp.qt.outcome import Outcome
from trayapp.ui import releases
from trayapp.ui.form import About


class AboutPage(QScrollArea):
    """Filled when it is first looked at: the catalogue's date has to be read from its file."""

    def __init__(self, about: Callable[[], About], *, perform: Perform, start: Start) -> None:
        super().__init__()
        self._about = about
        self._perform, self._start = perform, start
        self._grid: QGridLayout | None = None
        self.updates: UpdatesPart | None = None
        """None where there is nobody to ask for new versions."""
        self.controls: list[QWidget] = []
        """In the order in which they are read."""

    def fill(self) -> None:
        """Show everything; the second time only what is known of new versions can be another."""
        about = self._about()
        if self._grid is not None:
            if self.updates is not None and about.updates is not None:
                self.updates.show_updates(about.updates)
            return
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
        if about.updates is not None:
            self.updates = UpdatesPart(self._perform, self._start, looked=self.fill)
            self.updates.show_updates(about.updates)
            self.controls += self.updates.controls
            self._head(grid, _("New versions"))
            grid.addWidget(self.updates, grid.rowCount(), 0, 1, 3)
        self._head(grid, _("Where things are kept"))
        for what, path in about.places:
            self._place(grid, what, path)
        grid.setRowStretch(grid.rowCount(), 1)
        make_scrolling(self, inside)

    def _head(self, grid: QGridLayout, text: str) -> None:
        heading = plain(text)
        embolden(heading)
        grid.setRowMinimumHeight(grid.rowCount(), heading.fontMetrics().height() // 2)
        grid.addWidget(heading, grid.rowCount(), 0, 1, 3)

    def _place(self, grid: QGridLayout, what: str, path: str) -> None:
        row = grid.rowCount()
        label = QLabel(what)
        shown = QLineEdit(path)
        shown.setReadOnly(True)
        shown.setCursorPosition(0)
        shown.setAccessibleName(what)
        shown.setMinimumWidth(shown.fontMetrics().averageCharWidth() * 30)
        label.setBuddy(shown)
        open_it = _button(_("Open"), lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(path)))
        open_it.setAccessibleName(_("Open: {what}").format(what=what))
        grid.addWidget(label, row, 0)
        grid.addWidget(shown, row, 1)
        grid.addWidget(open_it, row, 2)
        self.controls += (shown, open_it)


class UpdatesPart(QWidget):
    """What is known of newer versions, and the ways to know more. What is done here is done at once."""

    def __init__(self, perform: Perform, start: Start, *, looked: Callable[[], object]) -> None:
        """``looked`` is called once somebody was asked."""
        super().__init__()
        self._looked = looked
        self.standing = plain()
        self.outcome = Outcome(perform, start)
        self.look_button = _button(_("Look now"), self._look)
        self.page_button = _button(_("What is new…"), lambda: self.outcome.ask(ShowRelease(), ""))
        self.controls: tuple[QWidget, ...] = (self.look_button, self.page_button)
        """In the order in which they are read."""
        told = _("Sends nothing but the request itself: the server sees your address on the network.")
        self.look_button.setToolTip(told)
        self.look_button.setAccessibleDescription(told)
        self.outcome.busy_changed.connect(lambda busy: self.look_button.setEnabled(not busy))
        buttons = QHBoxLayout()
        for button in self.controls:
            buttons.addWidget(button)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.standing)
        layout.addLayout(buttons)
        layout.addWidget(self.outcome)

    def show_updates(self, updates: Updates) -> None:
        """How things stand now."""
        self.standing.setText(releases.standing(updates))
        self.page_button.setVisible(bool(updates.page))

    def _look(self) -> None:
        self.outcome.ask(LookForUpdate(), _("Asking for the newest version…"), self._done)

    def _done(self, reply: Reply) -> None:
        if reply.ok:
            self.outcome.say("")  # the sentence above says it
        self._looked()


def _button(text: str, clicked: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.clicked.connect(lambda _checked: clicked())
    return button
