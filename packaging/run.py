#!/usr/bin/env python3
"""Starts trayapp from a checkout, and sets up what it needs the first time: python3 packaging/run.py [ARGUMENTS].

A later start is one exec. This file can be read by any Python 3, so that an old one can be told.
"""

import os
import sys

NO_SCREEN = """\
There is no screen here: neither DISPLAY nor WAYLAND_DISPLAY is set, so no tray icon can be shown.
The command line works all the same, for example:
  python3 packaging/run.py models
To try the tray itself without a screen, install xvfb and xauth, then:
  xvfb-run -a python3 packaging/run.py"""


def with_words(main: "object", script: str) -> None:
    """Call ``main`` with the arguments; a set-up that cannot go on ends with a sentence and a code."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this is how an old Python is told
        newer_python(script)
    import environment

    try:
        main(sys.argv[1:])  # type: ignore[operator]
    except environment.SetUpError as error:
        environment.say(str(error))
        sys.exit(environment.FAILED)
    except KeyboardInterrupt:
        environment.say("Interrupted. The next start begins afresh.")
        sys.exit(130)


def newer_python(script: str) -> None:
    """Go on with a newer Python if there is one on the path, else say what is needed."""
    import shutil
    import subprocess

    proof = "import sys; sys.exit(sys.version_info < (3, 11))"
    for name in ("python3.13", "python3.12", "python3.11"):
        found = shutil.which(name)
        # a shim of pyenv is on the path and may still have no Python behind it
        if found and subprocess.call([found, "-c", proof], stderr=subprocess.DEVNULL) == 0:
            os.execv(found, [found, script] + sys.argv[1:])  # noqa: RUF005 - old Pythons read this
    sys.exit("trayapp needs Python 3.11 or newer; this is Python " + sys.version.split()[0] + ".")


def shows_icon(arguments: "list[str]") -> bool:
    """Whether these arguments start the tray program; all others are the command line."""
    words = [word for word in arguments if not word.startswith("-")]
    if words:
        return words[0] == "start"
    return not {"-h", "--help", "--version"}.intersection(arguments)


def main(arguments: "list[str]") -> None:
    """Set up if need be, then become the program."""
    import environment

    folder = environment.place("run")
    display, wayland = os.environ.get("DISPLAY", ""), os.environ.get("WAYLAND_DISPLAY", "")
    chosen = os.environ.get("QT_QPA_PLATFORM", "")
    icon = sys.platform.startswith("linux") and shows_icon(arguments)
    if icon and not (display or wayland or chosen):
        raise environment.SetUpError(NO_SCREEN)
    if not environment.ready(folder):
        environment.make(folder)
    if icon:
        platform = "wayland" if wayland and not display else "xcb"
        now = environment.packages_state(platform)
        if not now or environment.remembered(folder, "libraries") != now:
            import qt_libraries

            qt_libraries.provide(qt_libraries.needed(platform), "The tray icon")
            environment.remember(folder, "libraries", environment.packages_state(platform))
    # what an entry for start at login has to run: this, and not the environment, which may be cleaned
    os.environ["TRAYAPP_PROGRAM"] = "\n".join((sys.executable, os.path.abspath(__file__)))
    environment.run(folder, "-m", "trayapp", *arguments)


if __name__ == "__main__":
    with_words(main, os.path.abspath(__file__))
