"""An engine over a fake Ollama, in virtual time: what a test of it stands on."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.support.ollama import FakeModel, FakeOllama
from tests.support.served import Asked
from trayapp.local.engine import Engine
from trayapp.local.ollama import Ollama
from trayapp.local.residency import Figures, Resident, Server, ServerState, Strategy, View, canonical
from trayapp.system.tasks import Tasks

RAM = Strategy("ram", 3, 1800.0, "lru")
SSD = Strategy("ssd", 1, 120.0, "immediate")
NONE = Strategy("none")


class Counted:
    """Measurements that are only counted."""

    def __init__(self) -> None:
        self.loads: list[tuple[str, float | None]] = []
        self.hits: Counter[str] = Counter()
        self.misses: Counter[str] = Counter()
        self.hides: Counter[str] = Counter()
        self.usually: dict[str, float] = {}
        self.kept = self.saved = 0

    def loaded(self, key: str, name: str, seconds: float | None = None, cached: bool | None = None) -> None:
        self.loads.append((name, seconds))

    def hit(self, key: str) -> None:
        self.hits[key] += 1

    def miss(self, key: str) -> None:
        self.misses[key] += 1

    def hide(self, key: str) -> None:
        self.hides[key] += 1

    def hidden(self, key: str) -> bool:
        return key in self.hides

    def usual(self, key: str) -> float | None:
        return self.usually.get(key)

    async def keep(self) -> None:
        self.kept += 1

    def save(self) -> None:
        self.saved += 1


class Scene:
    """One fake server, one engine; ``figures`` may be replaced at any time."""

    def __init__(self, server: FakeOllama, http: httpx.AsyncClient, strategy: Strategy | None, **more: Any) -> None:
        self.server = server
        self.figures = Figures(strategy)
        self.stats = Counted()
        self.told: list[str] = []
        self.faults: list[BaseException] = []
        self._http, self._more = http, more
        self.renew(Ollama(self.client, server.url, server.clock))

    async def client(self) -> httpx.AsyncClient:
        return self._http

    def renew(self, adapter: Server) -> None:
        """Another engine, over this adapter; it does not run yet."""
        self.adapter = adapter
        self.tasks = Tasks(lambda _name, exc: self.faults.append(exc))
        self.engine = Engine(
            "ollama",
            adapter,
            self.server.clock,
            lambda: self.figures,
            self.stats,
            lambda work, name: self.tasks.start(work, name=name),
            tell=self.told.append,
            **self._more,
        )

    async def restart(self) -> None:
        """The program ends, and starts again: only the measurements are left."""
        await self.end()
        self.renew(self.adapter)
        self.engine.begin()

    async def end(self) -> None:
        await self.engine.end()
        await self.tasks.close()

    def choose(self, strategy: Strategy | None, *, never: Iterable[str] = (), always: Iterable[str] = ()) -> None:
        """The user's wishes, by the names of models; the engine hears of it."""
        self.figures = Figures(strategy, frozenset(map(canonical, never)), frozenset(map(canonical, always)))
        self.engine.woken()

    @property
    def view(self) -> View:
        return self.engine.view.value

    @property
    def state(self) -> ServerState:
        return self.view.standing.state

    @property
    def shown(self) -> tuple[Resident, ...]:
        return self.view.residents

    @property
    def names(self) -> list[str]:
        """What is shown to be loaded."""
        return [it.name for it in self.shown]

    def one(self, name: str) -> Resident:
        """As it is shown. Raises StopIteration where it is not."""
        return next(it for it in self.shown if it.name == canonical(name))

    @property
    def asked(self) -> list[Asked]:
        """What the engine asked of the server."""
        return [it for it in self.server.log if not it.direct]

    @property
    def acts(self) -> list[tuple[str, float]]:
        """What the engine sent to models: which, and the keep_alive, 0 to unload."""
        sent = [it for it in self.asked if it.path in ("/api/generate", "/api/embed")]
        return [(canonical(it.json["model"]), it.json["keep_alive"]) for it in sent]


@asynccontextmanager
async def scene(
    *models: FakeModel,
    strategy: Strategy | None = RAM,
    begin: bool = True,
    limits: dict[str, Any] | None = None,
    **more: Any,
) -> AsyncIterator[Scene]:
    """The engine runs unless it is not to begin. What its tasks raise fails the test."""
    async with FakeOllama(*models, **{"max_loaded": 9, **(limits or {})}) as server:
        async with httpx.AsyncClient(transport=server.transport()) as http:
            it = Scene(server, http, strategy, **more)
            if begin:
                it.engine.begin()
            try:
                yield it
            finally:
                await it.end()
            assert it.faults == []


async def after(seconds: float) -> None:
    """Let so much virtual time pass."""
    await asyncio.sleep(seconds)
