"""Reads a large file into the system's file cache ahead of its use, and tells how much of it is there.

Whether that helps depends on how the reader reads: what goes around the cache is not hastened by it. Nothing is ever
written, and cached pages are given up by the system whenever something else needs the memory.
"""

from __future__ import annotations

import errno
import os
import random
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from trayapp.core.language import _
from trayapp.system import memory

PIECE = 4 << 20
"""Bytes of one read."""
MARGIN = 2 << 30
"""Bytes of memory that must stay available beside the file."""
PLACES = 64
"""Samples of a file that are looked for in the cache."""
THERE = 0.98
"""The share of the samples from which a file counts as cached."""
_LOOK_AGAIN = 64
"""Pieces between two looks at the memory."""


class Stop(Protocol):
    """What ends the reading: a ``threading.Event``."""

    def is_set(self) -> bool: ...


class ReadAhead(Struct, frozen=True):
    """What became of reading a file ahead."""

    bytes: int = 0
    seconds: float = 0.0
    reason: str = ""
    """Why it was not read, or not to its end, in a sentence; empty where it was."""


def read_ahead(
    path: str | Path,
    *,
    stop: Stop,
    margin: int = MARGIN,
    available: Callable[[], int | None] = memory.available,
    monotonic: Callable[[], float] = time.monotonic,
) -> ReadAhead:
    """Read the whole file once, behind all other use of the disk. Blocks: call it in a thread. Never raises OSError.

    Only while ``available`` bytes of memory hold the file and ``margin`` besides; ``stop`` is looked at before each
    piece.
    """
    began, done, reason = monotonic(), 0, ""
    try:
        handle = _opened(path)
    except OSError as exc:
        return ReadAhead(reason=_why(exc))
    try:
        size = os.fstat(handle).st_size
        if not _fits(available(), size + margin):
            return ReadAhead(reason=_("There is not enough free memory to read the file ahead."))
        if (_resident(handle, size) or 0.0) >= THERE:
            return ReadAhead(reason=_("The file is in the system’s file cache already."))
        with _last_in_line():
            piece, count = bytearray(PIECE), 0
            while True:
                count += 1
                if stop.is_set():
                    reason = _("Reading the file ahead was given up.")
                    break
                if count % _LOOK_AGAIN == 0 and not _fits(available(), margin):
                    reason = _("Reading the file ahead ended early: memory is needed elsewhere.")
                    break
                got = _read(handle, piece)
                done += got
                if not got or done >= size:
                    break
    except OSError as exc:
        reason = _why(exc)
    finally:
        os.close(handle)
    return ReadAhead(done, monotonic() - began, reason)


def resident_share(path: str | Path) -> float | None:
    """The share of the file that is in the system's file cache, 0 to 1, from samples; None where that cannot be told.

    Each look takes other places: on some kernels looking brings the page in. Takes under a millisecond.
    """
    try:
        handle = _opened(path)
    except OSError:
        return None
    try:
        return _resident(handle, os.fstat(handle).st_size)
    finally:
        os.close(handle)


if sys.platform == "linux":

    def _resident(handle: int, size: int) -> float | None:
        try:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_RANDOM)  # a look is not to make the kernel read on
            try:
                found = [_cached(handle, place) for place in _places(size)]
            finally:
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_NORMAL)
        except OSError:  # a file system that cannot say
            return None
        return sum(found) / len(found) if found else None

    def _cached(handle: int, place: int) -> bool:
        try:
            return os.preadv(handle, [bytearray(1)], place, os.RWF_NOWAIT) > 0
        except BlockingIOError:
            return False

else:  # pragma: no cover - Windows and macOS only

    def _resident(handle: int, size: int) -> float | None:
        return None


def _places(size: int) -> list[int]:
    """One place in each of so many stretches of equal length."""
    count = min(PLACES, -(-size // 4096))
    return [min(size - 1, size * at // count + random.randrange(max(1, size // count))) for at in range(count)]  # noqa: S311


def _opened(path: str | Path) -> int:
    """Raises OSError; ENOENT for what is no file of this computer."""
    path = os.fspath(path)
    if not path or "\0" in path:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    handle = os.open(
        path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    return handle


def _read(handle: int, piece: bytearray) -> int:
    """Bytes read; into the same memory each time, where the system can."""
    if sys.platform != "win32":
        return os.readv(handle, [piece])
    return len(os.read(handle, len(piece)))


def _fits(free: int | None, needed: int) -> bool:
    """Memory of which nothing is known is not filled."""
    return free is not None and free > needed


def _why(exc: OSError) -> str:
    if isinstance(exc, PermissionError):
        return _("The model’s file may not be read by this user.")
    if exc.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EISDIR):
        return _("The model’s file is not on this computer, or not where the server says it is.")
    return _("The model’s file could not be read: {why}.").format(why=exc.strerror or type(exc).__name__)


@contextmanager
def _last_in_line() -> Iterator[None]:
    """This thread waits for all others that use the disk, where the system has a word for that."""
    undo = _lowered()
    try:
        yield
    finally:
        undo()


def _nothing() -> None:
    return None


def _lowered() -> Callable[[], object]:
    """Put this thread behind all others at the disk; gives what undoes it."""
    import ctypes

    if sys.platform == "linux":
        return _idle(ctypes.CDLL(None).syscall)
    if sys.platform == "darwin":
        return _throttled(ctypes.CDLL(None))
    if sys.platform == "win32":
        return _in_background(ctypes.windll.kernel32)
    return _nothing


def _idle(call: Any) -> Callable[[], object]:
    """Linux: the class “idle”."""
    import platform

    # there is no function for it in the C library; the numbers are those of the kernel's tables
    numbers = {"x86_64": (251, 252), "aarch64": (30, 31)}.get(platform.machine())
    if numbers is None:
        return _nothing
    this_thread, idle = 1, 3 << 13
    before = call(numbers[1], this_thread, 0)
    if before < 0 or call(numbers[0], this_thread, 0, idle) != 0:
        return _nothing
    return lambda: call(numbers[0], this_thread, 0, before)


def _throttled(system: Any) -> Callable[[], object]:
    """macOS: the policy “throttle” of this thread."""
    disk, thread, throttle = 0, 1, 3
    before = system.getiopolicy_np(disk, thread)
    if before < 0 or system.setiopolicy_np(disk, thread, throttle) != 0:
        return _nothing
    return lambda: system.setiopolicy_np(disk, thread, before)


def _in_background(kernel: Any) -> Callable[[], object]:
    """Windows: the background mode of this thread."""
    import ctypes

    begin, end = 0x10000, 0x20000
    kernel.GetCurrentThread.restype = ctypes.c_void_p
    this = ctypes.c_void_p(kernel.GetCurrentThread())
    if not kernel.SetThreadPriority(this, begin):
        return _nothing
    return lambda: kernel.SetThreadPriority(this, end)
