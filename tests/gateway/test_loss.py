"""A connection that is lost, whenever that is: whoever reads an answer from it is told."""

from __future__ import annotations

import asyncio
from typing import cast

import aiohttp
import pytest
from aiohttp.base_protocol import BaseProtocol

from tests.gateway.serving import relaying
from tests.gateway.watched import HEAD, Talking, Watched
from trayapp.core.errors import ProviderError
from trayapp.gateway import loss
from trayapp.gateway.facts import Outcome
from trayapp.gateway.relay import Ask


async def test_one_that_was_lost_before_anybody_read_fails_at_once() -> None:
    async def script(it: Talking) -> None:
        await it.request()
        it.writer.write(HEAD)
        await it.chunk(b"data: one\n\n")

    watched = Watched(script)
    async with watched.at() as url, relaying() as relay:
        reply = await relay.ask(Ask(url=url, headers={}))
        await asyncio.wait_for(watched.left.wait(), 5)
        await asyncio.sleep(0.02)  # until it is heard on this side
        with pytest.raises(ProviderError):
            await reply.piece()
        assert reply.facts.outcome is Outcome.CUT


class Response:
    """An answer whose connection ends as a test says; it stands for its connection and its protocol as well."""

    def __init__(self) -> None:
        self.connection = self.protocol = self
        loop = asyncio.get_running_loop()
        self.content = aiohttp.StreamReader(BaseProtocol(loop, None), 2**16, loop=loop)
        self.closed: asyncio.Future[None] = loop.create_future()


@pytest.mark.parametrize("how", ["ended", "broke", "cancelled"])
async def test_however_it_ends_the_reader_is_told_and_nothing_is_left_unheard(how: str) -> None:
    response = Response()
    for _ in range(2):  # for another answer over the same connection
        loss.watch(cast("aiohttp.ClientResponse", response))
    match how:
        case "ended":
            response.closed.set_result(None)
        case "broke":
            response.closed.set_exception(aiohttp.ClientConnectionError("reset"))
        case _:
            response.closed.cancel()
    await asyncio.sleep(0)
    with pytest.raises(aiohttp.ClientPayloadError, match="lost"):
        await response.content.readany()


async def test_an_answer_that_came_whole_is_left_alone() -> None:
    response = Response()
    loss.watch(cast("aiohttp.ClientResponse", response))
    response.content.feed_data(b"all")
    response.content.feed_eof()
    response.closed.set_result(None)
    await asyncio.sleep(0)
    assert await response.content.read() == b"all"
