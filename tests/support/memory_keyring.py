"""A keyring in memory that a test can lock, empty, make hang and make lie."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from trayapp.system.keyrings import KeyringState, ShutError, Sight


class MemoryKeyring:
    """Keeps the promises of ``system.keyrings.Keyring``. ``calls`` are its calls in order, with the thread's name."""

    asks = False

    def __init__(self, state: KeyringState = KeyringState.OK, **entries: str) -> None:
        self.state = state
        self.entries = dict(entries)
        self.calls: list[tuple[str, str]] = []
        self.answer = KeyringState.OK
        """What the user does when a prompt opens."""
        self.mangle = False
        """Gives back something else than was stored."""
        self.fails: KeyringState | None = None
        """Looks well, and then fails with this."""
        self._go = threading.Event()
        self._go.set()
        self._hanging: set[str] = set()
        self._begun: defaultdict[str, threading.Event] = defaultdict(threading.Event)

    @contextmanager
    def hanging(self, *calls: str) -> Iterator[None]:
        """These calls do not come back while the block lasts."""
        self._go.clear()
        self._hanging = set(calls)
        try:
            yield
        finally:
            self._hanging = set()
            self._go.set()

    async def begun(self, name: str) -> None:
        """Return once this call has been made, hanging or not."""
        await asyncio.to_thread(self._begun[name].wait, 5)

    def names(self) -> list[str]:
        return [name for name, _ in self.calls]

    def look(self) -> Sight:
        self._note("look")
        return Sight(self.state)

    def unlock(self) -> KeyringState:
        self._note("unlock")
        if self.answer is KeyringState.OK:
            self.state = KeyringState.OK
        return self.answer

    def read(self, slot: str) -> str | None:
        self._use("read")
        text = self.entries.get(slot)
        return text[::-1] if text and self.mangle else text

    def write(self, slot: str, text: str) -> None:
        self._use("write")
        self.entries[slot] = text

    def delete(self, slot: str) -> None:
        self._use("delete")
        self.entries.pop(slot, None)

    def _use(self, name: str) -> None:
        self._note(name)
        if self.fails is not None:
            raise ShutError(self.fails)
        if self.state is not KeyringState.OK:
            raise ShutError(self.state)

    def _note(self, name: str) -> None:
        self.calls.append((name, threading.current_thread().name))
        self._begun[name].set()
        if name in self._hanging:
            self._go.wait(20)
