"""One instance per user, whoever starts when, whatever a crash left behind, and whoever else writes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from tests.system.callers import SERVE, ask, both_doors, child, echo, posix, served
from trayapp.system import instance, instance_posix, lock
from trayapp.system.instance import BusyError, Claim


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


@both_doors
async def test_a_program_that_ends_before_it_serves_serves_nobody_and_fails_at_nothing(
    tmp_path: Path, tcp: bool
) -> None:
    claim = instance.claim(tmp_path, tcp=tcp)
    assert claim is not None
    await claim.close()
    await claim.serve(echo)
    assert await ask(tmp_path, b"{}", tcp=tcp) is None
