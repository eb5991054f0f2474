"""The list of rules on the page “Local models”: where requests go, in the order in which rules are tried."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from trayapp.core.language import _
from trayapp.core.rules import Rule
from trayapp.core.settings import Settings
from trayapp.qt.local_order import moved, note, push, say
from trayapp.qt.local_rule import RuleDialog
from trayapp.ui import rule_form

ROWS = 4
"""Rules that are seen without scrolling."""
WIDEST = 34
"""Letters of a column that are shown at most; the rest is in its tooltip."""


def labels() -> tuple[str, ...]:
    """What the buttons are called."""
    return (
        _("Add…"),
        _("Edit…"),
        _("Remove"),
        _("Up"),
        _("Down"),
        _("Add the examples by role"),
        _("Add the examples by model"),
    )


class RuleList(QWidget):
    """Holds the rules as entered until they are saved or taken back."""

    changed = Signal()
    examples_wanted = Signal(str)
    """The name of a set of examples; they concern roles as well."""

    def __init__(self, keyed: Sequence[str]) -> None:
        """``keyed`` are ``labels`` with their access keys marked."""
        super().__init__()
        self._held: tuple[Rule, ...] = ()
        self._value: tuple[Rule, ...] = ()
        self._models: Collection[str] = ()
        add, edit, remove, up, down, by_role, by_model = keyed
        self.list = QTreeWidget()
        self.list.setAccessibleName(_("Rules, in their order"))
        self.list.setHeaderLabels([_("Rule"), _("Looks at"), _("Pattern"), _("Goes to")])
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setAllColumnsShowFocus(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        line = round(self.fontMetrics().height() * 1.6)
        self.list.setFixedHeight(self.list.header().sizeHint().height() + line * ROWS + 2 * self.list.frameWidth())
        self.list.currentItemChanged.connect(lambda _now, _before: self._offer())
        self.list.itemChanged.connect(self._ticked)
        self.list.itemDoubleClicked.connect(lambda _item, _column: self._edit())
        self.add_button = push(add, self._add, _("Add a rule"))
        self.edit_button = push(edit, self._edit, _("Edit the selected rule"))
        self.remove_button = push(remove, self._remove, _("Remove the selected rule"))
        self.up_button = push(up, lambda: self._move(-1), _("Try the selected rule earlier"))
        self.down_button = push(down, lambda: self._move(1), _("Try the selected rule later"))
        self.example_buttons = (
            push(by_role, lambda: self.examples_wanted.emit("by role")),
            push(by_model, lambda: self.examples_wanted.emit("by model")),
        )
        self.note = note()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.list)
        layout.addWidget(self.note)
        changing = (self.add_button, self.edit_button, self.remove_button, self.up_button, self.down_button)
        for row in (changing, self.example_buttons):
            beside = QHBoxLayout()
            for button in row:
                beside.addWidget(button)
            beside.addStretch(1)
            layout.addLayout(beside)
        self._draw(-1)

    @property
    def value(self) -> tuple[Rule, ...]:
        """The rules as entered; each of them is sound."""
        return self._value

    @property
    def dirty(self) -> bool:
        """Something else is entered than what holds."""
        return self._value != self._held

    def show_rules(self, rules: tuple[Rule, ...], *, forget: bool = False) -> None:
        """Show those that hold now; what was entered stays unless ``forget``."""
        keep = not forget and self.dirty
        self._held = rules
        if not keep and self._value != rules:
            self._value = rules
            self._draw(self.row)

    def enter(self, rules: tuple[Rule, ...]) -> None:
        """Put these in."""
        if rules != self._value:
            self._take(rules, len(rules) - 1)

    def refresh(self, settings: Settings) -> None:
        """Say what is to be known of the rules, with everything as it is entered now."""
        say(self.note, rule_form.rule_notes(settings))
        self.list.setAccessibleDescription(self.note.text())

    def offer(self, models: Collection[str]) -> None:
        """Have these models to choose from."""
        self._models = models

    @property
    def row(self) -> int:
        """Which rule is selected, from 0; -1: none."""
        item = self.list.currentItem()
        return self.list.indexOfTopLevelItem(item) if item is not None else -1

    def _add(self) -> None:
        self._ask(Rule("", "", ""), _("Add a rule"))

    def _edit(self) -> None:
        if self.row >= 0:
            self._ask(self._value[self.row], _("Edit a rule"))

    def _ask(self, rule: Rule, title: str) -> None:
        dialog = RuleDialog(
            self.window(),
            rule,
            title=title,
            others=tuple(it for it in self._value if it.name != rule.name),
            models=self._models,
        )
        dialog.made.connect(lambda made: self._put(rule.name, made))
        dialog.open()

    def _put(self, name: str, rule: Rule) -> None:
        """In the place of the one that had this name; where none has it any more, at the end."""
        at = next((row for row, it in enumerate(self._value) if name and it.name == name), len(self._value))
        self._take((*self._value[:at], rule, *self._value[at + 1 :]), at)

    def _ticked(self, item: QTreeWidgetItem, column: int) -> None:
        at = self.list.indexOfTopLevelItem(item)
        if column or not 0 <= at < len(self._value):
            return
        rule = msgspec.structs.replace(self._value[at], enabled=item.checkState(0) is Qt.CheckState.Checked)
        if rule != self._value[at]:  # drawn already, and Qt is in the midst of it
            self._value = (*self._value[:at], rule, *self._value[at + 1 :])
            self.changed.emit()

    def _remove(self) -> None:
        at = self.row
        self._take((*self._value[:at], *self._value[at + 1 :]), at)
        (self.list if self._value else self.add_button).setFocus()

    def _move(self, by: int) -> None:
        self._take(*moved(self._value, self.row, by))
        if not (self.up_button.isEnabled() and self.down_button.isEnabled()):
            self.list.setFocus()  # a button that cannot be pressed any more would pass it on to anywhere

    def _take(self, value: tuple[Rule, ...], at: int) -> None:
        self._value = value
        self._draw(at)
        self.changed.emit()

    def _draw(self, at: int) -> None:
        with QSignalBlocker(self.list):
            self.list.clear()
            for rule in self._value:
                cells = rule_form.rule_cells(rule)
                item = QTreeWidgetItem(self.list, list(cells))
                item.setCheckState(0, Qt.CheckState.Checked if rule.enabled else Qt.CheckState.Unchecked)
                for column, text in enumerate(cells):
                    item.setToolTip(column, text)
            widest = self.fontMetrics().averageCharWidth() * WIDEST
            for column in range(3):
                self.list.resizeColumnToContents(column)
                least = self.list.header().sectionSizeHint(column)
                self.list.setColumnWidth(column, max(min(self.list.columnWidth(column), widest), least))
            last = self.list.columnCount() - 1
            self.list.header().setMinimumSectionSize(self.list.header().sectionSizeHint(last))
            selected = self.list.topLevelItem(max(0, min(at, len(self._value) - 1)))
            if selected is not None:
                self.list.setCurrentItem(selected)
        self._offer()

    def _offer(self) -> None:
        at = self.row
        self.edit_button.setEnabled(at >= 0)
        self.remove_button.setEnabled(at >= 0)
        self.up_button.setEnabled(at > 0)
        self.down_button.setEnabled(0 <= at < len(self._value) - 1)
