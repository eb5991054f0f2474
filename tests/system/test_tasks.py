"""No task is lost, none fails unheard, and all of them end."""

from __future__ import annotations

import asyncio
import gc
import time

import pytest

from trayapp.system.tasks import Tasks


class Heard:
    def __init__(self) -> None:
        self.reports: list[tuple[str, str]] = []

    def __call__(self, name: str, exc: BaseException) -> None:
        self.reports.append((name, repr(exc)))


async def test_what_a_task_returns_can_be_awaited() -> None:
    async def work() -> int:
        await asyncio.sleep(0)
        return 7

    tasks = Tasks(Heard())
    task = tasks.start(work(), name="count")
    assert task.get_name() == "count"
    assert await task == 7
    await tasks.close()


async def test_what_a_task_raises_is_reported_with_its_name_and_no_second_time() -> None:
    heard = Heard()
    tasks = Tasks(heard)

    async def broken() -> None:
        raise ZeroDivisionError("why")

    tasks.start(broken(), name="list groq")
    await asyncio.sleep(0.01)
    gc.collect()  # a task nobody asked would complain here, and the hook would fail this test
    assert heard.reports == [("list groq", "ZeroDivisionError('why')")]
    await tasks.close()


async def test_a_task_that_nobody_else_holds_runs_to_its_end() -> None:
    done = asyncio.Event()

    async def work() -> None:
        await asyncio.sleep(0.02)
        done.set()

    tasks = Tasks(Heard())
    tasks.start(work(), name="alone")
    gc.collect()
    await asyncio.wait_for(done.wait(), 2)
    await tasks.close()


async def test_closing_cancels_what_runs_and_lets_it_tidy_up() -> None:
    heard, tidied = Heard(), list[str]()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            tidied.append("yes")

    tasks = Tasks(heard)
    task = tasks.start(work(), name="for ever")
    await asyncio.sleep(0)
    await tasks.close()
    assert tidied == ["yes"]
    assert task.cancelled()
    assert heard.reports == []


async def test_who_ignores_being_cancelled_is_named_and_not_waited_for() -> None:
    heard, release = Heard(), asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    tasks = Tasks(heard)
    task = tasks.start(stubborn(), name="stubborn")
    await asyncio.sleep(0)
    begun = time.perf_counter()
    await tasks.close(timeout=0.05)
    assert time.perf_counter() - begun < 1
    assert [name for name, _ in heard.reports] == ["stubborn"]
    release.set()
    await task


async def test_after_closing_nothing_is_started_any_more() -> None:
    heard, ran = Heard(), list[int]()

    async def work() -> None:
        ran.append(1)

    tasks = Tasks(heard)
    await tasks.close()
    task = tasks.start(work(), name="too late")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ran == []
    assert heard.reports == []


async def test_a_task_may_close_all_the_others() -> None:
    tasks = Tasks(Heard())
    other = tasks.start(asyncio.Event().wait(), name="other")

    async def leave() -> str:
        await asyncio.sleep(0)
        await tasks.close()
        return "left"

    assert await tasks.start(leave(), name="leave") == "left"
    assert other.cancelled()


async def test_a_failure_while_closing_is_reported_as_well() -> None:
    heard = Heard()
    tasks = Tasks(heard)

    async def clumsy() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError("in finally")

    tasks.start(clumsy(), name="clumsy")
    await asyncio.sleep(0)
    await tasks.close()
    assert heard.reports == [("clumsy", "ValueError('in finally')")]
