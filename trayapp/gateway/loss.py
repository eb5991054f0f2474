"""Ends the reading of an answer whose connection is gone, in the one case in which aiohttp forgets to.

Imports aiohttp: only the gateway's own thread imports this module.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import aiohttp

_Reading = list[aiohttp.StreamReader]
_watched: WeakKeyDictionary[Any, _Reading] = WeakKeyDictionary()


def watch(response: aiohttp.ClientResponse) -> None:
    """Have the answer's reader fail when the connection is lost before the body's end.

    WORKAROUND: after a chunk whose size is nonsense aiohttp 3.14 closes the connection, but never tells the reader
    of the body, which would wait for ever: its parser forgets the body before it raises (``HttpParser.feed_data``).
    """
    protocol = None if response.connection is None else response.connection.protocol
    closed = None if protocol is None else protocol.closed
    if closed is None:  # it is gone already, and whoever reads was told
        return
    reading = _watched.get(protocol)
    if reading is None:
        reading = _watched[protocol] = []
        # once for each connection and never taken back: somebody has to hear what it ended with
        closed.add_done_callback(partial(_lost, reading))
    reading[:] = [response.content]


def _lost(reading: _Reading, closed: asyncio.Future[None]) -> None:
    if not closed.cancelled():
        closed.exception()
    for content in reading:
        if not content.is_eof() and content.exception() is None:
            content.set_exception(aiohttp.ClientPayloadError("the connection was lost"))
    reading.clear()
