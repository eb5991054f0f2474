"""A small scripted HTTP server on 127.0.0.1 that notes what it was asked and misbehaves as told."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct


class Sent(Struct, frozen=True):
    """One request as it came. Header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))


class Reply(Struct, frozen=True, kw_only=True):
    """One answer. ``body`` is sent as it is when bytes, else as JSON."""

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = {}
    delay: float = 0.0
    """Seconds before anything is sent."""
    drip: float = 0.0
    """Seconds after each piece of the body."""
    piece: int = 1
    """Bytes of a piece, where it drips."""
    cut: int | None = None
    """Hang up after so many bytes of the body, though more were promised."""
    raw: bytes | None = None
    """Sent instead of any HTTP, then the connection is closed."""
    gzip: bool = False
    hang: bool = False
    """Send the head and the body so far, then nothing more and no end."""


Answering: TypeAlias = Reply | list[Reply] | Callable[[Sent], Reply]
"""What a path answers: always this, these in turn (the last one for ever), or what a function says."""
Script: TypeAlias = Mapping[str, Answering] | Callable[[Sent], Reply]
"""Paths to answers, 404 for all others; or one function for all paths."""


class Upstream:
    """``async with Upstream(script) as url``; afterwards, or meanwhile, ``requests`` tells what was asked.

    Connections are kept alive unless a reply breaks them; ``connections`` counts those accepted.
    """

    def __init__(self, script: Script) -> None:
        self.requests: list[Sent] = []
        self.connections = 0
        self.url = ""
        self._script = script
        self._turns: dict[str, int] = {}
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self.url

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        await self._server.wait_closed()

    def paths(self) -> list[str]:
        return [sent.path for sent in self.requests]

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        talk = asyncio.get_running_loop().create_task(self._talk(reader, writer), name="upstream")
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (sent := await self._read(reader)) is not None:
                self.requests.append(sent)
                if not await self._answer(writer, self._reply(sent), sent.method == "HEAD"):
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Sent | None:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _version = first.split(" ", 2)
        headers = {
            name.strip().lower(): value.strip() for name, _colon, value in (it.partition(":") for it in lines if it)
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        return Sent(method, target, headers, body)

    def _reply(self, sent: Sent) -> Reply:
        if callable(self._script):
            return self._script(sent)
        answering = self._script.get(sent.path, Reply(status=404, body={"error": {"message": "no such route"}}))
        if isinstance(answering, Reply):
            return answering
        if callable(answering):
            return answering(sent)
        turn = self._turns.get(sent.path, 0)
        self._turns[sent.path] = turn + 1
        return answering[min(turn, len(answering) - 1)]

    async def _answer(self, writer: asyncio.StreamWriter, reply: Reply, head_only: bool) -> bool:
        """Send it; False where the connection ends with it."""
        await asyncio.sleep(reply.delay)
        if reply.raw is not None:
            writer.write(reply.raw)
            await writer.drain()
            return False
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        headers = {"content-type": "application/json", **reply.headers}
        if reply.gzip:
            body, headers["content-encoding"] = gzip.compress(body), "gzip"
        promised = len(body) + (1 if reply.hang else 0)
        lines = "".join(f"{name}: {value}\r\n" for name, value in {"content-length": promised, **headers}.items())
        writer.write(f"HTTP/1.1 {reply.status} Scripted\r\n{lines}\r\n".encode("latin-1"))
        if head_only or reply.status == 304:
            await writer.drain()
            return True
        shown = body if reply.cut is None else body[: reply.cut]
        step = reply.piece if reply.drip else max(len(shown), 1)
        for start in range(0, len(shown), step):
            writer.write(shown[start : start + step])
            await writer.drain()
            if reply.drip:
                await asyncio.sleep(reply.drip)
        await writer.drain()
        if reply.hang:
            await asyncio.sleep(3600)
        return reply.cut is None
