"""The Diagnostics page: what is wrong and what to do, and how each account's list stands."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from trayapp.core.intents import ClearCache, Intent, Refresh, Reply, UpdateCatalog
from trayapp.core.language import _
from trayapp.qt.dialogs import Perform, Start, plain, question
from trayapp.qt.fields import embolden
from trayapp.qt.figures import Figures, FigureTable, FindingList
from trayapp.qt.outcome import Outcome
from trayapp.ui.figures import Overview
from trayapp.ui.findings import Machine
from trayapp.ui.form import access_keys

SOONEST = 0.5
"""Seconds between two drawings: the page changes at most twice a second."""
CALM = 2.0
"""Seconds until ages and counters are told anew where nothing else changed."""
SHARE = 50
"""Drawing anew takes this part of the time at most: many models take longer to add up."""


class Doctor(Protocol):
    """Where the page has its figures from: ``app.diagnosis.Doctor``."""

    async def look(self) -> Machine: ...
    def overview(self, machine: Machine | None) -> Overview: ...
    def report(self, machine: Machine) -> str: ...
    def listen(self, changed: Callable[[], None]) -> Callable[[], None]: ...


class DiagnosticsPage(QWidget):
    """Draws itself anew while somebody can see it, and has neither timer nor listener otherwise."""

    def __init__(
        self,
        *,
        doctor: Doctor,
        perform: Perform,
        start: Start,
        taken: str = "",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._doctor = doctor
        self._start = start
        self._monotonic = monotonic
        self._machine: Machine | None = None
        self._shown = Overview()
        self._drawn_at = -CALM
        self._leave: Callable[[], None] | None = None
        self._asking = False
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.timeout.connect(self._draw)
        self.summary = plain()
        embolden(self.summary)
        self.findings = FindingList()
        self.figures = Figures(self)
        self.table = FigureTable(self.figures)
        self.totals = plain()
        self.outcome = Outcome(perform, start)
        self.outcome.busy_changed.connect(self._busy)
        refresh, clear, update, copy = access_keys(
            (_("Refresh all"), _("Clear cache…"), _("Update catalogue…"), _("Copy report")), taken
        )
        self.refresh_button = _button(refresh, lambda: self._ask(Refresh(), _("Asking every provider…")))
        self.clear_button = _button(clear, lambda: self._question(self._clear()))
        self.update_button = _button(update, lambda: self._question(self._update()))
        self.copy_button = _button(copy, lambda: self._start(self._copy()))
        self._actions = (self.refresh_button, self.clear_button, self.update_button)
        self.controls: tuple[QWidget, ...] = (self.findings, self.table, *self._actions, self.copy_button)
        """In the order in which they are read."""
        buttons = QHBoxLayout()
        for button in self._actions:
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.copy_button)
        layout = QVBoxLayout(self)
        layout.addWidget(self.summary)
        layout.addWidget(self.findings, 3)
        layout.addWidget(self.table, 4)
        layout.addWidget(self.totals)
        layout.addWidget(self.outcome)
        layout.addLayout(buttons)

    # -- while it is seen -----------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Look, draw, and go on drawing."""
        super().showEvent(event)
        if self._leave is None:
            self._leave = self._doctor.listen(self._soon)
            self._draw()
            self._start(self._look())

    def hideEvent(self, event: QHideEvent) -> None:
        """Neither draw nor listen: minimised, on another page, or closed."""
        super().hideEvent(event)
        self.timer.stop()
        if self._leave is not None:
            self._leave()
            self._leave = None

    async def _look(self) -> None:
        self._machine = await self._doctor.look()
        self._soon()

    def _soon(self) -> None:
        """Something changed: drawn at once, or when the last drawing is half a second old."""
        if self._leave is None:
            return
        wait = max(0.0, self._drawn_at + SOONEST - self._monotonic())
        if not self.timer.isActive() or self.timer.remainingTime() > wait * 1000:
            self.timer.start(round(wait * 1000))

    def _draw(self) -> None:
        if self._leave is None:
            return
        began = self._monotonic()
        shown = self._doctor.overview(self._machine)
        if shown.summary != self._shown.summary:
            self.summary.setText(shown.summary)
        if shown.findings != self._shown.findings:
            self.findings.show_findings(shown.findings)
        if shown.lines != self._shown.lines:
            self.table.show_lines(shown.lines)
        if shown.totals != self._shown.totals:
            self.totals.setText(shown.totals)
        self._shown = shown
        self._drawn_at = self._monotonic()
        self.timer.start(round(max(CALM, SHARE * (self._drawn_at - began)) * 1000))

    # -- what can be done -----------------------------------------------------------------------

    def _ask(self, intent: Intent, meanwhile: str) -> None:
        self.outcome.ask(intent, meanwhile, self._done)

    def _done(self, _reply: Reply) -> None:
        self._start(self._look())

    def _busy(self, busy: bool) -> None:
        for button in self._actions:
            button.setEnabled(not busy)

    def _question(self, work: Any) -> None:
        """One question at a time."""
        if self._asking:
            work.close()
            return
        self._asking = True
        self._start(self._questioned(work))

    async def _questioned(self, work: Any) -> None:
        try:
            await work
        finally:
            self._asking = False

    async def _clear(self) -> None:
        text = _("Forget the model lists of all accounts?")
        detail = _("Each account is asked again; until it answers there is nothing to choose from it.")
        if await question(self.window(), text, _("&Forget them"), _("Keep them"), detail=detail):
            self._ask(ClearCache(), _("Clearing…"))

    async def _update(self) -> None:
        text = _("Ask models.dev and OpenRouter for newer facts about models?")
        detail = _("Their public lists are fetched: prices, limits, abilities. Nothing about you is sent.")
        if await question(self.window(), text, _("&Ask them"), _("Not now"), detail=detail):
            self._ask(UpdateCatalog(), _("Asking models.dev and OpenRouter…"))

    async def _copy(self) -> None:
        self._machine = machine = await self._doctor.look()
        QGuiApplication.clipboard().setText(self._doctor.report(machine))
        self._soon()
        if not self.outcome.busy:
            self.outcome.say(_("Copied. Keys are struck out, and your home folder is written as “~”."))


def _button(text: str, clicked: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.clicked.connect(lambda _checked: clicked())
    return button
