"""Starts the program: ``trayapp`` and ``python -m trayapp``."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    # a second start imports neither typing nor types
    from types import TracebackType


def main() -> int:
    """Run what the command line says, and give the exit code."""
    sys.excepthook = _crashed
    sys.unraisablehook = lambda it: _crashed(it.exc_type, it.exc_value, it.exc_traceback)
    from trayapp.cli.entry import main as run

    return run(sys.argv[1:])


def _crashed(kind: type[BaseException], exc: BaseException | None, trace: TracebackType | None) -> None:
    """Where nobody else reports an error: what Python prints of it, without the keys that its text may quote."""
    import traceback

    from trayapp.system.logs import clean

    if sys.stderr is not None:  # a program of Windows without a console has none
        sys.stderr.write(clean("".join(traceback.format_exception(kind, exc, trace))))


if __name__ == "__main__":
    sys.exit(main())
