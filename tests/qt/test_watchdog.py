"""An event that keeps the window thread busy is told with its lines; one that waits is not, and idleness wakes none."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QAbstractEventDispatcher, QTimer

from trayapp.core.busy import Busy, Step
from trayapp.qt import watchdog
from trayapp.qt.watchdog import LIMIT, PERIOD, Log, Watchdog

HERE = str(Path(__file__).parent)
kernel = pytest.mark.skipif(
    sys.platform != "linux", reason="this needs the timers on the CPU time of a thread that Linux has"
)


def burn(seconds: float) -> None:
    """Use so much CPU time."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        sum(range(100))


@asynccontextmanager
async def watched(**more: Any) -> AsyncIterator[list[Busy]]:
    told: list[Busy] = []
    dog = Watchdog(told.append, ours=HERE, **more)
    dog.start()
    try:
        yield told
    finally:
        dog.stop()


async def happened(*slots: Callable[[], object]) -> None:
    """Each is an event of its own, in a turn of its own."""
    for slot in slots:
        QTimer.singleShot(0, slot)
        done = asyncio.get_running_loop().create_future()
        QTimer.singleShot(1, lambda done=done: done.set_result(None))
        await done
    await asyncio.sleep(0.01)


async def told_of(told: list[Busy], slot: Callable[[], object]) -> Busy:
    """What is said of it. Where the machine is so busy that nobody came to look, it happens again."""
    for _again in range(20):
        await happened(slot)
        if told:
            return told[0]
    pytest.fail("nothing was told")


def switches(thread: threading.Thread) -> int:
    """How often it has gone to sleep."""
    status = Path(f"/proc/self/task/{thread.native_id}/status").read_text("utf-8")
    return int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])


def slow_slot() -> None:
    burn(0.08)


@kernel
async def test_a_slot_that_is_busy_for_80_ms_is_told_with_its_lines() -> None:
    async with watched() as told:
        busy = await told_of(told, slow_slot)
    assert busy.name == "qt/test_watchdog.py slow_slot"
    assert [step.function for step in busy.stack] == ["slow_slot", "burn"]
    assert busy.stack[0].line == slow_slot.__code__.co_firstlineno + 1
    assert LIMIT <= busy.seconds < 0.2


@kernel
async def test_a_step_of_a_task_that_is_busy_is_told_by_the_name_of_our_own_code() -> None:
    async def task() -> None:
        burn(0.08)

    async with watched() as told:
        for _again in range(20):
            await asyncio.create_task(task())
            await asyncio.sleep(0.01)
            if told:
                break
    assert told[0].name == "qt/test_watchdog.py task"
    assert told[0].stack[0].function == "timerEvent"  # of qasync, where Qt's loop comes in


@kernel
async def test_a_slot_that_waits_without_using_the_processor_is_not_told() -> None:
    def waits() -> None:
        time.sleep(0.2)
        burn(0.005)

    async with watched() as told:
        await happened(waits, waits)
    assert told == []


@kernel
async def test_many_short_events_one_after_the_other_are_not_one_long_one() -> None:
    async with watched() as told:
        await happened(*[lambda: burn(0.015)] * 20)
    assert told == []


@kernel
async def test_who_never_ends_is_told_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "HANGS", 0.1)
    async with watched() as told:

        def hangs() -> None:
            until = time.monotonic() + 20
            while not told and time.monotonic() < until:
                burn(0.001)

        await happened(hangs)
    assert told[0].name.endswith("hangs")


@kernel
async def test_an_idle_loop_wakes_it_not_once() -> None:
    async with watched() as told:
        await told_of(told, slow_slot)  # it is at work
        (thread,) = (it for it in threading.enumerate() if it.name == "watchdog")
        woken = []
        for _again in range(10):  # on a busy machine the last look may come late
            before = switches(thread)
            await asyncio.sleep(0.2)
            woken.append(switches(thread) - before)
            if not woken[-1]:
                break
    assert woken[-1] == 0, woken


@kernel
async def test_what_an_event_lets_go_ends_on_its_own_thread_though_somebody_looks() -> None:
    ended: list[str] = []

    class Widget:
        def __del__(self) -> None:
            ended.append(threading.current_thread().name)

    def slot() -> None:
        held = Widget()
        burn(0.012)
        del held

    def holds() -> None:
        held = Widget()
        burn(0.012)
        assert held

    async with watched():
        await happened(*[slot, holds] * 20)
    assert len(ended) == 40
    assert set(ended) == {"MainThread"}


async def test_where_the_kernel_wakes_nobody_the_loop_tells_that_it_begins() -> None:
    loop = QAbstractEventDispatcher.instance()
    sent: Any = loop.awake

    def slot() -> None:
        sent.emit()  # other loops than GLib's do so before they handle anything
        slow_slot()

    async with watched(ticking=True) as told:
        busy = await told_of(told, slot)
        told.clear()

        def waits() -> None:
            sent.emit()
            time.sleep(0.2)

        await happened(waits)
        assert told == []
    assert busy.name.endswith(" slot")
    assert LIMIT <= busy.seconds < 0.2


async def test_where_nothing_can_wake_it_the_program_goes_on_without(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def missing(*_: object) -> object:
        raise OSError("no such timer")

    monkeypatch.setattr(watchdog, "CpuTimer", missing)
    caplog.set_level(logging.INFO)
    async with watched(ticking=False) as told:
        await happened(slow_slot)
    assert told == []
    assert "nobody watches the window: no such timer" in caplog.text


def test_the_log_tells_each_place_once_and_again_when_it_is_worse(caplog: pytest.LogCaptureFixture) -> None:
    log = Log()
    step = Step("/somewhere/trayapp/qt/menu.py", 7, "fill")
    for seconds in (0.06, 0.07, 0.08, 0.1):
        log.tell(Busy("qt/menu.py fill", "ui/menu.py rows", seconds, (step,)))
    assert [it.getMessage() for it in caplog.records] == [
        "one event kept the window busy for 60 ms: qt/menu.py fill: trayapp/qt/menu.py:7 fill",
        "one event kept the window busy for 100 ms: qt/menu.py fill: trayapp/qt/menu.py:7 fill",
    ]
    for number in range(2 * watchdog.KINDS):
        log.tell(Busy("qt/menu.py fill", f"place {number}", 0.06, (step,)))
    assert len(caplog.records) == watchdog.KINDS + 1


def test_our_own_code_is_known_by_the_folder_of_the_package() -> None:
    assert watchdog._OURS.replace("\\", "/").endswith("/trayapp/")


def test_looks_are_frequent_enough_for_the_limit() -> None:
    assert PERIOD * 5 <= LIMIT
