"""The whole list in a window: where a submenu was cut, and where there is no tray at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from msgspec import Struct
from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QCloseEvent, QFont, QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QListView, QPushButton, QVBoxLayout, QWidget

from trayapp.core.intents import Intent, OpenSettings, PickModel, Quit, Refresh
from trayapp.core.language import _
from trayapp.core.topic import Topic
from trayapp.qt.dialogs import plain
from trayapp.qt.fields import embolden
from trayapp.ui.menu import Section, TrayView, rows
from trayapp.ui.row import Row

_Index: TypeAlias = QModelIndex | QPersistentModelIndex


class Line(Struct, frozen=True):
    """One line of the list: an account's header, or one of its rows."""

    provider: str
    text: str
    row: Row | None = None
    words: str = ""
    """What a search looks through besides the header, in lower case."""


class Lines(QAbstractListModel):
    """Every section of a view, its rows made once, filtered as somebody types."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._sections: dict[str, Section] = {}
        self._made: dict[str, list[Line]] = {}
        self._shown: list[Line] = []
        self._words: list[str] = []
        self._bold = QFont()
        self._bold.setBold(True)

    def show_sections(self, sections: Sequence[Section]) -> None:
        """Show these; sections that stayed the same are not made again."""
        before, made = self._sections, self._made
        self._sections = {section.provider: section for section in sections}
        self._made = {
            provider: made[provider] if _same_rows(before.get(provider), section) else _lines(section)
            for provider, section in self._sections.items()
        }
        self.search(" ".join(self._words))

    def search(self, text: str) -> None:
        """Show the rows in which every word occurs: in the name, the id or the provider."""
        self._words = text.casefold().split()
        self.beginResetModel()
        self._shown = []
        for provider, lines in self._made.items():
            title = self._sections[provider].title
            missing = [word for word in self._words if word not in title.casefold()]
            found = [it for it in lines if all(word in it.words for word in missing)] if missing else lines
            if found or not self._words:
                self._shown.append(Line(provider, title))
                self._shown += found
        self.endResetModel()

    def line(self, index: _Index) -> Line | None:
        """The line at an index; None where there is none."""
        return self._shown[index.row()] if index.isValid() and index.row() < len(self._shown) else None

    def first(self, intent: Intent | None = None, provider: str = "") -> QModelIndex:
        """The row with this intent, else this account's first, else the chosen one, else the first of all."""
        picks = [
            (number, line.row)
            for number, line in enumerate(self._shown)
            if line.row is not None and line.row.enabled and line.row.intent is not None
        ]
        for number, row in picks:
            if intent is not None and row.intent == intent:
                return self.index(number)
        if provider:
            return next((self.index(at) for at, _row in picks if self._shown[at].provider == provider), QModelIndex())
        chosen = next((number for number, row in picks if row.checked), picks[0][0] if picks else -1)
        return self.index(chosen) if chosen >= 0 else QModelIndex()

    def rowCount(self, parent: _Index | None = None) -> int:
        """How many lines are shown."""
        return 0 if parent is not None and parent.isValid() else len(self._shown)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Headers and locked rows cannot be picked."""
        line = self.line(index)
        if line is None or line.row is None or not line.row.enabled or line.row.intent is None:
            return Qt.ItemFlag.NoItemFlags if line is None or line.row is not None else Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, mark and weight; for a screen reader the provider as well."""
        line = self.line(index)
        if line is None:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return line.text
            case Qt.ItemDataRole.FontRole if line.row is None or line.row.checked:
                return self._bold
            case Qt.ItemDataRole.AccessibleTextRole if line.row is not None:
                chosen = _("chosen") if line.row.checked else ""
                return ", ".join(filter(None, (line.row.label, self._sections[line.provider].title, chosen)))
        return None


class ListWindow(QWidget):
    """Every model there is, with a search field. Enter or a click picks.

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
        self.nothing = plain(_("No model of that name."))
        self.nothing.hide()
        buttons = QHBoxLayout()
        for text, intent in ((_("&Settings…"), OpenSettings()), (_("&Refresh"), Refresh()), (_("&Quit"), Quit())):
            button = QPushButton(text)
            button.clicked.connect(lambda _checked, intent=intent: self.asked.emit(intent))
            buttons.addWidget(button)
        buttons.addStretch(1)
        line = QHBoxLayout()
        line.addWidget(label)
        line.addWidget(self.search, 1)
        layout = QVBoxLayout(self)
        layout.addWidget(self.reason)
        layout.addWidget(self.chosen)
        layout.addLayout(line)
        layout.addWidget(self.nothing)
        layout.addWidget(self.list, 1)
        layout.addLayout(buttons)
        letter = self.fontMetrics()
        self.resize(letter.averageCharWidth() * 80, letter.height() * 34)

    @property
    def stands_in(self) -> bool:
        """It is open because there is no tray."""
        return bool(self.reason.text())

    def show_reason(self, reason: str) -> None:
        """Say why it stands in for the tray; empty: it no longer does."""
        self.reason.setText(reason)
        self.reason.setVisible(bool(reason))

    def show_all(self, provider: str = "") -> None:
        """Open, at this account's models if named; raised where it was open already."""
        self.show()
        self.raise_()
        self.activateWindow()
        self.search.clear()
        self.search.setFocus()
        at = self.lines.first(provider=provider)
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
        """Stop listening; a minimised window goes on."""
        super().hideEvent(event)
        if not event.spontaneous():
            self._leave()
            self._leave = _nothing

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closed by the user, not hidden by the program."""
        super().closeEvent(event)
        self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows in the search field move the list; Enter picks, Esc clears the search, then closes."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            key = Qt.Key(event.key())
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._pick(self.list.currentIndex())
                return True
            if key == Qt.Key.Key_Escape:
                self.search.clear() if self.search.text() else self.close()
                return True
            moves = (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp)
            if watched is self.search and key in moves:
                self.list.event(event)
                return True
        return super().eventFilter(watched, event)

    def _pick(self, index: QModelIndex) -> None:
        line = self.lines.line(index)
        if line is None or line.row is None or line.row.intent is None or not line.row.enabled:
            return
        self.asked.emit(line.row.intent)
        if isinstance(line.row.intent, PickModel) and not self.stands_in:
            self.close()

    def _take(self, view: TrayView) -> None:
        line = self.lines.line(self.list.currentIndex())
        kept = line.row.intent if line is not None and line.row is not None else None
        scrolled = self.list.verticalScrollBar().value()
        self.chosen.setText(view.head[0].label if view.head else "")
        self.lines.show_sections(view.sections)
        self.list.setCurrentIndex(self.lines.first(kept))
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


def _same_rows(old: Section | None, new: Section) -> bool:
    return old is not None and old.models is new.models and (old.active, old.locked) == (new.active, new.locked)


def _lines(section: Section) -> list[Line]:
    made = []
    for row in rows(section, len(section.models) + 1):
        name = str(row.intent.ref) if isinstance(row.intent, PickModel) else ""
        mark = "● " if row.checked else "    "
        made.append(Line(section.provider, mark + row.label, row, f"{row.label} {name}".casefold()))
    return made


def _nothing() -> None:
    pass
