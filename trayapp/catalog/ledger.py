"""Holds how every account stands, and publishes what follows from it: the lists that are shown and looked up."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import count
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from trayapp.catalog.fallback import unknown
from trayapp.catalog.freshness import Timing, honest_source
from trayapp.catalog.lookup import Lookups
from trayapp.catalog.standing import Standing
from trayapp.core.accounts import Account
from trayapp.core.clock import Clock
from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.listings import Listing, Source
from trayapp.core.topic import Topic

log = logging.getLogger("trayapp.catalog")


class _Figures(Struct, frozen=True):
    """What settings and keys make of an account, to notice that they changed."""

    timing: Timing
    fallback_on: bool
    keyed: bool


class Ledger:
    """One standing per account. ``listings`` follows from them, in the order of accounts, enabled ones only."""

    def __init__(
        self,
        *,
        lookups: Lookups,
        embedded: Callable[[Account], Listing | None],
        keyed: Callable[[Account], bool],
        timing: Callable[[Account], Timing],
        fallback_on: Callable[[], bool],
        clock: Clock,
    ) -> None:
        self.listings: Topic[Mapping[str, Listing]] = Topic(MappingProxyType({}))
        self.changes: Topic[int] = Topic(0)
        """Counts changes of any standing, those that nobody sees among them: when to ask again may be another time."""
        self.keyed = keyed
        self._timing = timing
        self._lookups = lookups
        self._embedded = embedded
        self._fallback_on = fallback_on
        self._clock = clock
        self._standings: dict[str, Standing] = {}
        self._shown: dict[str, Listing] = {}
        self._figures: dict[str, _Figures] = {}
        self._generations = count(1)

    @property
    def standings(self) -> tuple[Standing, ...]:
        return tuple(self._standings.values())

    def timing(self, account: Account) -> Timing:
        """The figures of time as of the last change of settings: asked for too often to be worked out each time."""
        figures = self._figures.get(account.id)
        return figures.timing if figures is not None else self._timing(account)

    def get(self, provider: str) -> Standing | None:
        """May be called from any thread."""
        return self._standings.get(provider)

    def known(self, provider: str) -> Standing:
        """The account's standing. Raises ProviderError, "Provider … not found"."""
        standing = self._standings.get(provider)
        if standing is None:
            raise ProviderError(Failure(Kind.UNKNOWN_PROVIDER, provider, unknown(provider)))
        return standing

    def current(self, asked: Standing) -> Standing | None:
        """The standing now of the account that was asked, if it is still the same account."""
        now = self._standings.get(asked.account.id)
        return now if now is not None and now.generation == asked.generation else None

    def seen(self, provider: str) -> Listing:
        """What is shown of an account; an empty list where there is nothing."""
        return self.listings.value.get(provider) or Listing(provider, source=Source.EMBEDDED)

    def remembered(self, provider: str) -> Listing:
        """The same as an answer from memory: what was live when it came is a cached list now."""
        shown = self.seen(provider)
        return replace(shown, source=Source.CACHE) if shown.source is Source.API else shown

    # -- changes; each publishes once -------------------------------------------------------------

    def open(self, accounts: Iterable[Account], held: Mapping[str, Listing], doubtful: frozenset[str]) -> None:
        """Begin with these accounts and what the disk has of them."""
        self._standings = {
            it.id: Standing(it, next(self._generations), held.get(it.id), doubtful=it.id in doubtful) for it in accounts
        }
        self._figures = self._figures_now()
        self.publish(*self._standings)

    def reconcile(self, accounts: Iterable[Account]) -> None:
        """The accounts and settings as they are now. One that means another server loses its list."""
        before, known = self._standings, {it.id: it for it in accounts}
        self._standings = {}
        for id_, account in known.items():
            old, number = before.get(id_), next(self._generations)
            self._standings[id_] = old.moved(account, number) if old else Standing(account, number)
        old_figures, self._figures = self._figures, self._figures_now()
        other = {id_ for id_, now in self._figures.items() if now != old_figures.get(id_)}
        if other & before.keys():
            log.info("Model cache configuration updated")
        changed = {id_ for id_, standing in self._standings.items() if standing is not before.get(id_)}
        self.publish(*(changed | other | (before.keys() - known.keys())))

    def change(self, provider: str, **changes: Any) -> Standing:
        """Replace parts of an account's standing, and publish."""
        self._standings[provider] = standing = replace(self._standings[provider], **changes)
        self.publish(provider)
        return standing

    def doubt(self, provider: str) -> Standing | None:
        """The account's key changed; None where there is no such account."""
        standing = self._standings.get(provider)
        if standing is not None:
            self._standings[provider] = standing.doubted(next(self._generations))
            self.publish(provider)
        return standing

    def forget(self, *providers: str) -> None:
        """Of these accounts nothing is known any more."""
        for id_ in providers:
            self._standings[id_] = Standing(self._standings[id_].account, next(self._generations))
        self.publish(*providers)

    def drop(self, provider: str) -> None:
        """The account is gone."""
        self._standings.pop(provider, None)
        self._figures.pop(provider, None)
        self.publish(provider)

    def forgive(self) -> None:
        """End every rest that no provider asked for."""
        monotonic = self._clock.monotonic()
        for id_, standing in self._standings.items():
            self._standings[id_] = replace(standing, patience=standing.patience.forgiven(monotonic))
        self.publish(*self._standings)

    def publish(self, *providers: str) -> None:
        """Work out anew what these accounts show, and publish the whole if anything differs."""
        now, monotonic, books = self._clock.now(), self._clock.monotonic(), dict(self._lookups.books)
        for id_ in providers:
            standing = self._standings.get(id_)
            self._shown.pop(id_, None)
            if standing is None or not standing.account.enabled:
                books.pop(id_, None)
                continue
            account, keyed = standing.account, self.keyed(standing.account)
            shown = standing.shown(keyed=keyed, shipped=partial(self._shipped, account))
            if shown is not None:
                self._shown[id_] = shown
            before, timing = books.get(id_), self.timing(account)
            books[id_] = standing.book(shown, timing, now, monotonic, keyed=keyed, before=before)
        self._lookups.replace(MappingProxyType({id_: books[id_] for id_ in self._standings if id_ in books}))
        shown_now = ((id_, self._shown.get(id_)) for id_ in self._standings)
        listings = {id_: self._honest(it, now) for id_, it in shown_now if it is not None}
        if listings != self.listings.value or tuple(listings) != tuple(self.listings.value):
            self.listings.publish(MappingProxyType(listings))
        self.changes.publish(self.changes.value + 1)

    def _honest(self, listing: Listing, now: float) -> Listing:
        if listing.source is not Source.API:
            return listing
        source = honest_source(listing, self.timing(self._standings[listing.provider].account), now)
        return listing if source is listing.source else replace(listing, source=source)

    def _shipped(self, account: Account) -> Listing | None:
        return self._embedded(account) if self._fallback_on() else None

    def _figures_now(self) -> dict[str, _Figures]:
        accounts = (it.account for it in self._standings.values())
        return {it.id: _Figures(self._timing(it), self._fallback_on(), self.keyed(it)) for it in accounts}
