"""What looking after local models costs: calls to Ollama, processor time, and how soon a strategy frees memory."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from tests.bench.report import Options, Report, Row
from tests.local.engine_scene import NONE, RAM, Scene, after, scene
from tests.support.ollama import FakeModel
from tests.support.timeloop import run
from trayapp.local.residency import Strategy

TITLE = "calls to Ollama and processor time per hour, and the time from a click to free memory; all in virtual time"
HOUR = 3600.0
MODELS = tuple(FakeModel(name=name) for name in ("a", "b", "c"))


def measure(options: Options) -> Report:
    report = Report("local", TITLE)
    runs = range(options.runs or (1 if options.quick else 5))
    hours = 1 if options.quick else 4
    off = [_hour(None, _rest, hours) for _ in runs]
    rest = [_hour(RAM, _rest, hours) for _ in runs]
    loaded = [_hour(RAM, _kept_loaded, hours) for _ in runs]
    use = [_hour(RAM, _use, hours) for _ in runs]
    freed = [_freed() for _ in runs]
    report.rows += [
        Row("calls an hour, no strategy", tuple(it[0] for it in off), "", 0, "nothing is touched"),
        Row("calls an hour, nothing loaded", tuple(it[0] for it in rest), "", 125, "every 30 s"),
        Row("calls an hour, three models loaded", tuple(it[0] for it in loaded), "", 730, "every 5 s"),
        Row("calls an hour, a request a minute", tuple(it[0] for it in use), "", 750, "every 5 s"),
        Row("of these to models", tuple(it[1] for it in use), "", 4, "one for each load"),
        Row("processor time an hour, no strategy", tuple(it[2] for it in off)),
        Row("processor time an hour, nothing loaded", tuple(it[2] for it in rest), limit=500, because="0.014 %"),
        Row("processor time an hour, three models loaded", tuple(it[2] for it in loaded), limit=3000, because="0.08 %"),
        Row("from “None” to free memory", tuple(it[0] * 1e3 for it in freed), limit=6000, because="one slow unload"),
        Row("looks in that time", tuple(it[1] for it in freed), "", 13, "every 0.5 s"),
    ]
    report.notes.append(
        "processor time holds the fake server's own work as well; three models loaded, each unload 100 ms"
    )
    return report


def _hour(
    strategy: Strategy | None, what: Callable[[Scene], Awaitable[None]], hours: int
) -> tuple[float, float, float]:
    """Calls, calls to models, and milliseconds of the processor, per hour."""

    async def work() -> tuple[float, float, float]:
        async with scene(*MODELS, strategy=strategy) as it:
            for model in MODELS:
                if what is not _rest:
                    await it.server.chat(model.name, keep_alive=-1 if what is _kept_loaded else 600)
            await after(60)
            calls, acts, began = len(it.asked), len(it.acts), time.process_time()
            for _ in range(60 * hours):
                await what(it)
            spent = (time.process_time() - began) * 1e3
            return (len(it.asked) - calls) / hours, (len(it.acts) - acts) / hours, spent / hours

    return run(work())


async def _rest(_it: Scene) -> None:
    await after(60)


async def _kept_loaded(it: Scene) -> None:
    """Kept by the user, used by nobody."""
    if not it.figures.never:
        it.choose(RAM, never=[model.name for model in MODELS])
    await after(60)


async def _use(it: Scene) -> None:
    """A program asks one model after the other."""
    model = MODELS[int(it.server.clock.now() / 60) % len(MODELS)]
    await it.server.v1_chat(model.name)
    await after(60 - model.answer - model.prompt)


def _freed() -> tuple[float, float]:
    """Seconds from the choice of “None” until nothing is loaded, and the looks that it took to show so."""

    async def work() -> tuple[float, float]:
        async with scene(*MODELS, strategy=RAM) as it:
            for model in MODELS:
                await it.server.chat(model.name, keep_alive=-1)
            await after(63)
            began, looks = it.server.clock.now(), len(it.asked)
            it.choose(NONE)
            while it.server.loaded or it.names:
                await after(0.05)
            looked = sum(one.path == "/api/ps" for one in it.asked[looks:])
            return it.server.clock.now() - began, looked

    return run(work())
