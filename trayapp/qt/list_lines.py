"""The lines of the list of all models: headers that fold, rows filtered as somebody types, hidden ones on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from msgspec import Struct
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont, QGuiApplication

from trayapp.core.language import _
from trayapp.core.models import ModelRef
from trayapp.ui.menu import TrayView
from trayapp.ui.menu_rows import Section, each_row
from trayapp.ui.row import Row

Index: TypeAlias = QModelIndex | QPersistentModelIndex

SLICE = 300
"""Lines that are made at a time; they take some three milliseconds."""


class Line(Struct, frozen=True):
    """One line of the list: an account's header, or one of its rows."""

    provider: str
    text: str
    row: Row | None = None
    words: str = ""
    """What a search looks through besides the header, in lower case."""

    @property
    def header(self) -> bool:
        return self.row is None

    @property
    def ref(self) -> ModelRef | None:
        """The model of this line."""
        return self.row.ref if self.row is not None else None

    @property
    def key(self) -> tuple[str, object]:
        """The same for the same thing, whatever is said of it."""
        return self.provider, self.row and (self.row.ref or self.row.intent)

    @property
    def live(self) -> bool:
        """Something happens when it is picked."""
        return self.row is not None and self.row.enabled and self.row.intent is not None


class Lines(QAbstractListModel):
    """Every section of a view, its rows made once, filtered as somebody types."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._sections: dict[str, Section] = {}
        self._made: dict[str, list[Line]] = {}
        self._prepared: dict[str, tuple[Section, list[Line]]] = {}
        """Made for sections that are not shown yet."""
        self._shown: list[Line] = []
        self._words: list[str] = []
        self._pinned: frozenset[ModelRef] = frozenset()
        self._concealed = False
        self._opened: set[str] = set()
        self._bold = QFont()
        self._bold.setBold(True)

    def prepare(self, view: TrayView) -> Iterator[None]:
        """Make the lines of its sections, some at a time, so that ``show_view`` finds them."""
        count = 0
        for section in view.sections:
            if self._ready(section) is not None:
                continue
            lines: list[Line] = []
            for line in self._lines(section):
                lines.append(line)
                count += 1
                if count % SLICE == 0:
                    yield
            self._prepared[section.provider] = section, lines

    def show_view(self, view: TrayView) -> None:
        """Show its sections; those that stayed the same are not made again."""
        made: dict[str, list[Line]] = {}
        for section in view.sections:
            ready = self._ready(section)
            made[section.provider] = ready if ready is not None else list(self._lines(section))
        self._pinned = frozenset(view.pinned)
        self._sections = {section.provider: section for section in view.sections}
        self._made = made
        self._prepared = {}
        self._filter()

    def search(self, text: str) -> None:
        """Show the rows in which every word occurs: in the name, the id or the provider. Folded or not."""
        self._words = text.casefold().split()
        self._filter()

    # -- hidden and folded ----------------------------------------------------------------------

    @property
    def hidden(self) -> int:
        """How many models the user hid."""
        return sum(len(section.concealed) for section in self._sections.values())

    def show_hidden(self, on: bool) -> None:
        """Show these as well, or no longer."""
        if on != self._concealed:
            self._concealed = on
            self._prepared = {}
            for provider, section in self._sections.items():
                if section.concealed:
                    self._made[provider] = list(self._lines(section))
            self._filter()

    def only_hidden(self, provider: str) -> bool:
        """All that this account has is hidden."""
        section = self._sections.get(provider)
        return section is not None and bool(section.concealed) and not section.models

    def foldable(self, line: Line | None) -> bool:
        """A header whose rows can be folded away; what a search found stays open."""
        return line is not None and line.header and not self._words

    def folded(self, provider: str) -> bool:
        """Only its header is shown."""
        section = self._sections.get(provider)
        return section is not None and section.folded and provider not in self._opened

    def is_open_for_now(self, provider: str) -> bool:
        """Folded, and shown for as long as the window is."""
        return provider in self._opened and self._sections[provider].folded

    def open_for_now(self, *providers: str) -> None:
        """Show the rows of these though they are folded, and of no others."""
        if self._opened != set(providers):
            self._opened = set(providers)
            self._filter()

    def pinned(self, ref: ModelRef) -> bool:
        """It stands on top of the menu."""
        return ref in self._pinned

    # -- lines ----------------------------------------------------------------------------------

    def line(self, index: Index) -> Line | None:
        """The line at an index; None where there is none."""
        return self._shown[index.row()] if index.isValid() and index.row() < len(self._shown) else None

    def find(self, fits: Callable[[Line], bool]) -> QModelIndex:
        """The first line that fits."""
        found = next((at for at, line in enumerate(self._shown) if fits(line)), -1)
        return self.index(found) if found >= 0 else QModelIndex()

    def again(self, line: Line, place: int) -> QModelIndex:
        """What was ``line`` before all lines were made anew; where it is gone, what took its place."""
        same = self.find(lambda it: it.key == line.key)
        if same.isValid():
            return same
        near = sorted(range(len(self._shown)), key=lambda at: (at < place, abs(at - place)))
        return next((self.index(at) for at in near if self._shown[at].live), QModelIndex())

    def first(self, provider: str = "") -> QModelIndex:
        """This account's first row, else the chosen one, else the first of all; a header where all are folded."""
        if provider:
            mine = self.find(lambda it: it.provider == provider and it.live)
            return mine if mine.isValid() else self.header_of(provider)
        chosen = self.find(lambda it: it.live and it.row is not None and it.row.checked)
        any_ = chosen if chosen.isValid() else self.find(lambda it: it.live)
        return any_ if any_.isValid() else self.find(self.foldable)

    def header_of(self, provider: str) -> QModelIndex:
        """The account's header."""
        return self.find(lambda it: it.header and it.provider == provider)

    # -- what Qt asks ---------------------------------------------------------------------------

    def rowCount(self, parent: Index | None = None) -> int:
        """How many lines are shown."""
        return 0 if parent is not None and parent.isValid() else len(self._shown)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Locked rows cannot be picked, nor headers that fold nothing."""
        line = self.line(index)
        if line is None or (line.row is not None and not line.live):
            return Qt.ItemFlag.NoItemFlags
        if line.row is None and not self.foldable(line):
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, mark and weight; for a screen reader the provider and the marks in words."""
        line = self.line(index)
        if line is None:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(line)
            case Qt.ItemDataRole.FontRole if line.row is None or line.row.checked:
                return self._bold
            case Qt.ItemDataRole.AccessibleTextRole:
                return ", ".join(filter(None, self._read(line)))
        return None

    def _text(self, line: Line) -> str:
        if self.foldable(line):
            right = "◂" if QGuiApplication.isRightToLeft() else "▸"
            return f"{right if self.folded(line.provider) else '▾'} {line.text}"
        if line.ref is not None and line.ref in self._pinned:
            return _("{model} · pinned").format(model=line.text)
        return line.text

    def _read(self, line: Line) -> Iterator[str]:
        title = self._sections[line.provider].title
        if line.row is None:
            yield title
            if self.foldable(line):
                yield _("collapsed") if self.folded(line.provider) else _("expanded")
            return
        yield line.row.label
        yield title
        yield _("chosen") if line.row.checked else ""
        yield _("pinned") if line.ref is not None and line.ref in self._pinned else ""

    # -- within ---------------------------------------------------------------------------------

    def _filter(self) -> None:
        self.beginResetModel()
        self._shown = []
        for provider, lines in self._made.items():
            title = self._sections[provider].title
            missing = [word for word in self._words if word not in title.casefold()]
            found = [it for it in lines if all(word in it.words for word in missing)] if missing else lines
            if found or not self._words:
                self._shown.append(Line(provider, title))
            if self._words or not self.folded(provider):
                self._shown += found
        self.endResetModel()

    def _ready(self, section: Section) -> list[Line] | None:
        """Its lines, if they are made."""
        if _same_rows(self._sections.get(section.provider), section):
            return self._made[section.provider]
        before, lines = self._prepared.get(section.provider, (None, []))
        return lines if _same_rows(before, section) else None

    def _lines(self, section: Section) -> Iterator[Line]:
        for row in each_row(section, len(section.models) + 1, concealed=self._concealed):
            mark = "● " if row.checked else "    "
            name = f"{row.label} {row.ref}" if row.ref is not None else row.label
            yield Line(section.provider, mark + row.label, row, name.casefold())


def _same_rows(old: Section | None, new: Section) -> bool:
    return old is not None and all(
        getattr(old, name) == getattr(new, name)
        for name in ("models", "active", "locked", "unset", "hidden", "concealed", "new")
    )
