"""Keys while there is no keyring, or a closed one: each state with its sentence, and nothing written elsewhere."""

from __future__ import annotations

import msgspec
import pytest

from tests.app.house import GROQ, KEY, SERVER, House, at, do, guarded, settled, slot_of, upstream
from tests.support.canary import files_with
from trayapp.core.accounts import Account
from trayapp.core.intents import CheckKey, RemoveKey, SaveAccount, StoreKey, UnlockKeyring
from trayapp.core.secret import Secret
from trayapp.core.state import State
from trayapp.system.keyrings import KeyringState

GROQ_OFF = msgspec.structs.replace(GROQ, enabled=False)
"""Asked for nothing, so that it may have its real address."""
STATES: list[tuple[KeyringState, KeyringState, str]] = [
    (KeyringState.NO_SERVICE, KeyringState.OK, "This system offers no keyring"),
    (KeyringState.LOCKED, KeyringState.DENIED, "The keyring was not unlocked"),
    (KeyringState.ABSENT, KeyringState.DENIED, "The keyring was not unlocked"),
]


@pytest.mark.parametrize(("state", "answer", "sentence"), STATES)
async def test_without_an_open_keyring_a_key_lives_until_the_end_and_that_is_said(
    house: House, state: KeyringState, answer: KeyringState, sentence: str
) -> None:
    async with guarded(KEY, "llama") as url:
        house.prepare(at(GROQ, url))
        house.keyring.state, house.keyring.answer = state, answer
        async with house.opened() as app:
            reply = await do(app, StoreKey("groq", Secret(KEY)))
            assert reply.ok
            assert reply.text.startswith(f"Key held until you quit. {sentence}")
            assert reply.data == {"kept": "session"}
            assert house.keyring.names().count("unlock") <= 1
            assert app.keychain.kept(app.account("groq")) == "session"
            assert app.keychain.session_slots(app.accounts) == {f"groq@{url}"}
            assert app.state.value.keyed == ()
            assert app.catalog.listings.value["groq"].failure is None
            await do(app, RemoveKey("groq"))
            assert app.keychain.kept(app.account("groq")) == ""
            await do(app, StoreKey("groq", Secret(KEY)))
        async with house.opened() as app:
            assert app.keychain.kept(app.account("groq")) == ""
    assert list(files_with(KEY, [house.home])) == []


async def test_a_locked_keyring_is_opened_to_store_a_key(house: House) -> None:
    house.prepare(GROQ_OFF)
    house.keyring.state = KeyringState.LOCKED
    async with house.opened() as app:
        reply = await do(app, StoreKey("groq", Secret(KEY), check=False))
        assert reply.data == {"kept": "keyring"}
        assert (app.keyring.value, house.keyring.names().count("unlock")) == ("ok", 1)


async def test_a_session_key_is_forgotten_whatever_address_it_was_entered_for(house: House) -> None:
    house.prepare(GROQ_OFF)
    house.keyring.state = KeyringState.NO_SERVICE
    async with house.opened() as app:
        await do(app, StoreKey("groq", Secret(KEY), check=False))
        await do(app, SaveAccount(msgspec.structs.replace(GROQ_OFF, base_url="http://127.0.0.1:9/v1")))
        assert (await do(app, RemoveKey("groq"))).ok
        await do(app, SaveAccount(GROQ_OFF))
        assert app.keychain.kept(app.account("groq")) == ""


async def test_a_key_is_removed_though_the_account_is_not_complete(house: House) -> None:
    azure = Account("azure", "azure-openai")
    slot = "azure@https://acme.openai.azure.com:443"
    house.prepare(azure, state=State(keyed=(slot,)))
    house.keyring.entries[slot] = KEY
    async with house.opened() as app:
        assert (await do(app, RemoveKey("azure"))).ok
        assert house.keyring.entries == {}
        assert app.state.value.keyed == ()


async def test_a_key_that_the_locked_keyring_would_not_give_up_is_still_known(house: House) -> None:
    house.prepare(GROQ, state=house.keyed(GROQ))
    house.keyring.state, house.keyring.answer = KeyringState.LOCKED, KeyringState.DENIED
    async with house.opened() as app:
        reply = await do(app, RemoveKey("groq"))
        assert (reply.ok, reply.data) == (False, {"kind": "denied"})
        assert app.state.value.keyed == (slot_of(GROQ),)


async def test_a_good_test_brings_the_list_that_was_missing(house: House) -> None:
    async with guarded(KEY, "llama") as url:
        account = at(GROQ, url)
        house.prepare(account, state=house.keyed(account))
        house.keyring.state = KeyringState.LOCKED
        async with house.opened() as app:
            await app.catalog.refresh(app.accounts, force=True)
            assert app.keyring.value == "locked"
            reply = await do(app, CheckKey("groq"))  # a click: the keyring may ask
            assert reply.ok
            assert app.keyring.value == "ok"
            assert [it.label for it in app.catalog.listings.value["groq"].models] == ["llama"]


async def test_unlocking_refreshes_what_waited_for_it_and_nothing_else(house: House) -> None:
    locked, plain = guarded(KEY, "llama"), upstream("qwen")
    async with locked as one, plain as two:
        account, other = at(GROQ, one), at(SERVER, two)
        house.prepare(account, other, state=house.keyed(account))
        house.keyring.state = KeyringState.LOCKED
        async with house.opened() as app:
            await app.catalog.refresh(app.accounts, force=True)
            await settled(app)
            asked = len(plain.requests)
            assert "unlock" not in house.keyring.names()
            reply = await do(app, UnlockKeyring())
            assert (reply.ok, reply.text) == (True, "Keyring unlocked.")
            assert app.catalog.listings.value["groq"].failure is None
            assert len(plain.requests) == asked
            assert UnlockKeyring() not in [row.intent for row in app.view.value.head]


async def test_a_prompt_that_was_closed_is_told_as_such(house: House) -> None:
    house.prepare(GROQ, state=house.keyed(GROQ))
    house.keyring.state, house.keyring.answer = KeyringState.LOCKED, KeyringState.DENIED
    async with house.opened() as app:
        reply = await do(app, UnlockKeyring(), told=True)
        assert not reply.ok
        assert reply.text.startswith("The keyring was not unlocked")
        assert app.notice.value is not None
        assert app.notice.value.text == reply.text
        assert app.keyring.value == "denied"
