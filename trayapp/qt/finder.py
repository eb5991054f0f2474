"""The quick switcher: a small window over everything that finds a model as somebody types."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QContextMenuEvent,
    QCursor,
    QGuiApplication,
    QHideEvent,
    QInputMethodEvent,
    QKeyEvent,
    QKeySequence,
    QShowEvent,
)
from PySide6.QtWidgets import QApplication, QFrame, QLineEdit, QListView, QMenu, QStackedLayout, QVBoxLayout

from trayapp.app.root import App, name_of
from trayapp.core.intents import Hide, Intent, OpenHelp, PickModel, Pin
from trayapp.core.language import _, plural
from trayapp.core.models import ModelRef
from trayapp.qt.dialogs import plain
from trayapp.qt.fields import small
from trayapp.qt.finder_lines import Lines, Rows, buffered
from trayapp.qt.finder_stock import Feed, Stock
from trayapp.qt.list_menu import HIDE, PIN, Deed, popup
from trayapp.ui import finder_row
from trayapp.ui.finder import search
from trayapp.ui.finder_query import parse

HELP = "choosing"
"""The page of the guide about it."""
ROWS = 9
"""How many rows are seen at once, where the screen has room for them."""
LETTERS = 104
"""How wide it is, in letters of middle width."""
TOGGLE_MS = 250
"""Milliseconds after it lost the keyboard in which asking for it means that it was to go: the click or the keys that
ask take the keyboard first."""
SPEAK_MS = 300
"""Milliseconds of rest before a screen reader is told what is current: not every letter is worth a word."""

_MOVES = (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp)
_ENDS = (Qt.Key.Key_Home, Qt.Key.Key_End)
_TABS = (Qt.Key.Key_Tab, Qt.Key.Key_Backtab)


class Finder(QFrame):
    """Type to filter, Enter to choose. It goes with the keyboard; what was typed stays until something was chosen."""

    asked = Signal(object)
    """The intent of what was chosen or pressed."""

    def __init__(self, feed: Feed) -> None:
        flags = Qt.WindowType.Tool | Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint
        super().__init__(None, flags)
        self._stock = Stock(feed, self)
        self._stock.changed.connect(self._redraw)
        self._composing = False
        self._left = QElapsedTimer()
        self._menu: QMenu | None = None
        self.setWindowTitle(_("Find a model"))
        self.setAttribute(Qt.WidgetAttribute.WA_MacAlwaysShowToolWindow)
        self.setFrameStyle(QFrame.Shape.Box | QFrame.Shadow.Plain)
        self._speaking = QTimer(self)
        self._speaking.setSingleShot(True)
        self._speaking.setInterval(SPEAK_MS)
        self._speaking.timeout.connect(self._speak)
        self._lay_out()

    def _lay_out(self) -> None:
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        self.search.setPlaceholderText(_("Name, provider or filter: vision, <1$, >200k"))
        self.search.setAccessibleName(_("Find a model"))
        font = self.search.font()
        font.setPointSizeF(font.pointSizeF() * 1.2)
        self.search.setFont(font)
        self.search.textChanged.connect(self._searched)
        self.lines = Lines(self)
        self._rows = Rows(self.lines, self)
        self.list = QListView()
        self.list.setAccessibleName(_("Models"))
        self.list.setModel(buffered(self.lines))
        self.list.setItemDelegate(self._rows)
        self.list.setUniformItemSizes(True)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.clicked.connect(lambda index: self._pick(index.row()))
        self.list.selectionModel().currentChanged.connect(lambda _now, _before: self._speaking.start())
        self.nothing = plain()
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.help = small(plain(finder_row.help_line(_native(PIN), _native(HIDE))))
        self._middle = QStackedLayout()
        self._middle.addWidget(self.list)
        self._middle.addWidget(self.nothing)
        self._layout = layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        layout.addLayout(self._middle, 1)
        layout.addWidget(self.help)
        for part in (self.search, self.list, self.list.viewport()):
            part.installEventFilter(self)

    # -- open and closed ------------------------------------------------------------------------

    def open(self, text: str = "") -> None:
        """Show it over everything, this text or the last one selected. Shown already and without text, it goes.

        Where it is shown and the desktop has not given it the keyboard, it asks for that again.
        """
        gone = self._left.isValid() and self._left.elapsed() < TOGGLE_MS
        self._left.invalidate()
        if not text and (gone or (self.isVisible() and self.isActiveWindow())):
            self.hide()
            return
        if text:
            self.search.setText(text)
        if not self.isVisible():
            self.setGeometry(self._place())
        self.show()
        self.raise_()
        self.activateWindow()
        self.search.setFocus(Qt.FocusReason.PopupFocusReason)
        self.search.selectAll()

    def _place(self) -> QRect:
        """In the middle of the screen on which the pointer is."""
        screen = QGuiApplication.screenAt(QCursor.pos()) or QGuiApplication.primaryScreen()
        room, letter = screen.availableGeometry(), self.fontMetrics()
        self.ensurePolished()
        width = min(letter.averageCharWidth() * LETTERS, round(room.width() * 0.94))
        layout, frame = self._layout, 2 * self.frameWidth()
        edges = layout.contentsMargins()
        inside = width - frame - edges.left() - edges.right()
        around = frame + edges.top() + edges.bottom() + 2 * layout.spacing()
        around += self.search.sizeHint().height() + self.help.heightForWidth(inside)
        height = min(around + self._rows.height(self.list.font()) * ROWS, round(room.height() * 0.9))
        box = QRect(0, 0, width, height)
        box.moveCenter(room.center())
        return box

    def showEvent(self, event: QShowEvent) -> None:
        """Show what there is now, and listen while it is open."""
        super().showEvent(event)
        if not event.spontaneous() and not self._stock.follows:
            self._stock.start()
            self._go(0)

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop listening."""
        super().hideEvent(event)
        if not event.spontaneous() and self._stock.follows:
            self._stock.stop()
            self._speaking.stop()
            self._composing = False

    def changeEvent(self, event: QEvent) -> None:
        """Another window has the keyboard: close, unless it is a question of ours or our own menu."""
        super().changeEvent(event)
        match event.type():
            case QEvent.Type.ActivationChange:
                QTimer.singleShot(0, self, self._judge_focus)
            case QEvent.Type.FontChange | QEvent.Type.StyleChange | QEvent.Type.PaletteChange if hasattr(self, "_rows"):
                self._rows.forget()

    def _judge_focus(self) -> None:
        ours = QApplication.activeModalWidget() or QApplication.activePopupWidget() or self._menu
        if self.isVisible() and not self.isActiveWindow() and not ours:
            self._left.start()
            self.hide()

    # -- keys and clicks ------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys work in the search field as in the list, but for those that belong to a word being composed."""
        if isinstance(event, QInputMethodEvent):
            self._composing = bool(event.preeditString())
        elif isinstance(event, QContextMenuEvent) and watched is not self.search:
            self._open_menu(event)
            return True
        elif isinstance(event, QKeyEvent) and not self._composing and event.type() == QEvent.Type.KeyPress:
            return self._pressed(watched, event)
        return super().eventFilter(watched, event)

    def _pressed(self, watched: QObject, event: QKeyEvent) -> bool:
        key, keys = Qt.Key(event.key()), QKeySequence(event.keyCombination())
        control = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == Qt.KeyboardModifier.ControlModifier
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._pick(self._row)
        elif key == Qt.Key.Key_Escape:
            self.hide()
        elif key == Qt.Key.Key_F1:
            self._ask_and_close(OpenHelp(HELP))
        elif keys in (PIN, HIDE):
            self._ask(self._pinning(self._row) if keys == PIN else self._hiding(self._row))
        elif key in _MOVES or (control and key in _ENDS):
            self._move(key)
        elif key in _TABS:
            (self.list if watched is self.search else self.search).setFocus(Qt.FocusReason.TabFocusReason)
        elif watched is self.list and _types(event):
            self.search.setFocus(Qt.FocusReason.OtherFocusReason)
            QApplication.sendEvent(self.search, event)
        else:
            return False
        return True

    def _move(self, key: Qt.Key) -> None:
        last = self.lines.rowCount() - 1
        page = max(1, self.list.viewport().height() // max(1, self._rows.height(self.list.font())) - 1)
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: page, Qt.Key.Key_PageUp: -page}
        to = self._row + steps[key] if key in steps else (0 if key == Qt.Key.Key_Home else last)
        self._go(min(max(to, 0), last))

    def _pick(self, row: int) -> None:
        it = self.lines.candidate(row)
        if it is not None:
            self._ask_and_close(PickModel(it.model.ref))
            self.search.clear()

    def _pinning(self, row: int) -> Intent | None:
        it = self.lines.candidate(row)
        return Pin(it.model.ref, on=not self.lines.standing(row).pinned) if it is not None else None

    def _hiding(self, row: int) -> Intent | None:
        it = self.lines.candidate(row)
        return Hide(it.model.ref, on=not it.hidden) if it is not None else None

    def _ask(self, intent: Intent | None) -> None:
        if intent is not None:
            self.asked.emit(intent)

    def _ask_and_close(self, intent: Intent) -> None:
        """First it goes: whatever opens now is not to find it in the way."""
        self.hide()
        self.asked.emit(intent)

    def _open_menu(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.list.currentIndex() if by_key else self.list.indexAt(event.pos())
        if not index.isValid() or self._menu is not None:
            return
        self.list.setCurrentIndex(index)
        at = self.list.visualRect(index).center() if by_key else event.pos()
        self._menu = popup(
            self, self.list.viewport().mapToGlobal(QPoint(at)), self._deeds(index.row()), self._do, by_key=by_key
        )
        if self._menu is not None:
            self._menu.aboutToHide.connect(self._menu_closed)

    def _deeds(self, row: int) -> tuple[Deed, ...]:
        it = self.lines.candidate(row)
        pinned = it is not None and self.lines.standing(row).pinned
        hidden = it is not None and it.hidden
        return (
            Deed(_("&Choose"), keys=QKeySequence(Qt.Key.Key_Return)),
            Deed(_("Un&pin") if pinned else _("&Pin on top"), self._pinning(row), PIN),
            Deed(_("Show &again") if hidden else _("&Hide"), self._hiding(row), HIDE),
        )

    def _do(self, deed: Deed) -> None:
        self._ask(deed.intent) if deed.intent is not None else self._pick(self._row)

    def _menu_closed(self) -> None:
        self._menu = None
        QTimer.singleShot(0, self, self._judge_focus)

    # -- what is shown --------------------------------------------------------------------------

    @property
    def _row(self) -> int:
        return self.list.currentIndex().row()

    @property
    def current(self) -> ModelRef | None:
        """The model that Enter takes."""
        it = self.lines.candidate(self._row)
        return it.model.ref if it is not None else None

    def _redraw(self) -> None:
        """The current model stays so, else the row does."""
        kept, row = self.current, self._row
        self._show()
        again = self.lines.row_of(kept)
        self._go(again if again >= 0 else min(max(row, 0), self.lines.rowCount() - 1))

    def _searched(self) -> None:
        self._show()
        self._go(0)

    def _show(self) -> None:
        index, marked, text = self._stock.index, self._stock.marks, self.search.text()
        self.lines.show(index, search(index, parse(text), marked), marked)
        found = self.lines.rowCount()
        if not found:
            models = len(index.candidates)
            self.nothing.setText("" if self._stock.busy else finder_row.nothing(bool(text.strip()), models))
        self._middle.setCurrentIndex(0 if found else 1)

    def _go(self, row: int) -> None:
        if row >= 0:
            index = self.list.model().index(row, 0)
            self.list.setCurrentIndex(index)
            self.list.scrollTo(index)

    def _speak(self) -> None:
        """The keyboard stays in the search field, so a screen reader has to be told what is current in the list."""
        if not QAccessible.isActive() or not self.isVisible():
            return
        found, index = self.lines.rowCount(), self.list.currentIndex()
        current = index.data(Qt.ItemDataRole.AccessibleTextRole) if index.isValid() else self.nothing.text()
        count = plural("{n} model", "{n} models", found) if found else ""
        QAccessible.updateAccessibility(
            QAccessibleAnnouncementEvent(self.search, ". ".join(filter(None, (str(current), count))))
        )


def window(app: App, ask: Callable[[Intent], None]) -> Finder:
    """The window of the running program."""
    made = Finder(
        Feed(
            view=app.view,
            state=app.state,
            local=app.local.views,
            names=lambda: {it.id: name_of(it) for it in app.accounts},
            watched=lambda on: app.local.watched(on, "finder"),
        )
    )
    made.asked.connect(ask)
    return made


def _native(keys: QKeySequence) -> str:
    return keys.toString(QKeySequence.SequenceFormat.NativeText)


def _types(event: QKeyEvent) -> bool:
    """These keys write something."""
    text = event.text()
    return (bool(text) and text.isprintable()) or event.key() in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete)
