"""A day with the catalogue, from the first start to a night without a network, and what a batch is worth."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.catalog.scene import GROQ, OPENAI, Providers, catalog, down, names, shipped, turns
from tests.support.clock import FakeClock
from trayapp.catalog.freshness import Timing
from trayapp.catalog.metrics import Event
from trayapp.core.accounts import Account
from trayapp.core.errors import Failure, Kind
from trayapp.core.listings import Listing, Source


async def test_the_documents_six_steps(clock: FakeClock, tmp_path: Path) -> None:
    """S1-69: start; all providers shown; wait for expiry; a call; no network; stale or shipped."""
    ask = Providers(clock, groq=[("llama",), ("llama", "llama-2")], openai=Failure(Kind.UNREACHABLE))
    it = catalog(ask, clock, tmp_path, embedded=shipped("gpt-5"), timing=Timing(ttl=3600, retries=0))
    shown = await it.refresh((GROQ, OPENAI))
    assert [(names(one), one.source) for one in shown.values()] == [
        (("llama",), Source.API),
        (("gpt-5",), Source.EMBEDDED),
    ]
    clock.advance(3599)
    await it.refresh((GROQ,))
    assert ask.calls.count("groq") == 1
    clock.advance(1)
    assert names((await it.refresh((GROQ,)))["groq"]) == ("llama", "llama-2")
    assert ask.calls.count("groq") == 2
    ask.answers("groq", down(detail="network is unreachable"))
    clock.advance(30 * 86_400)
    shown = await it.refresh((GROQ, OPENAI))
    assert [(names(one), one.source) for one in shown.values()] == [
        (("llama", "llama-2"), Source.STALE),
        (("gpt-5",), Source.EMBEDDED),
    ]
    assert shown["groq"].age(clock.now()) == 30 * 86_400
    again = catalog(ask, clock, tmp_path, embedded=shipped("gpt-5"))
    assert names(again.listings.value["groq"]) == ("llama", "llama-2")


@pytest.mark.parametrize("batch", [True, False])
async def test_a_batch_takes_as_long_as_its_slowest_and_a_row_as_long_as_their_sum(
    clock: FakeClock, tmp_path: Path, batch: bool
) -> None:
    """S4-33, S4-3: ten servers of one second each."""
    accounts = tuple(Account(f"a{number}", "groq") for number in range(10))
    ask = Providers(clock, **{it.id: ("m",) for it in accounts})
    clock.hold()

    async def fetch(account: Account, held: Listing | None) -> Listing:
        await clock.sleep(1.0)
        return await ask(account, held)

    it = catalog(fetch, clock, tmp_path, accounts=accounts)
    began = clock.monotonic()

    async def work() -> None:
        if batch:
            await it.refresh(accounts)
        else:
            for account in accounts:
                await it.listing(account)

    task = asyncio.create_task(work())
    while not task.done():
        for _ in range(50):
            await asyncio.sleep(0)
        if not task.done():
            clock.advance(1.0)
    assert clock.monotonic() - began == (1.0 if batch else 10.0)


async def test_a_days_questions_cost_hardly_a_call(clock: FakeClock, tmp_path: Path) -> None:
    """S0-43, S1-71, S4-29, S4-32, S4-39: more than 99 of 100 questions need no call, and none of them waits."""
    ask = Providers(clock, groq=("llama",), openai=("gpt-5",))
    it = catalog(ask, clock, tmp_path)
    for number in range(4000):
        await it.listing((GROQ, OPENAI)[number % 2])
        clock.advance(8 * 3600 / 4000)
    await turns()
    counts = it.metrics.of("groq"), it.metrics.of("openai")
    asked = sum(one[Event.HIT] + one[Event.EXPIRED] + one[Event.NOT_FOUND] for one in counts)
    assert asked == 4000
    assert len(ask.calls) <= 2 * 8
    stats = it.stats()
    assert stats.saved is not None
    assert stats.saved > 0.99
