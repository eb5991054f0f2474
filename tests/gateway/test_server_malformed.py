"""What is no proper request: answered in words, never with a traceback, and nothing of it logged."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest

from tests.gateway.serving import TOKEN, echo, everything, serving
from trayapp.gateway.limits import Limits

SECRET = "sk-canary-in-a-header"


@pytest.mark.parametrize(
    "raw",
    [
        b"GARBAGE\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello of tls\r\n\r\n",
        b"POST /v1/x HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET  /v1/x HTTP/1.1\r\n\r\n",
        b"POST /v1/x HTTP/1.1\r\nHost: 127.0.0.1\r\nno colon here\r\n\r\n",
        b"POST /v1/x HTTP/1.1\r\nHost: 127.0.0.1\r\nx-api-key : spaced\r\n\r\n",
        b"POST /v1/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /v1/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1e3\r\n\r\n",
        b"POST /v1/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST /v1/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello",
        b"POST /v1/x HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: nonsense\r\n\r\n",
        b"POST /v1/x HTTP/1.1\r\nHost: 127.0.0.1\r\nx: a\x00b\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
async def test_malformed_http_is_answered_with_400_in_words(raw: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    raw = raw.replace(b"\r\n\r\n", b"\r\nX-Secret: " + SECRET.encode() + b"\r\n\r\n", 1)
    async with serving() as door:
        answer = await door.says(raw)
        assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 ")), answer
        assert b'"message":"This is not a request that trayapp can read."' in answer
        assert b" 200 " in await door.says(door.request())
        assert door.reports == []
    assert SECRET not in caplog.text
    assert b"Traceback" not in answer
    assert SECRET.encode() not in answer


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["Host: evil.example"], 421),
        (["Origin: https://evil.example"], 403),
        (["Origin: null"], 403),
        (["Sec-Fetch-Site: cross-site"], 403),
    ],
)
async def test_the_guard_refuses_before_the_body_is_read(lines: list[str], status: int) -> None:
    async with serving(echo, limits=Limits(last_words=0.1)) as door:
        raw = door.request(*lines)
        if lines[0].startswith("Host"):
            raw = raw.replace(f"Host: 127.0.0.1:{door.port}\r\n".encode(), b"")
        raw = raw.replace(b"Content-Length: 2\r\n", b"Content-Length: 60000000\r\n")
        before = time.monotonic()
        answer = await door.says(raw)
        assert answer.startswith(b"HTTP/1.1 %d " % status)
        assert b"access-control" not in answer.lower()
        assert time.monotonic() - before < 3


async def test_a_simple_request_of_a_web_page_without_a_preflight_gets_nothing() -> None:
    async with serving(echo) as door:
        raw = door.request("Content-Type: text/plain", "Origin: https://evil.example", body=b'{"model":"x"}')
        assert b" 403 " in await door.says(raw)


async def test_headers_larger_than_the_limit_are_refused_in_words() -> None:
    async with serving(limits=Limits(last_words=0.2)) as door:
        one = await door.says(door.request("X-One: " + "x" * 20_000))
        many = await door.says(door.request(*[f"X-{n}: " + "x" * 8_000 for n in range(12)]))
        assert one.split(b" ")[1] == b"431", one
        assert many.startswith(b"HTTP/1.1 431 ")
        assert b"larger than 64 KB" in many
        fits = await door.says(door.request(*[f"X-{n}: " + "x" * 8_000 for n in range(6)]))
        assert fits.startswith(b"HTTP/1.1 200 ")


async def test_a_flood_of_headers_that_never_ends_is_refused_soon() -> None:
    async with serving(limits=Limits(last_words=0.2)) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(door.request(body=b"")[:-2])  # the empty line that ends the headers never comes
        hearing = asyncio.create_task(everything(reader))
        sent = 0
        try:
            while not hearing.done() and sent < 50_000_000:
                writer.write(b"X-Flood: " + b"x" * 4000 + b"\r\n")
                sent += 4000
                await writer.drain()
                await asyncio.sleep(0.001)
        except ConnectionError:
            pass
        answer = await asyncio.wait_for(hearing, 5)
        writer.close()
        assert sent < 2_000_000
        if answer:  # who goes on sending may lose the answer to the reset
            assert answer.startswith(b"HTTP/1.1 431 "), answer[:200]
            assert answer.count(b"HTTP/1.") == 1
        assert b" 200 " in await door.says(door.request())


@pytest.mark.parametrize("begun", [b"POST /v1/x HTTP/1.1\r\nHost: ", b"P", b""])
async def test_who_is_too_slow_with_the_headers_is_shown_the_door(begun: bytes) -> None:
    async with serving(limits=Limits(head_within=0.2, idle=0.4, last_words=0.1)) as door:
        before = time.monotonic()
        answer = await door.says(begun)
        assert time.monotonic() - before < 2
        assert answer.startswith(b"HTTP/1.1 408 ") if begun else answer == b""


async def test_a_connection_that_says_nothing_more_is_closed_when_it_was_idle_for_long() -> None:
    async with serving(limits=Limits(idle=0.2)) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(door.request())
        before = time.monotonic()
        assert (await everything(reader)).endswith(b"hello")
        assert 0.1 < time.monotonic() - before < 2
        writer.close()


async def test_an_answer_that_takes_longer_than_the_limits_is_not_disturbed() -> None:
    async def slow(call: object) -> None:
        await asyncio.sleep(0.6)
        call.answer(200, b"done")  # type: ignore[attr-defined]

    async with serving(slow, limits=Limits(idle=0.1, head_within=0.1, body_within=0.1)) as door:
        assert (await door.says(door.request())).endswith(b"done")


async def test_requests_sent_one_behind_the_other_are_answered_in_turn() -> None:
    async with serving(echo) as door:
        raw = b"".join(door.request(body=b"%03d" % n) for n in range(60))
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(raw)
        heard = b""
        while heard.count(b"\r\n\r\n") < 60 or not heard.endswith(b"059"):
            heard += await asyncio.wait_for(reader.read(2**16), 5)
        writer.close()
        bodies = [part.split(b"\r\n\r\n")[1][:3] for part in heard.split(b"HTTP/1.1 200 OK")[1:]]
        assert bodies == [b"%03d" % n for n in range(60)]


async def test_an_upgrade_is_not_taken_up() -> None:
    async with serving(echo) as door:
        for wish in ("websocket", "h2c"):
            answer = await door.says(door.request(f"Upgrade: {wish}", "Sec-WebSocket-Key: x"))
            assert answer.startswith(b"HTTP/1.1 200 "), answer


async def test_an_old_client_gets_an_answer_too() -> None:
    async with serving(echo) as door:
        raw = door.request().replace(b"HTTP/1.1", b"HTTP/1.0")
        assert (await door.says(raw)).endswith(b"\r\n\r\n{}")


def test_the_test_token_has_the_look_of_a_token() -> None:
    assert TOKEN.startswith("sk-trayapp-")
