"""A caller that goes away ends what was asked for it, in every phase; one that is slow slows the upstream."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from tests.gateway.gateways import AT, OLLAMA, OPENAI, Served, World, accounts, gateway, streaming
from tests.gateway.serving import TOKEN
from tests.support.upstream import Sent
from trayapp.gateway.limits import Patience
from trayapp.providers.spec import Dialect

HI: Any = [{"role": "user", "content": "Hi"}]
PATHS = ("/v1/chat/completions", "/v1/messages", "/api/chat")
AT_ONCE = 1.0
"""Seconds; the aim is 20 ms, but the machine may be busy."""


def body(path: str, *, stream: bool) -> bytes:
    more = {"max_tokens": 9} if path == "/v1/messages" else {}
    return json.dumps({"model": "m", "messages": HI, "stream": stream, **more}).encode()


@contextlib.asynccontextmanager
async def asking(served: Served, path: str, *, stream: bool) -> Any:
    """A caller that has asked, and hangs up at the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.door.port)
    writer.write(served.door.request(path=path, body=body(path, stream=stream)))
    try:
        yield reader
    finally:
        writer.close()


class Gone:
    """A generator that notes when it was cancelled."""

    def __init__(self, first: int) -> None:
        self._first = first
        self.asked = asyncio.Event()
        self.left = asyncio.Event()

    async def __call__(self, _sent: Sent, good: bytes) -> AsyncGenerator[bytes, None]:
        self.asked.set()
        try:
            for event in good.split(b"\n\n" if b"data:" in good else b"\n")[: self._first]:
                yield event + (b"\n\n" if b"data:" in good else b"\n")
            await asyncio.sleep(3600)
        finally:
            self.left.set()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("dialect", list(AT))
async def test_who_leaves_while_it_streams_ends_the_upstreams_work(path: str, dialect: Dialect) -> None:
    gone = Gone(6)
    async with streaming(gone) as front, gateway(World(accounts=accounts(front.url), chosen=AT[dialect])) as served:
        async with asking(served, path, stream=True) as reader:
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
            await reader.read(10)
        await asyncio.wait_for(gone.left.wait(), AT_ONCE)
        figures = await served.last()
        assert (figures.outcome, figures.streamed) == ("cancelled", True)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", PATHS)
async def test_who_leaves_while_it_waits_ends_the_upstreams_work(path: str, stream: bool) -> None:
    gone = Gone(0)
    async with streaming(gone) as front, gateway(World(accounts=accounts(front.url), chosen=OPENAI)) as served:
        async with asking(served, path, stream=stream):
            await asyncio.wait_for(gone.asked.wait(), AT_ONCE)
        await asyncio.wait_for(gone.left.wait(), AT_ONCE)
        figures = await served.last()
        assert figures.outcome == "cancelled"


async def test_who_leaves_while_we_connect_ends_the_attempt() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        port = deaf.getsockname()[1]
        fillers = []
        for _ in range(4):  # its queue is full: nobody else's connection is taken
            filler = socket.socket()
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(("127.0.0.1", port))
            fillers.append(filler)
        world = World(accounts=accounts(f"http://127.0.0.1:{port}"), chosen=OPENAI)
        async with gateway(world, patience=Patience(connect=30)) as served:
            async with asking(served, PATHS[0], stream=False):
                while not served.gateway.metrics.active:  # noqa: ASYNC110 - it lives in another thread
                    await asyncio.sleep(0.001)
            began = time.monotonic()
            assert (await served.last()).outcome == "cancelled"
            assert time.monotonic() - began < AT_ONCE
        for filler in fillers:
            filler.close()


async def test_a_local_model_is_no_longer_busy_when_its_caller_has_gone() -> None:
    gone = Gone(2)
    async with streaming(gone) as front, gateway(World(accounts=accounts(front.url), chosen=OLLAMA)) as served:
        async with asking(served, "/v1/chat/completions", stream=True) as reader:
            await reader.readuntil(b"\r\n\r\n")
            assert served.world.busy == [str(OLLAMA)]
        await asyncio.wait_for(gone.left.wait(), AT_ONCE)
        await served.quiet()
        assert served.world.busy == []


@pytest.mark.parametrize("path", PATHS[:2])
async def test_a_slow_reader_slows_the_upstream(path: str) -> None:
    """Relayed and translated: what nobody reads is not fetched."""
    sent = 0
    event = b'data: {"choices":[{"index":0,"delta":{"content":"' + b"x" * 60_000 + b'"},"finish_reason":null}]}\n\n'

    async def flood(_sent: Sent, _good: bytes) -> AsyncGenerator[bytes, None]:
        nonlocal sent
        while sent < 400_000_000:
            yield event
            sent += len(event)
            await asyncio.sleep(0)
            # the fake does not feel that nobody reads; its transport does
            while any(talk._transport.get_write_buffer_size() > 2**20 for talk in front._talks if talk._transport):  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async with streaming(flood) as front, gateway(World(accounts=accounts(front.url), chosen=OPENAI)) as served:
        async with asking(served, path, stream=True) as reader:
            await reader.readuntil(b"\r\n\r\n")
            before = -1
            while before != sent:
                before = sent
                await asyncio.sleep(0.3)
            assert sent < 60_000_000
        assert (await served.last()).outcome == "cancelled"


async def test_a_running_stream_keeps_its_model_when_another_is_chosen() -> None:
    going = asyncio.Event()

    async def halting(_sent: Sent, good: bytes) -> AsyncGenerator[bytes, None]:
        half = len(good) // 2
        yield good[:half]
        await going.wait()
        yield good[half:]

    async with streaming(halting) as front, gateway(World(accounts=accounts(front.url), chosen=OPENAI)) as served:
        headers = {"authorization": f"Bearer {TOKEN}"}
        async with served.http.stream("POST", PATHS[0], content=body(PATHS[0], stream=True), headers=headers) as answer:
            served.world.chosen = OLLAMA
            going.set()
            text = "".join([piece async for piece in answer.aiter_text()])
        assert text.endswith("data: [DONE]\n\n")
        figures = await served.last()
        assert (figures.provider, figures.outcome) == ("openai", "ok")
        answer = await served.post(PATHS[0], body(PATHS[0], stream=True))
        assert answer.headers["x-trayapp-model"] == str(OLLAMA)


async def test_what_runs_when_the_gateway_ends_is_written_down_as_well() -> None:
    gone = Gone(2)
    async with streaming(gone) as front:
        world = World(accounts=accounts(front.url), chosen=OPENAI)
        async with gateway(world) as served, asking(served, PATHS[0], stream=True) as reader:
            await reader.readuntil(b"\r\n\r\n")
            await served.door.listener.stop(0.0)
            assert [it.outcome for it in world.records] == ["cancelled"]
        await asyncio.wait_for(gone.left.wait(), AT_ONCE)
