"""Joins the program and its face: what is clicked becomes an intent, what changes is drawn."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from importlib import import_module

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from trayapp.app.root import App, replaced
from trayapp.core.intents import (
    Activate,
    CopyAddress,
    CopyToken,
    Intent,
    OpenFinder,
    OpenHelp,
    OpenSettings,
    OpenWelcome,
    Quit,
    ShowAll,
    ShowRelease,
    Window,
)
from trayapp.core.language import _
from trayapp.core.settings import PROVIDERS, Settings
from trayapp.core.topic import Topic
from trayapp.qt import garbage
from trayapp.qt.clicker import Clicker
from trayapp.qt.icons import Icons
from trayapp.qt.telling import Telling
from trayapp.qt.tray import Tray
from trayapp.system.instance import Claim
from trayapp.ui import clicks, words
from trayapp.ui.notices import Notice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from PySide6.QtCore import QEvent

    from trayapp.app.noticing import Noticing
    from trayapp.app.start import Started
    from trayapp.qt.windows import Windows
    from trayapp.system.hotkey import Hotkeys

LOGIN_PATIENCE = 60
"""Seconds a silent start looks for a tray at least before a window opens."""
WELCOME, CLOSE, NO_TRAY = "welcome", "close", "no-tray"
"""In ``State.told``: what was explained once. The steps of the first start write theirs themselves."""

_PARTS = ("trayapp.qt.dialogs", "trayapp.qt.windows")
"""What the first window imports, in pieces of some 15 ms at most."""
_OWN_PARTS = {
    (OpenFinder,): ("trayapp.qt.finder_lines", "trayapp.qt.finder"),
    (OpenWelcome,): ("trayapp.qt.welcome",),
    (OpenHelp,): ("trayapp.qt.help",),
    (OpenSettings, ShowRelease): tuple(
        f"trayapp.{part}"
        for part in (
            *("app.diagnosis", "qt.account_form", "qt.local_strategy", "qt.local_page", "qt.gateway_page"),
            *("qt.settings_pages", "qt.profiles_page", "qt.settings", "qt.settings_window", "qt.usage", "local.stats"),
        )
    ),
}
"""What these windows import besides. Where no page tells of a release, the settings do."""


class Front(QObject):
    """The icon from the first moment, windows when somebody wants one."""

    def __init__(self, app: App, *, silent: bool) -> None:
        super().__init__()
        self._app = app
        self._silent = silent
        self._icons = Icons(app.paths.resources / "icons", lambda: app.settings.value.icon_colour, parent=self)
        self.tray = Tray(self._icons, self)
        self.shortcut_problem: Topic[str] = Topic("")
        """Why the keys of the settings cannot be used, in a sentence; empty where they can, or there are none."""
        self._telling = Telling(app, self.tray, windows=lambda: self.windows, open_window=self._show, silent=silent)
        self._clicker = Clicker(lambda: app.settings.value, self._clicked, self)
        self._started: Started | None = None
        self._noticing: Noticing | None = None
        self._windows: Windows | None = None
        self._hotkeys: Hotkeys | None = None
        self._followed = Settings()
        self._keys_by_hand = False
        """The user has just named other keys, and waits to hear of them."""
        self._leave: list[Callable[[], None]] = []
        self._ready = False
        self._early: list[clicks.Click] = []
        self._waiting = QTimer(self)
        self._waiting.setSingleShot(True)
        self._waiting.timeout.connect(self._no_tray)

    def show_icon(self) -> None:
        """Draw what was read from the disk. Nothing else may happen before this."""
        self.tray.render_view(self._app.view.value)
        self.tray.asked.connect(self.ask)
        self.tray.activated.connect(self._pressed)
        self.tray.available.connect(self._tray_came_or_went)
        self.tray.start()

    def start(self, claim: Claim) -> None:
        """Begin everything that is not the icon."""
        from trayapp.app.noticing import Noticing
        from trayapp.app.start import Started

        app = self._app
        self._started = Started(app, claim)
        self._noticing = Noticing(app)
        self._leave += [
            app.view.listen(self.tray.render_view),
            app.notice.listen(self._tell),
            app.window.listen(self._show),
            app.view.listen(lambda _view: garbage.tidy()),
            app.gateway.status.listen(lambda _status: garbage.tidy()),  # its thread leaves cycles, too
            app.settings.listen(self._changed),
        ]
        self._tell(app.notice.value)
        self._noticing.begin()  # before anything can go wrong
        self._started.begin()
        self.tray.opened.connect(self._started.section_opened)
        self.tray.menu.looked.connect(self._looked)
        self.tray.menu.aboutToHide.connect(garbage.tidy)
        app.ask = self._question
        app.tray = lambda: self.tray.there
        QApplication.setWindowIcon(self._icons.program())
        self._fit_qt()
        if not self.tray.there:
            self._waiting.start(self._patience())
        self._follow(app.settings.value)
        if not self._silent and self._first_start():
            self._show(OpenWelcome())
        self._ready = True
        for click in self._early:
            self._clicker.clicked(click)

    def _pressed(self, click: clicks.Click) -> None:
        """Somebody may be quicker than all that is behind the icon."""
        self._clicker.clicked(click) if self._ready else self._early.append(click)

    def _fit_qt(self) -> None:
        """Qt's own texts in our language, and its menus in colours that can be read."""
        from trayapp.qt.contrast import keep_menus_readable
        from trayapp.qt.translations import translate_qt

        qt = QApplication.instance()
        if isinstance(qt, QApplication):
            translate_qt(qt)
            keep_menus_readable(qt)

    def close(self) -> None:
        """Take everything off the screen."""
        self._waiting.stop()
        for leave in self._leave:  # what is still under way ends after the menu
            leave()
        if self._hotkeys is not None:
            self._hotkeys.close()
        if self._noticing is not None:
            self._noticing.end()
        if self._started is not None:
            self._started.end()
        if self._windows is not None:
            self._windows.close()
        self._telling.close()
        self.tray.close()

    def ask(self, intent: Intent) -> None:
        """Have it performed; what comes of it is seen in the menu, or told."""
        self._telling.used()
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

            found = self._started.found if self._started else dict
            self._windows = Windows(self._app, self.ask, found=found, shortcut_problem=self.shortcut_problem)
        return self._windows

    # -- clicks, keys and what they open ----------------------------------------------------------

    def _looked(self, on: bool) -> None:
        """Somebody opened the menu, or has closed it again."""
        self._telling.used()
        if self._started is not None:
            self._started.menu_opened() if on else self._started.menu_closed()

    def _clicked(self, action: str) -> None:
        self._telling.used()
        if action == clicks.MENU:
            self.tray.pop_up()
        elif (window := clicks.opens(action)) is not None:
            self._show(window)

    def _show(self, what: Window | None) -> None:
        if what is None:
            return
        meant = self._meant(what)
        parts = _PARTS + next((parts for kinds, parts in _OWN_PARTS.items() if isinstance(meant, kinds)), ())
        if missing := [part for part in parts if part not in sys.modules]:
            self._app.tasks.start(self._open_first(missing, what), name="the first window")
        else:
            self._open(what)

    async def _open_first(self, parts: list[str], what: Window) -> None:
        """All together takes a tenth of a second: between two of these steps the icon answers."""
        for part in parts:
            import_module(part)
            await asyncio.sleep(0)
        import_module("trayapp.qt.dialogs").begin()
        await asyncio.sleep(0)
        self.windows.prepare(self._meant(what))
        await asyncio.sleep(0)
        self._open(what)

    def _meant(self, what: Window) -> Window:
        """Who starts the program once more is shown the models that there are, or how to come by some."""
        if isinstance(what, Activate):
            there = any(section.models for section in self._app.view.value.sections)
            return ShowAll() if there else OpenSettings(PROVIDERS, add=True)
        return what

    def _open(self, what: Window) -> None:
        match self._meant(what):
            case OpenSettings(page, provider, add):
                self.windows.settings(page, provider, add=add)
            case ShowAll(provider):
                self.windows.models(provider, told=self._closed if isinstance(what, Activate) else None)
            case OpenFinder(text):
                self.windows.finder(text)
            case OpenWelcome():
                self.windows.welcome()
            case OpenHelp(page):
                self.windows.help(page)
            case ShowRelease():
                self._browse()

    def _browse(self) -> None:
        """What is new in the version that is out; where no page says it, the page that names the version."""
        from PySide6.QtCore import QUrl
        from PySide6.QtGui import QDesktopServices

        from trayapp.app.updating import seen
        from trayapp.ui.form import ABOUT

        page = seen(self._app).page
        if not page or not QDesktopServices.openUrl(QUrl(page)):
            self.windows.settings(ABOUT)

    def _changed(self, settings: Settings) -> None:
        self._keys_by_hand = settings.shortcut != self._followed.shortcut
        self._follow(settings)

    def _follow(self, settings: Settings) -> None:
        """What the settings say of the icon and of keys holds at once."""
        before, self._followed = self._followed, settings
        if settings.icon_colour != before.icon_colour:
            self._icons.refresh()
        if settings.shortcut != before.shortcut:
            if self._hotkeys is None:
                from trayapp.system.hotkey import Hotkeys

                self._hotkeys = Hotkeys(lambda: self._clicked(clicks.FINDER), self._keys_taken)
            self._hotkeys.set(settings.shortcut)

    def _keys_taken(self, problem: str) -> None:
        """They are, or this is why not. A window says so only to who has just asked for them."""
        self.shortcut_problem.publish(problem)
        by_hand, self._keys_by_hand = self._keys_by_hand, False
        if problem and by_hand:
            self.windows.message(_("These keys do not open the search"), problem)

    def _first_start(self) -> bool:
        """Nobody has set up or chosen anything yet, and the steps of the first start were not shown."""
        settings, state = self._app.settings.value, self._app.state.value
        return not (settings.accounts or state.keyed or state.active or WELCOME in state.told)

    # -- what is told -----------------------------------------------------------------------------

    def _tell(self, notice: Notice | None) -> None:
        if notice is not None:
            self._telling.tell(notice)

    async def _question(self, text: str) -> bool:
        return await self.windows.question(text)

    def _closed(self) -> None:
        """A window was closed that somebody had opened by starting the program once more.

        Whoever came by the icon knows where it is. Said once, ever.
        """
        if self.tray.there and CLOSE not in self._app.state.value.told:
            self._app.tasks.start(self._goes_on(), name="closing is not quitting")

    async def _goes_on(self) -> None:
        await self._explained(CLOSE)
        if await self.windows.goes_on():
            self.ask(Quit())

    async def _explained(self, what: str) -> None:
        await self._app.note(lambda state: replaced(state, told=(*(it for it in state.told if it != what), what)))

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
        welcome = self.windows.welcoming
        if welcome is not None:  # first things first: the list comes when that is closed
            welcome.installEventFilter(self)
        elif NO_TRAY in self._app.state.value.told:
            self.windows.stand_in(_("There is no tray. Closed, this window leaves trayapp running: start it again."))
        else:
            self.windows.stand_in(words.instead_of_tray())
            self._app.tasks.start(self._explained(NO_TRAY), name="why there is a window")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The steps of the first start were closed, and there was no tray when they were opened."""
        from PySide6.QtCore import QEvent  # to name its many types costs a launch three milliseconds

        if event.type() == QEvent.Type.Hide and not event.spontaneous():
            watched.removeEventFilter(self)
            QTimer.singleShot(0, self, self._no_tray)
        return super().eventFilter(watched, event)
