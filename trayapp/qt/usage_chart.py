"""The bars of use: drawn in the desktop's own colours, told apart by their hatching, walked through with the arrows."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFocusEvent,
    QHelpEvent,
    QIcon,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from trayapp.core.language import _
from trayapp.ui.usage import APART, Chart

HATCHINGS = (
    Qt.BrushStyle.SolidPattern,
    Qt.BrushStyle.BDiagPattern,
    Qt.BrushStyle.Dense4Pattern,
    Qt.BrushStyle.HorPattern,
    Qt.BrushStyle.DiagCrossPattern,
    Qt.BrushStyle.NoBrush,
)
"""Of the parts in their order; the last is of all others."""
_TOWARDS_TEXT = (0.0, 0.25, 0.5, 0.65, 0.8, 1.0)
"""How much of the text's colour is in that of the highlight: what two parts differ by besides."""
_KEYS: dict[int, int] = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_PageUp: -7,
    Qt.Key.Key_PageDown: 7,
}


def brush(palette: QPalette, part: int) -> QBrush:
    """What a part is filled with, in these colours."""
    at = min(part, APART)
    return QBrush(_mixed(palette, _TOWARDS_TEXT[at]), HATCHINGS[at])


def swatch(palette: QPalette, part: int, side: int, ratio: float = 1.0) -> QIcon:
    """A square filled as the part is, for the table."""
    pixels = QPixmap(round(side * ratio), round(side * ratio))
    pixels.setDevicePixelRatio(ratio)
    pixels.fill(palette.color(QPalette.ColorRole.Base))
    painter = QPainter(pixels)
    _fill(painter, palette, part, QRectF(0.5, 0.5, side - 1, side - 1))
    painter.end()
    icon = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):  # else a selected one is tinted beyond recognition
        icon.addPixmap(pixels, mode)
    return icon


class UsageChart(QWidget):
    """Shows a chart; one day of it may be chosen, and is told by ``chosen`` in words."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._chart = Chart()
        self._day: int | None = None
        self.setAccessibleName(_("Use by day"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def chart(self) -> Chart:
        """What is shown."""
        return self._chart

    @property
    def day(self) -> int | None:
        """Which day is chosen, counted from the left."""
        return self._day

    def show_chart(self, chart: Chart) -> None:
        """Show this one; the chosen day stays."""
        self._chart = chart
        if self._day is not None and self._day >= len(chart.bars):
            self._day = None
        self._tell()
        self.update()

    def choose(self, day: int | None) -> None:
        """Choose a day, or none."""
        last = len(self._chart.bars) - 1
        self._day = None if day is None or last < 0 else min(max(0, day), last)
        self._tell()
        self.update()

    def _tell(self) -> None:
        words = self._chart.bars[self._day].words if self._day is not None else ""
        self.setAccessibleDescription(" ".join(filter(None, (words, self._chart.summary))))
        self.chosen.emit(words)

    # -- what the user does ---------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go from day to day, Page Up and Down from week to week, Home and End to the ends."""
        key, last = event.key(), len(self._chart.bars) - 1
        if key in _KEYS:
            self.choose(last if self._day is None else self._day + _KEYS[key])
        elif key == Qt.Key.Key_Home:
            self.choose(0)
        elif key == Qt.Key.Key_End:
            self.choose(last)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click chooses the day below the pointer; beside the bars, none."""
        self.choose(self.day_at(event.position()))

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Who comes with the keyboard begins at today."""
        super().focusInEvent(event)
        if self._day is None and event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.choose(len(self._chart.bars) - 1)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The frame goes."""
        super().focusOutEvent(event)
        self.update()

    def event(self, event: QEvent) -> bool:
        """A tooltip for every day."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            at = self.day_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self._chart.bars[at].words if at is not None else "", self)
            return True
        return super().event(event)

    # -- drawing --------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        """Wide enough to tell the days apart."""
        line = self.fontMetrics().height()
        return QSize(line * 32, line * 9)

    def minimumSizeHint(self) -> QSize:
        """As small as it can be read."""
        line = self.fontMetrics().height()
        return QSize(line * 16, line * 6)

    def day_at(self, point: QPointF) -> int | None:
        """The day whose bar stands there, or would if it were higher."""
        plot = self._plot()
        if not self._chart.bars or not plot.contains(point):
            return None
        return min(int((point.x() - plot.left()) / (plot.width() / len(self._chart.bars))), len(self._chart.bars) - 1)

    def _plot(self) -> QRectF:
        letters = self.fontMetrics()
        left = max((letters.horizontalAdvance(text) for _height, text in self._chart.ticks), default=0) + 8
        return QRectF(left, letters.height() / 2 + 2, self.width() - left - 6, self.height() - letters.height() * 2 - 2)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Scale, bars, the names of some days, and a frame around the chosen one."""
        painter = QPainter(self)
        palette, plot = self.palette(), self._plot()
        self._draw_scale(painter, palette, plot)
        for at in range(len(self._chart.bars)):
            self._draw_bar(painter, palette, self._slot(plot, at), at)
        if self.hasFocus():
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 1, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _draw_scale(self, painter: QPainter, palette: QPalette, plot: QRectF) -> None:
        faint = _mixed(palette, 1.0, QPalette.ColorRole.Window, 0.75)
        text = palette.color(QPalette.ColorRole.WindowText)
        top = self._top
        for height, words in ((0.0, ""), *self._chart.ticks):
            y = round(plot.bottom() - plot.height() * height / top) + 0.5
            painter.setPen(QPen(text if not height else faint, 1))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(text)
            line = self.fontMetrics().height()
            side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, y - line / 2, plot.left() - 6, line), int(side), words)

    def _draw_bar(self, painter: QPainter, palette: QPalette, slot: QRectF, at: int) -> None:
        bar = self._chart.bars[at]
        gap = max(1.0, slot.width() * 0.15)
        floor = slot.bottom()
        for part, height in enumerate(bar.parts):
            number = APART if self._chart.others and part == len(bar.parts) - 1 else part
            tall = slot.height() * height / self._top
            if tall:
                tall = max(tall, 1.5)  # what is there is seen
                box = QRectF(slot.left() + gap, floor - tall, slot.width() - 2 * gap, tall)
                _fill(painter, palette, number, box)
                floor -= tall
        if at == self._day:
            painter.setPen(QPen(palette.color(QPalette.ColorRole.WindowText), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(slot.adjusted(1, 0, -1, 0))
        if bar.label:
            self._draw_label(painter, palette, slot, bar.label)

    def _draw_label(self, painter: QPainter, palette: QPalette, slot: QRectF, label: str) -> None:
        letters = self.fontMetrics()
        wide = letters.horizontalAdvance(label) + 2
        left = min(max(0.0, slot.center().x() - wide / 2), self.width() - wide)
        painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        place = QRectF(left, slot.bottom() + 3, wide, letters.height())
        painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), label)

    def _slot(self, plot: QRectF, at: int) -> QRectF:
        wide = plot.width() / len(self._chart.bars)
        return QRectF(plot.left() + wide * at, plot.top(), wide, plot.height())

    @property
    def _top(self) -> float:
        return self._chart.ticks[-1][0] if self._chart.ticks else 1.0


def _fill(painter: QPainter, palette: QPalette, part: int, box: QRectF) -> None:
    filled = brush(palette, part)
    painter.fillRect(box, palette.color(QPalette.ColorRole.Base))
    painter.fillRect(box, filled)
    painter.setPen(QPen(filled.color(), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(box)


def _mixed(
    palette: QPalette, towards_text: float, other: QPalette.ColorRole = QPalette.ColorRole.Highlight, share: float = 0.0
) -> QColor:
    """Between the colour of the highlight and that of text, or between text and another one."""
    text = palette.color(QPalette.ColorRole.WindowText)
    base = palette.color(other)
    part = towards_text if not share else 1 - share
    channels = zip(base.getRgb()[:3], text.getRgb()[:3], strict=True)  # type: ignore[index]
    return QColor(*(round(one + (two - one) * part) for one, two in channels))
