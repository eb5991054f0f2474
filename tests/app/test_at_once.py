"""What several programs change at the same time: each change is made to what stands there then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import pytest
from msgspec.structs import replace

from tests.app.house import GROQ, KEY, SERVER, House, do, ref, upstream
from trayapp.app.build import build
from trayapp.app.perform import perform
from trayapp.core.accounts import Account
from trayapp.core.errors import ProviderError
from trayapp.core.intents import EnableAccount, KeyChanged, PickModel, SaveAccount, SaveSettings, StoreKey
from trayapp.core.secret import Secret
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.system import instance
from trayapp.system.settings_text import merged
from trayapp.system.store import Store

LAB = replace(SERVER, id="lab", base_url="http://127.0.0.1:9/v1", enabled=False)


async def test_settings_made_from_older_ones_change_only_what_they_changed(house: House) -> None:
    house.prepare(LAB)
    async with house.opened() as app:
        read = app.stored
        changes = [
            replace(read, tray_wait=7),
            replace(read, inline_models=3),
            replace(read, accounts=read.accounts[:-1]),
        ]
        for reply in await asyncio.gather(*(perform(app, SaveSettings(it, read)) for it in changes)):
            assert reply.ok, reply.text
        assert (app.stored.tray_wait, app.stored.inline_models) == (7, 3)
        assert LAB.id not in {it.id for it in app.stored.accounts}
    assert house.stored()[0] == app.stored


async def test_settings_of_a_dialog_do_not_undo_what_is_being_saved_while_it_asks(house: House) -> None:
    house.prepare(LAB)
    async with house.opened() as app:
        dialog = SaveSettings(replace(app.stored, tray_wait=7))
        replies = await asyncio.gather(perform(app, EnableAccount("lab", True)), perform(app, dialog))
        assert [it.ok for it in replies] == [True, True]
        assert (app.stored.tray_wait, app.account("lab").enabled) == (7, True)


async def test_values_of_one_account_changed_at_once_all_hold(house: House) -> None:
    house.prepare(LAB)
    async with house.opened() as app:
        saves = [replace(LAB, name="Lab of mine"), replace(LAB, ttl=600), replace(LAB, timeouts="slow")]
        intents = [*(SaveAccount(it, LAB) for it in saves), EnableAccount("lab", True)]
        assert all(it.ok for it in await asyncio.gather(*map(partial(perform, app), intents)))
    (held,) = (it for it in house.stored()[0].accounts if it.id == "lab")
    assert held == replace(LAB, name="Lab of mine", ttl=600, timeouts="slow", enabled=True)


async def test_a_new_account_never_takes_the_place_of_one_that_came_meanwhile(house: House) -> None:
    house.prepare()
    async with house.opened() as app:
        first, second = (SaveAccount(replace(LAB, name=name), new=True) for name in ("first", "second"))
        replies = await asyncio.gather(perform(app, first), perform(app, second))
        assert [it.ok for it in replies] == [True, False]
        assert replies[1].text == "There is an account “lab” already. Give this one another id."
        assert app.account("lab").name == "first"
        assert (await perform(app, SaveAccount(replace(LAB, name="third")))).ok
        assert app.account("lab").name == "third"


@pytest.mark.parametrize(
    ("disk", "new", "expected"),
    [
        ({"a": 1, "b": 2}, {"a": 1, "c": 3}, {"a": 1, "b": 2, "c": 3}),
        ({"a": 1, "b": 2}, {"a": 5}, {"a": 5, "b": 2}),
        ({"a": 1, "b": 2}, {}, {"b": 2}),
        ({}, {"a": 1, "c": 3}, {"c": 3}),
        ({"a": 9}, {"a": 1, "c": 3}, {"a": 9, "c": 3}),
    ],
)
def test_tables_are_merged_entry_by_entry(disk: dict[str, int], new: dict[str, int], expected: dict[str, int]) -> None:
    values = (Settings(provider_ttl_overrides=it) for it in (disk, {"a": 1}, new))
    assert merged(*values).provider_ttl_overrides == expected


async def test_a_key_stored_for_a_program_that_runs_writes_none_of_its_files(house: House) -> None:
    server = upstream("llama")
    async with server as url:
        account = replace(GROQ, base_url=f"{url}/v1")
        house.prepare(account, state=State(active=ref("groq", "old")))
        async with house.opened() as app, house.opened() as command:
            command.alone = True
            await do(app, PickModel(ref("groq", "new"), confirmed=True))
            before = house.paths.state_file.read_bytes()
            reply = await do(command, StoreKey("groq", Secret(KEY), check=False, remember=False))
            assert (reply.ok, reply.data) == (True, {"kept": "keyring", "remembered": False})
            assert house.paths.state_file.read_bytes() == before
            assert (await do(app, KeyChanged("groq", present=True))).ok
    state = house.stored()[1]
    assert (state.active, len(state.keyed)) == (ref("groq", "new"), 1)


async def test_a_key_that_comes_while_its_absence_is_being_noted_is_not_forgotten(house: House) -> None:
    """The program found no entry and looks whether the keyring is there; meanwhile a command stores one."""
    account = replace(GROQ, base_url="http://127.0.0.1:9/v1", enabled=False)
    house.prepare(account, state=State(keyed=("groq@http://127.0.0.1:9",)))
    async with house.opened() as app:
        reading = asyncio.create_task(app.keychain.key(account))
        remember = app.remember

        async def later(change: Callable[[State], State], **more: bool) -> State:
            app.remember = remember  # type: ignore[method-assign]
            house.keyring.entries["groq@http://127.0.0.1:9"] = KEY
            assert (await perform(app, KeyChanged("groq", present=True))).ok
            return await remember(change, **more)

        app.remember = later  # type: ignore[method-assign]
        with pytest.raises(ProviderError):
            await reading
        assert app.state.value.keyed == ("groq@http://127.0.0.1:9",)
        assert await app.keychain.key(account) == Secret(KEY)
    assert house.stored()[1].keyed == ("groq@http://127.0.0.1:9",)


async def test_what_a_command_notes_by_itself_goes_into_the_file_as_it_is_then_or_nowhere(house: House) -> None:
    house.prepare(state=State(active=ref("a", "old")))
    command = build(house.paths, clock=house.clock, env=house.env, keyring=house.keyring)
    command.alone = True
    Store(house.paths).save_state(State(active=ref("a", "new")))
    await command.note(lambda state: replace(state, seen=("a",)))
    assert house.stored()[1] == State(active=ref("a", "new"), seen=("a",))
    with instance.write_lock(house.paths.runtime, timeout=1):
        await command.note(lambda state: replace(state, seen=("b",)))
    assert house.stored()[1].seen == ("a",)
    claim = instance.claim(house.paths.runtime)
    assert claim is not None
    await command.note(lambda state: replace(state, seen=("b",)))
    claim.release()
    assert house.stored()[1].seen == ("a",)
    await command.close()


def test_accounts_of_the_settings_are_compared_as_they_were_read() -> None:
    mine, theirs = Account("a", "groq", "mine"), Account("b", "groq", "theirs")
    base = Settings(accounts=(Account("a", "groq"),))
    both = merged(Settings(accounts=(*base.accounts, theirs)), base, Settings(accounts=(mine,)))
    assert both.accounts == (mine, theirs)
