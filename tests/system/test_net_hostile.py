"""Connections that are not to be trusted, proxies that refuse, addresses that point elsewhere: each in a sentence.

What the provider's list, the local server, the catalogue and the gateway say is looked at side by side.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support.certificates import Authority
from tests.support.clock import FakeClock
from tests.support.upstream import Reply, Sent, Upstream
from trayapp.catalog.update import update
from trayapp.core.accounts import Account
from trayapp.core.errors import ProviderError
from trayapp.core.secret import Secret
from trayapp.gateway.limits import Patience
from trayapp.gateway.relay import Ask, Relay
from trayapp.local.ollama import Ollama
from trayapp.local.residency import ServerState
from trayapp.providers.client import Verdict, check_key, list_models
from trayapp.providers.spec import Timeouts
from trayapp.providers.table import spec
from trayapp.system.net import Net, relay_context, relay_session
from trayapp.system.proxies import Proxies, of_the_system

KEY = Secret("k3y-of-the-tests-0123456789abcdefXYZ")
SHORT = Timeouts(connect=2.0, receive=2.0, pool=2.0, retries=0, base_delay=0.1)
MODELS = {"object": "list", "data": [{"id": "gpt-5", "object": "model"}]}
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux, where SSL_CERT_FILE counts")


class Secured(Upstream):
    """The scripted server behind TLS. Who does not trust it is not heard."""

    def __init__(self, script: Callable[[Sent], Reply], context: ssl.SSLContext) -> None:
        super().__init__(script)
        self._context = context

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._context)
        self.url = f"https://localhost:{self._server.sockets[0].getsockname()[1]}"
        return self.url


class Proxy:
    """Leads every CONNECT to one port of this computer, and notes what it was told."""

    def __init__(self, port: int) -> None:
        self._port, self.heard = port, list[bytes]()
        self._talks: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def at(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._met, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for talk in self._talks:
                talk.cancel()
            await asyncio.gather(*self._talks, return_exceptions=True)

    def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._talks.add(asyncio.get_running_loop().create_task(self._talk(reader, writer), name="proxy"))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard.append(await reader.readuntil(b"\r\n\r\n"))
        there, onward = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            await asyncio.gather(_poured(reader, onward, self.heard), _poured(there, writer, []))
        finally:
            writer.close()
            onward.close()


async def _poured(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, heard: list[bytes]) -> None:
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(2**16):
            heard.append(piece)
            writer.write(piece)
        writer.close()


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))  # as a company's computer has its own
    return made


@contextlib.asynccontextmanager
async def opened() -> AsyncIterator[Net]:
    net = Net()
    try:
        yield net
    finally:
        await net.close()
        await _closed()


async def listed(url: str) -> str:
    """What the provider's header and tooltip are made of."""
    async with opened() as net:
        account, http = Account("a", "openai", base_url=url), await net.client()
        with pytest.raises(ProviderError) as caught:
            await list_models(spec("openai"), http, account=account, key=KEY, timeouts=SHORT)
    assert KEY.reveal() not in str(caught.value)
    return f"{caught.value.failure.kind}: {caught.value.failure.detail}"


async def relayed(url: str, proxies: Proxies | None = None) -> str:
    """What a tool is told by the gateway."""
    context = await asyncio.to_thread(relay_context)
    async with await relay_session(context) as session:
        relay = Relay(session, proxy=(proxies or Proxies()).for_url, patience=Patience(connect=2.0))
        headers = {"Authorization": f"Bearer {KEY.reveal()}"}
        with pytest.raises(ProviderError) as caught:
            await relay.ask(Ask(url=url + "/chat/completions", headers=headers, body=b"{}", provider="a"))
    await _closed()
    assert KEY.reveal() not in str(caught.value)
    return f"{caught.value.failure.kind}: {caught.value.failure.detail}"


async def _closed() -> None:
    """Connections that were given up close one turn of the loop after the other."""
    for _ in range(10):
        await asyncio.sleep(0)


def answering(_sent: Sent) -> Reply:
    return Reply(body=MODELS)


CLOCK = "Look whether this computer's clock is right."
ITSELF = "its certificate is signed by nobody but itself. If it is your own, add it to this computer's."


@pytest.mark.parametrize(
    ("names", "days", "signed", "why"),
    [
        ("localhost", (-1, 1), False, ITSELF),
        ("localhost", (-3, -1), True, f"its certificate has expired. {CLOCK}"),
        ("localhost", (1, 3), True, f"its certificate is not valid yet. {CLOCK}"),
        ("elsewhere.test", (-1, 1), True, "its certificate is for another name. Check the address."),
    ],
    ids=["signed by itself", "expired", "not valid yet", "for another host"],
)
async def test_a_certificate_that_does_not_hold_is_told_plainly_and_the_key_stays_here(
    names: str, days: tuple[int, int], signed: bool, why: str, authority: Authority
) -> None:
    server = Secured(answering, authority.server(names, days=days, signed=signed))
    async with server as url:
        sentence = f"tls: No secure connection to {url.removeprefix('https://')}: {why}"
        assert await listed(url) == sentence
        assert await relayed(url) == sentence
    assert server.requests == []


async def test_an_authority_that_nobody_added_is_told_with_what_to_do(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(Authority(other).file))
    server = Secured(answering, authority.server("localhost"))
    async with server as url:
        why = "nobody vouches for it whom this computer knows. Behind a company's proxy, add its certificate to this"
        told = await listed(url), await relayed(url)
        assert all(it == f"tls: No secure connection to {url[8:]}: {why} computer's." for it in told)
    assert server.requests == []


async def test_where_there_is_no_tls_the_address_is_doubted(authority: Authority) -> None:
    async def plain(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    async with server:
        secure = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        why = "there is no TLS at this address. Check whether it begins with http:// and which port it has."
        assert await listed(secure) == f"tls: No secure connection to {secure[8:]}: {why}"
        assert await relayed(secure) == f"tls: No secure connection to {secure[8:]}: {why}"


async def test_a_certificate_that_the_system_knows_is_trusted_everywhere(authority: Authority) -> None:
    async with Secured(answering, authority.server("localhost")) as url, opened() as net:
        account = Account("a", "openai", base_url=url)
        found = await list_models(spec("openai"), await net.client(), account=account, key=KEY, timeouts=SHORT)
        assert [it.id for it in found.entries] == ["gpt-5"]
        context = await asyncio.to_thread(relay_context)
        async with await relay_session(context) as session, session.get(url + "/models") as answer:
            assert answer.status == 200
        await _closed()


async def test_a_local_server_and_the_catalogue_say_the_same(
    authority: Authority, tmp_path: Path, clock: FakeClock
) -> None:
    async with Secured(answering, authority.server("localhost", days=(-3, -1))) as url, opened() as net:
        standing = await Ollama(net.client, url, clock).stand()
        assert standing.state is ServerState.UNREACHABLE
        assert "its certificate has expired." in standing.detail
        urls = {"models.dev": url + "/api.json", "OpenRouter": url + "/models"}
        report = await update(await net.client(), tmp_path, clock, shipped=tmp_path / "none", urls=urls)
    assert not report.ok
    assert report.text.splitlines()[0] == (
        "models.dev gave nothing new: there is no secure connection: its certificate has expired. "
        "Look whether this computer's clock is right. The shipped catalogue stays in use."
    )


# -- proxies ---------------------------------------------------------------------------------------


async def test_a_proxy_carries_everything_and_can_read_none_of_it(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: FakeClock
) -> None:
    server = Secured(answering, authority.server("api.test"))
    base, connected = "https://api.test/v1", b"CONNECT api.test:443 HTTP/1.1\r\n"
    async with server as url:
        proxy = Proxy(int(url.rpartition(":")[2]))
        async with proxy.at() as address, opened() as net:
            monkeypatch.setenv("HTTPS_PROXY", address)
            monkeypatch.setenv("NO_PROXY", "inside.test,fd00::/8")
            account, http = Account("a", "openai", base_url=base), await net.client()
            found = await list_models(spec("openai"), http, account=account, key=KEY, timeouts=SHORT)
            assert [it.id for it in found.entries] == ["gpt-5"]
            checked = await check_key(spec("openai"), http, account=account, key=KEY, timeouts=SHORT)
            assert checked.verdict is Verdict.GOOD
            urls = dict.fromkeys(("models.dev", "OpenRouter"), f"{base}/models")
            await update(http, tmp_path, clock, shipped=tmp_path / "none", urls=urls)
            await Ollama(net.client, "https://api.test", clock).stand()
            asked = len(server.requests)
            assert asked >= 5
            context = await asyncio.to_thread(relay_context)
            async with await relay_session(context) as session:
                ask = Ask(url=f"{base}/models", headers={"Authorization": f"Bearer {KEY.reveal()}"}, body=b"{}")
                assert (await Relay(session, proxy=of_the_system().for_url).ask(ask)).at_hand() is not None
            await _closed()
            told = await listed("https://inside.test/v1")
            assert told == "unreachable: No connection to inside.test."
    assert len(server.requests) == asked + 1
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY.reveal()}"
    assert sum(it.startswith(connected) for it in proxy.heard) >= 2
    assert not any(it.startswith(b"CONNECT") and not it.startswith(connected) for it in proxy.heard)
    assert KEY.reveal().encode() not in b"".join(proxy.heard)


@pytest.mark.parametrize("status", [403, 407, 502])
async def test_a_proxy_that_refuses_is_named_and_its_password_is_not(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Upstream(lambda _sent: Reply(status=status)) as url:
        address = url.replace("//", "//user:pass-of-the-proxy@")
        monkeypatch.setenv("HTTPS_PROXY", address)
        told = "unreachable: The proxy of the system lets nothing through to api.test."
        assert await listed("https://api.test/v1") == told
        assert await relayed("https://api.test/v1", Proxies({"https": address})) == told


@pytest.mark.parametrize("address", ["socks5://user:secret@127.0.0.1:1080", "ftp://user:secret@proxy"])
async def test_a_proxy_that_cannot_be_used_is_said_and_not_gone_around(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", address)
    told = await listed("https://api.test/v1")
    assert told == "unreachable: The proxy of the system cannot be used. Give it an address with http://."
    told = await relayed("https://api.test/v1", Proxies({"all": address}))
    kind = address.partition(":")[0]
    assert told == f"unreachable: The proxy of the system cannot be used: it is of the kind “{kind}”."


# -- redirects -------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_whoever_points_elsewhere_is_not_followed_and_the_key_is_not_taken_along(
    status: int, tmp_path: Path, clock: FakeClock
) -> None:
    other = Upstream(answering)
    async with other as there:
        where = there.replace("127.0.0.1", "localhost")
        pointing = Upstream(lambda _sent: Reply(status=status, headers={"location": f"{where}/v1/models?key=x"}))
        async with pointing as url, opened() as net:
            told = "garbled: The provider points to localhost instead of answering: check the address."
            assert await listed(url) == told
            assert await relayed(url) == told
            account = Account("a", "openai", base_url=url)
            checked = await check_key(spec("openai"), await net.client(), account=account, key=KEY, timeouts=SHORT)
            assert checked.verdict is Verdict.UNSURE
            assert (await Ollama(net.client, url, clock, {"Authorization": "Bearer x"}).stand()).state is not (
                ServerState.RUNNING
            )
            urls = dict.fromkeys(("models.dev", "OpenRouter"), url)
            report = await update(await net.client(), tmp_path, clock, shipped=tmp_path / "none", urls=urls)
            assert f"it answered with status {status}" in report.text
        assert len(pointing.requests) >= 6
    assert other.requests == []


@pytest.mark.parametrize(
    "where", ["https:x", "http://[::1", "https://a\x80b", "//", "\xff", "http://" + "a" * 9_000, "data:,x"]
)
async def test_an_address_that_is_none_in_a_redirect_is_an_unreadable_answer_and_no_accident(where: str) -> None:
    async with Upstream(lambda _sent: Reply(status=302, headers={"location": where})) as url:
        assert (await listed(url)).startswith("garbled: ")
        assert (await relayed(url)).startswith("garbled: ")


async def test_no_cookie_is_taken_or_sent() -> None:
    server = Upstream(lambda _sent: Reply(body=MODELS, headers={"set-cookie": "a=b; Path=/"}))
    async with server as url, opened() as net:
        client = await net.client()
        for _ in range(2):
            await list_models(
                spec("openai"), client, account=Account("a", "openai", base_url=url), key=KEY, timeouts=SHORT
            )
        assert not list(client.cookies.jar)
    assert not any("cookie" in sent.headers for sent in server.requests)
