"""The scheduler of a fake Ollama: two loops, one that makes room and loads, one that ends and unloads.

It works as ``server/sched.go`` does, mistakes included: what waits, what is overwritten, and when an expiry moves.
``story`` tells what happened; the counters of ``FakeOllama`` are read from it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from tests.support.ollama_durations import SECOND, default
from tests.support.ollama_models import FakeModel, Limits, Options, RefusedError
from trayapp.core.clock import Clock

_NO_TIMER = 20 * 365 * 86_400 * SECOND
OUT_OF_MEMORY = "cudaMalloc failed: out of memory"

Kind = Literal["load", "loaded", "failed", "aborted", "reload", "evicted", "touch", "expire", "unloaded", "died"]


class Event(Struct, frozen=True):
    """One thing that happened. ``name`` is the model's as the runner has it."""

    at: float
    kind: Kind
    name: str
    blob: str
    seconds: float = 0.0
    """touch: the keep_alive given; load: how long it takes."""
    busy: bool = False
    """touch: requests were under way."""
    pending: bool = False
    """touch: another model waited for its load."""
    direct: bool = False
    """touch, expire, load: by the fake's own client."""


class Request:
    """One request for a model's runner; ``end()`` is its context's end."""

    def __init__(self, model: FakeModel, options: Options, keep_alive: int | None, direct: bool) -> None:
        self.model = model
        self.options = options
        self.keep_alive = keep_alive
        self.direct = direct
        self.retried = False
        self.granted: Runner | None = None
        self.ready: asyncio.Future[Runner] = asyncio.get_running_loop().create_future()
        self.gone = asyncio.Event()


class Runner:
    """A model in memory, or one that dies there unnoticed."""

    def __init__(self, model: FakeModel, options: Options, session: int, limits: Limits, vram: int) -> None:
        self.model = model
        self.options = options
        self.session = session
        self.vram = vram
        self.slots = asyncio.Semaphore(1 if model.embeds else limits.num_parallel)
        self.references = 0
        self.expires: int | None = None
        """Nanoseconds since the epoch; None until the first request has ended."""
        self.timer: asyncio.TimerHandle | None = None
        self.on_idle = False
        """It leaves when it is idle whatever its session says."""
        self.unloading = False
        self.died = asyncio.Event()
        self.clean = False
        """It closed its connection in good order when it died."""

    def stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


class Scheduler:
    """Grants runners to requests."""

    def __init__(self, clock: Clock, limits: Limits, story: list[Event]) -> None:
        self.loaded: dict[str, Runner] = {}
        self.loading: Request | None = None
        self.story = story
        self.limits = limits
        self._clock = clock
        self._pending: asyncio.Queue[Request] = asyncio.Queue()
        self._events: asyncio.Queue[tuple[Literal["finished", "expired"], Runner]] = asyncio.Queue()
        self._unloaded: asyncio.Queue[None] = asyncio.Queue()
        self._placing: Request | None = None
        self._cached: dict[str, float] = {}
        self._moved = 0
        self._loops: list[asyncio.Task[None]] = []

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._loops = [loop.create_task(self._place_all(), name="fake pending loop")]
        self._loops.append(loop.create_task(self._complete_all(), name="fake completed loop"))

    async def stop(self) -> None:
        for task in self._loops:
            task.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        for runner in self.loaded.values():
            runner.stop_timer()

    @property
    def waiting(self) -> int:
        """Requests that wait for a model that is not loaded."""
        return self._pending.qsize() + (self._placing is not None)

    async def grant(self, request: Request) -> Runner:
        """The runner, loaded if need be. Raises RefusedError. Whoever asked calls ``end``, whatever happens."""
        runner = self.loaded.get(request.model.path)
        if runner is not None and not self._differs(runner, request):
            self._use(runner, request)
        elif self._pending.qsize() >= self.limits.max_queue:
            raise RefusedError(503, "server busy, please try again.  maximum pending requests exceeded")
        else:
            self._pending.put_nowait(request)
        return await request.ready

    def end(self, request: Request) -> None:
        if not request.gone.is_set():
            request.gone.set()
            if request.granted is not None:
                self._events.put_nowait(("finished", request.granted))

    def expire(self, model: FakeModel, direct: bool) -> None:
        """``keep_alive: 0`` with nothing to answer."""
        runner = self.loaded.get(model.path)
        if runner is not None:
            self._tell("expire", runner.model, direct=direct)
            runner.expires = self._nanoseconds(0)
            self._expire_soon(runner)

    def expire_all(self) -> None:
        """Out of memory while answering."""
        for runner in self.loaded.values():
            self._expire_soon(runner)

    def expiry(self, runner: Runner) -> int:
        """Nanoseconds since the epoch. Until the first request has ended it is reckoned anew at each look."""
        return self._nanoseconds(runner.session) if runner.expires is None else runner.expires

    def kill(self, runner: Runner, clean: bool) -> None:
        runner.clean = clean
        runner.died.set()
        self._tell("died", runner.model)

    def _nanoseconds(self, after: int) -> int:
        """From now, with odd digits below the microsecond as a real clock has them."""
        self._moved += 1
        return int(self._clock.now() * 1e6) * 1000 + (917, 910, 900, 0)[self._moved % 4] + after

    def _tell(self, kind: Kind, model: FakeModel, **more: Any) -> None:
        self.story.append(Event(self._clock.now(), kind, model.name, model.blob, **more))

    def _differs(self, runner: Runner, request: Request) -> bool:
        """Whether it takes another runner: other options, or this one is dead or leaving."""
        if runner.unloading or runner.died.is_set():
            return True
        has, wants = runner.options, request.options
        if not has.context_chosen and not wants.context_chosen:
            wants = _with(wants, num_ctx=has.num_ctx)
        if wants.num_gpu < 0:
            has = _with(has, num_gpu=-1)
        mmap = self.limits.mmap
        has = _with(has, use_mmap=mmap if has.use_mmap is None else has.use_mmap, context_chosen=False)
        if wants.use_mmap is None and runner.options.use_mmap is None:
            wants = _with(wants, use_mmap=mmap)
        return has != _with(wants, context_chosen=False)

    def _use(self, runner: Runner, request: Request) -> None:
        if request.gone.is_set():
            return
        if request.keep_alive is not None:
            self._tell(
                "touch",
                runner.model,
                seconds=request.keep_alive / SECOND,
                busy=runner.references > 0,
                pending=self.waiting > (self._placing is request),
                direct=request.direct,
            )
            runner.session = request.keep_alive
        runner.references += 1
        runner.stop_timer()
        self._give(runner, request)

    def _give(self, runner: Runner, request: Request) -> None:
        request.granted = runner
        if not request.ready.done():
            request.ready.set_result(runner)

    async def _place_all(self) -> None:
        while True:
            self._placing = None
            request = await self._pending.get()
            while not self._unloaded.empty():
                self._unloaded.get_nowait()
            if not request.gone.is_set():
                self._placing = request
                await self._place(request)

    async def _place(self, request: Request) -> None:
        """Blocks every other request for a model that is not loaded until this one runs."""
        while not request.gone.is_set():
            runner = self.loaded.get(request.model.path)
            if runner is None and self._room(request.model):
                if await self._load(request):
                    continue
                return
            if runner is not None and not self._differs(runner, request):
                self._use(runner, request)
                return
            victim = runner or self._victim()
            if not victim.unloading:
                self._tell("reload" if runner else "evicted", victim.model, busy=victim.references > 0)
            self._expire_soon(victim)
            await self._unloaded.get()

    def _room(self, model: FakeModel) -> bool:
        if not self.loaded:
            return True
        if len(self.loaded) >= self.limits.max_loaded:
            return False
        if self.limits.vram is None or model.on_gpu == 0:
            return True
        return model.size <= 0.8 * self._free_vram()

    def _free_vram(self) -> int:
        assert self.limits.vram is not None
        return max(0, self.limits.vram - sum(runner.vram for runner in self.loaded.values()))

    def _victim(self) -> Runner:
        """Idle first; then the shortest keep_alive, below zero being the longest; then the blob's path."""
        first = sorted(self.loaded.values(), key=lambda it: (it.session % 2**64, it.model.path))
        return next((runner for runner in first if runner.references == 0), first[0])

    def _expire_soon(self, runner: Runner) -> None:
        runner.stop_timer()
        runner.session = 0
        if runner.references <= 0:
            self._events.put_nowait(("expired", runner))
        elif not self.limits.deadlocks:
            runner.on_idle = True

    async def _load(self, request: Request) -> bool:
        """True: there is room now, try once more."""
        model, limits = request.model, self.limits
        cached = self._clock.now() - self._cached.get(model.blob, float("-inf")) < limits.file_cache
        seconds = model.cached_load if cached else model.load
        self._tell("load", model, seconds=seconds, direct=request.direct)
        full = limits.ram is not None and model.size + sum(it.model.size for it in self.loaded.values()) > limits.ram
        fails = model.oom or full
        self.loading = request
        try:
            async with asyncio.timeout(limits.load_timeout if model.stalls else seconds / 2 if fails else seconds):
                await request.gone.wait()
        except TimeoutError:
            pass
        else:
            self._tell("aborted", model)
            return False
        finally:
            self.loading = None
        if model.stalls:
            return self._failed(request, "timed out waiting for llama-server to start - progress 0.00 - ")
        if fails:
            return await self._out_of_memory(request)
        self._cached[model.blob] = self._clock.now()
        self._tell("loaded", model, seconds=seconds, direct=request.direct)
        session = default(limits.keep_alive) if request.keep_alive is None else request.keep_alive
        on_gpu = int(model.size * model.on_gpu)
        vram = on_gpu if limits.vram is None else min(on_gpu, self._free_vram())
        runner = self.loaded[model.path] = Runner(model, request.options, session, limits, vram)
        runner.references = 1
        self._give(runner, request)
        return False

    async def _out_of_memory(self, request: Request) -> bool:
        """All others leave, and it is tried once more."""
        if request.retried or not self.loaded:
            return self._failed(request, f"llama-server process has terminated: exit status 1: {OUT_OF_MEMORY}")
        request.retried = True
        others = list(self.loaded.values())
        for runner in others:
            self._tell("evicted", runner.model, busy=runner.references > 0)
            self._expire_soon(runner)
        for _ in others:
            await self._unloaded.get()
        return True

    def _failed(self, request: Request, why: str) -> bool:
        self._tell("failed", request.model)
        if not request.ready.done():
            request.ready.set_exception(RefusedError(500, why))
        return False

    async def _complete_all(self) -> None:
        while True:
            kind, runner = await self._events.get()
            if self.loaded.get(runner.model.path) is not runner:
                continue  # gone already
            if kind == "finished":
                self._finish(runner)
            elif runner.references > 0:
                runner.on_idle = True
            else:
                await self._unload(runner)

    def _finish(self, runner: Runner) -> None:
        runner.references -= 1
        if runner.references > 0:
            return
        runner.stop_timer()
        if runner.on_idle or runner.session <= 0:
            runner.on_idle = False
            self._events.put_nowait(("expired", runner))
            return
        runner.expires = self._nanoseconds(runner.session)
        if runner.session < _NO_TIMER:
            loop = asyncio.get_running_loop()
            runner.timer = loop.call_later(runner.session / SECOND, self._events.put_nowait, ("expired", runner))

    async def _unload(self, runner: Runner) -> None:
        runner.stop_timer()
        runner.unloading = True
        await self._clock.sleep(self.limits.unload)
        del self.loaded[runner.model.path]
        self._tell("unloaded", runner.model)
        if runner.vram:
            await self._clock.sleep(self.limits.vram_wait)
        self._unloaded.put_nowait(None)


def _with(options: Options, **changed: Any) -> Options:
    fields: Mapping[str, Any] = {name: getattr(options, name) for name in options.__struct_fields__}
    return Options(**{**fields, **changed})
