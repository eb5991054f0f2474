"""Passes an upstream's answer on to the caller, unchanged, at the pace of the slower of the two."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from trayapp.core.errors import ProviderError
from trayapp.core.secret import Secret
from trayapp.gateway import headers
from trayapp.gateway.facts import Facts, Outcome

Headers = Iterable[tuple[str, str]]


class Caller(Protocol):
    """Where the answer goes: a ``call.Call``."""

    def answer(self, status: int, body: bytes, headers: Headers = ()) -> None: ...
    async def begin(self, status: int, headers: Headers, length: int | None = None) -> None: ...
    async def write(self, data: bytes) -> None: ...
    async def end(self) -> None: ...
    def break_off(self) -> None: ...


class Answer(Protocol):
    """What is passed on: a ``relay.Reply``."""

    facts: Facts
    status: int

    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def length(self) -> int | None: ...
    @property
    def readable(self) -> bool: ...
    def at_hand(self) -> bytes | None: ...
    async def piece(self) -> bytes: ...
    def finish(self, outcome: Outcome) -> None: ...
    def close(self) -> None: ...


class Filter(Protocol):
    """Changes passing bytes, as ``usage_chunk.UsageChunk`` does."""

    def feed(self, chunk: bytes) -> bytes: ...
    def end(self) -> bytes: ...


async def pass_on(
    reply: Answer,
    caller: Caller,
    *,
    observe: Callable[[bytes], object] | None = None,
    through: Filter | None = None,
    whole: Callable[[], bool] | None = None,
    cut: Callable[[], bytes] | None = None,
    more: Headers = (),
    secrets: tuple[Secret, ...] = (),
) -> None:
    """Give it to the caller as it comes; ``reply.facts`` tell how it went, whatever is raised.

    ``observe`` sees all bytes before they are passed on, ``through`` may change them. ``whole`` is asked at the
    end whether the dialect's own end was seen: some upstreams mark no other. ``cut`` gives the dialect's error
    frame for an answer that broke off; it starts with an end of line, for it may follow half a frame.
    Of an answer that is compressed all the same nothing is read or changed. ``more`` are headers of our own;
    one of the answer that quotes one of ``secrets`` is left out.

    Raises ConnectionError once the caller is gone, or its connection was ended so that a part of an answer is
    not taken for the whole.
    """
    if not reply.readable:
        observe = through = whole = cut = None
    try:
        kept = [*headers.downward(reply.headers.items(), length=False, secrets=secrets), *more]
        length = reply.length if through is None else None
        if length is not None and (body := reply.at_hand()) is not None:
            if observe is not None:
                observe(body)
            caller.answer(reply.status, body, kept)
            return
        await caller.begin(reply.status, kept, length)
        try:
            while chunk := await reply.piece():
                if observe is not None:
                    observe(chunk)
                await caller.write(chunk if through is None else through.feed(chunk))
            broken = whole is not None and not whole()
        except ProviderError:
            broken = True
        if through is not None and not broken:  # half an event before the error would be read as a part of it
            await caller.write(through.end())
        if broken:
            reply.finish(Outcome.CUT)
            if cut is not None and length is None:
                await caller.write(cut())
            caller.break_off()
            raise ConnectionResetError("the upstream broke off")
        await caller.end()
        reply.finish(Outcome.WHOLE)
    finally:
        reply.close()
