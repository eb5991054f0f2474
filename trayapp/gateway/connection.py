"""The HTTP side of every caller's connection: aiohttp's parser with our limits, and refusals in words.

Imports aiohttp, which takes 150 ms: only the gateway's own thread imports this module.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from itertools import chain
from typing import Any, cast

from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import LineTooLong
from aiohttp.streams import StreamReader

# not aiohttp.web, which brings routes, files and web sockets: 1.3 MB that nobody here needs
from aiohttp.web_protocol import RequestHandler
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response, StreamResponse
from aiohttp.web_server import Server

from trayapp.core.errors import ProviderError, UserError
from trayapp.core.language import _
from trayapp.gateway import guard, reads
from trayapp.gateway.call import SERVER, Call
from trayapp.gateway.limits import Limits
from trayapp.gateway.refusal import Reason, RefusedError, Words

Handler = Callable[[Call], Awaitable[None]]
_TURNED_AWAY = 64
"""Connections beyond the limit that are told so; any more are dropped without a word."""
_SILENT = logging.Logger("aiohttp in the gateway")  # noqa: LOG001 - theirs quotes headers, so nobody hears it
_SILENT.disabled = True


class House:
    """What all connections share."""

    def __init__(
        self,
        handler: Handler,
        *,
        gate: Callable[[], guard.Gate],
        limits: Limits,
        words: Words,
        report: Callable[[str, BaseException], object],
    ) -> None:
        self.handler, self.gate, self.limits, self.words, self.report = handler, gate, limits, words, report
        self.connections: set[Connection] = set()
        self.active: set[asyncio.Task[Any]] = set()
        """Requests that are being answered."""
        self.leaving = False
        self.web = _Server(self)

    async def answered(self, request: BaseRequest) -> StreamResponse:
        """Every request comes through here: the guard, then the handler, then what went wrong in words."""
        call = Call(request, self.limits)
        task: Any = asyncio.current_task()
        self.active.add(task)
        try:
            try:
                return await self._handled(call, request)
            except RefusedError as exc:
                return self._refused(call, exc)
            except UserError as exc:
                return self._refused(call, RefusedError(getattr(exc, "status", 400), Reason.BAD_REQUEST, str(exc)))
            except ProviderError as exc:
                return self._refused(call, RefusedError(502, Reason.BROKEN, exc.failure.detail))
            except asyncio.CancelledError:
                if not self.leaving or call.begun or not call.connected:
                    raise
                return self._refused(call, RefusedError(503, Reason.LEAVING, _("trayapp is being quit.")))
        finally:
            self.active.discard(task)
            cast("Connection", request.protocol).request_ended()

    async def _handled(self, call: Call, request: BaseRequest) -> StreamResponse:
        raw = request.raw_headers
        if sum(map(len, chain.from_iterable(raw))) + 4 * len(raw) + len(call.target) > self.limits.head:
            raise _head_too_large(self.limits)
        call.admitted = guard.admit(self.gate(), _head(call, request))
        if call.admitted.preflight:
            call.answer(204, b"")
        else:
            await self.handler(call)
        return call.response()

    def _refused(self, call: Call, refused: RefusedError) -> StreamResponse:
        if call.begun:
            call.break_off()
            raise ConnectionResetError("the answer was broken off")
        kind, body = self.words(call.path, refused.status, refused.reason, str(refused))
        call.answer(refused.status, body, [("Content-Type", kind), *refused.headers.items()])
        response = call.response()
        if refused.closes:
            response.force_close()
        return response


class Connection(RequestHandler):
    """One caller's connection."""

    def __init__(self, house: House, server: Server, loop: asyncio.AbstractEventLoop, **options: Any) -> None:
        super().__init__(server, loop=loop, **options)
        self._house = house
        self._timer = loop.time
        self._beginning = b""
        self._held = 0
        self._busy = False
        self._long = False
        self._stopped = False
        self._turned_away = False
        self._refused = False
        self.head_since: float | None = None
        """When the first byte of a request came whose headers are not complete."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        house = self._house
        over = len(house.connections) - house.limits.connections
        house.connections.add(self)
        if over < 0 and not house.leaving:
            super().connection_made(transport)
            return
        self._turned_away = True
        self.head_since = self._timer()
        self.transport = cast("asyncio.Transport", transport)
        if over > _TURNED_AWAY or house.leaving:
            self.transport.abort()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._house.connections.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        if len(data) >= reads.SMALL and not self._long:
            self._long = True
            reads.set_size(self.transport, reads.LARGE)
        if not self._busy:
            if self.head_since is None:
                self.head_since = self._timer()
            if not self._held:
                self._beginning = data
            if self._turned_away:
                self.refuse(_busy(self._house.limits))
                return
            if self._held > self._house.limits.head:
                self.refuse(_head_too_large(self._house.limits))
                return
            self._held += len(data)
        super().data_received(data)

    def pause_reading(self) -> None:
        """More of a body has come than is read."""
        self._stopped = True
        super().pause_reading()

    def resume_reading(self, *args: Any, **named: Any) -> None:
        """aiohttp 3.14 asks for this after every piece, and parses nothing at all anew, though nothing was paused."""
        if self._stopped:
            self._stopped = False
            super().resume_reading(*args, **named)

    def request_begins(self) -> None:
        """The headers are complete."""
        self._busy = True
        self._beginning = b""
        self._held = 0
        self.head_since = None

    def request_ended(self) -> None:
        self._busy = False
        if self._long:
            self._long = False
            reads.set_size(self.transport, reads.SMALL)

    def too_slow(self) -> None:
        """The headers did not come in time."""
        if self._held:
            self.refuse(RefusedError(408, Reason.TOO_SLOW, _("The headers of the request did not come in time.")))
        else:
            self.force_close()

    def refuse(self, refused: RefusedError) -> None:
        """Say so without a request having been read, and end the connection."""
        transport = self.transport
        self._refused = True
        self.head_since = None
        if transport is None or transport.is_closing():
            return
        transport.write(_raw(self._house.words, self._beginning, refused))
        self._beginning = b""
        # closed at once, the answer would be lost to a caller who is still sending
        self._loop.call_later(self._house.limits.last_words, self.force_close)

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> StreamResponse:
        """What aiohttp could not parse, and what a handler raised that it should not have: in words, nothing logged."""
        sent = request.writer.output_size > 0
        if isinstance(exc, ConnectionError) and (sent or self.transport is None or self.transport.is_closing()):
            raise exc  # the caller is gone, or was broken off with
        if status != 400 and exc is not None:
            self._house.report("gateway", exc)
        if sent:
            raise ConnectionError("a part of the answer has been sent")
        if isinstance(exc, LineTooLong):
            sentence = _("A header line of the request is longer than {size} KB.")
            size = self._house.limits.field // 2**10
            refused = RefusedError(431, Reason.HEAD_TOO_LARGE, sentence.format(size=size))
        elif status == 400:
            refused = RefusedError(400, Reason.BAD_REQUEST, _("This is not a request that trayapp can read."))
        else:
            refused = RefusedError(status, Reason.BROKEN, _("trayapp failed at this; its log says more."))
        path = request.raw_path if exc is not None and status != 400 else _path_in(self._beginning)
        kind, body = self._house.words(path, refused.status, refused.reason, str(refused))
        answer = Response(status=refused.status, body=body, headers=[("Content-Type", kind), SERVER])
        answer.force_close()
        return answer

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Something outside of any request."""
        self._house.report("gateway", kw.get("exc_info") or RuntimeError(str(args)))


class _Server(Server):
    """Makes our connections instead of plain ones."""

    def __init__(self, house: House) -> None:
        super().__init__(house.answered, request_factory=self._begun, handler_cancellation=True)
        self._house = house
        limits = house.limits
        self._options = {
            "keepalive_timeout": limits.idle,
            "lingering_time": limits.last_words,
            "max_line_size": limits.field,
            "max_field_size": limits.field,
            "read_bufsize": 2**18,  # with the usual 64 KB, a long prompt is paused and resumed twenty times
            "auto_decompress": False,
            "access_log": None,
            "logger": _SILENT,
        }

    def __call__(self) -> Connection:
        return Connection(self._house, self, asyncio.get_running_loop(), **self._options)

    def _begun(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: RequestHandler,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> BaseRequest:
        cast("Connection", protocol).request_begins()
        return BaseRequest(message, payload, protocol, writer, task, asyncio.get_running_loop())


def _head(call: Call, request: BaseRequest) -> guard.Head:
    headers = request.headers
    every = headers.getall
    preflight = request.method == "OPTIONS"
    return guard.Head(
        method=request.method,
        target=call.target,
        host=tuple(every("Host", ())),
        origin=tuple(every("Origin", ())),
        site=tuple(every("Sec-Fetch-Site", ())),
        authorization=tuple(every("Authorization", ())),
        api_key=tuple(every("x-api-key", ())),
        asks_method=headers.get("Access-Control-Request-Method", "") if preflight else "",
        asks_headers=headers.get("Access-Control-Request-Headers", "") if preflight else "",
        asks_network=preflight and headers.get("Access-Control-Request-Private-Network") == "true",
    )


def _raw(words: Words, beginning: bytes, refused: RefusedError) -> bytes:
    kind, body = words(_path_in(beginning), refused.status, refused.reason, str(refused))
    lines = (
        f"HTTP/1.1 {refused.status} {HTTPStatus(refused.status).phrase}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        f"{SERVER[0]}: {SERVER[1]}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in refused.headers.items()),
    )
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _path_in(beginning: bytes) -> str:
    """The path in what may be a request line, so that even a refusal is said in the caller's dialect."""
    words = beginning[:2048].split(b"\r\n", 1)[0].split(b" ")
    found = words[1].partition(b"?")[0] if len(words) > 1 else b""
    return found.decode("ascii", "replace") if found.startswith(b"/") else ""


def _head_too_large(limits: Limits) -> RefusedError:
    sentence = _("The headers of the request are larger than {size} KB.").format(size=limits.head // 2**10)
    return RefusedError(431, Reason.HEAD_TOO_LARGE, sentence)


def _busy(limits: Limits) -> RefusedError:
    sentence = _("trayapp already talks to {count} callers at once. Try again in a moment.")
    return RefusedError(503, Reason.BUSY, sentence.format(count=limits.connections), headers={"Retry-After": "1"})
