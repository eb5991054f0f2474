"""The catalogue: disk first, then the provider, then the next best, and hardly ever a question."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.catalog.scene import (
    GROQ,
    OPENAI,
    WORK,
    Providers,
    catalog,
    down,
    models,
    names,
    shipped,
    turns,
)
from tests.support.clock import FakeClock
from trayapp.catalog import cache
from trayapp.catalog.cache import Shelf
from trayapp.catalog.freshness import Strategy, Timing
from trayapp.core.accounts import Account
from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.listings import Listing, Source


async def test_a_miss_asks_and_a_hit_does_not(clock: FakeClock, tmp_path: Path) -> None:
    """S1-63, S1-64, S0-30, S4-32."""
    ask = Providers(clock, groq=("llama",))
    it = catalog(ask, clock, tmp_path)
    first, second = await it.listing(GROQ), await it.listing(GROQ)
    assert (names(first), first.source, names(second), second.source) == (
        ("llama",),
        Source.API,
        ("llama",),
        Source.CACHE,
    )
    assert ask.calls == ["groq"]


async def test_an_expired_list_is_shown_at_once_and_asked_for_behind(clock: FakeClock, tmp_path: Path) -> None:
    """S2-63, S2-51, S2-21."""
    ask = Providers(clock, groq=[("old",), ("new",)])
    it = catalog(ask, clock, tmp_path)
    await it.listing(GROQ)
    clock.advance(3601)
    assert names(await it.listing(GROQ)) == ("old",)
    await turns()
    assert names(it.listings.value["groq"]) == ("new",)
    assert it.listings.value["groq"].source is Source.API


async def test_who_asks_to_wait_gets_the_new_list(clock: FakeClock, tmp_path: Path) -> None:
    """S2-21, S0-32."""
    ask = Providers(clock, groq=[("old",), ("new",), ("newer",)])
    it = catalog(ask, clock, tmp_path)
    await it.listing(GROQ)
    clock.advance(3601)
    assert names(await it.listing(GROQ, wait=True)) == ("new",)
    assert names(await it.listing(GROQ, force=True)) == ("newer",)


async def test_waiting_for_the_new_list_is_a_setting(clock: FakeClock, tmp_path: Path) -> None:
    ask = Providers(clock, groq=[("old",), ("new",)])
    it = catalog(ask, clock, tmp_path, wait_for_new=lambda: True)
    await it.listing(GROQ)
    clock.advance(3601)
    assert names(await it.listing(GROQ)) == ("new",)


async def test_an_outage_leaves_the_old_list_and_says_why(clock: FakeClock, tmp_path: Path) -> None:
    """S1-66, S1-69, S1-27."""
    ask = Providers(clock, groq=[("llama",), down(detail="no route")])
    it = catalog(ask, clock, tmp_path, embedded=shipped("from the shipped list"))
    was = await it.listing(GROQ)
    clock.advance(1_000_000)
    listing = await it.listing(GROQ, wait=True)
    assert (names(listing), listing.source, listing.fetched_at) == (("llama",), Source.STALE, was.fetched_at)
    assert listing.failure == down(detail="no route", provider="groq")
    assert clock.slept == [1.0, 2.0]


async def test_a_first_outage_shows_what_is_shipped(clock: FakeClock, tmp_path: Path) -> None:
    """S1-65."""
    it = catalog(Providers(clock, groq=down()), clock, tmp_path, embedded=shipped("llama"))
    listing = await it.listing(GROQ)
    assert (names(listing), listing.source, listing.locked) == (("llama",), Source.EMBEDDED, False)


async def test_a_refused_key_shows_the_shipped_list_at_once(clock: FakeClock, tmp_path: Path) -> None:
    """S1-78."""
    ask = Providers(clock, groq=[("ours",), Failure(Kind.REFUSED)])
    it = catalog(ask, clock, tmp_path, embedded=shipped("browse"))
    await it.listing(GROQ)
    listing = await it.listing(GROQ, force=True)
    assert (names(listing), listing.locked, clock.slept) == (("browse",), True, [])
    ask.answers("groq", down())
    clock.advance(10_000)
    assert names(await it.listing(GROQ, wait=True)) == ("ours",)  # it was hidden, not lost


async def test_without_the_shipped_list_a_refused_account_keeps_its_own(clock: FakeClock, tmp_path: Path) -> None:
    on = True
    ask = Providers(clock, groq=[("ours",), Failure(Kind.REFUSED)])
    it = catalog(ask, clock, tmp_path, embedded=shipped("browse"), fallback_on=lambda: on)
    await it.listing(GROQ)
    await it.listing(GROQ, force=True)
    assert names(it.listings.value["groq"]) == ("browse",)
    on = False
    it.set_accounts((GROQ, OPENAI))  # as after every change of the settings (S1-47)
    assert (names(it.listings.value["groq"]), it.listings.value["groq"].locked) == (("ours",), True)


async def test_an_empty_answer_does_not_replace_a_full_list(clock: FakeClock, tmp_path: Path) -> None:
    """C13, S0-24."""
    ask = Providers(clock, groq=[("llama",), (), ("new",)], openai=())
    it = catalog(ask, clock, tmp_path)
    await it.listing(GROQ)
    listing = await it.listing(GROQ, force=True)
    assert (names(listing), listing.source) == (("llama",), Source.STALE)
    assert listing.failure == Failure(Kind.EMPTY, "groq")
    assert names(await it.listing(GROQ, force=True)) == ("new",)
    first = await it.listing(OPENAI)
    assert (first.models, first.source, first.failure) == ((), Source.API, None)


async def test_what_is_on_disk_is_shown_before_anybody_is_asked(clock: FakeClock, tmp_path: Path) -> None:
    """S2-67, S0-17, S2-36."""
    ask = Providers(clock, groq=("llama",), openai=("gpt-5",))
    await catalog(ask, clock, tmp_path).refresh((GROQ, OPENAI))
    again = catalog(ask, clock, tmp_path)
    shown = again.listings.value
    assert [(it.provider, names(it), it.source) for it in shown.values()] == [
        ("groq", ("llama",), Source.CACHE),
        ("openai", ("gpt-5",), Source.CACHE),
    ]
    assert len(ask.calls) == 2


async def test_an_account_without_a_key_is_shown_locked_and_not_asked(clock: FakeClock, tmp_path: Path) -> None:
    ask = Providers(clock, groq=("llama",))
    it = catalog(ask, clock, tmp_path, keys=set(), embedded=shipped("browse"))
    listing = it.listings.value["groq"]
    assert (names(listing), listing.failure, listing.locked) == (("browse",), Failure(Kind.NO_KEY, "groq"), True)
    assert (await it.refresh((GROQ,), force=True))["groq"] == listing
    assert await it.listing(GROQ) == listing
    assert ask.calls == []


async def test_a_disabled_account_keeps_its_file_and_is_left_out(clock: FakeClock, tmp_path: Path) -> None:
    """S1-82, C15."""
    ask = Providers(clock, groq=("llama",), openai=("gpt-5",))
    it = catalog(ask, clock, tmp_path)
    await it.refresh((GROQ, OPENAI))
    off = replace(GROQ, enabled=False)
    it.set_accounts((off, OPENAI))
    assert list(it.listings.value) == ["openai"]
    assert it.find("llama") == ()
    assert "groq" not in await it.refresh((off, OPENAI), force=True)
    it.set_accounts((GROQ, OPENAI))
    assert names(it.listings.value["groq"]) == ("llama",)
    again = catalog(ask, clock, tmp_path, accounts=(off,))
    assert dict(again.listings.value) == {}
    again.set_accounts((GROQ,))
    assert names(again.listings.value["groq"]) == ("llama",)


async def test_every_account_is_listed_with_its_own_models(clock: FakeClock, tmp_path: Path) -> None:
    """S2-49, S2-61, S2-62, S2-69, S2-60: two accounts of one provider are two lists."""
    ask = Providers(clock, groq=("llama",), openai=("gpt-5",), openai_work=("gpt-5", "ft:ours"))
    it = catalog(ask, clock, tmp_path, accounts=(GROQ, OPENAI, WORK))
    shown = await it.refresh((GROQ, OPENAI, WORK))
    assert {str(model.ref) for listing in shown.values() for model in listing.models} == {
        "groq/llama",
        "openai/gpt-5",
        "openai-work/gpt-5",
        "openai-work/ft:ours",
    }
    assert it.listings.value == shown
    assert {file.name for file in (tmp_path / "models").iterdir()} == {"groq.json", "openai.json", "openai-work.json"}


@pytest.mark.parametrize(
    ("strategy", "expected"), [(Strategy.FRESH, 4), (Strategy.MODERATE, 2), (Strategy.AGGRESSIVE, 1)]
)
async def test_each_strategy_makes_its_number_of_calls(
    clock: FakeClock, tmp_path: Path, strategy: Strategy, expected: int
) -> None:
    """S2-68, S2-40: three questions within the time to live, one after it."""
    ask = Providers(clock, groq=("llama",))
    it = catalog(ask, clock, tmp_path, timing=Timing(ttl=300, strategy=strategy))
    for pause in (0, 100, 100, 1000):
        clock.advance(pause)
        await it.listing(GROQ, wait=True)
    assert len(ask.calls) == expected


async def test_a_changed_time_to_live_counts_at_once(clock: FakeClock, tmp_path: Path) -> None:
    """S1-70, S1-47, S2-68."""
    timing = {"groq": Timing(ttl=3600)}
    ask = Providers(clock, groq=("llama",))
    it = catalog(ask, clock, tmp_path, timing=timing)
    await it.listing(GROQ)
    clock.advance(600)
    await it.listing(GROQ, wait=True)
    assert len(ask.calls) == 1
    timing["groq"] = Timing(ttl=300)
    it.set_accounts((GROQ, OPENAI))
    await it.listing(GROQ, wait=True)
    assert len(ask.calls) == 2


async def test_a_list_that_did_not_change_is_shared_and_earns_time(clock: FakeClock, tmp_path: Path) -> None:
    """S4-46, S0-7."""
    ask = Providers(clock, groq=("llama",))
    it = catalog(ask, clock, tmp_path)
    first = await it.listing(GROQ)
    second = await it.listing(GROQ, force=True)
    assert second.models is first.models
    assert second.unchanged == 1
    clock.advance(3601)
    await it.listing(GROQ, wait=True)
    assert len(ask.calls) == 2
    ask.answers("groq", ("other",))
    assert (await it.listing(GROQ, force=True)).unchanged == 0


async def test_rows_past_the_bound_are_cut_and_said(
    clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S0-19, S2-74."""
    monkeypatch.setattr("trayapp.catalog.asking.ROWS", 2)
    it = catalog(Providers(clock, groq=("a", "b", "c")), clock, tmp_path)
    listing = await it.listing(GROQ)
    assert (names(listing), listing.dropped) == (("a", "b"), 1)
    assert Shelf(tmp_path / "models").load_all(["groq"])[0]["groq"].dropped == 1


async def test_a_disk_that_takes_nothing_stops_nobody(clock: FakeClock, tmp_path: Path) -> None:
    """S0-42."""
    (tmp_path / "models").write_text("a file where the folder should be")
    said: list[str] = []
    it = catalog(Providers(clock, groq=[("a",), ("b",)]), clock, tmp_path, tell=said.append)
    assert names(await it.listing(GROQ)) == ("a",)
    assert names(await it.listing(GROQ, force=True)) == ("b",)
    assert len(said) == 1
    assert "groq" in said[0]


async def test_a_newer_versions_file_is_not_written_over(clock: FakeClock, tmp_path: Path) -> None:
    """S2-53: refetched in memory only."""
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "groq.json").write_bytes(b'{"version":99}')
    it = catalog(Providers(clock, groq=("a",)), clock, tmp_path)
    assert names(await it.listing(GROQ)) == ("a",)
    assert (folder / "groq.json").read_bytes() == b'{"version":99}'


async def test_what_nobody_needs_any_more_is_cleaned_with_a_refresh(
    clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S4-23, S4-43."""
    monkeypatch.setattr(cache, "STRANGERS", 0)
    Shelf(tmp_path / "models").put(Listing("gone", models("gone", "x")))
    it = catalog(Providers(clock, groq=("a",)), clock, tmp_path)
    await it.refresh((GROQ,))
    assert [file.name for file in (tmp_path / "models").iterdir()] == ["groq.json"]


async def test_an_account_that_does_not_exist_is_an_error_in_words(clock: FakeClock, tmp_path: Path) -> None:
    it = catalog(Providers(clock), clock, tmp_path)
    with pytest.raises(ProviderError) as raised:
        await it.listing(Account("nobody", "groq"))
    assert raised.value.failure == Failure(Kind.UNKNOWN_PROVIDER, "nobody", "Provider “nobody” not found")
    with pytest.raises(ProviderError):
        it.clear("nobody")


async def test_a_clock_set_back_is_noticed(clock: FakeClock, tmp_path: Path) -> None:
    """C9, S4-34."""
    ask = Providers(clock, groq=("llama",))
    it = catalog(ask, clock, tmp_path)
    await it.listing(GROQ)
    clock.set_back(86_400)
    await it.listing(GROQ, wait=True)
    await it.listing(GROQ, wait=True)
    assert len(ask.calls) == 2
    assert it.listings.value["groq"].fetched_at == clock.now()


async def test_what_a_request_elsewhere_met_is_shown_once(clock: FakeClock, tmp_path: Path) -> None:
    it = catalog(Providers(clock, groq=("llama",)), clock, tmp_path)
    await it.listing(GROQ)
    published: list[int] = []
    it.changes.listen(published.append)
    for _ in range(2):
        it.refused(Failure(Kind.REFUSED, "groq"))
    it.refused(Failure(Kind.REFUSED, "nobody"))
    failure = it.listings.value["groq"].failure
    assert failure is not None
    assert (failure.kind, len(published)) == (Kind.REFUSED, 1)
