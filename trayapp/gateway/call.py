"""One request and its answer, as handlers see them: what was asked, the body within its limits, bytes back.

Imports aiohttp: only the gateway's own thread imports this module.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import Iterable, Mapping

# not aiohttp.web, which brings routes, files and web sockets: 1.3 MB that nobody here needs
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response, StreamResponse

from trayapp.core.language import _
from trayapp.gateway import bodies
from trayapp.gateway.guard import NOBODY
from trayapp.gateway.limits import Limits
from trayapp.gateway.refusal import Reason, RefusedError

Headers = Iterable[tuple[str, str]]
SERVER = ("Server", "trayapp")
NOSNIFF = ("X-Content-Type-Options", "nosniff")
"""An answer is never taken for a script or a page, whoever gets to see it."""

_STALLED = 10.0
"""Seconds that a caller has to take the last bytes of an answer that was broken off."""


class Call:
    """A caller's request. Exactly one of ``answer`` or ``begin`` … ``end`` answers it, in the gateway's loop."""

    def __init__(self, request: BaseRequest, limits: Limits) -> None:
        self._request = request
        self._limits = limits
        self._response: StreamResponse | None = None
        self.method = request.method
        self.target = request.raw_path
        self.path, _mark, self.query = self.target.partition("?")
        """As it came, nothing decoded: what the guard let pass is what a route is found by."""
        self.headers: Mapping[str, str] = request.headers
        """By name, in any case; the first of several."""
        self.admitted = NOBODY
        self.sent = 0
        """Bytes of the answer's body so far."""

    @property
    def agent(self) -> str:
        """What the tool calls itself."""
        return self.headers.get("User-Agent", "")

    @property
    def begun(self) -> bool:
        """Whether a part of the answer may be on its way: then no other answer can be given."""
        return self._response is not None and self._response.prepared

    @property
    def connected(self) -> bool:
        return self._request.transport is not None and not self._request.transport.is_closing()

    async def body(self) -> bytes:
        """The whole body, decoded. Raises RefusedError: 413, 415, 400, or 408 where it does not come."""
        limit = self._limits.body
        bodies.declared_length(self.headers.get("Content-Length"), limit)
        if self.headers.get("Expect", "").lower() == "100-continue":
            await self._request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._request.writer.output_size = 0
        coding = self.headers.get("Content-Encoding", "")
        if not bodies.known(coding):
            raise bodies.unknown_coding()
        body = await self._read(limit)
        if not coding:
            return body
        if len(body) < 2**16:
            return bodies.plain_bytes(body, coding, limit)
        return await asyncio.to_thread(bodies.plain_bytes, body, coding, limit)  # 64 MB take 200 ms

    async def _read(self, limit: int) -> bytes:
        content = self._request.content
        if content.is_eof():  # mostly it has come with the headers
            return content.read_nowait()
        pieces: list[bytes] = []
        size = 0
        now = asyncio.get_running_loop().time
        within = self._limits.body_within
        try:
            async with asyncio.timeout(within) as patience:
                while piece := await content.readany():
                    size += len(piece)
                    if size > limit:
                        raise bodies.too_large(limit)
                    pieces.append(piece)
                    patience.reschedule(now() + within)
            return b"".join(pieces)
        except TimeoutError:
            sentence = _("The body of the request did not come in time.")
            raise RefusedError(408, Reason.TOO_SLOW, sentence) from None

    def answer(self, status: int, body: bytes, headers: Headers = ()) -> None:
        """The whole answer at once; it is sent when the handler returns. Its length is told by itself."""
        self._response = Response(status=status, body=body, headers=self._with_ours(headers))
        self.sent = len(body)

    async def begin(self, status: int, headers: Headers, length: int | None = None) -> None:
        """Send status and headers. Without a length the body's end is marked, so a broken one can be told."""
        response = StreamResponse(status=status, headers=self._with_ours(headers))
        if length is not None:
            response.content_length = length
        self._response = response
        await response.prepare(self._request)

    async def write(self, data: bytes) -> None:
        """Send a piece of the body; waits while the caller does not read. Raises ConnectionError once it is gone."""
        if data:
            self.sent += len(data)
            await self._streaming().write(data)

    async def end(self) -> None:
        """The body is whole."""
        await self._streaming().write_eof()

    def break_off(self) -> None:
        """End the connection so that the answer cannot be taken for a whole one. The handler raises afterwards."""
        transport = self._request.transport
        response = self._response
        if transport is None:
            return
        if response is None or not (response.headers.keys() & {"Content-Length", "Transfer-Encoding"}):
            # HTTP/1.0: a clean end would be the end of the body
            linger = struct.pack("HH" if sys.platform == "win32" else "ii", 1, 0)
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            transport.abort()
            return
        transport.close()  # what was written is still delivered, the mark of the end is not
        asyncio.get_running_loop().call_later(_STALLED, transport.abort)

    def response(self) -> StreamResponse:
        """What the handler made. Raises RuntimeError where it made nothing."""
        if self._response is None:
            raise RuntimeError(f"{self.method} {self.path} was not answered")
        return self._response

    def _streaming(self) -> StreamResponse:
        if self._response is None:
            raise RuntimeError(f"the answer to {self.method} {self.path} has not begun")
        return self._response

    def _with_ours(self, headers: Headers) -> list[tuple[str, str]]:
        return [SERVER, NOSNIFF, *headers, *self.admitted.headers.items()]
