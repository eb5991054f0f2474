"""The first start: what was found, a provider, a model; nothing is written before the end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any

from msgspec import Struct
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
)

from trayapp.app import welcoming
from trayapp.app.root import App
from trayapp.core.accounts import Account, KeyFrom
from trayapp.core.intents import Intent, Reply
from trayapp.core.language import _
from trayapp.core.models import Model
from trayapp.providers import keys as key_hints
from trayapp.providers.spec import ProviderSpec
from trayapp.providers.table import SPECS
from trayapp.qt.account_form import Warn
from trayapp.qt.dialogs import Start, plain
from trayapp.qt.fields import embolden, fit, make_scrolling
from trayapp.qt.welcome_pages import FoundPage, ModelPage, ProviderPage
from trayapp.ui.welcome import Draft, Sights, accounts_of, choices, sights


class WelcomeSide(Struct, frozen=True, kw_only=True):
    """What the window asks of the program."""

    specs: Sequence[ProviderSpec]
    warn: Warn
    start: Start
    look: Callable[[], Awaitable[Sights]]
    lists: Callable[[Sequence[Account]], Awaitable[tuple[tuple[str, tuple[Model, ...]], ...]]]
    set_up: Callable[[Draft], Awaitable[Reply]]
    skip: Callable[[], Coroutine[Any, Any, None]]
    accounts: Callable[[], tuple[Account, ...]]


class Welcome(QDialog):
    """Three steps in one window. Esc, the cross and “Skip” leave everything as it is."""

    def __init__(self, side: WelcomeSide) -> None:
        super().__init__()
        self._side = side
        self._busy = False
        self._task: object = None
        self.setWindowTitle(_("Welcome – trayapp"))
        self.title = QLabel()
        embolden(self.title)
        self.found, self.provider, self.model = FoundPage(), ProviderPage(side.specs, side.warn), ModelPage()
        self.steps = QStackedWidget()
        for page in (self.found, self.provider, self.model):
            area = QScrollArea()
            make_scrolling(area, page)
            self.steps.addWidget(area)
        self.message = plain()
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(_("Under way"))
        self.skip_button, self.back_button = QPushButton(_("S&kip for now")), QPushButton(_("&Back"))
        self.next_button = QPushButton()
        self.next_button.setDefault(True)
        for button in (self.skip_button, self.back_button):
            button.setAutoDefault(False)
        self.skip_button.clicked.connect(self.reject)
        self.back_button.clicked.connect(lambda: self._go(self.steps.currentIndex() - 1))
        self.next_button.clicked.connect(self._on)
        self.model.list.itemActivated.connect(lambda _item: self._on())
        buttons = QHBoxLayout()
        buttons.addWidget(self.skip_button)
        buttons.addStretch(1)
        buttons.addWidget(self.back_button)
        buttons.addWidget(self.next_button)
        layout = QVBoxLayout(self)
        layout.addWidget(self.title)
        layout.addWidget(self.steps, 1)
        layout.addWidget(self.message)
        layout.addWidget(self.progress)
        layout.addLayout(buttons)
        fit(self, 88, 26)
        self._show_busy(False)
        self._go(0)

    @property
    def draft(self) -> Draft:
        """What is entered now."""
        return Draft(
            variables=self.found.variables,
            spec=self.provider.spec,
            key=self.provider.key,
            check=not self.provider.unchecked.isChecked(),
            ref=self.model.ref,
            login=self.model.login.isChecked(),
        )

    def open_anew(self) -> None:
        """Show it from its first step; raised where it was open already."""
        if not self.isVisible():
            self._go(0)
            self._side.start(self._look())
        self.show()
        self.raise_()
        self.activateWindow()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc gives up what is under way first."""
        if event.key() == Qt.Key.Key_Escape and self._busy:
            self._cancel()
        else:
            super().keyPressEvent(event)

    def reject(self) -> None:
        """Leave everything as it is, and do not come again by itself."""
        if self._busy:
            self._cancel()
            return
        self._side.start(self._side.skip())
        super().reject()

    def done(self, result: int) -> None:
        """Every way out wipes the key."""
        self.provider.wipe()
        super().done(result)

    # -- the steps ------------------------------------------------------------------------------

    def _on(self) -> None:
        if self._busy:
            self._cancel()
            return
        at = self.steps.currentIndex()
        if at == 1 and self.provider.lacks:
            self._say(self.provider.lacks)
            self.provider.edit.setFocus()
            return
        if at < self.steps.count() - 1:
            self._go(at + 1)
            return
        self._task = self._side.start(self._finish())

    def _go(self, step: int) -> None:
        self.steps.setCurrentIndex(step)
        names = (_("1 of 3: Found on this computer"), _("2 of 3: Add a provider"), _("3 of 3: Choose a model"))
        self.title.setText(names[step])
        self.back_button.setEnabled(step > 0)
        self._name_next()
        self._say("")
        if step == 1:
            self.provider.box.setFocus()
        if step == 2:
            self.model.search.setFocus()
            self._side.start(self._offer())

    def _name_next(self) -> None:
        last = self.steps.currentIndex() == self.steps.count() - 1
        self.next_button.setText(_("Cancel") if self._busy else _("&Finish") if last else _("&Next"))

    async def _look(self) -> None:
        seen = await self._side.look()
        used = {it.spec for it in self._side.accounts() if it.key_from is KeyFrom.ENVIRONMENT}
        self.found.show_sights(sights(seen, self._side.specs, used))

    async def _offer(self) -> None:
        added = accounts_of(self.draft, tuple(it.id for it in self._side.accounts()))
        self.model.show_choices(choices(await self._side.lists(added)))

    async def _finish(self) -> None:
        self._show_busy(True)
        self._say(_("Setting it up…"))
        try:
            reply = await self._side.set_up(self.draft)
        finally:
            self._show_busy(False)
            self._say("")
        if reply.ok:
            self.accept()
            return
        if isinstance(reply.data, dict) and "verdict" in reply.data:
            self._go(1)
        self._say(reply.text)

    def _cancel(self) -> None:
        cancel = getattr(self._task, "cancel", None)
        if cancel is not None:
            cancel()

    def _show_busy(self, busy: bool) -> None:
        self._busy = busy
        self.progress.setVisible(busy)
        self.steps.setEnabled(not busy)
        self.skip_button.setEnabled(not busy)
        self.back_button.setEnabled(not busy and self.steps.currentIndex() > 0)
        self._name_next()

    def _say(self, text: str) -> None:
        self.message.setText(text)
        self.message.setVisible(bool(text))


def window(app: App, ask: Callable[[Intent], None], found: Callable[[], Mapping[str, str]]) -> Welcome:
    """The window of the running program."""
    return Welcome(
        WelcomeSide(
            specs=SPECS,
            warn=key_hints.warning,
            start=lambda work: app.tasks.start(work, name="welcome"),
            look=lambda: welcoming.look(app, found),
            lists=lambda added: welcoming.lists(app, added),
            set_up=lambda draft: welcoming.set_up(app, draft),
            skip=lambda: welcoming.leave(app),
            accounts=lambda: app.accounts,
        )
    )
