"""One client for everybody: connections used again, certificates read elsewhere, no way around a proxy."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import subprocess
import sys
import threading
from collections.abc import AsyncIterator

import httpx
import pytest
import truststore

from trayapp.core.version import VERSION
from trayapp.system import net
from trayapp.system.net import Net


class Server:
    """Answers every request on as few connections as it is given, and counts both."""

    def __init__(self, answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") -> None:
        self.answer = answer
        self.accepted = 0
        self.requests: list[bytes] = []
        self.open: set[asyncio.StreamWriter] = set()
        self.serving: set[asyncio.Task[None] | None] = set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        self.serving.add(asyncio.current_task())
        self.open.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                self.requests.append(await reader.readuntil(b"\r\n\r\n"))
                await asyncio.sleep(0)
                writer.write(self.answer)
        self.open.discard(writer)
        writer.close()

    @contextlib.asynccontextmanager
    async def at(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        server.close()
        for writer in self.open:
            writer.close()
        await asyncio.gather(*(it for it in self.serving if it))


@contextlib.asynccontextmanager
async def opened() -> AsyncIterator[Net]:
    it = Net()
    try:
        yield it
    finally:
        await it.close()


async def test_there_is_one_client_however_many_ask_at_once() -> None:
    async with opened() as it:
        clients = await asyncio.gather(*(it.client() for _ in range(20)))
        assert len({id(client) for client in clients}) == 1


async def test_connections_are_used_again() -> None:
    server = Server()
    async with server.at() as url, opened() as it:
        for _ in range(30):
            client = await it.client()
            assert (await client.get(url)).status_code == 200
        assert (server.accepted, len(server.requests)) == (1, 30)


async def test_idle_connections_are_kept_up_to_a_bound() -> None:
    server = Server()
    async with server.at() as url, opened() as it:
        client = await it.client()
        await asyncio.gather(*(client.get(url) for _ in range(net.IDLE_CONNECTIONS + 22)))
        assert server.accepted > net.IDLE_CONNECTIONS
        for _ in range(100):
            await asyncio.sleep(0.005)
            if len(server.open) <= net.IDLE_CONNECTIONS:
                break
        assert 0 < len(server.open) <= net.IDLE_CONNECTIONS
        before = server.accepted
        await asyncio.gather(*(client.get(url) for _ in range(net.IDLE_CONNECTIONS)))
        assert server.accepted == before


async def test_certificates_are_read_in_a_thread_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    real = truststore.SSLContext

    def noted(*arguments: int) -> ssl.SSLContext:
        made.append(threading.current_thread().name)
        return real(*arguments)

    def forbidden(*_: object, **__: object) -> None:
        pytest.fail("httpx made a context of its own, 20 ms on the loop")

    monkeypatch.setattr(truststore, "SSLContext", noted)
    monkeypatch.setattr(ssl, "create_default_context", forbidden)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    async with opened() as it:
        await it.client()
        await it.reset()
        await it.client()
    assert len(made) == 1
    assert made[0] != threading.main_thread().name


async def test_it_says_who_it_is_and_takes_compressed_answers() -> None:
    server = Server()
    async with server.at() as url, opened() as it:
        await (await it.client()).get(url)
    head = server.requests[0].lower()
    assert f"user-agent: trayapp/{VERSION}\r\n".encode() in head
    assert b"accept-encoding: gzip" in head


async def test_a_redirect_is_not_followed_with_the_key() -> None:
    server = Server(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n")
    async with server.at() as url, opened() as it:
        answer = await (await it.client()).get(url, headers={"Authorization": "Bearer x"})
        assert answer.status_code == 302


async def test_a_proxy_of_the_system_is_used_but_never_for_this_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    server, proxy = Server(), Server()
    async with server.at() as url, proxy.at() as proxy_url:
        for name in ("HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy_url)
        async with opened() as it:
            client = await it.client()
            assert (await client.get(url)).status_code == 200
            assert (await client.get(url.replace("127.0.0.1", "localhost"))).status_code == 200
            assert proxy.requests == []
            assert (await client.get("http://models.test/v1/models")).status_code == 200
    assert len(server.requests) == 2
    assert proxy.requests[0].startswith(b"GET http://models.test/v1/models ")


@pytest.mark.parametrize("address", ["socks5://127.0.0.1:1080", "ftp://proxy", "http://[::1", "://"])
async def test_a_proxy_that_cannot_be_used_is_not_gone_around_and_this_computer_stays_reachable(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server()
    monkeypatch.setenv("ALL_PROXY", address)
    async with server.at() as url, opened() as it:
        client = await it.client()
        assert (await client.get(url)).status_code == 200
        with pytest.raises(httpx.ProxyError, match="proxy"):
            await client.get("http://models.test/v1/models")


async def test_after_a_sleep_old_connections_and_proxies_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    server, proxy = Server(), Server()
    async with server.at() as url, proxy.at() as proxy_url, opened() as it:
        await (await it.client()).get(url)
        monkeypatch.setenv("HTTP_PROXY", proxy_url)
        await it.reset()
        await (await it.client()).get(url)
        await (await it.client()).get("http://models.test/")
        assert (server.accepted, proxy.accepted) == (2, 1)


async def test_closing_ends_every_connection_and_may_come_first() -> None:
    server = Server()
    never = Net()
    await never.close()
    async with server.at() as url:
        it = Net()
        await (await it.client()).get(url)
        assert len(server.open) == 1
        await it.close()
        for _ in range(100):
            await asyncio.sleep(0.005)
            if not server.open:
                break
        assert not server.open


def test_httpx_is_not_imported_until_the_first_client() -> None:
    code = "import sys, trayapp.system.net; print(*{'httpx', 'truststore', 'ssl'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "httpx" not in done.stdout
    assert "truststore" not in done.stdout
