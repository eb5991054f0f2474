"""Counts what the cache did and says how it stands: hits, misses by reason, ages, failures, next questions."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct

from trayapp.catalog.freshness import Timing, lifetime
from trayapp.core.listings import Listing

log = logging.getLogger("trayapp.catalog")

MEASURED = 500
"""Models whose memory is measured; it takes ten microseconds each."""


class Event(StrEnum):
    """What is counted, per account. The first seven are logged at debug level (S4-41)."""

    HIT = "hit"
    EXPIRED = "miss expired"
    NOT_FOUND = "miss not_found"
    PUT = "put"
    INVALIDATE = "invalidate"
    CLEANUP = "cleanup"
    CLEAR = "clear"
    CALL = "call"
    """An attempt that left for the provider."""
    RETRY = "retry"
    JOINED = "joined"
    """A question that found its answer already under way."""
    FAILURE = "failure"
    """A refresh that brought no list."""


class AccountStats(Struct, frozen=True, kw_only=True):
    """One account's part of the figures. Times in seconds."""

    provider: str
    source: str = ""
    entries: int = 0
    dropped: int = 0
    bytes: int = 0
    """Of its file on disk."""
    age: float | None = None
    ttl: float = 0.0
    """With what unchanged answers have added."""
    strategy: str = ""
    hits: int = 0
    expired: int = 0
    not_found: int = 0
    puts: int = 0
    calls: int = 0
    retries: int = 0
    joined: int = 0
    failures: int = 0
    last_failure: str = ""
    """Kind of the failure that is shown now; empty when the last answer was good."""
    last_detail: str = ""
    breaker: str = "closed"
    refreshing: bool = False
    next_refresh: float | None = None
    """Seconds from now; None: never by itself."""


class Stats(Struct, frozen=True, kw_only=True):
    """The whole cache at one moment."""

    accounts: tuple[AccountStats, ...] = ()
    hits: int = 0
    expired: int = 0
    not_found: int = 0
    entries: int = 0
    bytes: int = 0
    memory: int = 0
    """Bytes of all models in memory, shared text counted once."""
    calls: int = 0
    saved: float | None = None
    """Part of all questions that needed no call, 0 to 1; None before the first question."""


class Metrics:
    """Counters that any thread may use; each thread has its own, so that none is lost."""

    def __init__(self) -> None:
        self._mine = threading.local()
        self._all: list[dict[tuple[Event, str], int]] = []
        self._joining = threading.Lock()

    def count(self, event: Event, provider: str, by: int = 1) -> None:
        counts = getattr(self._mine, "counts", None)
        if counts is None:
            counts = self._mine.counts = {}
            with self._joining:
                self._all.append(counts)
        key = (event, provider)
        counts[key] = counts.get(key, 0) + by

    def say(self, event: Event, provider: str, **fields: object) -> None:
        """Count, and log with the fields of S4-42 that apply: ttl, model_count, reason, deleted_count."""
        self.count(event, provider)
        if log.isEnabledFor(logging.DEBUG):
            more = "".join(f" {name}={value}" for name, value in fields.items())
            log.debug("cache %s provider=%s%s", event.value.partition(" ")[0], provider, more)

    def of(self, provider: str) -> dict[Event, int]:
        """The counts of one account, of all threads together."""
        found = dict.fromkeys(Event, 0)
        for counts in tuple(self._all):
            # copied in one step: the thread it belongs to may add a key meanwhile
            for (event, name), number in counts.copy().items():
                if name == provider:
                    found[event] += number
        return found


def account_stats(
    shown: Listing,
    counts: Mapping[Event, int],
    timing: Timing,
    *,
    age: float | None,
    size: int,
    breaker: str,
    refreshing: bool,
    next_refresh: float | None,
) -> AccountStats:
    """One account's row, from what is shown of it and what was counted."""
    failure = shown.failure
    return AccountStats(
        provider=shown.provider,
        source=shown.source.value if shown.models else "",
        entries=len(shown.models),
        dropped=shown.dropped,
        bytes=size,
        age=age,
        ttl=lifetime(timing.ttl, shown.unchanged),
        strategy=timing.strategy.value,
        hits=counts[Event.HIT],
        expired=counts[Event.EXPIRED],
        not_found=counts[Event.NOT_FOUND],
        puts=counts[Event.PUT],
        calls=counts[Event.CALL],
        retries=counts[Event.RETRY],
        joined=counts[Event.JOINED],
        failures=counts[Event.FAILURE],
        last_failure=failure.kind.value if failure else "",
        last_detail=failure.detail if failure else "",
        breaker=breaker,
        refreshing=refreshing,
        next_refresh=next_refresh,
    )


def total(accounts: Iterable[AccountStats], memory: int) -> Stats:
    """The sum over all accounts."""
    rows = tuple(accounts)
    hits, expired, not_found = (sum(getattr(it, name) for it in rows) for name in ("hits", "expired", "not_found"))
    calls, asked = sum(it.calls for it in rows), hits + expired + not_found
    return Stats(
        accounts=rows,
        hits=hits,
        expired=expired,
        not_found=not_found,
        entries=sum(it.entries for it in rows),
        bytes=sum(it.bytes for it in rows),
        memory=memory,
        calls=calls,
        saved=max(0.0, 1.0 - calls / asked) if asked else None,
    )


def footprint(listings: Iterable[Listing]) -> int:
    """Bytes of memory that these lists take, each shared object counted once; 10 ms at most.

    Of more than ``MEASURED`` models so many are measured, from all over the lists; the others count as like them.
    """
    lists = {id(listing.models): listing.models for listing in listings}.values()
    models = list({id(model): model for models in lists for model in models}.values())
    sample = models[:: -(-len(models) // MEASURED) or 1]
    seen: set[int] = set()
    size = 0
    waiting: list[object] = [*sample]
    while waiting:
        it = waiting.pop()
        if it is None or isinstance(it, (bool, type)) or id(it) in seen:
            continue
        seen.add(id(it))
        size += sys.getsizeof(it)
        if isinstance(it, tuple):
            waiting.extend(it)
        elif isinstance(it, Struct):
            waiting.extend(getattr(it, name) for name in it.__struct_fields__)
    return sum(map(sys.getsizeof, lists)) + size * len(models) // max(1, len(sample))
