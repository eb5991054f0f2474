"""An account that is moved to another address: no key goes there until its user gives one for there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import pytest

from tests.app.house import GROQ, KEY, OFF, House, at, do, guarded
from tests.app.test_keys import GROQ_OFF, signed
from trayapp.app.root import App
from trayapp.core import transfer
from trayapp.core.accounts import Account, KeyFrom, environment_slot
from trayapp.core.errors import ProviderError
from trayapp.core.intents import CheckKey, Import, RemoveAccount, SaveAccount, SaveSettings, StoreKey
from trayapp.core.secret import Secret
from trayapp.core.settings import Settings
from trayapp.core.state import State


async def by_dialog(app: App, moved: Account) -> None:
    assert (await do(app, SaveAccount(moved))).ok


async def by_command(app: App, moved: Account) -> None:
    assert (await do(app, SaveAccount(moved, app.account(moved.id)))).ok


async def by_settings(app: App, moved: Account) -> None:
    accounts = tuple(moved if it.id == moved.id else it for it in app.stored.accounts)
    assert (await do(app, SaveSettings(msgspec.structs.replace(app.stored, accounts=accounts)))).ok


async def by_import(app: App, moved: Account) -> None:
    document = transfer.document(Settings(accounts=(*OFF, moved)), State(), now=0.0, keyed=(moved.id,))
    assert (await do(app, Import(document))).ok


async def by_hand(app: App, moved: Account) -> None:
    """In an editor, while the program runs and saves something else."""
    file = app.paths.settings_file
    file.write_text(file.read_text("utf-8").replace(app.account(moved.id).base_url, moved.base_url), "utf-8")
    await app.prefer(lambda settings: msgspec.structs.replace(settings, tray_wait=77))
    assert moved.base_url in file.read_text("utf-8")


WAYS = [by_dialog, by_command, by_settings, by_import, by_hand]


@pytest.mark.parametrize("source", list(KeyFrom))
@pytest.mark.parametrize("way", WAYS)
async def test_whoever_an_account_is_moved_to_gets_no_key_until_one_is_given_for_there(
    house: House, way: Callable[[App, Account], Awaitable[None]], source: KeyFrom
) -> None:
    before, after = guarded(KEY, "llama"), guarded(KEY, "llama")
    async with before as url, after as other:
        account = msgspec.structs.replace(at(GROQ, url), key_from=source)
        moved = msgspec.structs.replace(account, base_url=f"{other}/v1")
        state = house.keyed(account) if source is KeyFrom.KEYRING else State(keyed=(environment_slot(account, url),))
        house.env["GROQ_API_KEY"] = KEY if source is KeyFrom.ENVIRONMENT else ""
        house.prepare(account, state=state)
        async with house.opened() as app:
            await app.catalog.refresh(app.accounts, force=True)
            assert set(signed(before)) == {KEY}
            await way(app, moved)
            await app.catalog.refresh(app.accounts, force=True)
            await do(app, CheckKey("groq"))
        async with house.opened() as app:
            assert app.account("groq").base_url == moved.base_url
            await app.catalog.refresh(app.accounts, force=True)
            assert app.catalog.listings.value["groq"].locked
            assert not (await do(app, CheckKey("groq"))).ok
            with pytest.raises(ProviderError):
                await app.keychain.key(app.account("groq"))
            assert app.keychain.held(app.account("groq")) is None
        assert after.requests == []
        async with house.opened() as app:
            given = StoreKey("groq", Secret(KEY)) if source is KeyFrom.KEYRING else SaveAccount(app.account("groq"))
            assert (await do(app, given)).ok
            assert (await do(app, CheckKey("groq"))).ok
    assert set(signed(after)) == {KEY}


async def test_a_key_of_the_environment_that_waits_for_a_word_is_said_to_do_so(house: House) -> None:
    house.env["GROQ_API_KEY"] = KEY
    house.prepare(GROQ_OFF)
    account = msgspec.structs.replace(GROQ_OFF, key_from=KeyFrom.ENVIRONMENT)
    moved = msgspec.structs.replace(account, base_url="https://other.test/v1")
    async with house.opened() as app:
        assert (await do(app, SaveAccount(account))).text == "Groq saved."
        reply = await do(app, SaveAccount(moved))
        assert "GROQ_API_KEY is not sent to another address by itself" in reply.text
        assert "trayapp providers set groq key_from=environment" in reply.text
        assert (await do(app, SaveAccount(moved))).text == "Groq saved."
        assert app.state.value.keyed == ("environment:groq@https://other.test:443",)
        assert (await do(app, RemoveAccount("groq"))).ok
        assert not app.state.value.keyed


async def test_a_key_of_the_environment_is_not_taken_to_where_somebody_elses_settings_point(house: House) -> None:
    away = Account("away", "openai", base_url="https://evil.test/v1", key_from=KeyFrom.ENVIRONMENT)
    none = Account("none", "azure-openai", key_from=KeyFrom.ENVIRONMENT)
    house.env |= {"OPENAI_API_KEY": KEY, "AZURE_OPENAI_API_KEY": KEY}
    house.prepare()
    async with house.opened() as app:
        reply = await do(app, Import(transfer.document(Settings(accounts=(away, none, *OFF)), State(), now=0.0)))
        assert "The key in OPENAI_API_KEY is not sent to another address by itself" in reply.text
        assert [app.keychain.kept(app.account(it)) for it in ("away", "none")] == ["", ""]
        assert app.catalog.listings.value["away"].locked
