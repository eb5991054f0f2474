"""The instance trusts nobody: files are their user's alone, and who cannot prove to be that user learns nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.system.callers import ask, posix, served
from trayapp.system import instance, instance_posix, instance_tcp, lock


@posix
async def test_socket_locks_and_folder_are_open_to_their_user_alone(tmp_path: Path) -> None:
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o755)
    async with served(runtime):
        assert runtime.stat().st_mode & 0o777 == 0o700
        assert {it.name: it.stat().st_mode & 0o777 for it in runtime.iterdir()} == {
            "trayapp.lock": 0o600,
            "trayapp.sock": 0o600,
            "write.lock": 0o600,
        }


async def test_the_token_is_in_a_file_open_to_its_user_alone(tmp_path: Path) -> None:
    async with served(tmp_path / "run", tcp=True):
        assert instance_tcp.address(tmp_path / "run").stat().st_mode & 0o777 == 0o600 or os.name != "posix"
    assert not instance_tcp.address(tmp_path / "run").exists()


@posix
@pytest.mark.parametrize(
    "wrong", ["owner of the folder", "writable by others", "a link", "owner of the socket", "a file"]
)
async def test_a_strangers_folder_or_socket_is_refused(
    wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = tmp_path / "run"
    async with served(runtime):
        uid = os.geteuid()
        if wrong == "owner of the folder":
            monkeypatch.setattr(os, "geteuid", lambda: uid + 1)
        elif wrong == "writable by others":
            runtime.chmod(0o770)
        elif wrong == "a link":
            runtime.rename(tmp_path / "real")
            runtime.symlink_to(tmp_path / "real")
        elif wrong == "a file":
            instance_posix.address(runtime).unlink()
            instance_posix.address(runtime).write_text("")
        else:
            monkeypatch.setattr(instance_posix, "_check", lambda _folder: None)
            monkeypatch.setattr(os, "geteuid", lambda: uid + 1)
        with pytest.raises(PermissionError):
            instance.hand_over(runtime, b"{}", 1)
        if wrong in ("owner of the folder", "writable by others", "a link"):
            with pytest.raises(PermissionError):
                instance_posix.listen(runtime)
        monkeypatch.undo()


@posix
async def test_a_stranger_who_made_the_short_folder_first_is_refused(tmp_path: Path) -> None:
    runtime = tmp_path / ("long-" * 25)
    folder = instance_posix.address(runtime).parent
    folder.symlink_to(tmp_path)
    try:
        with pytest.raises(PermissionError):
            instance.claim(runtime)
        with pytest.raises(PermissionError):
            instance.hand_over(runtime, b"{}", 1)
    finally:
        folder.unlink()


@pytest.mark.parametrize(
    "behave",
    [
        lambda it: it.sendall(b"nonsense\n"),
        lambda it: it.sendall(b"00 11\n"),
        lambda it: it.close(),
        lambda it: it.sendall(b"x" * 5000),
    ],
    ids=["nonsense", "a wrong proof", "hangs up", "endless"],
)
def test_a_stranger_at_a_dead_instances_port_learns_nothing(
    behave: Callable[[socket.socket], object], tmp_path: Path
) -> None:
    import threading

    heard: list[bytes] = []
    token = os.urandom(32).hex()
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        stranger.settimeout(5)
        instance_tcp.address(tmp_path).write_text(f"{stranger.getsockname()[1]} {token}\n")

        def serve() -> None:
            connection, _ = stranger.accept()
            with connection, contextlib.suppress(OSError):
                connection.settimeout(0.5)
                heard.append(connection.recv(1000))
                behave(connection)
                heard.append(connection.recv(1000))

        thread = threading.Thread(target=serve)
        held = lock.take(tmp_path / "trayapp.lock")  # else nobody would even call
        assert held is not None
        thread.start()
        try:
            assert instance.hand_over(tmp_path, b'{"secret":1}', 2, tcp=True) is None
        finally:
            lock.free(held)
            thread.join()
    assert not [it for it in heard if b"secret" in it or token.encode() in it]


def test_a_silent_stranger_at_a_dead_instances_port_is_not_even_called(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        instance_tcp.address(tmp_path).write_text(f"{stranger.getsockname()[1]} {'0' * 64}\n")
        begun = time.perf_counter()
        assert instance.hand_over(tmp_path, b"{}", 5, tcp=True) is None
        assert time.perf_counter() - begun < 1


@pytest.mark.parametrize("content", ["", "x", "1 2", "99999 " + "0" * 64, "80", "\xff"])
def test_a_spoiled_port_file_means_that_nobody_runs(content: str, tmp_path: Path) -> None:
    instance_tcp.address(tmp_path).write_text(content)
    held = lock.take(tmp_path / "trayapp.lock")
    assert held is not None
    assert instance.hand_over(tmp_path, b"{}", 1, tcp=True) is None
    lock.free(held)


async def test_who_has_not_read_the_token_is_not_heard(tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def note(line: bytes) -> bytes:
        heard.append(line)
        return b"{}"

    async with served(tmp_path, note, tcp=True):
        port = int(instance_tcp.address(tmp_path).read_text().split()[0])
        for sent in (b"{}\n{}\n{}\n", b"\n\n{}\n", b"00\n" + b"0" * 64 + b"\n{}\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            lines = (await reader.read()).splitlines()
            assert len(lines) == 1, "its challenge, and no answer"
            writer.close()
        assert await ask(tmp_path, b'{"ours":1}', tcp=True) == b"{}"
    assert heard == [b'{"ours":1}']
