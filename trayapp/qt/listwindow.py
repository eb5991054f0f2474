"""The whole list in a window: where a submenu was cut, and where there is no tray at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QContextMenuEvent, QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from trayapp.core.intents import CancelRefresh, Fold, OpenHelp, OpenSettings, PickModel, Quit, Refresh
from trayapp.core.language import _
from trayapp.core.topic import Topic
from trayapp.qt import list_menu
from trayapp.qt.dialogs import plain
from trayapp.qt.fields import embolden
from trayapp.qt.list_lines import Line, Lines
from trayapp.qt.list_menu import Deed
from trayapp.ui.menu import TrayView

_MOVES = (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp)
_PICKS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class ListWindow(QWidget):
    """Every model there is, with a search field. Enter or a click picks; on a header it folds.

    Where it stands in for the tray it says why, and stays open after a choice.
    """

    asked = Signal(object)
    """The intent of what was picked or pressed."""
    closed = Signal()
    """The user closed it."""

    def __init__(self, view: Topic[TrayView], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._leave: Callable[[], None] = _nothing
        self._menu: QMenu | None = None
        self._making: Iterator[None] = iter(())
        self._wanted = ""
        """The account at which the window opens once its lines are made."""
        self._slices = QTimer(self)
        self._slices.setSingleShot(True)
        self._slices.timeout.connect(self._make_ready)
        self.setWindowFlag(Qt.WindowType.Window)
        self.setWindowTitle("trayapp")
        self.reason = plain()
        self.reason.hide()
        self.chosen = plain()
        embolden(self.chosen)
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        self.search.setPlaceholderText(_("Type part of a model’s or a provider’s name"))
        self.search.setAccessibleName(_("Search models"))
        self.search.textChanged.connect(self._searched)
        self.search.installEventFilter(self)
        label = QLabel(_("S&earch"))
        label.setBuddy(self.search)
        self.lines = Lines(self)
        self.list = QListView()
        self.list.setAccessibleName(_("Models"))
        self.list.setModel(self.lines)
        self.list.setUniformItemSizes(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.clicked.connect(self._pick)
        self.list.installEventFilter(self)
        self.list.viewport().installEventFilter(self)
        self.nothing = plain(_("No model of that name."))
        self.nothing.hide()
        self.hidden = QCheckBox()
        self.hidden.hide()
        self.hidden.toggled.connect(self._show_hidden)
        line = QHBoxLayout()
        line.addWidget(label)
        line.addWidget(self.search, 1)
        layout = QVBoxLayout(self)
        layout.addWidget(self.reason)
        layout.addWidget(self.chosen)
        layout.addLayout(line)
        layout.addWidget(self.nothing)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.hidden)
        layout.addLayout(self._buttons())
        letter = self.fontMetrics()
        self.resize(letter.averageCharWidth() * 80, letter.height() * 34)

    def _buttons(self) -> QHBoxLayout:
        made = QHBoxLayout()
        self.refresh = QPushButton(_("&Refresh"))
        self.refresh.clicked.connect(lambda: self.asked.emit(CancelRefresh() if self._view.value.asking else Refresh()))
        settings, help, quit = QPushButton(_("&Settings…")), QPushButton(_("He&lp")), QPushButton(_("&Quit"))
        settings.clicked.connect(lambda: self.asked.emit(OpenSettings()))
        help.clicked.connect(lambda: self.asked.emit(OpenHelp()))
        quit.clicked.connect(lambda: self.asked.emit(Quit()))
        for button in (settings, self.refresh, help, quit):
            made.addWidget(button)
        made.addStretch(1)
        return made

    @property
    def stands_in(self) -> bool:
        """It is open because there is no tray."""
        return bool(self.reason.text())

    def show_reason(self, reason: str) -> None:
        """Say why it stands in for the tray; empty: it no longer does."""
        self.reason.setText(reason)
        self.reason.setVisible(bool(reason))

    def put_away(self) -> None:
        """It stood in for the tray, and that is there now."""
        self.show_reason("")
        self._slices.stop()
        self.hide()

    def show_all(self, provider: str = "") -> None:
        """Open, at this account's models if named, folded or hidden as they may be; raised where it was open.

        Thousands of lines are made in slices before that: together they would keep the thread busy for long.
        """
        self._wanted = provider
        self._making = self.lines.prepare(self._view.value)
        self._make_ready()

    def _make_ready(self) -> None:
        for _slice in self._making:
            self._slices.start()
            return
        self._open(self._wanted)

    def _open(self, provider: str) -> None:
        self.show()
        self.raise_()
        self.activateWindow()
        self.search.clear()
        self.search.setFocus()
        if provider:
            self.lines.open_for_now(provider)
        if self.lines.only_hidden(provider):
            self.hidden.setChecked(True)
        at = self.lines.first(provider)
        self.list.setCurrentIndex(at)
        if provider and at.isValid():
            self.list.scrollTo(at.siblingAtRow(max(0, at.row() - 1)), QListView.ScrollHint.PositionAtTop)
        else:
            self.list.scrollTo(at, QListView.ScrollHint.PositionAtCenter)

    def showEvent(self, event: QShowEvent) -> None:
        """Show what there is now, and listen while it is open."""
        super().showEvent(event)
        if not event.spontaneous():
            self._leave()
            self._leave = self._view.listen(self._take)
            self._take(self._view.value)

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop listening; a minimised window goes on. What was opened for once is closed again."""
        super().hideEvent(event)
        if not event.spontaneous():
            self._leave()
            self._leave = _nothing
            self.hidden.setChecked(False)
            self.lines.open_for_now()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closed by the user, not hidden by the program."""
        super().closeEvent(event)
        self.closed.emit()

    # -- keys and clicks ------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys work in the search field as in the list: arrows move, Enter picks, Ctrl+P pins, Ctrl+H hides."""
        if isinstance(event, QContextMenuEvent) and watched is not self.search:
            by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
            self._open_menu(None if by_key else event.pos())
            return True
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self._pressed(watched, event):
            return True
        return super().eventFilter(watched, event)

    def _pressed(self, watched: QObject, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if key in _PICKS:
            self._pick(self.list.currentIndex())
        elif key == Qt.Key.Key_Escape:
            self.search.clear() if self.search.text() else self.close()
        elif watched is self.search and key in _MOVES:
            self.list.event(event)
        elif intent := list_menu.keyed(event, self._current(), self.lines):
            self.asked.emit(intent)
        elif not self.search.text() and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._sideways(outwards=(key == Qt.Key.Key_Left) is not self.isRightToLeft())
        elif watched is self.list and key == Qt.Key.Key_Space and self.lines.foldable(self._current()):
            self._pick(self.list.currentIndex())
        elif watched is self.list and _opens_menu(event):
            self._open_menu(None)
        else:
            return False
        return True

    def _sideways(self, *, outwards: bool) -> None:
        """As in a tree: outwards to the header and then folds it, inwards unfolds it and then enters."""
        line = self._current()
        if line is None:
            return
        folded = self.lines.folded(line.provider)
        if not self.lines.foldable(line):
            if outwards:
                self._go(self.lines.header_of(line.provider))
        elif folded is not outwards:
            self._fold(line.provider)
        elif not outwards:
            self._go(self.lines.first(line.provider))

    def _pick(self, index: QModelIndex) -> None:
        line = self.lines.line(index)
        if line is not None and self.lines.foldable(line):
            self._fold(line.provider)
        elif line is not None and line.live and line.row is not None:
            self.asked.emit(line.row.intent)
            if isinstance(line.row.intent, PickModel) and not self.stands_in:
                self.close()

    def _fold(self, provider: str) -> None:
        if not self.lines.is_open_for_now(provider):
            self.asked.emit(Fold(provider, on=not self.lines.folded(provider)))
            return
        self.lines.open_for_now()  # as it is remembered
        self._go(self.lines.header_of(provider))

    def _open_menu(self, at: QPoint | None) -> None:
        """At this place of the list, else below the current line."""
        index = self.list.currentIndex() if at is None else self.list.indexAt(at)
        line = self.lines.line(index)
        if line is None or self._menu is not None:
            return
        if at is not None:
            self.list.setCurrentIndex(index)
        where = self.list.viewport().mapToGlobal(self.list.visualRect(index).center() if at is None else at)
        offered = list_menu.deeds(line, self.lines)
        self._menu = list_menu.popup(self, where, offered, lambda deed: self._do(deed, line), by_key=at is None)
        if self._menu is not None:
            self._menu.aboutToHide.connect(self._menu_closed)

    def _menu_closed(self) -> None:
        self._menu = None

    def _do(self, deed: Deed, line: Line) -> None:
        if deed.intent is not None:
            self.asked.emit(deed.intent)
        else:
            self._pick(self.lines.find(lambda it: it.key == line.key))  # another one may stand there by now

    # -- what is shown --------------------------------------------------------------------------

    def _current(self) -> Line | None:
        return self.lines.line(self.list.currentIndex())

    def _go(self, at: QModelIndex) -> None:
        if at.isValid():
            self.list.setCurrentIndex(at)
            self.list.scrollTo(at)

    def _take(self, view: TrayView) -> None:
        self.chosen.setText(view.chosen)
        self.refresh.setText(_("Stop &refreshing") if view.asking else _("&Refresh"))
        self._anew(lambda: self.lines.show_view(view))
        self.hidden.setText(_("Show &hidden models ({n})").format(n=self.lines.hidden))
        self.hidden.setVisible(self.lines.hidden > 0)
        if not self.lines.hidden:
            self.hidden.setChecked(False)

    def _show_hidden(self, on: bool) -> None:
        self._anew(lambda: self.lines.show_hidden(on))

    def _anew(self, change: Callable[[], None]) -> None:
        """All lines are made anew; what was current stays so, and where it was."""
        line, place = self._current(), self.list.currentIndex().row()
        scrolled = self.list.verticalScrollBar().value()
        change()
        self.list.setCurrentIndex(self.lines.again(line, place) if line is not None else self.lines.first())
        self.list.verticalScrollBar().setValue(scrolled)
        self._judge()

    def _searched(self, text: str) -> None:
        self.lines.search(text)
        at = self.lines.first()
        self.list.setCurrentIndex(at)
        self.list.scrollTo(at)
        self._judge()

    def _judge(self) -> None:
        self.nothing.setVisible(self.lines.rowCount() == 0)
        self.nothing.setText(_("No model of that name.") if self.search.text() else _("No models yet."))


def _opens_menu(event: QKeyEvent) -> bool:
    shift = event.modifiers() == Qt.KeyboardModifier.ShiftModifier
    return event.key() == Qt.Key.Key_Menu or (event.key() == Qt.Key.Key_F10 and shift)


def _nothing() -> None:
    pass
