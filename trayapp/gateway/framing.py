"""Cuts a stream of bytes into server-sent events or lines of JSON, wherever the chunks were cut."""

from __future__ import annotations

from trayapp.core.language import _
from trayapp.gateway.exchange import GarbledError

LONGEST = 32 * 1024 * 1024
"""Bytes of one event or line. An answer may hold a picture; more than this is no answer."""


class Lines:
    """Whole lines without their ends (``\\n`` or ``\\r\\n``), as soon as they are there."""

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        self._held = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that this chunk completes. Raises GarbledError for one that never ends."""
        first, *others = chunk.split(b"\n")
        if not others:
            self._hold(first)
            return []
        if self._rest:
            self._rest.append(first)
            first = b"".join(self._rest)
            self._rest.clear()
            self._held = 0
        last = others.pop()
        if last:
            self._hold(last)
        return [line.removesuffix(b"\r") for line in (first, *others)]

    def end(self) -> list[bytes]:
        """The last line, if the stream did not end it."""
        left = b"".join(self._rest)
        self._rest.clear()
        self._held = 0
        return [left.removesuffix(b"\r")] if left else []

    def _hold(self, piece: bytes) -> None:
        self._rest.append(piece)
        self._held += len(piece)
        if self._held > LONGEST:
            raise GarbledError(_("The provider sent a line that does not end."))


class Frames:
    """The ``data`` of server-sent events, with their names; comments come as events named ``:``."""

    def __init__(self) -> None:
        self._lines = Lines()
        self._data: list[bytes] = []
        self._held = 0
        self._name = b""

    def feed(self, chunk: bytes) -> list[tuple[bytes, bytes]]:
        """Name (empty: none) and data of the events that this chunk completes."""
        found: list[tuple[bytes, bytes]] = []
        for line in self._lines.feed(chunk):
            self._take(line, found)
        return found

    def end(self) -> list[tuple[bytes, bytes]]:
        """The last event, if the stream did not close it with an empty line."""
        found: list[tuple[bytes, bytes]] = []
        for line in (*self._lines.end(), b""):
            self._take(line, found)
        return found

    def _take(self, line: bytes, found: list[tuple[bytes, bytes]]) -> None:
        if not line:
            if self._data:
                found.append((self._name, b"\n".join(self._data)))
                self._data.clear()
                self._held = 0
            self._name = b""
        elif line.startswith(b"data:"):
            data = line[6:] if line.startswith(b"data: ") else line[5:]
            self._data.append(data)
            self._held += len(data)
            if self._held > LONGEST:
                raise GarbledError(_("The provider sent an event that does not end."))
        elif line.startswith(b"event:"):
            self._name = line[6:].strip()
        elif line.startswith(b":"):
            found.append((b":", b""))


def event(data: bytes) -> bytes:
    """One server-sent event without a name, as OpenAI writes it."""
    return b"data: %b\n\n" % data


def named_event(name: str, data: bytes) -> bytes:
    """One server-sent event with its name, as Anthropic writes it."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), data)
