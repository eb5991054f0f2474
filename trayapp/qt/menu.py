"""The tray's menu: draws sections and rows, and repeats which of them was clicked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from trayapp.core.language import _
from trayapp.qt.entries import Closed, Entry, LazyMenu, Lines, Submenus
from trayapp.ui.menu import TrayView
from trayapp.ui.menu_rows import Section, rows
from trayapp.ui.row import Row, Submenu

# Qt draws menus longer than the screen in columns that run off it, unless told to scroll. Where a tray
# host draws them this would only cost time, a millisecond for every ten submenus.
_SCROLL = "QMenu { menu-scrollable: 1; }"

GRACE = 250
"""Milliseconds in which a click may still arrive after a D-Bus host said that the menu closed."""
PATIENCE = 20_000
"""Milliseconds after which a menu counts as closed whose host has never said so; not all do."""
TRUST = 600_000
"""The same for a host that is known to say so: it may have crashed with the menu open."""


class ModelMenu(QMenu):
    """Shows a TrayView, the newest one whenever it is opened, and never changes while it is open.

    One object for life: tray hosts ignore a second menu.
    """

    asked = Signal(object)
    """The intent of the row that was clicked."""
    opened = Signal(str)
    """The account whose submenu is being opened."""
    looked = Signal(bool)
    """Somebody opens the menu, before it is drawn; or it counts as closed again, told once for each opening."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = TrayView()
        self._dbus = False
        self._next: tuple[TrayView, bool] | None = None
        self._is_open = False
        self._host_says_closed = False
        self._lines = Lines(self, Submenus(self, self))
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.timeout.connect(self._settle)
        self.triggered.connect(self._clicked)
        self.aboutToShow.connect(self._opens)
        self.aboutToHide.connect(self._closes)

    @property
    def is_open(self) -> bool:
        """Somebody may be looking at it, or their click may still be on its way."""
        return self._is_open

    def render_view(self, view: TrayView, dbus: bool) -> None:
        """Draw this now, or as soon as the menu is closed. ``dbus``: a tray host draws it, not Qt."""
        self._next = (view, dbus)
        if not self._is_open:
            self._apply()
        elif self._dbus and not self._wait.isActive():
            self._wait.start(TRUST if self._host_says_closed else PATIENCE)

    def host_gone(self) -> None:
        """The tray host left: whatever it had open is closed."""
        self._settle()

    # -- drawing --------------------------------------------------------------------------------

    def _apply(self) -> None:
        if self._next is None:
            return
        (self._view, self._dbus), self._next = self._next, None
        if not self._dbus and not self.styleSheet():
            self.setStyleSheet(_SCROLL)  # submenus inherit it
        self._lines.draw(_entries(self._view), self._dbus)

    # -- what its submenus ask ------------------------------------------------------------------

    @property
    def limit(self) -> int:
        """Rows of one submenu before “More…”."""
        return self._view.limit

    def newest(self, path: tuple[str, ...]) -> Submenu | None:
        """The submenu that these keys lead to, in the view that waits for the menu to be closed, else in this one."""
        view = self._next[0] if self._next else self._view
        found: Submenu | None = None
        inside: Sequence[Entry] = (view.profiles, view.local, view.gateway, view.update)
        for key in path:
            found = next((it for it in inside if isinstance(it, Submenu) and it.key == key), None)
            if found is None:
                return None
            inside = found.entries
        return found

    def looks(self, at: Closed) -> None:
        """Somebody opens a submenu."""
        if isinstance(at, Section):
            self.opened.emit(at.provider)

    # -- open and closed ------------------------------------------------------------------------

    def _opens(self) -> None:
        # Hosts ask once for each opening, so whoever asks again has closed it meanwhile.
        self._wait.stop()
        self._is_open = False  # whoever hears of it may still change what is shown
        self.looked.emit(True)
        self._apply()
        self._is_open = True
        if self._dbus:
            self._wait.start(TRUST if self._host_says_closed else PATIENCE)

    def _closes(self) -> None:
        # This comes before the click that closed it: whatever is removed or reused here loses that click.
        self._host_says_closed = True
        self._wait.start(GRACE if self._dbus else 0)

    def _clicked(self, action: QAction) -> None:
        owner = action.parent()
        if isinstance(owner, LazyMenu):
            owner.spoil()
        intent = action.data()
        if intent is not None:
            self.asked.emit(intent)
        self._wait.start(0)

    def _settle(self) -> None:
        self._wait.stop()
        was_open, self._is_open = self._is_open, False
        if was_open:
            self.looked.emit(False)
        if self._next is None:
            self._next = (self._view, self._dbus)  # a click moves the mark by itself: back to what is so
        self._apply()


def _entries(view: TrayView) -> list[Entry]:
    made: list[Entry] = list(view.head)
    if view.top:
        made += (None, *view.top)
    made += _inline(view) if view.inline else _submenus(view)
    below = [it for it in (view.profiles, view.local, view.gateway, view.update) if it is not None]
    if below:
        made += (None, *below)
    if view.tail and made:
        made.append(None)
    return made + list(view.tail)


def _inline(view: TrayView) -> Iterator[Entry]:
    """Each section under a header of its own, folded ones as submenus side by side."""
    after_folded = False
    for section in view.sections:
        if not (section.folded and after_folded):
            yield None
        after_folded = section.folded
        if section.folded:
            yield section
        else:
            yield Row(section.title, enabled=False)
            yield from rows(section, view.limit)


def _submenus(view: TrayView) -> Iterator[Entry]:
    """Local and cloud apart, unless the user put them into an order that mixes them."""
    kinds = [section.local for section in view.sections]
    apart = kinds == sorted(kinds, reverse=True)
    headed = apart and len(set(kinds)) == 2
    before: bool | None = None
    for section in view.sections:
        if before is None or (apart and section.local != before):
            yield None
            if headed:
                yield Row(_("Local") if section.local else _("Cloud"), enabled=False)
        before = section.local
        yield section
