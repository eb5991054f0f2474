"""How the program ends: at a word when all is done, at a signal in time, at the same one again at once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import threading
from collections.abc import Callable

from trayapp.app.root import App

LAST = 4.5
"""Seconds after which the process ends whatever still hangs; sessions wait for five."""
TIDY = 2.0
"""Seconds of them for a tidy end; then answers under way are cut off."""
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


class Ending:
    """Belongs to the program's loop."""

    def __init__(self, app: App, *, last: float = LAST, exit: Callable[[int], object] = os._exit) -> None:
        """``exit`` is called in a thread, ``last`` seconds after it was to end."""
        self._app = app
        self._last = last
        self._exit = exit
        self._hurry = asyncio.Event()
        self._timer: threading.Timer | None = None

    def heed(self, loop: asyncio.AbstractEventLoop, *, by_loop: bool) -> None:
        """Signals end it from now on; those that are ignored, as after nohup, are so still.

        ``by_loop``: it hears them itself, as one has to that waits inside Qt; else the interpreter does, even while
        the loop is busy.
        """
        for number in filter(None, (getattr(signal, name, None) for name in _NAMES)):
            if signal.getsignal(number) is signal.SIG_IGN:
                continue
            if by_loop:
                loop.add_signal_handler(number, self._signalled, number)
            else:
                signal.signal(number, lambda number, _frame: self._heard(loop, number))

    def ends(self) -> None:
        """It ends now, in any case."""
        self._begin_last()
        self._hurry.set()
        self._app.leaving.set()

    async def closed(self) -> None:
        """Close the program: tidily, and where it was told to end, in time."""
        closing = asyncio.ensure_future(self._app.close())
        hurry = asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait({closing, hurry}, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        if not closing.done():
            await asyncio.wait({closing}, timeout=TIDY)
        if not closing.done():
            await self._app.tasks.close(0.5)  # who waits for answers to finish is among them
        await closing
        self._begin_last()  # threads may hang behind its back, and the interpreter would wait for them

    def over(self) -> None:
        """There is no last moment, after all. The program never says so."""
        if self._timer is not None:
            self._timer.cancel()

    def _heard(self, loop: asyncio.AbstractEventLoop, number: int) -> None:
        """In the midst of whatever the main thread does."""
        self._begin_last()
        _by_default(number)
        with contextlib.suppress(RuntimeError):  # it is closed: the end is near
            loop.call_soon_threadsafe(self.ends)

    def _signalled(self, number: int) -> None:
        asyncio.get_running_loop().remove_signal_handler(number)
        _by_default(number)
        self.ends()

    def _begin_last(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(self._last, self._exit, (0,))
            self._timer.name, self._timer.daemon = "the last moment", True
            self._timer.start()


def _by_default(number: int) -> None:
    """The same signal once more is somebody who will not wait. Another is not: sessions send two kinds at once."""
    signal.signal(number, signal.SIG_DFL)


def catch(app: App, loop: asyncio.AbstractEventLoop) -> None:
    """What nobody expected in the loop or a thread is reported, and does not end the program."""

    def in_loop(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        exc = context.get("exception")
        if isinstance(exc, BaseException):
            app.report(str(context.get("message", "the loop")), exc)

    def in_thread(met: threading.ExceptHookArgs) -> None:
        if met.exc_type is not SystemExit:
            # by the log, which strikes keys out, and not by ``report``: what hears of it belongs to the loop's thread
            error = (met.exc_type, met.exc_value or met.exc_type(), met.exc_traceback)
            logging.getLogger(__name__).error("unexpected in a thread", exc_info=error)

    loop.set_exception_handler(in_loop)
    threading.excepthook = in_thread
