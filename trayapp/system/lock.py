"""A lock between processes, which a killed process lets go by dying."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


def take(path: Path) -> int | None:
    """The handle that holds the lock from now on, or None while another holder has it.

    The file stays for ever: removing it would let two processes lock two files of one name.
    """
    handle = os.open(path, _FLAGS, 0o600)
    try:
        _lock(handle)
    except OSError as exc:
        os.close(handle)
        if isinstance(exc, (BlockingIOError, PermissionError)):  # Windows says the latter
            return None
        raise
    return handle


def free(handle: int) -> None:
    """Let go; closing the file is what unlocks it, on all systems."""
    os.close(handle)


def busy(path: Path) -> bool:
    """Whether somebody holds it. Takes it for a moment, so only one process may ask at a time."""
    if not path.exists():
        return False
    handle = take(path)
    if handle is not None:
        free(handle)
    return handle is None


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
