#!/usr/bin/env python3
"""Runs the whole test suite from a checkout: python3 packaging/test.py [--all] [PYTEST ARGUMENTS].

Sets up an environment of its own the first time, and looks for the real parts that the tests use; with --all for
a browser too, and without a single part it does not begin. --bench, --coverage, --fuzz and --mutation run something
longer instead, with arguments of their own.
"""

import os
import sys

from run import with_words

LONG = ("bench", "coverage", "fuzz", "mutation")
"""What ``--NAME`` runs instead: the module of that name in ``tests``. All but benchmarks need more packages."""


def main(arguments: "list[str]") -> None:
    """Set up if need be, then become pytest, or one of the long proofs."""
    import environment

    everything = arguments[:1] == ["--all"]
    arguments = arguments[everything:]
    long = [name for name in LONG if arguments[:1] == [f"--{name}"]]
    tools = environment.PROOFS if long and long != ["bench"] else ""
    folder = environment.place("proof" if tools else "test", tools)
    looked = sys.platform.startswith("linux") and look_at_system(folder, everything)
    if not environment.ready(folder):
        environment.make(folder, "dev", tools=tools)
    if looked:
        environment.remember(folder, "libraries", environment.packages_state(kind(everything)))
    os.chdir(environment.ROOT)
    if long:
        environment.run(folder, "-m", f"tests.{long[0]}", *arguments[1:])
    # all of it is shared out, one desktop for each worker; a part is quicker without
    environment.run(folder, "-m", "pytest", *(arguments or ["-n", "auto"]))


def kind(everything: bool) -> str:
    """Under which word the look at the system is remembered."""
    return "all tests" if everything else "test"


def look_at_system(folder: str, everything: bool) -> bool:
    """Install or name what the system lacks; True where all is there, and was not known to be.

    Raises SetUpError: for parts that single tests need only where ``everything`` is asked for.
    """
    import environment

    now = environment.packages_state(kind(everything))
    if now and environment.remembered(folder, "libraries") == now:
        return False
    import qt_libraries

    qt_libraries.provide(qt_libraries.needed("xcb") + qt_libraries.TEST_PROGRAMS, "The test suite")
    try:
        qt_libraries.provide(qt_libraries.wanted_by_tests(everything), "A part of the test suite")
    except environment.SetUpError as error:
        if everything:
            raise
        environment.say(str(error) + "\nWithout it those tests are skipped.")
        return False
    return True


if __name__ == "__main__":
    with_words(main, os.path.abspath(__file__))
