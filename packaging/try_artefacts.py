#!/usr/bin/env python3
"""Tries the artefacts in dist/ in a bare Debian, as root: python3 packaging/try_artefacts.py [NAME ...].

Takes some ten minutes, so no test does it. This file can be read by any Python 3.
"""

import os

from run import with_words


def main(arguments: "list[str]") -> None:
    """Set up if need be, then become the trials."""
    import environment

    folder = environment.place("build", environment.TOOLS)
    if not environment.ready(folder):
        environment.make(folder, tools=environment.TOOLS)
    environment.run(folder, "-m", "tests.packaging", *arguments)


if __name__ == "__main__":
    with_words(main, os.path.abspath(__file__))
