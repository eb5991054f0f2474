"""How long to leave a provider alone after it failed: backoff and circuit breaker, as pure state.

Within one refresh, attempts are spaced by ``retry_in``. Between refreshes stands ``Patience``: after each
failed one the account rests, longer every time; after three in a row the breaker is open, and what goes
through after the rest is one probe, a single attempt without retries. Moments are monotonic seconds.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from trayapp.catalog.freshness import Timing
from trayapp.core.errors import Failure, Kind

JITTER = 0.5
"""Seconds, the most that is added to a pause so that callers do not return in step (S4-17)."""
LONGEST_WAIT = 3600.0
"""Seconds. A provider may ask for a day of silence; more than this of it is not believed."""
THRESHOLD = 3
"""Failed refreshes in a row that open the breaker."""

_FLEETING = (30.0, 900.0)
_SETTLED = (300.0, 3600.0)
RESTS: dict[Kind, tuple[float, float]] = {
    Kind.LIMITED: _FLEETING,
    Kind.UNREACHABLE: _FLEETING,
    Kind.LOCKED: _FLEETING,
    Kind.NO_KEYRING: _FLEETING,
    Kind.DENIED: _FLEETING,
    Kind.NOT_RUNNING: (15.0, 300.0),
}
"""First and longest rest in seconds by cause; what only a person can mend rests longest."""


class Breaker(StrEnum):
    """Whether questions go through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"
    """The next question is a probe."""


class Patience(Struct, frozen=True):
    """What one account's last failures mean for the next question."""

    failures: int = 0
    """In a row."""
    until: float = 0.0
    """No question by ourselves before this moment."""
    asked: bool = False
    """The provider itself named that moment: it holds for the user's clicks as well."""

    def breaker(self, now: float) -> Breaker:
        if self.asked and now < self.until:
            return Breaker.OPEN
        if self.failures < THRESHOLD:
            return Breaker.CLOSED
        return Breaker.OPEN if now < self.until else Breaker.HALF_OPEN

    def allows(self, now: float, *, force: bool = False) -> bool:
        """Whether the provider may be asked now. A click overrides our rest, never the provider's."""
        return now >= self.until or (force and not self.asked)

    def retries(self, allowed: int) -> int:
        """How often the next question may be repeated: a probe is not."""
        return allowed if self.failures < THRESHOLD else 0

    def after(self, failure: Failure, now: float, jitter: float) -> Patience:
        """The state after one more failed refresh; ``jitter`` is uniform in 0..1."""
        first, longest = RESTS.get(failure.kind, _SETTLED)
        rest = min(first * 2.0 ** min(self.failures, 30), longest) * (1.0 + 0.1 * jitter)
        named = _named(failure)
        return Patience(self.failures + 1, now + max(rest, named), named > 0)

    def forgiven(self, now: float) -> Patience:
        """The network is back, or the computer woke up: our own rest is over, the provider's is not."""
        return self if self.asked else replace(self, until=min(self.until, now))


def retry_in(
    failure: Failure, attempt: int, timing: Timing, retries: int, elapsed: float, jitter: float
) -> float | None:
    """Seconds until the next attempt of this refresh, or None when it is over.

    ``attempt`` counts from zero; ``jitter`` is uniform in 0..1. A provider that names a time is taken at
    its word; one beyond the deadline ends this refresh, and ``Patience`` remembers it.
    """
    if not failure.kind.retryable or attempt >= retries:
        return None
    named = _named(failure)
    wait = (named or timing.base_delay * 2.0**attempt) + JITTER * jitter
    return wait if elapsed + wait <= timing.deadline else None


def _named(failure: Failure) -> float:
    """Seconds the provider asked for, within reason; zero when it did not."""
    wanted = failure.retry_after
    if wanted is None or not wanted > 0:  # false for NaN as well
        return 0.0
    return min(wanted, LONGEST_WAIT)
