#!/usr/bin/env python3
"""Runs the whole test suite from a checkout: python3 packaging/test.py [PYTEST ARGUMENTS | --bench NAME ...].

Sets up an environment of its own the first time, and looks for the real parts that the tests use.
"""

import os
import sys

from run import with_words


def main(arguments: "list[str]") -> None:
    """Set up if need be, then become pytest, or a benchmark."""
    import environment

    folder = environment.place("test")
    if sys.platform.startswith("linux"):
        now = environment.packages_state("test")
        if not now or environment.remembered(folder, "libraries") != now:
            import qt_libraries

            qt_libraries.provide(qt_libraries.needed("xcb") + qt_libraries.TEST_PROGRAMS, "The test suite")
    else:
        now = ""
    if not environment.ready(folder):
        environment.make(folder, "dev")
    environment.remember(folder, "libraries", now)
    os.chdir(environment.ROOT)
    if arguments[:1] == ["--bench"]:
        environment.run(folder, "-m", "tests.bench", *arguments[1:])
    environment.run(folder, "-m", "pytest", *arguments)


if __name__ == "__main__":
    with_words(main, os.path.abspath(__file__))
