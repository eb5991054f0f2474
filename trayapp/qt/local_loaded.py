"""What is in memory now, on the page “Local models”: a live table, and models warmed up by hand."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from trayapp.core.intents import CancelWarmUp, Intent, Unload
from trayapp.core.language import _
from trayapp.qt.dialogs import Perform, Start, plain
from trayapp.qt.fields import make_scrolling
from trayapp.qt.local_order import ModelBox, boxed, push, say
from trayapp.qt.local_table import LoadedTable
from trayapp.qt.outcome import Outcome
from trayapp.ui import local_form, rule_form
from trayapp.ui.form import access_keys
from trayapp.ui.local_form import Loaded, Progress

SOONEST = 1.0
"""Seconds between two drawings: times are told in seconds."""


class LoadedNow(QScrollArea):
    """Draws itself at most once a second while somebody can see it, and not at all otherwise."""

    def __init__(
        self,
        *,
        perform: Perform,
        start: Start,
        shown: Callable[[], Loaded],
        taken: str = "",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._shown = shown
        self._monotonic = monotonic
        self._drawn_at = -SOONEST
        self._progress: Progress | None = None
        self._watched = False
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.timeout.connect(self._draw)
        words = (_("Unload"), _("Keep"), _("No longer keep"), _("Unload all"), _("Model"), _("Warm up"), _("Cancel"))
        unload, keep, release, unload_all, model, warm, cancel = access_keys(words, taken)
        self._keep_words = {True: keep, False: release}
        self.servers = plain()
        self.table = LoadedTable()
        self.table.selected.connect(self._offer)
        self.nothing = plain()
        self.detail = plain()
        self.unload_button = push(unload, self._unload, _("Unload the selected model"))
        self.keep_button = push(keep, self._keep)
        self.unload_all_button = push(unload_all, lambda: self._ask(Unload(), _("Unloading…")))
        self.outcome = Outcome(perform, start, button=False)
        self.outcome.busy_changed.connect(lambda _busy: self._offer())
        self.model = ModelBox(_("Model to warm up"), placeholder=_("An installed model"), letters=20)
        self.model.editTextChanged.connect(lambda _text: self._offer())
        self.warm_button = push(warm, self._warm)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(_("Loading a model"))
        self.loading = plain()
        self.cancel_button = push(cancel, self._cancel, _("Give up loading the model"))
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.addWidget(self.servers)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.nothing)
        layout.addWidget(self.detail)
        buttons = QHBoxLayout()
        for button in (self.unload_button, self.keep_button, self.unload_all_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        layout.addLayout(buttons)
        layout.addWidget(self.outcome)
        group = boxed(_("Warm up"))
        grid = QGridLayout(group)
        grid.setColumnStretch(1, 1)
        label = QLabel(model)
        label.setBuddy(self.model)
        grid.addWidget(label, 0, 0)
        grid.addWidget(self.model, 0, 1)
        grid.addWidget(self.warm_button, 0, 2)
        grid.addWidget(self.loading, 1, 0, 1, 3)
        grid.addWidget(self.bar, 2, 0, 1, 2)
        grid.addWidget(self.cancel_button, 2, 2)
        layout.addWidget(group)
        make_scrolling(self, inside)
        self._show_progress(None)
        self._offer()

    # -- while it is seen -----------------------------------------------------------------------

    def watch(self, on: bool) -> None:
        """Draw, and go on drawing; or stop."""
        self._watched = on
        if on:
            self._draw()
        else:
            self.timer.stop()

    def soon(self) -> None:
        """Something changed: drawn at once, or when the last drawing is a second old."""
        if not self._watched:
            return
        wait = max(0.0, self._drawn_at + SOONEST - self._monotonic())
        if not self.timer.isActive() or self.timer.remainingTime() > wait * 1000:
            self.timer.start(round(wait * 1000))

    def _draw(self) -> None:
        if not self._watched:
            return
        shown = self._shown()
        say(self.servers, shown.servers)
        if shown.lines != self.table.lines:
            self.table.show_lines(shown.lines)
        say(self.nothing, "" if shown.lines else shown.nothing)
        self.model.offer(shown.installed)
        self._show_progress(shown.progress)
        self._drawn_at = self._monotonic()
        if shown.lines:  # times run
            self.timer.start(round(SOONEST * 1000))

    def _show_progress(self, progress: Progress | None) -> None:
        self._progress = progress
        say(self.loading, progress.text if progress is not None else "")
        self.bar.setVisible(progress is not None)
        self.cancel_button.setVisible(progress is not None)
        if progress is None:
            return
        self.bar.setAccessibleDescription(progress.text)
        known = progress.usual is not None and progress.elapsed < progress.usual
        self.bar.setRange(0, round(progress.usual * 10) if known and progress.usual else 0)
        if known:
            self.bar.setValue(round(progress.elapsed * 10))

    # -- what can be done -----------------------------------------------------------------------

    def _ask(self, intent: Intent, meanwhile: str) -> None:
        self.outcome.ask(intent, meanwhile, lambda _reply: self.soon())

    def _unload(self) -> None:
        line = self.table.line
        if line is not None:
            self._ask(CancelWarmUp(line.ref) if line.loading else Unload(line.ref), _("Unloading…"))

    def _keep(self) -> None:
        line = self.table.line
        if line is not None and line.keep is not None:
            self._ask(line.keep, _("Saving…"))

    def _warm(self) -> None:
        intent = local_form.warming(self.model.text)
        if intent is None:
            self.outcome.say(rule_form.model_problem(self.model.text))
            return
        self._ask(intent, _("Asking…"))

    def _cancel(self) -> None:
        if self._progress is not None:
            self._ask(CancelWarmUp(self._progress.ref), _("Giving up…"))

    def _offer(self) -> None:
        line, free = self.table.line, not self.outcome.busy
        say(self.detail, line.detail if line is not None else "")
        self.unload_button.setEnabled(free and line is not None and line.can_leave)
        keep = line.keep if line is not None else None
        on = keep is None or keep.on
        self.keep_button.setText(self._keep_words[on])
        self.keep_button.setAccessibleName(
            _("Keep the selected model in memory") if on else _("Keep the selected model no longer")
        )
        self.keep_button.setEnabled(free and keep is not None)
        self.unload_all_button.setEnabled(free and any(not it.loading for it in self.table.lines))
        self.warm_button.setEnabled(free and bool(self.model.text))
        self.cancel_button.setEnabled(free)
