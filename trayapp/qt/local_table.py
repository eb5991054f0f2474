"""The table of what is in memory, on the page “Local models”: a line a model, drawn anew where it changed."""

from __future__ import annotations

from typing import Any, TypeAlias

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QSizePolicy, QTableView

from trayapp.core.language import _
from trayapp.ui import local_form
from trayapp.ui.local_form import Line

ROWS = 4
"""Models that are seen without scrolling."""

_Index: TypeAlias = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_RIGHT = (2, 3, 4)
"""Columns of figures."""


class Cells(QAbstractTableModel):
    """The table's cells; what stays the same is not drawn again."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns = local_form.columns()
        self.lines: tuple[Line, ...] = ()

    def show_lines(self, lines: tuple[Line, ...]) -> bool:
        """Show these; True where other models are shown than before."""
        others = [it.ref for it in lines] != [it.ref for it in self.lines]
        if others:
            self.beginResetModel()
            self.lines = lines
            self.endResetModel()
            return True
        changed = [at for at, line in enumerate(lines) if line != self.lines[at]]
        self.lines = lines
        for at in changed:
            self.dataChanged.emit(self.index(at, 0), self.index(at, len(self._columns) - 1))
        return False

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """How many models."""
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: _Index = _ROOT) -> int:
        """How much of each."""
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, side, and for a screen reader the column's name as well."""
        if not index.isValid():
            return None
        column = index.column()
        text = self.lines[index.row()].cells[column]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return text
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{self._columns[column]}: {text}" if text else ""
            case Qt.ItemDataRole.ToolTipRole:
                return text or None
            case Qt.ItemDataRole.TextAlignmentRole:
                side = Qt.AlignmentFlag.AlignRight if column in _RIGHT else Qt.AlignmentFlag.AlignLeft
                return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What each column is called."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section]
        return None


class LoadedTable(QTableView):
    """A line a model; Tab leaves it. The selected model stays selected while others come and go."""

    selected = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._cells = Cells(self)
        self.setModel(self._cells)
        self.setAccessibleName(_("Models in memory"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        line = round(self.fontMetrics().height() * 1.6)
        self.verticalHeader().setDefaultSectionSize(line)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        self.setMinimumHeight(header.sizeHint().height() + line * ROWS + 2 * self.frameWidth())
        # else the page would want room for Qt's usual table before it shows one without scrolling
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.selectionModel().selectionChanged.connect(lambda _now, _before: self.selected.emit())
        self.resizeColumnsToContents()

    @property
    def line(self) -> Line | None:
        """The selected one."""
        at = self.currentIndex().row()
        return self._cells.lines[at] if 0 <= at < len(self._cells.lines) else None

    @property
    def lines(self) -> tuple[Line, ...]:
        """All of them."""
        return self._cells.lines

    def show_lines(self, lines: tuple[Line, ...]) -> None:
        """Show these; columns grow with what is in them and never shrink under the pointer."""
        before, at = self.line, self.currentIndex().row()
        if self._cells.show_lines(lines):
            refs = [it.ref for it in lines]
            row = refs.index(before.ref) if before is not None and before.ref in refs else min(at, len(lines) - 1)
            if row >= 0:
                self.setCurrentIndex(self._cells.index(row, 0))
        for column in range(self._cells.columnCount() - 1):
            wanted = max(self.sizeHintForColumn(column), self.horizontalHeader().sectionSizeHint(column))
            if wanted > self.columnWidth(column):
                self.setColumnWidth(column, wanted)
        self.selected.emit()
