"""Tables of text: cells that are drawn anew only where they changed, and the manners that all tables share."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

Index: TypeAlias = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class Line(Protocol):
    """One row."""

    @property
    def cells(self) -> Sequence[str]: ...


L = TypeVar("L", bound=Line)


class TextCells(QAbstractTableModel, Generic[L]):
    """A row for each line. What else a cell has than its text is said by ``role_of``."""

    def __init__(self, columns: tuple[str, ...], figures: Collection[int], parent: QObject | None = None) -> None:
        """``figures``: the columns that stand on the right."""
        super().__init__(parent)
        self.columns = columns
        self.lines: tuple[L, ...] = ()
        self._figures = figures

    def identity(self, line: L) -> object:
        """What a line is about: where another one stands in its place, the table is another."""
        return line.cells[0]

    def role_of(self, line: L, column: int, role: int) -> Any:
        """The rest of a cell; its tooltip for one."""
        return None

    def show_lines(self, lines: Sequence[L]) -> bool:
        """Show these; True where there are others than before, not only other figures."""
        new = tuple(lines)
        others = [self.identity(it) for it in new] != [self.identity(it) for it in self.lines]
        if others:
            self.beginResetModel()
            self.lines = new
            self.endResetModel()
            return True
        changed = [at for at, line in enumerate(new) if line != self.lines[at]]
        self.lines = new
        for at in changed:
            self.dataChanged.emit(self.index(at, 0), self.index(at, len(self.columns) - 1))
        return False

    def rowCount(self, parent: Index = _ROOT) -> int:
        """How many lines."""
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """How many cells of each."""
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, side, and for a screen reader the column's name as well."""
        if not index.isValid():
            return None
        line, column = self.lines[index.row()], index.column()
        text = line.cells[column]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return text
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{self.columns[column]}: {text}" if text else ""
            case Qt.ItemDataRole.TextAlignmentRole:
                side = Qt.AlignmentFlag.AlignRight if column in self._figures else Qt.AlignmentFlag.AlignLeft
                return side | Qt.AlignmentFlag.AlignVCenter
        return self.role_of(line, column, role)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What each column is called."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section]
        return None


class TextTable(QTableView):
    """A line at a time is selected, and Tab leaves the table."""

    def __init__(self, cells: TextCells[Any], name: str) -> None:
        super().__init__()
        self.setModel(cells)
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)

    def set_line_height(self) -> int:
        """As high as the letters of now want; gives the pixels."""
        line = round(self.fontMetrics().height() * 1.6)
        self.verticalHeader().setDefaultSectionSize(line)
        return line

    def widen(self, first: int = 0, last: int | None = None, *, headed: bool = False) -> None:
        """Let columns grow with what is in them; they never shrink under the pointer. ``headed``: and in the head."""
        for column in range(self.model().columnCount())[first:last]:
            wanted = self.sizeHintForColumn(column)
            if headed:
                wanted = max(wanted, self.horizontalHeader().sectionSizeHint(column))
            if wanted > self.columnWidth(column):
                self.setColumnWidth(column, wanted)
