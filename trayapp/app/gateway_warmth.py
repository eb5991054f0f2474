"""Has a connection to the chosen model's provider ready before it is needed: after a pick, and in the pauses of work.

A person's next request comes a minute after the last answer, and a new TCP and TLS handshake costs it up to 300 ms.
Providers close what is idle for a minute or more, so in the ten minutes after a request one small question is sent,
without a key, whenever a minute has passed in silence. Afterwards nothing is sent and nothing wakes up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from trayapp.core.models import ModelRef

SILENCE = 60.0
"""Seconds after which a connection may have been closed by the other end."""
IN_USE = 600.0
"""Seconds after a request in which the next one is likely."""


class Warmth:
    """One task in the gateway's loop, where ``used`` and ``picked`` belong too."""

    def __init__(
        self, warm: Callable[[ModelRef], Awaitable[object]], targets: Callable[[], Iterable[ModelRef]]
    ) -> None:
        """``warm`` has a connection ready for a model; ``targets`` gives the models that are worth it."""
        self._warm = warm
        self._targets = targets
        self._bell = asyncio.Event()
        self._resting = True
        self._picked = False
        self._used: float | None = None
        self._warmed = float("-inf")

    def used(self) -> None:
        """A request came, or its answer ended."""
        self._used = self._now()
        if self._resting:
            self._bell.set()

    def picked(self) -> None:
        """Another model was chosen: the next request goes there."""
        self._picked = True
        self._bell.set()

    def broken(self) -> None:
        """What was open is gone: have it ready again, if somebody is at work."""
        if self._wait() is not None:
            self.picked()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self._bell.clear()
            wait = self._wait()
            self._resting = wait is None
            if not self._picked:
                try:
                    async with asyncio.timeout(wait):
                        await self._bell.wait()
                except TimeoutError:
                    pass
            if self._picked or self._wait() == 0.0:
                self._picked = False
                self._warmed = self._now()
                await asyncio.gather(*(self._warm(ref) for ref in self._targets()))

    def _wait(self) -> float | None:
        """Seconds until a connection is to be kept from cooling; None: nobody is at work."""
        now = self._now()
        if self._used is None or now - self._used > IN_USE:
            return None
        return max(0.0, max(self._used, self._warmed) + SILENCE - now)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
