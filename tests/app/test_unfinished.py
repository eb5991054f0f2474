"""A choice that was stored without its account: found where one account has the model, else asked for."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import Any

import pytest

from tests.app.house import GROQ, SERVER, WORK, House, do, settled
from trayapp.app.alone import alone
from trayapp.app.root import App
from trayapp.app.start import Started
from trayapp.core.accounts import Account
from trayapp.core.intents import OpenFinder, PickModel, Pin, SaveProfile, SetStrategy, UseProfile
from trayapp.core.models import ModelRef
from trayapp.core.profiles import Profile
from trayapp.core.state import State
from trayapp.ui.row import Row

LOOSE = ModelRef("", "gpt-4.1")
OTHER = Account("other", "openai-compatible", "Other")


def remembered(house: House, **state: Any) -> None:
    """Write state.json as other hands would."""
    house.paths.data.mkdir(parents=True, exist_ok=True)
    house.paths.state_file.write_text(json.dumps({"version": 1, **state}))


def on_disk(house: House) -> Any:
    return json.loads(house.paths.state_file.read_bytes())


async def silence(_hear: object, *, ready: Any) -> None:
    ready()


async def never(asked: list[str], question: str) -> bool:
    asked.append(question)
    return False


async def begun(app: App) -> Started:
    started = Started(app, None, watch=silence)
    started.begin()
    await settled(app)
    return started


def asking(app: App) -> list[Row]:
    return [row for row in app.view.value.head if isinstance(row.intent, OpenFinder) and row.intent.text]


@pytest.mark.parametrize("stored", ["gpt-4.1", ["", "gpt-4.1"]])
async def test_a_model_that_one_account_has_is_chosen_from_the_first_view_and_stored_in_full(
    house: House, stored: object
) -> None:
    house.prepare(SERVER, GROQ)
    remembered(house, active=stored, recent=[stored], later="unknown here", profiles=[{"name": "W", "active": stored}])
    house.listed(SERVER, "gpt-4.1")
    house.listed(GROQ, "llama")
    async with house.opened() as app:
        assert app.view.value.chosen == "● Server: gpt-4.1"
        assert app.view.value.icon == "ready"
        assert asking(app) == []
        started = await begun(app)
        started.end()
    pair = ["server", "gpt-4.1"]
    assert on_disk(house) == {
        "version": 1,
        "active": pair,
        "recent": [pair],
        "later": "unknown here",
        "profiles": [{"name": "W", "active": pair}],
    }


async def test_a_model_of_a_list_that_was_shipped_is_found_before_any_list_was_fetched(house: House) -> None:
    house.prepare(WORK, GROQ, Account("odd", "of-another-version"), state=house.keyed(WORK, GROQ))
    remembered(house, **on_disk(house), active="gpt-4.1")
    async with house.opened() as app:
        assert app.state.value.active == ModelRef("work", "gpt-4.1")


async def test_a_model_that_two_accounts_have_is_asked_for_until_one_is_chosen(house: House) -> None:
    house.prepare(SERVER, OTHER, confirm_switch=True)
    remembered(house, active="gpt-4.1", recent=["gpt-4.1"], pinned=["gpt-4.1"])
    before = house.paths.state_file.read_bytes()
    for account in (SERVER, OTHER):
        house.listed(account, "gpt-4.1")
    async with house.opened() as app:
        started = await begun(app)
        assert app.view.value.chosen == "● gpt-4.1 (of which account?)"
        assert [row.label for row in asking(app)] == ["“gpt-4.1” is offered by 2 accounts: choose one…"]
        assert house.paths.state_file.read_bytes() == before
        asked: list[str] = []
        app.ask = partial(never, asked)
        assert (await do(app, PickModel(ModelRef("other", "gpt-4.1")))).ok
        assert asking(app) == []
        assert asked == []  # there was no account to switch from
        started.end()
    pair = ["other", "gpt-4.1"]
    assert on_disk(house) == {"version": 1, "active": pair, "recent": [pair], "pinned": [pair]}


async def test_the_menu_leads_to_the_search_for_a_model_that_is_not_clear(house: House) -> None:
    house.prepare(SERVER, state=State(active=LOOSE))
    house.listed(SERVER, "llama")
    async with house.opened() as app:
        assert [row.label for row in asking(app)] == ["No account in use lists “gpt-4.1”: choose a model…"]
        assert asking(app)[0].intent == OpenFinder("gpt-4.1")
        assert app.view.value.icon == "attention"
    assert on_disk(house)["active"] == ["", "gpt-4.1"]


async def test_a_list_that_comes_later_answers_the_question(house: House) -> None:
    house.prepare(SERVER, state=State(active=LOOSE))
    async with house.opened() as app:
        started = await begun(app)
        assert app.state.value.active == LOOSE
        house.listed(SERVER, "gpt-4.1")
        app.catalog.load(app.accounts)
        await settled(app)
        assert app.state.value.active == ModelRef("server", "gpt-4.1")
        started.end()
    assert house.stored()[1].active == ModelRef("server", "gpt-4.1")


async def test_a_profile_that_leaves_accounts_out_decides_on_the_choice_and_on_nothing_else(house: House) -> None:
    inside = Profile("Inside", accounts=("server",))
    house.prepare(SERVER, WORK, state=State(active=LOOSE, pinned=(LOOSE,), profiles=(inside,), profile="Inside"))
    house.listed(SERVER, "gpt-4.1")
    house.listed(WORK, "gpt-4.1")
    async with house.opened() as app:
        assert app.state.value.active == ModelRef("server", "gpt-4.1")
        assert app.state.value.pinned == (LOOSE,)


async def test_one_command_alone_sees_the_account_too_and_writes_it_with_what_it_changes(house: House) -> None:
    house.prepare(SERVER, state=State(active=LOOSE))
    house.listed(SERVER, "gpt-4.1")

    def command() -> bool:
        return alone(SetStrategy("ram"), house.paths, env=house.env, keyring=house.keyring).ok

    assert await asyncio.to_thread(command)
    assert house.stored()[1] == State(active=ModelRef("server", "gpt-4.1"), strategy="ram")


async def test_half_a_choice_is_nowhere_taken_for_a_whole_one(house: House) -> None:
    half = Profile("Half", LOOSE, ("server",))
    house.prepare(SERVER, state=State(active=ModelRef("server", "llama"), pinned=(LOOSE,), profiles=(half,)))
    house.listed(SERVER, "llama")
    async with house.opened() as app:
        reply = await do(app, UseProfile("Half"))
        assert "its account is not known; what was chosen stays" in reply.text
        assert app.state.value.active == ModelRef("server", "llama")
        assert (await do(app, SaveProfile(half))).ok  # as it was stored
        assert not (await do(app, SaveProfile(Profile("Other", LOOSE)))).ok
        assert "choose a model first" in (await do(app, Pin(LOOSE))).text
        assert (await do(app, Pin(LOOSE, on=False))).ok
        assert app.state.value.pinned == ()
    assert house.stored()[1].profiles == (half,)


async def test_a_profile_is_used_though_the_choice_is_not_clear(house: House) -> None:
    house.prepare(SERVER, state=State(active=LOOSE, profiles=(Profile("P", strategy="ram"),)))
    async with house.opened() as app:
        reply = await do(app, UseProfile("P"))
        assert reply.ok
        assert reply.text == "Profile “P” is in use. Local models: RAM – keep 3 loaded, 30 min."
