"""Each intent done by a command while no tray runs: the files are written, and nothing is left behind."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from tests.app.house import GROQ, KEY, OFF, SERVER, House, at, models, ref, slot_of, upstream
from tests.support.upstream import Reply as Answer
from tests.support.upstream import Upstream
from trayapp.app.alone import alone
from trayapp.catalog.cache import Shelf, mark
from trayapp.core.accounts import KeyFrom
from trayapp.core.intents import (
    CheckKey,
    CopyKey,
    EnableAccount,
    Intent,
    PickModel,
    Refresh,
    RemoveAccount,
    RemoveKey,
    Reply,
    SaveAccount,
    SaveSettings,
    StoreKey,
)
from trayapp.core.secret import Secret
from trayapp.core.settings import Settings
from trayapp.system.keyrings import KeyringState


async def run(house: House, intent: Intent) -> Reply:
    """As a process of its own would: with a loop of its own, which must end with nothing left."""
    return await asyncio.to_thread(alone, intent, house.paths, env=house.env, keyring=house.keyring)


async def test_a_pick_is_written(house: House) -> None:
    house.prepare(SERVER)
    house.listed(SERVER, "qwen")
    reply = await run(house, PickModel(ref("server", "qwen"), confirmed=True))
    assert (reply.ok, reply.text) == (True, "Switched to model: qwen on provider: Server")
    assert house.stored()[1].active == ref("server", "qwen")


async def test_accounts_and_settings_are_written_and_nobody_is_asked(house: House) -> None:
    server = upstream("qwen")
    async with server as url:
        house.prepare()
        assert (await run(house, SaveAccount(at(SERVER, url)))).ok
        assert house.stored()[0].accounts[-1] == at(SERVER, url)
        assert (await run(house, EnableAccount("server", enabled=False))).ok
        assert not house.stored()[0].accounts[-1].enabled
        assert (await run(house, EnableAccount("server", enabled=True))).ok
        assert house.stored()[0].accounts[-1].enabled
        settings = house.stored()[0]
        assert (await run(house, SaveSettings(msgspec.structs.replace(settings, inline_models=3)))).ok
        assert house.stored()[0].inline_models == 3
        assert (await run(house, RemoveAccount("server"))).ok
        assert house.stored()[0].accounts == OFF
        assert isinstance(house.stored()[0], Settings)
    assert server.requests == []  # what goes on behind has nobody to see it


async def test_a_refresh_is_waited_for_and_written(house: House) -> None:
    async with upstream("qwen", "llama") as url:
        account = at(SERVER, url)
        house.prepare(account)
        reply = await run(house, Refresh())
        assert (reply.ok, reply.text) == (True, "2 models of 1 provider.")
        found, notices = Shelf(house.paths.listings).load_all(["server"], {"server": mark(account)})
        assert notices == ()
        assert [it.label for it in found["server"].models] == ["llama", "qwen"]
        assert house.stored()[1].seen == ("server",)


async def test_keys_are_stored_tested_and_removed(house: House) -> None:
    server = upstream("llama")
    async with server as url:
        account = at(GROQ, url)
        house.prepare(account)
        house.listed(account, "old")
        reply = await run(house, StoreKey("groq", Secret(KEY)))
        assert (reply.ok, reply.data) == (True, {"kept": "keyring"})
        assert house.keyring.entries == {slot_of(account): KEY}
        assert house.stored()[1].keyed == (slot_of(account),)
        shelf = Shelf(house.paths.listings)
        shelf.load_all(["groq"])
        assert shelf.doubtful == {"groq"}  # the next program asks for it whatever its age
        assert (await run(house, CheckKey("groq"))).ok
        assert (await run(house, RemoveKey("groq"))).ok
        assert (house.keyring.entries, house.stored()[1].keyed) == ({}, ())
    assert [sent.path for sent in server.requests] == ["/v1/models"] * 2


async def test_a_key_is_copied_from_the_environment(house: House) -> None:
    house.prepare(msgspec.structs.replace(GROQ, key_from=KeyFrom.ENVIRONMENT))
    house.env["GROQ_API_KEY"] = KEY
    assert (await run(house, CopyKey("groq"))).ok
    assert house.keyring.entries == {slot_of(GROQ): KEY}
    assert house.stored()[0].accounts[-1].key_from is KeyFrom.KEYRING


async def test_a_key_that_would_end_with_the_command_changes_nothing(house: House) -> None:
    house.prepare(msgspec.structs.replace(GROQ, key_from=KeyFrom.ENVIRONMENT))
    house.keyring.state = KeyringState.NO_SERVICE
    before = house.stored()
    reply = await run(house, StoreKey("groq", Secret(KEY), check=False))
    assert reply.data == {"kept": "session"}
    assert house.stored() == before


async def test_a_key_that_was_replaced_does_not_write_what_the_tray_may_have_changed(house: House) -> None:
    house.prepare(GROQ, state=house.keyed(GROQ))
    before = house.paths.state_file.stat().st_mtime_ns
    assert (await run(house, StoreKey("groq", Secret(KEY[::-1]), check=False))).ok
    assert house.paths.state_file.stat().st_mtime_ns == before


async def test_what_cannot_be_done_is_said(house: House) -> None:
    house.prepare()
    reply = await run(house, PickModel(ref("nobody", "qwen")))
    assert not reply.ok
    assert "“nobody” not found" in reply.text


@pytest.mark.parametrize("hang", [True, False])
async def test_a_server_that_is_slow_keeps_no_command_beyond_its_deadline(house: House, hang: bool) -> None:
    replies: dict[str, Any] = {"/v1/models": Answer(body=b"{", hang=True) if hang else models("qwen")}
    async with Upstream(replies) as url:
        house.prepare(at(SERVER, url), batch_timeout_seconds=1)
        async with asyncio.timeout(5):
            reply = await run(house, Refresh())
        assert reply.ok is not hang
