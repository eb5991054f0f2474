"""Bodies and connections beyond the limits are refused in words, without being taken into memory."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import time
import tracemalloc

import pytest

from tests.gateway.serving import Door, echo, everything, serving
from trayapp.gateway.call import Call
from trayapp.gateway.limits import Limits

SMALL = Limits(body=100_000, connections=4, body_within=0.3, last_words=0.3)


async def counted(call: Call) -> None:
    call.answer(200, b"%d" % len(await call.body()))


def chunked(door: Door, *lines: str) -> bytes:
    raw = door.request("Transfer-Encoding: chunked", *lines, body=b"")
    return raw.replace(b"Content-Length: 0\r\n", b"")


async def test_a_body_that_is_announced_too_large_is_refused_at_the_headers() -> None:
    async with serving(counted, limits=Limits(last_words=0.1)) as door:
        raw = door.request().replace(b"Content-Length: 2", b"Content-Length: 268435456")[:-2]
        before = time.monotonic()
        answer = await door.says(raw)
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"larger than 64 MB" in answer
        assert b"Connection: close" in answer
        assert time.monotonic() - before < 3


async def test_a_chunked_body_is_counted_and_refused_when_it_is_too_large() -> None:
    async with serving(counted, limits=SMALL) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        hearing = asyncio.create_task(everything(reader))
        tracemalloc.start()
        writer.write(chunked(door))
        try:
            for _ in range(2000):
                if hearing.done():
                    break
                writer.write(b"4000\r\n" + bytes(0x4000) + b"\r\n")
                await writer.drain()
        except ConnectionError:
            pass
        answer = await asyncio.wait_for(hearing, 5)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        writer.close()
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert peak < 8_000_000


async def test_a_chunked_body_within_the_limit_is_read_whole() -> None:
    async with serving(counted, limits=SMALL) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(chunked(door, "Connection: close"))
        for _ in range(5):
            writer.write(b"2710\r\n" + bytes(10_000) + b"\r\n")
            await asyncio.sleep(0.01)
        writer.write(b"0\r\n\r\n")
        assert (await everything(reader)).endswith(b"50000")
        writer.close()


async def test_a_body_at_the_limit_passes_and_one_byte_more_does_not() -> None:
    async with serving(counted, limits=SMALL) as door:
        assert (await door.says(door.request(body=bytes(100_000)))).endswith(b"100000")
        assert b" 413 " in await door.says(door.request(body=bytes(100_001)))


async def test_a_body_that_stops_coming_is_not_waited_for_for_ever() -> None:
    async with serving(counted, limits=SMALL) as door:
        raw = door.request().replace(b"Content-Length: 2", b"Content-Length: 20")
        answer = await door.says(raw)
        assert answer.startswith(b"HTTP/1.1 408 ")


async def test_who_asks_before_sending_a_body_is_told_to_go_on_or_not() -> None:
    async with serving(counted, limits=SMALL) as door:
        for size, first in ((5, b"HTTP/1.1 100 Continue\r\n\r\n"), (200_000, b"HTTP/1.1 413 ")):
            reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
            raw = door.request("Expect: 100-continue", "Connection: close", body=b"")
            writer.write(raw.replace(b"Content-Length: 0", b"Content-Length: %d" % size))
            assert await asyncio.wait_for(reader.readexactly(len(first)), 3) == first
            if size == 5:
                writer.write(b"hello")
                assert (await everything(reader)).endswith(b"\r\n\r\n5")
            writer.close()


async def test_compressed_bodies_are_decoded_within_the_limit() -> None:
    async with serving(echo, limits=SMALL) as door:
        packed = gzip.compress(b'{"model":"x"}')
        answer = await door.says(door.request("Content-Encoding: gzip", body=packed))
        assert answer.endswith(b'\r\n\r\n{"model":"x"}')
        bomb = gzip.compress(bytes(50_000_000))
        assert b" 413 " in await door.says(door.request("Content-Encoding: gzip", body=bomb))
        answer = await door.says(door.request("Content-Encoding: br", body=b"xx"))
        assert answer.startswith(b"HTTP/1.1 415 ")
        assert b"Accept-Encoding: gzip, deflate, identity" in answer


async def test_more_callers_than_there_is_room_for_are_told_so() -> None:
    async with serving(echo, limits=SMALL) as door:
        inside = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(4)]
        await asyncio.sleep(0.05)
        answer = await door.says(door.request(path="/api/chat"))
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"Retry-After: 1" in answer
        assert "4 callers" in json.loads(answer.split(b"\r\n\r\n")[1])["error"]["message"]
        inside.pop()[1].close()
        await asyncio.sleep(0.05)
        assert b" 200 " in await door.says(door.request())
        for reader, writer in inside:
            writer.write(door.request())
            assert (await reader.readuntil(b"{}")).startswith(b"HTTP/1.1 200 ")
            writer.close()


async def test_who_waits_at_the_door_when_it_is_closed_is_let_go() -> None:
    async with serving(echo, limits=SMALL) as door:
        opened = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(5)]
        await asyncio.sleep(0.02)
    for reader, writer in opened:
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()


async def test_a_long_compressed_body_is_decoded_beside_the_others() -> None:
    text = random.Random(7).randbytes(2**17)
    async with serving(counted) as door:
        answer = await door.says(door.request("Content-Encoding: gzip", body=gzip.compress(text)))
        assert answer.endswith(b"\r\n\r\n%d" % len(text))


async def test_a_flood_of_connections_leaves_room_again() -> None:
    async with serving(echo, limits=SMALL) as door:
        many = await asyncio.gather(
            *(asyncio.open_connection("127.0.0.1", door.port) for _ in range(120)), return_exceptions=True
        )
        for opened in many:
            if isinstance(opened, tuple):
                opened[1].close()
        for _ in range(100):
            await asyncio.sleep(0.02)
            answer = await door.says(door.request())
            if b" 200 " in answer:
                break
        assert b" 200 " in answer


@pytest.mark.timeout_s(20)
async def test_a_thousand_callers_one_after_the_other_leave_nothing_behind() -> None:
    async with serving(echo, limits=SMALL) as door:
        for _ in range(1000):
            _reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
            writer.close()
        await asyncio.sleep(0.05)
        assert b" 200 " in await door.says(door.request())
