"""Requests that pass through us: each finds its model loaded, within bounds, and leaves it as the strategy says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from trayapp.core.errors import ProviderError
from trayapp.local import policy
from trayapp.local.hands import Hands
from trayapp.local.loads import Loads, Start
from trayapp.local.residency import Figures, Installed, in_cloud
from trayapp.local.watch import Stats, Watch


class Serving:
    """Knows which models are answering requests that pass through us."""

    def __init__(
        self,
        watch: Watch,
        hands: Hands,
        loads: Loads,
        stats: Stats,
        figures: Callable[[], Figures],
        start: Start,
        look: Callable[[], Awaitable[bool]],
        woken: Callable[[], object],
    ) -> None:
        self._watch, self._hands, self._loads, self._stats = watch, hands, loads, stats
        self._figures, self._start, self._look, self._woken = figures, start, look, woken

    @asynccontextmanager
    async def around(self, name: str) -> AsyncIterator[None]:
        """One request for the model of this name; see ``Engine.serving``."""
        model = None if self._figures().strategy is None else await self._known(name)
        if model is None:
            yield
            return
        await self._ready(model)
        self._watch.serve(model.key, +1)
        try:
            yield
        finally:
            self._served(model.key)

    async def _known(self, name: str) -> Installed | None:
        """The model of this name, if it runs on this server."""
        if in_cloud(name):
            return None
        if self._watch.stocked(name) is None:
            with suppress(ProviderError):
                await self._watch.stock()
        model = self._watch.stocked(name)
        return None if model is None or model.remote else model

    async def _ready(self, model: Installed) -> None:
        """Loaded, or with the lifetime that it needs; before it counts as busy, which would forbid that."""
        await self._look()
        loaded = self._watch.of(model.key)
        if loaded is None:
            self._stats.miss(model.key)
            await self._loads.wait(self._loads.ask(model))
            return
        self._stats.hit(model.key)
        await self._hands.lend_if_due(loaded.seen.name)

    def _served(self, key: str) -> None:
        self._watch.used(key)
        left, it = self._watch.serve(key, -1), self._watch.of(key)
        if it is not None and not left and policy.at_once(it, self._figures()):
            self._start(self._hands.leave(it.seen.name), f"let {it.seen.name} go")
        self._woken()
