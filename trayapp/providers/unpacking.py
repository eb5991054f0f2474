"""Takes the content-encoding off an answer piece by piece, so that a bomb never gets the memory it asks for.

httpx unfolds whatever came in one read at once: 64 KB of gzip become 64 MB before anybody can count them.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import httpx

PIECE = 64 * 2**10
"""Bytes given at once, at most."""
_PLAIN = ("", "identity")
_WBITS = {"gzip": 31, "deflate": 47}
"""What grows most is a thousandfold; brotli and zstd have no bound."""


def known(coding: str) -> bool:
    """Whether an answer with this content-encoding is read."""
    return coding.strip().lower() in (*_PLAIN, *_WBITS)


async def pieces(response: httpx.Response) -> AsyncIterator[bytes]:
    """The body, unpacked. Raises httpx.DecodingError for what is not packed as it says, and what httpx raises."""
    import httpx

    coding = response.headers.get("content-encoding", "").strip().lower()
    if coding in _PLAIN:
        async with aclosing(cast("AsyncGenerator[bytes, None]", response.aiter_bytes())) as chunks:
            async for chunk in chunks:
                yield chunk
        return
    unfolding = Unfolding(coding)
    async with aclosing(cast("AsyncGenerator[bytes, None]", response.aiter_raw())) as chunks:
        async for chunk in chunks:
            try:
                for piece in unfolding.feed(chunk):
                    yield piece
            except zlib.error as exc:
                raise httpx.DecodingError(str(exc), request=response.request) from None


class Unfolding:
    """One body's content-encoding, which is ``known`` and packs something."""

    def __init__(self, coding: str) -> None:
        self._wbits = _WBITS[coding]
        self._decoder = zlib.decompressobj(self._wbits)
        self._first = b""
        self._begun = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """What these bytes unfold to. What follows the end is not looked at. Raises zlib.error."""
        if not self._begun:
            chunk = self._first + chunk
            if len(chunk) < 2:  # so long is the header by which both forms of deflate are told apart
                self._first = chunk
                return
        while chunk and not self._decoder.eof:
            piece = self._unfolded(chunk)
            chunk = self._decoder.unconsumed_tail
            if piece:
                yield piece

    def _unfolded(self, chunk: bytes) -> bytes:
        first, self._begun = not self._begun, True
        try:
            return self._decoder.decompress(chunk, PIECE)
        except zlib.error:
            if not first or self._wbits != _WBITS["deflate"]:
                raise
            self._decoder = zlib.decompressobj(-15)  # some send deflate without its header
            return self._decoder.decompress(chunk, PIECE)
