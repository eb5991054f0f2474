"""The settings dialog as the tests open it: with everything around it, and the ways to use it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QDialogButtonBox,
    QLineEdit,
    QMessageBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tests.qt.gateway_parts import Gateway
from tests.qt.local_parts import Side
from tests.qt.parts import SETTINGS, SPECS, Desk, Doctor, Status, about, views
from trayapp.cli.windows import PAGES
from trayapp.core.settings import PROVIDERS, Settings
from trayapp.core.topic import Topic
from trayapp.qt.about import AboutPage
from trayapp.qt.accounts import ProvidersPage
from trayapp.qt.fields import FieldRow
from trayapp.qt.gateway_page import GatewayPage
from trayapp.qt.local_page import LocalPage
from trayapp.qt.models_page import ModelsPage
from trayapp.qt.profiles_page import ProfilesPage
from trayapp.qt.settings import SettingsDialog
from trayapp.qt.settings_general import GeneralPage
from trayapp.qt.settings_keys import DesktopPage
from trayapp.ui import form
from trayapp.ui.accounts import AccountView


class Opened:
    """An open dialog and everything around it."""

    def __init__(
        self,
        qtbot: QtBot,
        keyring: str = "ok",
        forced: dict[str, str] | None = None,
        usage: Callable[[str], QWidget] | None = None,
    ) -> None:
        self.desk = Desk()
        self.stored = SETTINGS
        self.settings: Topic[Settings] = Topic(SETTINGS)
        self.accounts: Topic[tuple[AccountView, ...]] = Topic(views(keyring=keyring))
        self.side = Side()
        self.gateway = Gateway(self.side.state)
        self.gateway.usage = usage
        self.status = Status(True, "Switched on by you.")
        self.document: dict[str, Any] = {"trayapp": {"export": 1}}
        self.problem: Topic[str] = Topic("")
        self.dialog = SettingsDialog(
            perform=self.desk.perform,
            start=self.desk.start,
            settings=self.settings,
            accounts=self.accounts,
            specs=SPECS,
            offers=lambda: (),
            warn=lambda _spec, _text: "",
            login=self.login,
            doctor=Doctor(),
            about=about,
            local=self.side.side(),
            gateway=self.gateway.side(),
            stored=(lambda: self.stored) if forced else None,
            forced=forced,
            exported=lambda: self.document,
            shortcut_problem=self.problem,
        )
        qtbot.addWidget(self.dialog, before_close_func=lambda _widget: self.dialog.hide())
        self.dialog.show_page()

    async def login(self) -> Status:
        return self.status

    @property
    def general(self) -> GeneralPage:
        return self.dialog.page(GeneralPage)

    @property
    def desktop(self) -> DesktopPage:
        return self.dialog.page(DesktopPage)

    @property
    def providers(self) -> ProvidersPage:
        return self.dialog.page(ProvidersPage)

    @property
    def models(self) -> ModelsPage:
        return self.dialog.page(ModelsPage)

    @property
    def local(self) -> LocalPage:
        return self.dialog.page(LocalPage)

    @property
    def gateway_page(self) -> GatewayPage:
        return self.dialog.page(GatewayPage)

    @property
    def profiles(self) -> ProfilesPage:
        return self.dialog.page(ProfilesPage)

    @property
    def about(self) -> AboutPage:
        return self.dialog.page(AboutPage)

    def look_at(self, page: str, provider: str = "") -> None:
        """Show the page with everything unfolded."""
        self.dialog.show_page(page, provider)
        if page == PROVIDERS and provider:
            self.providers.forms[provider].advanced.toggle.setChecked(True)

    def row(self, name: str) -> FieldRow:
        pages = [page.rows for page in (self.general, self.desktop, self.models)]
        return next(rows[name] for rows in (*pages, self.local.rows, self.gateway_page.rows) if name in rows)

    def enter(self, name: str, text: str) -> None:
        control = self.row(name).control
        if isinstance(control, QCheckBox):
            control.setChecked(text == form.ON)
        elif isinstance(control, QLineEdit):
            control.setText(text)

    def button(self, which: QDialogButtonBox.StandardButton) -> QAbstractButton:
        return self.dialog.buttons.button(which)

    async def press(self, which: QDialogButtonBox.StandardButton) -> None:
        self.button(which).click()
        await self.desk.settle()

    async def question(self) -> QMessageBox:
        for _turn in range(50):
            box = self.dialog.findChild(QMessageBox)
            if isinstance(box, QMessageBox) and box.isVisible():
                return box
            await asyncio.sleep(0)
        raise AssertionError("nothing was asked")


OK = QDialogButtonBox.StandardButton.Ok
CANCEL = QDialogButtonBox.StandardButton.Cancel
APPLY = QDialogButtonBox.StandardButton.Apply


async def ready(make: Callable[..., Opened], **more: Any) -> Opened:
    """It is open, and all of its pages are made."""
    made = make(**more)
    for _page in PAGES:
        if made.dialog.turner.missing:
            await made.desk.settle()
    await made.desk.settle()
    return made
