"""Starts the program: ``trayapp`` and ``python -m trayapp``."""

from __future__ import annotations

import sys


def main() -> int:
    """Run what the command line says, and give the exit code."""
    from trayapp.cli.entry import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
