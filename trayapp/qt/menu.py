"""The tray's menu: draws sections and rows, and repeats which of them was clicked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from trayapp.core.language import _
from trayapp.ui.menu import Row, Section, TrayView, rows

# Qt draws menus longer than the screen in columns that run off it, unless told to scroll. Where a tray
# host draws them this would only cost time, a millisecond for every ten submenus.
_SCROLL = "QMenu { menu-scrollable: 1; }"

GRACE = 250
"""Milliseconds in which a click may still arrive after a D-Bus host said that the menu closed."""
PATIENCE = 20_000
"""Milliseconds after which a menu counts as closed whose host has never said so; not all do."""
TRUST = 600_000
"""The same for a host that is known to say so: it may have crashed with the menu open."""

Entry: TypeAlias = Row | Section | None
"""A line, a submenu, a separator."""
_MakeSubmenu: TypeAlias = Callable[[QMenu | None, Section], QMenu]


def menu_text(text: str, dbus: bool) -> str:
    """What makes Qt and a tray host show exactly ``text``, on one line.

    ``&`` marks an access key for Qt, ``_`` for D-Bus hosts. For those Qt makes ``_`` of the first ``&``
    and passes everything else on as it is. Tabs cut a label on some hosts.
    """
    line = text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)
    line = line.strip() or "?"
    return line.replace("_", "__").replace("&", "&&", 1) if dbus else line.replace("&", "&&")


class SectionMenu(QMenu):
    """One account's models, made when somebody looks; ``opened`` hears whose."""

    def __init__(self, parent: QMenu, opened: Callable[[str], None]) -> None:
        super().__init__(parent)
        self.section = Section("", "")
        self._limit = 0
        self._dbus = False
        self._stale = True
        self._lines: _Lines | None = None
        self._opened = opened
        self.aboutToShow.connect(self.fill)

    def take(self, section: Section, limit: int, dbus: bool) -> None:
        """Remember what to show; only the title is drawn at once."""
        if section.title != self.section.title or dbus != self._dbus:
            self.setTitle(menu_text(section.title, dbus))
        self._stale = self._stale or (section, limit, dbus) != (self.section, self._limit, self._dbus)
        self.section, self._limit, self._dbus = section, limit, dbus

    def spoil(self) -> None:
        """A click changed a mark by itself: draw again at the next opening."""
        self._stale = True

    def fill(self) -> None:
        """Draw the rows, reusing what is there: every new entry costs the tray's host a message."""
        if self._stale:
            if self._lines is None:
                self._lines = _Lines(self)
            self._lines.draw(rows(self.section, self._limit), self._dbus)
            self._stale = False
        self._opened(self.section.provider)


class ModelMenu(QMenu):
    """Shows a TrayView, the newest one whenever it is opened, and never changes while it is open.

    One object for life: tray hosts ignore a second menu.
    """

    asked = Signal(object)
    """The intent of the row that was clicked."""
    opened = Signal(str)
    """The account whose submenu is being opened."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = TrayView()
        self._dbus = False
        self._next: tuple[TrayView, bool] | None = None
        self._is_open = False
        self._host_says_closed = False
        self._lines = _Lines(self, self._submenu)
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

    def _submenu(self, old: QMenu | None, section: Section) -> QMenu:
        menu = old if isinstance(old, SectionMenu) else SectionMenu(self, self.opened.emit)
        menu.take(section, self._view.limit, self._dbus)
        return menu

    # -- open and closed ------------------------------------------------------------------------

    def _opens(self) -> None:
        # Hosts ask once for each opening, so whoever asks again has closed it meanwhile.
        self._wait.stop()
        self._apply()
        self._is_open = True

    def _closes(self) -> None:
        # This comes before the click that closed it: whatever is removed or reused here loses that click.
        self._host_says_closed = True
        self._wait.start(GRACE if self._dbus else 0)

    def _clicked(self, action: QAction) -> None:
        owner = action.parent()
        if isinstance(owner, SectionMenu):
            owner.spoil()
        intent = action.data()
        if intent is not None:
            self.asked.emit(intent)
        self._wait.start(0)

    def _settle(self) -> None:
        self._wait.stop()
        self._is_open = False
        if self._next is None:
            self._next = (self._view, self._dbus)  # a click moves the mark by itself: back to what is so
        self._apply()


class _Lines:
    """The entries of one menu. Drawing again changes what differs, in place where the order allows."""

    def __init__(self, menu: QMenu, submenu: _MakeSubmenu | None = None) -> None:
        self._menu = menu
        self._submenu = submenu
        self._drawn: list[tuple[Entry, QAction]] = []
        self._dbus = False
        self._group = QActionGroup(menu)
        # exclusive, so that hosts draw a radio mark; optional, so that the mark can be taken away
        self._group.setExclusionPolicy(QActionGroup.ExclusionPolicy.ExclusiveOptional)

    def draw(self, entries: Sequence[Entry], dbus: bool) -> None:
        """Make the menu show these."""
        again = dbus != self._dbus
        self._dbus = dbus
        old = self._drawn
        top, bottom = _common([_kind(entry) for entry, _action in old], [_kind(entry) for entry in entries])
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

    def _paint(self, action: QAction | None, was: Entry, new: Entry, again: bool) -> QAction:
        if isinstance(new, Section):
            if self._submenu is None:
                raise TypeError("only the top menu has sections")
            old = action.menu() if action is not None else None
            return self._submenu(old if isinstance(old, QMenu) else None, new).menuAction()
        if action is None:
            action = QAction(self._menu)
        if new is None:
            action.setSeparator(True)
            return action
        before = was if isinstance(was, Row) else Row("")
        if again or new.label != before.label:
            action.setText(menu_text(new.label, self._dbus))
        if new.checkable != before.checkable:
            action.setCheckable(new.checkable)
            if new.checkable:
                self._group.addAction(action)
            else:
                self._group.removeAction(action)
        live = new.enabled and new.intent is not None
        if live != action.isEnabled():
            action.setEnabled(live)
        if new.intent != before.intent:
            action.setData(new.intent)
        if new.checked != action.isChecked():  # the action's own mark: a click moved it
            action.setChecked(new.checked)
        return action

    def _remove(self, entry: Entry, action: QAction) -> None:
        self._menu.removeAction(action)
        if isinstance(entry, Section):
            menu = action.menu()
            if isinstance(menu, QMenu):
                menu.deleteLater()
            return
        self._group.removeAction(action)
        action.deleteLater()


def _entries(view: TrayView) -> list[Entry]:
    made: list[Entry] = list(view.head)
    if view.inline:
        for section in view.sections:
            made += (None, Row(section.title, enabled=False), *rows(section, view.limit))
    else:
        local = [section for section in view.sections if section.local]
        cloud = [section for section in view.sections if not section.local]
        for title, sections in ((_("Local"), local), (_("Cloud"), cloud)):
            if sections:
                made.append(None)
            if local and cloud:
                made.append(Row(title, enabled=False))
            made += sections
    if view.tail and made:
        made.append(None)
    return made + list(view.tail)


def _kind(entry: Entry) -> tuple[str, str]:
    if entry is None:
        return "separator", ""
    return ("section", entry.provider) if isinstance(entry, Section) else ("row", "")


def _common(old: Sequence[tuple[str, str]], new: Sequence[tuple[str, str]]) -> tuple[int, int]:
    shorter = min(len(old), len(new))
    top = 0
    while top < shorter and old[top] == new[top]:
        top += 1
    bottom = 0
    while bottom < shorter - top and old[-1 - bottom] == new[-1 - bottom]:
        bottom += 1
    return top, bottom
