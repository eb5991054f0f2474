"""Writes lists in the background, one file at a time in turn, and outlives whatever the disk does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

from msgspec import Struct

from trayapp.catalog.cache import Shelf
from trayapp.core.errors import ProviderError
from trayapp.core.language import _, open_ended
from trayapp.core.listings import Listing

log = logging.getLogger("trayapp.catalog")


class Entry(Struct, frozen=True):
    """What belongs into one account's file."""

    listing: Listing
    mark: str
    doubtful: bool = False


class Writing:
    """The shelf, off the loop. What cannot be written is said once for each account and not raised."""

    def __init__(self, shelf: Shelf, run_blocking: Callable[..., Awaitable[Any]], tell: Callable[[str], None]) -> None:
        self._shelf = shelf
        self._run = run_blocking
        self._tell = tell
        self._turns: dict[str, asyncio.Lock] = {}
        self._told: set[str] = set()
        self._begun: set[asyncio.Task[None]] = set()

    async def put(self, provider: str, right: Callable[[], Entry | None]) -> None:
        """Write what is right when it is our turn, and go on until that is what stands on disk.

        The account may change while we write; ``right`` says what belongs there now, None for no file.
        """
        async with self._turn(provider):
            written, entry = None, right()
            while entry is not None and entry != written:
                await self._write(entry)
                written, entry = entry, right()
            if entry is None and written is not None:
                await self._run(self.forget, provider)

    async def clean(self, keep: Iterable[str]) -> int:
        """Delete what is superseded; gives how many files went."""
        gone: int = await self._run(self._shelf.clean, keep)
        return gone

    def forget(self, provider: str) -> bool:
        """Delete a file at once, so that it is gone when the user hears of it; False where there was none."""
        try:
            return self._shelf.remove(provider)
        except OSError as exc:
            log.warning("The list of '%s' could not be deleted: %s", provider, _why(exc))
            return False

    def start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Go on with this in the background; ``settle`` waits for it."""
        task = asyncio.get_running_loop().create_task(work, name=f"write {name}")
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)

    async def settle(self) -> None:
        """Wait for what was started."""
        while self._begun:
            await asyncio.wait(self._begun)

    async def _write(self, entry: Entry) -> None:
        provider = entry.listing.provider
        try:
            await self._run(self._shelf.put, entry.listing, entry.mark, doubtful=entry.doubtful)
        except (OSError, ProviderError) as exc:
            why = _why(exc)
            log.warning("The list of '%s' could not be written: %s", provider, why)
            if provider not in self._told:
                self._told.add(provider)
                sentence = _("The model list of “{id}” could not be saved: {why}.")
                self._tell(sentence.format(id=provider, why=open_ended(why)))
        else:
            self._told.discard(provider)

    def _turn(self, provider: str) -> asyncio.Lock:
        return self._turns.setdefault(provider, asyncio.Lock())


def _why(exc: OSError | ProviderError) -> str:
    if isinstance(exc, ProviderError):
        return exc.failure.detail or exc.failure.kind.value
    return exc.strerror or type(exc).__name__
