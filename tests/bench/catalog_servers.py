"""Providers on 127.0.0.1 for the catalogue's benchmark: each answers after its own delay, and counts."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct


def rows(provider: str, count: int) -> list[dict[str, object]]:
    """A list as an OpenAI-like server gives it, some 200 bytes a row."""
    return [
        {
            "id": f"family-{number % 17}/{provider}-model-{number}-instruct",
            "object": "model",
            "created": 1_700_000_000 + number,
            "owned_by": f"maker-{number % 17}",
            "context_length": 128_000,
            "display_name": f"Family {number % 17}: Model {number} Instruct",
        }
        for number in range(count)
    ]


class Server(Struct):
    """One provider. ``delay`` in seconds, None for never."""

    name: str
    delay: float | None = 0.0
    models: int = 200
    pages: int = 1
    fails: float = 0.0
    """Part of the requests that are answered with 503."""
    address: str = ""
    connections: int = 0
    requests: int = 0
    sent: int = 0
    """Bytes of bodies as they went over the wire."""
    plain: int = 0
    """The same before compression."""


class Servers:
    """All of them, in one thread with a loop of its own, so that they take no time of the program's loop."""

    def __init__(self, servers: list[Server]) -> None:
        self.all = servers
        self._loop = asyncio.new_event_loop()
        self._chance = random.Random(7)
        self._bodies: dict[tuple[str, int], bytes] = {}

    @contextmanager
    def running(self) -> Iterator[list[Server]]:
        ready = threading.Event()
        listeners: list[asyncio.Server] = []

        async def listen() -> None:
            for server in self.all:
                listener = await asyncio.start_server(partial(self._serve, server), "127.0.0.1", 0)
                listeners.append(listener)
                server.address = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/v1"
            ready.set()

        async def leave() -> None:
            for listener in listeners:
                listener.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            await asyncio.sleep(0)

        def run() -> None:
            asyncio.set_event_loop(self._loop)
            self._loop.run_until_complete(listen())
            self._loop.run_forever()
            self._loop.close()

        thread = threading.Thread(target=run, name="providers", daemon=True)
        thread.start()
        ready.wait(5)
        try:
            yield self.all
        finally:
            asyncio.run_coroutine_threadsafe(leave(), self._loop).result(5)
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join(5)

    async def _serve(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                server.requests += 1
                if server.delay is None:
                    await asyncio.sleep(3600)
                await asyncio.sleep(server.delay or 0.0)
                writer.write(self._answer(server, head))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            writer.close()

    def _answer(self, server: Server, head: str) -> bytes:
        if server.fails and self._chance.random() < server.fails:
            return b'HTTP/1.1 503 Busy\r\nContent-Length: 15\r\n\r\n{"error":"busy"}'[:-1]
        after = parse_qs(urlsplit(head.split(" ", 2)[1]).query).get("after_id", ["page-0"])[0]
        page = int(after.rpartition("-")[2]) + 1
        plain = self._body(server, page)
        packed = "gzip" in head.lower()
        body = gzip.compress(plain, 6) if packed else plain
        server.sent += len(body)
        server.plain += len(plain)
        lines = ["HTTP/1.1 200 OK", "Content-Type: application/json", f"Content-Length: {len(body)}"]
        if packed:
            lines.append("Content-Encoding: gzip")
        return "\r\n".join([*lines, "", ""]).encode() + body

    def _body(self, server: Server, page: int) -> bytes:
        found = self._bodies.get((server.name, page))
        if found is None:
            listed = [{**row, "id": f"{row['id']}-{page}"} for row in rows(server.name, server.models // server.pages)]
            answer = {"object": "list", "data": listed, "has_more": page < server.pages, "last_id": f"page-{page}"}
            found = self._bodies[server.name, page] = json.dumps(answer).encode()
        return found
