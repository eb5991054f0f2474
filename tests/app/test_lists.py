"""Lists: asked for with the right key, and what is shown while the keyring or an account stands in the way."""

from __future__ import annotations

import asyncio
import time

import msgspec
import pytest

from tests.app.house import (
    GROQ,
    KEY,
    OFF,
    REFUSED,
    SERVER,
    WORK,
    House,
    at,
    do,
    guarded,
    heard,
    models,
    settled,
    slot_of,
    upstream,
)
from tests.support.upstream import Reply as Answer
from tests.support.upstream import Sent, Upstream
from trayapp.app.root import App
from trayapp.app.start import LOOK_AGAIN, Started
from trayapp.core.accounts import Account
from trayapp.core.errors import Kind
from trayapp.core.intents import EnableAccount, OpenSettings, Refresh, RemoveAccount, SaveAccount, UnlockKeyring
from trayapp.core.listings import Source
from trayapp.core.models import ModelRef
from trayapp.core.state import State
from trayapp.system.keyrings import KeyringState
from trayapp.ui.menu import rows

TAGS = {"models": [{"name": "qwen3:8b", "model": "qwen3:8b", "size": 5_000_000_000}]}


def ollama() -> Upstream:
    return Upstream({"/api/version": Answer(body={"version": "0.12.0"}), "/api/tags": Answer(body=TAGS)})


def failure(app: App, provider: str) -> Kind | None:
    listing = app.catalog.listings.value.get(provider)
    return listing.failure.kind if listing and listing.failure else None


def titles(app: App) -> list[str]:
    return [section.title for section in app.view.value.sections]


async def refresh_behind(app: App) -> None:
    """What the timer does: nobody clicked."""
    await app.catalog.refresh(app.accounts, force=True)
    await settled(app)


# -- the keyring in the background ------------------------------------------------------------------


async def test_a_locked_keyring_is_never_opened_behind_the_users_back(house: House) -> None:
    server = guarded(KEY, "llama")
    async with server as url:
        account = at(GROQ, url)
        house.prepare(account, state=house.keyed(account))
        house.listed(account, "old")
        house.keyring.state = KeyringState.LOCKED
        async with house.opened() as app:
            states: list[str] = []
            app.keyring.listen(states.append)
            await refresh_behind(app)
            assert failure(app, "groq") is Kind.LOCKED
            assert states == ["locked"]
            assert "unlock" not in house.keyring.names()
            assert app.view.value.icon == "attention"
            assert UnlockKeyring() in [row.intent for row in app.view.value.head]
            assert titles(app) == ["Groq (1) – keyring locked, list from 1 min ago"]
            assert app.state.value.keyed == (slot_of(account),)
            await refresh_behind(app)
            assert states == ["locked"]
    assert server.requests == []


async def test_a_keyring_that_was_unlocked_elsewhere_is_noticed(house: House) -> None:
    async with guarded(KEY, "llama") as url:
        account = at(GROQ, url)
        house.prepare(account, state=house.keyed(account))
        house.keyring.state = KeyringState.LOCKED
        async with house.opened() as app:
            await refresh_behind(app)
            house.keyring.state = KeyringState.OK
            await refresh_behind(app)
            assert (failure(app, "groq"), app.keyring.value, app.view.value.icon) == (None, "ok", "ready")


async def test_a_locked_keyring_of_a_disabled_account_bothers_nobody(house: House) -> None:
    async with guarded(KEY, "llama") as url:
        account = at(GROQ, url)
        house.prepare(account, state=house.keyed(account))
        house.keyring.state = KeyringState.LOCKED
        async with house.opened() as app:
            await refresh_behind(app)
            assert app.view.value.icon == "attention"
            await do(app, EnableAccount("groq", enabled=False))
            assert app.view.value.icon == "ready"
            assert UnlockKeyring() not in [row.intent for row in app.view.value.head]


async def test_an_entry_that_vanished_from_the_keyring_is_no_longer_believed_in(house: House) -> None:
    server = guarded(KEY, "llama")
    async with server as url:
        account = at(GROQ, url)
        house.prepare(account, state=house.keyed(account))
        house.keyring.entries.clear()
        async with house.opened() as app:
            assert app.keychain.kept(account) == "keyring"
            await refresh_behind(app)
            assert failure(app, "groq") is Kind.NO_KEY
            assert app.keychain.kept(account) == ""
            assert titles(app)[0].endswith("– add a key")
    assert house.stored()[1].keyed == ()
    assert server.requests == []


@pytest.mark.parametrize("state", [KeyringState.ABSENT, KeyringState.NO_SERVICE])
async def test_a_keyring_that_is_away_for_a_while_takes_no_key_with_it(house: House, state: KeyringState) -> None:
    async with guarded(KEY, "llama") as url:
        account = at(GROQ, url)
        house.prepare(account, state=house.keyed(account))
        house.keyring.state = state
        async with house.opened() as app:
            await refresh_behind(app)
            assert failure(app, "groq") in (Kind.NO_KEY, Kind.NO_KEYRING)
            assert app.keyring.value == state.value
            house.keyring.state = KeyringState.OK
            await refresh_behind(app)
            assert failure(app, "groq") is None
    assert house.stored()[1].keyed == (slot_of(account),)


async def test_a_key_out_of_use_leaves_memory_at_the_next_look(house: House) -> None:
    async with guarded(KEY, "llama") as one, upstream("qwen") as two:
        account = at(GROQ, one)
        house.prepare(account, at(SERVER, two), state=house.keyed(account))
        async with house.opened() as app:
            await refresh_behind(app)
            reads = house.keyring.names().count("read")
            await refresh_behind(app)
            assert house.keyring.names().count("read") == reads == 1
            house.clock.advance(901)
            await app.catalog.refresh((app.account("server"),), force=True)
            house.clock.advance(-60)  # it is gone, not merely old
            await refresh_behind(app)
            assert house.keyring.names().count("read") == 2


async def test_a_program_that_is_left_alone_drops_keys_by_itself(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trayapp.app.keychain.DROP_AFTER", 0.0)
    async with guarded(KEY, "llama") as url:
        account = at(GROQ, url)
        house.prepare(account, state=house.keyed(account))
        async with house.opened() as app:
            looked: list[list[str]] = []
            monkeypatch.setattr(app.keychain.keys, "drop_stale", lambda: looked.append(house.keyring.names()[-1:]))
            await app.keychain.key(account)
            assert ["read"] not in looked
            await asyncio.sleep(0.01)
            assert ["read"] in looked


# -- accounts that lack something --------------------------------------------------------------------


async def test_an_account_with_a_missing_value_says_check_its_settings(house: House) -> None:
    azure = Account("azure", "azure-openai", "Azure")
    house.prepare(azure)
    async with house.opened() as app:
        await refresh_behind(app)
        assert failure(app, "azure") is Kind.BAD_INPUT
        (section,) = app.view.value.sections
        assert section.title.startswith("Azure")
        assert "check its settings" in section.title
        assert rows(section, 5)[0].intent == OpenSettings("Providers", "azure")
        reply = await do(app, Refresh("azure"))
        assert not reply.ok
        assert "Resource name" in reply.text


async def test_a_value_is_missing_whatever_timeouts_the_account_has(house: House) -> None:
    house.prepare(Account("azure", "azure-openai", timeouts="slow"))
    async with house.opened() as app:
        await refresh_behind(app)
        assert failure(app, "azure") is Kind.BAD_INPUT


async def test_an_account_of_an_unknown_provider_says_so_and_harms_nobody(house: House) -> None:
    future = Account("future", "provider-of-tomorrow", "Tomorrow")
    async with upstream("qwen") as url:
        house.prepare(future, at(SERVER, url))
        async with house.opened() as app:
            reply = await do(app, Refresh())
            assert "“future”" in reply.text
            assert [it.label for it in app.catalog.listings.value["server"].models] == ["qwen"]
            assert titles(app) == ["Server (1) – updated just now", "Tomorrow – unknown provider"]
            assert rows(app.view.value.sections[1], 5)[0].intent == OpenSettings("Providers", "future")
            assert app.keychain.session_slots(app.accounts) == frozenset()
            await do(app, SaveAccount(Account("new", "openai-compatible", base_url=f"{url}/v1")))
            await do(app, EnableAccount("future", enabled=False))
            assert (await do(app, RemoveAccount("future"))).ok
            assert "future" not in [it.id for it in app.accounts]


# -- refreshing ---------------------------------------------------------------------------------------


async def test_one_provider_that_fails_delays_and_hides_no_other(house: House) -> None:
    async with upstream("qwen") as good, Upstream({"/v1/models": REFUSED}) as bad:
        groq = at(GROQ, bad)
        house.prepare(at(SERVER, good), groq, state=house.keyed(groq))
        async with house.opened() as app:
            told = heard(app)
            reply = await do(app, Refresh(), told=True)
            assert not reply.ok
            assert reply.text.splitlines()[0] == "1 model of 1 provider."
            assert reply.text.splitlines()[1].startswith("Groq refused the key.")
            assert told == []  # it stands in the header
            assert app.catalog.listings.value["groq"].source is Source.EMBEDDED
            reply = await do(app, Refresh("server"))
            assert (reply.ok, reply.text) == (True, "1 model of 1 provider.")


async def test_a_disabled_account_is_not_asked(house: House) -> None:
    server = upstream("qwen")
    async with server as url:
        house.prepare(msgspec.structs.replace(at(SERVER, url), enabled=False))
        async with house.opened() as app:
            assert (await do(app, Refresh())).ok
            reply = await do(app, Refresh("server"))
            assert (reply.ok, reply.text) == (False, "Server is switched off. Switch it on first.")
    assert server.requests == []


async def test_a_chosen_model_that_is_no_longer_offered_stays_and_is_marked(house: House) -> None:
    server = Upstream({"/v1/models": [models("a", "b"), models("b")]})
    async with server as url:
        house.prepare(at(SERVER, url), state=State(active=ModelRef("server", "a")))
        async with house.opened() as app:
            await do(app, Refresh())
            assert app.view.value.head[0].label == "● Server: a"
            await do(app, Refresh())
            assert app.view.value.head[0].label == "● Server: a (no longer listed)"
    assert house.stored()[1].active == ModelRef("server", "a")


async def test_an_answer_without_a_change_keeps_the_list(house: House) -> None:
    def answer(sent: Sent) -> Answer:
        if sent.headers.get("if-none-match") == '"1"':
            return Answer(status=304)
        return msgspec.structs.replace(models("qwen"), headers={"etag": '"1"'})

    server = Upstream(answer)
    async with server as url:
        house.prepare(at(SERVER, url))
        async with house.opened() as app:
            await do(app, Refresh())
            house.clock.advance(500)
            await do(app, Refresh())
            listing = app.catalog.listings.value["server"]
            assert (listing.source, listing.age(house.clock.now())) == (Source.API, 0)
            assert [it.label for it in listing.models] == ["qwen"]
    assert [sent.headers.get("if-none-match") for sent in server.requests] == [None, '"1"']


# -- servers of this computer ---------------------------------------------------------------------------


async def test_ollama_is_found_where_its_variable_says(house: House) -> None:
    server = ollama()
    async with server as url:
        house.prepare_only(OFF[1])
        house.env["OLLAMA_HOST"] = url.removeprefix("http://")
        async with house.opened() as app:
            assert titles(app) == []
            await refresh_behind(app)
            assert titles(app) == ["Ollama (1) – updated just now"]
            assert house.stored()[1].seen == ("ollama",)
    async with house.opened() as app:  # its server is gone
        await refresh_behind(app)
        assert failure(app, "ollama") is Kind.NOT_RUNNING
        assert titles(app) == ["Ollama (1) – not running"]


async def test_a_stranger_at_ollamas_address_is_not_taken_for_it(house: House) -> None:
    server = upstream("gpt", **{"/api/tags": Answer(body=TAGS)})
    async with server as url:
        house.prepare_only(OFF[1])
        house.env["OLLAMA_HOST"] = url
        async with house.opened() as app:
            await refresh_behind(app)
            assert failure(app, "ollama") is Kind.NOT_RUNNING
            assert (titles(app), app.state.value.seen) == ([], ())
    assert server.paths() == ["/api/version"]


async def test_a_local_server_that_was_switched_off_is_not_asked_until_it_is_switched_on(house: House) -> None:
    server = ollama()
    async with server as url:
        house.prepare_only(OFF[1])
        house.env["OLLAMA_HOST"] = url
        async with house.opened() as app:
            assert (await do(app, EnableAccount("ollama", enabled=False))).text == "Ollama is switched off."
            await refresh_behind(app)
            assert server.requests == []
            assert [it.base_url for it in house.stored()[0].accounts if it.id == "ollama"] == [""]
            await do(app, EnableAccount("ollama", enabled=True))
            assert titles(app) == ["Ollama (1) – updated just now"]
            await do(app, RemoveAccount("ollama"))
            assert titles(app) == []
            assert not app.account("ollama").enabled  # without an entry it would be looked for again


async def test_a_server_the_user_set_up_is_shown_though_it_never_answered(house: House) -> None:
    house.prepare(msgspec.structs.replace(SERVER, base_url="http://127.0.0.1:9/v1"))
    async with house.opened() as app:
        await refresh_behind(app)
        assert titles(app) == ["Server – not running"]


async def test_a_look_for_local_servers_is_repeated_when_the_menu_opens_but_not_often(house: House) -> None:
    starting = Answer(status=503, body=b"starting")
    server = Upstream(
        {"/api/version": [starting, Answer(body={"version": "0.12.0"})], "/api/tags": Answer(body=TAGS)},
    )
    async with server as url:
        house.prepare_only(OFF[1])
        house.env["OLLAMA_HOST"] = url
        async with house.opened() as app:
            started = Started(app, None)
            started.begin()
            await settled(app)
            assert (titles(app), app.view.value.icon, len(server.requests)) == ([], "ready", 1)
            started.menu_opened()
            await settled(app)
            assert len(server.requests) == 1
            house.clock.advance(LOOK_AGAIN)
            started.menu_opened()
            await settled(app)
            assert titles(app) == ["Ollama (1) – updated just now"]
            assert started.found() == {"ollama": url}
            started.end()


async def test_the_first_lists_are_asked_for_once_the_program_has_begun(house: House) -> None:
    server = guarded(KEY, "llama")
    async with server as url:
        account = at(GROQ, url)
        house.prepare(account, WORK, state=house.keyed(account))
        async with house.opened() as app:
            assert (server.requests, house.keyring.calls) == ([], [])
            started = Started(app, None)
            started.begin()
            await settled(app)
            assert titles(app)[0] == "Groq (1) – updated just now"
            assert "unlock" not in house.keyring.names()
            started.end()


async def test_the_end_comes_quickly_though_a_server_hangs(house: House) -> None:
    async with Upstream({"/v1/models": Answer(body=b"{", hang=True)}) as url:
        house.prepare(at(SERVER, url))
        async with house.opened() as app:
            app.tasks.start(app.catalog.refresh(app.accounts, force=True), name="refresh")
            await asyncio.sleep(0.1)
            assert app.catalog.refreshing.value
            began = time.perf_counter()
            await app.close()
            assert time.perf_counter() - began < 0.5
            left = [it.get_name() for it in asyncio.all_tasks() - {asyncio.current_task()}]
            assert set(left) <= {"upstream"}
            assert app.catalog.refreshing.value == frozenset()
