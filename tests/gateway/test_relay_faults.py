"""Whatever an upstream or a caller does in the middle: nothing looks whole that is not, nothing goes on unheard."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.gateway.serving import Door, everything, relaying, serving, to
from tests.gateway.watched import HEAD, Talking, Watched
from tests.support.upstream import Reply, Upstream
from trayapp.core.errors import Kind, ProviderError
from trayapp.gateway.call import Call
from trayapp.gateway.facts import Facts, Outcome
from trayapp.gateway.limits import Patience
from trayapp.gateway.passing import pass_on
from trayapp.gateway.relay import Ask
from trayapp.gateway.server import Handler, Life


async def failure(url: str, *, patience: Patience | None = None, proxy: str = "") -> ProviderError:
    async with relaying(patience=patience, proxy=lambda _url: proxy) as relay:
        with pytest.raises(ProviderError) as caught:
            await relay.ask(Ask(url=url, headers={"Authorization": "Bearer sk-secret"}, body=b"{}", provider="acme"))
    assert caught.value.failure.provider == "acme"
    assert "sk-secret" not in str(caught.value)
    return caught.value


async def test_nobody_there_is_not_running_at_home_and_unreachable_elsewhere() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        told = await failure(f"http://127.0.0.1:{port}/v1")
    assert (told.failure.kind, told.failure.detail) == (Kind.NOT_RUNNING, f"Nothing answers at 127.0.0.1:{port}.")
    told = await failure("https://api.invalid/v1?x=1")
    assert (told.failure.kind, told.failure.detail) == (Kind.UNREACHABLE, "No connection to api.invalid.")


async def test_a_certificate_that_nobody_vouches_for_is_a_matter_of_tls() -> None:
    async def script(it: Talking) -> None:
        await it.until_left()

    async with Watched(script).at() as url:
        told = await failure(url.replace("http:", "https:"), patience=Patience(connect=0.3))
        assert told.failure.kind in (Kind.TLS, Kind.NOT_RUNNING)

    async def plain(it: Talking) -> None:
        it.writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await it.until_left()

    async with Watched(plain).at() as url:
        told = await failure(url.replace("http:", "https:"))
        assert told.failure.kind is Kind.TLS


@pytest.mark.parametrize(
    "raw",
    [
        b"220 smtp.example ready\r\n",
        b"HTTP/1.1 banana\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad\x00: y\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_garbled(raw: bytes) -> None:
    async with Upstream({"/": Reply(raw=raw)}) as url:
        assert (await failure(url + "/")).failure.kind is Kind.GARBLED


async def test_silence_is_not_waited_for_for_ever() -> None:
    async with Upstream({"/": Reply(delay=5)}) as url:
        told = await failure(url + "/", patience=Patience(silence=0.2))
    assert told.failure.kind is Kind.UNREACHABLE
    assert "did not answer in time" in told.failure.detail


async def test_an_address_that_is_none_is_bad_input() -> None:
    assert (await failure("http://")).failure.kind is Kind.BAD_INPUT


async def test_a_proxy_that_refuses_is_named_as_such() -> None:
    async with Upstream(lambda _sent: Reply(status=407)) as proxy:
        told = await failure("https://api.test/v1", proxy=proxy.replace("//", "//user:pass@"))
    assert told.failure.detail == "The proxy of the system lets nothing through to api.test."
    told = await failure("https://api.test/v1", proxy="http://127.0.0.1:1")
    assert told.failure.kind is Kind.UNREACHABLE


async def test_a_proxy_of_a_kind_that_cannot_be_used_is_not_gone_around() -> None:
    told = await failure("http://api.test/v1", proxy="socks5://user:pass@127.0.0.1:1")
    assert told.failure.kind is Kind.UNREACHABLE
    assert told.failure.detail == "The proxy of the system cannot be used: it is of the kind “socks5”."


CUT = b'\n\ndata: {"error":{"message":"cut"}}\n\n'


async def streamed_cut(end: bytes, **more: Any) -> tuple[bytes, Door]:
    async def script(it: Talking) -> None:
        await it.request()
        it.writer.write(HEAD)
        await it.chunk(b"data: one\n\n")
        await asyncio.sleep(0.02)
        it.writer.write(end)

    async with Watched(script).at() as url, serving(life=to(url, **more)) as door:
        return await door.says(door.request()), door


@pytest.mark.parametrize("end", [b"", b"1", b"ff\r\nhalf", b"zz\r\nno chunk\r\n"])
async def test_a_stream_that_breaks_off_ends_with_the_error_frame_and_no_end(end: bytes) -> None:
    answer, door = await streamed_cut(end, cut=lambda: CUT)
    assert b"data: one\n\n" in answer
    assert CUT in answer
    assert answer.index(CUT) > answer.index(b"data: one")
    assert not answer.endswith(b"0\r\n\r\n")
    assert door.reports == []


async def test_a_stream_that_ends_well_but_without_its_dialects_end_is_broken_off_too() -> None:
    answer, _door = await streamed_cut(b"0\r\n\r\n", cut=lambda: CUT, whole=lambda: False)
    assert CUT in answer
    assert not answer.endswith(b"0\r\n\r\n")
    answer, _door = await streamed_cut(b"0\r\n\r\n", cut=lambda: CUT, whole=lambda: True)
    assert CUT not in answer
    assert answer.endswith(b"0\r\n\r\n")


async def test_an_answer_with_a_length_that_breaks_off_stays_short() -> None:
    async with (
        Upstream({"/": Reply(body=b"0123456789", cut=4)}) as url,
        serving(life=to(url + "/", cut=lambda: CUT)) as door,
    ):
        head, _blank, body = (await door.says(door.request())).partition(b"\r\n\r\n")
        assert b"Content-Length: 10" in head
        assert body == b"0123"


async def test_an_old_client_is_reset_for_it_knows_no_other_end_of_a_body() -> None:
    async def script(it: Talking) -> None:
        await it.request()
        it.writer.write(HEAD)
        await it.chunk(b"data: one\n\n")

    async with Watched(script).at() as url, serving(life=to(url)) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(door.request().replace(b"HTTP/1.1", b"HTTP/1.0"))
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(-1), 3)
        writer.close()


@asynccontextmanager
async def facts_noted(url: str, noted: list[Facts], patience: Patience | None = None) -> AsyncIterator[Door]:
    @asynccontextmanager
    async def life() -> AsyncIterator[Handler]:
        async with relaying(patience=patience) as relay:

            async def handle(call: Call) -> None:
                facts = relay.facts()
                noted.append(facts)
                ask = Ask(url=url, headers={}, body=await call.body())
                await pass_on(await relay.ask(ask, facts), call)

            yield handle

    opened: Life = life
    async with serving(life=opened) as door:
        yield door


async def leave(door: Door, watched: Watched, *, reset: bool = False, until: bytes = b"") -> float:
    """Ask, wait until the upstream is busy with it, leave; gives the seconds until the upstream was left."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(door.request())
    await asyncio.wait_for(watched.arrived.wait(), 3)
    if until:
        await asyncio.wait_for(reader.readuntil(until), 3)
    await asyncio.sleep(0.05)
    assert not watched.left.is_set()
    if reset:
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    at = asyncio.get_running_loop().time()
    writer.close()
    await asyncio.wait_for(watched.left.wait(), 3)
    return watched.left_at - at


@pytest.mark.parametrize("reset", [False, True])
async def test_a_caller_that_leaves_in_mid_stream_ends_it_upstream_at_once(reset: bool) -> None:
    async def script(it: Talking) -> None:
        await it.request()
        it.writer.write(HEAD)
        await it.chunk(b"data: one\n\n")
        await it.until_left()

    watched, noted = Watched(script), list[Facts]()
    async with watched.at() as url, facts_noted(url, noted) as door:
        assert await leave(door, watched, reset=reset, until=b"data: one\n\n") < 0.25
        assert noted[0].outcome is Outcome.LEFT
        assert noted[0].ended is not None


async def test_a_caller_that_leaves_while_an_answer_is_awaited_ends_it_upstream_at_once() -> None:
    async def script(it: Talking) -> None:
        await it.request()
        await it.until_left()

    watched, noted = Watched(script), list[Facts]()
    async with watched.at() as url, facts_noted(url, noted) as door:
        assert await leave(door, watched) < 0.25
        assert (noted[0].outcome, noted[0].first_byte) == (Outcome.LEFT, None)


async def test_a_caller_that_leaves_while_we_connect_ends_that_at_once() -> None:
    async def script(it: Talking) -> None:  # never shakes hands
        await it.until_left()

    watched, noted = Watched(script), list[Facts]()
    async with watched.at() as url, facts_noted(url.replace("http:", "https:"), noted) as door:
        assert await leave(door, watched) < 0.25
        assert noted[0].outcome is Outcome.LEFT


async def test_a_caller_that_does_not_read_stops_the_reading_from_upstream() -> None:
    sent = 0

    async def script(it: Talking) -> None:
        nonlocal sent
        await it.request()
        it.writer.write(HEAD)
        while sent < 500_000_000:
            await it.chunk(bytes(2**16))
            sent += 2**16

    watched, noted = Watched(script), list[Facts]()
    async with watched.at() as url, facts_noted(url, noted) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port, limit=2**16)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(door.request())
        before = -1
        while before != sent or sent == 0:
            before = sent
            await asyncio.sleep(0.15)
        assert sent < 40_000_000  # kernel buffers
        assert noted[0].received < 40_000_000
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        stood, got = sent, 0
        while got < stood + 2**22 and (piece := await reader.read(2**20)):
            got += len(piece)
        assert sent > stood
        writer.close()
        await asyncio.wait_for(watched.left.wait(), 3)


async def test_a_caller_without_patience_for_a_half_closed_connection_counts_as_gone() -> None:
    async def script(it: Talking) -> None:
        await it.request()
        await it.until_left()

    watched, noted = Watched(script), list[Facts]()
    async with watched.at() as url, facts_noted(url, noted) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(door.request())
        await asyncio.wait_for(watched.arrived.wait(), 3)
        writer.write_eof()
        await asyncio.wait_for(watched.left.wait(), 3)
        assert await everything(reader) == b""
        writer.close()


async def test_a_hundred_streams_at_once_come_whole() -> None:
    async def script(it: Talking) -> None:
        await it.request()
        it.writer.write(HEAD)
        for n in range(20):
            await it.chunk(b"data: %02d\n\n" % n)
            await asyncio.sleep(0.005)
        it.writer.write(b"0\r\n\r\n")

    async with Watched(script).at() as url, serving(life=to(url)) as door:
        begun = time.monotonic()
        answers = await asyncio.gather(*(door.says(door.request()) for _ in range(100)))
        assert time.monotonic() - begun < 6
    for answer in answers:
        body = answer.partition(b"\r\n\r\n")[2]
        words = body.replace(b"\r\n", b"")
        assert all(b"data: %02d\n\n" % n in words for n in range(20))
        assert body.endswith(b"0\r\n\r\n")
