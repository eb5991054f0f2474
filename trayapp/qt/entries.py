"""The entries of one menu, changed in place: a tray's host hears only of what differs, and reads what is opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from trayapp.ui.menu_rows import Section, rows
from trayapp.ui.row import Row, Submenu

Closed: TypeAlias = Section | Submenu
"""What stands in a menu as one entry until somebody opens it."""
Entry: TypeAlias = Row | Closed | None
"""A line, a submenu, a separator."""
_Kind: TypeAlias = tuple[str, str]


def menu_text(text: str, dbus: bool) -> str:
    """What makes Qt and a tray host show exactly ``text``, on one line.

    ``&`` marks an access key for Qt, ``_`` for D-Bus hosts. For those Qt makes ``_`` of the first ``&``
    and passes everything else on as it is. Tabs cut a label on some hosts.
    """
    line = text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)
    line = line.strip() or "?"
    return line.replace("_", "__").replace("&", "&&", 1) if dbus else line.replace("&", "&&")


class Top(Protocol):
    """What a menu inside the menu needs to know of the whole."""

    @property
    def limit(self) -> int:
        """Rows of a list of models before “More…”."""

    def newest(self, path: tuple[str, ...]) -> Submenu | None:
        """What the submenu reached by these keys would show if all were drawn now; None: no such submenu."""

    def looks(self, at: Closed) -> None:
        """Somebody opened it."""


class Submenus:
    """Makes the menus inside one menu, and keeps each for as long as its entry is there."""

    def __init__(self, menu: QMenu, top: Top, path: tuple[str, ...] = ()) -> None:
        self._menu = menu
        self._top = top
        self._path = path
        self._made: dict[_Kind, LazyMenu] = {}

    def action(self, entry: Closed, dbus: bool) -> QAction:
        """The entry that opens it, titled anew."""
        menu = self._made.get(_kind(entry))
        if menu is None:
            path = (*self._path, entry.key) if isinstance(entry, Submenu) else ()
            menu = self._made[_kind(entry)] = LazyMenu(self._menu, self._top, path)
        menu.take(entry, self._top.limit, dbus)
        return menu.menuAction()

    def drop(self, kept: set[_Kind]) -> None:
        """Let go of all others."""
        for kind in self._made.keys() - kept:
            self._made.pop(kind).deleteLater()


class Lines:
    """The entries of one menu. Drawing again changes what differs, in place where the order allows."""

    def __init__(self, menu: QMenu, submenus: Submenus) -> None:
        self._menu = menu
        self._submenus = submenus
        self._drawn: list[tuple[Entry, QAction]] = []
        self._dbus = False
        self._groups: dict[str, QActionGroup] = {}

    def draw(self, entries: Sequence[Entry], dbus: bool) -> None:
        """Make the menu show these."""
        again = dbus != self._dbus
        self._dbus = dbus
        old, kinds = self._drawn, [_kind(entry) for entry in entries]
        top, bottom = _common([_kind(entry) for entry, _action in old], kinds)
        kept = old[:top] + old[len(old) - bottom :]
        for entry, action in old[top : len(old) - bottom]:
            self._remove(entry, action)
        before = kept[top][1] if bottom else None
        added: list[tuple[Entry, QAction]] = []
        for entry in entries[top : len(entries) - bottom]:
            action = self._paint(None, None, entry, again=True)
            self._menu.insertAction(before, action) if before else self._menu.addAction(action)
            added.append((entry, action))
        drawn: list[tuple[Entry, QAction]] = []
        for new, (was, action) in zip((*entries[:top], *entries[len(entries) - bottom :]), kept, strict=True):
            drawn.append((new, self._paint(action, was, new, again)))
        self._drawn = drawn[:top] + added + drawn[top:]
        self._submenus.drop(set(kinds))

    def _paint(self, action: QAction | None, was: Entry, new: Entry, again: bool) -> QAction:
        if isinstance(new, Section | Submenu):
            return self._submenus.action(new, self._dbus)
        if action is None:
            action = QAction(self._menu)
        if new is None:
            action.setSeparator(True)
            return action
        before = was if isinstance(was, Row) else Row("")
        if again or new.label != before.label:
            action.setText(menu_text(new.label, self._dbus))
        if (new.checkable, new.group) != (before.checkable, before.group):
            self._enrol(action, before.group if before.checkable else "", new.group if new.checkable else "")
            action.setCheckable(new.checkable)
        live = new.enabled and new.intent is not None
        if live != action.isEnabled():
            action.setEnabled(live)
        if new.intent != before.intent:
            action.setData(new.intent)
        if new.checked != action.isChecked():  # the action's own mark: a click moved it
            action.setChecked(new.checked)
        return action

    def _enrol(self, action: QAction, old: str, new: str) -> None:
        """Hosts draw a radio mark for what is in an exclusive group, and a check mark for the rest."""
        if old == new:
            return
        if old:
            self._groups[old].removeAction(action)
        if new:
            if new not in self._groups:
                group = self._groups[new] = QActionGroup(self._menu)
                # optional, so that the mark can be taken away
                group.setExclusionPolicy(QActionGroup.ExclusionPolicy.ExclusiveOptional)
            self._groups[new].addAction(action)

    def _remove(self, entry: Entry, action: QAction) -> None:
        self._menu.removeAction(action)
        if isinstance(entry, Section | Submenu):
            return  # it may only have moved
        if isinstance(entry, Row) and entry.checkable and entry.group:
            self._groups[entry.group].removeAction(action)
        action.deleteLater()


class LazyMenu(QMenu):
    """A menu inside the menu, made when somebody looks; one object for as long as its entry is there."""

    def __init__(self, parent: QMenu, top: Top, path: tuple[str, ...]) -> None:
        super().__init__(parent)
        self._top = top
        self._path = path
        self._shows: Closed = Submenu("", "")
        self._limit = 0
        self._dbus = False
        self._stale = True
        self._lines: Lines | None = None
        self._title = ""
        self.aboutToShow.connect(self.fill)

    def take(self, shows: Closed, limit: int, dbus: bool) -> None:
        """Remember what to show; only the title is drawn at once."""
        if shows.title != self._title or dbus != self._dbus:
            self._title = shows.title
            self.setTitle(menu_text(shows.title, dbus))
        self._stale = self._stale or (shows, limit, dbus) != (self._shows, self._limit, self._dbus)
        self._shows, self._limit, self._dbus = shows, limit, dbus

    def spoil(self) -> None:
        """A click changed a mark by itself: draw again at the next opening."""
        self._stale = True

    def fill(self) -> None:
        """Draw the rows, reusing what is there: every new entry costs the tray's host a message.

        The title stays as it is, because the menu around this one is being looked at.
        """
        newest = self._top.newest(self._path) if self._path else None
        if newest is not None and newest != self._shows:
            self._shows, self._stale = newest, True
        if self._stale:
            if self._lines is None:
                self._lines = Lines(self, Submenus(self, self._top, self._path))
            self._lines.draw(_inside(self._shows, self._limit), self._dbus)
            self._stale = False
        self._top.looks(self._shows)


def _inside(shows: Closed, limit: int) -> Sequence[Entry]:
    return rows(shows, limit) if isinstance(shows, Section) else shows.entries


def _kind(entry: Entry) -> _Kind:
    if entry is None:
        return "separator", ""
    if isinstance(entry, Section):
        return "section", entry.provider
    return ("submenu", entry.key) if isinstance(entry, Submenu) else ("row", "")


def _common(old: Sequence[_Kind], new: Sequence[_Kind]) -> tuple[int, int]:
    shorter = min(len(old), len(new))
    top = 0
    while top < shorter and old[top] == new[top]:
        top += 1
    bottom = 0
    while bottom < shorter - top and old[-1 - bottom] == new[-1 - bottom]:
        bottom += 1
    return top, bottom
