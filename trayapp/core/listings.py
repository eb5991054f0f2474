"""A provider's list of models, where it came from and how old it is."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from trayapp.core.errors import Failure
from trayapp.core.models import Model


class Source(StrEnum):
    """Where the models of a listing come from. The values are what people read."""

    API = "live"
    CACHE = "cached"
    STALE = "stale"
    EMBEDDED = "shipped"


class Listing(Struct, frozen=True, omit_defaults=True):
    """All models of one account at one time, and what went wrong if something did."""

    provider: str
    """Account id."""
    models: tuple[Model, ...] = ()
    source: Source = Source.API
    fetched_at: float = 0.0
    """Seconds since the epoch, by the wall clock: it has to survive a restart."""
    failure: Failure | None = None
    dropped: int = 0
    """Rows of the answer that could not be read or did not fit."""
    etag: str = ""
    last_modified: str = ""
    unchanged: int = 0
    """How many refreshes in a row brought the same models."""
    arrived: dict[str, float] = {}
    """By id, when each model came that was in no earlier list; for a week. See ``core.arrivals``."""
    gone: dict[str, float] = {}
    """By id, when each model left the list; for a week."""

    def age(self, now: float) -> float:
        """Seconds since it was fetched; negative when the clock was set back."""
        return now - self.fetched_at

    def fresh(self, now: float, ttl: float) -> bool:
        """Young enough not to ask again. A list from the future is not."""
        return 0 <= self.age(now) < ttl

    @property
    def locked(self) -> bool:
        """Shown for browsing only: the account has no key, or the provider refused it."""
        return self.failure is not None and self.failure.kind.closed
