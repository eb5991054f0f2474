"""The settings dialog of the running program: what its pages are told, and what becomes of what they ask for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from trayapp.app import about
from trayapp.app.diagnosis import Doctor
from trayapp.app.perform import perform
from trayapp.app.root import App
from trayapp.core.intents import Intent, Reply
from trayapp.core.topic import Topic
from trayapp.local.advice import Advice, advised
from trayapp.providers import keys as key_hints
from trayapp.providers.table import SPECS
from trayapp.qt import garbage
from trayapp.qt.gateway_page import GatewaySide
from trayapp.qt.local_page import LocalSide
from trayapp.qt.settings import SettingsDialog
from trayapp.system import memory
from trayapp.system.login import LoginStatus
from trayapp.ui.accounts import AccountView, Offer, account_views, offers
from trayapp.ui.form import About

if TYPE_CHECKING:
    from trayapp.qt.windows import GatewayFeed


class SettingsWindow:
    """Made when somebody first wants the settings, and kept from then on."""

    def __init__(
        self, app: App, feed: GatewayFeed, *, found: Callable[[], Mapping[str, str]], shortcut_problem: Topic[str]
    ) -> None:
        """``found``: the servers of this computer that answered, and where."""
        self._app, self._feed, self._found = app, feed, found
        self._accounts: Topic[tuple[AccountView, ...]] = Topic(())
        topics: tuple[Topic[Any], ...] = (app.view, app.settings, app.state, app.keyring)
        self._leave = [topic.listen(lambda _value: self._redraw()) for topic in topics]
        self._redraw()
        self.dialog = SettingsDialog(
            perform=self._perform,
            start=lambda work: app.tasks.start(work, name="settings dialog"),
            settings=app.settings,
            accounts=self._accounts,
            specs=SPECS,
            offers=self._offers,
            warn=key_hints.warning,
            login=self._login,
            doctor=Doctor(app, running=True),
            about=self._about,
            local=self._local(),
            gateway=self._gateway(),
            stored=lambda: app.stored,
            forced=app.forced,
            without=() if app.release_address else ("update_notice",),
            exported=self._exported,
            shortcut_problem=shortcut_problem,
        )

    def open(self, page: str = "", provider: str = "", *, add: bool = False) -> None:
        """On this page and at this account, or with the question which provider to add."""
        self.dialog.show_page(page, provider, add=add)
        self._app.tasks.start(self._look_at_keyring(), name="look at the keyring")

    def close(self) -> None:
        """Take it off the screen, for good."""
        for leave in self._leave:
            leave()
        self.dialog.hide()
        self.dialog.deleteLater()

    def _local(self) -> LocalSide:
        app = self._app
        return LocalSide(
            views=app.local.views,
            state=app.state,
            watched=lambda on: app.local.watched(on, "settings"),
            titles=lambda: {it.id: app.name(it.id) for it in app.accounts},
            models=self._known,
            loads=lambda: app.local.measurements.usual_all(),
            advise=self._advise,
            now=app.clock.now,
        )

    def _gateway(self) -> GatewaySide:
        app, feed = self._app, self._feed
        return GatewaySide(
            status=feed.status,
            state=app.state,
            keyring=app.keyring,
            token=feed.token,
            session=feed.session,
            models=self._known,
            now=app.clock.now,
            usage=feed.usage,
        )

    def _known(self) -> tuple[str, ...]:
        """Every model that is listed, whatever it is for: one of the roles is for embeddings."""
        listings = self._app.catalog.listings.value
        enabled = [it.id for it in self._app.accounts if it.enabled and it.id in listings]
        return tuple(str(model.ref) for id in enabled for model in listings[id].models)

    async def _advise(self) -> Advice | None:
        found = await memory.look()
        return advised(found.total, found.vram, unified=found.unified)

    async def _look_at_keyring(self) -> None:
        """Who is about to enter a key is told before where it will go. Asks for no password."""
        self._app.keyring.publish((await self._app.keychain.keys.look()).value)

    def _redraw(self) -> None:
        app = self._app
        views = account_views(
            app.settings.value,
            app.state.value,
            app.catalog.listings.value,
            SPECS,
            app.keychain.variables(),
            app.keyring.value,
            app.keychain.session_slots(app.accounts),
            app.clock.now(),
            refreshing=app.catalog.refreshing.value,
            env=app.env,
        )
        if views != self._accounts.value:
            self._accounts.publish(views)

    def _offers(self) -> tuple[Offer, ...]:
        return offers(SPECS, self._app.settings.value, self._app.keychain.variables(), self._found())

    async def _perform(self, intent: Intent) -> Reply:
        try:
            return await perform(self._app, intent, told=False)
        finally:
            garbage.tidy()

    def _exported(self) -> dict[str, Any]:
        from trayapp.app.transfer import exported

        return exported(self._app)

    async def _login(self) -> LoginStatus:
        return await asyncio.to_thread(self._app.login().status)

    def _about(self) -> About:
        return about.about(self._app)
