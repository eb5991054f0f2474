"""A small HTTP server on 127.0.0.1 whose handler is cancelled when the client goes; the same without a socket.

A ``Front`` is given ``answer``, a coroutine from ``Asked`` to ``Answer``. It is cancelled where the client hangs up,
and so is the iterator of a body that comes piece by piece; it raises ``HungUpError`` to hang up itself.
"""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any, Protocol, Self
from urllib.parse import unquote, urlsplit

import httpx
from msgspec import Struct

from trayapp.core.clock import Clock

JSON = "application/json; charset=utf-8"
TEXT = "text/plain"


class HungUpError(Exception):
    """The server closes the connection in the middle."""


class Asked(Struct):
    """One request as it came. Header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    at: float = 0.0
    """When, in seconds since the epoch of the server's clock."""
    status: int = 0
    """How it was answered; 0: not yet, or never."""
    ended: float = 0.0
    """When its answer was complete; 0: not yet, or cut off."""

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    @property
    def direct(self) -> bool:
        """Asked by the fake's own client, as another program on the computer would."""
        return self.headers.get("user-agent") == DIRECT

    @property
    def json(self) -> Any:
        """The body; an empty object where it is none."""
        try:
            return json.loads(self.body or b"{}")
        except ValueError:
            return {}


DIRECT = "another program"


class Answer(Struct):
    """One answer: whole, or as pieces that are sent as they come."""

    body: bytes | AsyncGenerator[bytes, None] = b""
    status: int = 200
    type: str = JSON
    headers: Mapping[str, str] = {}


class Said(Struct, frozen=True):
    """What a direct client got."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def lines(self) -> list[Any]:
        """A native stream's objects."""
        return [json.loads(line) for line in self.body.splitlines()]

    @property
    def events(self) -> list[Any]:
        """The data of server-sent events; the end marker as it is."""
        said = [line.removeprefix(b"data: ") for line in self.body.splitlines() if line.startswith(b"data: ")]
        return ["[DONE]" if data == b"[DONE]" else json.loads(data) for data in said]


def as_json(value: object, status: int = 200) -> Answer:
    return Answer(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(), status)


class _Sink(Protocol):
    """Where an answer goes."""

    def head(self, status: int, headers: dict[str, str], length: int | None) -> None: ...
    def piece(self, data: bytes) -> None: ...
    def end(self) -> None: ...
    def drop(self) -> None: ...


class Front:
    """The door of a fake server. ``log`` is everything that was asked; it can be shut and opened again."""

    def __init__(self, answer: Callable[[Asked], Awaitable[Answer]], clock: Clock, port: int = 0) -> None:
        self.log: list[Asked] = []
        self.awake = asyncio.Event()
        """Cleared: connections are accepted, and nothing is answered yet."""
        self.awake.set()
        self._answer = answer
        self._clock = clock
        self.port = port
        self._server: asyncio.Server | None = None
        self._serving: dict[asyncio.Task[None], _Sink] = {}
        self._talks: set[_Talk] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def open(self) -> bool:
        return self._server is not None

    async def start(self) -> None:
        """Listen; where it listened before, if it did."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Talk(self), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Gone at once, as when the process is killed: every connection is cut."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        for task, sink in list(self._serving.items()):
            sink.drop()
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        for talk in list(self._talks):
            talk.abort()
        await server.wait_closed()

    def serve(self, asked: Asked, sink: _Sink) -> asyncio.Task[None]:
        """Answer in a task of its own; cancelling it is how the client goes."""
        asked.at = self._clock.now()
        self.log.append(asked)
        task = asyncio.get_running_loop().create_task(self._serve(asked, sink), name=f"fake {asked.path}")
        self._serving[task] = sink
        task.add_done_callback(lambda done: self._serving.pop(done, None))
        return task

    async def _serve(self, asked: Asked, sink: _Sink) -> None:
        try:
            await self.awake.wait()
            answer = await self._answer(asked)
            asked.status = answer.status
            headers = {"content-type": answer.type, **answer.headers}
            if isinstance(answer.body, bytes):
                sink.head(answer.status, headers, len(answer.body))
                if asked.method != "HEAD":
                    sink.piece(answer.body)
            else:
                sink.head(answer.status, headers, None)
                async with aclosing(answer.body) as pieces:
                    async for piece in pieces:
                        sink.piece(piece)
        except HungUpError:
            sink.drop()
        except asyncio.CancelledError:
            raise
        except BaseException:
            sink.drop()
            raise
        else:
            asked.ended = self._clock.now()
            sink.end()

    async def ask(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Said:
        """Ask as another program would, in memory, with no time limit; cancelling it hangs up.

        Raises httpx.ConnectError where nobody listens, httpx.RemoteProtocolError where it is cut off.
        """
        sent = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        host = {"host": f"127.0.0.1:{self.port}", "user-agent": DIRECT, **(headers or {})}
        line = _Line(self, Asked(method, path, host, sent))
        status, got = await line.head_of(None)
        try:
            return Said(status, got, b"".join([piece async for piece in line]))
        finally:
            await line.aclose()


class MemoryTransport(httpx.AsyncBaseTransport):
    """For an httpx client: the same answers without a socket, with its timeouts and its way of hanging up."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        headers = {name.lower(): value for name, value in request.headers.items()}
        line = _Line(self._front, Asked(request.method, request.url.raw_path.decode(), headers, body))
        line.patience = request.extensions.get("timeout", {}).get("read")
        status, got = await line.head_of(line.patience)
        return httpx.Response(status, headers=got, stream=line, request=request)


class _Line(httpx.AsyncByteStream):
    """One exchange in memory."""

    def __init__(self, front: Front, asked: Asked) -> None:
        self.patience: float | None = None
        self._coming: asyncio.Queue[tuple[int, dict[str, str]] | bytes | HungUpError | None] = asyncio.Queue()
        if not front.open:
            raise httpx.ConnectError("All connection attempts failed")
        self._task = front.serve(asked, self)
        self._task.add_done_callback(self._reported)

    def head(self, status: int, headers: dict[str, str], length: int | None) -> None:
        self._coming.put_nowait((status, headers if length is None else {**headers, "content-length": str(length)}))

    def piece(self, data: bytes) -> None:
        self._coming.put_nowait(data)

    def end(self) -> None:
        self._coming.put_nowait(None)

    def drop(self) -> None:
        self._coming.put_nowait(HungUpError())

    async def head_of(self, patience: float | None) -> tuple[int, dict[str, str]]:
        head = await self._next(patience)
        assert isinstance(head, tuple)
        return head

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        while (piece := await self._next(self.patience)) is not None:
            assert isinstance(piece, bytes)
            yield piece

    async def aclose(self) -> None:
        self._task.cancel()

    async def _next(self, patience: float | None) -> tuple[int, dict[str, str]] | bytes | None:
        try:
            async with asyncio.timeout(patience):
                came = await self._coming.get()
        except TimeoutError:
            self._task.cancel()
            raise httpx.ReadTimeout("") from None
        except asyncio.CancelledError:
            self._task.cancel()
            raise
        if isinstance(came, HungUpError):
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        return came

    def _reported(self, task: asyncio.Task[None]) -> None:
        _report(task)


class _Talk(asyncio.Protocol):
    """One connection: requests one after another, kept alive."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._buffer = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._chunked = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._front._talks.add(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._begin()

    def eof_received(self) -> None:
        self._gone()

    def connection_lost(self, exc: Exception | None) -> None:
        self._front._talks.discard(self)
        self._gone()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _gone(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        if self._task is None and (asked := self._parse()) is not None:
            self._task = self._front.serve(asked, self)
            self._task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        _report(task)
        self._task = None
        if self._transport is not None and not self._transport.is_closing():
            self._begin()

    def _parse(self) -> Asked | None:
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _version = first.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0"))
        if len(rest) < length:
            return None
        self._buffer = rest[length:]
        return Asked(method, target, headers, bytes(rest[:length]))

    def head(self, status: int, headers: dict[str, str], length: int | None) -> None:
        self._chunked = length is None
        size = {"transfer-encoding": "chunked"} if length is None else {"content-length": str(length)}
        lines = "".join(f"{name}: {value}\r\n" for name, value in {**headers, **size}.items())
        self._write(f"HTTP/1.1 {status} Fake\r\n{lines}\r\n".encode("latin-1"))

    def piece(self, data: bytes) -> None:
        if data:
            self._write(b"%x\r\n%s\r\n" % (len(data), data) if self._chunked else data)

    def end(self) -> None:
        if self._chunked:
            self._write(b"0\r\n\r\n")

    def drop(self) -> None:
        self.abort()

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)


def _report(task: asyncio.Task[None]) -> None:
    """A fault of the fake itself fails the test."""
    if not task.cancelled() and (error := task.exception()) is not None:
        task.get_loop().call_exception_handler({"message": "the fake server failed", "exception": error})


class FakeServer(ABC):
    """A server behind a front. ``async with`` starts it and stops it."""

    def __init__(self, clock: Clock, port: int) -> None:
        self.clock = clock
        self.front = Front(self._answer, clock, port)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        await self.front.start()

    async def stop(self) -> None:
        await self.front.stop()

    @property
    def url(self) -> str:
        return self.front.url

    @property
    def log(self) -> list[Asked]:
        return self.front.log

    def transport(self) -> MemoryTransport:
        return MemoryTransport(self.front)

    async def ask(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Said:
        """Any request of another program, in memory. Cancel it to hang up. Errors come back as they are."""
        return await self.front.ask(method, path, body, headers)

    @abstractmethod
    async def _answer(self, asked: Asked) -> Answer: ...
