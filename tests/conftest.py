"""The guards around every test, and the hook that runs coroutine tests on a fresh loop."""

from __future__ import annotations

import asyncio
import gc
import inspect
import os
import sys
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.support import canary as canaries
from tests.support import compiled, guards, timeloop
from tests.support.clock import FakeClock

ROOT = Path(__file__).parent.parent
SESSION = guards.new_folder()
guards.scrub(os.environ)  # before anything imports Qt or keyring
os.environ.update(guards.new_home(SESSION / "home"))

pytest_plugins = ["tests.support.fixtures_desktop"] if find_spec("tests.support.fixtures_desktop") else []

_CANARY = pytest.StashKey[str]()
_LEFT: dict[str, list[str]] = {}
_ON_DISK = "THE CANARY KEY was written to disk"
_count = 0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--keep-files", action="store_true", help="leave what the tests wrote, and say where it is")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "leaves_threads(why): threads may outlive this test")
    config.addinivalue_line("markers", "virtual_time: a coroutine test whose loop jumps instead of sleeping")
    config.stash[_CANARY] = canaries.fresh()
    if config.option.basetemp is None:
        config.option.basetemp = str(SESSION / "tmp")  # what tests write is searched for the canary
    if getattr(config.option, "numprocesses", None):
        compiled.programs()


def pytest_collection(session: pytest.Session) -> None:
    worker = getattr(session.config, "workerinput", None)
    if worker is not None:
        sys.dont_write_bytecode = False
        compiled.tests(session.config.args, int(worker["workerid"][2:]), worker["workercount"])


def pytest_collection_finish() -> None:
    """Half a million objects, most of them tests, stay to the end: none is looked through again for every window."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    found = [str(path) for path in canaries.files_with(session.config.stash[_CANARY], _written(session.config))]
    if found:
        _LEFT.setdefault(_ON_DISK, []).extend(found)
        if hasattr(session.config, "workeroutput"):  # a worker of xdist: its controller has to say it
            session.config.workeroutput["canary"] = found
    if _ON_DISK in _LEFT:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """A worker has ended: what it found counts."""
    found = getattr(node, "workeroutput", {}).get("canary", [])
    if found:
        _LEFT.setdefault(_ON_DISK, []).extend(found)


def _written(config: pytest.Config) -> list[Path]:
    """Every folder that tests of this process write to."""
    return [SESSION, Path(config.option.basetemp)]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for what, names in _LEFT.items():
        terminalreporter.write_line(f"{what}: {', '.join(names)}", yellow=True)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    if config.option.keep_files:
        print(f"\nwhat the tests wrote: {SESSION}")
    else:
        guards.remove(SESSION)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """A key in what a test printed, logged or raised fails that test."""
    report = yield
    key = item.config.stash[_CANARY]
    said = str(report.longrepr or "")
    if key in said or any(key in text for _, text in report.sections):
        report.outcome = "failed"
        report.sections = [(name, text.replace(key, "[canary]")) for name, text in report.sections]
        report.longrepr = f"the canary key was shown by {item.nodeid}\n{said.replace(key, '[canary]')}"
    return report


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test has a home of its own, empty, below the session's folder."""
    global _count
    _count += 1
    folder = SESSION / f"h{_count}"
    for name, value in guards.new_home(folder).items():
        monkeypatch.setenv(name, value)
    return folder


@pytest.fixture(autouse=True)
def _walls(request: pytest.FixtureRequest) -> Iterator[None]:
    threads = set(threading.enumerate())
    with guards.no_network() as tried:
        yield
    if tried:
        pytest.fail(f"reached beyond this computer: {', '.join(tried)}")
    if request.node.get_closest_marker("leaves_threads") is None:
        left = guards.left_threads(threads)
        if left:
            pytest.fail(f"threads still running: {', '.join(left)}")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def canary(pytestconfig: pytest.Config) -> str:
    """A key of this session. It may be in memory and in a keyring, and must be nowhere else at the end."""
    return pytestconfig.stash[_CANARY]


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    return ["trayapp"]


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine test: fresh loop, time limit, leftover tasks cancelled, loop errors fail it."""
    test = pyfuncitem.obj
    if not inspect.iscoroutinefunction(test):
        return None
    marker = pyfuncitem.get_closest_marker("timeout_s")
    limit = float(marker.args[0]) if marker else 10.0
    named = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    errors: list[str] = []

    def note(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        errors.append(f"{context.get('message')}: {context.get('exception')!r}")

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(note)
        try:
            async with timeloop.limit(limit) as clock:  # real seconds, whatever the loop takes for time
                await test(**named)
        except TimeoutError:
            if clock.expired():
                pytest.fail(f"took longer than {limit} s")
            raise
        finally:
            await _end_tasks(pyfuncitem.nodeid)

    with asyncio.Runner(loop_factory=_loop_factory(pyfuncitem)) as runner:
        runner.run(run())
    if errors:
        pytest.fail(f"unhandled in the event loop: {'; '.join(errors)}")
    return True


def _loop_factory(item: pytest.Function) -> Any:
    if item.get_closest_marker("virtual_time") is not None:
        return timeloop.VirtualLoop
    if "qapp" not in item.fixturenames and ROOT / "tests" / "qt" not in item.path.parents:
        return None
    qapp = item._request.getfixturevalue("qapp")
    import qasync

    return lambda: qasync.QEventLoop(qapp)


async def _end_tasks(nodeid: str) -> None:
    # whoever drops a stream half read, as the vendors' clients do: asyncio closes each of its generators in a task
    while closing := [it for it in asyncio.all_tasks() if type(it.get_coro()).__name__ == "async_generator_athrow"]:
        if not (await asyncio.wait(closing, timeout=2))[0]:
            break
    left = asyncio.all_tasks() - {asyncio.current_task()}
    if not left:
        return
    _LEFT.setdefault("tasks left behind", []).append(f"{nodeid} ({', '.join(task.get_name() for task in left)})")
    for task in left:
        task.cancel()
    _, stuck = await asyncio.wait(left, timeout=2)
    if stuck:
        pytest.fail(f"tasks that ignore being cancelled: {', '.join(task.get_name() for task in stuck)}")
