"""A file is read ahead only where there is room for it, and how much of it is cached is told from samples."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import sys
import threading
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from trayapp.system import filecache
from trayapp.system.filecache import PIECE, read_ahead, resident_share

GIB = 2**30
SIZE = 3 * PIECE + 5
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's word on its file cache")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "sha256-1"
    with path.open("wb") as file:
        file.write(os.urandom(SIZE))
        os.fsync(file.fileno())
    return path


def drop(path: Path) -> None:
    """Have the system forget the file, as far as it can be asked to."""
    handle = os.open(path, os.O_RDONLY)
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(handle)


def plenty() -> int:
    return 64 * GIB


class After:
    """Set from the so-many-th look on."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def is_set(self) -> bool:
        self.looks -= 1
        return self.looks < 0


@pytest.fixture
def uncached(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a system that does not tell what is cached."""
    monkeypatch.setattr(filecache, "_resident", lambda handle, size: None)


@pytest.mark.usefixtures("uncached")
def test_the_whole_file_is_read(model: Path) -> None:
    times = iter([10.0, 12.5])
    done = read_ahead(model, stop=threading.Event(), available=plenty, monotonic=lambda: next(times))
    assert (done.bytes, done.seconds, done.reason) == (SIZE, 2.5, "")


@on_linux
def test_what_was_read_is_in_the_cache(model: Path) -> None:
    drop(model)
    if resident_share(model) != 0.0:
        pytest.skip("the file system has no word for forgetting a file")
    assert read_ahead(model, stop=threading.Event(), available=plenty).bytes == SIZE
    assert resident_share(model) == 1.0


@on_linux
def test_a_file_that_is_there_is_not_read_again(model: Path) -> None:
    model.read_bytes()
    if resident_share(model) is None:
        pytest.skip("the file system has no word on what is cached")
    done = read_ahead(model, stop=threading.Event(), available=plenty)
    assert done.bytes == 0
    assert "already" in done.reason


@on_linux
def test_looking_does_not_fill_the_cache(model: Path) -> None:
    drop(model)
    first = resident_share(model)
    if first != 0.0:
        pytest.skip("the file system has no word for forgetting a file")
    assert max(resident_share(model) or 0.0 for _ in range(3)) < 0.3


@pytest.mark.parametrize("free", [None, 0, GIB + SIZE])
def test_without_room_for_the_file_and_more_nothing_is_read(model: Path, free: int | None) -> None:
    done = read_ahead(model, stop=threading.Event(), margin=GIB, available=lambda: free)
    assert done.bytes == 0
    assert "memory" in done.reason


@pytest.mark.usefixtures("uncached")
def test_it_ends_when_memory_becomes_scarce(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filecache, "_LOOK_AGAIN", 2)
    free = iter([64 * GIB, 0])
    done = read_ahead(model, stop=threading.Event(), available=lambda: next(free))
    assert done.bytes == PIECE
    assert "ended early" in done.reason


@pytest.mark.usefixtures("uncached")
@pytest.mark.parametrize("pieces", [0, 2])
def test_it_can_be_given_up_after_each_piece(model: Path, pieces: int) -> None:
    done = read_ahead(model, stop=After(pieces), available=plenty)
    assert done.bytes == pieces * PIECE
    assert "given up" in done.reason


@pytest.mark.parametrize("path", ["", "/no/such/blob", "a\0b", ".", "C:\\Users\\x\\blob", "/dev/null"])
def test_what_is_no_file_of_this_computer_is_said_so(path: str) -> None:
    done = read_ahead(path, stop=threading.Event(), available=plenty)
    assert done.bytes == 0
    assert "not on this computer" in done.reason
    assert resident_share(path) is None


def test_a_file_of_another_user_is_said_so(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("trayapp.system.filecache.os.open", denied)
    done = read_ahead(model, stop=threading.Event(), available=plenty)
    assert done.reason == "The model’s file may not be read by this user."
    assert resident_share(model) is None


@pytest.mark.usefixtures("uncached")
def test_a_disk_that_fails_is_said_so(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(filecache, "_read", broken)
    assert "Input/output error" in read_ahead(model, stop=threading.Event(), available=plenty).reason


def test_an_empty_file_has_no_share(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert resident_share(tmp_path / "empty") is None
    assert read_ahead(tmp_path / "empty", stop=threading.Event(), available=plenty).reason == ""


@on_linux
def test_the_thread_s_place_at_the_disk_is_given_back() -> None:
    call = ctypes.CDLL(None).syscall
    number = {"x86_64": 252, "aarch64": 31}.get(os.uname().machine)
    if number is None:
        pytest.skip("this processor has no known number for the call")
    before = call(number, 1, 0)
    with filecache._last_in_line():
        assert call(number, 1, 0) >> 13 == 3
    assert call(number, 1, 0) == before


# -- the other systems ------------------------------------------------------------------------------


class Mac:
    """The disk policy of a thread, where it may be changed."""

    def __init__(self, before: int = 0, refused: int = 0) -> None:
        self.policy, self.refused = before, refused
        self.set: list[int] = []

    def getiopolicy_np(self, disk: int, thread: int) -> int:
        assert (disk, thread) == (0, 1)
        return self.policy

    def setiopolicy_np(self, disk: int, thread: int, policy: int) -> int:
        self.set.append(policy)
        return self.refused


class Kernel32:
    """The background mode of a thread, where it may be changed."""

    def __init__(self, refused: bool = False) -> None:
        self.GetCurrentThread: Any = partial(int, 77)
        self.refused = refused
        self.set: list[int] = []

    def SetThreadPriority(self, thread: ctypes.c_void_p, mode: int) -> int:
        assert thread.value == 77
        self.set.append(mode)
        return 0 if self.refused else 1


@pytest.mark.usefixtures("uncached")
@pytest.mark.parametrize(("mac", "policies"), [(Mac(before=1), [3, 1]), (Mac(refused=-1), [3]), (Mac(before=-1), [])])
def test_a_mac_throttles_the_thread_while_it_reads(
    model: Path, mac: Mac, policies: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: mac)
    assert read_ahead(model, stop=threading.Event(), available=plenty).bytes == SIZE
    assert mac.set == policies


@pytest.mark.usefixtures("uncached")
@pytest.mark.parametrize(("kernel", "modes"), [(Kernel32(), [0x10000, 0x20000]), (Kernel32(refused=True), [0x10000])])
def test_windows_has_the_thread_read_in_the_background(
    model: Path, kernel: Kernel32, modes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=kernel), raising=False)
    assert read_ahead(model, stop=threading.Event(), available=plenty).bytes == SIZE
    assert kernel.set == modes


@pytest.mark.usefixtures("uncached")
@pytest.mark.parametrize(("system", "machine"), [("freebsd14", "amd64"), ("linux", "riscv64"), ("linux", "x86_64")])
def test_where_there_is_no_word_for_it_the_file_is_read_all_the_same(
    model: Path, system: str, machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: SimpleNamespace(syscall=lambda *_: -1))
    assert read_ahead(model, stop=threading.Event(), available=plenty).bytes == SIZE


@on_linux
def test_a_file_system_that_cannot_say_what_is_cached_hinders_nothing(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object) -> int:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr(os, "preadv", unsupported)
    assert resident_share(model) is None
    assert read_ahead(model, stop=threading.Event(), available=plenty).bytes == SIZE
