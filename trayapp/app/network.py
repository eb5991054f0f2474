"""What the system says of the network, and what follows when it comes back, goes away, or the computer wakes up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from trayapp.system import wake
from trayapp.system.wake import Event

AT_START = 1.0
"""Seconds that the first lists wait to hear how things stand; usually it takes a hundredth of that."""


class Network:
    """Knows whether there is a network and whether it is metered; None where nobody says so."""

    def __init__(
        self,
        *,
        back: Callable[[], object],
        changed: Callable[[], object],
        watch: Callable[..., Awaitable[None]] = wake.watch,
    ) -> None:
        """``back`` is called when the network came back or the computer woke up, ``changed`` for all else."""
        self.online: bool | None = None
        self.metered: bool | None = None
        self._back = back
        self._changed = changed
        self._watch = watch
        self._known = asyncio.Event()

    async def watch(self) -> None:
        """Listen until cancelled. Ends by itself where the system says nothing, or no longer."""
        await self._watch(self.hear, ready=self._known.set)
        self._known.set()
        if (self.online, self.metered) != (None, None):
            self.online = self.metered = None  # nobody would say when that no longer holds
            self._changed()

    async def known(self) -> None:
        """Wait until the system has said how things stand, but not for long."""
        try:
            await asyncio.wait_for(self._known.wait(), AT_START)
        except TimeoutError:
            self._known.set()

    def hear(self, event: Event) -> None:
        """Remember it, and tell whom it concerns; how things stand at the start is no news."""
        match event:
            case Event.ONLINE | Event.OFFLINE:
                self.online = event is Event.ONLINE
            case Event.METERED | Event.UNMETERED:
                self.metered = event is Event.METERED
            case Event.ASLEEP:
                return
        if not self._known.is_set():
            return
        if event in (Event.ONLINE, Event.AWAKE):
            self._back()
        else:
            self._changed()
