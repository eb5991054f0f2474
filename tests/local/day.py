"""A day of a computer with Ollama: programs that ask as they like, accidents, a user, and whoever watches over it all.

Everything is drawn from one seed. ``Witness`` stands between the engine and the server: it notes every look and every
call, and compares them with what the engine may do; ``Day.faults`` is what it found.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from msgspec import Struct

from tests.local.engine_scene import NONE, RAM, SSD, Scene
from tests.support.ollama import FakeModel, cloud, embedding
from tests.support.ollama_scheduler import Runner
from trayapp.core.errors import ProviderError, UserError
from trayapp.local.engine import QUICK, SLOW
from trayapp.local.hands import RELOADED
from trayapp.local.ollama import Ollama
from trayapp.local.residency import FIRST_ANSWER, Figures, Installed, Seen, Strategy, View

SLACK = 2.0
"""Seconds for what takes a moment: a model to leave, a server to answer."""
LAST = 3600.0
"""Seconds after the day within which every request must have ended."""
SAMPLE = 2.0
"""Seconds between two looks of the monitor."""
ALPHA, BRAVO = FakeModel(name="alpha", load=6), FakeModel(name="bravo", load=4, answer=2)
MODELS = (
    ALPHA,
    BRAVO,
    FakeModel(name="charlie", load=9, size=9_000_000_000),
    FakeModel(name="delta", load=3, on_gpu=0.4),
    FakeModel(name="alias", blob=ALPHA.blob, load=6),
    FakeModel(name="bravo-wide", blob=BRAVO.blob, parameters={"num_ctx": 16384}),
    embedding("nomic"),
    cloud("big:120b-cloud"),
)
LOCAL = tuple(it.name for it in MODELS if not it.remote_host)
_BLOBS = {it.name: it.blob for it in MODELS}
_NAMES = {it.digest: frozenset(one.name for one in MODELS if one.digest == it.digest) for it in MODELS}
"""By digest, which names a model has."""
_DIGESTS = {it.name: it.digest for it in MODELS}
KEEPS: tuple[object, ...] = (None, None, None, 0, 30, "5m", 3600, -1)
OPTIONS: tuple[dict[str, Any] | None, ...] = (None, None, None, {"num_ctx": 2048}, {"num_thread": 3})
STRATEGIES: tuple[Strategy | None, ...] = (RAM, SSD, NONE, Strategy("ram", 2, 600.0), Strategy("ssd", 2, 60.0), None)


class Load(Struct):
    """One load of one model as the engine's looks have shown it."""

    seen: Seen
    first: float
    slid: bool = False
    """Its expiry moved as the clock did: now plus keep_alive, as long as no request has ended."""
    proved: bool = False
    """Its expiry moved in another way, or rests after it slid: a request has ended since the load."""
    touches: int = 0
    changes: int = 0
    """How often the user's wishes changed since its last touch."""


def _seen_again(it: Load, seen: Seen, now: float, looked: float) -> Load:
    moved = (seen.stamp or 0) - (it.seen.stamp or 0)
    slid = moved != 0 and abs(moved - (now - looked)) < 0.3
    rests = moved == 0 and it.slid and now - looked > 0.3
    proved = it.proved or rests or (moved != 0 and not slid)
    return Load(seen, it.first, (slid or it.slid) and not rests, proved, it.touches, it.changes)


class Witness(Ollama):
    """The real adapter, watched."""

    def __init__(self, *given: Any, day: Day) -> None:
        super().__init__(*given)
        self.seen: tuple[Seen, ...] = ()
        self.looked = 0.0
        self.loads: dict[str, Load] = {}
        self.reloaded: Counter[str] = Counter()
        """Reloads that a lease of ours has caused, by key."""
        self.loading: list[str] = []
        """Names of the models that the server was asked to load."""
        self._day, self._fault = day, day.fault

    async def loaded(self) -> tuple[Seen, ...]:
        self.seen = await super().loaded()
        now, before, self.loads = self._clock.now(), self.loads, {}
        for one in self.seen:
            it = before.get(one.name)
            if it is None or (it.seen.key, it.seen.context, it.seen.size) != (one.key, one.context, one.size):
                it = Load(one, now)
            self.loads[one.name] = _seen_again(it, one, now, self.looked)
        self.looked = now
        return self.seen

    async def load(self, model: Installed, lease: float) -> None:
        if any(it.key == model.key for it in self.seen):
            self._fault(f"{model.name} was loaded, and asked to load")
        if self.loading:
            self._fault(f"two loads at a time: {model.name}")
        self.loading.append(model.name)
        try:
            await super().load(model, lease)
        finally:
            self.loading.remove(model.name)
        self._day.warmed(model.name)
        for it in self.loads.values():
            if it.seen.key == model.key:
                it.touches, it.changes = 1, self._day.wishes

    async def lease(self, model: Seen, seconds: float, *, embedding: bool = False) -> float:
        now, it = self._clock.now(), self.loads.get(model.name)
        if self.looked != now or it is None or not it.proved or it.seen.expires <= now:
            self._fault(f"{model.name} got a lease and was not proved idle at {now}: {it}")
        if self.loading:
            self._fault(f"{model.name} got a lease while a load was pending")
        if self.reloaded[model.key]:
            self._fault(f"{model.name} got a lease, which had it loaded anew before")
        if it is not None:
            if it.touches and it.changes == self._day.wishes:
                self._fault(f"{model.name} got a second lease for the same load")
            it.touches, it.changes = it.touches + 1, self._day.wishes
        took = await super().lease(model, seconds, embedding=embedding)
        self.reloaded[model.key] += took > RELOADED
        return took


class Day:
    """The scene, and what happens in it."""

    def __init__(self, scene: Scene, seed: int, *, keeps: tuple[object, ...] = KEEPS, longest: float = 400) -> None:
        """``keeps``: the lifetimes that programs ask for; ``longest``: seconds of an answer."""
        self.scene, self.chance, self.keeps, self.longest = scene, random.Random(seed), keeps, longest
        self.server = scene.server
        self.faults: list[str] = []
        self.requests = 0
        self.slowest = 0.0
        self.settled = self.now
        """Since when wishes, server and engine are what they are."""
        self.last_use: dict[str, float] = {}
        """When each blob was last used, by anybody."""
        self.shown_at_use: dict[str, bool] = {}
        self.ours_unused: set[str] = set()
        """Blobs that we warmed up and nobody has used."""
        self.wishes = 0
        self._over: dict[str, tuple[float, float]] = {}
        self._serving: Counter[str] = Counter()
        self._clients: list[asyncio.Task[None]] = []
        self.witness = self._witness()

    @property
    def now(self) -> float:
        return self.server.clock.now()

    def fault(self, text: str) -> None:
        self.faults.append(f"{self.now - 1.75e9:.1f}: {text}")

    def _witness(self) -> Witness:
        scene = self.scene
        return Witness(scene.client, self.server.url, self.server.clock, day=self)

    async def live(self, hours: float) -> None:
        """Let it pass. The first engine is thrown away for one that is watched."""
        await self.restart()
        end = self.now + hours * 3600
        work = (self._programs, self._programs, self._programs, self._tool, self._user, self._accidents, self._monitor)
        tasks = [asyncio.create_task(it(end), name=it.__name__) for it in work]
        for task in tasks:
            await task
        self.scene.choose(RAM)
        ended, left = await asyncio.wait(self._clients, timeout=LAST)
        for task in ended:
            task.result()
        for task in left:
            self.fault(f"never ended: {task.get_name()}")
            task.cancel()

    async def restart(self) -> None:
        await self.scene.end()
        reloaded, self.witness = self.witness.reloaded, self._witness()
        self.witness.reloaded = reloaded  # the measurements are kept
        self.scene.renew(self.witness)
        self.scene.engine.view.listen(self._compare)
        self.scene.engine.begin()
        self.changed()

    def changed(self) -> None:
        self.settled = self.now
        self._over.clear()

    # -- programs -------------------------------------------------------------------------------

    async def _every(self, end: float, mean: float, what: Callable[[], Awaitable[None]]) -> None:
        """Now and then; by night hardly ever."""
        while True:
            hour = (self.now - 1.75e9) / 3600 % 24
            await asyncio.sleep(self.chance.expovariate(1 / mean) * (40 if 6 < hour < 18 else 1))
            if self.now >= end:
                return
            await what()

    async def _programs(self, end: float) -> None:
        await self._every(end, 100, self._program)

    async def _program(self) -> None:
        """One request of a program that knows nothing of us; some do not wait for the answer."""
        pick = self.chance.choice
        model, keep, options = pick([it.name for it in MODELS]), pick(self.keeps), pick(OPTIONS)
        seconds = pick((0.3, 2.0, 8.0, 30.0, self.chance.uniform(0.15, 1) * self.longest))
        more: dict[str, Any] = {} if keep is None else {"keep_alive": keep}
        native: dict[str, Any] = {**more, **({"options": options} if options else {})}
        if model == "nomic:latest":
            asking = self.server.embed(model, "hello", **more)
        elif self.chance.random() < 0.4:
            asking = self.server.v1_chat(model, seconds=seconds, **more)
        elif self.chance.random() < 0.1 and more and keep != 0:
            asking = self.server.generate(model, **native)
        else:
            asking = self.server.chat(model, seconds=seconds, stream=self.chance.random() < 0.5, **native)
        self._clients.append(asyncio.create_task(self._asking(model, asking), name=f"client of {model}"))

    async def _asking(self, model: str, asking: Awaitable[Any]) -> None:
        began, self.requests = self.now, self.requests + 1
        patience = 3.0 if self.chance.random() < 0.1 else None
        with contextlib.suppress(httpx.TransportError, TimeoutError):
            async with asyncio.timeout(patience):
                await asking
        self._used(model)
        self.slowest = max(self.slowest, self.now - began)

    async def _tool(self, end: float) -> None:
        await self._every(end, 240, self._pass_through)

    async def _pass_through(self) -> None:
        model = self.chance.choice([it.name for it in MODELS])
        self._clients.append(asyncio.create_task(self._through(model), name=f"through us: {model}"))

    async def _through(self, model: str) -> None:
        async with self.scene.engine.serving(model):
            self._serving[_blob(model)] += 1
            try:
                await self._asking(model, self.server.v1_chat(model, seconds=self.chance.uniform(0.5, 60)))
            finally:
                self._serving[_blob(model)] -= 1

    def _used(self, model: str) -> None:
        blob = _blob(model)
        self.last_use[blob] = self.now
        self.shown_at_use[blob] = any(_blob(it.name) == blob for it in self.scene.shown)
        self.ours_unused.discard(blob)

    def warmed(self, model: str) -> None:
        """We have loaded it."""
        self.last_use[_blob(model)] = self.now
        self.ours_unused.add(_blob(model))

    # -- the user -------------------------------------------------------------------------------

    async def _user(self, end: float) -> None:
        await self._every(end, 1200, self._wish)

    async def _wish(self) -> None:
        engine, model = self.scene.engine, self.chance.choice(LOCAL)
        what = self.chance.choice(
            ("strategy", "strategy", "exceptions", "unload", "all", "warm", "warm", "watch", "cancel")
        )
        with contextlib.suppress(UserError, ProviderError):
            match what:
                case "strategy" | "exceptions":
                    self.choose()
                    while self.scene.figures.strategy is None:  # a hang of others' making lasts for that long
                        await asyncio.sleep(120)
                        self.choose()
                case "unload":
                    await engine.unload(model)
                case "all":
                    await engine.unload(None)
                case "warm":
                    await engine.warm(model, wait=self.chance.random() < 0.5)
                case "watch":
                    engine.watched(True)
                    await asyncio.sleep(20)
                    engine.watched(False)
                case "cancel":
                    engine.cancel(None)

    def choose(self) -> None:
        """Another strategy, other exceptions."""
        strategy = self.chance.choice(STRATEGIES)
        never = frozenset(self.chance.sample(LOCAL, self.chance.choice((0, 0, 1))))
        always = frozenset(self.chance.sample(LOCAL, self.chance.choice((0, 0, 1)))) - never
        self.scene.figures = Figures(strategy, never, always)
        self.wishes += 1
        self.scene.engine.woken()
        self.changed()

    # -- accidents ------------------------------------------------------------------------------

    async def _accidents(self, end: float) -> None:
        await self._every(end, 2400, self._accident)

    async def _accident(self) -> None:
        match self.chance.choice(("dies", "dies", "server", "engine", "engine")):
            case "dies" if self.server.loaded:
                self.server.kill_runner(self.chance.choice(self.server.loaded))
            case "server":
                await self.server.stop()
                await asyncio.sleep(self.chance.choice((0.5, 20, 90)))
                await self.server.start()
                self.changed()
            case "engine":
                await self.restart()

    # -- the monitor ----------------------------------------------------------------------------

    async def _monitor(self, end: float) -> None:
        while self.now < end:
            await asyncio.sleep(SAMPLE)
            strategy = self.scene.figures.strategy
            if strategy is not None and self.server.front.open:
                idle = [it for it in self.server.scheduler.loaded.values() if self._idle(it)]
                self._not_too_many(strategy, idle)
                for it in idle:
                    self._not_too_long(strategy, it)

    def _idle(self, it: Runner) -> bool:
        return it.references == 0 and not it.unloading and not self._serving[it.model.blob]

    def _kept(self, it: Runner) -> bool:
        return not self.scene.figures.never.isdisjoint(_names(it))

    def _always(self, it: Runner) -> bool:
        return not self.scene.figures.always.isdisjoint(_names(it)) and not self._kept(it)

    def _not_too_many(self, strategy: Strategy, idle: list[Runner]) -> None:
        counted = [it for it in idle if not self._always(it)]
        free = [it for it in counted if not self._kept(it)]
        wrong = strategy.id != "none" and len(counted) > strategy.max_models and bool(free)
        self._held("too many", wrong, QUICK if self.scene.shown else SLOW)

    def _not_too_long(self, strategy: Strategy, it: Runner) -> None:
        if self._kept(it) or it.model.blob in map(_blob, self.witness.loading):
            return  # what another program loads while our own load of it waits would only be loaded again
        blob, name = it.model.blob, it.model.name
        keep = 0.0 if self._always(it) else strategy.keep
        if blob in self.ours_unused:
            keep = max(keep, FIRST_ANSWER)
        since = max(self.last_use.get(blob, self.settled), self.settled)
        poll = QUICK if self.shown_at_use.get(blob) and since > self.settled else SLOW
        if self.now - since > keep + poll + SLACK:
            self.fault(f"{name} idle for {self.now - since:.0f} s under {strategy.id} {keep:.0f} s")
            self.last_use[blob] = self.now

    def _held(self, what: str, wrong: bool, poll: float) -> None:
        """A fault if it is wrong for longer than from one look to the next."""
        if not wrong:
            self._over.pop(what, None)
            return
        since = self._over.setdefault(what, (self.now, poll))
        if self.now - since[0] > since[1] + SLACK:
            loaded = [(it.model.name, it.references) for it in self.server.scheduler.loaded.values()]
            self.fault(f"{what} for {self.now - since[0]:.0f} s: {loaded}, shown {self.scene.names}")
            self._over[what] = (self.now, poll)

    def _compare(self, view: View) -> None:
        """What is shown is what the last look saw."""
        if view.looked == self.witness.looked and view.residents:
            shown = [(it.key, it.name, it.size, it.vram, it.expires) for it in view.residents]
            seen = [(it.key, it.name, it.size, it.vram, it.expires) for it in self.witness.seen]
            if shown != seen:
                self.fault(f"shown {shown}, seen {seen}")


def _blob(name: str) -> str:
    return _BLOBS[name]


def _names(it: Runner) -> frozenset[str]:
    return _NAMES[_DIGESTS[it.model.name]]
