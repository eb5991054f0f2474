"""The gateway in the whole program: switched on and off, moved, kept from its port, and followed by tools."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.app.gateway_scene import CHAT, answering, begun, chat, first_token, free_port, listens, said, until
from tests.app.house import GROQ, KEY, SERVER, House, at, ref, slot_of
from tests.support.ollama import FakeModel, FakeOllama
from tests.support.timeloop import LoopClock
from tests.support.upstream import Reply as Answer
from tests.support.upstream import Sent
from trayapp.app.perform import perform
from trayapp.app.start import Started
from trayapp.core.accounts import Account
from trayapp.core.errors import Kind
from trayapp.core.intents import PickModel, SwitchGateway
from trayapp.core.listings import Source
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.gateway.status import GatewayState, Status


def replaced(settings: Settings, **changes: object) -> Settings:
    return msgspec.structs.replace(settings, **changes)


async def test_until_it_is_switched_on_it_is_off_and_has_no_token(house: House) -> None:
    house.prepare()
    async with begun(house) as app:
        assert app.gateway.status.value == Status()
        assert app.gateway.tokens.all == ()


async def test_switched_on_it_listens_makes_the_first_token_and_says_where(house: House) -> None:
    port = free_port()
    house.prepare(gateway_port=port)
    async with begun(house) as app:
        reply = await perform(app, SwitchGateway(True), told=False)
        assert (reply.ok, listens(app), app.gateway.status.value.port) == (True, True, port)
        assert f"http://127.0.0.1:{port}/v1" in reply.text
        assert [it.name for it in app.state.value.tokens] == ["first"]
    settings, state = house.stored()
    assert settings.gateway
    assert list(house.keyring.entries) == ["Gateway@first"]
    assert house.keyring.entries["Gateway@first"] not in msgspec.json.encode(state).decode()


async def test_a_tool_that_asks_for_anything_gets_the_model_chosen_in_the_tray(house: House) -> None:
    port = free_port()
    async with answering("From the one.") as one, answering("From the other.") as other:
        first = at(SERVER, one)
        second = msgspec.structs.replace(at(SERVER, other), id="second")
        house.prepare(first, second, state=State(active=ref("server", "a")), gateway=True, gateway_port=port)
        async with begun(house) as app:
            token = await first_token(app)
            assert said(await chat(port, token, "gpt-4o")) == "From the one."
            await perform(app, PickModel(ref("second", "b")), told=False)
            assert said(await chat(port, token, "gpt-4o")) == "From the other."
            assert said(await chat(port, token, "server/x")) == "From the one."


async def test_a_menu_that_is_opened_tells_what_was_used_today(house: House) -> None:
    port = free_port()
    async with answering() as url:
        state = State(active=ref("server", "a"))
        house.prepare(at(SERVER, url), state=state, gateway=True, gateway_port=port)
        async with begun(house) as app:
            token = await first_token(app)
            await chat(port, token, "gpt-4o")
            await chat(port, token, "gpt-4o")

            async def counted() -> bool:
                app.gateway.looked_at()
                await asyncio.sleep(0.05)
                return app.gateway.line.value.startswith("Today: 2 requests, 14 tokens")

            for _turn in range(100):
                if await counted():
                    break
            assert app.gateway.line.value == "Today: 2 requests, 14 tokens"


async def test_the_key_goes_upstream_and_the_token_does_not(house: House) -> None:
    port = free_port()
    upstream = answering()
    async with upstream as url:
        groq = at(GROQ, url)
        state = msgspec.structs.replace(house.keyed(groq), active=ref("groq", "llama"))
        house.prepare(groq, state=state, gateway=True, gateway_port=port)
        async with begun(house) as app:
            token = await first_token(app)
            for _time in range(2):  # read from the keyring, then from memory
                said(await chat(port, token))
    sent = [it for it in upstream.requests if it.method == "POST"]
    assert [it.headers["authorization"] for it in sent] == [f"Bearer {KEY}"] * 2
    assert token not in str(sent)
    assert house.keyring.names().count("read") == 2  # the token, for this test, and the key


async def test_a_locked_keyring_is_said_and_never_prompts(house: House) -> None:
    port = free_port()
    async with answering() as url:
        groq = at(GROQ, url)
        state = msgspec.structs.replace(house.keyed(groq), active=ref("groq", "llama"))
        house.prepare(groq, state=state, gateway=True, gateway_port=port)
        async with begun(house) as app:
            token = await first_token(app)
            house.keyring.state = type(house.keyring.state).LOCKED
            answer = await chat(port, token)
    assert answer.status_code >= 400
    assert "keyring is locked" in answer.text
    assert "unlock" not in house.keyring.names()


async def test_a_key_that_is_refused_shows_in_the_menu(house: House) -> None:
    port = free_port()
    refused = Answer(status=401, body={"error": {"message": "Invalid API Key", "code": "invalid_api_key"}})
    async with answering(**{CHAT: refused}) as url:
        groq = at(GROQ, url)
        house.listed(groq, "llama")
        state = msgspec.structs.replace(house.keyed(groq), active=ref("groq", "llama"))
        house.prepare(groq, state=state, gateway=True, gateway_port=port)
        async with begun(house) as app:
            answer = await chat(port, await first_token(app))
            await asyncio.sleep(0.05)
            listing = app.catalog.listings.value["groq"]
            assert (answer.status_code, listing.failure and listing.failure.kind) == (401, Kind.REFUSED)
            assert listing.source is not Source.API


async def test_switched_off_nobody_is_let_in_and_on_again_it_is_as_before(house: House) -> None:
    port = free_port()
    async with answering() as url:
        house.prepare(at(SERVER, url), state=State(active=ref("server", "a")), gateway=True, gateway_port=port)
        async with begun(house) as app:
            token = await first_token(app)
            assert (await perform(app, SwitchGateway(False), told=False)).ok
            assert app.gateway.status.value.state is GatewayState.OFF
            with pytest.raises(httpx.NetworkError):  # another program may have come to the port meanwhile
                await chat(port, token)
            assert (await perform(app, SwitchGateway(True), told=False)).ok
            assert said(await chat(port, token)) == "Hello."


async def test_an_answer_under_way_is_finished_when_it_is_switched_off(house: House) -> None:
    port = free_port()
    slow = Answer(body=b'{"choices":[{"message":{"content":"slowly"}}]}', drip=0.05, piece=8)
    upstream = answering(**{CHAT: slow})
    async with upstream as url:
        house.prepare(at(SERVER, url), state=State(active=ref("server", "a")), gateway=True, gateway_port=port)
        async with begun(house) as app:
            asking = asyncio.ensure_future(chat(port, await first_token(app)))
            await until(lambda: upstream.requests)
            await perform(app, SwitchGateway(False), told=False)
            assert not asking.done()
            assert said(await asking) == "slowly"


async def test_at_the_end_the_port_is_free_before_the_last_answer_is_finished(house: House) -> None:
    port = free_port()
    slow = Answer(body=b'{"choices":[{"message":{"content":"slowly"}}]}', drip=0.05, piece=8)
    upstream = answering(**{CHAT: slow})
    async with upstream as url:
        house.prepare(at(SERVER, url), state=State(active=ref("server", "a")), gateway=True, gateway_port=port)
        async with house.opened() as app:
            started = Started(app, None, watch=unwatched)
            started.begin()
            await app.gateway.settled()
            asking = asyncio.ensure_future(chat(port, await first_token(app)))
            await until(lambda: CHAT in upstream.paths())
            started.end()
            await asyncio.sleep(0.05)
            with socket.create_server(("127.0.0.1", port)):
                assert not asking.done()
        assert said(await asking) == "slowly"


async def unwatched(*_args: object, ready: object = None) -> None:
    """A computer to which nothing happens."""


async def test_another_port_holds_at_once(house: House) -> None:
    old, new = free_port(), free_port()
    async with answering() as url:
        house.prepare(at(SERVER, url), state=State(active=ref("server", "a")), gateway=True, gateway_port=old)
        async with begun(house) as app:
            token = await first_token(app)
            await app.prefer(lambda it: replaced(it, gateway_port=new))
            await app.gateway.settled()
            assert app.gateway.status.value.port == new
            assert said(await chat(new, token)) == "Hello."
            with pytest.raises(httpx.ConnectError):
                await chat(old, token)


async def test_a_port_that_is_taken_names_its_holder_and_is_taken_again_when_it_is_free(house: House) -> None:
    port = free_port()
    house.clock.hold()
    house.prepare(gateway=True, gateway_port=port)
    with socket.create_server(("127.0.0.1", port)):
        async with begun(house) as app:
            status = app.gateway.status.value
            assert (status.state, status.port) == (GatewayState.FAILED, port)
            assert f"Port {port} is in use by" in status.problem
            assert "choose another port in Settings" in status.problem
            again = await perform(app, SwitchGateway(True), told=False)
            assert (again.ok, again.text) == (False, app.gateway.status.value.problem)
    async with begun(house) as app:
        assert listens(app)


async def test_it_is_tried_again_every_minute_without_a_word(house: House) -> None:
    port = free_port()
    house.clock.hold()
    house.prepare(gateway=True, gateway_port=port)
    seen = []
    async with house.opened() as app:
        app.gateway.status.listen(lambda status: seen.append(status.state))
        with socket.create_server(("127.0.0.1", port)):
            app.gateway.begin()
            await app.gateway.settled()
            await asyncio.sleep(0)
            house.clock.advance(60)
            await asyncio.sleep(0.01)
            await app.gateway.settled()
        await asyncio.sleep(0)
        house.clock.advance(60)
        await until(lambda: listens(app))
    assert seen == [GatewayState.STARTING, GatewayState.FAILED, GatewayState.FAILED, GatewayState.LISTENING]


async def test_origins_and_open_paths_hold_from_the_next_request_on(house: House) -> None:
    port = free_port()
    house.prepare(gateway=True, gateway_port=port)
    async with begun(house) as app, httpx.AsyncClient(trust_env=False) as http:
        url = f"http://127.0.0.1:{port}/api/version"
        page = {"Origin": "app://obsidian.md"}
        assert (await http.get(url)).status_code == 401
        await app.prefer(lambda it: replaced(it, gateway_without_token=("/api/*",)))
        assert (await http.get(url)).status_code == 200
        assert (await http.get(url, headers=page)).status_code == 403
        await app.prefer(lambda it: replaced(it, gateway_origins=("app://obsidian.md/",)))
        assert (await http.get(url, headers=page)).status_code == 200


async def test_what_answered_is_shown_soon_and_not_for_every_request(house: House) -> None:
    port = free_port()
    async with answering() as url:
        house.prepare(at(SERVER, url), state=State(active=ref("server", "a")), gateway=True, gateway_port=port)
        async with begun(house) as app:
            shown: list[Status] = []
            app.gateway.status.listen(shown.append)
            token = await first_token(app)
            for _time in range(20):
                said(await chat(port, token))
            await asyncio.sleep(0.4)
            now = app.gateway.status.value
            assert (now.served, now.why, now.active) == ("server/a", "tray", 0)
            assert len(shown) <= 8
            totals = None
            while totals is None or totals.requests < 20:  # the figures are written behind the requests
                await asyncio.sleep(0.05)
                totals = await app.gateway.today()
            assert (totals.requests, totals.failed, totals.input, totals.output) == (20, 0, 100, 40)


async def test_a_picked_model_finds_a_connection_ready(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    # servers of this computer need no warming, so for this test none counts as one
    monkeypatch.setattr("trayapp.app.gateway_works.loopback", lambda _url: False)
    port = free_port()
    upstream = answering()
    async with upstream as url:
        house.prepare(at(SERVER, url), gateway=True, gateway_port=port)
        async with begun(house) as app:
            await perform(app, PickModel(ref("server", "a")), told=False)
            await until(lambda: upstream.requests)
            said(await chat(port, await first_token(app)))
    assert [it.method for it in upstream.requests] == ["HEAD", "POST"]
    assert upstream.connections == 1
    assert isinstance(upstream.requests[0], Sent)
    assert "authorization" not in upstream.requests[0].headers


async def test_after_a_sleep_new_connections_are_made_and_answers_under_way_are_finished(house: House) -> None:
    port = free_port()
    slow = Answer(body=b'{"choices":[{"message":{"content":"slowly"}}]}', drip=0.05, piece=8)
    quick = Answer(body={"choices": [{"message": {"content": "quick"}}]})
    upstream = answering(**{CHAT: [quick, slow, quick]})
    async with upstream as url:
        house.prepare(at(SERVER, url), state=State(active=ref("server", "a")), gateway=True, gateway_port=port)
        async with begun(house) as app:
            token = await first_token(app)
            said(await chat(port, token))
            asking = asyncio.ensure_future(chat(port, token))
            await until(lambda: len(upstream.requests) == 2)
            app.gateway.network_changed()
            await asyncio.sleep(0.1)
            assert said(await asking) == "slowly"
            assert upstream.connections == 1
            assert said(await chat(port, token)) == "quick"
            assert upstream.connections == 2


async def test_a_local_model_is_loaded_with_its_lease_before_it_is_asked(tmp_path: Path) -> None:
    port, house = free_port(), House(tmp_path, LoopClock())  # type: ignore[arg-type]  # nobody sets this one
    async with FakeOllama(FakeModel(name="llama3.2", load=0.1)) as server:
        ollama = at(Account("ollama", "ollama"), server.url)
        state = State(active=ref("ollama", "llama3.2"), strategy="ram")
        house.prepare(ollama, state=state, gateway=True, gateway_port=port)
        async with begun(house) as app:
            app.local.begin()
            assert (await chat(port, await first_token(app))).status_code == 200
            asked = [it.path for it in server.log if it.method == "POST" and it.path != "/api/show"]
            assert asked[0] == "/api/generate"  # the load, with nothing to say
            assert "chat" in asked[-1]
            headers = {"Authorization": f"Bearer {await first_token(app)}"}
            async with httpx.AsyncClient(trust_env=False, headers=headers) as http:
                told = (await http.get(f"http://127.0.0.1:{port}/api/llm/stats")).json()
            assert told["loaded_models"] == ["llama3.2:latest"]


async def test_an_account_that_is_moved_has_no_key_at_its_new_address(house: House) -> None:
    port = free_port()
    async with answering() as old, answering() as new:
        groq = at(GROQ, old)
        state = msgspec.structs.replace(house.keyed(groq), active=ref("groq", "llama"))
        house.prepare(groq, state=state, gateway=True, gateway_port=port)
        async with begun(house) as app:
            token = await first_token(app)
            said(await chat(port, token))
            moved = at(GROQ, new)
            assert slot_of(moved) != slot_of(groq)
            others = tuple(it for it in app.settings.value.accounts if it.id != "groq")
            await app.prefer(lambda it: replaced(it, accounts=(*others, moved)))
            answer = await chat(port, token)
    assert answer.status_code >= 400
    assert "no key" in answer.text
