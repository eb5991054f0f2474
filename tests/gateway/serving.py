"""A listener around any handler, callers that speak raw HTTP to it, and a relay with a session of its own."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from msgspec import Struct, field

from trayapp.gateway import tokens
from trayapp.gateway.call import Call
from trayapp.gateway.guard import Gate
from trayapp.gateway.limits import Limits, Patience
from trayapp.gateway.passing import pass_on
from trayapp.gateway.relay import Ask, Relay, connecting
from trayapp.gateway.server import Life, Listener, only
from trayapp.system.net import relay_session

TOKEN = "sk-trayapp-test"
GATE = Gate(0, {"test": tokens.digest(TOKEN)})
Handler = Callable[[Call], Awaitable[None]]


class Door(Struct):
    """A listener that runs, and what it reported."""

    listener: Listener
    port: int
    reports: list[BaseException] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def request(self, *lines: str, method: str = "POST", path: str = "/v1/x", body: bytes = b"{}") -> bytes:
        """A good request with these header lines besides."""
        head = [
            f"{method} {path} HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            f"Authorization: Bearer {TOKEN}",
            f"Content-Length: {len(body)}",
            *lines,
        ]
        return "\r\n".join([*head, "", ""]).encode("latin-1") + body

    async def says(self, raw: bytes, *, host: str = "127.0.0.1", within: float = 5.0) -> bytes:
        """All that is answered until the connection ends; asked to end it, if the request is one."""
        raw = raw.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1) if raw.startswith(b"POST /") else raw
        reader, writer = await asyncio.open_connection(host, self.port)
        try:
            writer.write(raw)
            async with asyncio.timeout(within):
                return await everything(reader)
        finally:
            writer.close()


async def everything(reader: asyncio.StreamReader) -> bytes:
    """What comes until the end, even if the end is a reset."""
    heard = b""
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(2**16):
            heard += piece
    return heard


@contextlib.asynccontextmanager
async def serving(
    handler: Handler | None = None,
    *,
    life: Life | None = None,
    gate: Gate = GATE,
    limits: Limits | None = None,
    grace: float = 0.0,
) -> AsyncIterator[Door]:
    reports: list[BaseException] = []
    listener = Listener(
        life or only(handler or hello),
        gate=gate,
        limits=limits or Limits(),
        report=lambda _name, exc: reports.append(exc),
    )
    port = await listener.start()
    try:
        yield Door(listener, port, reports)
    finally:
        await listener.stop(grace)


async def hello(call: Call) -> None:
    call.answer(200, b"hello", [("Content-Type", "text/plain")])


async def echo(call: Call) -> None:
    call.answer(200, await call.body())


@contextlib.asynccontextmanager
async def relaying(
    *,
    patience: Patience | None = None,
    context: ssl.SSLContext | None = None,
    proxy: Callable[[str], str] | None = None,
) -> AsyncIterator[Relay]:
    async with await relay_session(context or ssl.create_default_context(), connecting) as session:
        yield Relay(session, patience=patience, proxy=proxy or (lambda _url: ""))
    await asyncio.sleep(0)


def to(url: str, **more: Any) -> Life:
    """A life that relays every call to this address; ``more`` is for ``pass_on``."""

    @contextlib.asynccontextmanager
    async def life() -> AsyncIterator[Handler]:
        async with relaying() as relay:

            async def handle(call: Call) -> None:
                ask = Ask(url=url, headers={}, body=await call.body(), method=call.method)
                await pass_on(await relay.ask(ask), call, **more)

            yield handle

    return life
