"""Runs another program for what it prints: without a shell, and bounded in time and bytes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trayapp.system import hardening

if TYPE_CHECKING:
    import subprocess

LIMIT = 1 << 20
"""Bytes of output."""


def output(argv: Sequence[str], *, seconds: float, limit: int = LIMIT) -> bytes | None:
    """What it printed; None where it is missing, failed, took longer or printed more. Blocks: call it in a thread.

    Whatever it started in its turn ends with it. No key in our environment is in its.
    """
    import subprocess
    import threading

    try:
        process = subprocess.Popen(  # noqa: S603
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=hardening.for_children(),
            **_apart(),
        )
    except (OSError, ValueError):
        return None
    timer = threading.Timer(seconds, _end, (process,))
    timer.daemon = True
    timer.start()
    try:
        with process:
            data = process.stdout.read(limit + 1) if process.stdout else b""
            if len(data) > limit:
                _end(process)
            code = process.wait()
    finally:
        timer.cancel()
        timer.join()
    return data if code == 0 and len(data) <= limit else None


def _apart() -> dict[str, Any]:
    """A group of its own, so that all of it can be ended; on Windows, no black window."""
    if sys.platform == "win32":  # pragma: no cover - Windows only
        import subprocess

        return {"creationflags": subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def _end(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":  # pragma: no cover - Windows only
        process.kill()
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()
