"""The dialog in which one rule is written: its pattern is checked as it is typed."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from trayapp.core.language import _
from trayapp.core.rules import ROLES, Rule
from trayapp.qt import fields
from trayapp.qt.dialogs import named_buttons, plain
from trayapp.qt.fields import small
from trayapp.qt.local_order import ModelBox, note, say
from trayapp.ui import rule_form
from trayapp.ui.form import access_keys


class RuleDialog(QDialog):
    """Asks for one rule, and says what came of it with ``made``. Shown, never executed."""

    made = Signal(object)

    def __init__(
        self,
        parent: QWidget,
        rule: Rule,
        *,
        title: str,
        others: Sequence[Rule],
        models: Collection[str],
    ) -> None:
        """``others``: the rules besides this one, whose names are taken."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self._rule = rule
        self._others = others
        self._touched = False
        keyed = access_keys((_("Name"), _("Looks at"), _("Pattern"), _("Goes to"), _("OK"), _("Cancel")))
        self.name = QLineEdit(rule.name)
        self.on = QComboBox()
        for id, words in rule_form.LOOKS_AT.items():
            self.on.addItem(_(words), id)
        self.on.setCurrentIndex(self.on.findData(rule.on))
        self.pattern = QLineEdit(rule.pattern)
        self.to = ModelBox(_("Goes to"), placeholder=_("A role, or ACCOUNT/MODEL"))
        self.to.offer((*ROLES, *models))
        self.to.enter(rule.to)
        self.pattern.setMinimumWidth(min(self.fontMetrics().averageCharWidth() * 60, fields.room(self).width() // 2))
        help = small(
            plain(
                _(
                    "A regular expression, searched for anywhere; upper and lower case are the same."
                    " Left empty, it fits everything."
                )
            )
        )
        self._notes = {"name": note(), "pattern": note(), "to": note()}
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        rows: tuple[tuple[str, QLineEdit | QComboBox, Sequence[QLabel]], ...] = (
            (_("Name"), self.name, (self._notes["name"],)),
            (_("Looks at"), self.on, ()),
            (_("Pattern"), self.pattern, (help, self._notes["pattern"])),
            (_("Goes to"), self.to, (self._notes["to"],)),
        )
        for (name, control, below), label in zip(rows, keyed, strict=False):
            control.setAccessibleName(name)
            words_before = QLabel(label)
            words_before.setBuddy(control)
            row = grid.rowCount()
            grid.addWidget(words_before, row, 0)
            for number, it in enumerate((control, *below)):
                grid.addWidget(it, row + number, 1)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        ok, cancel = keyed[4:]
        named_buttons(
            self.buttons, {QDialogButtonBox.StandardButton.Ok: ok, QDialogButtonBox.StandardButton.Cancel: cancel}
        )
        self.ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.ok.setDefault(True)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        inside = self._inside = QWidget()
        around = QVBoxLayout(inside)
        around.setContentsMargins(0, 0, 0, 0)
        around.addLayout(grid)
        around.addStretch(1)
        self.area = QScrollArea()
        fields.make_scrolling(self.area, inside)
        layout = QVBoxLayout(self)
        layout.addWidget(self.area, 1)
        layout.addWidget(self.buttons)
        for edit in (self.name, self.pattern):
            edit.textEdited.connect(lambda _text: self._judge())
            edit.textChanged.connect(lambda _text: self._judge())
        self.to.editTextChanged.connect(lambda _text: self._judge())
        self._judge()

    @property
    def rule(self) -> Rule:
        """The rule as entered."""
        return msgspec.structs.replace(
            self._rule,
            name=self.name.text().strip(),
            on=self.on.currentData(),
            pattern=self.pattern.text(),
            to=self.to.text,
        )

    def accept(self) -> None:
        """OK: only where nothing is wrong with it."""
        self._touched = True
        self._judge()
        if not self._problems():
            self.made.emit(self.rule)
            super().accept()

    def _problems(self) -> dict[str, str]:
        return rule_form.rule_problems(self.rule, self._others)

    def _judge(self) -> None:
        """Say what is wrong; what is still empty is no mistake before OK was pressed."""
        told = self._problems()
        typed = {"name": self.name.text(), "pattern": self.pattern.text(), "to": self.to.text}
        controls = {"name": self.name, "pattern": self.pattern, "to": self.to}
        for field, label in self._notes.items():
            text = told.get(field, "") if self._touched or typed[field].strip() else ""
            say(label, text)
            controls[field].setAccessibleDescription(text)
        if self._touched and told:
            controls[next(field for field in controls if field in told)].setFocus()
            self._touched = False
        if self.isVisible():
            self._grow()

    def showEvent(self, event: QShowEvent) -> None:
        """Begin with room for all of the text."""
        super().showEvent(event)
        self._grow()

    def _grow(self) -> None:
        """Text that wraps does not count for a window's height by itself; what the screen lacks is scrolled."""
        view, inside = self.area.viewport(), self._inside
        wide = max(view.width(), inside.minimumSizeHint().width())
        wanted = QSize(
            self.width() + wide - view.width(),
            self.height() + max(0, inside.heightForWidth(wide) - view.height()),
        )
        free = fields.room(self)
        self.resize(wanted.boundedTo(QSize(free.width(), free.height() * 9 // 10)))
