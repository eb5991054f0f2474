"""Starts the program, or has the one that runs open a window: that comes first, since it has to be quick."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from trayapp.cli import windows
from trayapp.cli.codes import CANNOT_START, DONE, FAILED, USAGE
from trayapp.system import instance
from trayapp.system.paths import runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    # a second start has no time for typing, and even less for a console
    from typing import Any

    from trayapp.cli.console import Console

    Claimed = instance.Claim
else:
    Claimed = object

PING = b'{"ask":"ping"}'
"""A silent start is nobody's click: it only looks whether there is one already."""
PATIENCE = 15.0
"""Seconds for the running program to answer; a menu that is held open may keep it from doing so."""
_SCREENLESS = ("offscreen", "minimal", "vnc", "linuxfb", "eglfs", "vkkhrdisplay")


def start(*, silent: bool = False, debug: bool = False, show: bytes = b"") -> int:
    """Hand over to the program that runs, else become it. Gives the exit code.

    ``show``: the line for a window that somebody wants, whether it runs already or not; without one the program
    only shows that it is there.
    """
    try:
        claim = instance.enter(runtime(), PING if silent else windows.forward(show or windows.ACTIVATE), PATIENCE)
    except PermissionError as exc:
        _speak()
        return _said(instance.unusable(exc), FAILED)
    except OSError as exc:
        from trayapp.core.language import _

        _speak()
        return _said(_("trayapp seems to run, but does not answer ({why}).").format(why=exc), FAILED)
    if isinstance(claim, bytes):
        if show:
            return _answered(claim)
        if not silent:
            from trayapp.core.language import _

            _speak()
            _said(_("It is running already."), DONE)
        return DONE
    try:
        _speak()
        missing = no_screen(os.environ, sys.platform)
        if missing:
            return _said(missing, CANNOT_START)
        return _run(claim, silent=silent, debug=debug, show=show)
    finally:
        claim.release()


def open_window(console: Console, args: Any) -> int:
    """``trayapp open`` as the parser has read it: what was not typed in its plainest form comes this way."""
    from trayapp.core.errors import UserError
    from trayapp.core.language import _

    lines = [line for option, line in windows.PLAIN.items() if getattr(args, option[2:])]
    if args.settings is not None:
        line = windows.settings(args.settings)
        if line is None:
            from trayapp.cli.disk import unknown

            raise UserError(unknown(_("The settings have no page “{name}”."), args.settings, windows.PAGES))
        lines.append(line)
    if args.help_page is not None:
        line = windows.guide(args.help_page)
        if line is None:
            raise UserError(_("The user guide has no such page."))
        lines.append(line)
    if len(lines) > 1:
        console.complain(_("Only one window can be opened at a time."))
        return USAGE
    return start(show=lines[0] if lines else windows.ACTIVATE)


def no_screen(env: Mapping[str, str], platform: str) -> str:
    """Why nothing can be shown here, and what to do; empty where something can. Qt itself would abort."""
    from trayapp.core.language import _

    if platform in ("win32", "darwin") or env.get("WAYLAND_DISPLAY") or env.get("DISPLAY"):
        return ""
    if env.get("QT_QPA_PLATFORM", "").partition(":")[0] in _SCREENLESS:
        return ""
    return _(
        "There is no display here (neither WAYLAND_DISPLAY nor DISPLAY is set), so no icon can be shown."
        " Start trayapp from your desktop. The commands work without one: see “trayapp --help”."
    )


def _answered(answer: bytes) -> int:
    """What became of it: nothing is said of a window that opens."""
    if b'"ok"' not in answer:  # it is said only where it is false
        return DONE
    import json

    reply = json.loads(answer)
    return DONE if reply["ok"] else _said(str(reply.get("text", "")), FAILED)


def _run(claim: instance.Claim, *, silent: bool, debug: bool, show: bytes) -> int:
    import gc

    gc.disable()  # until ``qt.garbage`` minds it: to look through all that is imported, again and again, takes 10 ms
    from trayapp.core.language import _
    from trayapp.system.paths import find

    paths = find()
    try:
        from trayapp.qt.faststart import import_qt

        import_qt(paths.cache)
        from trayapp.qt import loop
    except ImportError as exc:
        if (exc.name or "").startswith("trayapp"):
            raise  # our own mistake, and no library of the system cures it
        return _said(
            _(
                "What the window and the icon need cannot be loaded: {why}. On Debian and Ubuntu:"
                " apt install libegl1 libgl1 libxkbcommon0 libxkbcommon-x11-0 libxcb-cursor0 libdbus-1-3"
            ).format(why=exc),
            CANNOT_START,
        )
    return loop.run(paths, _Opening(claim, show) if show else claim, silent=silent, debug=debug)


def _speak() -> None:
    """From here on in the user's language. Only who is going to say something has time for that."""
    from trayapp.system.languages import speak
    from trayapp.system.paths import find

    paths = find()
    speak(paths.settings_file, paths.resources)


class _Opening(Claimed):
    """Being the instance, with a request of its own that comes before all others: the window it was started for."""

    def __init__(self, claim: instance.Claim, line: bytes) -> None:
        self._claim = claim
        self._line = line

    async def serve(self, handler: instance.Handler) -> None:
        await self._claim.serve(handler)
        await handler(self._line)

    async def close(self) -> None:
        await self._claim.close()

    def release(self) -> None:
        self._claim.release()


def _said(words: str, code: int) -> int:
    sys.stderr.write(f"trayapp: {words}\n")
    return code
