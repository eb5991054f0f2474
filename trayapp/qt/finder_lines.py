"""The list of the quick switcher: what was found as rows, and how a row is painted."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QPainter,
    QPalette,
    QPolygonF,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from trayapp.core.models import ModelRef
from trayapp.ui import finder_row
from trayapp.ui.finder import Found
from trayapp.ui.finder_index import Candidate, Index, Marks
from trayapp.ui.finder_row import Standing, Text

AnyIndex: TypeAlias = QModelIndex | QPersistentModelIndex

_LAYOUTS = 300
"""Texts with bold letters that are kept laid out; a window shows a few dozen."""
_STAR = ((0, -1), (0.26, -0.36), (0.95, -0.31), (0.42, 0.14), (0.59, 0.81), (0, 0.44))
"""The right half of a five-pointed star around the origin, from its top to its lower notch."""


class Lines(QAbstractListModel):
    """The candidates that were found, by their places in the index; nothing is made for rows that nobody sees."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.index_ = Index(())
        self.found = Found()
        self.marks = Marks()

    def show(self, index: Index, found: Found, marks: Marks) -> None:
        """Show these in place of all before."""
        self.beginResetModel()
        self.index_, self.found, self.marks = index, found, marks
        self.endResetModel()

    def candidate(self, row: int) -> Candidate | None:
        """What is in a row; None where there is none."""
        places = self.found.places
        return self.index_.candidates[places[row]] if 0 <= row < len(places) else None

    def standing(self, row: int) -> Standing:
        """How the model of a row that is there stands."""
        at, marks = self.found.places[row], self.marks
        return Standing(at == marks.chosen, at in marks.pinned, at in marks.loaded)

    def row_of(self, ref: ModelRef | None) -> int:
        """Where a model is; -1 where it is not."""
        at = self.index_.place(ref)
        return self.found.places.index(at) if at is not None and at in self.found.places else -1

    def rowCount(self, parent: AnyIndex | None = None) -> int:
        """How many were found."""
        return 0 if parent is not None and parent.isValid() else len(self.found.places)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The name; for a screen reader everything that is painted. The rest is painted from the candidate."""
        it = self.candidate(index.row()) if index.isValid() else None
        if it is None:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return it.model.label
            case Qt.ItemDataRole.AccessibleTextRole:
                return finder_row.spoken(it, self.standing(index.row()))
        return None


_LINE = Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter
_LEFT = int(_LINE | Qt.AlignmentFlag.AlignLeft) | int(Qt.TextFlag.TextSingleLine)
_RIGHT = int(_LINE | Qt.AlignmentFlag.AlignRight) | int(Qt.TextFlag.TextSingleLine)


def buffered(lines: Lines) -> QSortFilterProxyModel:
    """The same rows, counted without Python.

    A list view asks for the index of every row when it lays them out, and each of these asks how many rows there are:
    with 5,000 rows that was half a frame. This model is told once and remembers.
    """
    made = QSortFilterProxyModel(lines)
    made.setSourceModel(lines)
    return made


class _Face(NamedTuple):
    """A font and its measures; those of its bold letters too, which tell what was found: names are not bold."""

    font: QFont
    metrics: QFontMetricsF
    bold: QFontMetricsF
    key: str


def _face(font: QFont) -> _Face:
    font, bold = QFont(font), QFont(font)  # what is handed in is a part of something that is gone when this is used
    bold.setBold(True)
    return _Face(font, QFontMetricsF(font), QFontMetricsF(bold), font.key())


class _Look:
    """Fonts and measures of the rows: made when the font is another, not with every row."""

    def __init__(self, font: QFont) -> None:
        smaller = QFont(font)
        if font.pointSizeF() > 0:
            smaller.setPointSizeF(font.pointSizeF() * 0.88)
        else:
            smaller.setPixelSize(max(1, round(font.pixelSize() * 0.88)))
        self.name, self.small = _face(font), _face(smaller)
        name, small = self.name.metrics, self.small.metrics
        self.gap = name.averageCharWidth()
        self.mark = 0.62 * name.height()
        self.top, self.under = name.height(), small.height()
        self.edge = max(2.0, 0.16 * name.height())
        self.height = self.top + self.under + 2 * self.edge
        free = finder_row.figures_at_most()
        self.context, self.cost = (max(map(name.horizontalAdvance, it)) for it in (free.contexts, free.costs))
        self.traits = tuple(small.horizontalAdvance(word) for word in finder_row.traits())


class Rows(QStyledItemDelegate):
    """Paints a row: marks, name and figures, and below them account, id and traits in columns."""

    def __init__(self, lines: Lines, parent: QObject) -> None:
        super().__init__(parent)
        self._lines = lines
        self._font = ""
        self._made: _Look | None = None
        self._laid: dict[tuple[str, tuple[tuple[int, int], ...], float, str], tuple[QTextLayout, float]] = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        """Every row is as high as every other."""
        return QSize(1, self.height(option.font))

    def height(self, font: QFont) -> int:
        """Of one row, in pixels of the screen's scale."""
        return round(self._look(font).height)

    def forget(self) -> None:
        """Fonts or language may be others now."""
        self._made = None
        self._laid.clear()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Paint it from left to right; in a layout from right to left every box changes sides."""
        it = self._lines.candidate(index.row())
        if it is None:
            return
        look, palette = self._look(option.font), option.palette
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if selected:  # as if it had the keyboard: that is in the search field, and what Enter takes is here
            painter.fillRect(option.rect, palette.brush(QPalette.ColorGroup.Active, QPalette.ColorRole.Highlight))
        role = QPalette.ColorRole.HighlightedText if selected else QPalette.ColorRole.Text
        painter.setPen(palette.color(QPalette.ColorGroup.Active, role))
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # or a price would be turned round
        _Row(self, painter, QRectF(option.rect), look, option.direction == Qt.LayoutDirection.RightToLeft).draw(
            it, self._lines.standing(index.row()), self._lines.found.called
        )
        painter.restore()

    def laid(self, text: Text, width: float, face: _Face) -> tuple[QTextLayout, float]:
        """A text with bold letters, cut to the width, and how wide it is then."""
        key = (text.text, text.met, width, face.key)
        made = self._laid.get(key)
        if made is None:
            if len(self._laid) >= _LAYOUTS:
                self._laid.clear()
            made = self._laid[key] = _layout(text, width, face)
        return made

    def _look(self, font: QFont) -> _Look:
        key = font.key()
        if self._made is None or key != self._font:
            self.forget()
            self._font, self._made = key, _Look(font)
        return self._made


class _Row:
    """One row that is being painted."""

    def __init__(self, rows: Rows, painter: QPainter, box: QRectF, look: _Look, mirrored: bool) -> None:
        self._rows = rows
        self._painter = painter
        self._box = box
        self._look = look
        self._mirrored = mirrored

    def draw(self, it: Candidate, standing: Standing, called: tuple[str, ...]) -> None:
        look, box = self._look, self._box
        left, right = look.gap / 2, box.width() - look.gap
        if standing.chosen:
            self._dot(left)
        if standing.pinned:
            self._star(left + look.mark)
        left += 2 * look.mark + look.gap / 2
        name, under = finder_row.texts(it, called)
        figures = finder_row.figures(it.model)
        edge = right - look.cost
        self._plain(figures.cost, edge, look.cost, look.name)
        edge -= look.context + 1.5 * look.gap
        self._plain(figures.context, edge, look.context, look.name)
        self._text(name, left, edge - look.gap - left, look.name)
        edge = start = right + look.gap
        having = zip(finder_row.traits(), finder_row.has(it, standing), look.traits, strict=True)
        for word, there, width in reversed(tuple(having)):
            edge -= width + look.gap
            if there:
                start = edge
                self._plain(word, edge, width, look.small, below=True)
        self._text(under, left, start - look.gap - left, look.small, below=True)

    def _place(self, x: float, width: float, *, below: bool = False) -> QRectF:
        """A box in this row, on the other side in a layout from right to left."""
        look, box = self._look, self._box
        y = box.top() + look.edge + (look.top if below else 0)
        x = box.right() - x - width if self._mirrored else box.left() + x
        return QRectF(x, y, width, look.under if below else look.top)

    def _plain(self, text: str, x: float, width: float, face: _Face, *, below: bool = False) -> None:
        """A figure or a word of ours at the far edge of its column."""
        if not text:
            return
        if face.metrics.horizontalAdvance(text) > width:
            text = face.metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
        self._painter.setFont(face.font)
        self._painter.drawText(self._place(x, width, below=below), _LEFT if self._mirrored else _RIGHT, text)

    def _text(self, text: Text, x: float, width: float, face: _Face, *, below: bool = False) -> None:
        """A name at the near edge of its column, cut where it does not fit."""
        if width < 1:
            return
        layout, natural = self._rows.laid(text, width, face)
        box = self._place(x, width, below=below)
        layout.draw(self._painter, QPointF(box.right() - natural if self._mirrored else box.left(), box.top()))

    def _dot(self, x: float) -> None:
        """The chosen model: a filled circle."""
        centre, size = self._mark(x)
        self._shape()
        self._painter.drawEllipse(centre, 0.72 * size, 0.72 * size)

    def _star(self, x: float) -> None:
        """A pinned model."""
        centre, size = self._mark(x)
        half = [QPointF(centre.x() + size * dx, centre.y() + size * dy) for dx, dy in _STAR]
        other = [QPointF(centre.x() - size * dx, centre.y() + size * dy) for dx, dy in reversed(_STAR[1:-1])]
        self._shape()
        self._painter.drawPolygon(QPolygonF(half + other))

    def _mark(self, x: float) -> tuple[QPointF, float]:
        return self._place(x, self._look.mark).center(), 0.42 * self._look.mark

    def _shape(self) -> None:
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._painter.setBrush(self._painter.pen().color())


def _layout(text: Text, width: float, face: _Face) -> tuple[QTextLayout, float]:
    shown = "".join([it if it.isprintable() else " " for it in text.text])  # a list from outside may hold anything
    metrics = face.bold if text.met else face.metrics
    if metrics.horizontalAdvance(shown) > width:
        shown = metrics.elidedText(shown, Qt.TextElideMode.ElideRight, width)
    layout = QTextLayout(shown, face.font)
    option = QTextOption(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignAbsolute)
    option.setTextDirection(Qt.LayoutDirection.LayoutDirectionAuto)  # by the name, not by the desktop
    option.setWrapMode(QTextOption.WrapMode.NoWrap)
    layout.setTextOption(option)
    heavy = QTextCharFormat()
    heavy.setFontWeight(QFont.Weight.Bold)
    formats = []
    for start, end in text.met:
        part = QTextLayout.FormatRange()
        part.start, part.length = _units(shown, start), _units(shown, end) - _units(shown, start)
        part.format = heavy
        formats.append(part)
    layout.setFormats(formats)
    layout.beginLayout()
    line = layout.createLine()
    line.setLineWidth(width)
    layout.endLayout()
    return layout, line.naturalTextWidth()


def _units(text: str, at: int) -> int:
    """Qt counts the letters beyond the first 65,536 twice."""
    return at + sum(ord(it) > 0xFFFF for it in text[:at])
