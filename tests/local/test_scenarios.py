"""The situations in which the obvious design goes wrong, one by one, against a server that behaves as Ollama does."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.local.engine_scene import NONE, RAM, SSD, Scene, after, scene
from tests.support.ollama import FakeModel, FakeOllama, cloud, embedding
from trayapp.core.errors import UserError
from trayapp.local.residency import NEVER_LEASE, Note, Strategy
from trayapp.local.stats import Measurements

pytestmark = pytest.mark.virtual_time
A, B, C = (FakeModel(name=name) for name in "abc")


async def used_twice(it: Scene, name: str, **more: object) -> None:
    """Loaded and used by another program until the looks have seen its expiry move."""
    await it.server.chat(name, **more)  # type: ignore[arg-type]
    await after(31)
    await it.server.chat(name, **more)  # type: ignore[arg-type]
    await after(6)


async def test_a_compatible_request_keeps_the_lease() -> None:
    async with scene(A) as it:
        await used_twice(it, "a")
        for _ in range(5):
            await it.server.v1_chat("a", keep_alive=10)
            await after(300)
        assert it.server.loaded == ["a:latest"]
        assert it.acts == [("a:latest", 1800)]
        assert it.one("a").note is None


async def test_right_before_a_lease_it_looks_once_more() -> None:
    async with scene(A) as it:
        await used_twice(it, "a")
        at = next(number for number, one in enumerate(it.asked) if one.path == "/api/generate")
        assert [one.path for one in it.asked[at - 2 : at]] == ["/api/ps", "/api/ps"]
        assert it.asked[at - 1].at == it.asked[at].at


async def test_a_model_with_a_context_of_its_own_is_not_reloaded_by_its_lease() -> None:
    async with scene(A) as it:
        await used_twice(it, "a", options={"num_ctx": 2048})
        assert it.acts == [("a:latest", 1800)]
        assert it.server.reloads.total() == 0
        assert it.one("a").context == 2048


async def test_a_model_with_options_that_nobody_sees_is_reloaded_once_and_never_again() -> None:
    async with scene(A) as it:
        await used_twice(it, "a", options={"num_thread": 3})
        assert it.acts == [("a:latest", 1800)]
        assert it.server.reloads["a:latest"] == 1
        assert it.one("a").note is Note.HIDDEN
        assert it.stats.saved == 1  # it has to outlive even a crash
        for _ in range(3):
            await used_twice(it, "a", options={"num_thread": 3})
        await it.restart()
        await used_twice(it, "a", options={"num_thread": 3})
        assert it.acts == [("a:latest", 1800)]
        assert it.one("a").note is Note.HIDDEN


async def test_such_a_model_is_still_unloaded_when_its_time_is_over() -> None:
    async with scene(A, strategy=SSD) as it:
        it.stats.hide(A.digest)
        await used_twice(it, "a", options={"num_thread": 3}, keep_alive=-1)
        await after(121)
        assert it.server.loaded == []
        assert it.acts == [("a:latest", 0)]


async def test_what_a_lease_cost_once_is_remembered_on_the_disk(tmp_path: Path) -> None:
    async with FakeOllama() as server:
        first = Measurements(tmp_path / "local.json", clock=server.clock)
        first.hide("a-digest")
        first.save()
        assert Measurements(tmp_path / "local.json", clock=server.clock).hidden("a-digest")


async def test_a_lifetime_is_sent_as_a_number_and_for_ever_is_thirty_days() -> None:
    async with scene(A) as it:
        it.choose(RAM, never=["a"])
        await used_twice(it, "a")
        (touch,) = [one for one in it.asked if one.path == "/api/generate"]
        assert json.loads(touch.body)["keep_alive"] == NEVER_LEASE
        assert touch.status == 200


async def test_the_model_used_last_is_not_the_one_to_go() -> None:
    """Left to itself the server lets that one go which is kept shortest, and that is it."""
    async with scene(A, B, C, limits={"max_loaded": 2}) as it:
        it.choose(Strategy("ram", 2, 1800.0))
        await it.server.chat("a", keep_alive=3600)
        await after(35)
        await it.server.chat("b", keep_alive=300)
        await after(6)
        async with it.engine.serving("c"):
            pass
        assert it.server.evictions == []
        assert sorted(it.server.loaded) == ["b:latest", "c:latest"]


async def test_a_pin_that_was_lost_by_a_reload_is_given_anew_once() -> None:
    async with scene(A) as it:
        it.choose(RAM, never=["a"])
        await used_twice(it, "a")
        assert it.acts == [("a:latest", NEVER_LEASE)]
        await it.server.chat("a", options={"num_ctx": 8192})
        await after(6)
        await it.server.chat("a", options={"num_ctx": 8192})
        await after(6)
        assert it.acts == [("a:latest", NEVER_LEASE)] * 2
        assert it.server.reloads.total() == 1
        await after(7200)
        assert it.server.loaded == ["a:latest"]


async def test_a_past_expiry_is_not_taken_for_idleness() -> None:
    async with scene(A, B, strategy=SSD) as it:
        await used_twice(it, "a", keep_alive=10)
        talk = asyncio.create_task(it.server.v1_chat("a", seconds=300))
        await after(20)
        (listed,) = await it.server.ps()
        assert it.one("a").busy
        await it.server.chat("b")
        await after(60)
        assert [name for name, keep in it.acts if keep == 0] in ([], ["b:latest"])
        assert (await talk).status == 200
        assert listed["name"] == "a:latest"


async def test_a_load_that_no_list_shows_is_shown_by_us() -> None:
    async with scene(FakeModel(name="a", load=60)) as it:
        await it.engine.warm("a", wait=False)
        for _ in range(11):
            await after(5)
            assert await it.server.ps() == []
            assert [one.name for one in it.view.loading] == ["a:latest"]
        await after(10)
        assert it.names == ["a:latest"]
        assert it.view.loading == ()


async def test_a_stream_that_ends_with_an_error_leaves_nothing_that_seems_to_work() -> None:
    async with scene(FakeModel(name="a", oom_at_answer=True), strategy=RAM) as it:
        said = await it.server.chat("a", stream=True)
        assert (said.status, "error" in said.lines[-1]) == (200, True)
        await after(31)
        assert it.names == []
        assert it.faults == []


async def test_a_model_that_was_deleted_while_it_was_loaded_is_left_alone() -> None:
    async with scene(A, strategy=SSD) as it:
        await it.server.chat("a", keep_alive=-1)
        await after(31)
        await it.server.ask("DELETE", "/api/delete", {"model": "a"})
        await after(600)
        assert it.acts == [("a:latest", 0)]
        assert it.one("a").note is Note.DELETED


async def test_one_blob_under_two_names_is_one_model() -> None:
    copy = FakeModel(name="copy", blob=A.blob)
    async with scene(A, copy, B, strategy=RAM) as it:
        it.choose(Strategy("ram", 2, 1800.0), always=["copy"])
        await it.server.chat("a")
        await it.server.chat("copy")
        await it.server.chat("b")
        await after(31)
        assert it.names == ["b:latest"]
        it.choose(Strategy("ram", 2, 1800.0))
        await it.server.chat("copy")
        await it.server.chat("a")
        await after(31)
        assert len(it.server.loaded) == 2
        assert it.server.reloads.total() == 0


async def test_two_that_differ_in_parameters_only_replace_each_other_and_are_one_each() -> None:
    wide = FakeModel(name="wide", blob=A.blob, parameters={"num_ctx": 16384})
    async with scene(A, wide, strategy=RAM) as it:
        await used_twice(it, "a")
        await used_twice(it, "wide")
        assert it.names == ["wide:latest"]
        assert it.acts == [("a:latest", 1800), ("wide:latest", 1800)]


@pytest.mark.parametrize("ours", [True, False])
async def test_an_embedding_model_is_leased_and_unloaded_by_the_routes_that_it_has(ours: bool) -> None:
    async with scene(embedding("nomic"), strategy=SSD) as it:
        if ours:
            await it.engine.warm("nomic", wait=True)
        else:
            it.choose(Strategy("ssd", 1, 600.0, "immediate"))
            await it.server.embed("nomic", "hello")
            await after(31)
            await it.server.embed("nomic", "hello")
            await after(6)
        (act,) = it.acts
        assert act == ("nomic:latest", 120 if ours else 600)
        it.choose(NONE)
        await it.server.embed("nomic", "hello")
        await after(6)
        assert it.server.loaded == []


async def test_a_model_in_the_cloud_costs_nothing_whatever_is_chosen() -> None:
    async with scene(cloud("big:cloud"), A) as it:
        for strategy in (RAM, SSD, NONE):
            it.choose(strategy, always=["big:cloud"])
            await it.server.chat("big:cloud")
            await after(60)
            with pytest.raises(UserError):
                await it.engine.warm("big:cloud", wait=True)
            with pytest.raises(UserError):
                await it.engine.unload("big:cloud")
        await it.engine.unload(None)
        assert all(call.direct for call in it.server.cloud_calls)


async def test_a_full_queue_ends_a_load_in_words_and_the_next_one_works() -> None:
    async with scene(A, B, limits={"max_queue": 0}) as it:
        with pytest.raises(UserError, match="maximum pending requests exceeded"):
            await it.engine.warm("a", wait=True)
        it.server.limits = it.server.scheduler.limits = type(it.server.limits)(max_queue=4)
        assert "is loaded" in await it.engine.warm("b", wait=True)


async def test_a_dead_runner_is_listed_until_its_time_is_over() -> None:
    async with scene(A, strategy=SSD) as it:
        await used_twice(it, "a")
        it.server.kill_runner("a")
        await after(60)
        assert it.names == ["a:latest"]
        await after(70)
        assert it.names == []


async def test_a_dead_runner_that_is_used_again_is_reloaded_and_goes_on_under_the_policy() -> None:
    async with scene(A, strategy=RAM) as it:
        await used_twice(it, "a")
        it.server.kill_runner("a")
        await used_twice(it, "a")
        assert it.server.reloads["a:latest"] == 1
        await after(1801)
        assert it.server.loaded == []


async def test_no_lease_goes_out_while_a_load_of_ours_is_pending() -> None:
    """A lease in that window is what stops the scheduler for good."""
    async with scene(A, FakeModel(name="b", load=60), strategy=RAM) as it:
        await it.server.chat("a")
        await after(31)
        it.stats.usually[FakeModel(name="b").digest] = 60.0
        await it.engine.warm("b", wait=False)
        await after(1)
        await it.server.chat("a")
        await after(50)
        assert it.acts == [("b:latest", 1800)]
        await after(20)
        assert it.acts == [("b:latest", 1800), ("a:latest", 1800)]
        assert not [touch for touch in it.server.touches if not touch.direct and (touch.pending or touch.busy)]


async def test_a_lease_is_never_given_to_a_first_answer_however_long() -> None:
    async with scene(A) as it:
        talk = asyncio.create_task(it.server.chat("a", seconds=900))
        await after(800)
        assert it.acts == []
        await talk
        await after(6)
        assert it.acts == [("a:latest", 1800)]


async def test_a_program_that_pins_its_models_is_overruled_by_unloading_only() -> None:
    async with scene(A, strategy=SSD) as it:
        for _ in range(4):
            await it.server.chat("a", keep_alive=-1)
            await after(60)
        assert it.acts == []
        await after(65)
        assert it.server.loaded == []
        assert it.acts == [("a:latest", 0)]


async def test_none_unloads_again_whatever_keeps_being_asked() -> None:
    async with scene(A, strategy=NONE) as it:
        for _ in range(5):
            await it.server.chat("a", keep_alive=600)
            await after(31)
            assert it.server.loaded == []
        assert it.acts == [("a:latest", 0)] * 5


async def test_another_strategy_gives_one_lease_more_and_only_when_proved_idle() -> None:
    async with scene(A) as it:
        await used_twice(it, "a")
        it.choose(Strategy("ram", 3, 3600.0))
        await after(1)
        assert it.acts == [("a:latest", 1800), ("a:latest", 3600)]
        it.choose(RAM)
        await after(60)
        it.choose(RAM, never=["a"])
        await after(60)
        assert it.acts == [("a:latest", 1800), ("a:latest", 3600), ("a:latest", NEVER_LEASE)]
