"""One request to the program as a dialog shows it: under way, cancelled, or done with a sentence."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from trayapp.core.intents import Intent, Reply
from trayapp.core.language import _
from trayapp.qt.dialogs import Perform, Start, plain


class Outcome(QWidget):
    """A strip that is empty until something is asked; one request at a time."""

    busy_changed = Signal(bool)

    def __init__(self, perform: Perform, start: Start, *, button: bool = True) -> None:
        """``button``: with a Cancel of its own, where the window has none that would do."""
        super().__init__()
        self._perform = perform
        self._start = start
        self._task: object = None
        self._busy = False
        self._button = button
        self._text = plain()
        self._bar = QProgressBar()
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(_("Under way"))
        self._cancel = QPushButton(_("Cancel"))
        self._cancel.setAutoDefault(False)
        self._cancel.setAccessibleName(_("Cancel what is under way"))
        self._cancel.clicked.connect(self.cancel)
        progress = QHBoxLayout()
        progress.addWidget(self._bar, 1)
        progress.addWidget(self._cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._text)
        layout.addLayout(progress)
        self._show_busy(False)
        self.say("")

    @property
    def busy(self) -> bool:
        """A request is under way."""
        return self._busy

    @property
    def text(self) -> str:
        """The sentence shown."""
        return self._text.text()

    def say(self, text: str) -> None:
        """Show a sentence, or nothing."""
        self._text.setText(text)
        self._text.setVisible(bool(text))

    def ask(self, intent: Intent, meanwhile: str, done: Callable[[Reply], None] | None = None) -> None:
        """Perform ``intent``, showing ``meanwhile``; then its answer, which ``done`` hears first."""
        if self._busy:
            return
        self._busy = True
        self.say(meanwhile)
        self._show_busy(True)
        self._task = self._start(self._run(intent, done))

    def cancel(self) -> None:
        """Give up the request under way."""
        if self._busy:
            cancel = getattr(self._task, "cancel", None)
            self._finish(_("Cancelled."))
            if cancel is not None:
                cancel()

    async def _run(self, intent: Intent, done: Callable[[Reply], None] | None) -> None:
        reply = None
        try:
            reply = await self._perform(intent)
        finally:
            if reply is None and self._busy:
                self._finish(_("That did not work, and nobody said why."))
        if self._busy:  # else it was cancelled, too late to be stopped
            self._finish(reply.text)
            if done is not None:
                done(reply)

    def _finish(self, text: str) -> None:
        self._task = None
        self._busy = False
        self._show_busy(False)
        self.say(text)

    def _show_busy(self, busy: bool) -> None:
        self._bar.setVisible(busy)
        self._cancel.setVisible(busy and self._button)
        self.busy_changed.emit(busy)
