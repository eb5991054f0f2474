"""Local models in the whole program: a strategy chosen, kept, applied to other tools' models, and undone at the end."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.app.house import House, at, heard
from tests.support.ollama import FakeModel, FakeOllama, cloud, embedding
from tests.support.timeloop import LoopClock
from trayapp.app import local_models
from trayapp.app.door import answer
from trayapp.app.perform import perform
from trayapp.app.root import App
from trayapp.app.start import Started
from trayapp.core.accounts import Account
from trayapp.core.intents import CancelWarmUp, Intent, Keep, Reply, SetStrategy, Unload, WarmUp
from trayapp.core.models import ModelRef
from trayapp.core.settings import Settings
from trayapp.core.state import State

pytestmark = [pytest.mark.virtual_time, pytest.mark.timeout_s(30)]
OLLAMA = Account("ollama", "ollama")
LLAMA, QWEN = FakeModel(name="llama3.2", load=4.0), FakeModel(name="qwen2.5:7b", load=6.0)
HERE, THERE = ModelRef("ollama", "llama3.2:latest"), ModelRef("ollama", "qwen2.5:7b")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, LoopClock())  # type: ignore[arg-type]  # nobody sets this one


async def still(app: App, house: House, *, watch: bool = False) -> None:
    async def nothing(*_args: object, ready: object = None) -> None:
        return None

    started = Started(app, None, watch=nothing)
    started.begin()
    if watch:
        started.menu_opened()


@asynccontextmanager
async def running(house: House, server: FakeOllama, **preferences: Any) -> AsyncIterator[App]:
    """The program with that server, as far as it goes without a screen."""
    if not house.paths.settings_file.exists():
        house.prepare(at(OLLAMA, server.url), **preferences)
    async with house.opened() as app:
        await still(app, house)
        yield app


async def do(app: App, intent: Intent) -> Reply:
    return await perform(app, intent, told=False)


async def test_until_a_strategy_is_chosen_nothing_is_touched(house: House) -> None:
    async with FakeOllama(LLAMA) as server, running(house, server) as app:
        await server.chat("llama3.2")
        app.local.watched(True)
        await asyncio.sleep(120)
        assert [it.name for view in app.local.views.value for it in view.residents] == ["llama3.2:latest"]
        assert not [it for it in server.log if it.method == "POST" and not it.direct]


async def test_nobody_looks_while_no_strategy_is_chosen_and_no_menu_is_open(house: House) -> None:
    async with FakeOllama(LLAMA) as server, running(house, server) as app:
        await asyncio.sleep(5)
        asked = len(server.log)
        await asyncio.sleep(3600)
        assert app.local.engines == {}
        assert len(server.log) - asked <= 12  # the list of what can be chosen, every five minutes


@pytest.mark.parametrize("stays", [True, False])
async def test_what_talks_to_the_servers_is_imported_in_a_thread_when_somebody_looks(
    house: House, monkeypatch: pytest.MonkeyPatch, stays: bool
) -> None:
    late = "colorsys"  # one that nobody else imports
    monkeypatch.delitem(sys.modules, late, raising=False)
    monkeypatch.setattr(local_models, "_TALK", late)
    async with FakeOllama(LLAMA) as server, running(house, server) as app:
        await server.chat("llama3.2")
        app.local.watched(True)
        assert (app.local.engines, late in sys.modules) == ({}, False)
        app.local.watched(stays)
        await asyncio.sleep(5)
        assert late in sys.modules
        assert list(app.local.engines) == ["ollama"] * stays
        assert [it.name for view in app.local.views.value for it in view.residents] == ["llama3.2:latest"] * stays


async def test_a_strategy_acts_at_once_on_what_another_program_loaded(house: House) -> None:
    async with FakeOllama(LLAMA, QWEN) as server, running(house, server) as app:
        await server.chat("llama3.2")
        await server.v1_chat("qwen2.5:7b")
        reply = await do(app, SetStrategy("ssd"))
        await asyncio.sleep(6)
        assert server.loaded == ["qwen2.5:7b"]
        assert (reply.ok, reply.data) == (True, {"strategy": "ssd"})


async def test_it_holds_after_a_restart(house: House) -> None:
    async with FakeOllama(LLAMA) as server:
        async with running(house, server) as app:
            await do(app, SetStrategy("none"))
        assert house.stored()[1].strategy == "none"
        async with running(house, server):
            await server.chat("llama3.2")
            await asyncio.sleep(31)
            assert server.loaded == []


async def test_a_strategy_that_does_not_exist_is_refused_in_words(house: House) -> None:
    async with FakeOllama() as server, running(house, server) as app:
        reply = await do(app, SetStrategy("disk"))
        assert (reply.ok, app.state.value.strategy) == (False, None)
        assert "ram, ssd or none" in reply.text


async def test_figures_changed_in_the_settings_hold_at_once(house: House) -> None:
    async with FakeOllama(LLAMA) as server, running(house, server) as app:
        await do(app, SetStrategy("ram"))
        await server.chat("llama3.2")
        await asyncio.sleep(300)
        assert server.loaded == ["llama3.2:latest"]
        await app.prefer(lambda settings: replaced(settings, ram_keep_seconds=60))
        await asyncio.sleep(6)
        assert server.loaded == []


async def test_a_model_is_unloaded_at_the_users_word_without_any_strategy(house: House) -> None:
    async with FakeOllama(LLAMA, QWEN) as server, running(house, server) as app:
        await server.chat("llama3.2")
        await server.chat("qwen2.5:7b")
        assert (await do(app, Unload(HERE))).ok
        assert server.loaded == ["qwen2.5:7b"]
        assert (await do(app, Unload())).ok
        assert server.loaded == []
        assert "No model" in (await do(app, Unload())).text


async def test_a_server_that_does_not_run_keeps_no_other_from_unloading_all(house: House) -> None:
    async with FakeOllama(LLAMA) as server:
        house.prepare(at(OLLAMA, server.url), Account("ollama-2", "ollama", base_url="http://127.0.0.1:9"))
        async with house.opened() as app:
            await server.chat("llama3.2")
            reply = await do(app, Unload())
            assert reply.ok, reply.text
            assert server.loaded == []


async def test_a_kept_model_stays_until_that_is_taken_back(house: House) -> None:
    async with FakeOllama(LLAMA) as server, running(house, server, ssd_keep_seconds=30) as app:
        await do(app, SetStrategy("ssd"))
        await do(app, Keep(ModelRef("ollama", "llama3.2")))
        assert app.state.value.kept == (HERE,)
        await server.chat("llama3.2")
        await asyncio.sleep(31)
        await server.chat("llama3.2")  # now it is proved idle afterwards, and may be given its time
        await asyncio.sleep(7200)
        assert server.loaded == ["llama3.2:latest"]
        await do(app, Keep(HERE, on=False))
        await asyncio.sleep(6)
        assert not server.loaded
        assert not app.state.value.kept


async def test_a_model_is_warmed_up_and_the_menu_says_so_meanwhile(house: House) -> None:
    async with FakeOllama(QWEN) as server, running(house, server) as app:
        await do(app, SetStrategy("ram"))
        reply = await do(app, WarmUp(THERE))
        assert reply.ok
        await asyncio.sleep(2)
        (view,) = app.local.views.value
        assert ([it.name for it in view.loading], view.residents) == (["qwen2.5:7b"], ())
        await asyncio.sleep(6)
        (view,) = app.local.views.value
        assert (view.loading, [it.name for it in view.residents]) == ((), ["qwen2.5:7b"])
        assert app.local.summary()["avg_swap_time_ms"] == pytest.approx(6000, abs=300)


async def test_a_warm_up_can_be_given_up(house: House) -> None:
    async with FakeOllama(QWEN) as server, running(house, server) as app:
        await do(app, WarmUp(THERE))
        await asyncio.sleep(2)
        assert (await do(app, CancelWarmUp(THERE))).ok
        await asyncio.sleep(20)
        assert (server.loaded, (await do(app, CancelWarmUp())).ok) == ([], False)


async def test_the_list_for_the_start_is_loaded_one_by_one(house: House) -> None:
    wanted = ("ollama/llama3.2", "ollama/qwen2.5:7b")
    async with FakeOllama(LLAMA, QWEN) as server:
        house.prepare(at(OLLAMA, server.url), state=State(strategy="ram"), warm_at_launch=wanted)
        async with running(house, server):
            await asyncio.sleep(5)
            assert server.loaded == ["llama3.2:latest"]
            await asyncio.sleep(7)
            assert sorted(server.loaded) == ["llama3.2:latest", "qwen2.5:7b"]


async def test_a_model_for_the_start_that_is_not_there_is_told_in_words(house: House) -> None:
    async with FakeOllama(LLAMA) as server:
        house.prepare(at(OLLAMA, server.url), warm_at_launch=("ollama/gone:1b",))
        async with house.opened() as app:
            told = heard(app)
            await still(app, house)
            await asyncio.sleep(5)
            assert [it for it in told if "gone:1b" in it.text], told


@pytest.mark.parametrize(("choice", "left"), [("leave", ["llama3.2:latest"]), ("unload", [])])
async def test_at_the_end_models_are_left_or_unloaded_as_set(house: House, choice: str, left: list[str]) -> None:
    async with FakeOllama(LLAMA) as server:
        async with running(house, server, local_on_quit=choice) as app:
            await do(app, SetStrategy("ram"))
            await server.chat("llama3.2")
            await asyncio.sleep(6)
        await asyncio.sleep(2)
        assert server.loaded == left


async def test_the_command_line_is_told_s3_39s_fields_by_their_names(house: House) -> None:
    async with FakeOllama(LLAMA, embedding("nomic-embed-text"), cloud("gpt-oss:120b-cloud")) as server:
        async with running(house, server) as app:
            await do(app, SetStrategy("ram"))
            await do(app, WarmUp(HERE, wait=True))
            await server.chat("llama3.2")
            await asyncio.sleep(6)
            told = json.loads(await answer(app, b'{"ask": "local"}'))["data"]
        assert told["cache_strategy"] == "ram"
        assert told["loaded_models"] == ["llama3.2:latest"]
        assert told["cache_hit_rate"] == 1.0
        assert told["avg_swap_time_ms"] == pytest.approx(4000, abs=300)
        assert (told["max_models"], told["keep_alive"]) == (3, "1800s")
        (only,) = told["servers"]
        assert (only["account"], only["state"]) == ("ollama", "running")
        assert server.cloud_calls == []


async def test_what_was_measured_outlives_the_program(house: House) -> None:
    async with FakeOllama(LLAMA) as server:
        async with running(house, server) as app:
            await do(app, WarmUp(HERE, wait=True))
        async with running(house, server) as app:
            assert app.local.summary()["swaps"] == 1


async def test_an_account_whose_server_has_no_memory_to_manage_says_so(house: House) -> None:
    async with FakeOllama() as server:
        house.prepare(at(OLLAMA, server.url), Account("groq", "groq"))
        async with house.opened() as app:
            reply = await do(app, WarmUp(ModelRef("groq", "llama")))
            assert (reply.ok, "Groq" in reply.text) == (False, True)


def replaced(settings: Settings, **changes: Any) -> Settings:
    import msgspec

    return msgspec.structs.replace(settings, **changes)
