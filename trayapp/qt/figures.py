"""How the Diagnostics page draws: the table of figures, and the findings with their signs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QListView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QTableView,
)

from trayapp.core.language import _
from trayapp.ui.diagnostics import heading
from trayapp.ui.figures import NUMBERS, Line, columns
from trayapp.ui.findings import Finding, Severity

LONGEST = 22
"""Letters of an account's name that are shown in the table; the rest is in its tooltip."""

_Index: TypeAlias = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class Figures(QAbstractTableModel):
    """The table's cells; what stays the same is not drawn again."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns = columns()
        self._lines: tuple[Line, ...] = ()

    def show_lines(self, lines: Sequence[Line]) -> bool:
        """Show these; True where other accounts are shown than before."""
        new = tuple(lines)
        others = [it.provider for it in new] != [it.provider for it in self._lines]
        if others:
            self.beginResetModel()
            self._lines = new
            self.endResetModel()
            return True
        changed = [at for at, line in enumerate(new) if line != self._lines[at]]
        self._lines = new
        for at in changed:
            self.dataChanged.emit(self.index(at, 0), self.index(at, len(self._columns) - 1))
        return False

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """How many accounts."""
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: _Index = _ROOT) -> int:
        """How many figures of each."""
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, side, and for a screen reader the column's name as well."""
        if not index.isValid():
            return None
        line, column = self._lines[index.row()], index.column()
        text = line.cells[column]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return text
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{self._columns[column]}: {text}" if text else ""
            case Qt.ItemDataRole.ToolTipRole:
                return text if column == 0 else line.detail or None
            case Qt.ItemDataRole.TextAlignmentRole:
                side = Qt.AlignmentFlag.AlignRight if column in NUMBERS else Qt.AlignmentFlag.AlignLeft
                return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What each column is called."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section]
        return None


class FigureTable(QTableView):
    """The figures, a line an account; Tab leaves it."""

    def __init__(self, model: Figures) -> None:
        super().__init__()
        self._figures = model
        self.setModel(model)
        self.setAccessibleName(_("Lists by account"))
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 0.92)
        self.setFont(font)
        self.horizontalHeader().setFont(font)
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
        self._fit()

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Show these; columns grow with what is in them and never shrink under the pointer."""
        if self._figures.show_lines(lines):
            self._fit()
            return
        for column in range(1, self._figures.columnCount()):
            wanted = self.sizeHintForColumn(column)
            if wanted > self.columnWidth(column):
                self.setColumnWidth(column, wanted)

    def _fit(self) -> None:
        self.resizeColumnsToContents()
        self.setColumnWidth(0, min(self.columnWidth(0), self.fontMetrics().averageCharWidth() * LONGEST))
        self.verticalHeader().setDefaultSectionSize(round(self.fontMetrics().height() * 1.6))


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
