#!/usr/bin/env python3
"""Builds what is installed: python3 packaging/build.py wheel|sdist|folder|deb|appimage|sbom|licences|notes|all.

Sets up an environment of its own the first time; the artefacts are in dist/. This file can be read by any Python 3.
"""

import os

from run import with_words


def main(arguments: "list[str]") -> None:
    """Set up if need be, then become the script that builds."""
    import environment

    folder = environment.place("build", environment.TOOLS)
    if not environment.ready(folder):
        environment.make(folder, tools=environment.TOOLS)
    # bytecode and sets come out the same every time, and nothing of this checkout's own caches is taken along
    os.environ.update(PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1")
    environment.run(folder, os.path.join(environment.ROOT, "packaging", "artefacts.py"), *arguments)


if __name__ == "__main__":
    with_words(main, os.path.abspath(__file__))
