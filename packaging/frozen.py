"""Where the frozen program begins: tells the program which command starts it again, then becomes it.

PyInstaller runs this. What stands here costs every command its time, so it imports nothing that is not there.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

LINK = "/usr/bin/trayapp"
"""By this name the package for Debian starts it; it stays when the folder behind it moves."""
APP_ID = "trayapp"
"""Under this name Windows shows notifications; the entry in the start menu has it, too (windows/trayapp.iss)."""
WINDOWED = "trayappw.exe"
"""On Windows the program without a console; ``trayapp.exe`` beside it is for the command line."""
_SEARCHED = "LD_LIBRARY_PATH"


def command(executable: str, env: Mapping[str, str], link: str = LINK) -> str:
    """The path by which this very program can be started at the next login, too."""
    image, mounted = env.get("APPIMAGE", ""), env.get("APPDIR", "")
    # a shell inside another AppImage hands its own variables on
    if image and mounted and executable.startswith(mounted.rstrip("/") + "/"):
        return image
    windowed = os.path.join(os.path.dirname(executable), WINDOWED)
    if executable.lower().endswith("trayapp.exe") and os.path.exists(windowed):
        return windowed
    if os.path.realpath(link) == os.path.realpath(executable):
        return link
    return executable


def as_before(env: MutableMapping[str, str]) -> None:
    """Take back what PyInstaller told the loader: a browser that we open would find our Qt instead of its own."""
    before = env.pop(f"{_SEARCHED}_ORIG", None)
    env.pop(_SEARCHED, None)
    if before:
        env[_SEARCHED] = before


def main() -> int:
    """Run what the command line says, and give the exit code."""
    os.environ["TRAYAPP_PROGRAM"] = command(sys.executable, os.environ)
    if sys.platform.startswith("linux"):
        as_before(os.environ)
    elif sys.platform == "win32":
        import ctypes

        ctypes.windll.shell32.SetCurrentProcessExplicitAppUserModelID(APP_ID)
    from trayapp.__main__ import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
