"""Exceptions from the strategy, a line each: models that are never unloaded, or always after their answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QGroupBox,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from trayapp.core.language import _
from trayapp.core.local_settings import Treatment
from trayapp.core.settings import Settings
from trayapp.local.residency import canonical
from trayapp.qt.dialogs import plain
from trayapp.qt.fields import small
from trayapp.qt.local_order import ModelBox, enable, forced, note, push, say
from trayapp.ui.form import access_keys
from trayapp.ui.local_form import TREATMENTS

ROWS = 3
"""Lines that are seen without scrolling."""


class Exceptions(QGroupBox):
    """Holds the exceptions as entered until they are saved or taken back."""

    changed = Signal()

    def __init__(self, *, help: str, taken: str = "") -> None:
        super().__init__(_("Exceptions"))
        self.setAccessibleName(_("Exceptions"))
        self._held: dict[str, Treatment] = {}
        self._value: dict[str, Treatment] = {}
        add, remove = access_keys((_("Add"), _("Remove")), taken)
        self.table = QTableWidget(0, 2)
        self.table.setAccessibleName(_("Exceptions"))
        self.table.setAccessibleDescription(help)
        self.table.setHorizontalHeaderLabels([_("Model"), _("What happens")])
        self.table.verticalHeader().hide()
        self.table.setTabKeyNavigation(False)
        self.table.setCornerButtonEnabled(False)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        line = round(self.fontMetrics().height() * 1.6)
        self.table.verticalHeader().setDefaultSectionSize(line)
        self.table.setFixedHeight(header.sizeHint().height() + line * ROWS + 2 * self.table.frameWidth())
        self.table.itemSelectionChanged.connect(self._offer)
        self.model = ModelBox(_("Model of the exception"), placeholder=_("Model, such as qwen2.5:7b"), letters=20)
        self.model.editTextChanged.connect(lambda _text: self._offer())
        self.treatment = QComboBox()
        self.treatment.setAccessibleName(_("What happens to the model"))
        for how, told in TREATMENTS.items():
            self.treatment.addItem(_(told), how)
        self.add_button = push(add, self._add, _("Add the exception"))
        self.remove_button = push(remove, self._remove, _("Remove the selected exception"))
        self.note = note()
        row, buttons = QHBoxLayout(), QHBoxLayout()
        row.addWidget(self.model, 1)
        row.addWidget(self.treatment)
        buttons.addWidget(self.add_button)
        buttons.addWidget(self.remove_button)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addWidget(small(plain(help)))
        layout.addWidget(self.table)
        layout.addLayout(row)
        layout.addLayout(buttons)
        layout.addWidget(self.note)
        self._draw()

    @property
    def controls(self) -> tuple[QWidget, ...]:
        """In the order in which they are read."""
        return (self.table, self.model, self.treatment, self.add_button, self.remove_button)

    @property
    def control(self) -> QWidget:
        """Where the keyboard goes."""
        return self.model

    @property
    def dirty(self) -> bool:
        """Something else is entered than what holds."""
        return self._value != self._held

    @property
    def problem(self) -> str:
        """What is wrong with what is entered: nothing can be."""
        return ""

    def show_settings(self, settings: Settings, variable: str = "", *, forget: bool = False) -> None:
        """Show what holds now; what was entered stays unless ``forget``. ``variable`` sets it from outside."""
        keep = not forget and self.dirty and not variable
        self._held = dict(settings.local_exceptions)
        if not keep:
            self._value = dict(self._held)
        say(self.note, forced(variable))
        enable((self.model, self.treatment, self.table), not variable)
        self._draw()

    def enter(self, value: Mapping[str, Treatment]) -> None:
        """Put these in."""
        self._take(value)

    def applied(self, settings: Settings) -> Settings:
        """The settings with what is entered."""
        return msgspec.structs.replace(settings, local_exceptions=dict(self._value)) if self.dirty else settings

    def offer(self, names: Iterable[str]) -> None:
        """Have these models to choose from."""
        self.model.offer(names)

    def _add(self) -> None:
        name, how = self.model.text, self.treatment.currentData()
        others = {it: treated for it, treated in self._value.items() if canonical(it) != canonical(name)}
        self._take(others | {name: how})
        self.table.selectRow(len(self._value) - 1)
        self.model.enter("")
        self.model.setFocus()

    def _remove(self) -> None:
        at = self.table.currentRow()
        names = list(self._value)
        self._take({name: self._value[name] for name in names if name != names[at]})
        if self._value:
            self.table.selectRow(min(at, len(self._value) - 1))
        else:
            self.model.setFocus()

    def _take(self, value: Mapping[str, Treatment]) -> None:
        self._value = dict(value)
        self._draw()
        self.changed.emit()

    def _draw(self) -> None:
        at = self.table.currentRow()
        self.table.setRowCount(len(self._value))
        for row, (name, how) in enumerate(self._value.items()):
            for column, text in enumerate((name, _(TREATMENTS[how]))):
                self.table.setItem(row, column, QTableWidgetItem(text))
        self.table.setCurrentCell(min(at, len(self._value) - 1), 0)
        self._offer()

    def _offer(self) -> None:
        self.add_button.setEnabled(self.model.isEnabled() and bool(self.model.text))
        self.remove_button.setEnabled(self.table.isEnabled() and self.table.currentRow() >= 0)
