"""Loads that we start: one at a time, as long as each takes, given up only when nobody wants them any more.

A local server loads one model after the other, does not tell how far it is, and gives a load up when whoever asked for
it hangs up. So a load has no time limit, and a task of its own that no closed menu ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeAlias

from msgspec import Struct

from trayapp.core.clock import Clock
from trayapp.core.errors import Kind, ProviderError
from trayapp.core.language import _
from trayapp.local.residency import Installed, Loading

Start: TypeAlias = Callable[[Coroutine[Any, Any, None], str], "asyncio.Task[None]"]
LONG = 30.0
"""Seconds from which on a load may hang."""
TIMES = 3.0
"""Its usual time, so many times over, before it is said to hang."""
HOPELESS = 300.0
"""Seconds after which Ollama itself would have given up a load that does not go on (``OLLAMA_LOAD_TIMEOUT``)."""


class Outcome(Struct, frozen=True):
    """How a load ended."""

    seconds: float | None = None
    """What it took; None where it did not come to that."""
    failure: str = ""
    """What went wrong, in words."""
    given_up: bool = False


class Load:
    """One load, from the wish to its end."""

    def __init__(self, model: Installed, asked: float) -> None:
        self.model, self.asked = model, asked
        self.done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.began: float | None = None
        """Monotonic seconds at which the server was asked."""
        self.lasting = False
        """It is wanted even if nobody waits for it."""
        self.waiting = 0
        """How many wait for it."""
        self.stuck = False
        self.task: asyncio.Task[None] | None = None

    def end(self, outcome: Outcome) -> None:
        if not self.done.done():
            self.done.set_result(outcome)


class Loads:
    """The queue. ``load`` does the work of one and gives its seconds, None where it was loaded already."""

    def __init__(
        self,
        clock: Clock,
        start: Start,
        *,
        load: Callable[[Load], Awaitable[float | None]],
        usual: Callable[[str], float | None],
        changed: Callable[[], object],
        tell: Callable[[str], object],
    ) -> None:
        self._clock, self._start = clock, start
        self._load, self._usual, self._changed, self._tell = load, usual, changed, tell
        self._queue: list[Load] = []
        """The first one is under way."""
        self._ended = False

    @property
    def pending(self) -> bool:
        return bool(self._queue)

    def ask(self, model: Installed) -> Load:
        """Begin to load it, or take a place in the queue; the same one again while it is there."""
        found = next((it for it in self._queue if it.model.key == model.key and not it.done.done()), None)
        if found is not None:
            return found
        load = Load(model, self._clock.now())
        if self._ended:
            load.end(_given_up(load))
            return load
        self._queue.append(load)
        if len(self._queue) == 1:
            self._next()
        self._changed()
        return load

    async def wait(self, load: Load) -> Outcome:
        """Its end. A load that only those wanted who wait for it is given up when the last of them leaves."""
        load.waiting += 1
        try:
            return await asyncio.shield(load.done)
        finally:
            load.waiting -= 1
            if not (load.waiting or load.lasting or load.done.done()):
                self._give_up(load)

    def cancel(self, chosen: Callable[[Installed], bool]) -> bool:
        """Give up the loads of these models; whether there was one."""
        given_up = [it for it in self._queue if chosen(it.model)]
        for load in reversed(given_up):  # who comes next must not begin in between
            self._give_up(load)
        return bool(given_up)

    def end(self) -> None:
        """Give up all of them, for good."""
        self._ended = True
        self.cancel(lambda _model: True)

    def late(self) -> Load | None:
        """The load that takes so much longer than usual that it may hang."""
        load = self._queue[0] if self._queue else None
        if load is None or load.began is None:
            return None
        usual = self._usual(load.model.key) or 0.0
        return load if self.taking(load) > max(LONG, TIMES * usual) else None

    def taking(self, load: Load) -> float:
        """Seconds since the server was asked."""
        return 0.0 if load.began is None else self._clock.monotonic() - load.began

    def shown(self) -> tuple[Loading, ...]:
        return tuple(
            Loading(
                it.model.name,
                it.asked,
                waiting=it is not self._queue[0],
                usual=self._usual(it.model.key),
                stuck=it.stuck,
            )
            for it in self._queue
        )

    # -- parts ----------------------------------------------------------------------------------

    def _next(self) -> None:
        if self._queue and not self._ended:
            load = self._queue[0]
            load.task = self._start(self._work(load), f"load {load.model.name}")
            load.task.add_done_callback(lambda _task: self._over(load))

    async def _work(self, load: Load) -> None:
        try:
            load.end(Outcome(seconds=await self._load(load)))
        except ProviderError as exc:
            load.end(Outcome(failure=_failed(load, exc)))
            if not load.waiting:
                self._tell(load.done.result().failure)

    def _give_up(self, load: Load) -> None:
        load.end(_given_up(load))
        if load.task is not None:
            load.task.cancel()
        else:
            self._queue.remove(load)
            self._changed()

    def _over(self, load: Load) -> None:
        """Its task has ended, whichever way; it may never have begun."""
        load.end(_given_up(load))
        self._queue.remove(load)
        self._next()
        self._changed()


def _given_up(load: Load) -> Outcome:
    told = _("The load of “{model}” was given up.")
    return Outcome(failure=told.format(model=load.model.name), given_up=True)


def _failed(load: Load, exc: ProviderError) -> str:
    if exc.failure.kind is Kind.NOT_RUNNING:
        why = _("the server is not running.")
    else:
        why = exc.failure.detail or str(exc.failure.kind)
    return _("“{model}” was not loaded: {why}").format(model=load.model.name, why=why)
