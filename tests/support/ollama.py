"""A fake Ollama: faithful to how the real one loads, keeps, evicts and hangs, on a clock that the test holds.

    async with FakeOllama(FakeModel(name="llama3.2"), embedding("nomic-embed-text"), max_loaded=2) as server:
        server.url                                  # a real HTTP server on 127.0.0.1
        httpx.AsyncClient(transport=server.transport(), base_url=server.url)   # the same without a socket: fast
        await server.chat("llama3.2", keep_alive=60)   # another program on the computer asks; cancel it to hang up
        await server.v1_chat("llama3.2", seconds=30)   # the same through the OpenAI route, an answer of 30 s
        await server.ps()                           # what it lists
        server.kill_runner("llama3.2")              # the model's process dies; nobody notices
        await server.stop(); await server.start()   # the server itself ends, and comes back empty at the same port
        server.standing = "starting"                # or "running", "refusing", "another", "hanging"

What happened: ``log`` (every request, ``Asked``, with its time; ``.direct`` where the fake's own client asked),
``story`` (``Event``: load, loaded, failed, aborted, reload, evicted, touch, expire, unloaded, died), ``loads``,
``reloads``, ``evictions``, ``touches``, ``cloud_calls``. In memory now: ``loaded`` (names), ``busy(name)``,
``waiting``. ``models`` is what is installed, by name in lower case; the switches of a ``FakeModel`` (``oom``,
``stalls``, ``load``, …) may be turned at any time. Other keywords are the fields of ``Limits``: ``max_loaded=1,
vram=8_000_000_000, unload=0.5, …``.

Time: under ``virtual_time`` (``tests.support.timeloop``) everything takes virtual time. As a program, in real time:
``python -m tests.support.ollama --port 11434``.

Beyond the notes: until its first request has ended, a runner has no expiry of its own, and each look at ``/api/ps``
reckons it anew as now plus keep_alive. So a moving ``expires_at`` alone does not prove that a request has ended.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from typing import Any, Literal

from tests.support.ollama_models import FakeModel, Features, Limits, cloud, embedding, features_of, full, samples
from tests.support.ollama_routes import Routes
from tests.support.ollama_scheduler import Event, Runner, Scheduler
from tests.support.ollama_turns import SECONDS
from tests.support.served import Answer, Asked, FakeServer, Said
from tests.support.timeloop import LoopClock
from trayapp.core.clock import Clock, SystemClock

__all__ = ["Event", "FakeModel", "FakeOllama", "Features", "Said", "cloud", "embedding", "samples"]

Standing = Literal["running", "starting", "refusing", "another", "hanging"]


class FakeOllama(FakeServer):
    """One server."""

    def __init__(
        self,
        *models: FakeModel,
        clock: Clock | None = None,
        version: str = "0.33.0",
        features: Features | None = None,
        zone: float = -5.0,
        cloud: Literal["on", "disabled", "signed-out"] = "on",
        port: int = 0,
        standing: Standing = "running",
        **limits: Any,
    ) -> None:
        super().__init__(clock or LoopClock(), port)
        self.limits = Limits(**limits)
        self.models = {model.name.lower(): model for model in models}
        self.cloud_calls: list[Asked] = []
        self.standing = standing
        self.story: list[Event] = []
        self._scheduler = Scheduler(self.clock, self.limits, self.story)
        self._routes = Routes(self, features or features_of(version), version, zone, cloud)

    @property
    def standing(self) -> Standing:
        """``starting`` and ``hanging``: connections are accepted and not answered, until it is ``running``."""
        return self._standing

    @standing.setter
    def standing(self, standing: Standing) -> None:
        self._standing = standing
        if standing in ("starting", "hanging"):
            self.front.awake.clear()
        else:
            self.front.awake.set()

    async def start(self) -> None:
        """With nothing loaded; where it was before, if it was."""
        self._scheduler = Scheduler(self.clock, self.limits, self.story)
        self._scheduler.start()
        await super().start()

    async def stop(self) -> None:
        """Killed: connections are cut, its models are out of memory."""
        await super().stop()
        await self._scheduler.stop()

    @property
    def scheduler(self) -> Scheduler:
        return self._scheduler

    @property
    def loaded(self) -> list[str]:
        """The names of the models in memory, the first loaded first, as ``/api/ps`` calls them."""
        return [runner.model.name for runner in self._scheduler.loaded.values()]

    @property
    def waiting(self) -> int:
        """Requests that wait for a model that is not loaded, the one that loads included."""
        return self._scheduler.waiting

    @property
    def loading(self) -> str | None:
        request = self._scheduler.loading
        return request.model.name if request else None

    @property
    def touches(self) -> list[Event]:
        """Every keep_alive that reached a loaded model, 0 without a prompt excepted (``expire`` in the story)."""
        return self._of("touch")

    @property
    def loads(self) -> Counter[str]:
        """Finished loads by name."""
        return Counter(event.name for event in self._of("loaded"))

    @property
    def reloads(self) -> Counter[str]:
        """Runners given up for one with other options, or because they were dead, by name."""
        return Counter(event.name for event in self._of("reload"))

    @property
    def evictions(self) -> list[str]:
        """What the scheduler itself chose to make room, in order."""
        return [event.name for event in self._of("evicted")]

    def _of(self, kind: str) -> list[Event]:
        return [event for event in self.story if event.kind == kind]

    def runner(self, name: str) -> Runner:
        """The runner that serves this name. Raises KeyError where it is not in memory."""
        return self._scheduler.loaded[self.models[full(name).lower()].path]

    def busy(self, name: str) -> bool:
        return self.runner(name).references > 0

    def kill_runner(self, name: str, *, clean: bool = False) -> None:
        """The process of a loaded model ends; ``clean``: its connections are closed in good order."""
        self._scheduler.kill(self.runner(name), clean)

    async def ps(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = (await self.ask("GET", "/api/ps")).json["models"]
        return listed

    async def chat(self, model: str, *, seconds: float | None = None, stream: bool = False, **more: Any) -> Said:
        """``/api/chat``; ``more``: keep_alive, options, shift, messages."""
        return await self._talk("/api/chat", model, seconds, {"stream": stream, "messages": _HELLO, **more})

    async def generate(self, model: str, *, seconds: float | None = None, stream: bool = False, **more: Any) -> Said:
        """``/api/generate`` with no prompt, unless there is one in ``more``: a touch, a load, an unload."""
        return await self._talk("/api/generate", model, seconds, {"stream": stream, **more})

    async def v1_chat(self, model: str, *, seconds: float | None = None, stream: bool = False, **more: Any) -> Said:
        """``/v1/chat/completions``, where ``keep_alive`` and ``options`` are ignored."""
        return await self._talk("/v1/chat/completions", model, seconds, {"stream": stream, "messages": _HELLO, **more})

    async def embed(self, model: str, *texts: str, **more: Any) -> Said:
        return await self.ask("POST", "/api/embed", {"model": model, "input": list(texts), **more})

    async def _talk(self, path: str, model: str, seconds: float | None, body: dict[str, Any]) -> Said:
        headers = {} if seconds is None else {SECONDS: str(seconds)}
        return await self.ask("POST", path, {"model": model, **body}, headers)

    async def _answer(self, asked: Asked) -> Answer:
        return await self._routes.answer(asked)


_HELLO = [{"role": "user", "content": "hello"}]


async def _serve(port: int, names: list[str]) -> None:
    chosen = [model for model in samples() if not names or model.name.partition(":")[0] in names]
    async with FakeOllama(*chosen, clock=SystemClock(), port=port) as server:
        print(f"Ollama, as it were, at {server.url}: {', '.join(server.models)}", flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """In real time, until it is interrupted."""
    parser = argparse.ArgumentParser(description="A fake Ollama with some sample models, in real time.")
    parser.add_argument("--port", type=int, default=11434)
    parser.add_argument("--models", nargs="*", default=[], help="names of samples without their tags; all by default")
    options = parser.parse_args()
    try:
        asyncio.run(_serve(options.port, options.models))
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
