"""A signal ends the program tidily; what nobody expected is reported and ends nothing."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
from collections.abc import Iterator
from typing import cast

import pytest

from trayapp.app.ending import Ending, catch
from trayapp.app.root import App

not_windows = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals that a loop hears")


class Program:
    """What of the program hears of an end."""

    def __init__(self) -> None:
        self.leaving = asyncio.Event()
        self.closed = False
        self.reported: list[tuple[str, BaseException]] = []

    async def close(self) -> None:
        self.closed = True

    def report(self, task: str, exc: BaseException) -> None:
        self.reported.append((task, exc))


NUMBERS = [number for name in ("SIGINT", "SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None]


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    before = {number: signal.getsignal(number) for number in NUMBERS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def caught() -> Program:
    it = Program()
    catch(cast("App", it), asyncio.get_running_loop())
    return it


def heeding(*, by_loop: bool, last: float = 60.0) -> tuple[Program, Ending, list[int]]:
    it, exits = Program(), list[int]()
    ending = Ending(cast("App", it), last=last, exit=exits.append)
    ending.heed(asyncio.get_running_loop(), by_loop=by_loop)
    return it, ending, exits


ways = pytest.mark.parametrize("by_loop", [False, pytest.param(True, marks=not_windows)])


@ways
@pytest.mark.parametrize("number", NUMBERS)
async def test_a_signal_ends_the_program_tidily_and_once_more_at_once(by_loop: bool, number: signal.Signals) -> None:
    it, ending, exits = heeding(by_loop=by_loop)
    others = [signal.getsignal(other) for other in NUMBERS if other != number]
    signal.raise_signal(number)
    async with asyncio.timeout(5):
        await it.leaving.wait()
    assert signal.getsignal(number) is signal.SIG_DFL
    # the end of a session sends two kinds at once, and the second one is not impatience
    assert [signal.getsignal(other) for other in NUMBERS if other != number] == others
    ending.over()
    assert exits == []


@ways
async def test_a_signal_that_was_to_be_ignored_is_still(by_loop: bool) -> None:
    signal.signal(NUMBERS[-1], signal.SIG_IGN)
    it, _ending, _exits = heeding(by_loop=by_loop)
    assert signal.getsignal(NUMBERS[-1]) is signal.SIG_IGN
    signal.raise_signal(NUMBERS[-1])
    await asyncio.sleep(0)
    assert not it.leaving.is_set()


async def test_a_loop_that_hangs_does_not_hold_the_end() -> None:
    it, _ending, exits = heeding(by_loop=False, last=0.02)
    signal.raise_signal(signal.SIGTERM)
    waited = threading.Event()
    while not exits and not waited.wait(0.01):  # the loop stands still meanwhile
        pass
    assert exits == [0]
    assert not it.leaving.is_set()


async def test_a_signal_after_the_loop_has_ended_is_survived() -> None:
    it, exits = Program(), list[int]()
    ending = Ending(cast("App", it), exit=exits.append)
    loop = asyncio.new_event_loop()
    ending.heed(loop, by_loop=False)
    loop.close()
    signal.raise_signal(signal.SIGTERM)
    ending.over()


async def test_threads_that_hang_behind_its_back_do_not_keep_a_program_that_was_closed() -> None:
    it, ending, exits = heeding(by_loop=False, last=0.02)
    await ending.closed()
    assert it.closed
    async with asyncio.timeout(5):
        while not exits:  # noqa: ASYNC110 - a thread says so
            await asyncio.sleep(0.01)


async def test_what_a_callback_raises_is_reported() -> None:
    it, fault = caught(), KeyError("a bug")
    loop = asyncio.get_running_loop()
    loop.call_exception_handler({"message": "a callback failed", "exception": fault})
    loop.call_exception_handler({"message": "a transport was not closed"})
    assert it.reported == [("a callback failed", fault)]
    assert not it.leaving.is_set()


async def test_what_a_thread_raises_is_logged_and_its_wish_to_end_is_not(caplog: pytest.LogCaptureFixture) -> None:
    it = caught()

    def run(exc: BaseException) -> None:
        raise exc

    for exc in (SystemExit(3), ZeroDivisionError("a bug")):
        thread = threading.Thread(target=run, args=(exc,))
        thread.start()
        await asyncio.to_thread(thread.join)
    (record,) = [it for it in caplog.records if it.levelno >= logging.ERROR]
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError
    assert it.reported == []
