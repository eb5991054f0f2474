"""Figures about the cache: counted by every thread, lost by none."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

import msgspec
import pytest

from tests.catalog.scene import GROQ, OPENAI, Providers, catalog, down, models
from tests.support.clock import FakeClock
from trayapp.catalog.freshness import Timing
from trayapp.catalog.metrics import MEASURED, Event, Metrics, footprint
from trayapp.core.listings import Listing
from trayapp.core.models import ModelRef


def test_no_count_is_lost_between_threads() -> None:
    metrics = Metrics()

    def count() -> None:
        for _ in range(5000):
            metrics.count(Event.HIT, "groq")

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert metrics.of("groq")[Event.HIT] == 40_000
    assert metrics.of("openai")[Event.HIT] == 0


async def test_the_figures_tell_why_a_list_is_what_it_is(clock: FakeClock, tmp_path: Path) -> None:
    """S0-15, S2-45, S4-32: hits, misses by reason, entries, bytes, ages, failure, breaker, next question."""
    ask = Providers(clock, groq=("a", "b"), openai=down(detail="timed out"))
    it = catalog(ask, clock, tmp_path, timing=Timing(ttl=3600, retries=2, base_delay=1.0))
    await it.listing(GROQ)
    await it.listing(OPENAI)
    clock.advance(100)
    for _ in range(7):
        it.supports_model(ModelRef("groq", "a"))
    stats = it.stats()
    groq, openai = stats.accounts
    assert (groq.provider, groq.source, groq.entries, groq.ttl, groq.strategy) == ("groq", "live", 2, 3600, "moderate")
    assert (groq.hits, groq.expired, groq.not_found, groq.puts, groq.calls) == (7, 0, 1, 1, 1)
    assert groq.bytes == (tmp_path / "models" / "groq.json").stat().st_size
    assert groq.age is not None
    assert (groq.age, groq.next_refresh) == (clock.now() - it.listings.value["groq"].fetched_at, 3600 - groq.age)
    assert (openai.calls, openai.retries, openai.failures) == (3, 2, 1)
    assert (openai.last_failure, openai.last_detail, openai.breaker) == ("unreachable", "timed out", "closed")
    assert openai.next_refresh == 0
    assert (stats.entries, stats.hits, stats.calls) == (2, 7, 4)
    assert stats.saved is not None
    assert stats.memory > 100
    assert json.loads(msgspec.json.encode(stats))["accounts"][0]["provider"] == "groq"


async def test_before_the_first_question_nothing_is_claimed(clock: FakeClock, tmp_path: Path) -> None:
    stats = catalog(Providers(clock), clock, tmp_path).stats()
    assert (stats.saved, stats.entries, stats.accounts[0].next_refresh) == (None, 0, 0)


def test_what_is_shared_is_counted_once() -> None:
    """S0-36."""
    rows = models("groq", *(str(number) for number in range(100)))
    assert footprint([Listing("groq", rows), Listing("groq", rows)]) == footprint([Listing("groq", rows)])
    assert 100 * 100 < footprint([Listing("groq", rows)]) < 100 * 1000


def test_of_many_models_some_are_measured_and_the_others_taken_to_be_like_them() -> None:
    few, many = (models("groq", *(f"{number:05}" for number in range(count))) for count in (MEASURED, 10 * MEASURED))
    each = (footprint([Listing("groq", few)]) - sys.getsizeof(few)) / len(few)
    assert footprint([Listing("groq", many)]) - sys.getsizeof(many) == pytest.approx(each * len(many), rel=0.02)
    assert footprint([]) == 0
