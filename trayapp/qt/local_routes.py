"""Where requests go, on the page “Local models”: rules, what holds where none fits, and a place to try them."""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QPlainTextEdit, QScrollArea, QVBoxLayout, QWidget

from trayapp.core.language import _
from trayapp.core.models import ModelRef
from trayapp.core.rules import ROLES
from trayapp.core.settings import Settings
from trayapp.qt import local_rules
from trayapp.qt.dialogs import Wrapped, plain
from trayapp.qt.fields import embolden, make_scrolling
from trayapp.qt.local_order import ModelBox, forced, note, say
from trayapp.qt.local_rules import RuleList
from trayapp.ui import rule_form
from trayapp.ui.form import access_keys


class Routes(QScrollArea):
    """Holds rules and the default as entered until they are saved or taken back."""

    changed = Signal()

    def __init__(
        self,
        *,
        chosen: Callable[[], ModelRef | None],
        drafts: Callable[[], Settings],
        label: str,
        taken: str = "",
    ) -> None:
        """``chosen``: the model of the tray; ``drafts``: the settings as everything is entered now.

        ``label``: of the preference for requests that no rule fits.
        """
        super().__init__()
        self._chosen = chosen
        self._drafts = drafts
        self._default = self._variable = ""
        self._models: Collection[str] = ()
        buttons = local_rules.labels()
        keyed = access_keys((*buttons, label, _("Text"), _("Name asked for")), taken)
        self.rules = RuleList(keyed[: len(buttons)])
        self.rules.changed.connect(self.changed)
        default, text, name = keyed[len(buttons) :]
        self.default = ModelBox(label, placeholder=_("The model chosen in the tray"))
        self.default.editTextChanged.connect(lambda _text: self.changed.emit())
        self.default_note = note()
        self.text = QPlainTextEdit()
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName(_("Text to try"))
        self.text.setPlaceholderText(_("What somebody might ask, such as: Write a function to sort an array"))
        self.text.setFixedHeight(round(self.fontMetrics().lineSpacing() * 2.6) + 2 * self.text.frameWidth())
        self.text.textChanged.connect(self.refresh)
        self.name = QLineEdit()
        self.name.setAccessibleName(_("Name asked for"))
        self.name.setPlaceholderText(_("A model, a role or a rule; usually nothing"))
        self.name.textChanged.connect(lambda _text: self.refresh())
        self.result = plain()
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.addWidget(plain(_("The first rule that fits decides. While there are none, nothing is looked at.")))
        layout.addWidget(self.rules)
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        above = Wrapped(default)  # too long to stand beside anything
        above.setBuddy(self.default)
        grid.addWidget(above, 0, 0, 1, 2)
        grid.addWidget(self.default, 1, 0, 1, 2)
        grid.addWidget(self.default_note, 2, 0, 1, 2)
        heading = plain(_("Try it"))
        embolden(heading)
        grid.addWidget(heading, 3, 0, 1, 2)
        _labelled(grid, 4, text, self.text)
        _labelled(grid, 5, name, self.name)
        grid.addWidget(self.result, 6, 1)
        layout.addLayout(grid)
        layout.addStretch(1)
        make_scrolling(self, inside)

    @property
    def dirty(self) -> bool:
        """Something else is entered than what holds."""
        return self.rules.dirty or self.default.text != self._default

    @property
    def problem(self) -> str:
        """What is wrong with what is entered: only sound rules get into the list."""
        return rule_form.target_problem(self.default.text)

    @property
    def control(self) -> QWidget:
        """Where the keyboard goes."""
        return self.default

    def show_settings(self, settings: Settings, variable: str = "", *, forget: bool = False) -> None:
        """Show what holds now; what was entered stays unless ``forget``. ``variable`` sets the default."""
        self.rules.show_rules(settings.rules, forget=forget)
        keep = not forget and self.default.text != self._default and not variable
        self._default, self._variable = settings.default_route, variable
        if not keep:
            self.default.enter(self._default)
        self.default.setEnabled(not variable)

    def enter(self, settings: Settings) -> None:
        """Put the rules and the default of these in."""
        self.rules.enter(settings.rules)
        self.default.enter(settings.default_route)

    def applied(self, settings: Settings) -> Settings:
        """The settings with what is entered."""
        if self.rules.dirty:
            settings = msgspec.structs.replace(settings, rules=self.rules.value)
        if self.default.text != self._default:
            settings = msgspec.structs.replace(settings, default_route=self.default.text)
        return settings

    def offer(self, models: Collection[str]) -> None:
        """Have these models to choose from."""
        self._models = models
        self.rules.offer(models)
        self.default.offer((*ROLES, *models))

    def refresh(self) -> None:
        """Say where the text goes, and what is to be known of the default, as everything is entered now."""
        text, name = self.text.toPlainText(), self.name.text().strip()
        drafts, to = self._drafts(), self.default.text
        told = _("Type a text to see where it would go.")
        if text.strip() or name:
            told = rule_form.tried(drafts, self._chosen(), text, name)
        if told != self.result.text():
            self.result.setText(told)
        self.rules.refresh(drafts)
        told = forced(self._variable) or self.problem or rule_form.model_note(to, drafts, self._models)
        say(self.default_note, told)
        self.default.setAccessibleDescription(self.default_note.text())


def _labelled(grid: QGridLayout, row: int, label: str, control: QWidget) -> None:
    words = QLabel(label)
    words.setBuddy(control)
    grid.addWidget(words, row, 0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    grid.addWidget(control, row, 1)
