"""Faults at the program's boundaries, each with the sentence that its user reads; ``tests/FAULTS.md`` is the table."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from keyring import errors

from tests.app.gateway_scene import CHAT, begun, first_token, free_port
from tests.app.house import GROQ, KEY, House, at, do, models, ref, settled, slot_of
from tests.support.timeloop import LoopClock, VirtualLoop
from tests.support.tls import tls
from tests.support.upstream import Reply as Answer
from tests.support.upstream import Upstream
from trayapp.app.start import Started
from trayapp.core.accounts import Account
from trayapp.core.intents import CheckKey, Refresh, RemoveKey, StoreKey
from trayapp.core.secret import Secret
from trayapp.core.settings import Waits
from trayapp.core.state import State
from trayapp.system import keys as keys_module
from trayapp.system.keyrings import KeyringState, Library, Sight

OLD = "list from 1 min ago"
UNREACHABLE = "Groq did not answer. Check the network, then refresh."
NOT_RUNNING = "Groq is not running. Start it and refresh."
GARBLED = "Groq gave an answer that could not be read."
QUICKLY = {"fast": Waits(connect=0.3, receive=0.3, pool=0.3, retries=0)}


def script(**reply: Any) -> Upstream:
    """A server that gives this answer to everything."""
    return Upstream(lambda _sent: Answer(**reply))


LIST = {"data": [{"id": f"m{number}"} for number in range(40)]}
WIRE: dict[str, tuple[Callable[[], Upstream], str, str]] = {
    # fault: who does it, what a refresh says, what the header says; “HOST” stands for the address
    "first byte late": (lambda: script(delay=60), f"{UNREACHABLE} (HOST did not answer in time.)", "no answer"),
    "head alone": (lambda: script(body=LIST, hang=True), f"{UNREACHABLE} (HOST did not answer in time.)", "no answer"),
    "slow body": (
        lambda: script(body=LIST, drip=0.05),
        f"{UNREACHABLE} (HOST did not answer in time.)",
        "no answer",
    ),
    "cut in mid body": (
        lambda: script(body=LIST, cut=50),
        f"{UNREACHABLE} (The connection to HOST broke.)",
        "no answer",
    ),
    "closed at once": (lambda: script(raw=b""), f"{UNREACHABLE} (The connection to HOST broke.)", "no answer"),
    "no HTTP": (
        lambda: script(raw=b"220 mail\r\n\r\n"),
        f"{GARBLED} (What HOST answers is not readable.)",
        "unreadable answer",
    ),
    "no list": (
        lambda: script(body=b"<html>Log in here</html>"),
        f"{GARBLED} (The answer is not a list of models.)",
        "unreadable answer",
    ),
    "error of the server": (lambda: script(status=503, body=b""), UNREACHABLE, "no answer"),
    "too many requests": (
        lambda: script(status=429, body=b""),
        "Groq asks to wait: too many requests, or no credit left.",
        "too many requests",
    ),
    "points elsewhere": (
        lambda: script(status=302, headers={"location": "https://other.invalid/"}),
        GARBLED,
        "unreadable answer",
    ),
}


def told(reply: str, url: str) -> str:
    return reply.replace(url.partition("//")[2].partition("/")[0], "HOST")


async def refreshed(house: House, account: Account) -> tuple[str, str]:
    """What a refresh says of this account, and what stands over its models."""
    house.prepare(account, state=house.keyed(account), timeouts=QUICKLY)
    house.listed(account, "old")
    async with house.opened() as app:
        reply = await do(app, Refresh("groq"))
        assert not reply.ok
        assert [it.label for it in app.catalog.listings.value["groq"].models] == ["old"]
        (section,) = app.view.value.sections
        return told(reply.text.splitlines()[-1], account.base_url), section.title


@pytest.mark.parametrize("fault", list(WIRE))
async def test_a_list_that_does_not_come_is_said_with_its_reason_and_the_last_one_stays(
    fault: str, house: House
) -> None:
    server, sentence, header = WIRE[fault]
    async with server() as url:
        said, title = await refreshed(house, at(GROQ, url))
    assert said.startswith(sentence)
    assert title == f"Groq (1) – {header}, {OLD}"


@pytest.fixture
def nameless(monkeypatch: pytest.MonkeyPatch) -> None:
    """No name has an address."""

    def unknown(*_asked: object, **_named: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)


@pytest.mark.usefixtures("nameless")
async def test_a_name_that_cannot_be_looked_up_is_said(house: House) -> None:
    said, title = await refreshed(house, at(GROQ, "https://api.invalid"))
    assert said == f"{UNREACHABLE} (No connection to HOST.)"
    assert title == f"Groq (1) – no answer, {OLD}"


async def test_a_connection_that_is_refused_is_said(house: House) -> None:
    said, title = await refreshed(house, at(GROQ, "http://127.0.0.1:9"))
    assert said == f"{NOT_RUNNING} (Nothing answers at HOST.)"
    assert title == "Groq (1) – not running"


@contextmanager
def silent_door() -> Iterator[str]:
    """An address where connections are neither taken nor refused: those that wait there fill its queue."""
    with ExitStack() as stack:
        door = stack.enter_context(socket.socket())
        door.bind(("127.0.0.1", 0))
        door.listen(0)
        for _waiting in range(4):
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(door.getsockname())
        yield f"http://127.0.0.1:{door.getsockname()[1]}"


async def test_a_connection_that_nobody_takes_is_given_up_and_said(house: House) -> None:
    with silent_door() as url:
        said, _title = await refreshed(house, at(GROQ, url))
    assert said == f"{NOT_RUNNING} (Nothing answers at HOST.)"


@asynccontextmanager
async def without_tls() -> AsyncIterator[str]:
    """An address of https where something else answers."""

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_connection_that_is_not_secure_is_said(house: House) -> None:
    async with without_tls() as url:
        said, title = await refreshed(house, at(GROQ, url))
    assert said.startswith("The connection to Groq could not be trusted. Check the clock, proxy and certificates.")
    assert "(No secure connection to HOST:" in said
    assert title == f"Groq (1) – connection not trusted, {OLD}"


# -- the gateway --------------------------------------------------------------------------------------

BROKE = (
    "Groq does not answer (The connection to HOST broke). Check the network, or click a model of another"
    " provider in trayapp's menu."
)
ASKED: dict[str, tuple[Callable[[], Upstream], int, str]] = {
    "closed at once": (lambda: script(raw=b""), 502, BROKE),
    "cut in mid body": (lambda: script(body={"x": "y" * 99}, cut=50), 200, ""),
    "no HTTP": (
        lambda: script(raw=b"220 mail\r\n\r\n"),
        502,
        "Groq gave an answer that could not be read (What HOST answers is not readable)."
        " Check its address in Settings… → Providers.",
    ),
    "error of the server": (lambda: script(status=503, body=b""), 503, "The provider answered with status 503."),
    "points elsewhere": (
        lambda: script(status=302, headers={"location": "https://other.invalid/"}),
        502,
        "Groq gave an answer that could not be read (The provider points to other.invalid instead of answering:"
        " check the address). Check its address in Settings… → Providers.",
    ),
}


async def asked(house: House, account: Account) -> httpx.Response:
    """What a tool is answered where this account's model is chosen."""
    port = free_port()
    chosen = State(active=ref("groq", "m"), keyed=house.keyed(account).keyed)
    house.prepare(account, state=chosen, gateway=True, gateway_port=port)
    async with begun(house) as app:
        headers = {"Authorization": f"Bearer {await first_token(app)}"}
        body = {"model": "current", "messages": [{"role": "user", "content": "Hi"}]}
        async with httpx.AsyncClient(trust_env=False, timeout=20, verify=tls()) as http:
            return await http.post(f"http://127.0.0.1:{port}{CHAT}", json=body, headers=headers)


@pytest.mark.parametrize("fault", list(ASKED))
async def test_a_tool_whose_request_fails_is_told_why_and_what_to_do(fault: str, house: House) -> None:
    server, status, sentence = ASKED[fault]
    async with server() as url:
        if status == 200:  # its head has come already: the body stays short, so that nobody takes it for whole
            with pytest.raises(httpx.RemoteProtocolError):
                await asked(house, at(GROQ, url))
            return
        answer = await asked(house, at(GROQ, url))
    assert answer.status_code == status
    assert told(answer.json()["error"]["message"], url) == sentence


async def test_a_tool_is_told_of_a_server_that_does_not_run(house: House) -> None:
    answer = await asked(house, at(GROQ, "http://127.0.0.1:9"))
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        503,
        "Groq is not running (Nothing answers at 127.0.0.1:9). Start it, or click a model of another provider in"
        " trayapp's menu.",
    )


async def test_a_tool_is_told_of_a_provider_whose_name_cannot_be_looked_up(house: House) -> None:
    answer = await asked(house, at(GROQ, "https://api.invalid"))
    assert answer.json()["error"]["message"] == (
        "Groq does not answer (No connection to api.invalid). Check the network, or click a model of another"
        " provider in trayapp's menu."
    )


async def test_a_tool_is_told_of_a_connection_that_is_not_secure(house: House) -> None:
    async with without_tls() as url:
        answer = await asked(house, at(GROQ, url))
    message = answer.json()["error"]["message"]
    assert message.startswith("The connection to Groq could not be trusted (No secure connection to ")
    assert message.endswith("Check this computer's clock, its proxy and its certificates.")


# -- the keyring --------------------------------------------------------------------------------------

DENIED = "The keyring was not unlocked, so the key cannot be read. Try again to be asked once more."
NO_KEYRING = "This system offers no keyring, so keys last until you quit. Install one, such as GNOME Keyring."
REFUSED = "The keyring refused the request."
RAISED: list[tuple[Exception, str]] = [
    (errors.KeyringLocked("asked"), DENIED),
    (errors.InitError("no bus"), f"{NO_KEYRING} (The keyring could not be opened.)"),
    (errors.NoKeyringError("none"), f"{NO_KEYRING} (The keyring could not be opened.)"),
    (errors.PasswordSetError("full"), f"{NO_KEYRING} ({REFUSED})"),
    (errors.PasswordDeleteError("kept"), f"{NO_KEYRING} ({REFUSED})"),
    (errors.KeyringError("else"), f"{NO_KEYRING} ({REFUSED})"),
    (OSError(5, "Input/output error"), f"{NO_KEYRING} ({REFUSED})"),
]


@pytest.mark.parametrize(("raised", "sentence"), RAISED, ids=[type(it[0]).__name__ for it in RAISED])
async def test_every_error_of_a_keyring_is_said_and_no_key_is_lost_or_written_elsewhere(
    raised: Exception, sentence: str, house: House
) -> None:
    house.prepare(at(GROQ, "http://127.0.0.1:9"), state=State(keyed=(slot_of(at(GROQ, "http://127.0.0.1:9")),)))

    def fails(*_asked: str) -> None:
        raise raised

    backend = SimpleNamespace(get_password=fails, set_password=fails, delete_password=fails)
    house.keyring = Library(backend, errors, lambda: Sight(KeyringState.OK))  # type: ignore[assignment]
    async with house.opened() as app:
        for intent in (Refresh("groq"), CheckKey("groq"), RemoveKey("groq")):
            reply = await do(app, intent)
            assert not reply.ok
            assert reply.text.endswith(sentence)
        kept = await do(app, StoreKey("groq", Secret(KEY), check=False))
        assert kept.ok
        assert kept.text.startswith("Key held until you quit.")
        assert kept.data == {"kept": "session"}
        assert app.keychain.kept(app.account("groq")) == "session"
    assert not [path for path in house.files() if KEY.encode() in path.read_bytes()]


@pytest.mark.leaves_threads("the call that hangs is let go when the test is over")
async def test_a_keyring_that_hangs_is_given_up_and_said(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_module, "QUICK", 0.05)
    account = at(GROQ, "http://127.0.0.1:9")
    house.prepare(account, state=house.keyed(account))
    async with house.opened() as app:
        with house.keyring.hanging("read"):
            reply = await do(app, Refresh("groq"))
        assert (reply.ok, reply.text.splitlines()[-1]) == (False, f"{NO_KEYRING} (The keyring does not answer.)")
        assert app.view.value.sections[0].title.endswith("– no keyring, shipped list")
        reply = await do(app, Refresh("groq"))
        assert reply.text.splitlines()[-1].startswith(NOT_RUNNING)


# -- the process --------------------------------------------------------------------------------------


@pytest.mark.virtual_time
@pytest.mark.timeout_s(30)
async def test_a_process_that_was_suspended_for_an_hour_goes_on_as_if_it_had_just_looked(house: House) -> None:
    house.clock = LoopClock()  # type: ignore[assignment]
    server = Upstream({"/v1/models": [models("old"), models("new")]})
    async with server as url:
        account = at(GROQ, url)
        house.prepare(account, state=house.keyed(account), provider_ttl_overrides={"groq": 600})
        async with house.opened() as app:
            started = Started(app, None, watch=nobody)
            started.begin()
            await settled(app)
            assert [it.label for it in app.catalog.listings.value["groq"].models] == ["old"]
            assert app.keychain.held(account) == Secret(KEY)

            loop = asyncio.get_running_loop()
            assert isinstance(loop, VirtualLoop)
            loop._virtual += 3600  # nothing ran meanwhile, and everything is due at once
            await asyncio.sleep(20)
            await settled(app)

            assert [it.label for it in app.catalog.listings.value["groq"].models] == ["new"]
            assert [it.title for it in app.view.value.sections] == ["Groq (1) – updated just now"]
            assert house.keyring.names().count("read") == 2, "the copy in memory was too old to be used"
            assert len(server.requests) == 2
            started.end()


async def nobody(*_asked: object, **_named: object) -> None:
    """There is no service that tells of sleep and network."""
