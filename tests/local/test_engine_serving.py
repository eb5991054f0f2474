"""Requests that pass through us find their model loaded, within bounds, and leave it as the strategy says."""

from __future__ import annotations

import asyncio

import pytest

from tests.local.engine_scene import NONE, SSD, Scene, after, scene
from tests.support.ollama import FakeModel, cloud
from trayapp.local.residency import Strategy

pytestmark = pytest.mark.virtual_time
A, B, C = (FakeModel(name=name) for name in "abc")


async def request(it: Scene, name: str, seconds: float = 1.0) -> float:
    """One request through us; gives the seconds until it could be passed on."""
    began = it.server.clock.now()
    async with it.engine.serving(name):
        waited = it.server.clock.now() - began
        said = await it.server.v1_chat(name, seconds=seconds)
        assert said.status == 200
    return waited


async def test_a_model_that_is_not_loaded_is_loaded_once_with_its_lease() -> None:
    async with scene(A) as it:
        waits = await asyncio.gather(*(request(it, "a") for _ in range(4)))
        assert all(wait == pytest.approx(4, abs=0.2) for wait in waits)
        assert it.acts == [("a:latest", 1800)]
        assert it.server.reloads.total() == 0
        assert it.stats.misses.total() == 4
        assert it.stats.loads == [("a:latest", 4.0)]


async def test_a_model_that_is_loaded_is_no_matter_of_waiting() -> None:
    async with scene(A) as it:
        await request(it, "a")
        assert await request(it, "a") < 0.1
        await after(10)
        assert it.stats.hits.total() == 1
        assert it.acts == [("a:latest", 1800)]


async def test_a_model_that_another_program_loaded_gets_its_one_lease_first() -> None:
    async with scene(A) as it:
        await it.server.chat("a", options={"num_ctx": 2048})
        await after(31)
        await it.server.chat("a", options={"num_ctx": 2048})
        await request(it, "a")
        assert it.acts == [("a:latest", 1800)]
        assert not [event for event in it.server.touches if event.busy and not event.direct]


async def test_each_request_counts_once_whoever_sees_it() -> None:
    """We see it pass, and the looks see that it moved the expiry."""
    async with scene(A) as it:
        await it.server.chat("a")
        await after(31)
        await it.server.chat("a")
        await after(10)
        before = it.stats.hits.total()
        for _ in range(3):
            await request(it, "a", seconds=12)
            await after(11)
        assert it.stats.hits.total() - before == 3


async def test_the_end_of_a_request_is_when_the_model_was_used_last() -> None:
    async with scene(A, strategy=SSD) as it:
        await request(it, "a", seconds=60)
        await after(0.1)
        assert it.one("a").due == pytest.approx(it.server.clock.now() + 120, abs=0.2)


async def test_room_is_made_for_the_request_by_the_least_recently_used() -> None:
    async with scene(A, B, C) as it:
        it.choose(Strategy("ram", 2, 1800.0))
        for name in "abab":
            await request(it, name)
            await after(10)
        await request(it, "c")
        assert sorted(it.server.loaded) == ["b:latest", "c:latest"]


async def test_under_none_the_model_leaves_with_its_last_request() -> None:
    async with scene(A, strategy=NONE, limits={"num_parallel": 2}) as it:
        long = asyncio.create_task(request(it, "a", seconds=60))
        await after(10)
        await request(it, "a")
        await after(20)
        assert it.server.loaded == ["a:latest"]
        await long
        await after(0.2)
        assert it.server.loaded == []
        assert it.acts == [("a:latest", 300), ("a:latest", 0)]


async def test_a_request_under_way_is_busy_for_the_policy() -> None:
    async with scene(A, B, strategy=SSD) as it:
        await request(it, "a")
        long = asyncio.create_task(request(it, "a", seconds=300))
        await after(200)
        assert it.one("a").busy
        assert it.server.loaded == ["a:latest"]
        await long


async def test_a_busy_server_holds_a_request_up_for_room_and_load_at_most() -> None:
    async with scene(A, B, strategy=SSD) as it:
        await it.server.chat("a", keep_alive=600)
        await after(31)
        talk = asyncio.create_task(it.server.chat("a", seconds=60))
        await after(1)
        assert await request(it, "b") < 4 + 6.5
        await talk


async def test_a_load_that_fails_is_left_for_the_server_to_explain() -> None:
    async with scene(FakeModel(name="a", oom=True)) as it:
        async with it.engine.serving("a"):
            said = await it.server.v1_chat("a")
        assert said.status == 500
        assert it.told == []


async def test_when_nobody_wants_the_load_any_more_it_is_given_up() -> None:
    async with scene(A) as it:
        first, second = (asyncio.create_task(request(it, "a")) for _ in range(2))
        await after(1)
        first.cancel()
        await after(1)
        assert it.server.loading == "a:latest"
        second.cancel()
        await after(0.1)
        assert it.server.loading is None
        await after(10)
        assert it.server.loaded == []


async def test_a_warm_up_is_not_given_up_by_a_request_that_joined_it() -> None:
    async with scene(A) as it:
        await it.engine.warm("a", wait=False)
        joined = asyncio.create_task(request(it, "a"))
        await after(1)
        joined.cancel()
        await after(5)
        assert it.server.loaded == ["a:latest"]


@pytest.mark.parametrize("name", ["x:120b-cloud", "stub", "unknown"])
async def test_what_does_not_run_here_passes_untouched(name: str) -> None:
    async with scene(A, cloud("stub")) as it:
        async with it.engine.serving(name):
            pass
        assert it.acts == []
        assert it.server.cloud_calls == []


async def test_without_a_strategy_everything_passes_untouched() -> None:
    async with scene(A, strategy=None) as it:
        async with it.engine.serving("a"):
            assert it.asked == []


async def test_a_server_that_is_not_there_holds_nobody_up() -> None:
    async with scene(A) as it:
        await it.server.stop()
        async with it.engine.serving("a"):
            assert it.server.clock.now() < 1_750_000_001


async def test_a_client_that_hangs_up_leaves_no_model_behind_that_seems_busy() -> None:
    async with scene(A, strategy=NONE) as it:
        asking = asyncio.create_task(request(it, "a", seconds=60))
        await after(10)
        asking.cancel()
        await after(1)
        assert it.server.loaded == []
