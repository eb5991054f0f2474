"""A day of random programs, wishes and accidents, in which what the engine promises must hold all the time.

``TEST_DAYS=20`` lives through so many whole days, each of another seed.
"""

from __future__ import annotations

import os

import pytest

from tests.local.day import MODELS, Day
from tests.local.engine_scene import scene

pytestmark = pytest.mark.virtual_time
LONG = int(os.environ.get("TEST_DAYS", "0"))
LONGEST_HANG = 5400.0
"""Seconds: where other programs hang among themselves, the idle models in the way have to have had their time."""
CALM = (None, 0)
"""Programs that ask for no lifetime cannot stop the server's scheduler among themselves."""


async def lived(seed: int, hours: float, **more: object) -> Day:
    """So many hours. What went wrong in them fails the test."""
    async with scene(*MODELS, begin=False, limits={"max_loaded": 3, "num_parallel": 2}) as it:
        day = Day(it, seed, **more)  # type: ignore[arg-type]
        await day.live(hours)
        assert day.faults == []
        assert all(call.direct for call in it.server.cloud_calls), "a call to the cloud"
        assert max(day.witness.reloaded.values(), default=0) <= 1, day.witness.reloaded
        assert day.slowest < LONGEST_HANG
        assert day.requests > hours * 20
    return day


@pytest.mark.timeout_s(600)
@pytest.mark.parametrize(("seed", "hours"), [(1, 24), (2, 3), (3, 3), *((100 + day, 24) for day in range(LONG))])
async def test_a_day_goes_by_and_every_promise_holds(seed: int, hours: float) -> None:
    await lived(seed, hours)


@pytest.mark.timeout_s(600)
@pytest.mark.parametrize(("seed", "hours"), [(4, 3), *((100 + day, 24) for day in range(LONG))])
async def test_nobody_waits_for_longer_than_loads_and_answers_take(seed: int, hours: float) -> None:
    """One waits for a model that another one has to leave first, when its own answer is done, and then its own."""
    day = await lived(seed, hours, keeps=CALM, longest=60)
    assert day.slowest < 240
