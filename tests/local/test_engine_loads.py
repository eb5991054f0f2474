"""Loads that we start: one at a time, shown, given up, and freed where they hang."""

from __future__ import annotations

import asyncio

import pytest

from tests.local.engine_scene import NONE, RAM, SSD, Scene, after, scene
from tests.support.ollama import FakeModel, cloud, embedding
from trayapp.core.errors import UserError
from trayapp.local.residency import FIRST_ANSWER, NEVER_LEASE, Installed, Loading

pytestmark = pytest.mark.virtual_time
A, B, C = (FakeModel(name=name) for name in "abc")


def loading(it: Scene) -> list[tuple[str, bool]]:
    """What is being loaded, and whether it waits for its turn."""
    return [(one.name, one.waiting) for one in it.view.loading]


# -- how a load goes --------------------------------------------------------------------------------


async def test_a_model_is_warmed_up_with_the_lifetime_of_the_strategy_in_the_one_request() -> None:
    async with scene(A) as it:
        assert await it.engine.warm("A", wait=True) == "“A” is loaded; that took 4.0 s."
        assert it.acts == [("a:latest", 1800)]
        assert it.stats.loads == [("a:latest", 4.0)]
        assert not it.stats.misses
        await it.server.v1_chat("a")
        await after(20)
        assert it.acts == [("a:latest", 1800)]
        assert list(it.stats.hits.values()) == [1]
        assert it.server.reloads.total() == 0


async def test_who_does_not_wait_is_told_that_it_has_begun() -> None:
    async with scene(A, B) as it:
        assert await it.engine.warm("a", wait=False) == "“a” is being loaded."
        assert await it.engine.warm("b", wait=False) == "“b” will be loaded when its turn comes."
        await after(1)
        assert loading(it) == [("a:latest", False), ("b:latest", True)]
        assert it.names == []
        await after(4)
        assert loading(it) == [("b:latest", False)]
        assert it.names == ["a:latest"]
        await after(4)
        assert loading(it) == []
        assert sorted(it.names) == ["a:latest", "b:latest"]


async def test_one_load_at_a_time_is_asked_of_the_server() -> None:
    async with scene(A, B, C) as it:
        for name in "abc":
            await it.engine.warm(name, wait=False)
        for _ in range(13):
            await after(1)
            assert it.server.waiting <= 1
        assert it.server.loads.total() == 3


async def test_a_load_survives_whoever_asked_for_it() -> None:
    async with scene(A) as it:
        asking = asyncio.create_task(it.engine.warm("a", wait=True))
        await after(1)
        asking.cancel()
        await after(5)
        assert it.server.loaded == ["a:latest"]


async def test_while_it_loads_its_usual_time_is_shown() -> None:
    async with scene(A) as it:
        it.stats.usually[A.digest] = 3.5
        await it.engine.warm("a", wait=False)
        await after(1)
        (shown,) = it.view.loading
        assert shown == Loading("a:latest", shown.since, usual=3.5)
        assert it.server.clock.now() - shown.since == pytest.approx(1, abs=0.1)


async def test_what_is_loaded_already_is_not_loaded_again() -> None:
    async with scene(A) as it:
        await it.server.chat("a", options={"num_ctx": 2048})
        assert await it.engine.warm("a", wait=True) == "“a” is loaded already."
        assert it.acts == []


async def test_what_somebody_else_loads_while_ours_waits_is_not_touched() -> None:
    async with scene(A, B) as it:
        await it.engine.warm("a", wait=False)
        second = asyncio.create_task(it.engine.warm("b", wait=True))
        await it.server.chat("b", options={"num_thread": 3})
        assert await second == "“b” is loaded already."
        assert [name for name, _ in it.acts] == ["a:latest"]


@pytest.mark.parametrize(
    ("name", "why"), [("big:cloud", "runs in the cloud"), ("other", "is not installed"), ("stub", "runs in the cloud")]
)
async def test_what_cannot_be_loaded_here_says_why(name: str, why: str) -> None:
    async with scene(A, cloud("stub")) as it:
        with pytest.raises(UserError, match=why):
            await it.engine.warm(name, wait=True)
        assert it.server.cloud_calls == []


async def test_the_lifetime_of_a_load_is_that_of_its_model() -> None:
    for strategy, expected in ((None, FIRST_ANSWER), (NONE, FIRST_ANSWER), (SSD, 120.0), (RAM, 1800.0)):
        async with scene(A, strategy=strategy) as it:
            await it.engine.warm("a", wait=True)
            assert it.acts == [("a:latest", expected)]
    async with scene(A, B) as it:
        it.choose(RAM, never=["a"], always=["b"])
        await it.engine.warm("a", wait=True)
        await it.engine.warm("b", wait=True)
        assert it.acts == [("a:latest", NEVER_LEASE), ("b:latest", FIRST_ANSWER)]


async def test_what_was_warmed_up_under_none_waits_for_its_first_answer() -> None:
    async with scene(A, strategy=NONE) as it:
        await it.engine.warm("a", wait=True)
        await after(60)
        assert it.server.loaded == ["a:latest"]
        await it.server.v1_chat("a")
        await after(6)
        assert it.server.loaded == []
        await it.engine.warm("a", wait=True)
        await after(FIRST_ANSWER + 1)
        assert it.server.loaded == []


async def test_an_embedding_model_is_loaded_by_its_own_route() -> None:
    async with scene(embedding("nomic")) as it:
        await it.engine.warm("nomic", wait=True)
        assert [one.path for one in it.asked if one.path.startswith("/api/e")] == ["/api/embed"]


async def test_the_file_is_read_ahead_where_that_is_wanted() -> None:
    read: list[str] = []

    async def ahead(model: Installed) -> None:
        read.append(model.name)
        await after(3)

    async with scene(A, B, strategy=SSD, read_ahead=ahead) as it:
        await it.engine.warm("a", wait=True)
        assert read == []
        it.figures = type(it.figures)(SSD, read_ahead=True)
        await it.engine.warm("b", wait=True)
        assert read == ["b:latest"]
        plain, ahead_of = (seconds or 0 for _name, seconds in it.stats.loads)
        assert ahead_of == pytest.approx(plain + 3, abs=0.5), "reading ahead is a part of the load"


# -- room -------------------------------------------------------------------------------------------


async def test_room_is_made_before_a_load_so_that_the_server_need_not_choose() -> None:
    """Its own choice would be the one with the shortest lifetime: here the one used last."""
    async with scene(A, B, C, strategy=RAM, limits={"max_loaded": 2}) as it:
        it.choose(type(RAM)("ram", 2, 1800.0))
        await it.server.chat("a", keep_alive=3600)
        await after(31)
        await it.server.chat("b", keep_alive=300)
        await after(6)
        await it.engine.warm("c", wait=True)
        assert sorted(it.server.loaded) == ["b:latest", "c:latest"]
        assert it.server.evictions == []


async def test_a_busy_model_holds_room_making_up_for_six_seconds_at_most() -> None:
    async with scene(A, B, strategy=SSD) as it:
        await it.server.chat("a", keep_alive=600)
        await after(31)
        talk = it.tasks.start(it.server.chat("a", seconds=60), name="an answer that nobody sees")
        await after(1)
        assert await it.engine.warm("b", wait=True) == "“b” is loaded; that took 4.0 s."
        assert (await talk).status == 200
        assert it.server.clock.now() - it.server.story[0].at < 110


async def test_a_load_waits_until_there_is_room() -> None:
    async with scene(A, B, strategy=SSD, limits={"unload": 3.0}) as it:
        await it.server.chat("a", keep_alive=600)
        await after(31)
        await it.engine.warm("b", wait=True)
        began = next(one.at for one in it.server.story if one.kind == "load" and one.name == "b:latest")
        left = next(one.at for one in it.server.story if one.kind == "unloaded")
        assert began > left


async def test_a_load_waits_for_a_lease_that_has_a_model_loaded_anew() -> None:
    async with scene(FakeModel(name="a", reload=12.0), B, strategy=RAM) as it:
        await it.server.chat("a", options={"num_thread": 3})
        await after(31)
        await it.server.chat("a", options={"num_thread": 3})
        await after(6)
        assert it.server.loading == "a:latest"
        waiting = asyncio.create_task(it.engine.warm("b", wait=True))
        await after(2)
        assert it.acts == [("a:latest", 1800)]
        await waiting
        assert [one.name for one in it.server.story if one.kind == "loaded"] == ["a:latest", "a:latest", "b:latest"]


# -- giving up --------------------------------------------------------------------------------------


async def test_a_load_can_be_given_up_under_way_or_waiting() -> None:
    async with scene(A, B, C) as it:
        first = asyncio.create_task(it.engine.warm("a", wait=True))
        await after(0.1)
        for name in "bc":
            await it.engine.warm(name, wait=False)
        await after(1)
        assert it.engine.cancel("b")
        assert loading(it) == [("a:latest", False), ("c:latest", True)]
        assert it.engine.cancel("A:latest")
        with pytest.raises(UserError, match="given up"):
            await first
        assert not it.engine.cancel("b")
        await after(6)
        assert it.server.loaded == ["c:latest"]
        assert [event.kind for event in it.server.story] == ["load", "aborted", "load", "loaded"]
        assert it.told == []


async def test_all_of_them_can_be_given_up() -> None:
    async with scene(A, B) as it:
        await it.engine.warm("a", wait=False)
        await it.engine.warm("b", wait=False)
        await after(1)
        assert it.engine.cancel(None)
        await after(10)
        assert it.server.loads.total() == 0
        assert it.view.loading == ()


async def test_a_load_given_up_can_be_asked_for_again_at_once() -> None:
    async with scene(A) as it:
        await it.engine.warm("a", wait=False)
        await after(1)
        it.engine.cancel("a")
        assert "is loaded" in await it.engine.warm("a", wait=True)


async def test_the_end_of_the_program_gives_up_its_loads() -> None:
    async with scene(A) as it:
        waiting = asyncio.create_task(it.engine.warm("a", wait=True))
        await after(1)
        await it.engine.end()
        with pytest.raises(UserError, match="given up"):
            await waiting
        await after(10)
        assert it.server.loaded == []


async def test_after_the_end_nothing_is_loaded_any_more() -> None:
    async with scene(A) as it:
        await it.engine.end()
        with pytest.raises(UserError, match="The load of “a:latest” was given up"):
            await it.engine.warm("a", wait=True)
        assert it.acts == []


# -- failing ----------------------------------------------------------------------------------------


async def test_a_load_that_fails_says_why_in_words() -> None:
    async with scene(FakeModel(name="a", oom=True), B) as it:
        with pytest.raises(UserError, match="“a:latest” was not loaded: There is not enough memory"):
            await it.engine.warm("a", wait=True)
        assert it.told == []
        await it.engine.warm("a", wait=False)
        await after(10)
        (said,) = it.told
        assert "not enough memory" in said
        assert "is loaded" in await it.engine.warm("b", wait=True)


async def test_a_server_that_is_busy_is_asked_again_for_a_while() -> None:
    """Its 503 says so with two spaces."""
    async with scene(A, limits={"max_queue": 0}) as it:
        began = it.server.clock.now()
        with pytest.raises(UserError, match="The server is busy"):
            await it.engine.warm("a", wait=True)
        assert len(it.acts) == 4
        assert it.server.clock.now() - began == pytest.approx(7, abs=0.5)


async def test_a_server_that_ends_during_a_load_is_said_to_have_ended() -> None:
    async with scene(A) as it:
        waiting = asyncio.create_task(it.engine.warm("a", wait=True))
        await after(2)
        await it.server.stop()
        with pytest.raises(UserError, match="was not loaded"):
            await waiting


# -- hanging ----------------------------------------------------------------------------------------


async def deadlock(it: Scene) -> None:
    """Another program touches a busy model that the server has chosen to leave (ollama/ollama#17408)."""
    await it.server.chat("a", keep_alive=-1)
    talk = asyncio.create_task(it.server.chat("a", seconds=20))
    await after(1)
    other = it.tasks.start(it.server.chat("c"), name="a request for another model")
    await after(1)
    await it.server.generate("a", keep_alive=-1)
    await talk
    assert not other.done()


async def test_a_load_that_hangs_is_freed_by_letting_idle_models_go() -> None:
    async with scene(A, B, C, strategy=RAM, limits={"max_loaded": 1}) as it:
        it.choose(type(RAM)("ram", 5, 1800.0))
        await deadlock(it)
        began = it.server.clock.now()
        waiting = asyncio.create_task(it.engine.warm("b", wait=True))
        await after(25)
        assert it.server.loads.total() == 1
        await after(16)
        assert it.server.loads["c:latest"] == 1
        await waiting
        assert it.server.clock.now() - began < 60
        assert [keep for _, keep in it.acts] == [1800, 0]


async def test_while_it_is_being_freed_it_is_shown_to_be_stuck() -> None:
    async with scene(A, FakeModel(name="b", stalls=True), strategy=RAM) as it:
        await it.server.chat("a")
        await after(31)
        await it.engine.warm("b", wait=False)
        await after(29)
        assert not it.view.loading[0].stuck
        assert it.names == ["a:latest"]
        await after(7)
        assert it.view.loading[0].stuck
        assert it.names == []


async def test_a_kept_model_is_let_go_only_when_the_server_itself_would_have_given_up() -> None:
    async with scene(A, FakeModel(name="b", stalls=True), strategy=RAM, limits={"load_timeout": 900.0}) as it:
        it.choose(RAM, never=["a"])
        await it.server.chat("a", keep_alive=-1)
        await after(31)
        await it.engine.warm("b", wait=False)
        await after(290)
        assert it.names == ["a:latest"]
        await after(20)
        assert it.names == []


async def test_what_usually_takes_long_does_not_hang() -> None:
    async with scene(A, FakeModel(name="b", load=100), strategy=RAM) as it:
        await it.server.chat("a")
        await after(31)
        it.stats.usually[FakeModel(name="b").digest] = 60.0
        await it.engine.warm("b", wait=True)
        assert sorted(it.server.loaded) == ["a:latest", "b:latest"]


async def test_without_a_strategy_nothing_is_let_go_for_a_load() -> None:
    async with scene(A, FakeModel(name="b", load=100), strategy=None) as it:
        await it.server.chat("a", keep_alive=-1)
        await it.engine.warm("b", wait=True)
        assert sorted(it.server.loaded) == ["a:latest", "b:latest"]
