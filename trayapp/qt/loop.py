"""asyncio on Qt's loop: the icon first, everything else after it, and a tidy end."""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from types import TracebackType

from qasync import QEventLoop

from trayapp.app.build import build
from trayapp.app.ending import catch
from trayapp.app.root import App
from trayapp.qt import garbage
from trayapp.qt.front import Front
from trayapp.qt.session import Application, SessionEnd, Workers
from trayapp.system import hardening
from trayapp.system.instance import Claim
from trayapp.system.paths import Paths

THREADS = 4
"""For what blocks: reading, writing, parsing. The keyring has threads of its own."""

PARTS = ("trayapp.app.perform", "trayapp.app.start", "trayapp.app.noticing", "trayapp.local.engine")
"""What begins after the icon, in pieces of 10 ms: all at once it would be busy for 50 ms."""


def run(paths: Paths, claim: Claim, *, silent: bool = False, debug: bool = False) -> int:
    """Show the icon and stay until somebody quits. Gives the exit code of the process.

    ``silent``: started with the session, so no window opens and nothing is announced.
    """
    qt = Application(["trayapp"])
    qt.setApplicationName("trayapp")
    qt.setDesktopFileName("trayapp")
    qt.setQuitOnLastWindowClosed(False)
    with asyncio.Runner(loop_factory=lambda: QEventLoop(qt)) as runner:
        try:
            runner.run(_main(qt, paths, claim, silent=silent, debug=debug))
        finally:
            claim.release()
    return 0


async def _main(qt: Application, paths: Paths, claim: Claim, *, silent: bool, debug: bool) -> None:
    app = build(paths, env=hardening.begin())
    front = Front(app, silent=silent)
    front.show_icon()
    loop = asyncio.get_running_loop()
    workers = Workers(THREADS)
    loop.set_default_executor(workers)  # qasync's own begins ten at once
    _catch(app, loop)
    session = SessionEnd(app, workers)
    session.listen(qt, loop)
    await asyncio.sleep(0)  # the icon is painted and registered before anything is read or asked
    garbage.mind()  # from here on there are other threads
    from trayapp.system import logs

    logs.set_up(paths, debug=debug)
    from trayapp.qt.watchdog import Watchdog

    watchdog = Watchdog()
    watchdog.start()
    for part in PARTS:  # between two of them the icon answers
        await asyncio.sleep(0)
        import_module(part)
    if app.local.servers():  # they are looked at through a library of 60 ms
        await asyncio.to_thread(import_module, "trayapp.local.ollama")
    front.start(claim)
    await app.leaving.wait()
    watchdog.stop()
    front.close()
    await claim.close()
    await session.closed()


def _catch(app: App, loop: asyncio.AbstractEventLoop) -> None:
    """What nobody expected, in a slot either, is reported and does not end the program."""

    def unexpected(kind: type[BaseException], exc: BaseException, trace: TracebackType | None) -> None:
        app.report("a slot", exc.with_traceback(trace))

    sys.excepthook = unexpected
    catch(app, loop)
