"""Builds the HTTP client that everything shares: certificates, proxy, limits, and no redirects."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from trayapp.core.version import VERSION

if TYPE_CHECKING:
    import ssl

    import httpx

IDLE_CONNECTIONS = 64
"""httpcore counts the busy ones as well: with fewer than there are providers, every answer closes its connection."""
IDLE_FOR = 30.0
"""Seconds an unused connection is kept."""
_HERE = ("all://localhost", "all://*.localhost", "all://127.0.0.1", "all://[::1]")
"""Never through a proxy: it would look on its own computer for our local servers."""


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
                self._client = _made(self._context)
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

    import httpx  # noqa: F401 - imported here so that the loop's thread finds it ready
    import truststore

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _made(context: ssl.SSLContext) -> httpx.AsyncClient:
    import httpx

    def client(trust_env: bool, mounts: dict[str, httpx.AsyncBaseTransport | None]) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            verify=context,
            trust_env=trust_env,  # the system's proxy settings
            mounts={**dict.fromkeys(_HERE), **mounts},
            limits=httpx.Limits(max_keepalive_connections=IDLE_CONNECTIONS, keepalive_expiry=IDLE_FOR),
            follow_redirects=False,  # a key is never taken along to another host
            headers={"User-Agent": f"trayapp/{VERSION}"},
            timeout=30.0,
        )

    class NoWay(httpx.AsyncBaseTransport):
        """Stands where a proxy should be that cannot be used: going around it would betray who set it."""

        def __init__(self, why: str) -> None:
            self._why = why

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise httpx.ProxyError(self._why, request=request)

    try:
        return client(True, {})
    except (ImportError, ValueError, httpx.InvalidURL) as exc:
        # socks:// without socksio, or an address that is none; local servers can still be reached
        return client(False, {"all://": NoWay(f"the proxy of the system cannot be used: {exc}".splitlines()[0])})
