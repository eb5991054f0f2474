"""The settings dialog: pages read off the declared preferences, and those with more than lines to fill in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTabWidget, QVBoxLayout, QWidget

from trayapp.core.intents import Intent, SaveAccount, SaveSettings, SetLogin, SetStrategy, SwitchGateway
from trayapp.core.language import _
from trayapp.core.settings import GATEWAY, GENERAL, LOCAL, PROVIDERS, Settings
from trayapp.core.topic import Topic
from trayapp.providers.spec import ProviderSpec
from trayapp.qt.about import AboutPage
from trayapp.qt.account_form import Warn
from trayapp.qt.accounts import ProvidersPage
from trayapp.qt.diagnostics import DiagnosticsPage, Doctor
from trayapp.qt.dialogs import Perform, Start, named_buttons, plain, question
from trayapp.qt.fields import FieldPage, go_to, tab_after
from trayapp.qt.gateway_page import GatewayPage, GatewaySide
from trayapp.qt.local_page import LocalPage, LocalSide
from trayapp.qt.login import LoginRow, LoginStatus
from trayapp.ui import form
from trayapp.ui.accounts import AccountView, Offer


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
    ) -> None:
        """``stored``: what is changed and saved, where the environment sets some of what holds; ``forced``: by
        which variable it does, by the names of preferences.
        """
        super().__init__(parent)
        self._perform = perform
        self._start = start
        self._settings = settings
        self._stored = stored or (lambda: settings.value)
        self._forced = forced or {}
        self._accounts = accounts
        self._side = local
        self._read_login = login
        self._leave: list[Callable[[], None]] = []
        self._asking = self._saving = False
        self.setWindowTitle(_("Settings – trayapp"))
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok
            | QDialogButtonBox.StandardButton.Cancel
            | QDialogButtonBox.StandardButton.Apply
        )
        pages = form.pages(settings.value, self._forced)
        labels = form.access_keys(
            (*(page.title for page in pages), _("OK"), _("Cancel"), _("Apply"), _("Start with the desktop"))
        )
        taken = form.access_letters(labels)
        ok, cancel, apply, start_label = labels[len(pages) :]
        named_buttons(
            self.buttons,
            {
                QDialogButtonBox.StandardButton.Ok: ok,
                QDialogButtonBox.StandardButton.Cancel: cancel,
                QDialogButtonBox.StandardButton.Apply: apply,
            },
        )
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setDefault(True)
        self.apply_button = self.buttons.button(QDialogButtonBox.StandardButton.Apply)
        self.login = LoginRow(start_label)
        self.login.check.toggled.connect(lambda _on: self._edited())
        self.providers = ProvidersPage(perform=perform, start=start, specs=specs, offers=offers, warn=warn, taken=taken)
        self.providers.changed.connect(self._edited)
        self.diagnostics = DiagnosticsPage(doctor=doctor, perform=perform, start=start, taken=taken)
        self.about = AboutPage(about)
        declared = {page.name: page for page in pages}
        self.local = LocalPage(declared[LOCAL], local, perform=perform, start=start, taken=taken)
        self.gateway = GatewayPage(declared[GATEWAY], gateway, perform=perform, start=start, taken=taken)
        for editor in (self.local, self.gateway):
            editor.changed.connect(self._edited)
        own: dict[str, QWidget] = {
            PROVIDERS: self.providers,
            LOCAL: self.local,
            GATEWAY: self.gateway,
            form.DIAGNOSTICS: self.diagnostics,
            form.ABOUT: self.about,
        }
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName(_("Pages"))
        self._names = [page.name for page in pages]
        self.pages: dict[str, FieldPage] = {}
        for page, label in zip(pages, labels, strict=False):
            if page.name in own:
                self.tabs.addTab(own[page.name], label)
                continue
            self.pages[page.name] = FieldPage(page, taken=taken, first=self.login if page.name == GENERAL else None)
            self.pages[page.name].changed.connect(self._edited)
            self.tabs.addTab(self.pages[page.name], label)
        self.tabs.currentChanged.connect(lambda _index: self._look())
        self.message = plain()
        self.message.hide()
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.apply_button.clicked.connect(lambda _checked: self._begin(close=False))
        layout = QVBoxLayout(self)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.message)
        layout.addWidget(self.buttons)
        letter = self.fontMetrics()
        self.resize(letter.averageCharWidth() * 130, letter.height() * 36)

    @property
    def dirty(self) -> bool:
        """Something is entered that is not saved."""
        rows = (row for page in self.pages.values() for row in page.rows.values())
        lines = self.login.dirty or any(row.dirty for row in rows)
        return lines or bool(self.providers.dirty) or self.local.dirty or self.gateway.dirty

    def show_page(self, page: str = "", provider: str = "") -> None:
        """Open, on this page and at this account if named; raised where it was open already."""
        if page in self._names:
            self.tabs.setCurrentIndex(self._names.index(page))
        self.show()
        self.raise_()
        self.activateWindow()
        if provider:
            self.tabs.setCurrentIndex(self._names.index(PROVIDERS))
            self.providers.select(provider)

    # -- opening and closing --------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Show what holds now, and listen for changes from elsewhere while it is open."""
        super().showEvent(event)
        if not self._leave:
            self._take_settings(self._settings.value, forget=True)
            self.providers.show_accounts(self._accounts.value, forget=True)
            self.local.show_state(self._side.state.value, forget=True)
            self._leave = [
                self._settings.listen(self._take_settings),
                self._side.state.listen(self.local.show_state),
                self._side.state.listen(self.gateway.show_state),
                self._accounts.listen(self.providers.show_accounts),
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
        for name, page in self.pages.items():
            for row in page.rows.values():
                if row.problem:
                    self.tabs.setCurrentIndex(self._names.index(name))
                    row.control.setFocus()
                    page.ensureWidgetVisible(row)
                    self._say(_("Nothing was saved: “{label}” is not usable yet.").format(label=row.field.label))
                    return False
        editors: tuple[tuple[str, LocalPage | GatewayPage], ...] = ((LOCAL, self.local), (GATEWAY, self.gateway))
        for name, editor in editors:
            wrong = editor.wrong
            if wrong is not None:
                self.show_page(name)
                go_to(editor.tabs, wrong)
                self._say(_("Nothing was saved: “{label}” is not usable yet.").format(label=wrong.accessibleName()))
                return False
        for account in self.providers.dirty:
            if account.wrong is not None:
                self.show_page(PROVIDERS, account.provider)
                account.wrong.setFocus()
                self._say(_("Nothing was saved: one line of this account is not usable yet."))
                return False
        return True

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
        texts = {name: row.text for page in self.pages.values() for name, row in page.rows.items() if row.dirty}
        intents: list[Intent] = []
        if texts or self.local.settings_dirty or self.gateway.settings_dirty:
            changed = form.changed(self._stored(), texts)
            intents.append(SaveSettings(self.gateway.applied(self.local.applied(changed))))
        if self.local.strategy.dirty:
            intents.append(SetStrategy(self.local.strategy.chosen))
        if self.gateway.switch.dirty:
            intents.append(SwitchGateway(self.gateway.switch.text == form.ON))
        intents += [SaveAccount(account.draft) for account in self.providers.dirty]
        if self.login.dirty:
            intents.append(SetLogin(self.login.check.isChecked()))
        for intent in intents:
            reply = await self._perform(intent)
            if not reply.ok:
                self._say(reply.text)
                if isinstance(intent, SetLogin):
                    await self._look_at_login()
                return False
            if isinstance(intent, SetLogin):
                await self._look_at_login()
        self._say(_("Saved.") if intents else "")
        return True

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
        self._edited()

    async def _look_at_login(self) -> None:
        self.login.show_status(await self._read_login())
        self._edited()

    def _look(self) -> None:
        if self.tabs.currentWidget() is self.diagnostics:
            tab_after(self.tabs.tabBar(), self.diagnostics.controls)
        if self.tabs.currentWidget() is self.about:
            self.about.fill()
            tab_after(self.tabs.tabBar(), self.about.controls)

    def _edited(self) -> None:
        self.apply_button.setEnabled(self.dirty and not self._saving)

    def _say(self, text: str) -> None:
        self.message.setText(text)
        self.message.setVisible(bool(text))
