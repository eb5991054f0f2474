"""One caller's connection, moved by hand: what it says when there is nobody left to say it to, and what is reported."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from tests.gateway.serving import GATE, Handler, hello, serving
from trayapp.core.errors import Failure, Kind, ProviderError, UserError
from trayapp.gateway.call import Call
from trayapp.gateway.connection import Connection, House
from trayapp.gateway.limits import Limits
from trayapp.gateway.refusal import Words, plain
from trayapp.gateway.server import Listener, only


class Line(asyncio.Transport):
    """A connection's other end."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = b""
        self.closed = self.aborted = False

    def write(self, data: Any) -> None:
        self.heard += bytes(data)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = self.aborted = True


@contextlib.asynccontextmanager
async def called(handler: Handler = hello, *, held: int = 0, limits: Limits | None = None) -> AsyncIterator[Any]:
    """A house with so many callers besides, and how to connect one more: gives the connection and its line."""
    limits = limits or Limits(connections=1, last_words=0.0)
    house = House(handler, gate=lambda: GATE, limits=limits, words=plain, report=lambda *_: None)
    made: list[Connection] = []

    def connect() -> tuple[Connection, Line]:
        line = Line()
        made.append(house.web())
        made[-1].connection_made(line)
        return made[-1], line

    for _ in range(held):
        connect()
    try:
        yield connect
    finally:
        for connection in made:
            connection.connection_lost(None)
        assert house.connections == set()
        await asyncio.sleep(0)


async def test_who_is_too_slow_is_told_so_unless_the_connection_ends_already() -> None:
    async with called() as connect:
        for closing in (False, True):
            connection, line = connect()
            connection.data_received(b"POST /api/chat HTTP/1.1\r\nHost: ")
            line.closed = closing
            connection.too_slow()
            assert (b"408" in line.heard) is not closing
            connection.connection_lost(None)


async def test_one_caller_too_many_that_says_nothing_is_let_go_without_a_word() -> None:
    async with called(held=1) as connect:
        connection, line = connect()
        assert connection.head_since is not None
        connection.too_slow()
        assert (line.heard, line.closed) == (b"", True)


async def test_one_caller_too_many_is_answered_once_however_much_it_sends() -> None:
    async with called(held=1) as connect:
        connection, line = connect()
        connection.data_received(b"POST /v1/x HTTP/1.1\r\n")
        told = line.heard
        assert told.startswith(b"HTTP/1.1 503 ")
        connection.data_received(b"Host: x\r\n\r\n")
        assert line.heard == told


async def test_far_too_many_callers_are_cut_off() -> None:
    async with called(held=66) as connect:
        _connection, line = connect()
        assert (line.heard, line.aborted) == (b"", True)


# over a real connection


async def test_a_provider_that_fails_outside_of_any_request_for_a_model_is_told_as_well() -> None:
    async def fails(call: Call) -> None:
        raise ProviderError(Failure(Kind.UNREACHABLE, detail="trayapp gave this up."))

    async with serving(fails) as door:
        answer = await door.says(door.request())
        assert answer.startswith(b"HTTP/1.1 502 ")
        assert b"trayapp gave this up." in answer
        assert door.reports == []


@pytest.mark.parametrize("gone", [False, True])
async def test_what_goes_wrong_after_the_first_byte_ends_the_answer_and_begins_no_other(gone: bool) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def fails(call: Call) -> None:
        await call.begin(200, [])
        await call.write(b"half")
        try:
            if gone:
                await asyncio.sleep(60)
        except asyncio.CancelledError:
            assert not call.connected
        loop.call_soon_threadsafe(ended.set)
        raise UserError("too late to say so")

    async with serving(fails) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(door.request())
        heard = await reader.readuntil(b"half")
        if gone:
            writer.close()
        else:
            heard += await reader.read()
        await asyncio.wait_for(ended.wait(), 5)
        assert heard.count(b"HTTP/1.1") == 1
        assert b"too late" not in heard
        assert not heard.endswith(b"0\r\n\r\n")
        writer.close()
    assert door.reports == []


async def test_a_piece_of_an_answer_that_was_never_begun_is_a_fault_of_ours() -> None:
    async def writes(call: Call) -> None:
        await call.write(b"half")

    async with serving(writes) as door:
        assert (await door.says(door.request())).startswith(b"HTTP/1.1 500 ")
        assert [str(it) for it in door.reports] == ["the answer to POST /v1/x has not begun"]


async def test_what_cannot_even_be_said_to_be_wrong_is_reported() -> None:
    def speechless(*_: object) -> tuple[str, bytes]:
        raise LookupError("no words")

    reports: list[BaseException] = []
    listener = Listener(
        only(hello),
        gate=GATE,
        report=lambda _name, exc: reports.append(exc),
        words=cast("Words", speechless),
    )
    port = await listener.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GARBAGE\r\n\r\n")
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    await listener.stop(0)
    assert {str(it) for it in reports} == {"no words"}
