"""A preference that is a list in the user's own order: entries are added from a box, moved up and down, removed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec
from msgspec import Struct
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QGroupBox, QListWidget, QVBoxLayout, QWidget

from trayapp.core.settings import Settings
from trayapp.qt.dialogs import plain
from trayapp.qt.fields import small
from trayapp.qt.local_order import ModelBox, enable, forced, moved, note, push, say


class Words(Struct, frozen=True, kw_only=True):
    """What such a list says of itself; all but the first two are read out, not seen."""

    title: str
    placeholder: str
    """Of the box."""
    listed: str
    box: str
    add: str
    remove: str
    up: str
    down: str


class OrderedList(QGroupBox):
    """Holds the list as entered until it is saved or taken back."""

    changed = Signal()

    def __init__(
        self,
        name: str,
        words: Words,
        labels: Sequence[str],
        *,
        help: str,
        rows: int,
        check: Callable[[str], str],
        more: str = "",
    ) -> None:
        """``name`` of the preference; ``labels``: of Add, Remove, Up and Down, with their access keys marked.

        ``rows`` are seen without scrolling; ``check`` says what is wrong with an entry; ``more`` follows the help.
        """
        super().__init__(words.title)
        self.setAccessibleName(words.title)
        self._name, self._check = name, check
        self._held: tuple[str, ...] = ()
        self._value: tuple[str, ...] = ()
        self._variable = ""
        add, remove, up, down = labels
        self.list = QListWidget()
        self.list.setAccessibleName(words.listed)
        self.list.setAccessibleDescription(help)
        self.list.setFixedHeight(round(self.fontMetrics().height() * 1.4) * rows + 2 * self.list.frameWidth())
        self.list.currentRowChanged.connect(lambda _row: self._offer())
        self.model = ModelBox(words.box, placeholder=words.placeholder, letters=20)
        self.model.editTextChanged.connect(lambda _text: self._offer())
        self.add_button = push(add, self._add, words.add)
        self.remove_button = push(remove, self._remove, words.remove)
        self.up_button = push(up, lambda: self._move(-1), words.up)
        self.down_button = push(down, lambda: self._move(1), words.down)
        self.problem_note = note()
        self.about = note()
        self._forced = note()
        beside = QVBoxLayout()
        for button in (self.up_button, self.down_button, self.remove_button):
            beside.addWidget(button)
        beside.addStretch(1)
        grid = QGridLayout(self)
        grid.setColumnStretch(0, 1)
        grid.addWidget(small(plain(f"{help} {more}".strip())), 0, 0, 1, 2)
        grid.addWidget(self.list, 1, 0)
        grid.addLayout(beside, 1, 1)
        grid.addWidget(self.model, 2, 0)
        grid.addWidget(self.add_button, 2, 1)
        for row, said in enumerate((self.problem_note, self.about, self._forced), 3):
            grid.addWidget(said, row, 0, 1, 2)
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

    @property
    def problem(self) -> str:
        """What is wrong with what is entered: only what can be saved gets into the list."""
        return ""

    def show_settings(self, settings: Settings, variable: str = "", *, forget: bool = False) -> None:
        """Show what holds now; what was entered stays unless ``forget``. ``variable`` sets it from outside."""
        keep = not forget and self.dirty and not variable
        self._held, self._variable = getattr(settings, self._name), variable
        if not keep:
            self._value = self._held
        say(self._forced, forced(variable))
        enable((self.list, self.model), not variable)
        self._draw(self.list.currentRow())

    def enter(self, value: Iterable[str]) -> None:
        """Put these in."""
        self._take(tuple(value), 0)

    def applied(self, settings: Settings) -> Settings:
        """The settings with what is entered."""
        return msgspec.structs.replace(settings, **{self._name: self._value}) if self.dirty else settings

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
        problem = self._check(self.model.text)
        say(self.problem_note, problem)
        self.add_button.setEnabled(free and bool(self.model.text) and not problem)
        self.remove_button.setEnabled(free and at >= 0)
        self.up_button.setEnabled(free and at > 0)
        self.down_button.setEnabled(free and 0 <= at < len(self._value) - 1)
