"""Roles on the page “Local models”: names that stand for a model of the user's choice."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QGroupBox, QLabel, QWidget

from trayapp.core.language import _
from trayapp.core.rules import ROLES, Role
from trayapp.core.settings import Settings
from trayapp.qt.dialogs import plain
from trayapp.qt.fields import small
from trayapp.qt.local_order import ModelBox, forced, note, say
from trayapp.ui import rule_form
from trayapp.ui.rule_form import ROLE_NAMES


class Roles(QGroupBox):
    """Holds the models as entered until they are saved or taken back."""

    changed = Signal()

    def __init__(self, labels: Sequence[str], *, help: str) -> None:
        """``labels``: the names of the roles with their access keys marked."""
        super().__init__(_("Roles"))
        self.setAccessibleName(_("Roles"))
        self._held: dict[Role, str] = {}
        self._settings = Settings()
        self._known: Collection[str] = ()
        self.boxes: dict[Role, ModelBox] = {}
        self._notes: dict[Role, QLabel] = {}
        grid = QGridLayout(self)
        grid.setColumnStretch(1, 1)
        grid.addWidget(small(plain(help)), 0, 0, 1, 2)
        for role, label in zip(ROLES, labels, strict=True):
            box = self.boxes[role] = ModelBox(_(ROLE_NAMES[role]), placeholder=_("ACCOUNT/MODEL, or nothing"))
            box.editTextChanged.connect(lambda _text: self._edited())
            words = QLabel(label)
            words.setBuddy(box)
            row = grid.rowCount()
            grid.addWidget(words, row, 0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(box, row, 1)
            self._notes[role] = note()
            grid.addWidget(self._notes[role], row + 1, 1)
        self._forced = note()
        grid.addWidget(self._forced, grid.rowCount(), 0, 1, 2)

    @property
    def value(self) -> dict[Role, str]:
        """The roles as entered, without those that stand for nothing."""
        return {role: box.text for role, box in self.boxes.items() if box.text}

    @property
    def dirty(self) -> bool:
        """Something else is entered than what holds."""
        return self.value != self._held

    @property
    def problem(self) -> str:
        """What is wrong with what is entered; empty when it can be saved."""
        return next(filter(None, (rule_form.model_problem(box.text) for box in self.boxes.values())), "")

    @property
    def control(self) -> QWidget:
        """Where the keyboard goes: to the first that cannot be saved."""
        wrong = (box for box in self.boxes.values() if rule_form.model_problem(box.text))
        return next(wrong, self.boxes[ROLES[0]])

    def show_settings(self, settings: Settings, variable: str = "", *, forget: bool = False) -> None:
        """Show what holds now; what was entered stays unless ``forget``. ``variable`` sets it from outside."""
        keep = not forget and self.dirty and not variable
        self._settings = settings
        self._held = {role: model for role, model in settings.roles.items() if model}
        if not keep:
            self.enter(self._held)
        for box in self.boxes.values():
            box.setEnabled(not variable)
        say(self._forced, forced(variable))
        self._judge()

    def enter(self, roles: dict[Role, str]) -> None:
        """Put these in."""
        for role, box in self.boxes.items():
            box.enter(roles.get(role, ""))

    def applied(self, settings: Settings) -> Settings:
        """The settings with what is entered."""
        return msgspec.structs.replace(settings, roles=self.value) if self.dirty else settings

    def offer(self, models: Collection[str]) -> None:
        """Have these models to choose from."""
        self._known = models
        for box in self.boxes.values():
            box.offer(models)
        self._judge()

    def _edited(self) -> None:
        self._judge()
        self.changed.emit()

    def _judge(self) -> None:
        for role, box in self.boxes.items():
            problem = rule_form.model_problem(box.text)
            told = problem or rule_form.model_note(box.text, self._settings, self._known)
            say(self._notes[role], told)
            box.setAccessibleDescription(told)
