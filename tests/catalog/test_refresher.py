"""When to ask again: one timer, and none while nothing can be due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from math import inf
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.catalog.scene import GROQ, OPENAI, Providers, catalog, down, names, turns
from tests.support.clock import FakeClock
from trayapp.catalog.freshness import Strategy, Timing
from trayapp.catalog.refresher import HOVER, LATEST, SOONEST, Due, Refresher, due, pause, precedence
from trayapp.catalog.service import Catalog
from trayapp.core.errors import Failure, Kind
from trayapp.core.models import ModelRef


class Timers:
    """A loop's timers, run by hand on the fake clock."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.waiting: list[_Timer] = []

    def __call__(self, seconds: float, call: Callable[[], object]) -> _Timer:
        timer = _Timer(self, self.clock.monotonic() + seconds, call)
        self.waiting.append(timer)
        return timer

    @property
    def next(self) -> float | None:
        return min((it.at for it in self.waiting), default=None)

    async def run(self, seconds: float) -> int:
        """Let time pass; gives how often somebody was woken."""
        end, woken = self.clock.monotonic() + seconds, 0
        while (at := self.next) is not None and at <= end:
            self.clock.advance(max(0.0, at - self.clock.monotonic()))
            timer = next(it for it in self.waiting if it.at == at)
            self.waiting.remove(timer)
            timer.call()
            woken += 1
            await turns(40)
        self.clock.advance(max(0.0, end - self.clock.monotonic()))
        return woken


class _Timer:
    def __init__(self, timers: Timers, at: float, call: Callable[[], object]) -> None:
        self.timers, self.at, self.call = timers, at, call

    def cancel(self) -> None:
        if self in self.timers.waiting:
            self.timers.waiting.remove(self)


def refresher(it: Catalog, timers: Timers, **more: Any) -> Refresher:
    def start(work: Coroutine[Any, Any, object], name: str) -> None:
        tasks.append(asyncio.get_running_loop().create_task(work, name=name))

    tasks: list[asyncio.Task[object]] = []
    return Refresher(it, accounts=lambda: (GROQ, OPENAI), start=start, later=timers, **more)


@pytest.fixture
def timers(clock: FakeClock) -> Timers:
    return Timers(clock)


def test_who_is_due_and_when_the_next_one_is() -> None:
    assert due({"a": -5.0, "b": 0.0, "c": 30.0, "d": 20.0, "e": inf}) == Due(("a", "b"), 20.0)
    assert due({"a": inf}) == due({}) == Due((), None)


@given(st.floats(0, 1e9))
def test_a_pause_never_ends_before_the_list_is_old_unless_that_is_more_than_a_day_away(wait: float) -> None:
    assert min(wait, LATEST) <= pause(wait) <= max(SOONEST, wait + 15.0)


def test_the_chosen_model_comes_first_then_the_pinned_then_the_recent() -> None:
    """S4-47."""
    a, b, c = ModelRef("a", "1"), ModelRef("b", "1"), ModelRef("c", "1")
    assert precedence(b, (a, ModelRef("b", "2")), (c, a)) == ("b", "a", "c")
    assert precedence(None, (), ()) == ()


async def test_launch_asks_for_what_is_old_and_blocks_nobody(clock: FakeClock, tmp_path: Path, timers: Timers) -> None:
    """S2-67, S2-36, S0-17."""
    ask = Providers(clock, groq=("a",), openai=("b",))
    await catalog(ask, clock, tmp_path).refresh((GROQ,))
    it = catalog(ask, clock, tmp_path)
    refresher(it, timers).begin()
    assert ask.calls == ["groq"]  # begun, not waited for
    await turns()
    assert ask.calls == ["groq", "openai"]
    assert names(it.listings.value["openai"]) == ("b",)


async def test_hourly_lists_wake_the_program_once_an_hour(clock: FakeClock, tmp_path: Path, timers: Timers) -> None:
    """One round for all, though their ages differ by seconds; less often while nothing changes (S4-46)."""
    ask = Providers(clock, groq=[(str(n),) for n in range(99)], openai=[(str(n),) for n in range(99)])
    it = catalog(ask, clock, tmp_path)
    await it.listing(GROQ)
    clock.advance(7)
    refresher(it, timers).begin()
    await turns()
    assert await timers.run(4 * 3600) <= 4
    assert 6 <= len(ask.calls) <= 10


async def test_unchanged_lists_are_asked_for_less_and_less(clock: FakeClock, tmp_path: Path, timers: Timers) -> None:
    """S4-46."""
    ask = Providers(clock, groq=("a",), openai=("b",))
    it = catalog(ask, clock, tmp_path)
    refresher(it, timers).begin()
    await turns()
    await timers.run(24 * 3600)
    assert len(ask.calls) / 2 <= 10


async def test_nothing_is_armed_while_nothing_can_be_due(clock: FakeClock, tmp_path: Path, timers: Timers) -> None:
    ask = Providers(clock, groq=("a",), openai=("b",))
    it = catalog(ask, clock, tmp_path, timing=Timing(strategy=Strategy.AGGRESSIVE))
    refresher(it, timers).begin()
    await turns()
    assert (len(ask.calls), timers.waiting) == (2, [])


async def test_without_a_key_there_is_nothing_to_wait_for(clock: FakeClock, tmp_path: Path, timers: Timers) -> None:
    it = catalog(Providers(clock), clock, tmp_path, keys=set())
    refresher(it, timers).begin()
    await turns()
    assert timers.waiting == []


async def test_the_timer_is_set_anew_after_the_last_flight_of_a_round(
    clock: FakeClock, tmp_path: Path, timers: Timers
) -> None:
    gate = asyncio.get_running_loop().create_future()
    it = catalog(Providers(clock, groq=("a",), openai=gate), clock, tmp_path, keys={"openai"})
    refresher(it, timers).begin()
    await turns()
    assert timers.waiting == []  # the only account is being asked
    gate.set_result(("b",))
    await turns()
    assert timers.next is not None
    assert timers.next - clock.monotonic() == pause(3600)


async def test_a_provider_that_is_down_is_asked_ever_more_seldom(
    clock: FakeClock, tmp_path: Path, timers: Timers
) -> None:
    ask = Providers(clock, groq=down())
    it = catalog(ask, clock, tmp_path, timing=Timing(retries=0), keys={"groq"})
    refresher(it, timers).begin()
    await turns()
    await timers.run(3600)
    in_an_hour = len(ask.calls)
    await timers.run(24 * 3600)
    assert in_an_hour <= 9
    assert len(ask.calls) - in_an_hour <= 24 * 4


async def test_a_list_that_lives_no_time_is_asked_for_once_a_minute_at_most(
    clock: FakeClock, tmp_path: Path, timers: Timers
) -> None:
    ask = Providers(clock, groq=("a",))
    it = catalog(ask, clock, tmp_path, timing=Timing(ttl=0), keys={"groq"})
    refresher(it, timers).begin()
    await turns()
    await timers.run(600)
    assert len(ask.calls) <= 11


async def test_waking_up_ends_the_rest_of_the_unreachable(clock: FakeClock, tmp_path: Path, timers: Timers) -> None:
    ask = Providers(clock, groq=[down(), ("a",)])
    it = catalog(ask, clock, tmp_path, timing=Timing(retries=0), keys={"groq"})
    watching = refresher(it, timers)
    watching.begin()
    await turns()
    watching.woke()
    await turns()
    assert names(it.listings.value["groq"]) == ("a",)


async def test_waking_up_with_young_lists_asks_nobody(clock: FakeClock, tmp_path: Path, timers: Timers) -> None:
    ask = Providers(clock, groq=("a",), openai=("b",))
    it = catalog(ask, clock, tmp_path)
    watching = refresher(it, timers)
    watching.begin()
    await turns()
    watching.woke()
    await turns()
    assert len(ask.calls) == 2


async def test_a_new_key_is_due_at_once(clock: FakeClock, tmp_path: Path, timers: Timers) -> None:
    ask = Providers(clock, groq=("a",), openai=("b",))
    it = catalog(ask, clock, tmp_path)
    watching = refresher(it, timers)
    watching.begin()
    await turns()
    it.invalidate("groq")
    await it.settle()
    await timers.run(SOONEST)
    assert ask.calls[2:] == ["groq"]


async def test_a_submenu_that_stays_open_asks_for_its_old_list(
    clock: FakeClock, tmp_path: Path, timers: Timers
) -> None:
    ask = Providers(clock, groq=("a",), openai=("b",))
    it = catalog(ask, clock, tmp_path, timing=Timing(strategy=Strategy.MODERATE, ttl=600))
    await it.refresh((GROQ, OPENAI))
    watching = refresher(it, timers)
    clock.advance(601)
    watching.opened("groq")
    await timers.run(HOVER - 0.01)
    assert len(ask.calls) == 2
    await timers.run(0.02)
    assert ask.calls[2:] == ["groq"]


async def test_a_pointer_that_only_passes_asks_nobody(clock: FakeClock, tmp_path: Path, timers: Timers) -> None:
    ask = Providers(clock, groq=("a",), openai=("b",))
    it = catalog(ask, clock, tmp_path)
    watching = refresher(it, timers)
    watching.opened("groq")
    await timers.run(0.1)
    watching.opened("openai")
    await timers.run(0.1)
    watching.closed()
    await timers.run(10)
    assert ask.calls == []


async def test_who_looks_at_a_young_list_causes_nothing(clock: FakeClock, tmp_path: Path, timers: Timers) -> None:
    ask = Providers(clock, groq=("a",), openai=("b",))
    it = catalog(ask, clock, tmp_path)
    await it.refresh((GROQ, OPENAI))
    watching = refresher(it, timers)
    watching.opened()
    await timers.run(1)
    assert len(ask.calls) == 2


@pytest.mark.parametrize("network", [{"online": lambda: False}, {"metered": lambda: True}])
async def test_no_network_is_used_that_is_absent_or_costs_money(
    clock: FakeClock, tmp_path: Path, timers: Timers, network: dict[str, Any]
) -> None:
    """But this computer's own servers are asked, and so is anybody by a click."""
    ask = Providers(clock, groq=("a",), openai=("b",))
    it = catalog(ask, clock, tmp_path)
    watching = refresher(it, timers, local=lambda account: account is GROQ, **network)
    watching.begin()
    watching.opened("openai")
    await turns()
    await timers.run(10)
    assert ask.calls == ["groq"]
    await it.refresh((OPENAI,), force=True)
    assert ask.calls == ["groq", "openai"]


async def test_the_end_disarms_everything(clock: FakeClock, tmp_path: Path, timers: Timers) -> None:
    it = catalog(Providers(clock, groq=("a",), openai=Failure(Kind.TLS)), clock, tmp_path)
    watching = refresher(it, timers)
    watching.begin()
    await turns()
    watching.opened("groq")
    watching.end()
    await it.listing(GROQ, force=True)
    watching.arm()
    assert timers.waiting == []


async def test_a_real_loop_takes_the_timer(clock: FakeClock, tmp_path: Path) -> None:
    it = catalog(Providers(clock, groq=("a",), openai=("b",)), clock, tmp_path)
    tasks: list[asyncio.Task[object]] = []
    watching = Refresher(
        it, accounts=lambda: (GROQ,), start=lambda work, name: tasks.append(asyncio.create_task(work, name=name))
    )
    watching.begin()
    await asyncio.gather(*tasks)
    assert names(it.listings.value["groq"]) == ("a",)
    watching.end()
