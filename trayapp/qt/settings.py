"""The settings dialog: pages read off the declared preferences, and those with more than lines to fill in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, TypedDict

import shiboken6
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from trayapp.core.intents import Intent, OpenHelp, SetLogin
from trayapp.core.language import _
from trayapp.core.settings import DESKTOP, GATEWAY, GENERAL, LOCAL, MODELS, PROVIDERS, Settings
from trayapp.core.state import State
from trayapp.core.topic import Topic
from trayapp.providers.spec import ProviderSpec
from trayapp.qt.about import AboutPage
from trayapp.qt.account_form import Warn
from trayapp.qt.accounts import ProvidersPage
from trayapp.qt.diagnostics import DiagnosticsPage, Doctor
from trayapp.qt.dialogs import Perform, Start, plain, question
from trayapp.qt.fields import FieldPage, fit, tab_after
from trayapp.qt.gateway_page import GatewayPage, GatewaySide
from trayapp.qt.local_page import LocalPage, LocalSide
from trayapp.qt.login import LoginStatus
from trayapp.qt.models_page import ModelsPage
from trayapp.qt.profiles_page import ProfilesPage
from trayapp.qt.settings_buttons import Buttons
from trayapp.qt.settings_drafts import Drafts
from trayapp.qt.settings_general import GeneralPage
from trayapp.qt.settings_keys import DesktopPage
from trayapp.qt.settings_made import Made, P
from trayapp.qt.settings_pages import Pages
from trayapp.ui import form
from trayapp.ui.accounts import AccountView, Offer
from trayapp.ui.menu_rows import ordered


class _Does(TypedDict):
    """What every page that does something needs."""

    perform: Perform
    start: Start
    taken: str


class SettingsDialog(QDialog):
    """Collects changes and asks for them with OK or Apply. Shown, never executed; made once, shown often.

    ``login`` asks the system whether the program starts with the session; ``about`` and ``offers`` are
    called when somebody looks.
    """

    def __init__(
        self,
        parent: QWidget | None = None,
        *,
        perform: Perform,
        start: Start,
        settings: Topic[Settings],
        accounts: Topic[tuple[AccountView, ...]],
        specs: Sequence[ProviderSpec],
        offers: Callable[[], Sequence[Offer]],
        warn: Warn,
        login: Callable[[], Awaitable[LoginStatus]],
        doctor: Doctor,
        about: Callable[[], form.About],
        local: LocalSide,
        gateway: GatewaySide,
        stored: Callable[[], Settings] | None = None,
        forced: Mapping[str, str] | None = None,
        without: Collection[str] = (),
        exported: Callable[[], dict[str, Any]] = dict,
        shortcut_problem: Topic[str] | None = None,
    ) -> None:
        """``stored``: what is changed and saved, where the environment sets some of what holds; ``forced``: by
        which variable it does, by the names of preferences; ``without``: preferences that mean nothing here.
        ``exported`` gives all that can be taken elsewhere; ``shortcut_problem``: why the keys that find a model do
        not work.
        """
        super().__init__(parent)
        self._perform = perform
        self._start = start
        self._settings = settings
        self._stored = stored or (lambda: settings.value)
        self._forced = forced or {}
        self._without = without
        self._accounts = accounts
        self._side = local
        self._problem = shortcut_problem or Topic("")
        self._read_login = login
        self._leave: list[Callable[[], None]] = []
        self._asking = self._saving = self._making = self._asked = False
        self._then = ("", False)
        """The account to be shown when the dialog opens, and whether to ask which one to add."""
        self._login: LoginStatus | None = None
        self.setWindowTitle(_("Settings – trayapp"))
        declared = self._declare(settings.value)
        self._made = Made([page.name for page in declared])
        self.drafts = Drafts(self._made)
        self.message = plain()
        self.message.hide()
        self.buttons = Buttons()
        self.buttons.reset.clicked.connect(lambda _checked: self._reset())
        self.buttons.apply.clicked.connect(lambda _checked: self._begin(close=False))
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        taken = self.buttons.letters
        does: _Does = {"perform": perform, "start": start, "taken": taken}
        self._makers: dict[str, Callable[[form.Page], QWidget]] = {
            GENERAL: lambda page: GeneralPage(page, exported=exported, **does),
            DESKTOP: lambda page: DesktopPage(page, self._problem, taken=taken),
            PROVIDERS: lambda _page: ProvidersPage(specs=specs, offers=offers, warn=warn, **does),
            MODELS: lambda page: ModelsPage(page, **does),
            LOCAL: lambda page: LocalPage(page, local, **does),
            GATEWAY: lambda page: GatewayPage(page, gateway, **does),
            form.PROFILES: lambda _page: ProfilesPage(state=local.state, models=local.models, **does),
            form.DIAGNOSTICS: lambda _page: DiagnosticsPage(doctor=doctor, **does),
            form.ABOUT: lambda _page: AboutPage(about, perform=perform, start=start),
        }
        self.turner = Pages(self._titles, self.drafts.control)
        for page in declared:
            self.turner.declare(page)
        layout = QVBoxLayout(self)
        layout.addWidget(self.turner, 1)
        layout.addWidget(self.message)
        layout.addWidget(self.buttons)
        self.turner.turned.connect(self._look)
        self.turner.help_wanted.connect(lambda page: start(self._ask(OpenHelp(page))))
        self.turner.account_wanted.connect(self._select)
        self._order_tab()
        fit(self, 140, 44)

    # -- what it is made of ---------------------------------------------------------------------

    async def _make_all(self) -> None:
        """Each step in a turn of the loop of its own: together they keep the thread busy for a tenth of a second."""
        try:
            for _step in self._steps():
                await asyncio.sleep(0)
                if not shiboken6.isValid(self):
                    return  # the program ends
        finally:
            self._making = False

    def _steps(self) -> Iterator[None]:
        """The page that is wanted, then the window, then every other page."""
        while self._asked or self.turner.missing:
            if self._asked and self.turner.shown is not None:
                self._open()
            else:
                yield from self._make(self.turner.missing[0])
            yield

    def _make(self, name: str) -> Iterator[None]:
        page = self._makers[name](self._declared[name])
        if isinstance(page, LocalPage | GatewayPage):
            for _part in page.parts():
                yield
        if isinstance(page, FieldPage | LocalPage | GatewayPage | ProvidersPage | ProfilesPage):
            page.changed.connect(self._edited)
        self._made.put(name, page)
        if self._leave:
            self._show_all(name)
            self._show_login()
        yield
        self.turner.put(name, page)
        tab_after(self.previousInFocusChain() or self, self.buttons.tab_order)  # what is made last would come last
        self._edited()

    def page(self, kind: type[P]) -> P:
        """The page of this kind. LookupError while it is not made."""
        return self._made.those(kind)[0]

    def _order_tab(self) -> None:
        """From the search to the list of pages, through what is shown, to the buttons."""
        side = self.turner.sidebar
        parts = (side.search, side.list, side.results, self.turner.link)
        tab_after(parts[0], parts[1:])

    @property
    def dirty(self) -> bool:
        """Something is entered that is not saved."""
        return self.drafts.dirty

    def show_page(self, page: str = "", provider: str = "", *, add: bool = False) -> None:
        """Open, on this page and at this account if named; raised where it was open already.

        ``add``: with the question which provider to add. What is shown for the first time is made first, in turns.
        """
        self.turner.show_page(PROVIDERS if provider or add else page)
        self._then = (provider, add)
        self._asked = True
        if self.turner.shown is not None:
            self._open()
        if not self._making and self.turner.missing:
            self._making = True
            self._start(self._make_all())

    def _open(self) -> None:
        (provider, add), self._then, self._asked = self._then, ("", False), False
        self.show()
        self.raise_()
        self.activateWindow()
        if provider:
            self._select(provider)
        if add:
            self.page(ProvidersPage).open_add_dialog()

    def _select(self, account: str) -> None:
        self.page(ProvidersPage).select(account)

    # -- opening and closing --------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Show what holds now, and listen for changes from elsewhere while it is open."""
        super().showEvent(event)
        if not self._leave:
            self.turner.begin()
            self._declare(self._settings.value)
            for name, _page in self._made:
                self._show_all(name)
            self._leave = [
                self._settings.listen(self._take_settings),
                self._side.state.listen(self._take_state),
                self._accounts.listen(self._take_accounts),
                self._problem.listen(lambda _problem: self._tell_problem()),
            ]
            self._say("")
            self._look()
            self._start(self._look_at_login())

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop listening; a minimised window goes on."""
        super().hideEvent(event)
        if not event.spontaneous():
            for leave in self._leave:
                leave()
            self._leave = []

    def accept(self) -> None:
        """OK: save, and close if all of it could be saved."""
        self._begin(close=True)

    def reject(self) -> None:
        """Cancel, Esc and the title bar's cross: what was changed is thrown away only after asking."""
        if self._asking:
            return
        if not self.dirty:
            super().reject()
            return
        self._asking = True
        self._start(self._ask_and_close())

    async def _ask_and_close(self) -> None:
        try:
            gone = await question(
                self, _("Some changes are not saved. Throw them away?"), _("&Throw away"), _("Go on editing")
            )
        finally:
            self._asking = False
        if gone:
            super().reject()

    # -- saving ---------------------------------------------------------------------------------

    def _begin(self, *, close: bool) -> None:
        if self._saving or not self._all_good():
            return
        self._saving = True
        self.buttons.setEnabled(False)
        self._start(self._save(close))

    def _all_good(self) -> bool:
        complaint = self.drafts.complaint(self.show_page)
        if complaint:
            self._say(complaint)
        return not complaint

    async def _save(self, close: bool) -> None:
        done = False
        try:
            done = await self._save_all()
        finally:
            self._saving = False
            self.buttons.setEnabled(True)
            self._edited()
        if done and close:
            super().accept()

    async def _save_all(self) -> bool:
        intents = self.drafts.intents(self._stored())
        for intent in intents:
            reply = await self._perform(intent)
            if not reply.ok:
                self._say(reply.text)
                if isinstance(intent, SetLogin):
                    await self._look_at_login()
                return False
            if isinstance(intent, SetLogin):
                await self._look_at_login()
        for page in self._made.those(ProfilesPage):
            page.show_state(self._side.state.value, forget=True)
        self._say(_("Saved.") if intents else "")
        return True

    async def _ask(self, intent: Intent) -> None:
        await self._perform(intent)

    # -- resetting ------------------------------------------------------------------------------

    def _reset(self) -> None:
        page = self.drafts.resettable(self.turner.current)
        if page is not None:
            page.reset()
            self._edited()
            self._say(_("The page is as the program has it by itself. Apply or OK saves that."))

    # -- what is shown --------------------------------------------------------------------------

    def _declare(self, settings: Settings) -> tuple[form.Page, ...]:
        pages = form.pages(settings, self._forced, without=self._without)
        self._declared = {page.name: page for page in pages}
        return pages

    def _take_settings(self, settings: Settings) -> None:
        self._made.show_settings(settings, self._declare(settings))
        if self.isVisible():
            self._take_accounts(self._accounts.value)  # the order is a setting
        self._edited()

    def _take_accounts(self, views: Sequence[AccountView]) -> None:
        """In the order of the menu."""
        self._made.show_accounts(ordered(views, self._settings.value))

    def _take_state(self, state: State) -> None:
        self._made.show_state(state)
        self._edited()

    def _show_all(self, name: str) -> None:
        settings, state = self._settings.value, self._side.state.value
        self._made.show_all(self._declared[name], settings, state, ordered(self._accounts.value, settings))

    async def _look_at_login(self) -> None:
        self._login = await self._read_login()
        if shiboken6.isValid(self):  # else the program ends
            self._show_login()
            self._edited()

    def _show_login(self) -> None:
        for page in self._made.those(GeneralPage):
            if self._login is not None:
                page.login.show_status(self._login)

    def _tell_problem(self) -> None:
        for page in self._made.those(DesktopPage):
            page.shortcut.refresh()

    def _titles(self) -> list[tuple[str, str]]:
        """Every account and what it is called."""
        return [(view.provider, view.title) for view in self._accounts.value]

    def _look(self) -> None:
        """What is made when somebody looks, and where Tab goes then."""
        shown = self.turner.shown
        if isinstance(shown, AboutPage):
            shown.fill()
        if isinstance(shown, AboutPage | DiagnosticsPage):
            tab_after(self.turner.link, shown.controls)
        self._edited()

    def _edited(self) -> None:
        self.buttons.apply.setEnabled(self.dirty and not self._saving)
        page = self.drafts.resettable(self.turner.current)
        self.buttons.reset.setVisible(page is not None)
        self.buttons.reset.setEnabled(page is not None and page.differs and not self._saving)

    def _say(self, text: str) -> None:
        self.message.setText(text)
        self.message.setVisible(bool(text))
