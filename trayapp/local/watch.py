"""Keeps what the looks at one server have shown: how it stands, what is in its memory, what it could load."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from msgspec.structs import replace

from trayapp.core.clock import Clock
from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.language import _
from trayapp.local.residency import Installed, Seen, Server, ServerState, Standing, canonical
from trayapp.local.tracking import Tracked, adopted, follow, used

PATIENCE = 8.0
"""Seconds for one look: the server's own locks can hold it up for a moment."""
MISSES = 2
"""Looks in a row that fail before what was loaded is forgotten; a refused connection is believed at once."""


class Stats(Protocol):
    """What the measurements are told and asked; ``stats.Measurements``."""

    def loaded(self, key: str, name: str, seconds: float | None = None, cached: bool | None = None) -> None: ...
    def hit(self, key: str) -> None: ...
    def miss(self, key: str) -> None: ...
    def hide(self, key: str) -> None: ...
    def hidden(self, key: str) -> bool: ...
    def usual(self, key: str) -> float | None: ...
    async def keep(self) -> None: ...
    def save(self) -> None: ...


class Watch:
    """One server as it was last seen. Only ``look`` and ``stock`` ask it anything, one at a time."""

    def __init__(self, server: Server, clock: Clock, stats: Stats) -> None:
        self.residents: dict[str, Tracked] = {}
        """What is in memory, by the server's own names."""
        self.standing = Standing()
        self.installed: tuple[Installed, ...] = ()
        self.looked = 0.0
        """Seconds since the epoch of the last look that succeeded; 0: none has."""
        self.error: ProviderError | None = None
        """Why the last look failed, if it did."""
        self.outdated = False
        """What is installed is to be asked for again."""
        self.expected: dict[str, float | None] = {}
        """The keys of loads of our own that are under way, with the lifetime that each was given."""
        self.serving: Counter[str] = Counter()
        """The keys of models that answer requests which pass through us, and how many."""
        self._served: set[str] = set()
        """The keys of those that did since the last look: their uses are counted already."""
        self._server, self._clock, self._stats = server, clock, stats
        self._began: float | None = None
        self._misses = 0
        self._strangers: set[str] = set()
        """Keys in memory that the list of installed models does not name."""
        self._one = asyncio.Lock()

    # -- asking ---------------------------------------------------------------------------------

    async def look(self) -> bool:
        """See what is loaded; False where the server did not say, and then how it stands."""
        async with self._one:
            began = self._clock.now()
            try:
                async with asyncio.timeout(PATIENCE):
                    seen = await self._server.loaded()
            except (ProviderError, TimeoutError) as exc:
                await self._missed(exc)
                return False
            self._note(seen, began)
            if self.standing.state is not ServerState.RUNNING:
                self.standing = await self._stand()
            return True

    async def stock(self) -> None:
        """See what is installed. Raises ProviderError."""
        async with self._one:
            self.installed = await self._server.installed()
        self._strangers = {it.seen.key for it in self.residents.values()} - {it.key for it in self.installed}
        self._name()

    async def learn(self) -> None:
        """See what is installed if that is wanted, or something unknown is loaded; in vain is no fault."""
        known = {it.key for it in self.installed} | self._strangers
        if self.outdated or any(it.seen.key not in known for it in self.residents.values()):
            self.outdated = False
            try:
                await self.stock()
            except ProviderError:
                self._strangers |= {it.seen.key for it in self.residents.values()}

    # -- finding --------------------------------------------------------------------------------

    def find(self, name: str) -> Tracked | None:
        """The loaded model that goes by this name."""
        wanted = canonical(name)
        return next((it for it in self.residents.values() if wanted in (canonical(it.seen.name), *it.names)), None)

    def of(self, key: str) -> Tracked | None:
        """The loaded model of this key."""
        return next((it for it in self.residents.values() if it.seen.key == key), None)

    def stocked(self, name: str) -> Installed | None:
        """The installed model that goes by this name."""
        wanted = canonical(name)
        return next((it for it in self.installed if canonical(it.name) == wanted), None)

    def embedding(self, key: str) -> bool:
        return any(it.embedding for it in self.installed if it.key == key)

    # -- knowing --------------------------------------------------------------------------------

    def change(self, name: str, how: Callable[[Tracked], Tracked]) -> None:
        """What we did to a model, if it is still there."""
        if name in self.residents:
            self.residents[name] = how(self.residents[name])

    def used(self, key: str) -> None:
        """A request that passed through us has ended at this model."""
        it = self.of(key)
        if it is not None:
            self.change(it.seen.name, lambda it: used(it, self._clock.now()))

    def serve(self, key: str, requests: int) -> int:
        """So many requests more, or fewer, are with this model; gives how many there are now."""
        self.serving[key] += requests
        self._served.add(key)
        left = self.serving[key]
        if left <= 0:
            del self.serving[key]
        for name, it in self.residents.items():
            if it.seen.key == key:
                self.residents[name] = replace(it, serving=left > 0)
        return left

    def _note(self, seen: tuple[Seen, ...], began: float) -> None:
        now = self._clock.now()
        found = follow(
            self.residents, seen, now, self._began, says_use=self._server.says_use, hidden=self._stats.hidden
        )
        self.residents = found.residents
        for name, it in found.residents.items():
            if it.since == now and it.seen.key in self.expected:
                self.residents[name] = adopted(it, self.expected[it.seen.key])
        self._name()
        self._measure(found.loads, found.uses)
        self.looked, self._began, self._misses, self.error = now, began, 0, None
        self._served = set(self.serving)

    def _name(self) -> None:
        """Each model with all of its names, and whether a request of ours is with it."""
        names: dict[str, set[str]] = {}
        for one in self.installed:
            names.setdefault(one.key, set()).add(canonical(one.name))
        for name, it in self.residents.items():
            key = it.seen.key
            known = frozenset(names.get(key, ())) | it.names
            self.residents[name] = replace(it, names=known, serving=self.serving[key] > 0)

    def _measure(self, loads: tuple[str, ...], uses: tuple[str, ...]) -> None:
        """Loads of our own are measured where they end, and requests that pass through us where they come."""
        for name in loads:
            seen = self.residents[name].seen
            if not seen.remote and seen.key not in self.expected:
                self._stats.loaded(seen.key, seen.name)
                if seen.key not in self._served:
                    self._stats.miss(seen.key)
        for name in uses:
            seen = self.residents[name].seen
            if not seen.remote and seen.key not in self._served:
                self._stats.hit(seen.key)

    async def _missed(self, exc: ProviderError | TimeoutError) -> None:
        """One look that fails proves nothing; what was loaded is forgotten when there is more to go by."""
        if isinstance(exc, TimeoutError):
            exc = ProviderError(Failure(Kind.UNREACHABLE, detail=_("The server did not answer in time.")))
        self.error = exc
        self._misses += 1
        if exc.failure.kind is Kind.NOT_RUNNING or self._misses >= MISSES:
            self.residents, self._began = {}, None
        self.standing = await self._stand()

    async def _stand(self) -> Standing:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._server.stand()
        except TimeoutError:
            return replace(self.standing, state=ServerState.STARTING)
