"""Many accounts at once: one question each, so many at a time, patience with failures, no waiting for the dead."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.catalog.scene import (
    GROQ,
    OPENAI,
    WORK,
    Providers,
    catalog,
    down,
    limited,
    names,
    turns,
)
from tests.support.clock import FakeClock
from trayapp.catalog.freshness import Timing
from trayapp.core.accounts import Account
from trayapp.core.errors import Failure, Kind


async def test_ten_at_most_are_asked_at_once(clock: FakeClock, tmp_path: Path) -> None:
    """S4-30, S4-8."""
    accounts = tuple(Account(f"a{number:02}", "groq") for number in range(25))
    gate = asyncio.get_running_loop().create_future()
    ask = Providers(clock)
    for account in accounts:
        ask.answers(account.id, gate)
    it = catalog(ask, clock, tmp_path, accounts=accounts)
    batch = asyncio.create_task(it.refresh(accounts))
    await turns()
    assert (len(ask.calls), it.refreshing.value) == (10, frozenset(account.id for account in accounts))
    gate.set_result(("m",))
    assert len(await batch) == 25
    assert (ask.most[""], it.refreshing.value) == (10, frozenset())


async def test_the_width_is_a_setting(clock: FakeClock, tmp_path: Path) -> None:
    """S4-30, S2-73."""
    accounts = tuple(Account(f"a{number}", "groq") for number in range(6))
    ask = Providers(clock, **{account.id: ("m",) for account in accounts})
    await catalog(ask, clock, tmp_path, accounts=accounts, width=lambda: 2).refresh(accounts)
    assert ask.most[""] == 2


async def test_one_that_fails_or_hangs_delays_and_hides_no_other(clock: FakeClock, tmp_path: Path) -> None:
    """S4-30, S4-10, S2-12: the batch ends at its deadline, the late answer lands all the same (C7)."""
    never = asyncio.get_running_loop().create_future()
    ask = Providers(clock, groq=("llama",), openai=Failure(Kind.FORBIDDEN), openai_work=never)
    it = catalog(ask, clock, tmp_path, accounts=(GROQ, OPENAI, WORK), batch_deadline=lambda: 0.05)
    shown = await it.refresh((GROQ, OPENAI, WORK))
    assert names(shown["groq"]) == ("llama",)
    assert shown["openai"].failure == Failure(Kind.FORBIDDEN, "openai")
    late = shown["openai-work"].failure
    assert late is not None
    assert (late.kind, "No answer within" in late.detail) == (Kind.UNREACHABLE, True)
    assert it.refreshing.value == {"openai-work"}
    never.set_result(("at last",))
    await turns()
    assert (names(it.listings.value["openai-work"]), it.listings.value["openai-work"].failure) == (("at last",), None)


async def test_the_chosen_account_is_asked_first(clock: FakeClock, tmp_path: Path) -> None:
    """S4-47, S2-37."""
    ask = Providers(clock, groq=("a",), openai=("b",), openai_work=("c",))
    it = catalog(
        ask, clock, tmp_path, accounts=(GROQ, OPENAI, WORK), width=lambda: 1, priority=lambda: ("openai-work", "openai")
    )
    await it.refresh((GROQ, OPENAI, WORK))
    assert ask.calls == ["openai-work", "openai", "groq"]


async def test_ten_thousand_askers_share_one_flight(clock: FakeClock, tmp_path: Path) -> None:
    """S4-48, C11, S1-81, S0-34: none lost, none torn."""
    gate = asyncio.get_running_loop().create_future()
    ask = Providers(clock, groq=gate)
    it = catalog(ask, clock, tmp_path)
    askers = [asyncio.create_task(it.listing(GROQ)) for _ in range(10_000)]
    await turns(3)
    gate.set_result(("llama",))
    found = await asyncio.gather(*askers)
    assert {names(listing) for listing in found} == {("llama",)}
    assert ask.calls == ["groq"]


async def test_who_stops_waiting_does_not_stop_the_flight(clock: FakeClock, tmp_path: Path) -> None:
    gate = asyncio.get_running_loop().create_future()
    it = catalog(Providers(clock, groq=gate), clock, tmp_path)
    asker = asyncio.create_task(it.listing(GROQ))
    await turns()
    asker.cancel()
    await turns()
    gate.set_result(("llama",))
    await turns()
    assert names(it.listings.value["groq"]) == ("llama",)


async def test_a_failed_account_is_left_alone_for_a_while(clock: FakeClock, tmp_path: Path) -> None:
    """S4-49."""
    ask = Providers(clock, groq=down())
    it = catalog(ask, clock, tmp_path, timing=Timing(retries=0))
    for _ in range(5):
        await it.listing(GROQ)
    assert len(ask.calls) == 1
    clock.advance(31)
    await it.listing(GROQ)
    assert len(ask.calls) == 2
    await it.listing(GROQ, force=True)  # a click
    assert len(ask.calls) == 3


async def test_an_open_breaker_lets_one_probe_through_and_closes_on_success(clock: FakeClock, tmp_path: Path) -> None:
    ask = Providers(clock, groq=down())
    it = catalog(ask, clock, tmp_path, timing=Timing(retries=2))
    for _ in range(3):
        await it.listing(GROQ)
        clock.advance(900)
    assert len(ask.calls) == 9
    assert it.stats().accounts[0].breaker == "half-open"
    await it.listing(GROQ)
    assert (len(ask.calls), it.stats().accounts[0].breaker) == (10, "open")
    ask.answers("groq", ("llama",))
    clock.advance(900)
    assert names(await it.listing(GROQ)) == ("llama",)
    assert it.stats().accounts[0].breaker == "closed"


async def test_a_provider_that_asks_for_silence_gets_it_even_from_clicks(clock: FakeClock, tmp_path: Path) -> None:
    ask = Providers(clock, groq=limited(600.0))
    it = catalog(ask, clock, tmp_path)
    await it.listing(GROQ)
    await it.listing(GROQ, force=True)
    assert (len(ask.calls), clock.slept) == (1, [])
    clock.advance(600)
    await it.listing(GROQ, force=True)
    assert len(ask.calls) == 2


async def test_a_network_that_is_back_ends_the_wait(clock: FakeClock, tmp_path: Path) -> None:
    ask = Providers(clock, groq=[down(), ("llama",)])
    it = catalog(ask, clock, tmp_path, timing=Timing(retries=0))
    await it.refresh((GROQ,))
    it.forgive()
    assert names((await it.refresh((GROQ,)))["groq"]) == ("llama",)


async def test_a_fault_of_ours_in_one_account_leaves_the_others(clock: FakeClock, tmp_path: Path) -> None:
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["exception"]))
    ask = Providers(clock, groq=("llama",))  # openai is not in the script: a KeyError
    it = catalog(ask, clock, tmp_path)
    shown = await it.refresh((OPENAI, GROQ))
    assert names(shown["groq"]) == ("llama",)
    assert [type(error) for error in reported] == [KeyError]
    assert it.refreshing.value == frozenset()


async def test_a_local_server_that_does_not_run_is_looked_for_when_somebody_looks(
    clock: FakeClock, tmp_path: Path
) -> None:
    """C6."""
    ask = Providers(clock, groq=Failure(Kind.NOT_RUNNING))
    it = catalog(ask, clock, tmp_path)
    await it.refresh((GROQ,))
    await it.refresh((GROQ,))
    assert (len(ask.calls), clock.slept) == (1, [])
    await it.refresh((GROQ,), watched=True)
    assert len(ask.calls) == 2


async def test_closing_ends_what_is_under_way(clock: FakeClock, tmp_path: Path) -> None:
    never = asyncio.get_running_loop().create_future()
    it = catalog(Providers(clock, groq=never), clock, tmp_path)
    await it.listing(GROQ, wait=False)
    await turns()
    await it.close()
    await turns()
    assert it.refreshing.value == frozenset()
