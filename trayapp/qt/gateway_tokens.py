"""Tokens on the page “Gateway”: a line each, made, copied and revoked at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from trayapp.core.errors import UserError
from trayapp.core.intents import NewToken, Reply, RevokeToken
from trayapp.core.language import _
from trayapp.core.state import Token
from trayapp.qt import clipboard
from trayapp.qt.dialogs import Perform, Start, plain, question
from trayapp.qt.fields import make_scrolling
from trayapp.qt.local_order import boxed, note, push, say
from trayapp.qt.outcome import Outcome
from trayapp.ui import gateway
from trayapp.ui.form import access_keys
from trayapp.ui.gateway import TokenLine

ROWS = 5
"""Lines that are seen without scrolling."""
_SPOKEN = Qt.ItemDataRole.AccessibleTextRole


class _NameLine(QLineEdit):
    """Enter makes the token here, and does not press the dialog's OK."""

    entered = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered.emit()
        else:
            super().keyPressEvent(event)


class TokenPart(QScrollArea):
    """Shows the tokens it is told of. The selected one stays selected while others come and go."""

    def __init__(
        self, *, perform: Perform, start: Start, token: Callable[[str], Awaitable[str]], taken: str = ""
    ) -> None:
        super().__init__()
        self._start = start
        self._token = token
        self._tokens: tuple[Token, ...] = ()
        self._lines: tuple[TokenLine, ...] = ()
        self._wanted = ""
        self._asking = False
        copy, revoke, name, make = access_keys(
            (_("Copy token"), _("Revoke…"), _("Name of the tool"), _("Make a token")), taken
        )
        self.note = plain()
        self.table = _table()
        self.table.itemSelectionChanged.connect(self._offer)
        self.copy_button = push(copy, lambda: self._begin(self._copy()), _("Copy the selected token"))
        self.revoke_button = push(revoke, lambda: self._begin(self._revoke()), _("Revoke the selected token"))
        self.outcome = Outcome(perform, start, button=False)
        self.outcome.busy_changed.connect(lambda _busy: self._offer())
        self.name = _NameLine()
        self.name.setAccessibleName(_("Name of the tool that the new token is for"))
        self.name.setPlaceholderText(_("Such as: editor"))
        self.name.textChanged.connect(lambda _text: self._offer())
        self.make_button = push(make, self._make)
        self.name.entered.connect(self.make_button.click)
        self.problem = note()
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.addWidget(self.note)
        layout.addWidget(self.table)
        buttons = QHBoxLayout()
        buttons.addWidget(self.copy_button)
        buttons.addWidget(self.revoke_button)
        buttons.addStretch(1)
        layout.addLayout(buttons)
        layout.addWidget(self.outcome)
        group = boxed(_("New token"))
        grid = QGridLayout(group)
        grid.setColumnStretch(1, 1)
        label = QLabel(name)
        label.setBuddy(self.name)
        grid.addWidget(label, 0, 0)
        grid.addWidget(self.name, 0, 1)
        grid.addWidget(self.make_button, 0, 2)
        grid.addWidget(self.problem, 1, 1, 1, 2)
        layout.addWidget(group)
        layout.addStretch(1)
        make_scrolling(self, inside)
        self._offer()

    @property
    def line(self) -> TokenLine | None:
        """The selected one."""
        at = self.table.currentRow()
        return self._lines[at] if 0 <= at < len(self._lines) and self.table.selectedItems() else None

    def show_tokens(self, tokens: tuple[Token, ...], lines: tuple[TokenLine, ...], note: str) -> None:
        """Show these; ``note`` says where they are kept."""
        say(self.note, note)
        self._tokens = tokens
        if lines != self._lines:
            self._draw(lines)
        self._offer()

    def _draw(self, lines: Sequence[TokenLine]) -> None:
        before, at = self.line, self.table.currentRow()
        self._lines = tuple(lines)
        self.table.setRowCount(len(lines))
        columns = gateway.token_columns()
        for row, line in enumerate(lines):
            for column, text in enumerate(line.cells):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                item.setData(_SPOKEN, f"{columns[column]}: {text}" if text else "")
                self.table.setItem(row, column, item)
        names = [it.name for it in lines]
        wanted = self._wanted if self._wanted in names else before.name if before is not None else ""
        if wanted == self._wanted:
            self._wanted = ""
        if names:
            self.table.selectRow(names.index(wanted) if wanted in names else max(0, min(at, len(names) - 1)))

    # -- what can be done -----------------------------------------------------------------------

    def _make(self) -> None:
        self._wanted = self.name.text().strip()
        self.outcome.ask(NewToken(self._wanted), _("Making a token…"), self._made)

    def _made(self, reply: Reply) -> None:
        if reply.ok:
            self.name.clear()
            self.table.setFocus()
        else:
            self._wanted = ""

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """One thing at a time."""
        if self._asking:
            work.close()
            return
        self._asking = True
        self._offer()
        self._start(self._through(work))

    async def _through(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        finally:
            self._asking = False
            self._offer()

    async def _copy(self) -> None:
        line = self.line
        if line is None:
            return
        self.outcome.say(_("Reading the token from the keyring…"))
        try:
            token = await self._token(line.name)
        except UserError as exc:
            self.outcome.say(str(exc))
            return
        clipboard.copy(token, secret=True)
        told = _("Copied. Paste “{name}” into the tool as its API key, and nowhere else.")
        self.outcome.say(told.format(name=line.name))

    async def _revoke(self) -> None:
        line = self.line
        if line is None:
            return
        text = _("Revoke the token “{name}”?").format(name=line.name)
        detail = _("Every tool that has it is refused from then on. It cannot be brought back.")
        if await question(self.window(), text, _("&Revoke it"), _("Keep it"), detail=detail):
            self.outcome.ask(RevokeToken(line.name), _("Revoking…"))

    def _offer(self) -> None:
        free, line = not self.outcome.busy and not self._asking, self.line
        self.copy_button.setEnabled(free and line is not None and line.can_copy)
        self.revoke_button.setEnabled(free and line is not None)
        problem = gateway.token_problem(self.name.text(), self._tokens)
        say(self.problem, problem)
        self.make_button.setEnabled(free and bool(self.name.text().strip()) and not problem)


def _table() -> QTableWidget:
    columns = gateway.token_columns()
    table = QTableWidget(0, len(columns))
    table.setAccessibleName(_("Tokens"))
    table.setHorizontalHeaderLabels(list(columns))
    table.verticalHeader().hide()
    table.setTabKeyNavigation(False)
    table.setCornerButtonEnabled(False)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    line = round(table.fontMetrics().height() * 1.6)
    table.verticalHeader().setDefaultSectionSize(line)
    table.setFixedHeight(header.sizeHint().height() + line * ROWS + 2 * table.frameWidth())
    return table
