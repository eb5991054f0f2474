"""The tokens of the gateway: made, kept, shown, known with the keyring locked, revoked."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from tests.app.gateway_scene import answering, begun, chat, first_token, free_port, said, until
from tests.app.house import SERVER, House, at, heard, ref
from trayapp.app import token_keeping
from trayapp.app.alone import alone
from trayapp.app.door import answer
from trayapp.app.gateway_tokens import slot
from trayapp.app.perform import perform
from trayapp.core.errors import UserError
from trayapp.core.intents import NewToken, RemoveAccount, RevokeToken, SwitchGateway, UnlockKeyring
from trayapp.core.secret import Secret
from trayapp.core.state import State, Token
from trayapp.gateway import tokens
from trayapp.system.keyrings import KeyringState
from trayapp.system.keys import OURS, Kept, shown


async def test_a_token_is_known_with_the_keyring_locked_after_a_restart(house: House) -> None:
    port = free_port()
    async with answering() as url:
        house.prepare(at(SERVER, url), state=State(active=ref("server", "a")), gateway=True, gateway_port=port)
        async with begun(house) as app:
            token = await first_token(app)
        house.keyring.state = KeyringState.LOCKED
        before = len(house.keyring.calls)
        async with begun(house):
            assert said(await chat(port, token)) == "Hello."
            assert (await chat(port, "")).status_code == 401
            assert (await chat(port, token[:-1])).status_code == 401
        assert house.keyring.names()[before:] == []


async def test_several_tokens_each_count_until_they_are_revoked(house: House) -> None:
    port = free_port()
    async with answering() as url:
        house.prepare(at(SERVER, url), state=State(active=ref("server", "a")), gateway=True, gateway_port=port)
        async with begun(house) as app:
            first = await first_token(app)
            reply = await perform(app, NewToken("editor"), told=False)
            assert (reply.ok, reply.data) == (True, {"kept": "keyring"})
            editor = shown(await app.gateway.tokens.read("Editor"))
            assert editor not in reply.text
            assert (first != editor, said(await chat(port, first)), said(await chat(port, editor))) == (
                True,
                "Hello.",
                "Hello.",
            )
            assert (await perform(app, RevokeToken("first"), told=False)).ok
            assert (await chat(port, first)).status_code == 401
            assert said(await chat(port, editor)) == "Hello."
    assert list(house.keyring.entries) == [slot("editor")]
    assert [it.name for it in house.stored()[1].tokens] == ["editor"]


@pytest.mark.parametrize(
    "name", ["", " ", "a/b", "x" * 65, "a@b", "line\nbreak", "sk-trayapp-0123456789abcdefghijklmnop"]
)
async def test_a_name_that_is_none_is_refused_in_words(house: House, name: str) -> None:
    house.prepare()
    async with house.opened() as app:
        reply = await perform(app, NewToken(name), told=False)
        assert not reply.ok
        assert "such as “editor”" in reply.text
    assert house.keyring.entries == {}


async def test_a_name_is_given_once_and_keeps_its_token(house: House) -> None:
    house.prepare()
    async with house.opened() as app:
        first, second = await asyncio.gather(*(perform(app, NewToken(name), told=False) for name in ("ed", "ED")))
        assert (first.ok, second.ok) == (True, False)
        assert "“ED” already" in second.text
        token = shown(await app.gateway.tokens.read("ed"))
        assert tokens.named(token, app.gateway.tokens.digests) == "ed"


async def test_a_token_that_does_not_exist_cannot_be_revoked_or_read(house: House) -> None:
    house.prepare(state=State(tokens=(Token("first", "0" * 64),)))
    async with house.opened() as app:
        reply = await perform(app, RevokeToken("frist"), told=False)
        assert (reply.ok, reply.text) == (False, "There is no token “frist”. There are: first.")
        with pytest.raises(UserError, match="is not in the keyring"):
            await app.gateway.tokens.read("first")


async def test_without_a_keyring_it_lasts_to_be_shown_until_the_end_and_still_counts_afterwards(house: House) -> None:
    port = free_port()
    house.keyring.state = KeyringState.NO_SERVICE
    async with answering() as url:
        house.prepare(at(SERVER, url), state=State(active=ref("server", "a")), gateway_port=port)
        async with begun(house) as app:
            reply = await perform(app, SwitchGateway(True), told=False)
            assert "no keyring" in reply.text
            told = msgspec.json.decode(await answer(app, b'{"ask":"gateway"}'))["data"]
            assert [(it["name"], it["session"]) for it in told["tokens"]] == [("first", True)]
            token = await first_token(app)
            assert said(await chat(port, token)) == "Hello."
        async with begun(house) as app:
            assert said(await chat(port, token)) == "Hello."
            with pytest.raises(UserError):
                await app.gateway.tokens.read()
    assert [path for path in house.files() if token.encode() in path.read_bytes()] == []


async def test_at_the_start_a_locked_keyring_is_not_opened_and_the_first_token_waits_for_it(house: House) -> None:
    house.prepare(gateway=True, gateway_port=free_port())
    house.keyring.state = KeyringState.LOCKED
    async with begun(house) as app:
        assert app.gateway.tokens.all == ()
        assert "unlock" not in house.keyring.names()
        assert (await perform(app, UnlockKeyring(), told=False)).ok
        await until(lambda: app.gateway.tokens.all)
        assert list(house.keyring.entries) == [slot("first")]


async def test_who_switches_it_on_may_be_asked_for_the_keyrings_password(house: House) -> None:
    house.prepare(gateway_port=free_port())
    house.keyring.state = KeyringState.LOCKED
    async with begun(house) as app:
        assert (await perform(app, SwitchGateway(True), told=False)).ok
        assert "unlock" in house.keyring.names()
        assert list(house.keyring.entries) == [slot("first")]


async def test_a_keyring_that_spoils_the_first_token_is_told_and_the_gateway_listens(house: House) -> None:
    house.prepare(gateway=True, gateway_port=free_port())
    house.keyring.mangle = True
    async with house.opened() as app:
        told = heard(app)
        app.gateway.begin()
        await app.gateway.settled()
        assert (app.gateway.status.value.state, app.gateway.tokens.all) == ("listening", ())
        assert [it.title for it in told] == ["There is no token for tools yet"]


async def test_a_revoked_token_is_out_even_if_its_entry_cannot_be_removed(house: House) -> None:
    house.prepare()
    async with house.opened() as app:
        await perform(app, NewToken("editor"), told=False)
        house.keyring.state = KeyringState.DENIED
        reply = await perform(app, RevokeToken("editor"), told=False)
        assert reply.ok
        assert "stays in the keyring" in reply.text
        assert app.gateway.tokens.all == ()


async def test_an_account_called_gateway_takes_no_token_with_it(house: House) -> None:
    account = msgspec.structs.replace(SERVER, id="gateway", base_url="http://127.0.0.1:1/v1")
    house.prepare(account)
    house.keyring.state = KeyringState.NO_SERVICE
    async with house.opened() as app:
        await perform(app, NewToken("first"), told=False)
        await perform(app, RemoveAccount("gateway"), told=False)
        assert shown(await app.gateway.tokens.read("first")).startswith(OURS)


async def test_only_a_token_of_ours_is_ever_shown() -> None:
    assert OURS == tokens.BEGINNING
    assert shown(Secret(text := tokens.new())) == text
    with pytest.raises(ValueError, match="no token"):
        shown(Secret("sk-proj-0123456789"))


# -- without a tray ---------------------------------------------------------------------------------


async def test_a_command_switches_it_on_for_later_and_has_the_first_token_made(house: House) -> None:
    house.prepare()
    reply = await asyncio.to_thread(alone, SwitchGateway(True), house.paths, env=house.env, keyring=house.keyring)
    assert (reply.ok, "as soon as trayapp runs" in reply.text) == (True, True)
    settings, state = house.stored()
    assert (settings.gateway, [it.name for it in state.tokens]) == (True, ["first"])
    assert list(house.keyring.entries) == [slot("first")]


async def test_a_command_makes_no_token_that_nobody_would_ever_see(house: House) -> None:
    house.prepare()
    house.keyring.state = KeyringState.NO_SERVICE
    reply = await asyncio.to_thread(alone, SwitchGateway(True), house.paths, env=house.env, keyring=house.keyring)
    assert (reply.ok, house.stored()[1].tokens) == (True, ())


def test_a_token_made_by_a_command_is_known_by_its_digest_and_read_back(house: House) -> None:
    house.prepare()
    digest, secret = token_keeping.made()
    reply = alone(NewToken("editor", digest), house.paths, env=house.env, keyring=house.keyring)
    assert (reply.ok, house.stored()[1].tokens[0].sha256) == (True, digest)
    assert token_keeping.keep("editor", secret, house.env, keyring=house.keyring) is Kept.KEYRING
    found = token_keeping.first_of(["gone", "editor"], house.env, keyring=house.keyring)
    assert tokens.named(shown(found), {"editor": digest}) == "editor"
    with pytest.raises(UserError, match="--new"):
        token_keeping.first_of(["gone"], house.env, keyring=house.keyring)
    house.keyring.state = house.keyring.answer = KeyringState.DENIED
    with pytest.raises(UserError, match="not unlocked"):
        token_keeping.first_of(["editor"], house.env, keyring=house.keyring)


def test_what_is_no_digest_is_refused(house: House) -> None:
    house.prepare()
    reply = alone(NewToken("editor", "abc"), house.paths, env=house.env, keyring=house.keyring)
    assert (reply.ok, house.stored()[1].tokens) == (False, ())
