"""The guards guard: what a test must not do fails it, with a sentence that says what it was."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import subprocess
import sys
import urllib.parse
from pathlib import Path

import pytest

from tests.bench.report import Report, Row
from tests.support import canary as canaries
from tests.support import guards
from tests.support.clock import FakeClock

ROOT = Path(__file__).parent.parent
WRONG = """
import asyncio, logging, socket, threading, time, warnings
import pytest

def test_reaches_out():
    with pytest.raises(RuntimeError):
        socket.create_connection(("192.0.2.1", 80))

def test_asks_for_a_name():
    with pytest.raises(RuntimeError):
        socket.getaddrinfo("example.org", 443)

def test_leaves_a_thread():
    threading.Thread(target=time.sleep, args=(1.6,), daemon=True, name="straggler").start()

async def test_never_ends():
    await asyncio.sleep(60)
test_never_ends = pytest.mark.timeout_s(0.05)(test_never_ends)

async def test_fails_in_the_loop():
    asyncio.get_running_loop().call_soon(lambda: 1 / 0)
    await asyncio.sleep(0)

async def test_leaves_a_task():
    asyncio.create_task(asyncio.sleep(60), name="forgotten")

def test_warns():
    warnings.warn("old")

def test_logs_the_key(canary):
    logging.getLogger("x").warning("key %s", canary)
    assert False

def test_writes_the_key(canary, tmp_path):
    (tmp_path / "cache.json").write_text(canary)
"""


def test_what_a_test_must_not_do_fails_it_and_is_said(tmp_path: Path) -> None:
    (tmp_path / "test_wrong.py").write_text(WRONG)
    options = ("-c", str(ROOT / "pyproject.toml"), "-p", "tests.conftest")
    command = [sys.executable, "-m", "pytest", *options, str(tmp_path)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    said = done.stdout
    assert done.returncode == 1, said + done.stderr
    for name, words in {
        "ERROR test_wrong.py::test_reaches_out": "reached beyond this computer: 192.0.2.1",
        "ERROR test_wrong.py::test_asks_for_a_name": "reached beyond this computer: example.org",
        "ERROR test_wrong.py::test_leaves_a_thread": "threads still running: straggler",
        "FAILED test_wrong.py::test_never_ends": "took longer than 0.05 s",
        "FAILED test_wrong.py::test_fails_in_the_loop": "unhandled in the event loop: ",
        "FAILED test_wrong.py::test_warns": "UserWarning: old",
        "FAILED test_wrong.py::test_logs_the_key": "the canary key was shown by ",
    }.items():
        assert name in said.replace(os.path.relpath(tmp_path, ROOT) + "/", ""), said
        assert words in said
    assert "tasks left behind: " in said
    assert "(forgotten)" in said
    assert "THE CANARY KEY was written to disk: " in said
    assert "cache.json" in said
    assert canaries.PREFIX not in said


def test_a_server_of_the_tests_own_can_be_reached_by_address_and_by_name() -> None:
    with guards.no_network() as tried, socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for host in ("127.0.0.1", "localhost"):
            socket.create_connection((host, port), timeout=5).close()
    assert tried == []


def test_a_name_that_is_nobodys_is_not_asked_for() -> None:
    with guards.no_network() as tried, pytest.raises(socket.gaierror):
        socket.getaddrinfo("provider.invalid", 443)
    assert tried == []


@pytest.mark.parametrize(
    "form",
    [
        lambda key: key.encode(),
        lambda key: urllib.parse.quote(f"x={key}&").encode(),
        lambda key: base64.b64encode(f"user:{key}".encode()),
        lambda key: base64.b64encode(f"ab{key}-tail".encode()),
        lambda key: b'{"key": "' + key.encode() + b'"}',
        lambda key: key.encode("utf-16"),
    ],
    ids=["plain", "quoted", "basic", "inside", "json", "utf16"],
)
def test_the_canary_is_found_in_every_form(tmp_path: Path, form: object) -> None:
    key = canaries.fresh()
    assert callable(form)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(b"x" * (1 << 20) + form(key))
    (tmp_path / "other").write_text("nothing")
    assert list(canaries.files_with(key, [tmp_path])) == [tmp_path / "deep" / "file"]
    assert list(canaries.files_with(canaries.fresh(), [tmp_path])) == []


def test_the_environment_has_nothing_of_its_user() -> None:
    theirs = ("OPENAI_API_KEY", "HTTPS_PROXY", "DISPLAY", "OLLAMA_HOST", "LANG", "DBUS_SESSION_BUS_ADDRESS")
    env = {**dict.fromkeys((*theirs, "DBUS_SYSTEM_BUS_ADDRESS"), "x"), "PATH": "/bin"}
    guards.scrub(env)
    ours = {"LANG", "QT_QPA_PLATFORM", "QT_API", "PYTEST_QT_API", "PYTHON_KEYRING_BACKEND", "DBUS_SYSTEM_BUS_ADDRESS"}
    assert set(env) == {"PATH", *ours}
    assert "x" not in env.values()
    bus = Path(env["DBUS_SYSTEM_BUS_ADDRESS"].removeprefix("unix:path="))
    assert not bus.exists(), "without the variable the machine's own bus would be asked"


async def test_sleeping_takes_no_time_and_is_noted(clock: FakeClock) -> None:
    before = clock.now(), clock.monotonic()
    await clock.sleep(60)
    assert clock.slept == [60]
    assert (clock.now() - before[0], clock.monotonic() - before[1]) == (60, 60)


async def test_held_sleepers_wake_in_order_once_their_time_has_come(clock: FakeClock) -> None:
    woken: list[str] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(name)

    clock.hold()
    tasks = [asyncio.create_task(sleeper(name, seconds)) for name, seconds in (("late", 9), ("soon", 3), ("never", 99))]
    await asyncio.sleep(0)
    clock.advance(2)
    await asyncio.sleep(0)
    assert woken == []
    clock.advance(8)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert woken == ["soon", "late"]
    tasks[2].cancel()
    await asyncio.wait(tasks)


def test_a_benchmark_passes_only_if_every_limit_was_kept_and_no_promise_broken() -> None:
    kept = Row("ours", (1.0, 2.0, 30.0), limit=2.0, because="2 × bare")
    missed = Row("ours", (3.0, 4.0, 5.0), limit=3.9)
    assert Report("x", "title", [kept]).kept
    assert not Report("x", "title", [kept, missed]).kept
    assert not Report("x", "title", [kept], faults=["the network was used"]).kept
    assert "ok (limit 2.0 ms, 2 × bare)" in Report("x", "title", [kept]).table()
    assert "MISSED (limit 3.9 ms)" in Report("x", "title", [missed]).table()
    assert '"ok": false' in Report("x", "title", [missed]).line()
