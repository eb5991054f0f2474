"""How old a list may be before its provider is asked again: time to live, strategy, growth while nothing changes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from trayapp.core.accounts import Account
from trayapp.core.listings import Listing, Source

HOUR, DAY = 3600.0, 86_400.0

LOCAL_TTL = 300
"""Seconds, for servers of this computer: asking costs nothing and models come and go (S1-24)."""
UNLISTED_TTL = 86_400
"""Seconds, for providers without a list route: only a new edition of ours changes it (S1-26)."""

GROWTH = 0.5
"""Part of the time to live that each answer without a change adds to the next one."""
LONGEST = 4.0
"""Times the time to live: the most that answers without a change can earn."""


class Strategy(StrEnum):
    """When a provider is asked again (S2-40)."""

    FRESH = "fresh"
    """Whenever the list is asked for. Lookups and the timer go by age all the same."""
    MODERATE = "moderate"
    """When the list is older than its time to live."""
    AGGRESSIVE = "aggressive"
    """Never by itself once there is a list."""


class Timing(Struct, frozen=True):
    """All figures of time that hold for one account. Seconds."""

    ttl: float = HOUR
    strategy: Strategy = Strategy.MODERATE
    retries: int = 3
    """Attempts after the first one."""
    base_delay: float = 1.0
    """The first pause between attempts; each later one is twice as long (S4-17)."""
    deadline: float = 30.0
    """From the first attempt on: no retry begins later than this."""


def time_to_live(
    account: Account,
    *,
    default: int,
    overrides: Mapping[str, int] | None = None,
    row: int | None = None,
    local: bool = False,
    listed: bool = True,
) -> int:
    """Seconds a list of this account counts as fresh (S1-37): the nearest word wins.

    The account's own, the user's for its id or its provider, the provider's row, then what it is:
    this computer's own server, a provider without a list route (``listed`` is False), any other.
    """
    named = overrides or {}
    for found in (account.ttl, named.get(account.id), named.get(account.spec), row):
        if found is not None:
            return found
    if local:
        return LOCAL_TTL
    return default if listed else max(default, UNLISTED_TTL)


def lifetime(ttl: float, unchanged: int) -> float:
    """Seconds until the next question, longer while answers stay the same (S4-46).

    Half a time to live is added for each answer without a change, up to four in all: a list that
    stood still for half a day is asked for four times a day less often than hourly, and what is new
    is seen four hours late at the most. Nothing is stretched beyond a day, and nothing shortened.
    """
    return min(ttl * min(1.0 + GROWTH * unchanged, LONGEST), max(ttl, DAY))


def expires_in(listing: Listing, timing: Timing, now: float, *, watched: bool = False) -> float:
    """Seconds left; zero or less when expired (S1-34, S1-35).

    A list from the future has expired: the clock was set back, and nobody knows its age (C9).
    ``watched``: somebody is looking, so the plain time to live counts, without its growth.
    """
    age = listing.age(now)
    if age < 0:
        return 0.0
    return (timing.ttl if watched else lifetime(timing.ttl, listing.unchanged)) - age


def expired(listing: Listing | None, timing: Timing, now: float, *, asked: bool = False, watched: bool = False) -> bool:
    """Whether the provider should be asked. ``asked``: for the list itself, not about one of its models."""
    if listing is None:
        return True
    if timing.strategy is Strategy.AGGRESSIVE:
        return False
    if asked and timing.strategy is Strategy.FRESH:
        return True
    return expires_in(listing, timing, now, watched=watched) <= 0


def honest_source(listing: Listing, timing: Timing, now: float) -> Source:
    """Live only while it counts as fresh; an older answer is a cached one."""
    if listing.source is Source.API and expires_in(listing, timing, now) <= 0:
        return Source.CACHE
    return listing.source
