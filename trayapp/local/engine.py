"""Looks at one local server, asks the policy what should happen, carries it out, and shows what came of it.

Every few seconds while something is loaded or somebody looks, seldom otherwise, never while no strategy is chosen and
nobody looks. What is decided is done one by one; what was told to leave is looked at until it has left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress

from trayapp.core.clock import Clock
from trayapp.core.errors import ProviderError
from trayapp.core.topic import Topic
from trayapp.local import policy
from trayapp.local.asking import Asking
from trayapp.local.hands import Hands
from trayapp.local.loads import HOPELESS, Load, Loads, Start
from trayapp.local.picture import picture
from trayapp.local.residency import FIRST_ANSWER, Figures, Installed, Server, View, canonical
from trayapp.local.serving import Serving
from trayapp.local.watch import Stats, Watch

QUICK = 5.0
"""Seconds between two looks while something is loaded, or somebody looks."""
SLOW = 30.0
"""Seconds between two looks otherwise."""
CLOSELY = 0.5
"""Seconds between two looks while something is on its way out."""
LEAVING = 6.0
"""Seconds that a model takes to leave, at most: a graphics card may need five to give its memory back."""
SOONEST = 0.05
"""Seconds: a look at the moment when something is due comes no sooner than this after the last one."""
ENDING = 3.0
"""Seconds for everything that is left to do at the end."""


class Engine:
    """One server's engine. ``view`` is what is shown of it.

    Handed in: ``figures``, the user's wishes as they are now; ``start``, which owns the tasks; ``tell``, who hears of
    a load that failed while nobody waited for it; ``read_ahead``, which reads a model's file before it is loaded;
    ``cached``, which says whether that file is in the file cache.
    """

    def __init__(
        self,
        account: str,
        server: Server,
        clock: Clock,
        figures: Callable[[], Figures],
        stats: Stats,
        start: Start,
        remote: bool = False,
        tell: Callable[[str], object] = lambda _sentence: None,
        read_ahead: Callable[[Installed], Awaitable[None]] | None = None,
        cached: Callable[[Installed], Awaitable[bool | None]] | None = None,
    ) -> None:
        self._account, self._server, self._clock = account, server, clock
        self._figures, self._stats, self._start, self._remote = figures, stats, start, remote
        self._read_ahead, self._cached = read_ahead, cached
        self.view: Topic[View] = Topic(View(account))
        self._watch = Watch(server, clock, stats)
        self._hands = Hands(server, clock, stats, self._watch, self._decided, self.look, start)
        self._loads = Loads(clock, start, load=self._load, usual=stats.usual, changed=self._changed, tell=tell)
        self._asking = Asking(server, self._watch, self._hands, self._loads)
        self._serving = Serving(self._watch, self._hands, self._loads, stats, figures, start, self.look, self.woken)
        self._bell = asyncio.Event()
        self._watched = False
        self._running: asyncio.Task[None] | None = None

    # -- life -----------------------------------------------------------------------------------

    def begin(self) -> None:
        """From now on the policy holds."""
        self._running = self._start(self._run(), f"look after {self._account}")

    def woken(self) -> None:
        """Look now: strategy, figures or the network changed."""
        self._bell.set()

    def watched(self, on: bool) -> None:
        """Somebody looks at what is shown, or no longer does."""
        self._watched = on
        if on:
            self._watch.outdated = True
            self._bell.set()

    async def look(self) -> bool:
        """See what is loaded and show it; False where the server did not say."""
        seen = await self._watch.look()
        if seen and (self._watched or self._figures().strategy is not None):
            await self._watch.learn()
        self._publish()
        return seen

    async def end(self, unload: bool = False) -> None:
        """Leave the models to their time, or unload them all; within three seconds."""
        self._loads.end()
        with suppress(TimeoutError):
            async with asyncio.timeout(ENDING):
                if self._running is not None:
                    self._running.cancel()
                    await asyncio.wait({self._running})
                await self._hands.end()
                if unload and await self._watch.look():
                    for name in tuple(self._watch.residents):
                        await self._hands.dismiss(name)

    # -- what is asked of it --------------------------------------------------------------------

    async def unload(self, name: str | None) -> str:
        """Have this model leave, or all; says what became of it, nothing where nothing is loaded.

        Raises UserError where none left, ProviderError where the server does not answer.
        """
        try:
            return await self._asking.unload(name)
        finally:
            self._changed()

    async def warm(self, name: str, wait: bool) -> str:
        """Load a model, one after the other; says how it went, or with no ``wait`` that it has begun.

        Raises UserError where it cannot be or was not loaded, ProviderError where the server does not answer.
        """
        return await self._asking.warm(name, wait)

    def cancel(self, name: str | None) -> bool:
        """Give up the load of this model, or all; whether there was one."""
        return self._asking.cancel(name)

    def serving(self, name: str) -> AbstractAsyncContextManager[None]:
        """Around one request that passes through us: the model is loaded, and counts as busy.

        Waits for room and the load, no longer; a load that failed is the server's to explain when it is asked. Models
        in the cloud, unknown names, and everything while there is no strategy, pass untouched.
        """
        return self._serving.around(name)

    # -- the loop -------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            self._bell.clear()
            if self._needed:
                await self._turn()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause()):
                    await self._bell.wait()

    async def _turn(self) -> None:
        if await self.look():
            actions = self._decided()
            for action in actions:
                if isinstance(action, policy.Unload):
                    await self._hands.dismiss(action.name)
                else:
                    await self._hands.lend(action.name)
            if await self._relieve() or actions:
                await self.look()
        with suppress(ProviderError):  # the disk says so itself when the program ends
            await self._stats.keep()

    @property
    def _needed(self) -> bool:
        return self._watched or self._loads.pending or self._figures().strategy is not None

    def _pause(self) -> float | None:
        """Seconds until the next look; None until somebody rings."""
        if not self._needed:
            return None
        now, figures, residents = self._clock.now(), self._figures(), self._watch.residents.values()
        if any(it.told is not None and now - it.told < LEAVING for it in residents):
            return CLOSELY
        pause = QUICK if residents or self._watched or self._loads.pending else SLOW
        ahead = (policy.due(it, figures, now, leases=self._server.leases) - now for it in residents)
        return max(SOONEST, min((pause, *(it for it in ahead if it > 0))))

    def _decided(self) -> tuple[policy.Action, ...]:
        return policy.decide(
            self._watch.residents,
            self._figures(),
            self._clock.now(),
            loading=self._loads.pending,
            leases=self._server.leases,
        )

    async def _relieve(self) -> bool:
        """Let one idle model go for a load that hangs."""
        load = self._loads.late()
        if load is None:
            return False
        hopeless, now = self._loads.taking(load) > HOPELESS, self._clock.now()
        name = policy.relief(self._watch.residents, self._figures(), now, load.model.key, hopeless=hopeless)
        if name is None:
            return False
        load.stuck = True
        await self._hands.dismiss(name)
        return True

    # -- loads ----------------------------------------------------------------------------------

    async def _load(self, load: Load) -> float | None:
        """Make room, load, and see that it is there; the seconds that the load took, None where it was there."""
        model, figures = load.model, self._figures()
        await self._hands.see()
        if await self._hands.settled(model.key):
            return None
        await self._hands.make_room(policy.room(self._watch.residents, figures, self._clock.now(), model.key))
        cached = await self._cached(model) if self._cached else None
        began = self._clock.monotonic()
        if self._read_ahead and figures.read_ahead and load.lasting:
            await self._read_ahead(model)
        ahead = self._clock.monotonic() - began
        await self._hands.still()
        await self._hands.see()
        if self._watch.of(model.key) is not None:  # another program was faster: now it would be a touch
            return None
        # reading ahead is a part of the load, or no figure would ever say whether it is worth it
        seconds = ahead + await self._loaded(load)
        self._stats.loaded(model.key, model.name, seconds, cached)
        return seconds

    async def _loaded(self, load: Load) -> float:
        model, lease = load.model, self._first_lease(load.model)
        load.began = began = self._clock.monotonic()
        self._watch.expected[model.key] = lease if self._server.leases else None
        try:
            await self._server.load(model, lease)
            seconds = self._clock.monotonic() - began
            await self._hands.arrived(model)
        finally:
            del self._watch.expected[model.key]
        return seconds

    def _first_lease(self, model: Installed) -> float:
        """The lifetime that goes with a load; with what is to leave at once it waits for its first request."""
        names = {canonical(it.name) for it in (*self._watch.installed, model) if it.key == model.key}
        return policy.lease_for(names, self._figures()) or FIRST_ANSWER

    def _changed(self) -> None:
        self._publish()
        self._bell.set()

    def _publish(self) -> None:
        self.view.publish(
            picture(
                self._account,
                self._watch,
                self._loads.shown(),
                self._figures(),
                now=self._clock.now(),
                leases=self._server.leases,
                remote=self._remote,
            )
        )
