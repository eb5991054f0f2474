"""When the engine looks, what it shows, and that it does nothing before it is wanted."""

from __future__ import annotations

import pytest

from tests.local.engine_scene import NONE, RAM, SSD, after, scene
from tests.support.ollama import FakeModel, cloud
from tests.support.timeloop import EPOCH
from trayapp.core.errors import ProviderError
from trayapp.local.residency import NEVER, Note, ServerState, Strategy

pytestmark = pytest.mark.virtual_time
A, B = FakeModel(name="a"), FakeModel(name="b")


# -- how often it looks -----------------------------------------------------------------------------


async def test_without_a_strategy_and_anybody_who_looks_it_asks_nothing() -> None:
    async with scene(A, strategy=None) as it:
        await it.server.chat("a")
        await after(3600)
        assert it.asked == []


async def test_while_nothing_is_loaded_it_looks_every_thirty_seconds() -> None:
    async with scene(A) as it:
        await after(5)
        before = len(it.asked)
        await after(3600)
        assert len(it.asked) - before == 120


async def test_while_something_is_loaded_it_looks_every_five() -> None:
    async with scene(A) as it:
        await it.server.chat("a", keep_alive=3600)
        await after(35)
        before = len(it.asked)
        await after(600)
        assert len(it.asked) - before == 120


async def test_who_opens_the_menu_is_shown_what_is_there_at_once_and_then_often() -> None:
    async with scene(A, strategy=None) as it:
        await it.server.chat("a")
        it.engine.watched(True)
        await after(0.1)
        assert it.one("a").due == NEVER
        before = len(it.asked)
        await after(60)
        assert len(it.asked) - before == 12
        it.engine.watched(False)
        await after(6)
        before = len(it.asked)
        await after(3600)
        assert len(it.asked) == before
        assert it.acts == []


async def test_it_looks_when_something_is_due_not_up_to_five_seconds_later() -> None:
    async with scene(A) as it:
        it.choose(Strategy("ram", 3, 122.0))
        await after(1)
        await it.server.chat("a", keep_alive=3600)
        await after(29)
        due = it.one("a").due
        await after(due - it.server.clock.now() + 0.3)
        assert it.server.loaded == []


async def test_the_strategy_that_is_chosen_acts_at_once() -> None:
    async with scene(A, strategy=None) as it:
        await it.server.chat("a", keep_alive=-1)
        it.choose(NONE)
        await after(1)
        assert it.server.loaded == []
        assert it.shown == ()


async def test_the_strategy_that_is_taken_back_touches_nothing_more() -> None:
    async with scene(A) as it:
        await it.server.chat("a")
        await after(31)
        it.choose(None)
        await after(1)
        before = len(it.asked)
        await it.server.chat("a", keep_alive=-1)
        await after(3600)
        assert len(it.asked) == before
        assert it.server.loaded == ["a:latest"]


# -- what is shown ----------------------------------------------------------------------------------


async def test_it_shows_what_the_server_lists() -> None:
    async with scene(FakeModel(name="a", size=8_000_000_000, on_gpu=0.5), strategy=RAM) as it:
        await it.server.chat("a")
        await after(31)
        (shown,) = it.shown
        (listed,) = await it.server.ps()
        assert (shown.name, shown.size, shown.context) == (listed["name"], listed["size"], listed["context_length"])
        assert shown.gpu == 0.5
        assert not shown.busy
        assert shown.note is None
        assert it.state is ServerState.RUNNING
        assert it.view.standing.version == "0.33.0"
        assert [one.name for one in it.view.installed] == ["a:latest"]


async def test_what_is_installed_is_seen_when_somebody_looks() -> None:
    async with scene(A, B, strategy=None) as it:
        it.engine.watched(True)
        await after(0.1)
        assert [one.name for one in it.view.installed] == ["a:latest", "b:latest"]
        await it.server.ask("DELETE", "/api/delete", {"model": "b"})
        it.engine.watched(False)
        it.engine.watched(True)
        await after(0.1)
        assert [one.name for one in it.view.installed] == ["a:latest"]


async def test_a_model_that_answers_for_longer_than_it_is_kept_is_busy_and_stays() -> None:
    async with scene(A, strategy=SSD) as it:
        await it.server.chat("a", keep_alive=60)
        talk = it.tasks.start(it.server.v1_chat("a", seconds=400), name="a long answer")
        await after(100)
        assert it.one("a").busy
        assert it.one("a").due == NEVER
        assert it.acts == []
        await talk
        assert talk.result().status == 200


async def test_an_answer_right_after_the_load_is_seen_as_work() -> None:
    async with scene(A, strategy=SSD) as it:
        it.tasks.start(it.server.chat("a", seconds=400), name="a long first answer")
        await after(45)
        assert it.one("a").busy
        await after(200)
        assert it.acts == []


async def test_another_programs_lifetime_is_shown_and_not_fought() -> None:
    async with scene(A, strategy=RAM) as it:
        await it.server.chat("a")
        await after(31)
        await it.server.chat("a")
        await after(6)
        assert it.acts == [("a:latest", 1800)]
        for _ in range(3):
            await it.server.chat("a", keep_alive=60)
            await after(20)
        assert it.one("a").note is Note.DRIFT
        assert it.acts == [("a:latest", 1800)]


async def test_a_lease_is_given_by_what_is_true_then_not_by_the_look_before() -> None:
    """Two models need one at the same look; while the first is loaded anew for it, the second is unloaded."""
    async with scene(FakeModel(name="a", reload=4.0), B) as it:
        await it.server.chat("a", options={"num_thread": 3})
        await it.server.chat("b", keep_alive=60)
        await after(33 - (it.server.clock.now() - EPOCH))
        await it.server.chat("a", options={"num_thread": 3})
        await it.server.chat("b", keep_alive=60)
        await after(35.1 - (it.server.clock.now() - EPOCH))
        assert it.acts == [("a:latest", 1800)]
        await it.server.generate("b", keep_alive=0)
        await after(10)
        assert it.acts == [("a:latest", 1800)]
        assert it.server.loaded == ["a:latest"]


async def test_models_in_the_cloud_are_never_touched() -> None:
    async with scene(A, cloud("big:120b-cloud"), strategy=NONE) as it:
        await it.server.chat("big:120b-cloud")
        await it.server.chat("a")
        await after(60)
        assert [one.direct for one in it.server.cloud_calls] == [True]
        assert it.acts == [("a:latest", 0)]


# -- servers that do not answer ---------------------------------------------------------------------


async def test_a_server_that_ends_takes_its_models_with_it_at_once() -> None:
    async with scene(A) as it:
        await it.server.chat("a")
        await after(31)
        await it.server.stop()
        await after(6)
        assert it.shown == ()
        states = [it.state]
        await it.server.start()
        await after(31)
        assert [*states, it.state] == [ServerState.NOT_RUNNING, ServerState.RUNNING]


async def test_one_look_that_fails_proves_nothing() -> None:
    async with scene(A) as it:
        await it.server.chat("a")
        await after(31)
        it.server.standing = "hanging"
        await after(14)
        assert it.names == ["a:latest"]
        it.server.standing = "running"
        await after(20)
        assert it.names == ["a:latest"]
        assert it.state is ServerState.RUNNING
        assert len(it.stats.loads) == 1


async def test_after_two_that_fail_nobody_knows_what_is_loaded() -> None:
    async with scene(A) as it:
        await it.server.chat("a")
        await after(31)
        it.server.standing = "hanging"
        await after(60)
        assert it.shown == ()
        assert it.state is ServerState.STARTING
        it.server.standing = "running"
        await after(40)
        assert it.names == ["a:latest"]
        assert len(it.stats.loads) == 1  # it was not loaded anew, as far as anybody knows


@pytest.mark.parametrize(
    ("standing", "state"), [("refusing", ServerState.REFUSING), ("another", ServerState.WRONG_PROGRAM)]
)
async def test_whoever_else_listens_there_is_named(standing: str, state: ServerState) -> None:
    async with scene(A) as it:
        it.server.standing = standing  # type: ignore[assignment]
        await after(31)
        assert it.state is state


async def test_what_is_asked_of_a_silent_server_says_so() -> None:
    async with scene(A, begin=False) as it:
        await it.server.stop()
        with pytest.raises(ProviderError):
            await it.engine.unload("a")
        with pytest.raises(ProviderError):
            await it.engine.warm("a", wait=True)


# -- the end ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("unload", [False, True])
async def test_at_the_end_models_are_left_to_their_time_or_unloaded(unload: bool) -> None:
    async with scene(A, B) as it:
        await it.server.chat("a")
        await it.server.chat("b", keep_alive=-1)
        await after(31)
        await it.engine.end(unload=unload)
        await after(1)
        assert it.server.loaded == ([] if unload else ["a:latest", "b:latest"])


async def test_a_server_that_hangs_does_not_hold_the_end_up() -> None:
    async with scene(A) as it:
        await it.server.chat("a")
        await after(31)
        it.server.standing = "hanging"
        began = it.server.clock.monotonic()
        await it.engine.end(unload=True)
        assert it.server.clock.monotonic() - began <= 3


async def test_measurements_are_kept_as_it_goes() -> None:
    async with scene(A) as it:
        await after(100)
        assert it.stats.kept >= 3
