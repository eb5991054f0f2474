"""The table of what is in memory, on the page “Local models”: a line a model, drawn anew where it changed."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QSizePolicy

from trayapp.core.language import _
from trayapp.qt.text_table import TextCells, TextTable
from trayapp.ui import local_form
from trayapp.ui.local_form import Line

ROWS = 4
"""Models that are seen without scrolling."""

_FIGURES = (2, 3, 4)
"""Columns of figures."""


class Cells(TextCells[Line]):
    """The cells: a line a model."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(local_form.columns(), _FIGURES, parent)

    def identity(self, line: Line) -> object:
        """Two servers may have a model of one name."""
        return line.ref

    def role_of(self, line: Line, column: int, role: int) -> Any:
        """What does not fit is in the tooltip."""
        return line.cells[column] or None if role == Qt.ItemDataRole.ToolTipRole else None


class LoadedTable(TextTable):
    """A line a model. The selected model stays selected while others come and go."""

    selected = Signal()

    def __init__(self) -> None:
        self._cells = Cells()
        super().__init__(self._cells, _("Models in memory"))
        self._cells.setParent(self)
        line = self.set_line_height()
        header = self.horizontalHeader()
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
        """Show these."""
        before, at = self.line, self.currentIndex().row()
        if self._cells.show_lines(lines):
            refs = [it.ref for it in lines]
            row = refs.index(before.ref) if before is not None and before.ref in refs else min(at, len(lines) - 1)
            if row >= 0:
                self.setCurrentIndex(self._cells.index(row, 0))
        self.widen(last=-1, headed=True)
        self.selected.emit()
