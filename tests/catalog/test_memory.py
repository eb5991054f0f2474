"""How much memory the lists take is measured when they changed, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.catalog.scene import GROQ, Providers, catalog
from tests.support.clock import FakeClock
from trayapp.catalog import metrics, service


async def test_a_page_that_asks_often_has_unchanged_lists_measured_once(
    clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = 0

    def counted(listings: object) -> int:
        nonlocal measured
        measured += 1
        return metrics.footprint(listings)  # type: ignore[arg-type]

    monkeypatch.setattr(service, "footprint", counted)
    it = catalog(Providers(clock, groq=[("llama",), ("llama", "qwen")]), clock, tmp_path)
    await it.listing(GROQ)
    small = it.stats().memory
    assert [it.stats().memory for _ in range(5)] == [small] * 5
    assert measured == 1
    await it.listing(GROQ, force=True)
    assert it.stats().memory > small
    assert measured == 2
