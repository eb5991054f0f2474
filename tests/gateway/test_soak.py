"""A long day in the gateway leaves nothing behind: no memory, no descriptor, no task, no thread, and no key anywhere.

The short form is for every run. ``TEST_SOAK=1`` asks for the long one: 60,000 requests and 6,000 streams, each way,
which takes two minutes and measures how memory goes on growing once it has found its size.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from tests.app.gateway_scene import free_port
from tests.bench.processes import memory
from tests.gateway.gateways import OPENAI, World, accounts, gateway_in
from tests.gateway.serving import GATE, TOKEN, serving
from tests.gateway.soaking import ACCOUNTS, Tally, day, live, misbehaving
from tests.support import canary as canaries
from tests.support.desktop import until
from tests.support.served import Front
from tests.whole.program import Trayapp, listing, set_up
from trayapp.core.accounts import IMPLICIT, Account, KeyFrom
from trayapp.core.state import State

LONG = bool(os.environ.get("TEST_SOAK"))
REQUESTS, STREAMS = (60_000, 6_000) if LONG else (240, 40)
PARTS = 20 if LONG else 4
"""The first half is for warming up: what is made once is made there, and the heap finds its size."""
GROWTH = 4.0
"""MB in the second half. Each request has a prompt of 4 KB: were they kept, it would be 130 MB in the long form."""
RISE = 4.0
"""MB that the program may have more after the long form than after a twentieth of it. It was 8 to 9 when every read
took 256 KB from the heap, and is 2 since ``gateway.reads``."""
SLOPE = 40.0
"""Bytes a request by which the program may grow in the second half of the long form. It is 6 to 20, what is left of
the way to a bound, where it was up to 160; the figures of a request weigh over 200, were they kept."""
BLOCKS = 0.1
"""Blocks of memory a request that Python may hold more, in the same half: one that is kept of every tenth request."""
OBJECTS = 1000
"""More of them than before, at most: some are cached by the names of models, and a few come and go."""

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the soak needs /proc, as Linux has it")


class Look(Struct):
    """What a process holds while nobody asks anything."""

    rss: float
    """MB."""
    files: int
    threads: int
    tasks: int = 0
    objects: int = 0
    """Of Python's, where the process is this one."""
    blocks: int = 0
    """Of memory that Python's objects have, there as well: texts and numbers count, too."""


def look(pid: int) -> Look:
    threads, files = (len(list(Path(f"/proc/{pid}/{what}").iterdir())) for what in ("task", "fd"))
    return Look(round(memory(pid).rss, 2), files, threads)


def look_inside(loop: asyncio.AbstractEventLoop) -> Look:
    """This process, and the tasks of the gateway's loop."""
    gc.collect()
    seen = look(os.getpid())
    seen.tasks, seen.objects = len(asyncio.all_tasks(loop)), len(gc.get_objects())
    seen.blocks = sys.getallocatedblocks()
    return seen


async def soaked(
    url: str, token: str, key: str, front: Front, quiet: Callable[[], Any], looked: Callable[[], Look]
) -> list[Look]:
    """Live the day in parts, and look after each, once nothing is under way and every connection has ended."""
    looks: list[Look] = []
    all_of_it = Tally()
    began = time.monotonic()
    for part in range(PARTS):
        tally = await live(url, token, key, day(REQUESTS // PARTS, STREAMS // PARTS, part))
        assert (tally.wrong, tally.leaks) == ([], [])
        for name in ("answered", "streamed", "failed", "left"):
            setattr(all_of_it, name, getattr(all_of_it, name) + getattr(tally, name))
        await quiet()
        await front.stop()  # the connections that are kept for the next request are no leak
        await front.start()
        front.log.clear()
        await asyncio.sleep(0.1)
        looks.append(looked())
    deadline = time.monotonic() + 5
    while looks[-1].files > looks[PARTS // 2].files and time.monotonic() < deadline:  # some are open for a moment
        await asyncio.sleep(0.1)
        looks[-1] = looked()
    print(f"{REQUESTS} + {STREAMS}: {(REQUESTS + STREAMS) / (time.monotonic() - began):.0f}/s, {all_of_it}")
    print(*looks, sep="\n")
    return looks


def slope(values: Sequence[float]) -> float:
    """By how much these, one after each part, grow with each request: along the line that fits them best."""
    middle, mean = (len(values) - 1) / 2, sum(values) / len(values)
    along = sum((at - middle) * (value - mean) for at, value in enumerate(values))
    return along / sum((at - middle) ** 2 for at in range(len(values))) * PARTS / (REQUESTS + STREAMS)


def assert_flat(looks: list[Look]) -> None:
    warm, last = looks[PARTS // 2], looks[-1]
    assert last.rss - warm.rss < GROWTH, [it.rss for it in looks]
    if LONG and warm.blocks:  # who asks is in this process as well, and its heap has steps of its own
        blocks = slope([it.blocks for it in looks[PARTS // 2 :]])
        print(f"second half: {blocks:.3f} blocks a request")
        assert blocks < BLOCKS, [it.blocks for it in looks]
    elif LONG:
        grown = slope([it.rss for it in looks[PARTS // 2 :]]) * 2**20
        print(f"second half: {grown:.1f} bytes a request")
        assert grown < SLOPE, [it.rss for it in looks]
        assert last.rss - looks[0].rss < RISE, [it.rss for it in looks]
    assert last.files <= warm.files, looks
    assert last.tasks <= warm.tasks, looks
    assert last.objects - warm.objects < OBJECTS, looks
    assert last.threads <= warm.threads + 1, looks  # of four for slow work, one may begin late


@pytest.mark.timeout_s(600)
async def test_a_gateway_holds_after_a_long_day_what_it_held_before(
    canary: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    before = look(os.getpid())
    async with misbehaving(canary) as front:
        world = World(accounts=accounts(front.url), chosen=OPENAI, key=canary)
        made = gateway_in(world)
        async with serving(life=made.life, gate=GATE) as door:
            loop = door.listener.loop
            assert loop is not None

            async def quiet() -> None:
                while made.metrics.active:  # noqa: ASYNC110 - it lives in another thread
                    await asyncio.sleep(0.001)
                assert canary not in repr((world.records, world.failed, world.served)) + caplog.text
                assert world.busy == []
                for kept in (world.records, world.failed, world.served, world.was_busy):
                    kept.clear()
                caplog.clear()

            looks = await soaked(door.url, TOKEN, canary, front, quiet, lambda: look_inside(loop))
        assert door.reports == []
    assert_flat(looks)
    after = look(os.getpid())
    assert (after.files, threading.active_count()) == (before.files, 1)
    out, err = capfd.readouterr()
    sys.stdout.write(out)
    assert canary not in out + err + caplog.text


@pytest.mark.timeout_s(600)
async def test_the_program_holds_after_a_long_day_what_it_held_before(canary: str, home: Path) -> None:
    port = free_port()
    async with misbehaving(canary) as front:
        env = {**os.environ, "OPENAI_API_KEY": canary, "ANTHROPIC_API_KEY": canary}
        keyed = [
            Account(it.id, it.spec, it.name, it.base_url, key_from=KeyFrom.ENVIRONMENT)
            for it in accounts(front.url).values()
        ]
        off = [Account(it, it, enabled=False) for it in IMPLICIT if it not in ACCOUNTS]
        lists = [listing(it.id, "big") for it in keyed]
        set_up(*keyed, *off, lists=lists, state=State(active=OPENAI), local=True)
        with Trayapp(env, "serve", "--port", str(port)) as program:
            await asyncio.to_thread(until, lambda: "Token for this run: " in program.said(), "its token", 20)
            token = program.said().partition("Token for this run: ")[2].split()[0]

            async def quiet() -> None:
                await asyncio.sleep(0.2)

            looks = await soaked(f"http://127.0.0.1:{port}", token, canary, front, quiet, lambda: look(program.pid))
            said = program.said()
    assert_flat(looks)
    assert canary not in said
    assert list(canaries.files_with(canary, [home])) == []
