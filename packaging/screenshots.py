#!/usr/bin/env python3
"""Takes the screenshots of the README and the user guide anew: python3 packaging/screenshots.py [NAME ...] [--all DIR].

From the real program, on a screen and a session bus of its own, with sample lists and no key; nothing is asked of
anybody beyond this computer. Sets up the tests' environment the first time, since the tests' desktop is what it uses.
"""

import os
import sys

from run import with_words


def main(arguments: "list[str]") -> None:
    """Set up if need be, then become what takes them."""
    import environment
    import qt_libraries

    if not sys.platform.startswith("linux"):
        raise environment.SetUpError("Screenshots are taken on a private X screen, which only Linux has.")
    folder = environment.place("test")
    qt_libraries.provide(qt_libraries.needed("xcb") + qt_libraries.TEST_PROGRAMS, "A private desktop")
    if not environment.ready(folder):
        environment.make(folder, "dev")
    os.chdir(environment.ROOT)
    environment.run(folder, "-m", "tests.support.screenshots", *arguments)


if __name__ == "__main__":
    with_words(main, os.path.abspath(__file__))
