"""Do we have X, and what can it do: from memory, at once, from any thread, and never a false no."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.catalog.scene import GROQ, OPENAI, WORK, Providers, catalog, down, models, names, shipped, turns
from tests.support.clock import FakeClock
from trayapp.catalog.freshness import Strategy, Timing
from trayapp.catalog.lookup import UNKNOWN, Book
from trayapp.catalog.metrics import Event
from trayapp.core.accounts import Account
from trayapp.core.errors import Failure, Kind
from trayapp.core.listings import Listing, Source
from trayapp.core.models import Capability, Model, ModelRef

LLAMA, NOT_THERE = ModelRef("groq", "llama"), ModelRef("groq", "no-such")


async def test_a_hit_answers_from_memory(clock: FakeClock, tmp_path: Path) -> None:
    """S0-31, S0-2, S0-9, S0-10."""
    ask = Providers(clock, groq=("llama",))
    it = catalog(ask, clock, tmp_path)
    await it.listing(GROQ)
    for _ in range(100):
        assert it.supports_model(LLAMA) is True
        assert it.supports_model(NOT_THERE) is False
        model = it.capabilities(LLAMA)
        assert isinstance(model, Model)
        assert model.context == 8192
        assert it.capabilities(NOT_THERE) is None
    assert ask.calls == ["groq"]
    assert it.metrics.of("groq")[Event.HIT] == 400


async def test_an_empty_cache_says_unknown_and_asks_behind(clock: FakeClock, tmp_path: Path) -> None:
    """S0-32, S0-12, S0-3."""
    ask = Providers(clock, groq=("llama",))
    it = catalog(ask, clock, tmp_path)
    await it.refresh(())  # there is a loop
    assert it.supports_model(LLAMA) is None
    assert it.capabilities(LLAMA) is UNKNOWN
    await turns()
    assert it.supports_model(LLAMA) is True
    assert ask.calls == ["groq"]
    assert it.metrics.of("groq")[Event.NOT_FOUND] == 2


async def test_who_waits_gets_the_refreshed_answer(clock: FakeClock, tmp_path: Path) -> None:
    """S0-32."""
    ask = Providers(clock, groq=[("llama",), ("llama", "no-such")])
    it = catalog(ask, clock, tmp_path)
    await it.settled("groq")
    assert it.supports_model(NOT_THERE) is False
    await it.settled("groq")
    assert len(ask.calls) == 1
    clock.advance(3601)
    await it.settled("groq")
    assert it.supports_model(NOT_THERE) is True


async def test_an_expired_list_answers_and_one_refresh_starts_behind_however_many_ask(
    clock: FakeClock, tmp_path: Path
) -> None:
    """S0-33, S0-12."""
    ask = Providers(clock, groq=[("llama",), ("other",)])
    it = catalog(ask, clock, tmp_path)
    await it.listing(GROQ)
    clock.advance(3601)
    assert [it.supports_model(LLAMA) for _ in range(1000)] == [True] * 1000
    await turns()
    assert (it.supports_model(LLAMA), len(ask.calls)) == (False, 2)
    assert it.metrics.of("groq")[Event.EXPIRED] == 1000


async def test_while_a_provider_rests_lookups_start_nothing(clock: FakeClock, tmp_path: Path) -> None:
    ask = Providers(clock, groq=[("llama",), down()])
    it = catalog(ask, clock, tmp_path, timing=Timing(ttl=300, retries=0))
    await it.listing(GROQ)
    clock.advance(301)
    for _ in range(10):
        it.supports_model(LLAMA)
        await turns()
    assert len(ask.calls) == 2
    clock.advance(31)
    it.supports_model(LLAMA)
    await turns()
    assert len(ask.calls) == 3


async def test_without_a_network_lookups_start_nothing(clock: FakeClock, tmp_path: Path) -> None:
    ask = Providers(clock, groq=("llama",))
    there = [True]
    it = catalog(ask, clock, tmp_path, reachable=lambda _account: there[0])
    await it.listing(GROQ)
    clock.advance(3601)
    there[0] = False
    assert it.supports_model(LLAMA) is True
    await turns()
    assert len(ask.calls) == 1
    there[0] = True
    it.supports_model(LLAMA)
    await turns()
    assert len(ask.calls) == 2


async def test_a_list_that_lives_no_time_is_not_asked_for_with_every_lookup(clock: FakeClock, tmp_path: Path) -> None:
    """S0-2."""
    ask = Providers(clock, groq=("llama",))
    it = catalog(ask, clock, tmp_path, timing=Timing(ttl=0, strategy=Strategy.FRESH))
    await it.listing(GROQ)
    for _ in range(50):
        assert it.supports_model(LLAMA) is True
        await turns()
    assert len(ask.calls) == 1


async def test_an_error_is_never_a_no(clock: FakeClock, tmp_path: Path) -> None:
    """S0-3, S0-29."""
    ask = Providers(clock, groq=[("llama",), down()], openai=down())
    it = catalog(ask, clock, tmp_path)
    await it.refresh((GROQ, OPENAI))
    await it.listing(GROQ, force=True)
    assert (it.supports_model(LLAMA), it.supports_model(NOT_THERE)) == (True, None)
    assert it.capabilities(NOT_THERE) is UNKNOWN
    assert it.supports_model(ModelRef("openai", "gpt-5")) is None
    assert it.supports_model(ModelRef("nobody", "x")) is None


async def test_the_shipped_list_tells_facts_but_not_what_the_account_may_call(clock: FakeClock, tmp_path: Path) -> None:
    """S1-80."""
    ask = Providers(clock, groq=("other",))
    it = catalog(ask, clock, tmp_path, keys=set(), embedded=shipped("llama"))
    await it.refresh(())
    assert it.supports_model(LLAMA) is None
    assert isinstance(it.capabilities(LLAMA), Model)
    assert it.capabilities(NOT_THERE) is UNKNOWN
    await turns()
    assert ask.calls == []


def test_a_list_that_was_cut_proves_no_absence() -> None:
    cut = Listing("groq", models("groq", "a"), dropped=3)
    assert Book(cut, since=0, expires=1).has("z") is None
    assert Book(replace(cut, dropped=0), since=0, expires=1).has("z") is False


def test_an_alias_is_the_model_it_stands_for_and_an_id_wins_over_an_alias() -> None:
    large = Model(ModelRef("mistral", "large-2411"), aliases=("large-latest", "small"), capabilities=Capability.TOOLS)
    small = Model(ModelRef("mistral", "small"))
    book = Book(Listing("mistral", (small, large)), since=0, expires=1)
    assert book.about("large-latest") is large
    assert book.about("small") is small


async def test_a_bare_name_finds_every_account_that_has_it(clock: FakeClock, tmp_path: Path) -> None:
    """S0-16, S2-54: unique or ambiguous."""
    router = Account("openrouter", "openrouter")
    ask = Providers(
        clock, groq=("llama",), openai=("gpt-5",), openai_work=("gpt-5", "GPT-4o"), openrouter=("openai/gpt-4o",)
    )
    accounts = (GROQ, OPENAI, WORK, router)
    it = catalog(ask, clock, tmp_path, accounts=accounts)
    await it.refresh(accounts)
    assert it.find("llama") == (LLAMA,)
    assert it.find("gpt-5") == (ModelRef("openai", "gpt-5"), ModelRef("openai-work", "gpt-5"))
    assert it.find("gpt-4o") == (ModelRef("openai-work", "GPT-4o"), ModelRef("openrouter", "openai/gpt-4o"))
    assert it.find("GPT-4o") == (ModelRef("openai-work", "GPT-4o"),)
    assert it.find("nothing") == ()


async def test_what_cannot_be_called_is_found_only_where_nothing_else_is(clock: FakeClock, tmp_path: Path) -> None:
    ask = Providers(clock, groq=("llama",), openai=Failure(Kind.REFUSED))
    it = catalog(ask, clock, tmp_path, embedded=shipped("llama", "gpt-5"))
    await it.refresh((GROQ, OPENAI))
    assert it.find("llama") == (LLAMA,)
    assert it.find("gpt-5") == (ModelRef("openai", "gpt-5"),)


async def test_a_clock_that_was_set_back_makes_a_list_old(clock: FakeClock, tmp_path: Path) -> None:
    ask = Providers(clock, groq=("llama",))
    it = catalog(ask, clock, tmp_path)
    await it.listing(GROQ)
    clock.set_back(7200)
    assert it.supports_model(LLAMA) is True
    await turns()
    assert len(ask.calls) == 2
    it.supports_model(LLAMA)
    await turns()
    assert len(ask.calls) == 2


async def test_without_a_loop_lookups_answer_all_the_same(clock: FakeClock, tmp_path: Path) -> None:
    first = catalog(Providers(clock, groq=("llama",)), clock, tmp_path)
    await first.listing(GROQ)
    clock.advance(1e6)
    answers: list[object] = []
    cold = catalog(Providers(clock), clock, tmp_path)
    thread = threading.Thread(target=lambda: answers.append(cold.supports_model(LLAMA)))
    thread.start()
    thread.join()
    assert answers == [True]


def test_after_its_loop_has_ended_lookups_answer_and_ask_nobody(clock: FakeClock, tmp_path: Path) -> None:
    """Another thread may still ask while the program ends."""
    ask = Providers(clock, groq=("llama",))
    it = catalog(ask, clock, tmp_path)
    asyncio.run(it.refresh((GROQ,)))
    clock.advance(1e6)
    assert it.supports_model(LLAMA) is True
    assert ask.calls == ["groq"]

    async def again() -> None:
        await it.refresh(())
        assert it.supports_model(LLAMA) is True
        await turns()

    asyncio.run(again())
    assert ask.calls == ["groq", "groq"]


def test_a_new_list_of_the_same_models_needs_no_new_index() -> None:
    listing = Listing("groq", models("groq", "a"))
    old = Book(listing, since=0, expires=1)
    index = old.by_id
    assert Book(replace(listing, fetched_at=5.0), since=0, expires=1, before=old).by_id is index
    assert Book(Listing("groq", models("groq", "a")), since=0, expires=1, before=old).by_id is not index


@pytest.mark.timeout_s(60)
async def test_eight_threads_read_whole_lists_while_they_are_replaced(clock: FakeClock, tmp_path: Path) -> None:
    """S0-34, S0-11, S0-37: every answer belongs to one list or the next, and every question is counted."""
    lists = [tuple(f"{letter}-{number}" for number in range(50)) for letter in "ab"]
    ask = Providers(clock, groq=[lists[n % 2] for n in range(400)])
    it = catalog(ask, clock, tmp_path)
    await it.listing(GROQ)
    stop, torn, asked = threading.Event(), [], [0] * 8

    def read(me: int) -> None:
        while not stop.is_set():
            book = it.lookups.books["groq"]
            have = {name[0] for name in book.by_id}
            if len(have) != 1 or len(book.by_id) != 50:
                torn.append(have)
            found = it.capabilities(ModelRef("groq", "a-7"))
            if found is not None and (not isinstance(found, Model) or found.ref.model != "a-7"):
                torn.append({str(found)})
            asked[me] += 1

    threads = [threading.Thread(target=read, args=(me,)) for me in range(8)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(2e-4)
    try:
        for thread in threads:
            thread.start()
        for _ in range(60):
            await it.listing(GROQ, force=True)
        while not all(asked):
            await turns()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(interval)
    counts = it.metrics.of("groq")
    assert torn == []
    assert counts[Event.HIT] == sum(asked)
    assert names(it.listings.value["groq"]) in lists


async def test_a_lookup_takes_microseconds_and_memory_is_bounded(clock: FakeClock, tmp_path: Path) -> None:
    """S0-35, S0-36, S0-44, S4-29, S2-70, with a wide margin: tests.bench catalog measures it."""
    ask = Providers(clock, groq=tuple(f"maker/model-{number}" for number in range(5000)))
    it = catalog(ask, clock, tmp_path)
    await it.listing(GROQ)
    ref = ModelRef("groq", "maker/model-4999")
    it.supports_model(ref)
    began = time.perf_counter()
    for _ in range(1000):
        it.supports_model(ref)
    assert (time.perf_counter() - began) / 1000 < 0.001
    assert it.listings.value["groq"].source is Source.API
    assert it.stats().memory < 6 * 2**20
