"""Failures are answered with patience: longer each time, as the provider wishes, and never for ever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayapp.catalog.freshness import Timing
from trayapp.catalog.patience import LONGEST_WAIT, RESTS, THRESHOLD, Breaker, Patience, retry_in
from trayapp.core.errors import Failure, Kind

OUTAGE = Failure(Kind.UNREACHABLE)
SLOW = Timing(retries=4, base_delay=2.0, deadline=60.0)


def failed(times: int, failure: Failure = OUTAGE, now: float = 0.0) -> Patience:
    patience = Patience()
    for _ in range(times):
        patience = patience.after(failure, now, 0.0)
    return patience


def test_each_pause_is_twice_the_last_with_up_to_half_a_second_of_chance() -> None:
    """S4-31, S4-17."""
    assert [retry_in(OUTAGE, n, SLOW, 4, 0.0, 0.0) for n in range(5)] == [2.0, 4.0, 8.0, 16.0, None]
    assert retry_in(OUTAGE, 0, SLOW, 4, 0.0, 1.0) == 2.5


@pytest.mark.parametrize("kind", list(Kind))
def test_only_what_may_pass_in_a_moment_is_tried_again(kind: Kind) -> None:
    """S4-31, S4-14 to S4-16; C6: nothing at a local address is a state, and not tried again."""
    again = retry_in(Failure(kind), 0, SLOW, 4, 0.0, 0.0) is not None
    assert again is (kind in (Kind.LIMITED, Kind.UNREACHABLE))


def test_the_providers_own_word_counts() -> None:
    busy = Failure(Kind.LIMITED, retry_after=7.0)
    assert retry_in(busy, 0, SLOW, 4, 0.0, 0.0) == 7.0


def test_a_wait_beyond_the_deadline_is_no_retry_but_a_rest() -> None:
    busy = Failure(Kind.LIMITED, retry_after=120.0)
    assert retry_in(busy, 0, SLOW, 4, 0.0, 0.0) is None
    rest = Patience().after(busy, 1000.0, 0.0)
    assert (rest.until, rest.breaker(1119.0), rest.allows(1119.0)) == (1120.0, Breaker.OPEN, False)
    assert rest.allows(1120.0)


def test_no_retry_begins_after_the_deadline() -> None:
    assert retry_in(OUTAGE, 1, SLOW, 4, 56.0, 0.0) == 4.0
    assert retry_in(OUTAGE, 1, SLOW, 4, 56.1, 0.0) is None


@pytest.mark.parametrize("wanted", [float("nan"), float("inf"), -1.0, 0.0, 1e12])
def test_nonsense_in_retry_after_does_no_harm(wanted: float) -> None:
    rest = Patience().after(Failure(Kind.LIMITED, retry_after=wanted), 0.0, 0.0)
    assert 30.0 <= rest.until <= LONGEST_WAIT
    wait = retry_in(Failure(Kind.LIMITED, retry_after=wanted), 0, SLOW, 4, 0.0, 0.0)
    assert wait is None or 0 < wait <= SLOW.deadline


def test_rests_grow_and_have_an_end() -> None:
    assert [failed(times).until for times in (1, 2, 3, 9, 99)] == [30, 60, 120, 900, 900]


def test_three_failures_open_the_breaker_and_one_probe_goes_through() -> None:
    """S4-49."""
    assert failed(2).breaker(0.0) is Breaker.CLOSED
    opened = failed(THRESHOLD)
    assert (opened.breaker(0.0), opened.allows(119.0)) == (Breaker.OPEN, False)
    assert (opened.breaker(120.0), opened.allows(120.0)) == (Breaker.HALF_OPEN, True)
    assert (opened.retries(4), failed(2).retries(4)) == (0, 4)


def test_a_click_ends_our_rest_but_not_one_the_provider_asked_for() -> None:
    assert failed(5).allows(1.0, force=True)
    assert not Patience().after(Failure(Kind.LIMITED, retry_after=60.0), 0.0, 0.0).allows(1.0, force=True)


def test_a_network_that_is_back_ends_our_rest_but_not_one_the_provider_asked_for() -> None:
    assert failed(5).forgiven(1.0).breaker(1.0) is Breaker.HALF_OPEN
    asked = Patience().after(Failure(Kind.LIMITED, retry_after=60.0), 0.0, 0.0)
    assert asked.forgiven(1.0) == asked


@given(st.lists(st.sampled_from(list(Kind)), max_size=60), st.floats(0, 1))
def test_no_series_of_failures_silences_an_account_for_more_than_an_hour_or_so(
    kinds: list[Kind], jitter: float
) -> None:
    patience = Patience()
    for kind in kinds:
        patience = patience.after(Failure(kind), 100.0, jitter)
    assert patience.until <= 100.0 + 3600.0 * 1.1
    assert all(first <= longest for first, longest in RESTS.values())
