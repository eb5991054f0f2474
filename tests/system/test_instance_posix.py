"""The socket of the instance meets what a file system and a crowd can do to it."""

from __future__ import annotations

import errno
import os
import socket
import time
from pathlib import Path
from typing import NoReturn

import pytest

from tests.system.callers import posix
from trayapp.system import instance_posix

pytestmark = posix


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    return folder


def bound(runtime: Path, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
    """A socket of ours in the place of the instance's."""
    made = socket.socket(socket.AF_UNIX, kind)
    made.bind(str(instance_posix.address(runtime)))
    return made


def test_a_socket_that_cannot_be_put_there_is_closed_again(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[socket.socket] = []

    def refused(it: socket.socket, _address: object) -> NoReturn:
        made.append(it)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(socket.socket, "bind", refused)
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        instance_posix.listen(runtime)
    assert [it.fileno() for it in made] == [-1]


def test_where_so_many_call_that_there_is_no_room_to_wait_the_deadline_holds(runtime: Path) -> None:
    with bound(runtime) as listener:
        listener.listen(0)
        waiting = instance_posix.connect(runtime, time.monotonic() + 5)
        assert waiting is not None
        with waiting, pytest.raises(TimeoutError):
            instance_posix.connect(runtime, time.monotonic() + 0.03)


def test_a_socket_of_another_kind_is_an_error_and_not_an_absent_program(runtime: Path) -> None:
    with bound(runtime, socket.SOCK_DGRAM), pytest.raises(OSError, match=os.strerror(errno.EPROTOTYPE)):
        instance_posix.connect(runtime, time.monotonic() + 5)


def test_where_nobody_listens_any_more_nobody_is_reached(runtime: Path) -> None:
    assert instance_posix.connect(runtime, time.monotonic() + 5) is None
    bound(runtime).close()
    assert instance_posix.connect(runtime, time.monotonic() + 5) is None
