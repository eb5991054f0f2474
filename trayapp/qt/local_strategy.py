"""The choice of a strategy on the page “Local models”: what each does, what it takes, and which one is suggested."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QLabel, QRadioButton, QScrollArea, QStyle, QWidget

from trayapp.core.language import _
from trayapp.qt.dialogs import plain
from trayapp.qt.fields import embolden, make_scrolling, small
from trayapp.ui.form import access_keys
from trayapp.ui.local_form import STRATEGY_NAMES, UNMANAGED, Option, Suggestion


class StrategyChoice(QScrollArea):
    """Shows the strategy that holds, and keeps the one that was clicked until it is saved or taken back."""

    changed = Signal()

    def __init__(self, *, taken: str = "") -> None:
        super().__init__()
        self._held = UNMANAGED
        inside = QWidget()
        grid = QGridLayout(inside)
        self.suggestion = plain(_("Looking at this computer’s memory…"))
        intro = plain(
            _("This decides how long models stay in memory after they were used, whichever program used them.")
        )
        grid.addWidget(intro, 0, 0)
        grid.addWidget(self.suggestion, 1, 0)
        self.group = QButtonGroup(self)
        self.radios: dict[str, QRadioButton] = {}
        self._suggested: dict[str, QLabel] = {}
        self._texts: dict[str, QLabel] = {}
        self._figures: dict[str, QLabel] = {}
        labels = access_keys((_(name) for name in STRATEGY_NAMES.values()), taken)
        for (id, name), label in zip(STRATEGY_NAMES.items(), labels, strict=True):
            radio = self.radios[id] = QRadioButton(label)
            radio.setAccessibleName(_(name))
            self.group.addButton(radio)
            radio.toggled.connect(self._toggled)
            text = self._texts[id] = plain()
            figures = self._figures[id] = small(plain())
            mark = self._suggested[id] = small(plain(_("suggested")))
            embolden(mark)
            mark.hide()
            row = grid.rowCount()
            grid.setRowMinimumHeight(row, self.fontMetrics().height() // 5)
            beside = QHBoxLayout()
            beside.addWidget(radio)
            beside.addWidget(mark, 1)
            grid.addLayout(beside, row + 1, 0)
            grid.addWidget(_indented(text, radio), row + 2, 0)
            grid.addWidget(_indented(figures, radio), row + 3, 0)
        grid.setRowStretch(grid.rowCount(), 1)
        make_scrolling(self, inside)
        self.radios[UNMANAGED].setChecked(True)

    @property
    def chosen(self) -> str | None:
        """The strategy as clicked; None: local models are left alone."""
        return next((id for id, radio in self.radios.items() if radio.isChecked()), UNMANAGED) or None

    @property
    def dirty(self) -> bool:
        """Another one is clicked than the one that holds."""
        return (self.chosen or UNMANAGED) != self._held

    @property
    def control(self) -> QWidget:
        """Where the keyboard goes."""
        return self.radios[self.chosen or UNMANAGED]

    def show_strategy(self, strategy: str | None, *, forget: bool = False) -> None:
        """Show the one that holds now; what was clicked stays unless ``forget``."""
        keep = not forget and self.dirty
        self._held = strategy if strategy in self.radios else UNMANAGED
        if not keep:
            self.radios[self._held].setChecked(True)

    def show_options(self, options: Sequence[Option]) -> None:
        """Say what each does, under the figures as they are entered."""
        for option in options:
            self._texts[option.id].setText(option.text)
            figures = self._figures[option.id]
            figures.setText(option.figures)
            figures.setVisible(bool(option.figures))
            self.radios[option.id].setAccessibleDescription(f"{option.text} {option.figures}".strip())

    def show_suggestion(self, suggestion: Suggestion) -> None:
        """Say which one this computer's memory speaks for. It is never chosen for anybody."""
        self.suggestion.setText(suggestion.text)
        self.suggestion.setVisible(bool(suggestion.text))
        for id, mark in self._suggested.items():
            mark.setVisible(bool(suggestion.strategy) and id == suggestion.strategy)

    def _toggled(self, on: bool) -> None:
        if on:
            self.changed.emit()


def _indented(label: QLabel, radio: QRadioButton) -> QWidget:
    """The text below a radio button, in line with the button's own."""
    style = radio.style()
    beside = style.pixelMetric(QStyle.PixelMetric.PM_ExclusiveIndicatorWidth, None, radio)
    beside += style.pixelMetric(QStyle.PixelMetric.PM_RadioButtonLabelSpacing, None, radio)
    room = QWidget()
    grid = QGridLayout(room)
    grid.setContentsMargins(beside, 0, 0, 0)
    grid.addWidget(label, 0, 0, Qt.AlignmentFlag.AlignTop)
    return room
