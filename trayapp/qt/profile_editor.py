"""One profile on the page “Profiles”: its name, its model, its accounts and its strategy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from trayapp.core.language import _
from trayapp.core.profiles import LONGEST
from trayapp.qt.dialogs import plain
from trayapp.qt.fields import embolden, small
from trayapp.qt.local_order import ModelBox, note, say
from trayapp.ui import profile_form
from trayapp.ui.local_form import STRATEGY_NAMES, UNMANAGED
from trayapp.ui.profile_form import Draft

_ID = Qt.ItemDataRole.UserRole
LINES = 5
"""Accounts that are seen without scrolling."""


def labels() -> tuple[str, ...]:
    """The words before its controls, in their order, for whoever gives out access keys."""
    return (_("Name"), _("Model"), _("All accounts"), _("These accounts"), _("Memory"))


class ProfileEditor(QWidget):
    """Shows one draft and tells of every change."""

    edited = Signal(object)
    """The Draft as it is now."""

    def __init__(self, keyed: Sequence[str]) -> None:
        """``keyed`` are ``labels`` with their access keys marked."""
        super().__init__()
        self._draft = Draft("")
        self._accounts: dict[str, str] = {}
        self._usual: tuple[str, ...] = ()
        name, model, everything, these, strategy = keyed
        self.title = plain()
        embolden(self.title)
        self.name = QLineEdit()
        self.name.setAccessibleName(_("Name of the profile"))
        self.name.setMaxLength(LONGEST)
        self.model = ModelBox(_("Model of the profile"), placeholder=_("ACCOUNT/MODEL; nothing: as chosen"), letters=16)
        self.all = QCheckBox(everything)
        self.all.setAccessibleName(labels()[2])
        self.list = QListWidget()
        self.list.setAccessibleName(_("Accounts of the profile"))
        self.list.setFixedHeight(round(self.fontMetrics().height() * 1.4) * LINES + 2 * self.list.frameWidth())
        self.strategy = QComboBox()
        self.strategy.setAccessibleName(_("How long local models stay in memory"))
        for id, words in STRATEGY_NAMES.items():
            self.strategy.addItem(_(words), id)
        self.name_note, self.model_note, self.accounts_note = note(), note(), note()
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        rows: tuple[tuple[str, QWidget, QLabel | None], ...] = (
            (name, self.name, self.name_note),
            (model, self.model, self.model_note),
            ("", self.all, None),
            (these, self.list, self.accounts_note),
            (strategy, self.strategy, small(plain(_("“Not managed” leaves local models alone.")))),
        )
        for words, control, below in rows:
            at = grid.rowCount()
            if words:
                label = QLabel(words)
                label.setBuddy(control)
                top = Qt.AlignmentFlag.AlignTop if control is self.list else Qt.AlignmentFlag.AlignVCenter
                grid.addWidget(label, at, 0, top | Qt.AlignmentFlag.AlignRight)
            wide = control in (self.name, self.model, self.list)
            grid.addWidget(control, at, 1, Qt.AlignmentFlag(0) if wide else Qt.AlignmentFlag.AlignLeft)
            if below is not None:
                grid.addWidget(below, at + 1, 1)
        layout = QVBoxLayout(self)
        layout.addWidget(self.title)
        layout.addLayout(grid)
        layout.addStretch(1)
        self.name.textChanged.connect(lambda _text: self._edit())
        self.model.editTextChanged.connect(lambda _text: self._edit())
        self.all.toggled.connect(self._all)
        self.list.itemChanged.connect(lambda _item: self._edit())
        self.strategy.currentIndexChanged.connect(lambda _at: self._edit())

    @property
    def controls(self) -> tuple[QWidget, ...]:
        """In the order in which they are read."""
        return (self.name, self.model, self.all, self.list, self.strategy)

    @property
    def draft(self) -> Draft:
        """As it is entered."""
        items = [self.list.item(row) for row in range(self.list.count())]
        inside = tuple(it.data(_ID) for it in items if it.checkState() is Qt.CheckState.Checked)
        return Draft(
            self.name.text(),
            self.model.text,
            None if self.all.isChecked() else inside,
            str(self.strategy.currentData()) or None,
            self._draft.before,
        )

    def offer(self, models: Iterable[str]) -> None:
        """Have these models to choose from."""
        self.model.offer(models)

    def show_draft(
        self, draft: Draft, others: Iterable[Draft], accounts: dict[str, str], *, usual: Sequence[str]
    ) -> None:
        """Show what is entered, and what is wrong with it beside ``others``.

        ``accounts``: what they are called, by id, in the order of the menu; ``usual``: those to begin with.
        """
        self._usual = tuple(usual)
        if draft != self.draft or accounts != self._accounts:
            self._draft, self._accounts = draft, accounts
            blocked = [QSignalBlocker(it) for it in (self.name, self.model, self.all, self.list, self.strategy)]
            if self.name.text() != draft.name:
                self.name.setText(draft.name)
            self.model.enter(draft.model)
            self.all.setChecked(draft.accounts is None)
            self._fill(draft)
            self.strategy.setCurrentIndex(max(0, self.strategy.findData(draft.strategy or UNMANAGED)))
            del blocked
        self._draft = draft
        self.list.setEnabled(draft.accounts is not None)
        self.title.setText(draft.name.strip() or _("A profile without a name"))
        others = tuple(others)
        for label, control, text in (
            (self.name_note, self.name, profile_form.name_problem(draft, others)),
            (self.model_note, self.model, profile_form.model_problem(draft)),
            (self.accounts_note, self.list, profile_form.accounts_problem(draft)),
        ):
            say(label, text)
            control.setAccessibleDescription(text)

    @property
    def wrong(self) -> QWidget:
        """The first control with something that cannot be saved."""
        for label, control in ((self.name_note, self.name), (self.model_note, self.model)):
            if label.text():
                return control
        return self.list

    def _fill(self, draft: Draft) -> None:
        ids = profile_form.chosen(tuple(self._accounts), draft)
        inside = self._usual if draft.accounts is None else draft.accounts
        self.list.clear()
        for id in ids:
            gone = _("{id} (no longer there)").format(id=id)
            item = QListWidgetItem(self._accounts.get(id, gone), self.list)
            item.setData(_ID, id)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if id in inside else Qt.CheckState.Unchecked)

    def _all(self, on: bool) -> None:
        self.list.setEnabled(not on)
        self._edit()

    def _edit(self) -> None:
        self.edited.emit(self.draft)
