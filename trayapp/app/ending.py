"""Signals and unexpected errors, as every loop of the program takes them: the one end it tidily, the others do not."""

from __future__ import annotations

import asyncio
import signal
import sys

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

    loop.set_exception_handler(in_loop)
