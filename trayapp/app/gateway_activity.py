"""What the gateway is doing, noted in its thread and shown at most four times a second.

A signal per request, let alone per chunk, would keep the main loop from everything else.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from trayapp.core.models import ModelRef
from trayapp.system import bridge

EVERY = 0.25
"""Seconds between two looks at the figures while something happens."""
KEYS_EVERY = 300.0
"""Seconds between two notes that keys in memory are in use; they are dropped after three times as long."""


class Activity:
    """Written in the gateway's thread, read in the main loop, each field by one assignment."""

    def __init__(self, show: Callable[[], object], keys_used: Callable[[], object]) -> None:
        """Both are called in the loop in which this is made."""
        self._show = show
        self._keys_used = keys_used
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._told = False
        self._keys_told = -KEYS_EVERY
        self.answered: tuple[ModelRef | None, str] = (None, "")
        """The last model that answered, and why it was that one."""

    # -- in the gateway's thread ------------------------------------------------------------------

    def served(self, ref: ModelRef, why: str) -> None:
        """This model answers now, and why."""
        self.answered = (ref, why)
        self.changed()

    def changed(self) -> None:
        """Something is to be shown, soon."""
        if not self._told:
            self._told = True
            bridge.tell(self._loop, self._soon)

    def key_used(self) -> None:
        """A key was taken from memory."""
        now = time.monotonic()
        if now - self._keys_told >= KEYS_EVERY:
            self._keys_told = now
            bridge.tell(self._loop, self._keys_used)

    # -- in the main loop -------------------------------------------------------------------------

    def close(self) -> None:
        """Show nothing more."""
        if self._timer is not None:
            self._timer.cancel()

    def _soon(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(EVERY, self._now)

    def _now(self) -> None:
        self._timer = None
        self._told = False  # first: what changes while we look is shown next time
        self._show()
