"""The left side of the settings dialog: its pages in a list, and a search over everything that is on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import (
    QApplication,
    QGroupBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from trayapp.core.language import _
from trayapp.qt.dialogs import plain
from trayapp.ui.search_settings import Place, found

_NAME = Qt.ItemDataRole.UserRole
_SPOKEN = Qt.ItemDataRole.AccessibleTextRole
FEWEST, MOST = 11, 28
"""Letters of a line in the lists."""


class _Lines(QListWidget):
    """As wide as its longest line, within limits; longer ones are wrapped."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setWordWrap(True)
        self.setSpacing(2)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        """Its longest line, and a bar to scroll with."""
        letter = self.fontMetrics().averageCharWidth()
        room = self.verticalScrollBar().sizeHint().width() + 2 * (self.frameWidth() + self.spacing()) + letter
        lines = (line for at in range(self.count()) for line in self.item(at).text().splitlines())
        wide = max(map(self.fontMetrics().horizontalAdvance, lines), default=0)
        return QSize(min(max(wide, FEWEST * letter), MOST * letter) + room, 12 * self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        """Lines can be wrapped, and scrolled."""
        return QSize(FEWEST * self.fontMetrics().averageCharWidth(), 3 * self.fontMetrics().height())


class Sidebar(QWidget):
    """Tells which page is wanted, and which of the places that were found."""

    page_wanted = Signal(str)
    place_wanted = Signal(object)
    """A Place."""

    def __init__(self, index: Callable[[], Iterable[Place]]) -> None:
        """``index`` gives all that can be found, when somebody begins to search."""
        super().__init__()
        self._index = index
        self._places: tuple[Place, ...] = ()
        self._found: tuple[Place, ...] = ()
        self.search = QLineEdit()
        self.search.setPlaceholderText(_("Search"))
        self.search.setAccessibleName(_("Search the settings"))
        self.search.setAccessibleDescription(_("What is found stands below: arrows go there, Enter opens it."))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._typed)
        self.search.installEventFilter(self)
        self.list = _Lines(_("Pages"))
        self.list.currentItemChanged.connect(lambda item: self.page_wanted.emit(item.data(_NAME)) if item else None)
        self.results = _Lines(_("Settings that were found"))
        self.results.itemClicked.connect(lambda _item: self._choose())
        self.results.installEventFilter(self)
        self.nothing = plain()
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.lists = QStackedWidget()
        for part in (self.list, self.results, self.nothing):
            self.lists.addWidget(part)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.search)
        layout.addWidget(self.lists, 1)

    def add(self, name: str, title: str) -> None:
        """A page, below the others."""
        item = QListWidgetItem(title, self.list)
        item.setData(_NAME, name)

    def select(self, name: str) -> None:
        """Mark this page as the one that is shown."""
        for row in range(self.list.count()):
            if self.list.item(row).data(_NAME) == name:
                self.list.setCurrentRow(row)

    def step(self, by: int) -> None:
        """To the next page, or back."""
        self.list.setCurrentRow(min(max(self.list.currentRow() + by, 0), self.list.count() - 1))

    def begin(self) -> None:
        """The keyboard goes to the search."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def search_again(self) -> None:
        """There is more to be found than when somebody began to search."""
        if self._places:
            self._places = ()
            self._typed(self.search.text())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows go from the field into what was found and back; Enter opens it, Esc ends the search."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._pressed(watched is self.search, Qt.Key(event.key())) or super().eventFilter(watched, event)
        return super().eventFilter(watched, event)

    def _pressed(self, typing: bool, key: Qt.Key) -> bool:
        searching = bool(self.search.text())
        match key:
            case Qt.Key.Key_Escape if searching:
                self.search.clear()
                self.search.setFocus()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if typing or searching:
                self._choose()
            case Qt.Key.Key_Down if typing:
                (self.results if searching else self.list).setFocus()
                if searching and self.results.count() > 1:
                    self.results.setCurrentRow(1)  # the first one is marked while typing
            case Qt.Key.Key_Up if not typing and self.results.currentRow() <= 0:
                self.search.setFocus()
            case _:
                return False
        return True

    def _typed(self, text: str) -> None:
        if not text.strip():
            self._places = ()
            self.lists.setCurrentWidget(self.list)
            return
        self._places = self._places or tuple(self._index())
        self._found = found(self._places, text)
        self.results.clear()
        for place in self._found:
            item = QListWidgetItem(place.label, self.results)
            if place.label != place.title:
                item.setText("\n".join((place.label, _("on “{page}”").format(page=place.title))))
            item.setData(_SPOKEN, item.text().replace("\n", ", "))
        self.results.setCurrentRow(0)
        self.nothing.setText(_("Nothing was found for “{text}”.").format(text=text.strip()))
        self.lists.setCurrentWidget(self.results if self._found else self.nothing)

    def _choose(self) -> None:
        at = self.results.currentRow()
        if self.search.text().strip() and 0 <= at < len(self._found):
            self.place_wanted.emit(self._found[at])


class Mark(QWidget):
    """A line around what was found, until the keyboard goes elsewhere. Clicks go through it."""

    def __init__(self, around: QWidget) -> None:
        super().__init__(_ground(around))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.around = around
        for watched in (around, self.parentWidget()):
            if watched is not None:
                watched.installEventFilter(self)
        QApplication.instance().focusChanged.connect(self._moved)  # type: ignore[union-attr]
        self._place()
        self.show()
        self.raise_()

    def _moved(self, _before: QWidget | None, now: QWidget | None) -> None:
        if now is not None and now is not self.around and not self.around.isAncestorOf(now):
            self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Go with it."""
        if event.type() in (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        ground = self.parentWidget()
        if ground is not None:
            corner = self.around.mapTo(ground, self.around.rect().topLeft())
            self.setGeometry(QRect(corner, self.around.size()).adjusted(-3, -3, 3, 3))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Two lines of two colours: one of them is seen on any ground."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        for width, role in ((3.0, QPalette.ColorRole.Window), (2.0, QPalette.ColorRole.Highlight)):
            painter.setPen(QPen(QColor(self.palette().color(role)), width))
            painter.drawRoundedRect(box.adjusted(1.5, 1.5, -1.5, -1.5), 4, 4)


def _ground(control: QWidget) -> QWidget:
    """What scrolls together with it, or its window."""
    ground = control
    while not ground.isWindow():
        above = ground.parentWidget()
        area = above.parentWidget() if above is not None else None
        if ground is not control and isinstance(area, QScrollArea) and area.widget() is ground:
            break
        ground = above or control.window()
    return ground


def landmarks(page: QWidget) -> Iterator[tuple[str, QWidget]]:
    """What stands on a page under a name of its own: groups, parts, buttons, and controls with a label."""
    for widget in page.findChildren(QWidget):
        if widget.isHidden() and not isinstance(widget.parentWidget(), QStackedWidget):
            continue
        if isinstance(widget, QGroupBox) and widget.title():
            yield _bare(widget.title()), widget
        elif isinstance(widget, QTabWidget):
            for at in range(widget.count()):
                part = widget.widget(at)
                if part is not None:
                    yield _bare(widget.tabText(at)), part
        elif isinstance(widget, QPushButton) and widget.text():
            yield widget.accessibleName() or _bare(widget.text()), widget
        elif isinstance(widget, QLabel) and widget.text() and (control := widget.buddy()) is not None:
            yield _bare(widget.text()), control


def _bare(text: str) -> str:
    """Without the mark of its access key."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&")
