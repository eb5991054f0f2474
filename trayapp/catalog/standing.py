"""How one account stands: its own last list, what went wrong since, and when it is asked again. Pure."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from msgspec import Struct
from msgspec.structs import replace

from trayapp.catalog.cache import mark
from trayapp.catalog.fallback import next_best
from trayapp.catalog.freshness import Strategy, Timing, expired, expires_in
from trayapp.catalog.lookup import Book
from trayapp.catalog.patience import Patience
from trayapp.core.accounts import Account
from trayapp.core.errors import Failure, Kind
from trayapp.core.listings import Listing, Source

UNWATCHED = 60.0
"""Seconds. However short a time to live was chosen, nobody's absence is worth more questions than this."""
BRIEFEST = 1.0
"""Seconds between two refreshes that mere lookups can cause."""


class Standing(Struct, frozen=True):
    """Everything known of one account's list. What is shown follows from it and is not stored."""

    account: Account
    generation: int
    """Another number means that the account changed: answers to older questions count no more."""
    held: Listing | None = None
    """What the account itself listed last. The shipped list may hide it, never replace it."""
    why: Failure | None = None
    """What went wrong when it was asked last."""
    patience: Patience = Patience()
    doubtful: bool = False
    """The key changed since ``held`` was fetched: ask, whatever its age, and without conditions."""

    def moved(self, account: Account, generation: int) -> Standing:
        """The same after its settings changed; of another server nothing is known."""
        if account == self.account:
            return self
        if mark(account) != mark(self.account):
            return Standing(account, generation)
        if account.key_from is not self.account.key_from:
            return replace(self.doubted(generation), account=account)
        return replace(self, account=account)

    def doubted(self, generation: int) -> Standing:
        """The same after its key changed."""
        return replace(self, generation=generation, why=None, patience=Patience(), doubtful=True)

    def shown(self, *, keyed: bool, shipped: Callable[[], Listing | None]) -> Listing | None:
        """What there is to see; None before the first answer of an account that can be asked."""
        why = self.why if keyed else Failure(Kind.NO_KEY, self.account.id)
        if why is not None:
            return next_best(self.held, shipped(), why)
        return self.held

    def basis(self) -> Listing | None:
        """The list to make a conditional request from; after a change of key there is none."""
        if self.held is None or not self.doubtful:
            return self.held
        return replace(self.held, etag="", last_modified="")

    def expired(self, timing: Timing, now: float, *, asked: bool = False, watched: bool = False) -> bool:
        """Whether the provider should be asked again, for its age alone; see ``freshness.expired``."""
        return self.doubtful or expired(self.held, timing, now, asked=asked, watched=watched)

    def asks_in(self, timing: Timing, now: float, monotonic: float, *, least: float = UNWATCHED) -> float:
        """Seconds until it should be asked though nobody asks for it; infinite for never."""
        rest = max(0.0, self.patience.until - monotonic)
        if self.held is None or self.doubtful:
            return rest
        if timing.strategy is Strategy.AGGRESSIVE:
            return inf
        if timing.ttl < least:
            timing = replace(timing, ttl=least)
        return max(rest, expires_in(self.held, timing, now))

    def book(
        self, shown: Listing | None, timing: Timing, now: float, monotonic: float, *, keyed: bool, before: Book | None
    ) -> Book:
        """The list as lookups see it."""
        if shown is None:
            shown = Listing(self.account.id, source=Source.EMBEDDED)
        own = self.held is not None and shown.source is not Source.EMBEDDED
        expires = now + self.asks_in(timing, now, monotonic=inf, least=0.0) if own else -inf
        timed = now + max(self.asks_in(timing, now, monotonic, least=0.0), BRIEFEST) if keyed else inf
        if self.patience.failures == 0 and (self.held is None or self.doubtful):
            timed = now
        return Book(shown, since=now, expires=expires, timed=timed, before=before)
