"""Age decides whether to ask, never whether to show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayapp.catalog.freshness import (
    DAY,
    LONGEST,
    Strategy,
    Timing,
    expired,
    expires_in,
    honest_source,
    lifetime,
    time_to_live,
)
from trayapp.core.accounts import Account
from trayapp.core.listings import Listing, Source

NOW = 1_750_000_000.0
HOURLY = Timing(ttl=3600)


def fetched(ago: float, unchanged: int = 0) -> Listing:
    return Listing("groq", fetched_at=NOW - ago, unchanged=unchanged)


def test_a_new_list_is_fresh_and_one_of_3601_seconds_is_not() -> None:
    """S1-61, S0-33."""
    assert not expired(fetched(0), HOURLY, NOW)
    assert expired(fetched(3601), HOURLY, NOW)


def test_a_list_has_expired_the_moment_its_time_is_over() -> None:
    """S1-34."""
    assert not expired(fetched(3599.9), HOURLY, NOW)
    assert expired(fetched(3600), HOURLY, NOW)


def test_what_is_left_is_told_in_seconds() -> None:
    """S1-62; S1-35: negative when expired."""
    assert 3590 < expires_in(fetched(1), HOURLY, NOW) <= 3600
    assert expires_in(fetched(3700), HOURLY, NOW) == -100


def test_a_list_from_the_future_has_expired() -> None:
    """C9."""
    assert expired(fetched(-5), HOURLY, NOW)


def test_no_list_has_expired_under_any_strategy() -> None:
    assert all(expired(None, Timing(strategy=strategy), NOW) for strategy in Strategy)


def test_each_strategy_asks_when_it_says() -> None:
    """S2-68, S2-40."""
    young, old = fetched(10), fetched(5000)

    def asks(strategy: Strategy, listing: Listing) -> bool:
        return expired(listing, Timing(3600, strategy), NOW, asked=True)

    assert (asks(Strategy.FRESH, young), asks(Strategy.FRESH, old)) == (True, True)
    assert (asks(Strategy.MODERATE, young), asks(Strategy.MODERATE, old)) == (False, True)
    assert (asks(Strategy.AGGRESSIVE, young), asks(Strategy.AGGRESSIVE, old)) == (False, False)


def test_a_lookup_goes_by_age_even_where_every_question_for_the_list_asks() -> None:
    """S0-2."""
    assert not expired(fetched(10), Timing(3600, Strategy.FRESH), NOW)


@pytest.mark.parametrize(
    ("account", "more", "expected"),
    [
        (Account("mine", "groq", ttl=7), {"overrides": {"mine": 8, "groq": 9}, "row": 10}, 7),
        (Account("mine", "groq"), {"overrides": {"mine": 8, "groq": 9}, "row": 10}, 8),
        (Account("mine", "groq"), {"overrides": {"groq": 9}, "row": 10}, 9),
        (Account("mine", "groq"), {"row": 10}, 10),
        (Account("ollama", "ollama"), {"local": True}, 300),
        (Account("sonar", "sonar"), {"listed": False}, 86_400),
        (Account("mine", "groq"), {}, 3600),
        (Account("mine", "groq", ttl=0), {"row": 10}, 0),
    ],
)
def test_the_nearest_word_about_time_wins(account: Account, more: dict[str, object], expected: int) -> None:
    """S1-37, S1-70; S1-67 with its 300 seconds for local servers and overrides by provider."""
    assert time_to_live(account, default=3600, **more) == expected  # type: ignore[arg-type]


def test_overrides_of_the_documents_example_hold() -> None:
    """S1-67."""
    overrides = {"ollama": 300, "lmstudio": 300, "anthropic": 86_400}
    found = {
        spec: time_to_live(Account(spec, spec), default=3600, overrides=overrides) for spec in (*overrides, "openai")
    }
    assert found == {**overrides, "openai": 3600}


def test_answers_without_a_change_earn_more_time_up_to_four_times() -> None:
    """S4-46."""
    assert [lifetime(3600, unchanged) / 3600 for unchanged in (0, 1, 2, 6, 60)] == [1, 1.5, 2, 4, 4]


def test_who_looks_sees_by_the_plain_time_to_live() -> None:
    often_the_same = fetched(4000, unchanged=6)
    assert not expired(often_the_same, HOURLY, NOW)
    assert expired(often_the_same, HOURLY, NOW, watched=True)


@given(st.floats(0, 1e7), st.integers(0, 10**6))
def test_earned_time_is_bounded_and_never_shorter(ttl: float, unchanged: int) -> None:
    found = lifetime(ttl, unchanged)
    assert ttl <= found <= max(ttl, min(LONGEST * ttl, DAY))


def test_live_means_just_now() -> None:
    """A list that outlived its time is a cached one, whoever brought it."""
    assert honest_source(fetched(10), HOURLY, NOW) is Source.API
    assert honest_source(fetched(3600), HOURLY, NOW) is Source.CACHE
    assert honest_source(Listing("groq", source=Source.STALE), HOURLY, NOW) is Source.STALE
