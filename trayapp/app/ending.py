"""Signals and unexpected errors, as every loop of the program takes them: the one end it tidily, the others do not."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading

from trayapp.app.root import App


def catch(app: App, loop: asyncio.AbstractEventLoop) -> None:
    """Signals end the program tidily; what nobody expected in the loop is reported and does not end it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if sys.platform == "win32":
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(app.leaving.set))
        else:
            loop.add_signal_handler(number, app.leaving.set)

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
