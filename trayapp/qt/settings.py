"""The settings dialog: pages read off the declared preferences, and those with more than lines to fill in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from trayapp.core.intents import Intent, OpenHelp, SetLogin
from trayapp.core.language import _
from trayapp.core.settings import DESKTOP, GATEWAY, GENERAL, LOCAL, MODELS, PROVIDERS, Settings
from trayapp.core.state import State
from trayapp.core.topic import Topic
from trayapp.providers.spec import ProviderSpec
from trayapp.qt import settings_general
from trayapp.qt.about import AboutPage
from trayapp.qt.account_form import Warn
from trayapp.qt.accounts import ProvidersPage
from trayapp.qt.diagnostics import DiagnosticsPage, Doctor
from trayapp.qt.dialogs import Perform, Start, named_buttons, plain, question
from trayapp.qt.fields import FieldPage, fit, tab_after
from trayapp.qt.gateway_page import GatewayPage, GatewaySide
from trayapp.qt.local_page import LocalPage, LocalSide
from trayapp.qt.login import LoginRow, LoginStatus
from trayapp.qt.models_page import HiddenModels
from trayapp.qt.profiles_page import ProfilesPage
from trayapp.qt.settings_drafts import Drafts
from trayapp.qt.settings_general import GeneralMore
from trayapp.qt.settings_keys import ShortcutLine
from trayapp.qt.settings_pages import Pages
from trayapp.ui import form
from trayapp.ui.accounts import AccountView, Offer
from trayapp.ui.menu_rows import ordered


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
        exported: Callable[[], dict[str, Any]] = dict,
        shortcut_problem: Topic[str] | None = None,
    ) -> None:
        """``stored``: what is changed and saved, where the environment sets some of what holds; ``forced``: by
        which variable it does, by the names of preferences. ``exported`` gives all that can be taken elsewhere;
        ``shortcut_problem``: why the keys that find a model do not work.
        """
        super().__init__(parent)
        self._perform = perform
        self._start = start
        self._settings = settings
        self._stored = stored or (lambda: settings.value)
        self._forced = forced or {}
        self._accounts = accounts
        self._side = local
        self._problem = shortcut_problem or Topic("")
        self._read_login = login
        self._leave: list[Callable[[], None]] = []
        self._asking = self._saving = False
        self.setWindowTitle(_("Settings – trayapp"))
        pages = form.pages(settings.value, self._forced)
        self._declared = {page.name: page for page in pages}
        self.message = plain()
        self.message.hide()
        taken = self._make_buttons()
        self.pages: dict[str, FieldPage] = {}
        self.turner = Pages(self._titles, lambda name: self.drafts.control(name))
        self.providers = ProvidersPage(perform=perform, start=start, specs=specs, offers=offers, warn=warn, taken=taken)
        self.diagnostics = DiagnosticsPage(doctor=doctor, perform=perform, start=start, taken=taken)
        self.about = AboutPage(about)
        self.local = LocalPage(self._declared[LOCAL], local, perform=perform, start=start, taken=taken)
        self.gateway = GatewayPage(self._declared[GATEWAY], gateway, perform=perform, start=start, taken=taken)
        self.profiles = ProfilesPage(state=local.state, models=local.models, perform=perform, start=start, taken=taken)
        for editor in (self.providers, self.local, self.gateway, self.profiles):
            editor.changed.connect(self._edited)
        own: dict[str, QWidget] = {
            GENERAL: self._general(taken, exported),
            DESKTOP: self._desktop(taken),
            PROVIDERS: self.providers,
            MODELS: self._models(taken),
            LOCAL: self.local,
            GATEWAY: self.gateway,
            form.PROFILES: self.profiles,
            form.DIAGNOSTICS: self.diagnostics,
            form.ABOUT: self.about,
        }
        self.drafts = Drafts(self.login, self.pages, self.providers, self.local, self.gateway, self.profiles)
        for page in pages:
            self.turner.add(page, own[page.name])
        layout = QVBoxLayout(self)
        layout.addWidget(self.turner, 1)
        layout.addWidget(self.message)
        layout.addWidget(self.buttons)
        self.turner.turned.connect(self._look)
        self.turner.help_wanted.connect(lambda page: start(self._ask(OpenHelp(page))))
        self.turner.account_wanted.connect(self.providers.select)
        self._order_tab()
        fit(self, 140, 44)

    # -- what it is made of ---------------------------------------------------------------------

    def _make_buttons(self) -> str:
        """OK, Cancel, Apply, and what resets a page; the letters of their access keys."""
        box = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(box.Ok | box.Cancel | box.Apply)
        keyed = form.access_keys((_("OK"), _("Cancel"), _("Apply"), _("Reset page")))
        named_buttons(self.buttons, dict(zip((box.Ok, box.Cancel, box.Apply), keyed, strict=False)))
        self.buttons.button(box.Ok).setDefault(True)
        self.apply_button = self.buttons.button(box.Apply)
        self.reset_button = self.buttons.addButton(keyed[-1], QDialogButtonBox.ButtonRole.ResetRole)
        self.reset_button.setAutoDefault(False)
        told = _("Enters what the program has by itself on this page. Apply or OK saves it.")
        self.reset_button.setToolTip(told)
        self.reset_button.setAccessibleDescription(told)
        self.reset_button.clicked.connect(lambda _checked: self._reset())
        self.apply_button.clicked.connect(lambda _checked: self._begin(close=False))
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        return form.access_letters(keyed)

    def _fields(self, name: str, taken: str, first: QWidget | None = None) -> tuple[FieldPage, str]:
        """A page of lines, and the access keys in use on it and around it."""
        declared = self._declared[name]
        page = self.pages[name] = FieldPage(declared, taken=taken, first=first)
        page.changed.connect(self._edited)
        labels = form.access_keys((field.label for field in declared.fields), taken)
        return page, taken + form.access_letters(labels)

    def _general(self, taken: str, exported: Callable[[], dict[str, Any]]) -> FieldPage:
        own = form.access_keys((_("Start with the desktop"), *settings_general.labels()), taken)
        self.login = LoginRow(own[0])
        self.login.check.toggled.connect(lambda _on: self._edited())
        page, _taken = self._fields(GENERAL, taken + form.access_letters(own), self.login)
        self.more = GeneralMore(own[1:], perform=self._perform, start=self._start, exported=exported)
        page.add_below(self.more)
        return page

    def _desktop(self, taken: str) -> FieldPage:
        page, taken = self._fields(DESKTOP, taken)
        (words,) = form.access_keys((_("Press keys…"),), taken)
        self.shortcut = ShortcutLine(page.rows["shortcut"], self._problem, words)
        return page

    def _models(self, taken: str) -> FieldPage:
        page, taken = self._fields(MODELS, taken)
        (words,) = form.access_keys((_("Show all again"),), taken)
        self.hidden = HiddenModels(words, perform=self._perform, start=self._start)
        page.add_below(self.hidden.group)
        return page

    def _order_tab(self) -> None:
        """From the search to the list of pages, through what is shown, to the buttons."""
        side = self.turner.sidebar
        parts = (side.search, side.list, side.results, self.turner.link)
        tab_after(parts[0], parts[1:])

    @property
    def dirty(self) -> bool:
        """Something is entered that is not saved."""
        return self.drafts.dirty

    def show_page(self, page: str = "", provider: str = "") -> None:
        """Open, on this page and at this account if named; raised where it was open already."""
        self.turner.show_page(PROVIDERS if provider else page)
        self.show()
        self.raise_()
        self.activateWindow()
        if provider:
            self.providers.select(provider)

    # -- opening and closing --------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Show what holds now, and listen for changes from elsewhere while it is open."""
        super().showEvent(event)
        if not self._leave:
            self.turner.begin()
            self._take_settings(self._settings.value, forget=True)
            self._take_accounts(self._accounts.value, forget=True)
            self._take_state(self._side.state.value, forget=True)
            self._leave = [
                self._settings.listen(self._take_settings),
                self._side.state.listen(self._take_state),
                self._accounts.listen(self._take_accounts),
                self._problem.listen(lambda _problem: self.shortcut.refresh()),
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
        self.profiles.show_state(self._side.state.value, forget=True)
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

    def _take_settings(self, settings: Settings, *, forget: bool = False) -> None:
        for page in form.pages(settings, self._forced):
            if page.name == LOCAL:
                self.local.show_settings(settings, page, forget=forget)
            elif page.name == GATEWAY:
                self.gateway.show_settings(settings, page, forget=forget)
            elif page.name in self.pages:
                for field in page.fields:
                    self.pages[page.name].rows[field.name].show_field(field, forget=forget)
        if self.isVisible():
            self._take_accounts(self._accounts.value)  # the order is a setting
        self.shortcut.refresh()
        self._edited()

    def _take_accounts(self, views: Sequence[AccountView], *, forget: bool = False) -> None:
        """In the order of the menu."""
        placed = ordered(views, self._settings.value)
        self.providers.show_accounts(placed, forget=forget)
        self.profiles.show_accounts(placed)

    def _take_state(self, state: State, *, forget: bool = False) -> None:
        self.local.show_state(state, forget=forget)
        self.gateway.show_state(state)
        self.hidden.show_state(state)
        self.profiles.show_state(state, forget=forget)
        self._edited()

    async def _look_at_login(self) -> None:
        self.login.show_status(await self._read_login())
        self._edited()

    def _titles(self) -> list[tuple[str, str]]:
        """Every account and what it is called."""
        return [(view.provider, view.title) for view in self._accounts.value]

    def _look(self) -> None:
        """What is made when somebody looks, and where Tab goes then."""
        shown = self.turner.shown
        if shown is self.about:
            self.about.fill()
        if shown is self.diagnostics or shown is self.about:
            tab_after(self.turner.link, self.about.controls if shown is self.about else self.diagnostics.controls)
        self._edited()

    def _edited(self) -> None:
        self.apply_button.setEnabled(self.dirty and not self._saving)
        page = self.drafts.resettable(self.turner.current)
        self.reset_button.setVisible(page is not None)
        self.reset_button.setEnabled(page is not None and page.differs and not self._saving)

    def _say(self, text: str) -> None:
        self.message.setText(text)
        self.message.setVisible(bool(text))
