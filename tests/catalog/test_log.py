"""What the cache says in the log, at the levels and in the words that the documents give."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.catalog.scene import GROQ, OPENAI, Providers, catalog, down, shipped
from tests.support.clock import FakeClock
from trayapp.catalog.freshness import Timing
from trayapp.core.errors import Failure, Kind
from trayapp.core.models import ModelRef


@pytest.fixture(autouse=True)
def _everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="trayapp.catalog")


def said(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    found = [(record.levelname, record.getMessage()) for record in caplog.records if record.name == "trayapp.catalog"]
    caplog.clear()
    return found


async def test_a_list_that_came_and_one_from_memory(
    clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """S1-38, S4-41, S4-42, S2-47."""
    it = catalog(Providers(clock, groq=("a", "b")), clock, tmp_path)
    await it.listing(GROQ)
    assert said(caplog) == [
        ("DEBUG", "cache miss provider=groq reason=not_found"),
        ("DEBUG", "cache put provider=groq ttl=3600 model_count=2"),
        ("DEBUG", "Updated model cache for 'groq' (TTL: 3600s)"),
    ]
    clock.advance(600)
    await it.listing(GROQ)
    assert said(caplog) == [
        ("DEBUG", "cache hit provider=groq model_count=2"),
        ("DEBUG", "Using cached models for 'groq' (expires in 3000s)"),
    ]
    it.supports_model(ModelRef("groq", "a"))
    assert said(caplog) == [("DEBUG", "cache hit provider=groq")]
    clock.advance(3000)
    it.supports_model(ModelRef("groq", "a"))
    assert said(caplog) == [("DEBUG", "cache miss provider=groq reason=expired")]


async def test_an_outage(clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """S1-42."""
    it = catalog(Providers(clock, groq=[("a",), down(detail="timed out")]), clock, tmp_path, timing=Timing(retries=0))
    await it.listing(GROQ)
    clock.advance(3725)
    said(caplog)
    await it.refresh((GROQ,))
    assert [line for line in said(caplog) if line[0] != "DEBUG"] == [
        ("WARNING", "Failed to fetch models from 'groq': unreachable timed out"),
        ("WARNING", "Using stale cache for 'groq' (expired 125 seconds ago)"),
        ("WARNING", "Failed to list models from 'groq': unreachable"),
    ]


async def test_the_shipped_list_stands_in(clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """S1-41."""
    it = catalog(Providers(clock, groq=Failure(Kind.REFUSED)), clock, tmp_path, embedded=shipped("a", "b", "c"))
    await it.listing(GROQ)
    assert ("INFO", "Using OpenRouter catalog fallback for 'groq' (3 models)") in said(caplog)


async def test_nothing_at_all(clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """S1-43."""
    it = catalog(Providers(clock, groq=Failure(Kind.GONE)), clock, tmp_path)
    await it.listing(GROQ)
    line = "No models available for 'groq': API failed, no catalog data, no stale cache"
    assert ("ERROR", line) in said(caplog)


async def test_a_local_server_that_does_not_run_is_no_warning(
    clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """C6."""
    it = catalog(Providers(clock, groq=Failure(Kind.NOT_RUNNING)), clock, tmp_path)
    await it.refresh((GROQ,))
    assert {level for level, _ in said(caplog)} <= {"DEBUG", "INFO"}


async def test_one_failure_is_said_and_skipped_and_the_total_is_said(
    clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """S1-48."""
    it = catalog(Providers(clock, groq=("a", "b"), openai=Failure(Kind.FORBIDDEN)), clock, tmp_path)
    await it.refresh((GROQ, OPENAI))
    lines = said(caplog)
    assert ("WARNING", "Failed to list models from 'openai': forbidden") in lines
    assert lines[-1] == ("DEBUG", "Listed 2 models from all enabled providers")


async def test_invalidating_and_clearing(clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    it = catalog(Providers(clock, groq=("a",), openai=("b",)), clock, tmp_path)
    await it.refresh((GROQ, OPENAI))
    said(caplog)
    it.invalidate("groq")
    assert said(caplog) == [
        ("DEBUG", "cache invalidate provider=groq reason=key"),
        ("INFO", "Invalidated model cache for 'groq'"),
    ]
    await it.settle()
    it.clear()
    assert said(caplog) == [
        ("DEBUG", "cache clear provider=groq deleted_count=1"),
        ("DEBUG", "cache clear provider=openai deleted_count=1"),
        ("INFO", "Invalidated all model caches"),
    ]


async def test_other_settings_are_said_once(clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    timing = {"groq": Timing(ttl=3600)}
    it = catalog(Providers(clock, groq=("a",)), clock, tmp_path, timing=timing)
    it.set_accounts((GROQ, OPENAI))
    assert said(caplog) == []
    timing["groq"] = Timing(ttl=60)
    it.set_accounts((GROQ, OPENAI))
    assert said(caplog) == [("INFO", "Model cache configuration updated")]
