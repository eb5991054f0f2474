"""Time that passes when a test says so."""

from __future__ import annotations

import asyncio


class FakeClock:
    """A Clock whose sleeps take no time: each one advances it and is noted in ``slept``.

    Where something sleeps in a loop for ever, ``hold()`` makes sleepers wait until ``advance()``
    has passed their time.
    """

    def __init__(self, now: float = 1_750_000_000.0, monotonic: float = 1_000.0) -> None:
        self._now = now
        self._monotonic = monotonic
        self._held = False
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []
        self.slept: list[float] = []

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if not self._held:
            self._pass(seconds)
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._monotonic + seconds, woken))
        await woken

    def hold(self) -> None:
        """From now on sleepers wait for ``advance``."""
        self._held = True

    def advance(self, seconds: float) -> None:
        """Let time pass, and wake who slept until then; they run when the test next awaits."""
        self._pass(seconds)
        due = [pair for pair in self._sleepers if pair[0] <= self._monotonic]
        self._sleepers = [pair for pair in self._sleepers if pair[0] > self._monotonic]
        for _, woken in sorted(due, key=lambda pair: pair[0]):
            if not woken.done():
                woken.set_result(None)

    def set_back(self, seconds: float) -> None:
        """The wall clock alone is moved, as by a user or a time server."""
        self._now -= seconds

    def _pass(self, seconds: float) -> None:
        self._now += seconds
        self._monotonic += seconds
