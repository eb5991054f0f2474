"""Disk first, then the provider, then the next best: every account's list, one question at a time each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from math import inf
from types import MappingProxyType
from typing import Any

from trayapp.catalog.asking import Asking, Fetch
from trayapp.catalog.cache import Shelf, mark
from trayapp.catalog.fallback import unanswered
from trayapp.catalog.freshness import Timing, expires_in
from trayapp.catalog.ledger import Ledger
from trayapp.catalog.lookup import Lookups
from trayapp.catalog.metrics import Event, Metrics, Stats, account_stats, footprint, total
from trayapp.catalog.standing import Standing
from trayapp.catalog.writing import Writing
from trayapp.core.accounts import Account
from trayapp.core.clock import Clock
from trayapp.core.errors import Failure, Kind
from trayapp.core.listings import Listing
from trayapp.core.models import Model
from trayapp.core.topic import Topic

log = logging.getLogger("trayapp.catalog")


def _random() -> float:
    from random import random

    return random()  # noqa: S311 - it spreads callers in time and guards nothing


class Catalog:
    """Answers "what can I pick from?" and never raises for a provider's fault.

    ``listings`` is what is shown; the mapping is replaced as a whole. ``supports_model``, ``capabilities``
    and ``find`` answer from memory, in any thread; everything else belongs to one event loop.
    """

    def __init__(
        self,
        *,
        fetch: Fetch,
        shelf: Shelf,
        embedded: Callable[[Account], Listing | None],
        keyed: Callable[[Account], bool],
        timing: Callable[[Account], Timing],
        clock: Clock,
        width: Callable[[], int] = lambda: 10,
        batch_deadline: Callable[[], float] = lambda: 30.0,
        fallback_on: Callable[[], bool] = lambda: True,
        wait_for_new: Callable[[], bool] = lambda: False,
        priority: Callable[[], Sequence[str]] = tuple,
        rng: Callable[[], float] = _random,
        run_blocking: Callable[..., Awaitable[Any]] = asyncio.to_thread,
        tell: Callable[[str], None] = lambda _sentence: None,
        reachable: Callable[[Account], bool] = lambda _account: True,
    ) -> None:
        """``keyed``: whether asking makes sense, because there is a key or none is needed. ``priority``: ids
        of the accounts to ask first, in order. ``tell`` takes sentences for the user about the disk. ``reachable``:
        whether an account may be asked though nobody clicked for it.
        """
        self.metrics = Metrics()
        self.lookups = Lookups(clock=clock, metrics=self.metrics, behind=self._behind)
        self.supports_model = self.lookups.supports_model
        self.capabilities = self.lookups.capabilities
        self.find = self.lookups.find
        self._ledger = Ledger(
            lookups=self.lookups, embedded=embedded, keyed=keyed, timing=timing, fallback_on=fallback_on, clock=clock
        )
        self.listings: Topic[Mapping[str, Listing]] = self._ledger.listings
        self.changes: Topic[int] = self._ledger.changes
        self._keyed, self._clock = keyed, clock
        self._deadline, self._wait_for_new, self._priority = batch_deadline, wait_for_new, priority
        self._shelf, self._reachable = shelf, reachable
        self._writing = Writing(shelf, run_blocking, tell)
        self._called_behind: set[str] = set()
        self._asking = Asking(
            fetch=fetch,
            ledger=self._ledger,
            writing=self._writing,
            metrics=self.metrics,
            clock=clock,
            rng=rng,
            width=width,
            landed=self._called_behind.discard,
        )
        self.refreshing: Topic[frozenset[str]] = self._asking.refreshing
        self._loop: asyncio.AbstractEventLoop | None = None
        self._measured: tuple[tuple[tuple[Model, ...], ...], int] = ((), 0)

    # -- which accounts there are ---------------------------------------------------------------

    def load(self, accounts: Iterable[Account]) -> tuple[str, ...]:
        """Show what is on the disk; a sentence for each file that could not be used. Blocks for milliseconds."""
        wanted = tuple(accounts)
        held, notices = self._shelf.load_all((it.id for it in wanted), {it.id: mark(it) for it in wanted})
        self._ledger.open(wanted, held, self._shelf.doubtful)
        return notices

    def set_accounts(self, accounts: Iterable[Account]) -> None:
        """The accounts and settings as they are now; what they change takes effect at once (S1-47).

        An account that means another server now loses its list. Files stay: see ``remove``.
        """
        self._ledger.reconcile(accounts)
        self._asking.publish()

    def invalidate(self, provider: str) -> None:
        """The account's key was added, replaced or removed: answers under way count no more.

        Its own last list stays until a new one comes, and is asked for whatever its age. A new question
        may start beside the old one.
        """
        before = self._ledger.doubt(provider)
        if before is None:
            return
        self.metrics.say(Event.INVALIDATE, provider, reason="key")
        log.info("Invalidated model cache for '%s'", provider)
        if before.held is not None:
            # so that a restart asks as well
            self._writing.start(self._writing.put(provider, partial(self._asking.kept, provider)), provider)
        self._asking.publish()

    def refused(self, failure: Failure) -> None:
        """A request elsewhere met this at the account, as a question for its list would have."""
        standing = self._ledger.get(failure.provider)
        if standing is not None and (standing.why is None or standing.why.kind is not failure.kind):
            self._ledger.change(failure.provider, why=failure)

    def remove(self, provider: str) -> None:
        """The account is gone, and its file with it."""
        self._ledger.drop(provider)
        if self._writing.forget(provider):
            self.metrics.say(Event.CLEAR, provider, deleted_count=1)
        self._asking.publish()

    def clear(self, provider: str | None = None) -> int:
        """Forget lists, of one account or all, in memory and on disk; gives how many there were.

        Raises ProviderError for an account that does not exist.
        """
        wanted = self._ledger.standings if provider is None else (self._ledger.known(provider),)
        ids = tuple(it.account.id for it in wanted)
        gone = [it.account.id for it in wanted if self._writing.forget(it.account.id) or it.held is not None]
        self._ledger.forget(*ids)
        for id_ in gone:
            self.metrics.say(Event.CLEAR, id_, deleted_count=1)
        if provider is None:
            log.info("Invalidated all model caches")
        else:
            log.info("Invalidated model cache for '%s'", provider)
        self._asking.publish()
        return len(gone)

    # -- lists ------------------------------------------------------------------------------------

    async def listing(self, account: Account, *, force: bool = False, wait: bool | None = None) -> Listing:
        """The account's list: from memory while it is fresh; else the old one, and a new one behind it.

        ``wait``: for the new one, as long as a batch may take; None leaves that to the settings. Where
        there is nothing at all, an answer is waited for unless ``wait`` is False. ``force``: ask in any
        case, and wait. Raises ProviderError for an account that does not exist.
        """
        self._loop = asyncio.get_running_loop()
        id_, standing = account.id, self._ledger.known(account.id)
        timing, now, held = self._ledger.timing(standing.account), self._clock.now(), standing.held
        if held is None:
            self.metrics.say(Event.NOT_FOUND, id_, reason="not_found")
        elif force or standing.expired(timing, now, asked=True):
            self.metrics.say(Event.EXPIRED, id_, reason="expired")
        else:
            self.metrics.say(Event.HIT, id_, model_count=len(held.models))
            log.debug("Using cached models for '%s' (expires in %ds)", id_, expires_in(held, timing, now))
            return self._ledger.remembered(id_)
        task = self._asking.fly(standing, force=force)
        if wait is None:
            wait = force or held is None or self._wait_for_new()
        if task is None or not wait:
            return self._ledger.remembered(id_)
        await self._until_landed({id_: task})
        return self._ledger.seen(id_)

    async def settled(self, provider: str) -> Listing:
        """The list, after a refresh if it was old or missing, so that a lookup then knows the newest (S0-12)."""
        standing = self._ledger.known(provider)
        if not self.lookups.due(provider):
            return self._ledger.remembered(provider)
        return await self.listing(standing.account, wait=True)

    async def refresh(
        self, accounts: Iterable[Account], *, force: bool = False, watched: bool = False
    ) -> Mapping[str, Listing]:
        """Ask side by side, each account for itself, and wait for all, until the batch's deadline at most.

        A later answer still lands. Without ``force`` only old lists are asked for, and of nobody who
        rests; ``watched`` says that a person is looking, so that age counts without its growth and a
        server of this computer is looked for again. Gives what is shown of each enabled account then.
        """
        self._loop = asyncio.get_running_loop()
        now, order = self._clock.now(), {id_: number for number, id_ in enumerate(self._priority())}
        known = (self._ledger.get(it.id) for it in accounts)
        wanted = [it for it in known if it is not None and it.account.enabled]
        flights: dict[str, asyncio.Task[None]] = {}
        for standing in sorted(wanted, key=lambda it: order.get(it.account.id, len(order))):
            id_, timing = standing.account.id, self._ledger.timing(standing.account)
            if not force and not standing.expired(timing, now, asked=True, watched=watched):
                self.metrics.say(Event.HIT, id_)
                continue
            task = self._asking.fly(standing, force=force or (watched and _absent(standing)))
            if task is not None:
                flights[id_] = task
        if flights:
            await self._until_landed(flights)
            deleted = await self._writing.clean(tuple(it.account.id for it in self._ledger.standings))
            if deleted:
                self.metrics.say(Event.CLEANUP, "", deleted_count=deleted)
        shown = {it.account.id: self._ledger.seen(it.account.id) for it in wanted}
        for id_ in flights:
            failure = shown[id_].failure
            if failure is not None and failure.kind is not Kind.NOT_RUNNING:
                log.warning("Failed to list models from '%s': %s", id_, failure.kind)
        log.debug("Listed %d models from all enabled providers", sum(len(it.models) for it in shown.values()))
        return MappingProxyType(shown)

    def give_up(self) -> None:
        """Wait for no answer that is under way: what came stays, who is asked later is asked anew."""
        self._asking.give_up()

    def asks_in(self, accounts: Iterable[Account]) -> dict[str, float]:
        """Seconds until each of these is to be asked again though nobody asks; infinite: never.

        Accounts that are being asked, are switched off or have no key are left out.
        """
        now, monotonic = self._clock.now(), self._clock.monotonic()
        known = (self._ledger.get(it.id) for it in accounts)
        return {
            it.account.id: it.asks_in(self._ledger.timing(it.account), now, monotonic)
            for it in known
            if it is not None
            and it.account.enabled
            and it.account.id not in self.refreshing.value
            and self._keyed(it.account)
        }

    def forgive(self) -> None:
        """The network is back, or the computer woke up: who rests for our own sake may be asked again."""
        self._ledger.forgive()

    # -- how it stands ------------------------------------------------------------------------------

    def stats(self) -> Stats:
        """All figures, per account and in all. Some 10 ms where lists changed since the last time."""
        now, monotonic, standings = self._clock.now(), self._clock.monotonic(), self._ledger.standings
        waits = self.asks_in(it.account for it in standings)
        rows = [
            account_stats(
                self._ledger.seen(id_),
                self.metrics.of(id_),
                self._ledger.timing(it.account),
                age=it.held.age(now) if it.held else None,
                size=self._shelf.sizes.get(id_, 0),
                breaker=it.patience.breaker(monotonic).value,
                refreshing=id_ in self.refreshing.value,
                next_refresh=waits[id_] if waits.get(id_, inf) < inf else None,
            )
            for it in standings
            for id_ in (it.account.id,)
        ]
        return total(rows, self._memory())

    def _memory(self) -> int:
        """Bytes of all models; measured anew only for other lists than the last time, since a page may ask often."""
        held = [it.held for it in self._ledger.standings if it.held is not None]
        lists = (*held, *self.listings.value.values())
        models = tuple(it.models for it in lists)
        before, size = self._measured
        if len(models) != len(before) or any(now is not then for now, then in zip(models, before, strict=True)):
            size = footprint(lists)
            self._measured = models, size
        return size

    async def settle(self) -> None:
        """Wait until everything that is being written is on disk."""
        await self._writing.settle()

    async def close(self) -> None:
        """End what is under way, and finish what is being written."""
        await self._asking.close()
        await self._writing.settle()

    async def _until_landed(self, flights: Mapping[str, asyncio.Task[None]]) -> None:
        """Wait for all of them, but not for ever; who has not landed by then is shown as late."""
        limit = self._deadline()
        _, late = await asyncio.wait(set(flights.values()), timeout=limit)
        for id_, task in flights.items():
            standing = self._ledger.get(id_)
            if task in late and standing and self._asking.flying(standing) is task:
                self._ledger.change(id_, why=Failure(Kind.UNREACHABLE, id_, unanswered(limit)))

    # -- questions from other threads -------------------------------------------------------------------

    def _behind(self, provider: str) -> None:
        """A lookup found an old list or none: have it asked for. Any thread; never waits."""
        standing, loop = self._ledger.get(provider), self._loop
        if standing is None or not standing.account.enabled or loop is None or provider in self._called_behind:
            return
        self._called_behind.add(provider)
        try:
            loop.call_soon_threadsafe(self._fly_behind, provider)
        except RuntimeError:  # the loop has ended, and with it the program
            self._called_behind.discard(provider)

    def _fly_behind(self, provider: str) -> None:
        standing = self._ledger.get(provider)
        asked = standing is not None and self._reachable(standing.account)
        if standing is None or not asked or self._asking.fly(standing, force=False) is None:
            self._called_behind.discard(provider)


def _absent(standing: Standing) -> bool:
    return standing.why is not None and standing.why.kind is Kind.NOT_RUNNING
