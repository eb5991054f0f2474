"""The windows of the program, each made when it is first wanted and kept from then on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from PySide6.QtWidgets import QWidget

from trayapp.app import about
from trayapp.app.diagnosis import Doctor
from trayapp.app.perform import perform
from trayapp.app.root import App
from trayapp.core.errors import UserError
from trayapp.core.intents import CopyAddress, CopyToken, Intent, PickModel, Reply
from trayapp.core.language import _
from trayapp.core.topic import Topic
from trayapp.gateway.status import Status
from trayapp.local.advice import Advice, advised
from trayapp.providers import keys as key_hints
from trayapp.providers.table import SPECS
from trayapp.qt import clipboard, dialogs, garbage
from trayapp.qt.gateway_page import GatewaySide
from trayapp.qt.listwindow import ListWindow
from trayapp.qt.local_page import LocalSide
from trayapp.qt.messages import Messages
from trayapp.qt.settings import SettingsDialog
from trayapp.system import keys, memory
from trayapp.system.login import LoginStatus
from trayapp.ui import gateway
from trayapp.ui.accounts import AccountView, Offer, account_views, offers
from trayapp.ui.form import About
from trayapp.ui.notices import Notice, Subject

if TYPE_CHECKING:
    from trayapp.qt.finder import Finder
    from trayapp.qt.help import HelpWindow
    from trayapp.qt.welcome import Welcome


class GatewayFeed(Struct, frozen=True, kw_only=True):
    """What the windows are told of the gateway."""

    status: Topic[Status]
    token: Callable[[str], Awaitable[str]]
    """The token of this name, to be copied. Raises UserError, in words."""
    session: Callable[[str], bool]
    """Whether the token of this name can be copied only until the program ends."""
    usage: Callable[[str], QWidget] | None = None
    """Makes the part of the page that shows the figures of use; it is told the access keys in use around it."""


def feed_of(app: App) -> GatewayFeed:
    """The program's own gateway."""
    host = app.gateway

    def usage(taken: str) -> QWidget:
        from trayapp.qt.usage import page

        return page(app, taken)

    async def token(name: str) -> str:
        return keys.shown(await host.tokens.read(name))

    return GatewayFeed(status=host.status, token=token, session=host.tokens.session_only, usage=usage)


class Windows:
    """Opens the settings, the list of all models, messages and questions."""

    def __init__(
        self,
        app: App,
        ask: Callable[[Intent], None],
        *,
        found: Callable[[], Mapping[str, str]],
        gateway: GatewayFeed | None = None,
        shortcut_problem: Topic[str] | None = None,
    ) -> None:
        self._app = app
        self._shortcut_problem = shortcut_problem or Topic("")
        self._feed = gateway or feed_of(app)
        self._ask = ask
        self._found = found
        self._settings: SettingsDialog | None = None
        self._models: ListWindow | None = None
        self._when_closed: Callable[[], None] | None = None
        self._finder: Finder | None = None
        self._welcome: Welcome | None = None
        self._help: HelpWindow | None = None
        self._messages = Messages()
        self._accounts: Topic[tuple[AccountView, ...]] = Topic(())
        self._leave: list[Callable[[], None]] = []

    def settings(self, page: str = "", provider: str = "", *, add: bool = False) -> None:
        """The settings dialog, on this page and at this account, or with the question which provider to add."""
        if self._settings is None:
            self._settings = self._made()
        self._settings.show_page(page, provider)
        if add:
            self._settings.providers.open_add_dialog()
        self._app.tasks.start(self._look_at_keyring(), name="look at the keyring")

    def models(self, provider: str = "", *, told: Callable[[], None] | None = None) -> None:
        """The list of all models, at this account's. ``told`` is called once, when its user closes it."""
        self._when_closed = told
        self._list().show_all(provider)

    def finder(self, text: str = "") -> None:
        """The small window that finds a model as somebody types."""
        if self._finder is None:
            from trayapp.qt.finder import window

            self._finder = window(self._app, self._ask)
        self._finder.open(text)

    def welcome(self) -> None:
        """The steps of the first start."""
        if self._welcome is None:
            from trayapp.qt.welcome import window

            self._welcome = window(self._app, self._ask, self._found)
        self._welcome.open_anew()

    @property
    def welcoming(self) -> QWidget | None:
        """The steps of the first start, while they are on the screen."""
        return self._welcome if self._welcome is not None and self._welcome.isVisible() else None

    def help(self, page: str = "") -> None:
        """The user guide."""
        if self._help is None:
            from trayapp.qt.help import window

            self._help = window(self._app)
        self._help.open_page(page)

    def stand_in(self, reason: str) -> None:
        """The list in the tray's place, with the reason."""
        self._list().show_reason(reason)
        self._list().show_all()

    def tray_is_there(self) -> None:
        """The window that stood in goes; the icon has its place."""
        if self._models is not None and self._models.stands_in:
            self._models.show_reason("")
            self._models.hide()

    def message(self, title: str, text: str) -> None:
        """That something did not work. There is one such window; what comes while it is open is added to it."""
        self._messages.show(self._parent(), title, text)

    async def question(self, text: str) -> bool:
        """Yes or no."""
        return await dialogs.question(None, text, _("Switch"), _("Stay"))

    async def goes_on(self) -> bool:
        """Say that closing the window ended nothing; whether the user would rather quit."""
        return await dialogs.question(
            None,
            _("trayapp goes on running in the tray."),
            _("&Quit"),
            _("&Stay"),
            detail=_("Closing a window only hides it. “Quit” here, or in the menu of the icon, ends the program."),
        )

    def copy(self, what: CopyAddress | CopyToken) -> None:
        """Into the clipboard; where it cannot be read, a notification says why."""
        if isinstance(what, CopyToken):
            self._app.tasks.start(self._copy_token(what.name), name="copy a token")
        else:
            port = gateway.port_of(self._feed.status.value, self._app.settings.value)
            clipboard.copy(gateway.address(port, what.style))

    def close(self) -> None:
        """Close all of them."""
        for leave in self._leave:
            leave()
        self._messages.close()
        for window in (self._settings, self._models, self._finder, self._welcome, self._help):
            if window is not None:
                window.hide()
                window.deleteLater()
        self._settings = self._models = self._finder = self._welcome = self._help = None

    def _list(self) -> ListWindow:
        if self._models is None:
            self._models = ListWindow(self._app.view)
            self._models.asked.connect(self._ask)
            self._models.asked.connect(self._chosen)
            self._models.closed.connect(self._closed)
        return self._models

    def _chosen(self, intent: Intent) -> None:
        """Then it has served, and closes by itself."""
        if isinstance(intent, PickModel):
            self._when_closed = None

    def _closed(self) -> None:
        told, self._when_closed = self._when_closed, None
        if told is not None:
            told()

    def _parent(self) -> SettingsDialog | ListWindow | None:
        return next((it for it in (self._settings, self._models) if it is not None and it.isVisible()), None)

    def _made(self) -> SettingsDialog:
        app = self._app
        for topic in (app.view, app.settings, app.state, app.keyring):
            self._leave.append(topic.listen(lambda _value: self._redraw()))
        self._redraw()
        return SettingsDialog(
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
            exported=self._exported,
            shortcut_problem=self._shortcut_problem,
        )

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

    async def _copy_token(self, name: str) -> None:
        try:
            token = await self._feed.token(name)
        except UserError as exc:
            self._app.tell(Notice(Subject.FAILED, _("The token was not copied"), str(exc)))
            return
        clipboard.copy(token, secret=True)

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
