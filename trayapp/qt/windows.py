"""The windows of the program, each made when it is first wanted and kept from then on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtWidgets import QWidget

from trayapp.app.root import App
from trayapp.core.errors import UserError
from trayapp.core.intents import (
    CopyAddress,
    CopyToken,
    Intent,
    OpenFinder,
    OpenHelp,
    OpenSettings,
    OpenWelcome,
    PickModel,
    ShowAll,
    Window,
)
from trayapp.core.language import _
from trayapp.core.topic import Topic
from trayapp.gateway.status import Status
from trayapp.qt import clipboard, dialogs
from trayapp.qt.listwindow import ListWindow
from trayapp.qt.messages import Messages
from trayapp.system import keys
from trayapp.ui import gateway
from trayapp.ui.notices import Notice, Subject

if TYPE_CHECKING:
    from trayapp.qt.finder import Finder
    from trayapp.qt.help import HelpWindow
    from trayapp.qt.settings_window import SettingsWindow
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
        self._settings: SettingsWindow | None = None
        self._models: ListWindow | None = None
        self._when_closed: Callable[[], None] | None = None
        self._finder: Finder | None = None
        self._welcome: Welcome | None = None
        self._help: HelpWindow | None = None
        self._messages = Messages()

    def prepare(self, what: Window) -> None:
        """Make the window that is opened in a moment: both at once would keep the thread busy for long."""
        match what:
            case OpenSettings():
                self._made_settings()
            case OpenFinder():
                self._made_finder()
            case OpenWelcome():
                self._made_welcome()
            case OpenHelp():
                self._made_help()
            case ShowAll():
                self._list()

    def settings(self, page: str = "", provider: str = "", *, add: bool = False) -> None:
        """The settings dialog, on this page and at this account, or with the question which provider to add."""
        self._made_settings().open(page, provider, add=add)

    def models(self, provider: str = "", *, told: Callable[[], None] | None = None) -> None:
        """The list of all models, at this account's. ``told`` is called once, when its user closes it."""
        self._when_closed = told
        self._list().show_all(provider)

    def finder(self, text: str = "") -> None:
        """The small window that finds a model as somebody types."""
        self._made_finder().open(text)

    def welcome(self) -> None:
        """The steps of the first start."""
        self._made_welcome().open_anew()

    @property
    def welcoming(self) -> QWidget | None:
        """The steps of the first start, while they are on the screen."""
        return self._welcome if self._welcome is not None and self._welcome.isVisible() else None

    def help(self, page: str = "") -> None:
        """The user guide."""
        self._made_help().open_page(page)

    def stand_in(self, reason: str) -> None:
        """The list in the tray's place, with the reason."""
        self._list().show_reason(reason)
        self._list().show_all()

    def tray_is_there(self) -> None:
        """The window that stood in goes; the icon has its place."""
        if self._models is not None and self._models.stands_in:
            self._models.put_away()

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
        self._messages.close()
        if self._settings is not None:
            self._settings.close()
        for window in (self._models, self._finder, self._welcome, self._help):
            if window is not None:
                window.hide()
                window.deleteLater()
        self._settings = self._models = self._finder = self._welcome = self._help = None

    def _made_settings(self) -> SettingsWindow:
        if self._settings is None:
            from trayapp.qt.settings_window import SettingsWindow

            self._settings = SettingsWindow(
                self._app, self._feed, found=self._found, shortcut_problem=self._shortcut_problem
            )
        return self._settings

    def _made_finder(self) -> Finder:
        if self._finder is None:
            from trayapp.qt.finder import window

            self._finder = window(self._app, self._ask)
        return self._finder

    def _made_welcome(self) -> Welcome:
        if self._welcome is None:
            from trayapp.qt.welcome import window

            self._welcome = window(self._app, self._ask, self._found)
        return self._welcome

    def _made_help(self) -> HelpWindow:
        if self._help is None:
            from trayapp.qt.help import window

            self._help = window(self._app)
        return self._help

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

    def _parent(self) -> QWidget | None:
        settings = self._settings.dialog if self._settings is not None else None
        return next((it for it in (settings, self._models) if it is not None and it.isVisible()), None)

    async def _copy_token(self, name: str) -> None:
        try:
            token = await self._feed.token(name)
        except UserError as exc:
            self._app.tell(Notice(Subject.FAILED, _("The token was not copied"), str(exc)))
            return
        clipboard.copy(token, secret=True)
