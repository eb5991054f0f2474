"""Takes out the chunk with usage that we asked for and the caller did not: many index ``choices[0]`` unseen."""

from __future__ import annotations

import re

import msgspec

from trayapp.gateway.fields import UNREADABLE

LONGEST = 64 * 2**10
"""Bytes of an event that is held until its end is there; a longer one is not the chunk that is looked for."""
_EMPTY = re.compile(rb'"choices"\s*:\s*\[\s*\]')
_END = re.compile(rb"\r?\n\r?\n")
_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class UsageChunk:
    """Feed it chunks as they come; it gives what is to be passed on. An event's bytes are never changed.

    Chunks that hold whole events pass at once. The beginning of an event waits for the rest of it, which costs
    the caller nothing: nobody can read half an event.
    """

    def __init__(self) -> None:
        self.taken = 0
        """Events that were taken out."""
        self._held = bytearray()
        self._passing = False
        """In the middle of an event that is too long to be held."""

    def feed(self, chunk: bytes) -> bytes:
        if not self._held and not self._passing and chunk.endswith(b"\n\n") and not _EMPTY.search(chunk):
            return chunk
        # what was held is not looked through again: an upstream that sends byte by byte would make that costly
        looked_at = max(0, len(self._held) - 3)
        self._held += chunk
        if not self._passing and len(self._held) <= LONGEST and not _END.search(self._held, looked_at):
            return b""
        data = bytes(self._held)
        kept: list[bytes] = []
        start = 0
        for end in _END.finditer(data, looked_at):
            event = data[start : end.end()]
            start = end.end()
            if self._passing or not self._is_it(event):
                kept.append(event)
            self._passing = False
        rest = data[start:]
        if self._passing or len(rest) > LONGEST:
            self._passing = True
            passed = rest[:-3] + rest[-3:].rstrip(b"\r\n")  # the event's end may be cut in two: its beginning stays
            kept.append(passed)
            rest = rest[len(passed) :]
        self._held = bytearray(rest)
        return b"".join(kept)

    def end(self) -> bytes:
        """What is left when the stream has ended without an empty line."""
        rest, self._held = bytes(self._held), bytearray()
        return b"" if rest and not self._passing and self._is_it(rest) else rest

    def _is_it(self, event: bytes) -> bool:
        if not _EMPTY.search(event):
            return False
        lines = [line for line in event.splitlines() if line.startswith(b"data:")]
        if len(lines) != 1:
            return False
        try:
            chunk = _decode(lines[0][5:])
        except UNREADABLE:
            return False
        choices, usage = bytes(chunk.get("choices", b"")), bytes(chunk.get("usage", b""))
        found = not choices.strip(b"[] \t\r\n") and choices[:1] == b"[" and usage[:1] == b"{"
        self.taken += found
        return found
