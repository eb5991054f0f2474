"""Carries out what was decided: has a model leave, gives it its time, makes room for another, and sees it happen.

The two things that must not meet are a lease and a load: a lease while a load is pending can stop Ollama's scheduler
for good (ollama/ollama#17408). So leases are given one at a time behind a lock, after a look of their own, and a load
waits for that lock once it is announced.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

from msgspec.structs import replace

from trayapp.core.clock import Clock
from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.language import _
from trayapp.local.loads import Start
from trayapp.local.policy import Action, Lease
from trayapp.local.residency import Installed, Server
from trayapp.local.tracking import Tracked, leased
from trayapp.local.watch import Stats, Watch

RELOADED = 0.5
"""Seconds: a lease takes some three milliseconds; one that takes longer has had the model loaded anew."""
GONE_AFTER = 6.0
"""Seconds for a model to leave, most of which a graphics card may need to give its memory back."""
FIRST, BETWEEN = 0.1, 0.5
"""Seconds before the first and between the further looks at what is on its way."""
HELD_UP = 5.0
"""Seconds that a lease is waited for."""
ARRIVES = 3
"""Looks in which a model that was loaded must be seen."""


class Hands:
    """Everything that changes what is loaded, but for the loads themselves."""

    def __init__(
        self,
        server: Server,
        clock: Clock,
        stats: Stats,
        watch: Watch,
        decided: Callable[[], tuple[Action, ...]],
        look: Callable[[], Awaitable[bool]],
        start: Start,
    ) -> None:
        self._server, self._clock, self._stats, self._watch = server, clock, stats, watch
        self._decided, self._look, self._start = decided, look, start
        self._touching = asyncio.Lock()
        self._lending: asyncio.Task[None] | None = None

    async def see(self) -> None:
        """Look. Raises ProviderError where the server does not say."""
        if not await self._look() and self._watch.error is not None:
            raise self._watch.error

    async def dismiss(self, name: str) -> ProviderError | None:
        """Have it leave, as soon as its answer is done; what went wrong, if something did. Never raises."""
        it = self._watch.residents.get(name)
        if it is None or it.seen.remote:
            return None
        told = self._clock.now()
        self._watch.change(name, lambda it: replace(it, told=told))  # before the call: a look may come in between
        try:
            await self._server.unload(it.seen)
        except ProviderError as exc:
            kind = exc.failure.kind
            deleted, refused = kind is Kind.GONE and self._server.leases, kind is Kind.FORBIDDEN
            self._watch.change(name, lambda it: replace(it, told=None, deleted=deleted, refused=refused))
            return exc
        return None

    async def leave(self, name: str) -> None:
        """As ``dismiss``, where nobody asks what came of it."""
        await self.dismiss(name)

    async def gone(self, names: Iterable[str], seconds: float = GONE_AFTER) -> bool:
        """Look until all of these that were told to leave have left; False where one has not in time."""
        names = tuple(names)
        deadline, pause = self._clock.monotonic() + seconds, FIRST
        while any(it.told is not None for it in map(self._watch.residents.get, names) if it):
            if self._clock.monotonic() >= deadline:
                return False
            await self._clock.sleep(pause)
            await self._look()
            pause = BETWEEN
        return True

    async def make_room(self, names: Iterable[str]) -> None:
        """Have these leave and wait until they have, though not for ever: one may turn out to be busy."""
        names = tuple(names)
        for name in names:
            await self.dismiss(name)
        await self.gone(names)

    async def settled(self, key: str) -> bool:
        """Whether it is loaded and stays so. Raises ProviderError where it was told to leave and does not."""
        it = self._watch.of(key)
        if it is None or it.told is None:
            return it is not None
        if not await self.gone((it.seen.name,)):
            raise ProviderError(Failure(Kind.GARBLED, detail=_("it will be unloaded as soon as its answer is done.")))
        return self._watch.of(key) is not None

    async def arrived(self, model: Installed) -> None:
        """See the model that was loaded. Raises ProviderError where it is not there."""
        for turn in range(ARRIVES):
            if turn:
                await self._clock.sleep(BETWEEN)
            if await self._look() and self._watch.of(model.key) is not None:
                return
        raise ProviderError(Failure(Kind.GARBLED, detail=_("the server let it go again at once.")))

    async def still(self) -> None:
        """Wait for the lease that is being given, if one is."""
        async with self._touching:
            pass

    async def lend(self, name: str) -> None:
        """Give it the lifetime that the policy wants, if another look proves it idle and no load is pending.

        Where that has the model loaded anew, it goes on by itself: nobody waits for more than some seconds.
        """
        if self._lending is None or self._lending.done():
            self._lending = self._start(self._lend(name), f"give {name} its time")
            await asyncio.wait({self._lending}, timeout=HELD_UP)

    async def lend_if_due(self, name: str) -> None:
        """The same, where the look that was just taken says that it needs it."""
        if self._wanted(name) is not None:
            await self.lend(name)

    async def end(self) -> None:
        """Give up the lease that is being given, if one is."""
        if self._lending is not None and not self._lending.done():
            self._lending.cancel()
            await asyncio.wait({self._lending})

    async def _lend(self, name: str) -> None:
        async with self._touching:
            if not await self._look():
                return
            wanted = self._wanted(name)
            if wanted is not None:
                await self._give(self._watch.residents[name], wanted)

    def _wanted(self, name: str) -> float | None:
        return next((it.seconds for it in self._decided() if isinstance(it, Lease) and it.name == name), None)

    async def _give(self, it: Tracked, seconds: float) -> None:
        name = it.seen.name
        began, clock = self._clock.now(), self._clock.monotonic()
        try:
            await self._server.lease(it.seen, seconds, embedding=self._watch.embedding(it.seen.key))
        except ProviderError as exc:
            deleted = exc.failure.kind is Kind.GONE
            self._watch.change(name, lambda it: replace(it, lease=seconds, deleted=deleted))
        except asyncio.CancelledError:
            self._judge(it, self._clock.monotonic() - clock, it)
            raise
        else:
            ended = self._clock.now()
            self._watch.change(name, lambda it: leased(it, seconds, began, ended))
        took = self._clock.monotonic() - clock
        seen = await self._look()
        if self._judge(it, took, self._watch.residents.get(name) if seen else it):
            with suppress(ProviderError):  # the disk says so itself when the program ends
                await asyncio.to_thread(self._stats.save)

    def _judge(self, before: Tracked, took: float, after: Tracked | None) -> bool:
        """Whether the lease had the model loaded anew, with other options: that is never tried again with it."""
        lost = took > RELOADED or after is None or after.since != before.since
        if lost:
            self._stats.hide(before.seen.key)
            self._watch.change(before.seen.name, lambda it: replace(it, hidden=True))
        return lost
