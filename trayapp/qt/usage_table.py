"""The table of use: a line a provider, model or tool, with the hatching that its part of the bars has."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QFont, QIcon, QResizeEvent

from trayapp.core.language import _
from trayapp.qt.text_table import TextCells, TextTable
from trayapp.qt.usage_chart import swatch
from trayapp.ui.usage import Line

LONGEST = 34
"""Letters of a name that are shown where room is scarce; the rest is in its tooltip."""


class Cells(TextCells[Line]):
    """The cells, with the hatchings of the bars beside the names."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__((), range(1, LONGEST), parent)
        self._bold = QFont()
        self._swatches: dict[int, QIcon] = {}

    def show_table(self, columns: tuple[str, ...], lines: tuple[Line, ...]) -> bool:
        """Show these; True where there are others than before, not only other figures."""
        if columns != self.columns:
            self.beginResetModel()
            self.columns, self.lines = columns, lines
            self.endResetModel()
            return True
        return self.show_lines(lines)

    def show_swatches(self, swatches: dict[int, QIcon], bold: QFont) -> None:
        """What parts look like in the colours of now."""
        self._swatches, self._bold = swatches, bold
        if self.lines:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.lines) - 1, len(self.columns) - 1))

    def role_of(self, line: Line, column: int, role: int) -> Any:
        """The whole name, its hatching, and the sums in bold."""
        match role:
            case Qt.ItemDataRole.ToolTipRole:
                return line.cells[column] if column == 0 else None
            case Qt.ItemDataRole.DecorationRole:
                return self._swatches.get(line.part) if column == 0 and line.part is not None else None
            case Qt.ItemDataRole.FontRole:
                return self._bold if line.part is None else None
        return None


class UsageTable(TextTable):
    """A line each; the room that is left is the names'."""

    def __init__(self, parts: int) -> None:
        """``parts``: how many hatchings there are."""
        self.cells = Cells()
        super().__init__(self.cells, _("Use in figures"))
        self.cells.setParent(self)
        self._parts = parts
        self._name_width = 0
        self._dress()

    def show_lines(self, columns: tuple[str, ...], lines: tuple[Line, ...]) -> None:
        """Show these."""
        if self.cells.show_table(columns, lines):
            self.resizeColumnsToContents()
            self._name_width = min(self.columnWidth(0), self.fontMetrics().averageCharWidth() * LONGEST)
            self._spread()
        else:
            self.widen(1)

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
        self.set_line_height()
        line = self.fontMetrics().height()
        bold = QFont(self.font())
        bold.setBold(True)
        icons = {part: swatch(self.palette(), part, line, self.devicePixelRatioF()) for part in range(self._parts)}
        self.cells.show_swatches(icons, bold)
