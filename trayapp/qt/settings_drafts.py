"""All that is entered in the settings dialog: whether it can be saved, what saves it, and what resets a page of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from PySide6.QtWidgets import QWidget

from trayapp.core.intents import Intent, SaveAccount, SaveSettings, SetLogin, SetStrategy, SwitchGateway
from trayapp.core.language import _
from trayapp.core.settings import Settings
from trayapp.qt.accounts import ProvidersPage
from trayapp.qt.fields import FieldPage, FieldRow, bring_up, go_to
from trayapp.qt.gateway_page import GatewayPage
from trayapp.qt.local_page import LocalPage
from trayapp.qt.profiles_page import ProfilesPage
from trayapp.qt.settings_general import GeneralPage
from trayapp.qt.settings_made import Made
from trayapp.ui import form

Resettable: TypeAlias = FieldPage | LocalPage | GatewayPage


class Drafts:
    """What is entered on the pages that are made by now."""

    def __init__(self, made: Made) -> None:
        self._made = made

    @property
    def rows(self) -> list[FieldRow]:
        """The lines of the pages that have nothing else."""
        return [row for page in self._made.those(FieldPage) for row in page.rows.values()]

    @property
    def dirty(self) -> bool:
        """Something is entered that is not saved."""
        logins = [page.login for page in self._made.those(GeneralPage)]
        kinds = (LocalPage, GatewayPage, ProfilesPage, ProvidersPage)
        editors = [page for _name, page in self._made if isinstance(page, kinds)]
        return any(it.dirty for it in (*logins, *self.rows, *editors))

    def complaint(self, show: Callable[[str, str], None]) -> str:
        """Why nothing can be saved, in a sentence, after showing where; empty where it can.

        ``show`` turns to a page, and there to an account.
        """
        unusable = _("Nothing was saved: “{label}” is not usable yet.")
        for name, page in self._made:
            match page:
                case FieldPage():
                    row = next((it for it in page.rows.values() if it.problem), None)
                    if row is not None:
                        show(name, "")
                        bring_up(row.control)
                        return unusable.format(label=row.field.label)
                case LocalPage() | GatewayPage():
                    wrong = page.wrong
                    if wrong is not None:
                        show(name, "")
                        go_to(page.tabs, wrong)
                        return unusable.format(label=wrong.accessibleName())
                case ProfilesPage():
                    draft = page.wrong
                    if draft is not None:
                        show(name, "")
                        page.show_wrong()
                        return unusable.format(label=draft.name.strip() or _("A profile without a name"))
                case ProvidersPage():
                    account = next((it for it in page.dirty if it.wrong is not None), None)
                    if account is not None and account.wrong is not None:
                        show(name, account.provider)
                        account.wrong.setFocus()
                        return _("Nothing was saved: one line of this account is not usable yet.")
        return ""

    def intents(self, stored: Settings) -> list[Intent]:
        """What saves everything, in its order: settings first, for the others may depend on them."""
        made: list[Intent] = []
        texts = {row.field.name: row.text for row in self.rows if row.dirty}
        servers, gateways = self._made.those(LocalPage), self._made.those(GatewayPage)
        editors: list[LocalPage | GatewayPage] = [*servers, *gateways]
        if texts or any(page.settings_dirty for page in editors):
            changed = form.changed(stored, texts)
            for page in editors:
                changed = page.applied(changed)
            made.append(SaveSettings(changed))
        made += [SetStrategy(page.strategy.chosen) for page in servers if page.strategy.dirty]
        made += [SwitchGateway(page.switch.text == form.ON) for page in gateways if page.switch.dirty]
        made += [SaveAccount(it.draft) for page in self._made.those(ProvidersPage) for it in page.dirty]
        made += [intent for page in self._made.those(ProfilesPage) for intent in page.intents]
        logins = [page.login for page in self._made.those(GeneralPage)]
        made += [SetLogin(login.check.isChecked()) for login in logins if login.dirty]
        return made

    def resettable(self, page: str) -> Resettable | None:
        """The page of this name, if it has preferences."""
        it = self._made.named(page)
        return it if isinstance(it, Resettable) else None

    def control(self, name: str) -> QWidget | None:
        """Where the preference of this name is changed, once its page is made."""
        controls: dict[str, QWidget] = {row.field.name: row.control for row in self.rows}
        for local in self._made.those(LocalPage):
            controls |= {name: row.control for name, row in local.rows.items()}
            controls |= {
                "local_exceptions": local.exceptions,
                "warm_at_launch": local.launch,
                "roles": local.roles,
                "default_route": local.routes.default,
            }
        for gateway in self._made.those(GatewayPage):
            controls |= {name: row.control for name, row in gateway.rows.items()}
            controls["gateway_failover"] = gateway.failover
        return controls.get(name)
