"""How old a list is, and when it is asked for again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayapp.core.errors import Failure, Kind
from trayapp.core.listings import Listing, Source

NOW = 1_750_000_000.0


@pytest.mark.parametrize(("age", "fresh"), [(0, True), (10, True), (3599.9, True), (3600, False), (3601, False)])
def test_a_list_of_an_hour_is_fresh_until_the_hour_is_over(age: float, fresh: bool) -> None:
    assert Listing("a", fetched_at=NOW - age).fresh(NOW, 3600) is fresh


def test_a_new_list_lasts_for_almost_its_whole_time() -> None:
    listing = Listing("a", fetched_at=NOW)
    assert 3590 < 3600 - listing.age(NOW + 1) <= 3600


def test_a_list_from_the_future_is_asked_for_again() -> None:
    assert not Listing("a", fetched_at=NOW + 1).fresh(NOW, 3600)
    assert Listing("a", fetched_at=NOW + 1).age(NOW) == -1


def test_with_a_time_of_zero_nothing_is_ever_fresh() -> None:
    assert not Listing("a", fetched_at=NOW).fresh(NOW, 0)


@given(st.floats(0, 1e10), st.floats(0, 1e10), st.floats(0, 1e8))
def test_fresh_means_an_age_from_zero_up_to_the_limit(now: float, fetched_at: float, ttl: float) -> None:
    assert Listing("a", fetched_at=fetched_at).fresh(now, ttl) is (0 <= now - fetched_at < ttl)


@pytest.mark.parametrize("kind", list(Kind))
def test_only_a_missing_or_refused_key_locks_a_list(kind: Kind) -> None:
    assert Listing("a", failure=Failure(kind, "a")).locked is (kind in (Kind.NO_KEY, Kind.REFUSED))
    assert not Listing("a").locked


def test_sources_read_as_words() -> None:
    assert [it.value for it in Source] == ["live", "cached", "stale", "shipped"]
