"""A lock between processes is had by one at a time, and what goes wrong with it is not taken for another holder."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from trayapp.system import lock


class Msvcrt:
    """The lock of Windows, which is on a byte of the file."""

    LK_NBLCK = 2

    def __init__(self) -> None:
        self.locked: list[tuple[int, int]] = []

    def locking(self, handle: int, mode: int, count: int) -> None:
        assert mode == self.LK_NBLCK
        place = os.lseek(handle, 0, os.SEEK_CUR), count
        if place in self.locked:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        self.locked.append(place)


def test_on_windows_the_first_byte_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, msvcrt = tmp_path / "x.lock", Msvcrt()
    path.write_text("12")
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "msvcrt", msvcrt)
    held = lock.take(path)
    assert held is not None
    assert lock.take(path) is None
    assert lock.busy(path)
    lock.free(held)
    assert msvcrt.locked == [(0, 1)]


@pytest.mark.skipif(sys.platform == "win32", reason="has no fcntl")
def test_a_file_system_without_locks_is_no_other_holder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    opened: list[int] = []
    really = os.open

    def noted(path: Path, flags: int, mode: int) -> int:
        opened.append(really(path, flags, mode))
        return opened[-1]

    fcntl: Any = SimpleNamespace(flock=none, LOCK_EX=2, LOCK_NB=4)
    monkeypatch.setitem(sys.modules, "fcntl", fcntl)
    monkeypatch.setattr(os, "open", noted)
    with pytest.raises(OSError, match=os.strerror(errno.ENOLCK)):
        lock.take(tmp_path / "x.lock")
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        os.fstat(opened[0])
