"""The loop on which time is virtual: it jumps, yet never past a thread or a socket."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Coroutine
from typing import Any

import httpx
import pytest

from tests.support import timeloop
from tests.support.timeloop import EPOCH, LoopClock, VirtualLoop
from tests.support.upstream import Reply, Upstream

pytestmark = pytest.mark.virtual_time


async def test_a_day_of_sleeping_takes_no_time() -> None:
    clock, began = LoopClock(), time.monotonic()
    for _ in range(24 * 720):
        await clock.sleep(5)
    assert clock.monotonic() == pytest.approx(86_400)
    assert clock.now() == pytest.approx(EPOCH + 86_400)
    assert time.monotonic() - began < 5


async def test_sleepers_wake_in_the_order_of_their_times() -> None:
    woken: list[tuple[str, float]] = []
    clock = LoopClock()

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.monotonic()))

    await asyncio.gather(sleeper("b", 2), sleeper("c", 3600), sleeper("a", 0.5), sleeper("b2", 2))
    assert woken == [("a", 0.5), ("b", 2), ("b2", 2), ("c", 3600)]


async def test_time_stands_still_while_a_thread_works() -> None:
    clock, order = LoopClock(), []

    async def sleeper() -> None:
        await clock.sleep(0.001)
        order.append("sleeper")

    sleeping = asyncio.create_task(sleeper())
    await asyncio.sleep(0)
    await asyncio.to_thread(time.sleep, 0.05)
    order.append("thread")
    assert clock.monotonic() == 0
    await sleeping
    assert order == ["thread", "sleeper"]


async def test_time_stands_still_while_it_is_held() -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    done = asyncio.Event()
    with loop.held():
        sleeping = asyncio.create_task(asyncio.sleep(60))
        thread = threading.Timer(0.05, lambda: loop.call_soon_threadsafe(done.set))
        thread.start()
        await done.wait()
        assert loop.time() == 0
    await sleeping
    assert loop.time() == 60
    await asyncio.to_thread(thread.join)


async def test_a_timeout_is_virtual_too() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3600):
            await asyncio.Event().wait()
    assert LoopClock().monotonic() == 3600


async def test_a_real_server_on_the_same_loop_answers_before_any_timeout() -> None:
    slow = Reply(body={"late": True}, delay=30)
    async with Upstream({"/quick": Reply(body={"late": False}), "/slow": slow}) as url:
        async with httpx.AsyncClient(timeout=60) as client:
            for _ in range(50):
                assert (await client.get(f"{url}/quick")).json() == {"late": False}
            assert LoopClock().monotonic() == 0
            assert (await client.get(f"{url}/slow")).json() == {"late": True}
            assert LoopClock().monotonic() == 30
            with pytest.raises(httpx.ReadTimeout):
                await client.get(f"{url}/slow", timeout=10)
            assert LoopClock().monotonic() == 40


async def test_a_large_body_arrives_in_no_virtual_time() -> None:
    body = b"x" * 8_000_000
    async with Upstream({"/": Reply(body=body)}) as url, httpx.AsyncClient(timeout=1) as client:
        assert len((await client.get(url)).content) == len(body)
    assert LoopClock().monotonic() == 0


async def test_the_limit_of_a_test_stays_a_real_one() -> None:
    async def limited(endless: Coroutine[Any, Any, object]) -> None:
        async with timeloop.limit(0.2):
            await endless

    async def sleeping() -> None:
        for _ in itertools.count():
            await asyncio.sleep(5)

    began = time.monotonic()
    with pytest.raises(TimeoutError):
        await limited(sleeping())
    assert 0.15 < time.monotonic() - began < 3
    with pytest.raises(TimeoutError):
        await limited(asyncio.Event().wait())  # nothing is scheduled, so nothing can be jumped to
    async with timeloop.limit(5) as unused:
        await asyncio.sleep(1000)
    assert not unused.expired()


def test_it_runs_from_a_plain_script() -> None:
    async def script() -> float:
        await asyncio.sleep(86_400)
        await asyncio.to_thread(int, "1")
        return LoopClock().monotonic()

    assert timeloop.run(script()) == 86_400
