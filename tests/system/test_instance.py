"""One instance per user, whoever starts when; its socket answers everybody and trusts nobody."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from trayapp.system import instance, instance_posix, instance_tcp, lock
from trayapp.system.instance import BusyError, Claim

ROOT = Path(__file__).parent.parent.parent
posix = pytest.mark.skipif(os.name != "posix", reason="no socket files on this system")
both_doors = pytest.mark.parametrize("tcp", [pytest.param(False, marks=posix), True], ids=["socket file", "port"])


async def echo(line: bytes) -> bytes:
    return b'{"heard":' + line + b"}"


@contextlib.asynccontextmanager
async def served(runtime: Path, handler: instance.Handler = echo, *, tcp: bool = False) -> AsyncIterator[Claim]:
    claim = instance.claim(runtime, tcp=tcp)
    assert claim is not None
    await claim.serve(handler)
    try:
        yield claim
    finally:
        await claim.close()


async def ask(runtime: Path, message: bytes, *, timeout: float = 5.0, tcp: bool = False) -> bytes | None:
    return await asyncio.to_thread(instance.hand_over, runtime, message, timeout, tcp=tcp)


async def raw(runtime: Path, sent: bytes, *, end: bool = False) -> dict[str, Any] | None:
    """What a caller without manners is answered."""
    reader, writer = await asyncio.open_unix_connection(instance_posix.address(runtime))
    with contextlib.suppress(ConnectionError):
        writer.write(sent)
        await writer.drain()
        if end:
            writer.write_eof()
    answer = await reader.readline()
    writer.close()
    return json.loads(answer) if answer else None


def child(code: str, *arguments: object) -> subprocess.Popen[str]:
    head = "import asyncio, os, sys, time; from pathlib import Path; from trayapp.system import instance, lock\n"
    return subprocess.Popen(
        [sys.executable, "-c", head + code, *map(str, arguments)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )


SERVE = """
async def answer(line): return b'{"pid":%d}' % os.getpid()
async def main():
    claim = instance.claim(Path(sys.argv[1]), tcp=sys.argv[2] == 'True')
    print(claim is not None, flush=True)
    if claim:
        await claim.serve(answer); await asyncio.sleep(60)
asyncio.run(main())
"""


@both_doors
async def test_a_request_reaches_the_instance_and_its_answer_comes_back(tmp_path: Path, tcp: bool) -> None:
    async with served(tmp_path / "run", tcp=tcp):
        for message in (b"{}", b'{"a":"\xc3\xa4"}', b'{"x":"' + b"y" * 900_000 + b'"}'):
            assert await ask(tmp_path / "run", message, tcp=tcp) == b'{"heard":' + message + b"}"


@both_doors
async def test_where_nobody_runs_nobody_answers_and_nothing_is_made(tmp_path: Path, tcp: bool) -> None:
    begun = time.perf_counter()
    assert await ask(tmp_path / "run", b"{}", timeout=30, tcp=tcp) is None
    assert time.perf_counter() - begun < 2
    assert os.listdir(tmp_path) == []  # noqa: PTH208


@both_doors
async def test_there_is_one_instance_until_it_is_closed(tmp_path: Path, tcp: bool) -> None:
    async with served(tmp_path, tcp=tcp):
        assert instance.claim(tmp_path, tcp=tcp) is None
    assert await ask(tmp_path, b"{}", tcp=tcp) is None
    async with served(tmp_path, tcp=tcp):
        assert await ask(tmp_path, b"{}", tcp=tcp) is not None


@both_doors
async def test_who_calls_before_the_instance_serves_is_waited_for(tmp_path: Path, tcp: bool) -> None:
    claim = instance.claim(tmp_path, tcp=tcp)
    assert claim is not None
    waiting = asyncio.create_task(ask(tmp_path, b"{}", tcp=tcp))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await claim.serve(echo)
    assert await waiting == b'{"heard":{}}'
    await claim.close()


@both_doors
async def test_an_instance_that_never_serves_is_waited_for_only_so_long(tmp_path: Path, tcp: bool) -> None:
    claim = instance.claim(tmp_path, tcp=tcp)
    assert claim is not None
    with pytest.raises(TimeoutError):
        await ask(tmp_path, b"{}", timeout=0.2, tcp=tcp)
    claim.release()


@both_doors
async def test_a_caller_is_waited_on_as_long_as_its_request_takes(tmp_path: Path, tcp: bool) -> None:
    release = asyncio.Event()

    async def slow(_line: bytes) -> bytes:
        await release.wait()
        return b"{}"

    async with served(tmp_path, slow, tcp=tcp):
        with pytest.raises(TimeoutError):
            await ask(tmp_path, b"{}", timeout=0.2, tcp=tcp)
        release.set()
        assert await ask(tmp_path, b"{}", tcp=tcp) == b"{}"


@both_doors
async def test_after_kill_9_the_next_start_is_the_instance(tmp_path: Path, tcp: bool) -> None:
    for _ in range(3):
        with child(SERVE, tmp_path, tcp) as first:
            assert first.stdout is not None
            assert first.stdout.readline() == "True\n"
            assert await ask(tmp_path, b"{}", tcp=tcp) == b'{"pid":%d}' % first.pid
            first.kill()
        assert await ask(tmp_path, b"{}", tcp=tcp) is None, "what it left behind answers nobody"
    async with served(tmp_path, tcp=tcp):
        assert await ask(tmp_path, b"{}", tcp=tcp) == b'{"heard":{}}'


@both_doors
@pytest.mark.timeout_s(60)
@pytest.mark.parametrize("left", ["nothing", "a dead socket"])
async def test_of_twenty_that_start_at_once_one_runs_and_nineteen_hand_over(
    tmp_path: Path, tcp: bool, left: str
) -> None:
    code = (
        "runtime, tcp = Path(sys.argv[1]), sys.argv[2] == 'True'\n"
        "time.sleep(max(0, float(sys.argv[3]) - time.time()))\n"
        "got = instance.enter(runtime, b'{}', 20, tcp=tcp)\n"
        "if isinstance(got, bytes): print('handed over to', got.decode()); sys.exit()\n"
        "async def answer(line): return b'%d' % os.getpid()\n"
        "async def main():\n"
        "    time.sleep(0.2)\n"  # as long as Qt takes
        "    await got.serve(answer); print('runs', flush=True); await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    if left == "a dead socket":
        with child(SERVE, tmp_path, tcp) as dead:
            assert dead.stdout is not None
            dead.stdout.readline()
            dead.kill()
    start = time.time() + 1.5
    crowd = [child(code, tmp_path, tcp, start) for _ in range(20)]
    try:
        said = await asyncio.gather(*(asyncio.to_thread(it.stdout.readline) for it in crowd if it.stdout))
        runs = [it for it, line in zip(crowd, said, strict=True) if line == "runs\n"]
        assert len(runs) == 1
        assert said.count(f"handed over to {runs[0].pid}\n") == 19
    finally:
        for it in crowd:
            it.kill()
            with it:
                pass


@posix
@pytest.mark.parametrize("leftover", ["socket", "file", "link"])
async def test_whatever_a_crash_left_in_the_sockets_place_is_replaced(tmp_path: Path, leftover: str) -> None:
    path = instance_posix.address(tmp_path)
    if leftover == "socket":
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(path))
        assert await ask(tmp_path, b"{}") is None
    elif leftover == "file":
        path.write_text("")
    else:
        path.symlink_to(tmp_path / "elsewhere")
    async with served(tmp_path):
        assert await ask(tmp_path, b"{}") == b'{"heard":{}}'


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
async def test_a_claim_that_could_not_open_its_door_lets_the_lock_go(tmp_path: Path) -> None:
    (tmp_path / "trayapp.sock").mkdir()
    with pytest.raises(OSError, match=r"directory|permitted"):
        instance.claim(tmp_path)
    (tmp_path / "trayapp.sock").rmdir()
    async with served(tmp_path):
        pass


@posix
async def test_a_path_too_long_for_a_socket_leads_to_a_short_one_that_both_sides_find(tmp_path: Path) -> None:
    runtime = tmp_path / ("long-" * 20) / ("longer-" * 10) / "run"
    async with served(runtime):
        place = instance_posix.address(runtime)
        assert len(os.fsencode(place)) <= 103
        assert place.parent.stat().st_mode & 0o777 == 0o700
        assert await ask(runtime, b"{}") == b'{"heard":{}}'
        assert instance.claim(runtime) is None
        assert instance_posix.address(runtime / "other") != place
        with pytest.raises(BusyError), instance.write_lock(runtime, 0):
            pass
    assert not place.parent.exists()


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


@posix
async def test_garbage_is_answered_with_an_error_line_and_the_next_caller_is_served(tmp_path: Path) -> None:
    async with served(tmp_path):
        for sent in (b"\n", b"hello\n", b"\xff\xfe\x00\n", b"GET / HTTP/1.1\r\n\r\n", b"[1]\n"):
            answer = await raw(tmp_path, sent)
            assert answer is not None
            assert answer["ok"] is False
            assert "JSON" in answer["text"]
        assert await ask(tmp_path, b"{}") == b'{"heard":{}}'


@posix
async def test_a_line_without_an_end_is_answered_with_an_error_line(tmp_path: Path) -> None:
    async with served(tmp_path):
        for size in (instance.REQUEST_LIMIT + 10, 5 * instance.REQUEST_LIMIT):
            answer = await raw(tmp_path, b"{" + b"x" * size + b"\n")
            assert answer is not None
            assert "too long" in answer["text"]
        assert await ask(tmp_path, b"{}") == b'{"heard":{}}'


@both_doors
async def test_a_request_too_long_is_refused_in_words_also_to_our_own_side(tmp_path: Path, tcp: bool) -> None:
    async with served(tmp_path, tcp=tcp):
        answer = await ask(tmp_path, b"{" + b"x" * (3 * instance.REQUEST_LIMIT), tcp=tcp)
        assert answer is not None
        assert "too long" in json.loads(answer)["text"]


@posix
async def test_who_hangs_up_halfway_hurts_nobody(tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def note(line: bytes) -> bytes:
        heard.append(line)
        return b"{}"

    async with served(tmp_path, note):
        for sent in (b"", b"{", b'{"a":1}'):
            assert await raw(tmp_path, sent, end=True) is None
        _reader, writer = await asyncio.open_unix_connection(instance_posix.address(tmp_path))
        writer.write(b'{"done":1}\n')
        writer.transport.abort()
        assert await ask(tmp_path, b'{"last":1}') == b"{}"
    assert b'{"last":1}' in heard
    assert not [it for it in heard if not it.endswith(b"}")]


@posix
async def test_a_caller_who_says_nothing_keeps_nobody_else_waiting_and_is_sent_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instance, "READ_WITHIN", 0.3)
    async with served(tmp_path):
        silent = [await asyncio.open_unix_connection(instance_posix.address(tmp_path)) for _ in range(10)]
        begun = time.perf_counter()
        assert await ask(tmp_path, b"{}") == b'{"heard":{}}'
        assert time.perf_counter() - begun < 0.25
        assert [await reader.read() for reader, _writer in silent] == [b""] * 10
        for _reader, writer in silent:
            writer.close()


@posix
async def test_a_caller_who_does_not_take_a_long_answer_is_sent_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instance, "READ_WITHIN", 0.3)

    async def long(_line: bytes) -> bytes:
        return b"{" + b"x" * 8_000_000 + b"}"

    async with served(tmp_path, long) as claim:
        _reader, writer = await asyncio.open_unix_connection(instance_posix.address(tmp_path), limit=1)
        writer.write(b"{}\n")
        await asyncio.sleep(0.1)
        assert len(claim._callers) == 1
        for _ in range(100):
            await asyncio.sleep(0.02)
            if not claim._callers:
                break
        assert not claim._callers
        writer.transport.abort()
        answer = await ask(tmp_path, b"{}")
        assert answer is not None
        assert len(answer) == 8_000_002, "who does take it gets all of it"


@posix
async def test_more_callers_than_can_be_served_are_told_to_come_again(tmp_path: Path) -> None:
    release = asyncio.Event()
    working: list[bytes] = []
    all_busy = asyncio.Event()

    async def slow(line: bytes) -> bytes:
        working.append(line)
        if len(working) == instance.AT_ONCE:
            all_busy.set()
        await release.wait()
        return b"{}"

    async with served(tmp_path, slow):
        first = [asyncio.create_task(raw(tmp_path, b"{}\n")) for _ in range(instance.AT_ONCE)]
        await all_busy.wait()
        turned_away = await raw(tmp_path, b"{}\n")
        assert turned_away is not None
        assert "busy" in turned_away["text"]
        release.set()
        assert await asyncio.gather(*first) == [{}] * instance.AT_ONCE


@both_doors
async def test_a_handler_that_fails_is_reported_and_its_caller_is_told(tmp_path: Path, tcp: bool) -> None:
    reported: list[BaseException] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: reported.append(context["exception"]))

    async def broken(_line: bytes) -> bytes:
        raise ZeroDivisionError("sk-proj-0123456789abcdef")

    async with served(tmp_path, broken, tcp=tcp):
        answer = await ask(tmp_path, b"{}", tcp=tcp)
    assert answer is not None
    assert json.loads(answer)["ok"] is False
    assert b"0123456789" not in answer
    assert [type(it) for it in reported] == [ZeroDivisionError]


@both_doors
async def test_the_answer_to_quit_arrives_although_everything_closes(tmp_path: Path, tcp: bool) -> None:
    leaving = asyncio.Event()

    async def quit_(_line: bytes) -> bytes:
        leaving.set()
        return b'{"bye":1}'

    async with served(tmp_path, quit_, tcp=tcp):
        asking = asyncio.create_task(ask(tmp_path, b"{}", tcp=tcp))
        await leaving.wait()
    assert await asking == b'{"bye":1}'


@posix
async def test_closing_ends_who_is_still_being_answered_within_a_moment(tmp_path: Path) -> None:
    async def for_ever(_line: bytes) -> bytes:
        await asyncio.Event().wait()
        return b""

    claim = instance.claim(tmp_path)
    assert claim is not None
    await claim.serve(for_ever)
    asking = asyncio.create_task(ask(tmp_path, b"{}"))
    silent = await asyncio.open_unix_connection(instance_posix.address(tmp_path))
    await asyncio.sleep(0.05)
    begun = time.perf_counter()
    await claim.close()
    assert time.perf_counter() - begun < 2
    answer = await asking
    assert answer is not None
    assert "quit" in json.loads(answer)["text"]
    silent[1].close()
    claim.release()
    await claim.close()


@both_doors
async def test_a_command_that_writes_keeps_other_writers_and_a_start_waiting(tmp_path: Path, tcp: bool) -> None:
    with instance.write_lock(tmp_path, 0):
        with pytest.raises(BusyError), instance.write_lock(tmp_path, 0.05):
            pass
        starting = asyncio.create_task(asyncio.to_thread(instance.claim, tmp_path, tcp=tcp))
        await asyncio.sleep(0.1)
        assert not starting.done()
        assert await ask(tmp_path, b"{}", tcp=tcp) is None
    claim = await starting
    assert claim is not None
    claim.release()


async def test_a_start_does_not_wait_for_ever_for_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instance, "WRITERS_TURN", 0.05)
    with instance.write_lock(tmp_path, 0), pytest.raises(BusyError):
        instance.claim(tmp_path)


@both_doors
async def test_where_a_tray_runs_a_command_does_not_write_by_itself(tmp_path: Path, tcp: bool) -> None:
    async with served(tmp_path, tcp=tcp):
        begun = time.perf_counter()
        with pytest.raises(BusyError), instance.write_lock(tmp_path, 5):
            pytest.fail("it may not")
        assert time.perf_counter() - begun < 1
    with instance.write_lock(tmp_path, 0):
        pass


def test_a_writer_that_fails_or_is_killed_lets_go(tmp_path: Path) -> None:
    with contextlib.suppress(ZeroDivisionError), instance.write_lock(tmp_path, 0):
        raise ZeroDivisionError
    code = "with instance.write_lock(Path(sys.argv[1]), 0): print('holds', flush=True); time.sleep(60)"
    with child(code, tmp_path) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "holds\n"
        with pytest.raises(BusyError), instance.write_lock(tmp_path, 0):
            pass
        writer.kill()
    with instance.write_lock(tmp_path, 5):
        pass


def test_a_lock_is_held_once_and_seen_from_outside(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    assert not lock.busy(path)
    held = lock.take(path)
    assert held is not None
    assert lock.take(path) is None
    assert lock.busy(path)
    lock.free(held)
    assert not lock.busy(path)
    assert path.exists()


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


@posix
async def test_an_instance_that_dies_while_it_is_asked_is_an_error_and_no_hang(tmp_path: Path) -> None:
    code = "claim = instance.claim(Path(sys.argv[1])); print('claimed', flush=True); time.sleep(60)"
    with child(code, tmp_path) as first:
        assert first.stdout is not None
        first.stdout.readline()
        asking = asyncio.create_task(ask(tmp_path, b"{}", timeout=30))
        await asyncio.sleep(0.1)
        os.kill(first.pid, signal.SIGKILL)
        with pytest.raises(ConnectionError):
            await asking
    got = await asyncio.to_thread(instance.enter, tmp_path, b"{}", 5)
    assert isinstance(got, Claim)
    got.release()
