"""All that is entered in the settings dialog: whether it can be saved, what saves it, and what resets a page of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from msgspec import Struct
from PySide6.QtWidgets import QWidget

from trayapp.core.intents import Intent, SaveAccount, SaveSettings, SetLogin, SetStrategy, SwitchGateway
from trayapp.core.language import _
from trayapp.core.settings import GATEWAY, LOCAL, PROVIDERS, Settings
from trayapp.qt.accounts import ProvidersPage
from trayapp.qt.fields import FieldPage, FieldRow, bring_up, go_to
from trayapp.qt.gateway_page import GatewayPage
from trayapp.qt.local_page import LocalPage
from trayapp.qt.login import LoginRow
from trayapp.qt.profiles_page import ProfilesPage
from trayapp.ui import form

Resettable: TypeAlias = FieldPage | LocalPage | GatewayPage


class Drafts(Struct, frozen=True):
    """The parts of the dialog in which something can be entered."""

    login: LoginRow
    pages: Mapping[str, FieldPage]
    """Those that have nothing but lines to save."""
    providers: ProvidersPage
    local: LocalPage
    gateway: GatewayPage
    profiles: ProfilesPage

    @property
    def rows(self) -> list[FieldRow]:
        """The lines of the pages that have nothing else."""
        return [row for page in self.pages.values() for row in page.rows.values()]

    @property
    def dirty(self) -> bool:
        """Something is entered that is not saved."""
        lines = self.login.dirty or any(row.dirty for row in self.rows)
        editors = (self.local, self.gateway, self.profiles)
        return lines or bool(self.providers.dirty) or any(editor.dirty for editor in editors)

    def complaint(self, show: Callable[[str, str], None]) -> str:
        """Why nothing can be saved, in a sentence, after showing where; empty where it can.

        ``show`` turns to a page, and there to an account.
        """
        unusable = _("Nothing was saved: “{label}” is not usable yet.")
        for name, page in self.pages.items():
            for row in page.rows.values():
                if row.problem:
                    show(name, "")
                    bring_up(row.control)
                    return unusable.format(label=row.field.label)
        editors: tuple[tuple[str, LocalPage | GatewayPage], ...] = ((LOCAL, self.local), (GATEWAY, self.gateway))
        for name, editor in editors:
            if editor.wrong is not None:
                wrong = editor.wrong
                show(name, "")
                go_to(editor.tabs, wrong)
                return unusable.format(label=wrong.accessibleName())
        draft = self.profiles.wrong
        if draft is not None:
            show(form.PROFILES, "")
            self.profiles.show_wrong()
            return unusable.format(label=draft.name.strip() or _("A profile without a name"))
        for account in self.providers.dirty:
            if account.wrong is not None:
                show(PROVIDERS, account.provider)
                account.wrong.setFocus()
                return _("Nothing was saved: one line of this account is not usable yet.")
        return ""

    def intents(self, stored: Settings) -> list[Intent]:
        """What saves everything, in its order: settings first, for the others may depend on them."""
        made: list[Intent] = []
        texts = {row.field.name: row.text for row in self.rows if row.dirty}
        if texts or self.local.settings_dirty or self.gateway.settings_dirty:
            changed = form.changed(stored, texts)
            made.append(SaveSettings(self.gateway.applied(self.local.applied(changed))))
        if self.local.strategy.dirty:
            made.append(SetStrategy(self.local.strategy.chosen))
        if self.gateway.switch.dirty:
            made.append(SwitchGateway(self.gateway.switch.text == form.ON))
        made += [SaveAccount(account.draft) for account in self.providers.dirty]
        made += self.profiles.intents
        if self.login.dirty:
            made.append(SetLogin(self.login.check.isChecked()))
        return made

    def resettable(self, page: str) -> Resettable | None:
        """The page of this name, if it has preferences."""
        pages: dict[str, Resettable] = {**self.pages, LOCAL: self.local, GATEWAY: self.gateway}
        return pages.get(page)

    def control(self, name: str) -> QWidget | None:
        """Where the preference of this name is changed."""
        own: dict[str, QWidget] = {
            "local_exceptions": self.local.exceptions,
            "warm_at_launch": self.local.launch,
            "roles": self.local.roles,
            "default_route": self.local.routes.default,
            "gateway_failover": self.gateway.failover,
        }
        if name in own:
            return own[name]
        rows = {**self.local.rows, **self.gateway.rows, **{row.field.name: row for row in self.rows}}
        return rows[name].control if name in rows else None
