"""Which causes are worth another try, and which close the door."""

from __future__ import annotations

import pytest

from trayapp.core.clock import Clock, SystemClock
from trayapp.core.errors import Failure, Kind, ProviderError


@pytest.mark.parametrize("kind", list(Kind))
def test_no_cause_is_both_worth_a_retry_and_closed(kind: Kind) -> None:
    assert not (kind.retryable and kind.closed)


def test_limits_and_outages_pass_and_refusals_do_not() -> None:
    assert [it for it in Kind if it.retryable] == [Kind.LIMITED, Kind.UNREACHABLE]
    assert [it for it in Kind if it.closed] == [Kind.NO_KEY, Kind.REFUSED]


def test_an_error_says_whom_it_is_about() -> None:
    assert "groq" in str(ProviderError(Failure(Kind.TLS, "groq", "self-signed certificate")))


async def test_the_systems_clock_waits_as_long_as_it_is_told() -> None:
    clock: Clock = SystemClock()
    before = clock.monotonic()
    await clock.sleep(0.01)
    assert clock.monotonic() - before >= 0.009
    assert clock.now() > 1_700_000_000
