"""What stands in for a provider that failed, on the page “Gateway”: models and roles in the order to be tried."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QGroupBox, QListWidget, QVBoxLayout, QWidget

from trayapp.core.language import _
from trayapp.core.settings import Settings
from trayapp.qt.dialogs import plain
from trayapp.qt.fields import small
from trayapp.qt.local_order import ModelBox, enable, forced, moved, note, push, say
from trayapp.ui import gateway
from trayapp.ui.form import access_keys

ROWS = 4
"""Lines that are seen without scrolling."""


class Failover(QGroupBox):
    """Holds the list as entered until it is saved or taken back."""

    changed = Signal()

    def __init__(self, *, help: str, taken: str = "") -> None:
        super().__init__(_("When a provider fails"))
        self.setAccessibleName(_("When a provider fails"))
        self._held: tuple[str, ...] = ()
        self._value: tuple[str, ...] = ()
        self._variable = ""
        add, remove, up, down = access_keys((_("Add"), _("Remove"), _("Up"), _("Down")), taken)
        self.list = QListWidget()
        self.list.setAccessibleName(_("Models and roles to try, in their order"))
        self.list.setAccessibleDescription(help)
        self.list.setFixedHeight(round(self.fontMetrics().height() * 1.4) * ROWS + 2 * self.list.frameWidth())
        self.list.currentRowChanged.connect(lambda _row: self._offer())
        self.model = ModelBox(_("Model or role to try"), placeholder=_("ACCOUNT/MODEL, or a role"), letters=20)
        self.model.editTextChanged.connect(lambda _text: self._offer())
        self.add_button = push(add, self._add, _("Add the model or role to the list"))
        self.remove_button = push(remove, self._remove, _("Remove the selected entry from the list"))
        self.up_button = push(up, lambda: self._move(-1), _("Try the selected entry earlier"))
        self.down_button = push(down, lambda: self._move(1), _("Try the selected entry later"))
        self.problem_note = note()
        self.about = note()
        self._forced = note()
        beside = QVBoxLayout()
        for button in (self.up_button, self.down_button, self.remove_button):
            beside.addWidget(button)
        beside.addStretch(1)
        nothing = _("The first in the list that is not in trouble itself is tried. An empty list: no other is tried.")
        grid = QGridLayout(self)
        grid.setColumnStretch(0, 1)
        grid.addWidget(small(plain(f"{help} {nothing}".strip())), 0, 0, 1, 2)
        grid.addWidget(self.list, 1, 0)
        grid.addLayout(beside, 1, 1)
        grid.addWidget(self.model, 2, 0)
        grid.addWidget(self.add_button, 2, 1)
        grid.addWidget(self.problem_note, 3, 0, 1, 2)
        grid.addWidget(self.about, 4, 0, 1, 2)
        grid.addWidget(self._forced, 5, 0, 1, 2)
        self._offer()

    @property
    def value(self) -> tuple[str, ...]:
        """The list as entered."""
        return self._value

    @property
    def control(self) -> QWidget:
        """Where the keyboard goes."""
        return self.model

    @property
    def dirty(self) -> bool:
        """Something else is entered than what holds."""
        return self._value != self._held

    def show_settings(self, settings: Settings, variable: str = "", *, forget: bool = False) -> None:
        """Show what holds now; what was entered stays unless ``forget``. ``variable`` sets it from outside."""
        keep = not forget and self.dirty and not variable
        self._held, self._variable = settings.gateway_failover, variable
        if not keep:
            self._value = self._held
        say(self._forced, forced(variable))
        enable((self.list, self.model), not variable)
        self._draw(self.list.currentRow())

    def applied(self, settings: Settings) -> Settings:
        """The settings with what is entered."""
        return msgspec.structs.replace(settings, gateway_failover=self._value) if self.dirty else settings

    def offer(self, names: Iterable[str]) -> None:
        """Have these to choose from."""
        self.model.offer(names)

    def tell(self, text: str) -> None:
        """What is worth knowing of the list."""
        say(self.about, text)

    def _add(self) -> None:
        text = self.model.text
        if text not in self._value:
            self._take((*self._value, text), len(self._value))
        self.model.enter("")
        self.model.setFocus()

    def _remove(self) -> None:
        at = self.list.currentRow()
        self._take((*self._value[:at], *self._value[at + 1 :]), at)

    def _move(self, by: int) -> None:
        self._take(*moved(self._value, self.list.currentRow(), by))
        if not (self.up_button.isEnabled() and self.down_button.isEnabled()):
            self.list.setFocus()  # a button that cannot be pressed any more would pass it on to anywhere

    def _take(self, value: tuple[str, ...], at: int) -> None:
        self._value = value
        self._draw(at)
        self.changed.emit()

    def _draw(self, at: int) -> None:
        self.list.clear()
        self.list.addItems(list(self._value))
        self.list.setCurrentRow(min(at, len(self._value) - 1))
        self._offer()

    def _offer(self) -> None:
        free, at = not self._variable, self.list.currentRow()
        problem = gateway.failover_problem(self.model.text)
        say(self.problem_note, problem)
        self.add_button.setEnabled(free and bool(self.model.text) and not problem)
        self.remove_button.setEnabled(free and at >= 0)
        self.up_button.setEnabled(free and at > 0)
        self.down_button.setEnabled(free and 0 <= at < len(self._value) - 1)
