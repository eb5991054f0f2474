"""How the Diagnostics page draws: the table of figures, and the findings with their signs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QAbstractItemView, QListView, QListWidget, QListWidgetItem, QStyle

from trayapp.core.language import _
from trayapp.qt.text_table import TextCells, TextTable
from trayapp.ui.diagnostics import heading
from trayapp.ui.figures import NUMBERS, Line, columns
from trayapp.ui.findings import Finding, Severity

LONGEST = 22
"""Letters of an account's name that are shown in the table; the rest is in its tooltip."""


class Figures(TextCells[Line]):
    """The cells: a line an account."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(columns(), NUMBERS, parent)

    def identity(self, line: Line) -> object:
        """Two accounts may have one name."""
        return line.provider

    def role_of(self, line: Line, column: int, role: int) -> Any:
        """In the tooltip, the whole name, or what stands behind the figures."""
        if role == Qt.ItemDataRole.ToolTipRole:
            return line.cells[column] if column == 0 else line.detail or None
        return None


class FigureTable(TextTable):
    """The figures, a line an account."""

    def __init__(self, model: Figures) -> None:
        super().__init__(model, _("Lists by account"))
        self._figures = model
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 0.92)
        self.setFont(font)
        self.horizontalHeader().setFont(font)
        self._fit()

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Show these."""
        if self._figures.show_lines(lines):
            self._fit()
        else:
            self.widen(1)

    def sizeHintForColumn(self, column: int) -> int:
        """As Qt has it, without asking for each cell six times: of fifty accounts that takes 20 ms."""
        letters, style = self.fontMetrics(), self.style()
        margin = style.pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin, None, self) + 1
        widest = max((letters.horizontalAdvance(line.cells[column]) for line in self._figures.lines), default=0)
        return widest + 2 + 2 * margin + self.showGrid()  # a layout rounds up what is measured here

    def _fit(self) -> None:
        self.resizeColumnsToContents()
        self.setColumnWidth(0, min(self.columnWidth(0), self.fontMetrics().averageCharWidth() * LONGEST))
        self.set_line_height()


class FindingList(QListWidget):
    """Findings with a sign and a word for how grave they are: never by colour alone."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(_("What was found"))
        self.setWordWrap(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        side = round(self.fontMetrics().height() * 1.2)
        self.setIconSize(QSize(side, side))
        self.setSpacing(2)

    def show_findings(self, found: Sequence[Finding]) -> None:
        """Show these; the list stays where it was scrolled to."""
        at, scrolled = self.currentRow(), self.verticalScrollBar().value()
        self.clear()
        for it in found:
            text = f"{it.text}\n{it.remedy}" if it.remedy else it.text
            item = QListWidgetItem(self._sign(it.severity), text, self)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{heading(it.severity)}: {text}")
            item.setToolTip(heading(it.severity))
        self.setCurrentRow(min(at, self.count() - 1))
        self.verticalScrollBar().setValue(scrolled)

    def _sign(self, severity: Severity) -> QIcon:
        signs = {
            Severity.ERROR: QStyle.StandardPixmap.SP_MessageBoxCritical,
            Severity.WARNING: QStyle.StandardPixmap.SP_MessageBoxWarning,
            Severity.NOTE: QStyle.StandardPixmap.SP_MessageBoxInformation,
            Severity.GOOD: QStyle.StandardPixmap.SP_DialogApplyButton,
        }
        return self.style().standardIcon(signs[severity])
