"""What the user arranges is remembered and drawn: pinned, hidden and folded, providers in order, profiles."""

from __future__ import annotations

import asyncio

import pytest

from tests.app.house import SERVER, House, at, do, heard, ref, settled, upstream
from tests.support.upstream import Reply as Answer
from tests.support.upstream import Upstream
from trayapp.app.menu_work import MOST_PINNED
from trayapp.app.perform import perform
from trayapp.app.root import App
from trayapp.core.accounts import Account
from trayapp.core.intents import (
    CancelRefresh,
    Fold,
    Hide,
    OrderAccounts,
    PickModel,
    Pin,
    Refresh,
    SaveProfile,
    SetStrategy,
    UseProfile,
)
from trayapp.core.models import Model, ModelRef
from trayapp.core.profiles import Profile
from trayapp.core.state import State
from trayapp.ui.menu import rows
from trayapp.ui.notices import Subject
from trayapp.ui.row import Row

OTHER = Account("other", "openai-compatible", "Other")


def top(app: App) -> list[str]:
    return [row.label for row in app.view.value.top if row is not None]


async def test_a_pinned_model_is_on_the_disk_and_on_top_with_its_provider(house: House) -> None:
    house.prepare(SERVER)
    house.listed(SERVER, "qwen3", "phi")
    async with house.opened() as app:
        assert (await do(app, Pin(ref("server", "phi")))).ok
        assert top(app) == ["Pinned", "Server: phi"]
        assert app.view.value.pinned == (ref("server", "phi"),)
        assert house.stored()[1].pinned == (ref("server", "phi"),)
        await do(app, Pin(ref("server", "phi")))
        assert house.stored()[1].pinned == (ref("server", "phi"),)
        await do(app, Pin(ref("server", "phi"), on=False))
        assert top(app) == []


async def test_a_model_is_pinned_by_the_id_that_its_account_lists(house: House) -> None:
    house.prepare(SERVER)
    house.listed(SERVER, Model(ModelRef("server", "gpt-5-2026"), aliases=("gpt-5",)))
    async with house.opened() as app:
        await do(app, Pin(ref("server", "gpt-5")))
        assert app.state.value.pinned == (ref("server", "gpt-5-2026"),)


async def test_there_is_room_for_so_many_pins(house: House) -> None:
    full = tuple(ref("server", f"m{n}") for n in range(MOST_PINNED))
    house.prepare(SERVER, state=State(pinned=full))
    async with house.opened() as app:
        told = heard(app)
        reply = await do(app, Pin(ref("server", "more")), told=True)
        assert not reply.ok
        assert "Unpin one first" in reply.text
        assert [notice.subject for notice in told] == [Subject.FAILED]
        assert (await do(app, Pin(full[0]))).ok  # it is there already


async def test_an_account_that_does_not_exist_has_nothing_to_pin_or_to_fold(house: House) -> None:
    house.prepare(SERVER)
    async with house.opened() as app:
        for intent in (Pin(ref("gone", "m")), Hide(ref("gone", "m")), Fold("gone"), OrderAccounts(("gone",))):
            reply = await do(app, intent)
            assert not reply.ok
            assert "“gone” not found" in reply.text
        assert app.state.value == State()


async def test_what_was_chosen_before_is_recent(house: House) -> None:
    house.prepare(SERVER)
    house.listed(SERVER, "a", "b", "c")
    async with house.opened() as app:
        await do(app, PickModel(ref("server", "a")))
        assert top(app) == []
        await do(app, PickModel(ref("server", "b")))
        assert top(app) == ["Recent", "Server: b", "Server: a"]
        await do(app, Pin(ref("server", "b")))
        assert top(app) == ["Pinned", "Server: b", "Recent", "Server: a"]
        await do(app, Hide(ref("server", "a")))
        assert top(app) == ["Pinned", "Server: b"]


async def test_a_hidden_model_is_gone_from_the_menu_and_can_still_be_chosen_by_name(house: House) -> None:
    house.prepare(SERVER)
    house.listed(SERVER, "a", "b")
    async with house.opened() as app:
        await do(app, Hide(ref("server", "a")))
        (section,) = app.view.value.sections
        assert [row.label for row in rows(section, 9)] == ["b"]
        assert (await do(app, PickModel(ref("server", "a")))).ok
        assert app.view.value.chosen == "● Server: a"
        await do(app, Hide(None, on=False))
        assert [row.label for row in rows(app.view.value.sections[0], 9)] == ["a", "b"]
        assert house.stored()[1].hidden == ()


async def test_folding_is_remembered_past_a_restart(house: House) -> None:
    house.prepare(SERVER)
    house.listed(SERVER, "a")
    async with house.opened() as app:
        await do(app, Fold("server"))
    async with house.opened() as app:
        assert [section.folded for section in app.view.value.sections] == [True]
        await do(app, Fold("server", on=False))
        assert [section.folded for section in app.view.value.sections] == [False]


async def test_accounts_stand_in_the_users_order_past_a_restart(house: House) -> None:
    house.prepare(SERVER, OTHER)
    async with house.opened() as app:
        assert [section.provider for section in app.view.value.sections] == ["server", "other"]
        await do(app, OrderAccounts(("other", "server", "other")))
        assert house.stored()[0].provider_order == ("other", "server")
    async with house.opened() as app:
        assert [section.provider for section in app.view.value.sections] == ["other", "server"]


async def test_a_profile_leaves_accounts_out_and_is_named_where_the_choice_is(house: House) -> None:
    house.prepare(SERVER, OTHER, state=State(pinned=(ref("server", "a"),)))
    house.listed(SERVER, "a")
    house.listed(OTHER, "b")
    async with house.opened() as app:
        await do(app, SaveProfile(Profile("Work", active=ref("other", "b"), accounts=("other",))))
        assert app.view.value.profiles is not None
        await do(app, UseProfile("work"))
        view = app.view.value
        assert [section.provider for section in view.sections] == ["other"]
        assert view.chosen == "● Other: b · profile Work"
        assert [row.enabled for row in view.top if row is not None and row.checkable] == [False]
        await do(app, SetStrategy("none"))
        assert app.view.value.chosen == "● Other: b · profile Work (changed)"
        await do(app, UseProfile())
        assert [section.provider for section in app.view.value.sections] == ["server", "other"]


async def test_what_is_asked_can_be_given_up_from_the_menu(house: House) -> None:
    async with Upstream(lambda _sent: Answer(hang=True)) as slow, upstream("quick") as quick:
        account = at(SERVER, slow)
        house.prepare(account, at(OTHER, quick))
        house.listed(account, "old")
        async with house.opened() as app:
            one_left = asyncio.Event()
            app.view.listen(lambda view: one_left.set() if view.asking == 1 and view.sections[1].models else None)
            asking = asyncio.ensure_future(perform(app, Refresh()))
            await asyncio.wait_for(one_left.wait(), 5)
            assert app.view.value.tail[0] == Row("Asking 1 provider… – cancel", CancelRefresh())
            await perform(app, CancelRefresh())
            await asyncio.wait_for(asking, 5)
            await settled(app)
            assert app.view.value.tail[0] == Row("Refresh", Refresh())
            shown = [[row.label for row in rows(section, 9)] for section in app.view.value.sections]
            assert shown == [["old"], ["quick"]]


@pytest.mark.parametrize("days", [1, 8])
async def test_a_model_that_came_this_week_is_called_new(house: House, days: int) -> None:
    async with upstream("old", "young") as url:
        account = at(SERVER, url)
        house.prepare(account)
        house.listed(account, "old")
        async with house.opened() as app:
            await do(app, Refresh("server"))
            house.clock.advance(days * 86_400.0)
            app.redraw()
            (section,) = app.view.value.sections
            assert [row.label for row in rows(section, 9)] == ["old", "young   new" if days == 1 else "young"]
