"""Cuts a stream of bytes into server-sent events or lines of JSON, wherever the chunks were cut."""

from __future__ import annotations

from trayapp.core.language import _
from trayapp.core.weight import weight
from trayapp.gateway.exchange import GarbledError
from trayapp.gateway.limits import ANSWER, VALUES

LONGEST = ANSWER
"""Bytes of one event or line."""
_SMALL = 64 * 2**10
"""Bytes of one that are not weighed."""
_EACH = 64
"""Bytes that a piece which is held takes besides its own."""


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
        return [_light(line.removesuffix(b"\r")) for line in (first, *others)]

    def end(self) -> list[bytes]:
        """The last line, if the stream did not end it."""
        left = b"".join(self._rest)
        self._rest.clear()
        self._held = 0
        return [_light(left.removesuffix(b"\r"))] if left else []

    def _hold(self, piece: bytes) -> None:
        self._rest.append(piece)
        self._held += len(piece) + _EACH
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
                found.append((self._name, _light(b"\n".join(self._data))))
                self._data.clear()
                self._held = 0
            self._name = b""
        elif line.startswith(b"data:"):
            data = line[6:] if line.startswith(b"data: ") else line[5:]
            self._data.append(data)
            self._held += len(data) + _EACH
            if self._held > LONGEST:
                raise GarbledError(_("The provider sent an event that does not end."))
        elif line.startswith(b"event:"):
            self._name = line[6:].strip()
        elif line.startswith(b":"):
            found.append((b":", b""))


def _light(data: bytes) -> bytes:
    """It as it is. Raises GarbledError for what would fill the memory once it is parsed."""
    if len(data) > _SMALL and weight(data) > VALUES:
        raise GarbledError(_("The provider sent more in one piece than an answer can hold."))
    return data


def event(data: bytes) -> bytes:
    """One server-sent event without a name, as OpenAI writes it."""
    return b"data: %b\n\n" % data


def named_event(name: str, data: bytes) -> bytes:
    """One server-sent event with its name, as Anthropic writes it."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), data)
