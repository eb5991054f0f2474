"""The pages of the settings dialog: one at a time, under its title and a sentence that says what it is for."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import shiboken6
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QPaintEvent, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QStackedWidget,
    QStyle,
    QStyleOptionFocusRect,
    QVBoxLayout,
    QWidget,
)

from trayapp.core.language import _
from trayapp.core.settings import PROVIDERS
from trayapp.qt.dialogs import plain
from trayapp.qt.fields import bring_up, embolden, make_scrolling
from trayapp.qt.settings_search import Mark, Sidebar, landmarks
from trayapp.ui import search_settings
from trayapp.ui.form import Page
from trayapp.ui.search_settings import Place

LINES = 14
"""Of text that a page has room for at least; where the window is lower than that, the page scrolls."""


class Link(QLabel):
    """Words that lead somewhere: clicked, or pressed with Enter or Space where the keyboard is on them."""

    followed = Signal()

    def __init__(self, words: str) -> None:
        super().__init__(f'<a href="#">{words.replace("&", "&amp;").replace("<", "&lt;")}</a>')
        self.setAccessibleName(words)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.LinksAccessibleByMouse)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.linkActivated.connect(lambda _url: self.followed.emit())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter here does not press the dialog's OK."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.followed.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """With a frame while the keyboard is on it."""
        super().paintEvent(event)
        if self.hasFocus():
            option = QStyleOptionFocusRect()
            option.initFrom(self)
            self.style().drawPrimitive(QStyle.PrimitiveElement.PE_FrameFocusRect, option, QPainter(self), self)


class _Floor(QWidget):
    """Carries a page and asks for no more room than the page cannot do without.

    In a layout, its lists would be asked for the height that they would like.
    """

    def __init__(self, page: QWidget) -> None:
        super().__init__()
        self._page = page
        page.setParent(self)

    def minimumSizeHint(self) -> QSize:
        """A page of lists is of no use below some lines."""
        least = self._page.fontMetrics().height() * LINES
        return self._page.minimumSizeHint().expandedTo(QSize(0, least))

    def sizeHint(self) -> QSize:
        """As its page has it."""
        return self._page.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """All of the room is the page's."""
        super().resizeEvent(event)
        self._page.setGeometry(self.rect())


class _Room(QScrollArea):
    """Lets a page that has no bars of its own scroll where the window is too small for it."""

    def __init__(self, page: QWidget) -> None:
        super().__init__()
        make_scrolling(self, _Floor(page))

    def minimumSizeHint(self) -> QSize:
        """A few words, a few lines: the rest can be scrolled to."""
        letter = self.fontMetrics()
        return QSize(letter.averageCharWidth() * 20, letter.height() * 3)


class Pages(QWidget):
    """All pages; which one is shown, and what can be found on them. Each is declared first, and made later."""

    turned = Signal()
    """Another page is shown."""
    help_wanted = Signal(str)
    """The page of the user guide."""
    account_wanted = Signal(str)
    """An account was found."""

    def __init__(self, accounts: Callable[[], Iterable[tuple[str, str]]], controls: Callable[[str], QWidget | None]):
        """``accounts``: their ids and titles. ``controls``: where the preference of this name is changed."""
        super().__init__()
        self._accounts, self._controls = accounts, controls
        self._pages: dict[str, Page] = {}
        self._widgets: dict[str, QWidget] = {}
        """Those that are made."""
        self._rooms: dict[str, QWidget] = {}
        """What they stand in."""
        self._current = ""
        self._place: Place | None = None
        """What somebody wants to go to, on a page that is not made yet."""
        self._named: dict[tuple[str, str], QWidget] = {}
        self._mark: Mark | None = None
        self.sidebar = Sidebar(self._index)
        self.sidebar.page_wanted.connect(self._turn)
        self.sidebar.place_wanted.connect(self._go)
        self.title = QLabel()
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        embolden(self.title)
        self.about = plain()
        self.link = Link(_("More in the guide"))
        self.link.followed.connect(lambda: self.help_wanted.emit(self._pages[self.current].guide))
        self.stack = QStackedWidget()
        self._empty = QWidget()
        self.stack.addWidget(self._empty)
        self._aside = QWidget(self)
        """Carries the pages that nobody has turned to yet: on the stack each would have all others laid out anew."""
        self._aside.hide()
        above = QHBoxLayout()
        above.addWidget(self.title, 1)
        above.addWidget(self.link)
        right = QVBoxLayout()
        right.addLayout(above)
        right.addWidget(self.about)
        right.addWidget(self.stack, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.sidebar)
        layout.addLayout(right, 1)
        for keys, do in (
            (QKeySequence("Ctrl+PgUp"), lambda: self.sidebar.step(-1)),
            (QKeySequence("Ctrl+PgDown"), lambda: self.sidebar.step(1)),
            (QKeySequence(QKeySequence.StandardKey.Find), self.sidebar.begin),
        ):
            QShortcut(keys, self).activated.connect(do)

    @property
    def current(self) -> str:
        """The name of the page that is shown."""
        return self._current

    @property
    def shown(self) -> QWidget | None:
        """The page itself; None while it is not made."""
        return self._widgets.get(self._current)

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of the pages that are not made, the one to be shown first."""
        left = (name for name in self._pages if name not in self._widgets)
        return tuple(sorted(left, key=lambda name: name != self._current))

    @property
    def marked(self) -> QWidget | None:
        """What was found and is marked as such."""
        it = self._mark
        return it.around if it is not None and shiboken6.isValid(it) and not it.isHidden() else None

    def __contains__(self, name: str) -> bool:
        return name in self._widgets

    def declare(self, page: Page) -> None:
        """There is such a page, after the others."""
        self._pages[page.name] = page
        self.sidebar.add(page.name, page.title)
        if len(self._pages) == 1:
            self.sidebar.select(page.name)

    def put(self, name: str, widget: QWidget) -> None:
        """This is the page of that name: it is made now."""
        self._widgets[name] = widget
        self._rooms[name] = room = widget if isinstance(widget, QScrollArea) else _Room(widget)
        room.setParent(self._aside)
        place = self._place
        if name == self._current:
            self._turn(name)
        if place is not None and place.page == name:
            self._go(place)
        if not self.missing:
            self.sidebar.search_again()

    def show_page(self, name: str) -> None:
        """Turn to this page."""
        self.sidebar.select(name)

    def _turn(self, name: str) -> None:
        page = self._pages[name]
        self._current, self._place = name, None
        room = self._rooms.get(name, self._empty)
        if self.stack.indexOf(room) < 0:
            self.stack.addWidget(room)
        self.stack.setCurrentWidget(room)
        self.title.setText(page.title)
        self.about.setText(page.about)
        self.link.setVisible(bool(page.guide))
        self.link.setAccessibleDescription(page.about)
        self.turned.emit()

    def begin(self) -> None:
        """Show the list of pages, the keyboard on it."""
        self.sidebar.search.clear()
        self.sidebar.list.setFocus()

    # -- the search -----------------------------------------------------------------------------

    def _index(self) -> tuple[Place, ...]:
        """Everything that can be found now. Preferences know most words, so they come first."""
        made = list(search_settings.places(self._pages.values()))
        self._named = {}
        for name, widget in self._widgets.items():
            title = self._pages[name].title
            for label, control in landmarks(widget):
                self._named.setdefault((name, label.casefold()), control)
                made.append(Place(name, title, label))
        title = self._pages[PROVIDERS].title
        made += [Place(PROVIDERS, title, label, account=id) for id, label in self._accounts()]
        return tuple(made)

    def _go(self, place: Place) -> None:
        self.show_page(place.page)
        if place.page not in self._widgets:
            self._place = place
            return
        if place.account:
            self.account_wanted.emit(place.account)
            return
        control = self._controls(place.name) if place.name else self._named.get((place.page, place.label.casefold()))
        if control is not None:
            bring_up(control)
            if self._mark is not None and shiboken6.isValid(self._mark):
                self._mark.deleteLater()
            self._mark = Mark(control)
