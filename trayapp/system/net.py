"""Builds the HTTP clients, the one that all share and the gateway's: certificates, proxy, limits, no redirects."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from trayapp.core.version import VERSION

if TYPE_CHECKING:
    import socket
    import ssl

    import aiohttp
    import httpx

    from trayapp.system.proxies import Proxies

IDLE_CONNECTIONS = 64
"""httpcore counts the busy ones as well: with fewer than there are providers, every answer closes its connection."""
IDLE_FOR = 30.0
"""Seconds an unused connection is kept."""


class Net:
    """Makes the one client when it is first needed. Each request brings its own timeouts."""

    def __init__(self) -> None:
        self._client: httpx.AsyncClient | None = None
        self._context: ssl.SSLContext | None = None
        self._making = asyncio.Lock()

    async def client(self) -> httpx.AsyncClient:
        """The shared client. Importing httpx and reading certificates is done in a thread."""
        async with self._making:
            if self._client is None:
                if self._context is None:
                    self._context = await asyncio.to_thread(_prepare)
                self._client = _made(self._context, await asyncio.to_thread(_proxies))
            return self._client

    async def reset(self) -> None:
        """Forget connections and proxies: after a sleep or in another network they are not what they were."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def close(self) -> None:
        await self.reset()


def _prepare() -> ssl.SSLContext:
    """100 ms of imports, and the system's own certificates, a company's among them."""
    import ssl

    import httpcore  # noqa: F401 - httpx imports it with the first client, and anyio its part with the first request:
    import httpx  # noqa: F401 - all of them here, so that the loop's thread finds them ready
    import truststore

    with contextlib.suppress(ImportError):
        import_module("anyio._backends._asyncio")

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _proxies() -> Proxies:
    from trayapp.system import proxies

    return proxies.of_the_system()


def _made(context: ssl.SSLContext, found: Proxies) -> httpx.AsyncClient:
    from http.cookiejar import CookieJar

    import httpx

    class NoCookies(CookieJar):
        """Takes none: two accounts at one provider would share them, and a hostile server could send any number."""

        def extract_cookies(self, *_: object) -> None:
            return

    def way(proxy: str) -> httpx.AsyncHTTPTransport:
        before = httpx.Proxy(proxy, ssl_context=context if proxy.startswith("https:") else None) if proxy else None
        limits = httpx.Limits(max_keepalive_connections=IDLE_CONNECTIONS, keepalive_expiry=IDLE_FOR)
        return httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=limits, proxy=before)

    class Ways(httpx.AsyncBaseTransport):
        """Straight there or by the proxy that stands before the address, as for the gateway.

        httpx's own rules know one address of 127.0.0.0/8, and take an IPv6 network in NO_PROXY for the whole world.
        """

        def __init__(self) -> None:
            self._ways: dict[str, httpx.AsyncHTTPTransport] = {}

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            proxy = found.for_url(str(request.url))
            if proxy not in self._ways:
                try:
                    self._ways[proxy] = way(proxy)
                except (ImportError, ValueError, httpx.InvalidURL) as exc:
                    # socks:// without socksio, or no address: to go around it would betray who set it
                    why = f"the proxy of the system cannot be used: {exc}".splitlines()[0]
                    raise httpx.ProxyError(why, request=request) from None
            return await self._ways[proxy].handle_async_request(request)

        async def aclose(self) -> None:
            for each in self._ways.values():
                await each.aclose()

    return httpx.AsyncClient(
        transport=Ways(),
        trust_env=False,  # nor are passwords in ~/.netrc taken
        follow_redirects=False,  # a key is never taken along to another host
        headers={"User-Agent": f"trayapp/{VERSION}"},
        cookies=NoCookies(),
        timeout=30.0,
    )


RELAY_IDLE_FOR = 90.0
"""Seconds: people take that long between two turns, and a new TCP and TLS handshake costs up to 300 ms."""
RELAY_CONNECTIONS = 1024
_RELAY_FIELD = 64 * 2**10
"""Bytes of one header line of an answer: some sites send whole policies."""


async def relay_session(
    context: ssl.SSLContext, connecting: Callable[[], object] = lambda: None
) -> aiohttp.ClientSession:
    """The gateway's client, for the loop that this is awaited in. Importing aiohttp blocks for 150 ms.

    No cookies, answers as they come; each request brings its timeouts, names its proxy (``system.proxies``) and
    forbids redirects, for neither can be said here.
    aiohttp would look up proxies in the environment, but also passwords in ~/.netrc.
    ``connecting`` is called for every new connection, in the context of the request that waits for it: aiohttp's
    traces would tell the same, but cost every request a tenth of its time.
    """
    import aiohttp

    def made(address: Any) -> socket.socket:
        connecting()
        return _relay_socket(address)

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            ssl=context,
            limit=RELAY_CONNECTIONS,
            keepalive_timeout=RELAY_IDLE_FOR,
            ttl_dns_cache=60,
            socket_factory=made,
        ),
        timeout=aiohttp.ClientTimeout(total=None, connect=30.0),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        raise_for_status=False,
        skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
        read_bufsize=2**16,
        max_line_size=2**14,
        max_field_size=_RELAY_FIELD,
    )


def relay_context() -> ssl.SSLContext:
    """Certificates as the system has them. Blocks for 100 ms: not for a loop's thread."""
    import ssl

    import truststore

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if sys.platform in ("win32", "darwin"):
        return context
    # WORKAROUND: where OpenSSL itself verifies, truststore reads all certificates again for every connection, which
    # blocks the loop for 30 ms. After the first time they are in the context inside, which is an ordinary one.
    context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="localhost")
    inside = getattr(context, "_ctx", context)
    return inside if isinstance(inside, ssl.SSLContext) else context


def _relay_socket(address: Any) -> socket.socket:
    """A socket that notices within two minutes when the other end is gone without a word: a network that changed."""
    import socket

    family, kind, protocol, _name, _address = address
    made = socket.socket(family, kind, protocol)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, seconds in (("TCP_KEEPIDLE", 60), ("TCP_KEEPALIVE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4)):
        if (number := getattr(socket, option, None)) is not None:
            with contextlib.suppress(OSError):
                made.setsockopt(socket.IPPROTO_TCP, number, seconds)
    return made
