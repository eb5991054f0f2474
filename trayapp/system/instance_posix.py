"""The instance's door on Linux and macOS: a socket file that only its user can open."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import time
from pathlib import Path

from trayapp.system import files

TYPE_CHECKING = False  # typing's own takes 8 ms to import
if TYPE_CHECKING:
    import asyncio

_NAME = "trayapp.sock"
_LONGEST = 103
"""Bytes of a socket's path: 104 with the closing zero on macOS, 108 on Linux."""


def address(runtime: Path) -> Path:
    """Where the socket is: in the runtime folder, or below /tmp if that path is too long for a socket."""
    path = runtime / _NAME
    if len(os.fsencode(path)) <= _LONGEST:
        return path
    import hashlib

    digest = hashlib.sha256(os.fsencode(runtime.absolute())).hexdigest()[:16]
    # not gettempdir(): whoever starts us may have another TMPDIR, and both sides must find the same place
    return Path("/tmp", f"trayapp-{os.geteuid()}-{digest}", _NAME)  # noqa: S108 - its owner is checked


def listen(runtime: Path) -> socket.socket:
    """A socket that takes calls from now on. Only the holder of the lock may ask for it.

    Raises PermissionError where others could interfere.
    """
    path = address(runtime)
    files.make_private(path.parent)
    _check(path.parent)
    path.parent.chmod(0o700)
    path.unlink(missing_ok=True)  # left by a killed process: we hold the lock
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(64)  # a backlog of 5 refused some of twenty at once
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def tidy(runtime: Path) -> None:
    """Remove the socket, and its folder if that was made for it. Only the holder of the lock may."""
    path = address(runtime)
    path.unlink(missing_ok=True)
    if path.parent != runtime:
        with contextlib.suppress(OSError):
            path.parent.rmdir()


def connect(runtime: Path, deadline: float) -> socket.socket | None:
    """A connection, or None where nobody listens. Raises PermissionError for a stranger's, else OSError."""
    path = address(runtime)
    try:
        _check(path.parent)
        status = path.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISSOCK(status.st_mode) or status.st_uid != os.geteuid():
        raise PermissionError(f"{path} is not a socket of this user")
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(max(0.001, deadline - time.monotonic()))
            connection.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            return None
        except BlockingIOError:  # Linux: so many wait already that there is no room to wait
            connection.close()
            if time.monotonic() >= deadline:
                raise TimeoutError(f"{path} takes no more calls") from None
            time.sleep(0.01)
        except OSError:
            connection.close()
            raise
        else:
            return connection


async def admit(runtime: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Whether the caller may speak: who could open the socket may."""
    return True


def _check(folder: Path) -> None:
    """Raises PermissionError unless the folder is this user's and closed to the writing of others."""
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise PermissionError(f"{folder} is not a folder of this user")
    if status.st_mode & 0o022:
        raise PermissionError(f"{folder} can be written by others: chmod 700 {folder}")
