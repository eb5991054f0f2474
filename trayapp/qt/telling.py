"""Tells the user: four kinds of notices by the desktop's own notifications, all else in a message window.

At a silent start, nothing until somebody uses the program or a minute has passed: the menu says it all the while.
What was switched is told even then, since only its user switches.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from trayapp.app.root import App
from trayapp.core.intents import Window
from trayapp.core.language import _
from trayapp.qt.tray import Tray
from trayapp.ui.notices import Notice, Subject

if TYPE_CHECKING:
    from trayapp.qt.windows import Windows
    from trayapp.system.notify import Notifier

QUIET = 60.0
"""Seconds of a silent start in which nothing is told."""


class Telling:
    """Shows each notice in the way that is there for it."""

    def __init__(
        self,
        app: App,
        tray: Tray,
        *,
        windows: Callable[[], Windows],
        open_window: Callable[[Window], object],
        silent: bool,
    ) -> None:
        self._app = app
        self._tray = tray
        self._windows = windows
        self._open = open_window
        self._quiet_until = app.clock.monotonic() + QUIET if silent else 0.0
        self._leads: dict[str, Window] = {}
        """What a click on each notification opens, by its tag."""
        self._notifier: Notifier | None = None

    def used(self) -> None:
        """Somebody uses the program: the start is over."""
        self._quiet_until = 0.0

    def tell(self, notice: Notice) -> None:
        """Show it, or have it shown in a moment."""
        if notice.subject is not Subject.SWITCHED and self._app.clock.monotonic() < self._quiet_until:
            return
        if notice.subject is Subject.FAILED:
            self._windows().message(notice.title, notice.text)
        else:
            self._app.tasks.start(self._notify(notice), name="a notification")

    def close(self) -> None:
        """Hear of no more clicks."""
        if self._notifier is not None:
            self._notifier.close()

    async def _notify(self, notice: Notice) -> None:
        from trayapp.system.notify import Note, Notifier

        if self._notifier is None:
            icon = self._app.paths.resources / "icons" / "trayapp-64.png"
            self._notifier = Notifier(self._clicked, icon=icon.as_uri() if icon.exists() else "trayapp")
        action = _("Open the settings") if notice.opens is not None else ""
        passing = notice.subject is Subject.SWITCHED
        if notice.opens is not None:
            self._leads[notice.tag] = notice.opens
        if await self._notifier.show(Note(notice.tag, notice.title, notice.text, action, passing)):
            return
        if self._tray.there and not self._tray.dbus:
            self._tray.tell(notice.title, notice.text)  # over D-Bus Qt would ask the service that is not there
        elif notice.subject is Subject.SET_ASIDE:  # all else is in the menu, or in the window that stands in for it
            self._windows().message(notice.title, notice.text)

    def _clicked(self, tag: str, token: str) -> None:
        lead = self._leads.get(tag)
        if lead is None:
            return
        if token:  # Qt hands it on with the next window, and takes it out of the environment
            os.environ["XDG_ACTIVATION_TOKEN"] = token
        self._open(lead)
