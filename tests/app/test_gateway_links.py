"""What the gateway is handed: names by roles and rules, headers, models, and stays at local servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.app.house import GROQ, KEY, SERVER, House, at, ref
from tests.support.ollama import FakeModel, FakeOllama
from tests.support.timeloop import LoopClock
from trayapp.app.gateway_activity import Activity
from trayapp.app.gateway_book import book
from trayapp.app.gateway_links import Joined
from trayapp.app.gateway_warmth import Warmth
from trayapp.app.perform import perform
from trayapp.app.root import App
from trayapp.core.accounts import Account, KeyFrom
from trayapp.core.errors import Kind, ProviderError, UserError
from trayapp.core.intents import SetStrategy
from trayapp.core.models import ModelRef
from trayapp.core.rules import Rule
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.gateway.links import Links
from trayapp.gateway.resolve import NothingChosenError, UnknownModelError, resolve, resolve_embedding

TRAY, FAST, CODE = ref("one", "tray"), ref("one", "fast"), ref("two", "code")
ACCOUNTS = (Account("one", "openai"), Account("two", "groq"), Account("off", "groq", enabled=False))


def settings(**changes: Any) -> Settings:
    return Settings(accounts=ACCOUNTS, **changes)


def meant(name: str, text: str = "", *, active: ModelRef | None = TRAY, **changes: Any) -> tuple[str, str]:
    found = resolve(name, book(ACCOUNTS, {}, settings(**changes), State(active=active)), text=lambda: text)
    return str(found.ref), found.why


ROLES = {"fast": "one/fast", "code": "two/code"}
RULES = (Rule("py", "python", "code"), Rule("short", "^hi$", "two/code"), Rule("gone", "vanish", "primary"))


@pytest.mark.parametrize(
    ("name", "text", "model", "why"),
    [
        ("gpt-4o", "", "one/tray", "tray"),
        ("current", "", "one/tray", "tray"),
        ("two/any", "", "two/any", "named"),
        ("fast", "", "one/fast", "role fast"),
        ("FAST:latest", "", "one/fast", "role fast"),
        ("primary", "", "one/tray", "tray"),
        ("py", "", "two/code", "rule py"),
        ("gpt-4o", "some python", "two/code", "rule py"),
        ("gpt-4o", "hi", "two/code", "rule short"),
        ("gpt-4o", "vanish", "one/tray", "tray"),
    ],
)
def test_names_roles_and_rules_mean_what_they_say(name: str, text: str, model: str, why: str) -> None:
    assert meant(name, text, roles=ROLES, rules=RULES) == (model, why)


def test_the_default_stands_before_the_tray() -> None:
    assert meant("gpt-4o", roles=ROLES, default_route="fast") == ("one/fast", "role fast")
    assert meant("gpt-4o", default_route="two/x") == ("two/x", "default")


def test_nothing_chosen_and_roles_that_lead_nowhere_are_said() -> None:
    with pytest.raises(NothingChosenError):
        meant("gpt-4o", active=None)
    with pytest.raises(UnknownModelError, match="role “code” is not set, and no model is chosen"):
        meant("code", active=None)
    with pytest.raises(UnknownModelError, match="role “embedding” is not set, and nothing stands in"):
        meant("embedding")
    with pytest.raises(UnknownModelError, match="switched off"):
        meant("off/x")
    with pytest.raises(UnknownModelError, match="no model here"):
        meant("gpt-4o", gateway_other_names="refuse")


def test_embeddings_never_follow_the_tray() -> None:
    def embedding(name: str, **changes: Any) -> str:
        return str(resolve_embedding(name, book(ACCOUNTS, {}, settings(**changes), State(active=TRAY))).ref)

    assert embedding("anything", roles={"embedding": "two/embed"}) == "two/embed"
    for name in ("anything", "fast", "current"):
        with pytest.raises(UnknownModelError):
            embedding(name)


# -- over to the main loop ----------------------------------------------------------------------------


class Side:
    """The links, used in a loop and thread of their own, as the gateway uses them."""

    def __init__(self, app: App) -> None:
        self.activity = Activity(lambda: None, lambda: None)
        self.recorded: list[object] = []
        self.joined = Joined(app, self.activity, self.recorded.append)

    async def run(self, work: Any) -> Any:
        return await asyncio.to_thread(asyncio.run, work(self.joined.links))


async def headers(house: House, account: Account, *, bearer: bool = False, times: int = 1) -> Any:
    async def work(links: Links) -> Any:
        return [dict(await links.headers(account, bearer)) for _time in range(times)]

    async with house.opened() as app:
        return await Side(app).run(work)


async def test_a_key_is_read_once_and_then_taken_from_memory(house: House) -> None:
    house.prepare(GROQ, state=house.keyed(GROQ))
    assert await headers(house, GROQ, times=3) == [{"Authorization": f"Bearer {KEY}"}] * 3
    assert house.keyring.names().count("read") == 1


async def test_a_compatible_route_gets_the_key_as_a_bearer(house: House) -> None:
    gemini = Account("gemini", "gemini")
    house.prepare(gemini, state=house.keyed(gemini))
    assert await headers(house, gemini) == [{"x-goog-api-key": KEY}]
    assert await headers(house, gemini, bearer=True) == [{"Authorization": f"Bearer {KEY}"}]


async def test_a_key_from_the_environment_needs_no_keyring(house: House) -> None:
    account = msgspec.structs.replace(GROQ, key_from=KeyFrom.ENVIRONMENT)
    house.prepare(account)
    house.env["GROQ_API_KEY"] = KEY
    assert await headers(house, account, times=2) == [{"Authorization": f"Bearer {KEY}"}] * 2
    assert house.keyring.calls == []


async def test_a_server_that_needs_no_key_is_asked_without_one(house: House) -> None:
    account = at(SERVER, "http://127.0.0.1:1")
    house.prepare(account)
    assert await headers(house, account) == [{}]
    assert house.keyring.calls == []


async def test_a_missing_key_and_an_account_that_is_not_complete_are_said(house: House) -> None:
    house.prepare(GROQ)
    with pytest.raises(ProviderError) as missing:
        await headers(house, GROQ)
    assert (missing.value.failure.kind, "Groq has no key yet" in missing.value.failure.detail) == (Kind.NO_KEY, True)
    azure = Account("azure", "azure-openai")
    with pytest.raises((UserError, ProviderError)) as incomplete:
        await headers(house, azure)
    assert str(incomplete.value)


async def test_a_model_on_no_list_is_known_from_the_catalogue_at_its_second_request(house: House) -> None:
    async def work(links: Links) -> Any:
        before = links.known(ref("work", "gpt-4o")), links.known(ref("nobody", "x"))
        for _time in range(200):
            await asyncio.sleep(0.01)
            if links.known(ref("work", "gpt-4o")) is not None:
                break
        return before, links.known(ref("work", "gpt-4o"))

    account = Account("work", "openai")
    house.prepare(account, state=house.keyed(account))
    house.listed(account, "gpt-3.5-turbo")
    async with house.opened() as app:
        before, after = await Side(app).run(work)
    assert before == (None, None)
    assert after is not None
    assert after.price is not None


async def test_when_the_program_ends_who_waits_is_told(house: House) -> None:
    house.prepare(GROQ, state=house.keyed(GROQ))
    with house.keyring.hanging("read"):
        async with house.opened() as app:

            async def work(links: Links) -> Any:
                with pytest.raises(ProviderError) as told:
                    await links.headers(GROQ, False)
                return told.value.failure.detail

            asking = asyncio.ensure_future(Side(app).run(work))
            await house.keyring.begun("read")
            for task in asyncio.all_tasks():
                if "_fetched" in str(task.get_coro()):
                    task.cancel()
            assert "gave this up" in await asking


# -- local servers ------------------------------------------------------------------------------------

OLLAMA = Account("ollama", "ollama")
LLAMA = FakeModel(name="llama3.2", load=4.0)
HERE = ModelRef("ollama", "llama3.2")


@pytest.fixture
def timed(tmp_path: Path) -> House:
    return House(tmp_path, LoopClock())  # type: ignore[arg-type]  # nobody sets this one


def busy(app: App) -> list[str]:
    return [it.name for view in app.local.views.value for it in view.residents if it.busy]


@asynccontextmanager
async def strategic(house: House, server: FakeOllama, strategy: str | None) -> AsyncIterator[tuple[App, Links]]:
    house.prepare(at(OLLAMA, server.url))
    async with house.opened() as app:
        app.local.begin()
        if strategy:
            await perform(app, SetStrategy(strategy), told=False)
        yield app, Side(app).joined.links


@pytest.mark.virtual_time
async def test_without_a_strategy_a_local_server_is_left_alone(timed: House) -> None:
    async with FakeOllama(LLAMA) as server, strategic(timed, server, None) as (_app, links):
        async with links.serving(HERE):
            pass
        assert server.log == []


@pytest.mark.virtual_time
async def test_a_stay_loads_the_model_and_counts_it_busy_until_it_ends(timed: House) -> None:
    async with FakeOllama(LLAMA) as server, strategic(timed, server, "ram") as (app, links):
        async with links.serving(HERE):
            assert server.loaded == ["llama3.2:latest"]
            await asyncio.sleep(30)
            assert busy(app) == ["llama3.2:latest"]
        await asyncio.sleep(10)
        assert (server.loaded, busy(app)) == (["llama3.2:latest"], [])


@pytest.mark.virtual_time
@pytest.mark.parametrize("after", [0.0, 1.0, 3.9, 4.0, 4.05, 8.0])
async def test_who_gives_up_leaves_no_stay_behind(timed: House, after: float) -> None:
    async def stay(links: Links) -> None:
        async with links.serving(HERE):
            await asyncio.sleep(3600)

    async with FakeOllama(LLAMA) as server, strategic(timed, server, "ram") as (app, links):
        staying = asyncio.ensure_future(stay(links))
        await asyncio.sleep(after)
        staying.cancel()
        await asyncio.wait({staying})
        await asyncio.sleep(20)
        assert busy(app) == []
        async with links.serving(HERE):  # and the next one finds everything in order
            assert server.loaded == ["llama3.2:latest"]
        await asyncio.sleep(10)
        assert busy(app) == []


@pytest.mark.virtual_time
async def test_what_cannot_be_loaded_is_the_servers_to_explain(timed: House) -> None:
    async with FakeOllama(LLAMA) as server, strategic(timed, server, "ram") as (_app, links):
        async with links.serving(ModelRef("ollama", "nobody-has-this")):
            pass


# -- warmth -------------------------------------------------------------------------------------------


class Warmed:
    """A warmth whose calls are noted, with the time at which they came."""

    def __init__(self) -> None:
        self.at: list[float] = []
        self.warmth = Warmth(self._warm, lambda: (TRAY,))
        self._task = asyncio.ensure_future(self.warmth.run())

    async def end(self) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _warm(self, _ref: ModelRef) -> bool:
        self.at.append(asyncio.get_running_loop().time())
        return True


@pytest.mark.virtual_time
async def test_a_pick_is_followed_at_once_and_a_minute_of_silence_again_for_ten() -> None:
    it = Warmed()
    begun = asyncio.get_running_loop().time()
    await asyncio.sleep(3600)
    assert it.at == []  # nobody has used it
    it.warmth.picked()
    await asyncio.sleep(600)
    assert [round(at - begun) for at in it.at] == [3600]
    it.at.clear()
    used = asyncio.get_running_loop().time()
    it.warmth.used()
    await asyncio.sleep(3600)
    assert [round(at - used) for at in it.at] == [60, 120, 180, 240, 300, 360, 420, 480, 540, 600]
    await it.end()


@pytest.mark.virtual_time
async def test_on_another_network_it_is_ready_again_only_where_somebody_is_at_work() -> None:
    it = Warmed()
    it.warmth.broken()
    await asyncio.sleep(5)
    assert it.at == []
    it.warmth.used()
    await asyncio.sleep(5)
    it.warmth.broken()
    await asyncio.sleep(5)
    assert len(it.at) == 1
    await it.end()


@pytest.mark.virtual_time
async def test_while_requests_come_nothing_is_sent() -> None:
    it = Warmed()
    for _time in range(100):
        it.warmth.used()
        await asyncio.sleep(30)
    assert it.at == []
    await it.end()
