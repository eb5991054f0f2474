"""An Ollama adapter over a scripted server, with or without a socket between them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import httpx

from tests.support.clock import FakeClock
from tests.support.tls import tls
from tests.support.upstream import Answering, Upstream
from trayapp.local.line import Headers
from trayapp.local.ollama import Ollama


@asynccontextmanager
async def server(
    routes: Mapping[str, Answering], clock: FakeClock, headers: Headers | None = None
) -> AsyncIterator[tuple[Ollama, Upstream]]:
    upstream = Upstream(routes)
    async with upstream as url, httpx.AsyncClient(verify=tls()) as http:

        async def client() -> httpx.AsyncClient:
            return http

        yield Ollama(client, url, clock, headers), upstream


def scripted(
    answer: Callable[[httpx.Request], httpx.Response], clock: FakeClock, url: str = "http://127.0.0.1:11434"
) -> Ollama:
    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))

    async def client() -> httpx.AsyncClient:
        return http

    return Ollama(client, url, clock)


def raising(error: Exception) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error

    return answer
