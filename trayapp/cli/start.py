"""Starts the program, or shows the one that runs: the second start comes first, since it has to be quick."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from trayapp.cli.codes import CANNOT_START, DONE, FAILED
from trayapp.system import instance
from trayapp.system.paths import runtime

SHOW = b'{"intent":{"type":"Activate"}}'
PING = b'{"ask":"ping"}'
"""A silent start is nobody's click: it only looks whether there is one already."""
PATIENCE = 15.0
"""Seconds for the running program to answer; a menu that is held open may keep it from doing so."""
_SCREENLESS = ("offscreen", "minimal", "vnc", "linuxfb", "eglfs", "vkkhrdisplay")


def start(*, silent: bool, debug: bool) -> int:
    """Hand over to the program that runs, else become it. Gives the exit code."""
    try:
        claim = instance.enter(runtime(), PING if silent else SHOW, PATIENCE)
    except OSError as exc:
        from trayapp.core.language import _

        return _said(_("trayapp seems to run, but does not answer ({why}).").format(why=exc), FAILED)
    if isinstance(claim, bytes):
        if not silent:
            from trayapp.core.language import _

            _said(_("It is running already."), DONE)
        return DONE
    try:
        missing = no_screen(os.environ, sys.platform)
        if missing:
            return _said(missing, CANNOT_START)
        return _run(claim, silent=silent, debug=debug)
    finally:
        claim.release()


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


def _run(claim: instance.Claim, *, silent: bool, debug: bool) -> int:
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
    return loop.run(paths, claim, silent=silent, debug=debug)


def _said(words: str, code: int) -> int:
    sys.stderr.write(f"trayapp: {words}\n")
    return code
