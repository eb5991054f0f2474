"""What runs beside the icon: asks when it may, stops where there is no network, and follows the settings at once."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec
import pytest

from tests.app.house import GROQ, House, at, do, settled, upstream
from tests.support.system_bus import Manager, system_bus
from tests.support.upstream import Reply as Answer
from tests.support.upstream import Upstream
from trayapp.app.root import App
from trayapp.app.start import LOOK_AGAIN, Started, on_this_computer
from trayapp.core.accounts import Account
from trayapp.core.errors import UserError
from trayapp.core.intents import Refresh, SaveAccount, SaveSettings
from trayapp.core.models import ModelRef
from trayapp.core.settings import Settings, Waits
from trayapp.core.state import State
from trayapp.system import wake
from trayapp.system.wake import Event

TTL = 3600.0


class System:
    """The computer and its network, played by the test."""

    def __init__(self, *at_start: Event) -> None:
        self.at_start = at_start
        self.say: Callable[[Event], object] = lambda _event: None

    async def watch(self, hear: Callable[[Event], object], *, ready: Callable[[], object]) -> None:
        self.say = hear
        for event in self.at_start:
            hear(event)
        ready()
        await asyncio.get_running_loop().create_future()


@asynccontextmanager
async def begun(house: House, system: System) -> AsyncIterator[tuple[App, Started]]:
    """The program with everything that runs beside the icon."""
    async with house.opened() as app:
        started = Started(app, None, watch=system.watch)
        started.begin()
        await quiet(app)
        yield app, started
        started.end()


async def quiet(app: App) -> None:
    """Until everything but the watch has come to rest."""
    watching = [it for it in asyncio.all_tasks() if it.get_name() == "hear of sleep and network"]
    for task in watching:
        task.set_name("upstream")  # as a server, it does not end by itself
    await settled(app)


def cloud(url: str) -> Account:
    return at(GROQ, url)


def timer(started: Started) -> float | None:
    """Seconds until it asks by itself; None: never."""
    handle = started.refresher._timer
    assert handle is None or isinstance(handle, asyncio.TimerHandle)
    return None if handle is None else handle.when() - asyncio.get_running_loop().time()


async def test_old_lists_are_asked_for_at_the_start(house: House) -> None:
    server = upstream("llama")
    async with server as url:
        house.prepare(cloud(url), state=house.keyed(cloud(url)))
        async with begun(house, System(Event.ONLINE)):
            assert len(server.requests) == 1


@pytest.mark.parametrize("event", [Event.OFFLINE, Event.METERED])
async def test_nothing_is_asked_by_itself_without_a_network_or_over_a_metered_one(house: House, event: Event) -> None:
    server = upstream("llama")
    system = System(event)
    async with server as url:
        house.prepare(cloud(url), state=house.keyed(cloud(url)))
        async with begun(house, system) as (app, started):
            assert (server.requests, timer(started)) == ([], None)
            system.say(Event.AWAKE)
            await quiet(app)
            started.refresher.opened("groq")
            await asyncio.sleep(0.35)
            await quiet(app)
            assert app.catalog.supports_model(ModelRef("groq", "llama")) is None
            await quiet(app)
            assert (server.requests, timer(started)) == ([], None)
            assert (await do(app, Refresh("groq"))).ok, "a click asks all the same"
            assert len(server.requests) == 1


async def test_when_the_network_comes_what_is_old_is_asked_for_at_once(house: House) -> None:
    server = upstream("llama")
    system = System(Event.OFFLINE)
    async with server as url:
        house.prepare(cloud(url), state=house.keyed(cloud(url)))
        async with begun(house, system) as (app, started):
            before = await app.net.client()
            system.say(Event.ONLINE)
            await quiet(app)
            assert len(server.requests) == 1
            assert before.is_closed, "connections of before lead nowhere"
            left = timer(started)
            assert left is not None
            assert left > TTL - 60
            system.say(Event.OFFLINE)
            assert timer(started) is None
            system.say(Event.ONLINE)
            await quiet(app)
            assert len(server.requests) == 1, "a fresh list is not asked for again"


async def test_after_a_sleep_what_grew_old_meanwhile_is_asked_for(house: House) -> None:
    server = upstream("llama")
    system = System()
    async with server as url:
        house.prepare(cloud(url), state=house.keyed(cloud(url)))
        async with begun(house, system) as (app, _started):
            assert len(server.requests) == 1
            system.say(Event.ASLEEP)
            house.clock.advance(5 * TTL)
            system.say(Event.AWAKE)
            await quiet(app)
            assert len(server.requests) == 2


async def test_a_provider_that_rests_after_failures_is_asked_when_the_network_is_back(house: House) -> None:
    server = upstream("llama")
    system = System(Event.ONLINE)
    async with server as url:
        account = cloud("http://127.0.0.1:9")
        house.prepare(account, state=house.keyed(account, cloud(url)))
        async with begun(house, system) as (app, _started):
            await do(app, SaveAccount(cloud(url)))
            server.requests.clear()
            app.catalog.clear("groq")
            system.say(Event.OFFLINE)
            system.say(Event.ONLINE)
            await quiet(app)
            assert len(server.requests) == 1


async def test_a_metered_network_is_used_where_the_user_wants_that(house: House) -> None:
    server = upstream("llama")
    system = System(Event.ONLINE, Event.METERED)
    async with server as url:
        house.prepare(cloud(url), state=house.keyed(cloud(url)))
        async with begun(house, system) as (app, started):
            assert (server.requests, timer(started)) == ([], None)
            await do(app, SaveSettings(msgspec.structs.replace(app.stored, refresh_when_metered=True)))
            left = timer(started)
            assert left is not None
            assert left <= 1
            await do(app, SaveSettings(msgspec.structs.replace(app.stored, refresh_when_metered=False)))
            assert timer(started) is None
            system.say(Event.UNMETERED)
            assert timer(started) is not None


async def test_a_server_of_this_computer_needs_no_network(house: House) -> None:
    tags = {"models": [{"name": "qwen3:8b", "model": "qwen3:8b", "details": {"family": "qwen3"}}]}
    server = Upstream({"/api/version": Answer(body={"version": "0.12.0"}), "/api/tags": Answer(body=tags)})
    async with server as url:
        house.prepare(Account("ollama", "ollama", base_url=url))
        async with begun(house, System(Event.OFFLINE, Event.METERED)) as (app, started):
            assert len(app.catalog.listings.value["ollama"].models) == 1
            assert timer(started) is not None


def test_what_needs_no_network_is_a_local_server_at_this_computers_own_address() -> None:
    assert on_this_computer(Account("ollama", "ollama"))
    for other in (
        Account("ollama", "ollama", base_url="http://192.168.1.9:11434"),
        Account("work", "openai", base_url="http://127.0.0.1:8080/v1"),
        Account("azure", "azure-openai"),
        Account("x", "of-another-version"),
    ):
        assert not on_this_computer(other)


async def test_a_server_elsewhere_is_not_looked_for_without_a_network(house: House) -> None:
    house.prepare_only(Account("lmstudio", "lmstudio", enabled=False))
    house.env["OLLAMA_HOST"] = "http://192.0.2.1:11434"
    async with begun(house, System(Event.OFFLINE)) as (app, started):
        assert "ollama" not in app.catalog.listings.value
        house.clock.advance(LOOK_AGAIN)
        started.menu_opened()
        await quiet(app)
        assert app.catalog.stats().accounts[0].calls == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the system bus is missing on this system")
async def test_what_the_services_of_the_system_say_decides_what_is_asked(house: House, tmp_path: Path) -> None:
    server = upstream("llama")
    with system_bus(tmp_path) as bus:
        manager = Manager(bus, State=("u", 70), Metered=("u", 1))
        async with server as url:
            house.prepare(cloud(url), state=house.keyed(cloud(url)))
            with manager:
                async with house.opened() as app:
                    started = Started(app, None, watch=partial(wake.watch, bus=bus))
                    started.begin()

                    async def until(check: Callable[[], object]) -> None:
                        for _turn in range(500):
                            if check():
                                return
                            await asyncio.sleep(0.01)
                        raise AssertionError("it never came")

                    await until(lambda: started.network.metered)
                    await quiet(app)
                    assert (server.requests, timer(started)) == ([], None)
                    manager.state(20)
                    await until(lambda: started.network.online is False)
                    manager.say(Metered=("u", 4))
                    await until(lambda: started.network.metered is False)
                    assert (server.requests, timer(started)) == ([], None)
                    manager.state(70)
                    await until(lambda: len(server.requests) == 1)
                    await quiet(app)
                    assert timer(started) is not None
                    started.end()


async def test_another_time_to_live_or_strategy_takes_effect_at_once(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """S1-47: the timer is set anew, and the log says so."""
    caplog.set_level(logging.INFO, "trayapp")
    server = upstream("llama")
    async with server as url:
        house.prepare(cloud(url), state=house.keyed(cloud(url)))
        async with begun(house, System()) as (app, started):

            async def prefer(**changes: object) -> float | None:
                caplog.clear()
                await do(app, SaveSettings(msgspec.structs.replace(app.stored, **changes)))
                said = [it for it in caplog.records if it.getMessage() == "Model cache configuration updated"]
                assert [it.levelname for it in said] == ["INFO"]
                return timer(started)

            left = timer(started)
            assert left is not None
            assert left > TTL - 60
            left = await prefer(default_ttl_seconds=600)
            assert left is not None
            assert 500 < left < 700
            assert await prefer(model_cache_strategy="aggressive") is None
            assert await prefer(model_cache_strategy="moderate") is not None
            left = await prefer(provider_ttl_overrides={"groq": 120})
            assert left is not None
            assert 100 < left < 200
            house.clock.advance(300)
            left = await prefer(default_ttl_seconds=601, provider_ttl_overrides={"groq": 121})
            assert left is not None
            assert left <= 1, "it has been old for a while by this figure"
            caplog.clear()
            await do(app, SaveAccount(msgspec.structs.replace(cloud(url), strategy="aggressive")))
            assert timer(started) is None
            assert "Model cache configuration updated" in caplog.messages
            assert len(server.requests) == 1


async def test_changed_waiting_times_hold_from_the_next_question_on(house: House) -> None:
    server = Upstream({"/v1/models": Answer(body=b"{", hang=True)})
    async with server as url:
        house.prepare(cloud(url), state=house.keyed(cloud(url)))
        async with house.opened() as app:
            # a hanging server is given up after the figure that holds now: 10 s as the program has it
            short = {"fast": Waits(receive=0.1, retries=0)}
            await do(app, SaveSettings(msgspec.structs.replace(app.stored, timeouts=short)))
            began = time.perf_counter()
            assert not (await do(app, Refresh("groq"))).ok
            assert time.perf_counter() - began < 3
            assert len(server.requests) == 1


# -- the environment ----------------------------------------------------------------------------------


async def test_what_the_environment_sets_holds_and_is_never_written(house: House) -> None:
    house.prepare(default_ttl_seconds=7200)
    house.env |= {"TRAYAPP_DEFAULT_TTL_SECONDS": "60", "TRAYAPP_NOTIFY_SWITCH": "off"}
    async with house.opened() as app:
        assert (app.settings.value.default_ttl_seconds, app.settings.value.notify_switch) == (60, False)
        assert app.forced == {
            "default_ttl_seconds": "TRAYAPP_DEFAULT_TTL_SECONDS",
            "notify_switch": "TRAYAPP_NOTIFY_SWITCH",
        }
        heard: list[Settings] = []
        app.settings.listen(heard.append)
        await do(app, SaveSettings(msgspec.structs.replace(app.stored, tray_wait=3)))
        await do(app, SaveAccount(Account("groq", "groq", enabled=False)))
        assert [(it.tray_wait, it.default_ttl_seconds) for it in heard] == [(3, 60), (3, 60)]
    stored, _state = house.stored()
    assert (stored.tray_wait, stored.default_ttl_seconds, stored.notify_switch) == (3, 7200, True)
    assert [it.id for it in stored.accounts] == ["ollama", "lmstudio", "groq"]


async def test_a_change_of_what_the_environment_sets_is_stored_and_said_to_be_in_vain_so_far(house: House) -> None:
    house.prepare()
    house.env["TRAYAPP_TRAY_WAIT"] = "60"
    async with house.opened() as app:
        reply = await do(app, SaveSettings(msgspec.structs.replace(app.stored, tray_wait=5)))
        assert reply.text == "Settings saved. TRAYAPP_TRAY_WAIT is set and takes precedence."
        assert app.settings.value.tray_wait == 60
        reply = await do(app, SaveSettings(msgspec.structs.replace(app.stored, inline_models=5)))
        assert reply.text == "Settings saved."
    assert house.stored()[0].tray_wait == 5


async def test_a_variable_that_says_nothing_usable_is_told_and_ignored(house: House) -> None:
    house.prepare()
    house.env["TRAYAPP_TRAY_WAIT"] = "soon"
    async with house.opened() as app:
        assert app.settings.value == app.stored
        assert app.notice.value is not None
        assert "TRAYAPP_TRAY_WAIT is ignored" in app.notice.value.text


async def test_an_account_with_figures_that_cannot_be_is_not_saved(house: House) -> None:
    house.prepare(GROQ, state=State())
    async with house.opened() as app:
        for own in ({"ttl": -1}, {"strategy": "lazy"}, {"timeouts": "quick"}):
            reply = await do(app, SaveAccount(msgspec.structs.replace(GROQ, **own)))
            assert not reply.ok
            assert f"“{next(iter(own))}”" in reply.text
        assert app.account("groq") == GROQ


async def test_whom_to_ask_first_is_who_was_chosen_pinned_and_used(house: House) -> None:
    """S4-47"""
    state = State(
        active=ModelRef("work", "gpt"),
        pinned=(ModelRef("server", "m"),),
        recent=(ModelRef("work", "x"), ModelRef("g", "y")),
    )
    house.prepare(GROQ, state=state)
    async with house.opened() as app:
        assert app.catalog._priority() == ("work", "server", "g")


class Login:
    """The entry for start at login, played by the test."""

    def __init__(self, *, moved: bool = True, refused: str = "") -> None:
        self.moved, self.refused = moved, refused
        self.asked = 0

    def follow(self) -> bool:
        self.asked += 1
        if self.refused:
            raise UserError(self.refused)
        return self.moved


@pytest.mark.parametrize(
    ("login", "said"),
    [
        (Login(), "names this program now"),
        (Login(moved=False), ""),
        (Login(refused="Move it to a plainer path."), "start at login: Move it to a plainer path."),
    ],
)
async def test_with_a_tray_start_at_login_follows_the_program(
    house: House, caplog: pytest.LogCaptureFixture, login: Login, said: str
) -> None:
    house.prepare()
    caplog.set_level(logging.INFO, "trayapp")
    for tray in (False, True):
        async with house.opened() as app:
            app.login = lambda: login  # type: ignore[assignment,return-value]
            started = Started(app, None, watch=System().watch)
            started.begin()
            app.tray = (lambda: True) if tray else None
            await quiet(app)
            assert login.asked == tray
            started.end()
    assert said in caplog.text
    assert ("login" in caplog.text) is bool(said)
