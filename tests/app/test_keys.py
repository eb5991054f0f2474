"""Keys: checked, stored, bound to their server, copied by a click, removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.app.house import GROQ, KEY, SERVER, House, at, do, guarded, models, slot_of, upstream
from tests.support.canary import files_with
from tests.support.upstream import Reply as Answer
from tests.support.upstream import Sent, Upstream
from trayapp.app.alone import alone
from trayapp.core.accounts import Account, KeyFrom, environment_slot
from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.intents import (
    CheckKey,
    CopyKey,
    KeyChanged,
    PickModel,
    RemoveKey,
    SaveAccount,
    StoreKey,
)
from trayapp.core.models import ModelRef
from trayapp.core.secret import Secret
from trayapp.core.state import State
from trayapp.system.keyrings import KeyringState
from trayapp.system.logs import clean

GROQ_OFF = msgspec.structs.replace(GROQ, enabled=False)
"""Asked for nothing, so that it may have its real address."""
OTHER = "gsk_ABCDEFGHIJKLMNOPQRSTUVWXYZ01"


def from_environment(url: str) -> Account:
    return msgspec.structs.replace(at(GROQ, url), key_from=KeyFrom.ENVIRONMENT)


def signed(server: Upstream) -> list[str]:
    """The keys that came, in order; empty for none."""
    return [sent.headers.get("authorization", "").removeprefix("Bearer ") for sent in server.requests]


async def test_a_good_key_is_checked_stored_read_back_and_used(house: House) -> None:
    server = guarded(KEY, "llama")
    async with server as url:
        account = at(GROQ, url)
        house.prepare(account)
        async with house.opened() as app:
            reply = await do(app, StoreKey("groq", Secret(f"  {KEY}\n")))
            assert reply.ok
            assert reply.text == "Key stored in the keyring. Groq takes the key."
            assert reply.data == {"kept": "keyring"}
            assert house.keyring.entries == {slot_of(account): KEY}
            assert slot_of(account) == f"groq@{url}"
            assert house.keyring.names()[:3] == ["look", "look", "write"]
            assert "read" in house.keyring.names()
            assert app.state.value.keyed == (slot_of(account),)
            assert app.catalog.listings.value["groq"].failure is None
            assert [it.label for it in app.catalog.listings.value["groq"].models] == ["llama"]
    assert set(signed(server)) == {KEY}
    assert house.stored()[1].keyed == (f"groq@{url}",)
    assert list(files_with(KEY, [house.home])) == []


async def test_a_refused_key_is_not_stored(house: House) -> None:
    async with guarded(KEY, "llama") as url:
        house.prepare(at(GROQ, url))
        async with house.opened() as app:
            reply = await do(app, StoreKey("groq", Secret(OTHER)))
            assert not reply.ok
            assert reply.text.startswith("Groq refused the key.")
            assert reply.data == {"verdict": "refused"}
            assert house.keyring.names() == []
            assert app.state.value.keyed == ()


async def test_a_check_that_could_not_tell_says_why_and_stores_only_if_told_to(house: House) -> None:
    async with Upstream({"/v1/models": Answer(status=503, body=b"come back later")}) as url:
        house.prepare(at(GROQ, url))
        async with house.opened() as app:
            reply = await do(app, StoreKey("groq", Secret(KEY)))
            assert not reply.ok
            assert reply.text.startswith("Could not tell whether Groq takes the key. ")
            assert len(reply.text) > len("Could not tell whether Groq takes the key. ")
            assert reply.data == {"verdict": "unsure"}
            assert house.keyring.entries == {}
            reply = await do(app, StoreKey("groq", Secret(KEY), check=False))
            assert (reply.ok, reply.text) == (True, "Key stored in the keyring.")
            assert house.keyring.entries == {f"groq@{url}": KEY}


@pytest.mark.parametrize(
    ("text", "why"), [("   ", "The key is empty."), ("gsk_a\nb", "line break"), ("gsk_•••", "dots")]
)
async def test_what_can_be_no_key_is_said_before_anybody_is_asked(house: House, text: str, why: str) -> None:
    server = upstream("llama")
    async with server as url:
        house.prepare(at(GROQ, url))
        async with house.opened() as app:
            reply = await do(app, StoreKey("groq", Secret(text)))
            assert not reply.ok
            assert why in reply.text
            assert "not set up" not in reply.text
    assert server.requests == []


async def test_a_keyring_that_gives_back_something_else_is_not_trusted(house: House) -> None:
    async with guarded(KEY, "llama") as url:
        house.prepare(at(GROQ, url))
        house.keyring.mangle = True
        async with house.opened() as app:
            reply = await do(app, StoreKey("groq", Secret(KEY)))
            assert not reply.ok
            assert reply.text.startswith("The keyring gave back something else")
            assert app.state.value.keyed == ()
            assert app.keychain.kept(app.account("groq")) == ""


async def test_a_key_that_cannot_be_remembered_is_not_kept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.prepare(GROQ_OFF)

    def full(_state: State) -> None:
        raise ProviderError(Failure(Kind.DISK, detail="no space left on device"))

    async with house.opened() as app:
        monkeypatch.setattr(app.store, "save_state", full)
        reply = await do(app, StoreKey("groq", Secret(KEY), check=False))
        assert not reply.ok
        assert "no space left" in reply.text
        assert house.keyring.entries == {}
        assert app.keychain.kept(app.account("groq")) == ""


async def test_a_replaced_key_is_the_one_that_is_sent(house: House) -> None:
    server = upstream("llama")
    async with server as url:
        account = at(GROQ, url)
        house.prepare(account, state=house.keyed(account, key=OTHER))
        async with house.opened() as app:
            await do(app, CheckKey("groq"))
            await do(app, StoreKey("groq", Secret(KEY)))
            await do(app, CheckKey("groq"))
    assert signed(server)[0] == OTHER
    assert set(signed(server)[1:]) == {KEY}
    assert house.keyring.entries == {slot_of(account): KEY}


async def test_an_account_moved_to_another_server_is_asked_for_its_key_again(house: House) -> None:
    old, new = upstream("llama"), upstream("llama-new")
    async with old as first, new as second:
        account = at(GROQ, first)
        house.prepare(account, state=house.keyed(account))
        async with house.opened() as app:
            assert (await do(app, CheckKey("groq"))).ok
            await do(app, SaveAccount(at(GROQ, second)))
            assert new.requests == []
            failure = app.catalog.listings.value["groq"].failure
            assert failure is not None
            assert failure.kind is Kind.NO_KEY
            reply = await do(app, CheckKey("groq"))
            assert not reply.ok
            assert "no key yet" in reply.text
            assert new.requests == []
            await do(app, StoreKey("groq", Secret(OTHER)))
            assert set(signed(new)) == {OTHER}
            assert house.keyring.entries == {f"groq@{first}": KEY, f"groq@{second}": OTHER}
            assert (await do(app, RemoveKey("groq"))).ok
            assert house.keyring.entries == {}
            assert app.state.value.keyed == ()
    assert set(signed(old)) == {KEY}


async def test_a_server_without_need_of_a_key_gets_none_of_another_origin(house: House) -> None:
    old, new = upstream("a"), upstream("b")
    async with old as first, new as second:
        account = at(SERVER, first)
        house.prepare(account, state=house.keyed(account))
        async with house.opened() as app:
            await do(app, SaveAccount(at(SERVER, second)))
            assert [it.label for it in app.catalog.listings.value["server"].models] == ["b"]
    assert signed(new) == [""]


async def test_a_key_of_the_environment_is_used_but_copied_only_by_a_click(house: House) -> None:
    server = guarded(KEY, "llama")
    async with server as url:
        account = from_environment(url)
        house.prepare(account, state=State(keyed=(environment_slot(account, url),)))
        house.env["GROQ_API_KEY"] = KEY
        async with house.opened() as app:
            assert app.keychain.kept(app.account("groq")) == "environment"
            assert (await do(app, CheckKey("groq"))).ok
            await app.catalog.refresh(app.accounts, force=True)
            assert [it.label for it in app.catalog.listings.value["groq"].models] == ["llama"]
            assert house.keyring.calls == []
            reply = await do(app, CopyKey("groq"))
            assert reply.ok
            assert house.keyring.entries == {slot_of(account): KEY}
            assert app.account("groq").key_from is KeyFrom.KEYRING
            assert house.stored()[0].accounts[-1].key_from is KeyFrom.KEYRING
        del house.env["GROQ_API_KEY"]
        async with house.opened() as app:
            assert (await do(app, CheckKey("groq"))).ok
    assert set(signed(server)) == {KEY}
    assert list(files_with(KEY, [house.home])) == []


async def test_the_log_strikes_out_a_key_of_the_environment_while_it_is_used(house: House) -> None:
    shapeless, logged = "words-only-and-no-known-beginning", list[str]()

    def answer(sent: Sent) -> Answer:
        logged.append(clean(f"sent {sent.headers['authorization'].removeprefix('Bearer ')}"))
        return models("llama")

    async with Upstream(answer) as url:
        account = from_environment(url)
        house.prepare(account, state=State(keyed=(environment_slot(account, url),)))
        house.env["GROQ_API_KEY"] = shapeless
        async with house.opened() as app:
            await app.catalog.refresh(app.accounts, force=True)
    assert logged == ["sent …"]


async def test_a_key_of_the_environment_is_not_used_unasked(house: House) -> None:
    server = upstream("llama")
    async with server as url:
        house.prepare(at(GROQ, url))
        house.env["GROQ_API_KEY"] = KEY
        async with house.opened() as app:
            await app.catalog.refresh(app.accounts, force=True)
            assert app.catalog.listings.value["groq"].locked
    assert server.requests == []


async def test_there_is_nothing_to_copy_without_a_variable(house: House) -> None:
    house.prepare(GROQ)
    async with house.opened() as app:
        reply = await do(app, CopyKey("groq"))
        assert (reply.ok, reply.text) == (False, "There is no key for Groq in the environment.")


async def test_without_a_keyring_a_key_is_not_copied_and_the_environment_goes_on(house: House) -> None:
    house.prepare(msgspec.structs.replace(GROQ, key_from=KeyFrom.ENVIRONMENT))
    house.env["GROQ_API_KEY"] = KEY
    house.keyring.state = KeyringState.NO_SERVICE
    async with house.opened() as app:
        reply = await do(app, CopyKey("groq"))
        assert not reply.ok
        assert reply.text.startswith("The key was not copied. This system offers no keyring")
        assert app.keychain.kept(app.account("groq")) == "environment"


async def test_a_typed_key_is_used_in_the_place_of_the_environments(house: House) -> None:
    server = upstream("llama")
    async with server as url:
        house.prepare(msgspec.structs.replace(at(GROQ, url), key_from=KeyFrom.ENVIRONMENT))
        house.env["GROQ_API_KEY"] = OTHER
        async with house.opened() as app:
            await do(app, StoreKey("groq", Secret(KEY)))
            assert app.account("groq").key_from is KeyFrom.KEYRING
    assert set(signed(server)) == {KEY}


async def test_removing_the_key_of_an_account_that_reads_the_environment_says_what_is_used(house: House) -> None:
    house.prepare(msgspec.structs.replace(GROQ_OFF, key_from=KeyFrom.ENVIRONMENT))
    house.env["GROQ_API_KEY"] = KEY
    async with house.opened() as app:
        reply = await do(app, RemoveKey("groq"))
        assert reply.text.endswith("The key in GROQ_API_KEY is used.")


async def test_testing_a_key_says_what_the_provider_says(house: House) -> None:
    async with guarded(KEY, "llama") as url:
        account = at(GROQ, url)
        house.prepare(account, state=house.keyed(account, key=OTHER))
        async with house.opened() as app:
            reply = await do(app, CheckKey("groq"))
            assert (reply.ok, reply.data) == (False, {"verdict": "refused"})
            assert OTHER not in reply.text


async def test_the_command_lines_change_is_looked_at_again(house: House) -> None:
    server = upstream("llama")
    async with server as url:
        account = at(GROQ, url)
        house.prepare(account)
        async with house.opened() as app:
            reply = alone_in_thread(StoreKey("groq", Secret(KEY)), house)
            assert (await reply).ok
            assert list(app.state.value.keyed) == []
            assert (await do(app, KeyChanged("groq", present=True))).ok
            assert app.state.value.keyed == (slot_of(account),)
            assert [it.label for it in app.catalog.listings.value["groq"].models] == ["llama"]
            house.keyring.entries[slot_of(account)] = OTHER  # replaced, not removed: the copy must go
            await do(app, KeyChanged("groq", present=True))
            assert signed(server)[-1] == OTHER
            await do(app, KeyChanged("groq", present=False))
            assert list(app.state.value.keyed) == []
            assert app.catalog.listings.value["groq"].locked


async def test_a_choice_made_while_a_command_stored_a_key_stands_on_the_disk_afterwards(house: House) -> None:
    async with upstream("llama") as url:
        account = at(GROQ, url)
        house.prepare(account, state=house.keyed(account))
        async with house.opened() as app:
            as_read = app.paths.state_file.read_bytes()
            assert (await do(app, PickModel(ModelRef("groq", "llama")))).ok
            app.paths.state_file.write_bytes(as_read)  # what the command had read before, and writes back now
            await do(app, KeyChanged("groq", present=True))
            stored = msgspec.json.decode(app.paths.state_file.read_bytes())
            assert stored["active"] == ["groq", "llama"]


async def alone_in_thread(intent: Any, house: House) -> Any:
    import asyncio

    return await asyncio.to_thread(alone, intent, house.paths, env=house.env, keyring=house.keyring)


async def test_no_key_leaves_the_process_in_words_or_files(house: House, canary: str, tmp_path: Path) -> None:
    def echo(sent: Sent) -> Answer:
        return Answer(status=401, body={"error": {"message": f"Invalid key {sent.headers.get('authorization')}"}})

    async with Upstream(echo) as url:
        house.prepare(at(GROQ, url))
        async with house.opened() as app:
            said = [
                await do(app, StoreKey("groq", Secret(canary))),
                await do(app, StoreKey("groq", Secret(canary), check=False)),
                await do(app, CheckKey("groq")),
            ]
            assert canary not in "".join(reply.text for reply in said)
            assert canary not in repr((app.state.value, app.catalog.listings.value, app.view.value))
    assert list(files_with(canary, [tmp_path])) == []
    assert models("x").status == 200
