"""Profiles in the whole program: model, accounts and strategy change at once, and back."""

from __future__ import annotations

import pytest

from tests.app.house import GROQ, SERVER, WORK, House, at, do, heard, ref, upstream
from trayapp.app.perform import RECENT
from trayapp.app.profile_work import MOST
from trayapp.app.root import App
from trayapp.core.accounts import Account
from trayapp.core.intents import (
    EnableAccount,
    PickModel,
    Refresh,
    RemoveAccount,
    RemoveProfile,
    Reply,
    SaveProfile,
    UseProfile,
)
from trayapp.core.models import Model, ModelRef
from trayapp.core.profiles import Profile
from trayapp.core.state import State
from trayapp.ui.notices import Subject

QWEN, GPT = ref("server", "qwen3"), ref("groq", "gpt-oss")
OFFLINE = Profile("Offline", QWEN, ("server",), "ram")
ANY = Profile("Anything")
STATE = State(active=GPT, recent=(GPT,), profiles=(OFFLINE, ANY))


def furnished(house: House, state: State = STATE, *more: Account) -> None:
    house.prepare(SERVER, GROQ, *more, state=state)
    house.listed(SERVER, Model(QWEN, "Qwen 3"))
    house.listed(GROQ, "gpt-oss")


def enabled(app: App) -> list[str]:
    return [it.id for it in app.accounts if it.enabled]


async def test_a_profile_changes_model_accounts_and_strategy_in_one_value(house: House) -> None:
    furnished(house)
    async with house.opened() as app:
        told, states = heard(app), list[State]()
        app.state.listen(states.append)
        reply = await do(app, UseProfile("offline"))
        assert reply == Reply(
            True,
            "Profile “Offline” is in use. Model: Qwen 3 on Server. Local models: RAM – keep 3 loaded, 30 min.",
            {"profile": "Offline", "model": "server/qwen3"},
        )
        assert len(states) == 1
        assert (app.state.value.active, app.state.value.strategy, app.state.value.profile) == (QWEN, "ram", "Offline")
        assert enabled(app) == ["server"]
        assert [(it.subject, it.text) for it in told] == [(Subject.SWITCHED, "server/qwen3")]
    assert house.stored()[1].profile == "Offline"
    assert all(it.enabled for it in house.stored()[0].accounts if it.id == "groq"), "the settings are as they were"


async def test_without_a_profile_the_accounts_are_back_and_the_choice_stays(house: House) -> None:
    furnished(house)
    async with house.opened() as app:
        await do(app, UseProfile("Offline"))
        told = heard(app)
        reply = await do(app, UseProfile(""))
        assert reply.text == "No profile is in use."
        assert enabled(app) == ["server", "groq"]
        assert (app.state.value.active, app.state.value.profile) == (QWEN, "")
        assert told == []


async def test_a_list_that_grew_old_outside_is_asked_for_when_its_account_is_back(house: House) -> None:
    async with upstream("new") as url:
        server = at(SERVER, url)
        house.prepare(server, GROQ, state=State(profiles=(Profile("No server", None, ("groq",)),), profile="No server"))
        async with house.opened() as app:
            assert enabled(app) == ["groq"]
            await do(app, UseProfile())
            assert [it.label for it in app.catalog.listings.value["server"].models] == ["new"]


async def test_nobody_asks_an_account_that_the_profile_leaves_out(house: House) -> None:
    server = upstream("new")
    async with server as url:
        away = Profile("Away", None, ("groq",))
        house.prepare(at(SERVER, url), GROQ, state=State(active=GPT, profiles=(away,)))
        async with house.opened() as app:
            await do(app, UseProfile("Away"))
            await do(app, Refresh())
            assert not (await do(app, PickModel(QWEN))).ok
            assert server.requests == []
            await do(app, UseProfile(""))
            assert len(server.requests) == 1


async def test_the_choice_may_lie_outside_a_profile_that_names_no_model(house: House) -> None:
    away = Profile("Away", None, ("server",))
    furnished(house, State(active=GPT, profiles=(away,)))
    async with house.opened() as app:
        reply = await do(app, UseProfile("Away"))
        assert "Model: gpt-oss on Groq. Its account is not in use: choose another model." in reply.text
        assert "groq/gpt-oss (account not in use)" in app.view.value.head[0].label


async def test_a_model_that_stays_is_no_news(house: House) -> None:
    furnished(house)
    async with house.opened() as app:
        told = heard(app)
        await do(app, UseProfile("Anything"))
        assert told == []
        await do(app, PickModel(QWEN))
        await do(app, UseProfile("Offline"))
        assert len(told) == 1


async def test_a_profile_whose_account_is_gone_works_and_says_so(house: House) -> None:
    furnished(house)
    async with house.opened() as app:
        await do(app, RemoveAccount("server"))
        reply = await do(app, UseProfile("Offline"))
        assert reply.ok
        assert "Its model server/qwen3 cannot be chosen, for its account is gone; what was chosen stays." in reply.text
        assert "Accounts of it that are no longer there: server." in reply.text
        assert app.state.value.active == GPT
        assert enabled(app) == []
        await do(app, UseProfile(""))
        assert enabled(app) == ["groq"]


async def test_a_model_of_an_account_that_is_switched_off_is_not_chosen(house: House) -> None:
    furnished(house)
    async with house.opened() as app:
        await do(app, EnableAccount("server", False))
        reply = await do(app, UseProfile("Offline"))
        assert "for its account is switched off; what was chosen stays." in reply.text
        assert app.state.value.active == GPT


async def test_what_was_used_lately_stays_within_its_limit(house: House) -> None:
    recent = tuple(ModelRef("groq", f"m{number}") for number in range(RECENT))
    furnished(house, State(active=recent[0], recent=recent, profiles=(OFFLINE,)))
    async with house.opened() as app:
        await do(app, UseProfile("Offline"))
        assert app.state.value.recent == (QWEN, *recent[: RECENT - 1])


@pytest.mark.parametrize("name", ["Nobody", "off line"])
async def test_a_name_nobody_knows_is_answered_with_those_there_are(house: House, name: str) -> None:
    furnished(house)
    async with house.opened() as app:
        for intent in (UseProfile(name), RemoveProfile(name)):
            reply = await do(app, intent)
            assert (reply.ok, reply.text) == (
                False,
                f"There is no profile “{name}”. There are: Offline, Anything.",
            )


# -- saved and removed ---------------------------------------------------------------------------------


async def test_one_is_saved_with_the_model_by_the_id_that_its_account_lists(house: House) -> None:
    furnished(house)
    house.listed(SERVER, Model(QWEN, aliases=("latest",)))
    async with house.opened() as app:
        reply = await do(app, SaveProfile(Profile(" Work ", ref("server", "latest"), ("server", "server"), "ssd")))
        assert reply == Reply(True, "Profile “Work” is saved.", {"profile": "Work"})
    assert house.stored()[1].profiles[-1] == Profile("Work", QWEN, ("server",), "ssd")


async def test_the_same_name_replaces_and_a_new_name_renames(house: House) -> None:
    furnished(house)
    async with house.opened() as app:
        await do(app, UseProfile("Offline"))
        await do(app, SaveProfile(Profile("OFFLINE", None, ("server", "groq"))))
        assert app.state.value.profiles == (Profile("OFFLINE", None, ("server", "groq")), ANY)
        assert app.state.value.profile == "OFFLINE"
        assert enabled(app) == ["server", "groq"]
        await do(app, SaveProfile(Profile("Home", None, ("server",)), "offline"))
        assert [it.name for it in app.state.value.profiles] == ["Home", "Anything"]
        assert app.state.value.profile == "Home"
        assert enabled(app) == ["server"]
        reply = await do(app, SaveProfile(Profile("anything"), "home"))
        assert (reply.ok, reply.text) == (False, "There is a profile “anything” already.")


@pytest.mark.parametrize(
    ("profile", "why"),
    [
        (Profile("x", GPT, ("server",)), "The model groq/gpt-oss is of an account that this profile leaves out"),
        (Profile("x", None, ("nobody",)), "nobody"),
        (Profile("x", ref("nobody", "m")), "nobody"),
        (Profile("x", None, ()), "A profile needs an account at least"),
        (Profile("x", None, None, "fast"), "There is no strategy “fast”"),
        (Profile("  "), "1 to 40 letters"),
        (Profile("a\nb"), "1 to 40 letters"),
        (Profile("n" * 41), "1 to 40 letters"),
    ],
)
async def test_one_that_cannot_be_is_refused_with_a_sentence(house: House, profile: Profile, why: str) -> None:
    furnished(house)
    async with house.opened() as app:
        reply = await do(app, SaveProfile(profile))
        assert not reply.ok
        assert why in reply.text
        assert app.state.value == STATE


async def test_one_can_be_saved_again_though_its_account_is_gone(house: House) -> None:
    gone = Profile("Old", ref("gone", "m"), ("gone", "server"))
    furnished(house, State(profiles=(gone,)))
    async with house.opened() as app:
        assert (await do(app, SaveProfile(Profile("Older", gone.active, gone.accounts), "Old"))).ok
        assert app.state.value.profiles == (Profile("Older", gone.active, gone.accounts),)


async def test_there_is_room_for_a_number_of_them(house: House) -> None:
    furnished(house, State(profiles=tuple(Profile(f"p{number}") for number in range(MOST))))
    async with house.opened() as app:
        reply = await do(app, SaveProfile(Profile("more")))
        assert (reply.ok, reply.text) == (False, f"There are {MOST} profiles already; remove one first.")
        assert (await do(app, SaveProfile(Profile("P1", None, ("server",))))).ok


async def test_removing_the_one_in_use_brings_its_accounts_back(house: House) -> None:
    furnished(house, STATE, WORK)
    async with house.opened() as app:
        await do(app, UseProfile("Offline"))
        reply = await do(app, RemoveProfile("offline"))
        assert reply.text == "Profile “Offline” is removed."
        assert enabled(app) == ["server", "groq", "work"]
        assert (app.state.value.active, app.state.value.strategy) == (QWEN, "ram"), "what is in use stays in use"
    assert house.stored()[1].profiles == (ANY,)
