"""The table of use: a line a provider, model or tool, with the hatching that its part of the bars has."""

from __future__ import annotations

from typing import Any, TypeAlias

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont, QIcon, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from trayapp.core.language import _
from trayapp.qt.usage_chart import swatch
from trayapp.ui.usage import Line

LONGEST = 34
"""Letters of a name that are shown where room is scarce; the rest is in its tooltip."""

_Index: TypeAlias = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class Cells(QAbstractTableModel):
    """The table's cells; what stays the same is not drawn again."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns: tuple[str, ...] = ()
        self.lines: tuple[Line, ...] = ()
        self._bold = QFont()
        self._swatches: dict[int, QIcon] = {}

    def show_lines(self, columns: tuple[str, ...], lines: tuple[Line, ...]) -> bool:
        """Show these; True where there are others than before, not only other figures."""
        others = columns != self._columns or [it.cells[0] for it in lines] != [it.cells[0] for it in self.lines]
        if others:
            self.beginResetModel()
            self._columns, self.lines = columns, lines
            self.endResetModel()
            return True
        changed = [at for at, line in enumerate(lines) if line != self.lines[at]]
        self.lines = lines
        for at in changed:
            self.dataChanged.emit(self.index(at, 0), self.index(at, len(self._columns) - 1))
        return False

    def show_swatches(self, swatches: dict[int, QIcon], bold: QFont) -> None:
        """What parts look like in the colours of now."""
        self._swatches, self._bold = swatches, bold
        if self.lines:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.lines) - 1, len(self._columns) - 1))

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """How many lines."""
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: _Index = _ROOT) -> int:
        """How many figures of each."""
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, side, hatching, and for a screen reader the column's name as well."""
        if not index.isValid():
            return None
        line, column = self.lines[index.row()], index.column()
        text = line.cells[column]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return text
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{self._columns[column]}: {text}" if text else ""
            case Qt.ItemDataRole.ToolTipRole:
                return text if column == 0 else None
            case Qt.ItemDataRole.DecorationRole:
                return self._swatches.get(line.part) if column == 0 and line.part is not None else None
            case Qt.ItemDataRole.FontRole:
                return self._bold if line.part is None else None
            case Qt.ItemDataRole.TextAlignmentRole:
                side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
                return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What each column is called."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section]
        return None


class UsageTable(QTableView):
    """A line each; Tab leaves it."""

    def __init__(self, parts: int) -> None:
        """``parts``: how many hatchings there are."""
        super().__init__()
        self._parts = parts
        self._name_width = 0
        self.cells = Cells(self)
        self.setModel(self.cells)
        self.setAccessibleName(_("Use in figures"))
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
        self._dress()

    def show_lines(self, columns: tuple[str, ...], lines: tuple[Line, ...]) -> None:
        """Show these; columns grow with what is in them and never shrink under the pointer."""
        if self.cells.show_lines(columns, lines):
            self.resizeColumnsToContents()
            self._name_width = min(self.columnWidth(0), self.fontMetrics().averageCharWidth() * LONGEST)
            self._spread()
            return
        for column in range(1, self.cells.columnCount()):
            wanted = self.sizeHintForColumn(column)
            if wanted > self.columnWidth(column):
                self.setColumnWidth(column, wanted)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Room that is left is the names'."""
        super().resizeEvent(event)
        self._spread()

    def _spread(self) -> None:
        if self.cells.lines:
            figures = sum(self.columnWidth(at) for at in range(1, self.cells.columnCount()))
            self.setColumnWidth(0, max(self._name_width, self.viewport().width() - figures))

    def changeEvent(self, event: QEvent) -> None:
        """Light turned dark, or letters grew."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._dress()

    def _dress(self) -> None:
        line = self.fontMetrics().height()
        self.verticalHeader().setDefaultSectionSize(round(line * 1.6))
        bold = QFont(self.font())
        bold.setBold(True)
        icons = {part: swatch(self.palette(), part, line, self.devicePixelRatioF()) for part in range(self._parts)}
        self.cells.show_swatches(icons, bold)
