"""How the gateway behaves towards who leaves and who does not read: measured against upstreams that note it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from tests.bench.desk import Desk
from tests.bench.gateway_parts import ROUTE, TOKEN, Target
from tests.bench.gateway_program import tray
from tests.bench.processes import memory

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
_EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"word"}}]}\n\n'
PHASES = ("connecting", "waiting", "streaming")
Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def leaving(on: Desk, phase: str, times: int) -> list[float]:
    """Milliseconds from a caller's leaving until the upstream knows, in this phase of a request."""
    return asyncio.run(_leaving(on, phase, times))


def stalled(on: Desk, seconds: float) -> float:
    """MB that the gateway grows by while a caller does not read an endless stream."""
    return asyncio.run(_stalled(on, seconds))


async def _leaving(on: Desk, phase: str, times: int) -> list[float]:
    busy, left = asyncio.Event(), asyncio.Event()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if phase != "connecting":  # there the upstream never shakes hands
            await _request(reader)
        if phase == "streaming":
            writer.write(_HEAD + _chunk(_EVENT))
        busy.set()
        with contextlib.suppress(ConnectionError):
            while await reader.read(2**16):
                pass
        left.set()

    took: list[float] = []
    loop = asyncio.get_running_loop()
    async with _upstream(script) as port:
        scheme = "https" if phase == "connecting" else "http"
        async with _program(on, f"{scheme}://127.0.0.1:{port}") as target:
            for _ in range(times):
                busy.clear()
                left.clear()
                reader, writer = await _asked(target)
                await asyncio.wait_for(busy.wait(), 5)
                if phase == "streaming":
                    await asyncio.wait_for(reader.readuntil(_EVENT), 5)
                await asyncio.sleep(0.05)
                begun = loop.time()
                writer.close()
                await asyncio.wait_for(left.wait(), 5)
                took.append((loop.time() - begun) * 1000)
    return took


async def _stalled(on: Desk, seconds: float) -> float:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        writer.write(_HEAD)
        piece = _chunk(_EVENT * 1000)
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(piece)
                await writer.drain()

    async with _upstream(script) as port:
        async with _program(on, f"http://127.0.0.1:{port}") as target:
            reader, writer = await _asked(target)
            await reader.readuntil(_EVENT)  # everything that is imported for a first stream is there
            await asyncio.sleep(0.2)
            writer.close()
            await asyncio.sleep(0.2)
            before = memory(target.pid).rss
            _reader, writer = await _asked(target)
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            await asyncio.sleep(seconds)
            grown = memory(target.pid).rss - before
            writer.close()
    return grown


@contextlib.asynccontextmanager
async def _program(on: Desk, origin: str) -> AsyncIterator[Target]:
    """Started and ended in a thread: the upstream goes on answering."""
    made = tray(on, origin)
    program = await asyncio.to_thread(made.__enter__)
    try:
        yield program.target
    finally:
        await asyncio.to_thread(made.__exit__, None, None, None)


@contextlib.asynccontextmanager
async def _upstream(script: Script) -> AsyncIterator[int]:
    talks: set[asyncio.Task[None]] = set()

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            await script(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            talks.discard(task)

    server = await asyncio.start_server(met, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


async def _asked(target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
    body = b'{"model":"tray","stream":true,"stream_options":{"include_usage":true},"messages":[]}'
    head = (
        f"POST {ROUTE} HTTP/1.1\r\nHost: 127.0.0.1:{target.port}\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    return reader, writer


async def _request(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    _before, _name, after = head.partition(b"content-length:")
    await reader.readexactly(int(after.split(b"\r\n")[0] or b"0"))


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)
