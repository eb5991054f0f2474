"""An upstream written by hand, one function per connection, that notes when it is left."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
Talk = Callable[["Talking"], Awaitable[None]]


class Talking:
    """One connection, as the script sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def request(self) -> bytes:
        """The next request, head and body."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0")
        return head + await self.reader.readexactly(int(length.partition(b":")[2]))

    async def chunk(self, data: bytes) -> None:
        self.writer.write(b"%x\r\n%b\r\n" % (len(data), data))
        await self.writer.drain()

    async def until_left(self) -> None:
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(2**16):
                pass


class Watched:
    """``async with Watched(script).at() as url``. ``left`` is set when a connection's script has ended."""

    def __init__(self, script: Talk, *, context: ssl.SSLContext | None = None) -> None:
        self.accepted = 0
        self.arrived = asyncio.Event()
        self.left = asyncio.Event()
        self.left_at = 0.0
        self._script = script
        self._context = context
        self._talks: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def at(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._context)
        scheme = "https" if self._context else "http"
        try:
            yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for talk in self._talks:
                talk.cancel()
            await asyncio.gather(*self._talks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        talk = asyncio.get_running_loop().create_task(self._talk(Talking(reader, writer)), name="watched")
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def _talk(self, talking: Talking) -> None:
        self.arrived.set()
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._script(talking)
        finally:
            self.left_at = asyncio.get_running_loop().time()
            self.left.set()
            talking.writer.close()
