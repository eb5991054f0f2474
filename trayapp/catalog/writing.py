"""Writes lists in the background, one file at a time in turn, and outlives whatever the disk does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

from trayapp.catalog.cache import Shelf
from trayapp.core.errors import ProviderError
from trayapp.core.language import _
from trayapp.core.listings import Listing

log = logging.getLogger("trayapp.catalog")


class Writing:
    """The shelf, off the loop. What cannot be written is said once for each account and not raised."""

    def __init__(self, shelf: Shelf, run_blocking: Callable[..., Awaitable[Any]], tell: Callable[[str], None]) -> None:
        self._shelf = shelf
        self._run = run_blocking
        self._tell = tell
        self._turns: dict[str, asyncio.Lock] = {}
        self._told: set[str] = set()
        self._begun: set[asyncio.Task[None]] = set()

    async def put(self, listing: Listing, mark: str, *, wanted: Callable[[], bool], doubtful: bool = False) -> None:
        """Write a list when it is its turn, if it is still ``wanted`` then."""
        provider = listing.provider
        async with self._turn(provider):
            if not wanted():
                return
            try:
                await self._run(self._shelf.put, listing, mark, doubtful=doubtful)
            except (OSError, ProviderError) as exc:
                why = _why(exc)
                log.warning("The list of '%s' could not be written: %s", provider, why)
                if provider not in self._told:
                    self._told.add(provider)
                    self._tell(
                        _("The model list of “{id}” could not be saved: {why}.").format(
                            id=provider, why=why.rstrip(".")
                        )
                    )
            else:
                self._told.discard(provider)

    async def doubt(self, provider: str, *, wanted: Callable[[], bool]) -> None:
        """Note on disk that the list is to be asked for again whatever its age."""
        async with self._turn(provider):
            if wanted():
                await self._run(self._shelf.doubt, provider)

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

    async def forget_later(self, provider: str) -> None:
        """Delete a file when it is its turn."""
        async with self._turn(provider):
            await self._run(self.forget, provider)

    def start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Go on with this in the background; ``settle`` waits for it."""
        task = asyncio.get_running_loop().create_task(work, name=f"write {name}")
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)

    async def settle(self) -> None:
        """Wait for what was started."""
        while self._begun:
            await asyncio.wait(self._begun)

    def _turn(self, provider: str) -> asyncio.Lock:
        return self._turns.setdefault(provider, asyncio.Lock())


def _why(exc: OSError | ProviderError) -> str:
    if isinstance(exc, ProviderError):
        return exc.failure.detail or exc.failure.kind.value
    return exc.strerror or type(exc).__name__
