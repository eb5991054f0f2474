"""Joins the program and its face: what is clicked becomes an intent, what changes is drawn."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from trayapp.app.root import App
from trayapp.core.intents import (
    Activate,
    CopyAddress,
    CopyToken,
    Intent,
    OpenFinder,
    OpenHelp,
    OpenSettings,
    OpenWelcome,
    ShowAll,
    Window,
)
from trayapp.core.settings import PROVIDERS
from trayapp.qt import garbage
from trayapp.qt.icons import Icons
from trayapp.qt.tray import Tray
from trayapp.system.instance import Claim
from trayapp.ui import words
from trayapp.ui.notices import Notice, Subject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trayapp.app.start import Started
    from trayapp.qt.windows import Windows

LOGIN_PATIENCE = 60
"""Seconds a silent start looks for a tray at least before a window opens."""


class Front(QObject):
    """The icon from the first moment, windows when somebody wants one."""

    def __init__(self, app: App, *, silent: bool) -> None:
        super().__init__()
        self._app = app
        self._silent = silent
        self._icons = Icons(app.paths.resources / "icons")
        self.tray = Tray(self._icons, self)
        self._started: Started | None = None
        self._windows: Windows | None = None
        self._leave: list[Callable[[], None]] = []
        self._waiting = QTimer(self)
        self._waiting.setSingleShot(True)
        self._waiting.timeout.connect(self._no_tray)

    def show_icon(self) -> None:
        """Draw what was read from the disk. Nothing else may happen before this."""
        self.tray.render_view(self._app.view.value)
        self.tray.asked.connect(self.ask)
        self.tray.available.connect(self._tray_came_or_went)
        self.tray.start()

    def start(self, claim: Claim) -> None:
        """Begin everything that is not the icon."""
        from trayapp.app.start import Started

        app = self._app
        self._started = Started(app, claim)
        self._started.begin()
        self.tray.opened.connect(self._started.section_opened)
        self.tray.menu.looked.connect(self._looked)
        self.tray.activated.connect(lambda: self._show(ShowAll()))
        self._leave += [
            app.view.listen(self.tray.render_view),
            app.notice.listen(self._tell),
            app.window.listen(self._show),
            app.view.listen(lambda _view: garbage.tidy()),
            app.gateway.status.listen(lambda _status: garbage.tidy()),  # its thread leaves cycles, too
        ]
        self.tray.menu.aboutToHide.connect(garbage.tidy)
        app.ask = self._question
        app.tray = lambda: self.tray.there
        if app.notice.value is not None:
            self._tell(app.notice.value)
        QApplication.setWindowIcon(self._icons.program())
        if not self.tray.there:
            self._waiting.start(self._patience())

    def _looked(self, on: bool) -> None:
        """Somebody opened the menu, or has closed it again."""
        if self._started is not None:
            self._started.menu_opened() if on else self._started.menu_closed()

    def close(self) -> None:
        """Take everything off the screen."""
        self._waiting.stop()
        for leave in self._leave:  # what is still under way ends after the menu
            leave()
        if self._started is not None:
            self._started.end()
        if self._windows is not None:
            self._windows.close()
        self.tray.close()

    def ask(self, intent: Intent) -> None:
        """Have it performed; what comes of it is seen in the menu or told in a notification."""
        if isinstance(intent, CopyAddress | CopyToken):
            self.windows.copy(intent)  # the clipboard is the desktop's
            return
        from trayapp.app.perform import perform

        self._app.tasks.start(perform(self._app, intent), name=type(intent).__name__)

    @property
    def windows(self) -> Windows:
        """The windows, made when the first one is wanted: most starts need none."""
        if self._windows is None:
            from trayapp.qt.windows import Windows

            self._windows = Windows(self._app, self.ask, found=self._started.found if self._started else dict)
        return self._windows

    def _show(self, what: Window | None) -> None:
        match what:
            case OpenSettings(page, provider, add):
                self.windows.settings(page, provider, add=add)
            case ShowAll(provider):
                self.windows.models(provider)
            case OpenFinder(text):
                self.windows.finder(text)
            case OpenWelcome():
                self.windows.welcome()
            case OpenHelp(page):
                self.windows.help(page)
            case Activate():
                nothing = not any(section.models for section in self._app.view.value.sections)
                self.windows.settings(PROVIDERS, add=True) if nothing else self.windows.models()

    def _tell(self, notice: Notice | None) -> None:
        if notice is None or (self._silent and notice.subject is Subject.SWITCHED):
            return
        if self.tray.there:
            self.tray.tell(notice.title, notice.text)
        elif notice.subject is not Subject.SWITCHED:
            self.windows.message(notice.title, notice.text)

    async def _question(self, text: str) -> bool:
        return await self.windows.question(text)

    # -- where there is no tray -----------------------------------------------------------------

    def _tray_came_or_went(self, there: bool) -> None:
        if there:
            self._waiting.stop()
            if self._windows is not None:
                self._windows.tray_is_there()
        elif self._started is not None:  # a panel that restarts is back within the same wait
            self._waiting.start(self._patience())

    def _patience(self) -> int:
        """Milliseconds to look for a tray. At login panels may come late, and nobody waits for us then."""
        seconds = self._app.settings.value.tray_wait
        return 1000 * (max(seconds, LOGIN_PATIENCE) if self._silent else seconds)

    def _no_tray(self) -> None:
        if self.tray.there:
            return
        self.tray.rest()
        self.windows.stand_in(words.instead_of_tray())
