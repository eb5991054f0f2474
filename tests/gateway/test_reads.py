"""How much is read at once: seen in what the connections are given."""

from __future__ import annotations

import asyncio
from asyncio import sslproto

import pytest

from tests.gateway.serving import echo, serving
from trayapp.gateway import reads
from trayapp.gateway.connection import Connection


class Hearing(asyncio.Protocol):
    """Notes how much came with every read."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.ended = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        self.sizes.append(len(data))

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set_result(None)


async def test_connections_of_this_process_read_little_at_once_while_the_gateway_runs() -> None:
    async with serving(echo) as door:
        transport, hearing = await asyncio.get_running_loop().create_connection(Hearing, "127.0.0.1", door.port)
        transport.write(door.request("Connection: close", body=bytes(2**20)))
        await asyncio.wait_for(hearing.ended, 5)
    assert sum(hearing.sizes) > 2**20
    assert max(hearing.sizes) <= reads.SMALL
    assert sslproto.SSLProtocol.max_size == reads.SMALL


async def test_a_long_prompt_is_read_in_large_pieces_and_the_next_request_begins_small_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes: list[int] = []
    as_it_is = Connection.data_received

    def noted(self: Connection, data: bytes) -> None:
        sizes.append(len(data))
        as_it_is(self, data)

    monkeypatch.setattr(Connection, "data_received", noted)
    prompt = bytes(2**22)
    async with serving(echo) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        for _ in range(2):
            writer.write(door.request(body=prompt))
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(len(prompt))
            assert sizes[0] <= reads.SMALL < max(sizes) <= reads.LARGE
            sizes.clear()
        writer.close()


def test_where_asyncio_has_no_such_size_it_is_left_as_it_is() -> None:
    reads.small(((asyncio, "Queue"), (asyncio, "NobodyKnowsThisClass")))
    assert not hasattr(asyncio.Queue, "max_size")


def test_a_transport_that_has_no_such_size_stays_as_it_is() -> None:
    reads.set_size(None, reads.LARGE)
    other = asyncio.Transport()
    reads.set_size(other, reads.LARGE)
    assert not hasattr(other, "max_size")
