"""The end of the desktop session: what is being written is written, and the process is gone within five seconds.

Every choice is on the disk before anybody hears of it, so there is little left to save. A session that ends asks in
three ways: by Qt (the X11 session manager, WM_QUERYENDSESSION, macOS), by a signal, or by ending Qt's own loop.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtGui import QSessionManager
from PySide6.QtWidgets import QApplication

from trayapp.app.ending import Ending
from trayapp.app.root import App

if TYPE_CHECKING:
    from PySide6.QtCore import QEvent

T = TypeVar("T")

SETTLE = 3.0
"""Seconds that a session is held up while files are being written; usually it takes a hundredth."""


class Workers(ThreadPoolExecutor):
    """The threads for everything that blocks; knows what they are at."""

    def __init__(self, threads: int) -> None:
        super().__init__(threads, "work")
        self._going: set[Future[Any]] = set()
        self._changing = threading.Lock()

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """As any executor does."""
        future = super().submit(fn, *args, **kwargs)
        with self._changing:
            self._going.add(future)
        future.add_done_callback(self._done)
        return future

    def settle(self, limit: float) -> bool:
        """Wait until all that has begun is done, in whichever thread; False if it is not after so many seconds."""
        with self._changing:
            going = tuple(self._going)
        return not wait(going, limit).not_done

    def _done(self, future: Future[Any]) -> None:
        with self._changing:
            self._going.discard(future)


class Application(QApplication):
    """Says that it is told to quit, where Qt would end its loop at once and leave everything under way as it is."""

    told = Signal()
    """A session manager, or the system's own menu, wants the program to end."""

    def event(self, event: QEvent) -> bool:
        """Only what is about the application itself comes here, and nothing before the icon is there."""
        from PySide6.QtCore import QEvent  # to name its many types costs a launch three milliseconds

        if event.type() == QEvent.Type.Quit:
            self.told.emit()
            return True
        return super().event(event)


class SessionEnd(Ending):
    """Hears that the session ends, and ends the program with it."""

    def __init__(self, app: App, workers: Workers, **more: Any) -> None:
        """``more`` as for every end."""
        super().__init__(app, **more)
        self._workers = workers

    def listen(self, qt: Application, loop: asyncio.AbstractEventLoop) -> None:
        """From now on."""
        qt.commitDataRequest.connect(self.save)
        qt.saveStateRequest.connect(self.save)
        qt.told.connect(self.ends)
        qt.aboutToQuit.connect(self._loop_ends)
        self.heed(loop, by_loop=sys.platform != "win32")

    def save(self, manager: QSessionManager) -> None:
        """The session is about to end, unless somebody objects; it waits until this returns."""
        # the entry for start at login starts it again; twice would be a second start, which opens a window
        manager.setRestartHint(QSessionManager.RestartHint.RestartNever)
        self._workers.settle(SETTLE)

    def _loop_ends(self) -> None:
        if not self._app.leaving.is_set():  # Windows says so without asking, and kills the process next
            self.ends()
