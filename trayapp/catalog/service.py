"""Disk, then provider, then next best: every account's list, one request at a time each."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from msgspec.structs import replace

from trayapp.catalog.cache import Shelf, mark
from trayapp.catalog.fallback import next_best, nothing
from trayapp.catalog.freshness import Timing, expired, expires_in
from trayapp.catalog.lookup import Index
from trayapp.catalog.metrics import AccountStats, Event, Metrics, Stats, footprint, total
from trayapp.catalog.patience import Patience, retry_in
from trayapp.core.accounts import Account
from trayapp.core.clock import Clock
from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.listings import Listing, Source
from trayapp.core.models import Model, ModelRef
from trayapp.core.topic import Topic

log = logging.getLogger("trayapp.catalog")

Fetch = Callable[[Account, Listing | None], Awaitable[Listing]]
"""One attempt to get one account's list. Raises ProviderError."""


class _Flight:
    """A refresh under way, and for which generation of its account."""

    def __init__(self, generation: int, task: asyncio.Task[Listing]) -> None:
        self.generation = generation
        self.task = task


class Catalog:
    """Answers "what can I pick from?" and never raises for a provider's fault.

    ``listings`` is what is shown. Behind it stands what each account itself listed last, which the
    shipped list may hide but never replaces.
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
        priority: Callable[[str], float] = lambda _provider: 0.0,
        rng: Callable[[], float] = random.random,
        run_blocking: Callable[..., Awaitable[Any]] = asyncio.to_thread,
    ) -> None:
        self.listings: Topic[Mapping[str, Listing]] = Topic(MappingProxyType({}))
        self.refreshing: Topic[frozenset[str]] = Topic(frozenset())
        self.metrics = Metrics()
        self._fetch, self._shelf, self._embedded, self._keyed = fetch, shelf, embedded, keyed
        self._timing, self._clock, self._width, self._deadline = timing, clock, width, batch_deadline
        self._fallback_on, self._wait_for_new, self._priority = fallback_on, wait_for_new, priority
        self._rng, self._run_blocking = rng, run_blocking
        self._accounts: dict[str, Account] = {}
        self._held: dict[str, Listing] = {}
        self._patience: dict[str, Patience] = {}
        self._generation: dict[str, int] = {}
        self._flights: dict[str, _Flight] = {}
        self._slots: asyncio.Semaphore | None = None
        self._width_now = 0
        self._behind: set[asyncio.Task[Any]] = set()
        self._index = Index()

    # -- which accounts there are ---------------------------------------------------------------

    def load(self, accounts: Iterable[Account]) -> tuple[str, ...]:
        """Show what is on the disk; a sentence for each file that could not be used. Blocks briefly."""
        self._accounts = {account.id: account for account in accounts}
        marks = {account.id: mark(account) for account in self._accounts.values()}
        self._held, notices = self._shelf.load_all(self._accounts, marks)
        self._show({account.id: self._resting(account) for account in self._accounts.values()})
        return notices

    def set_accounts(self, accounts: Iterable[Account]) -> None:
        """The accounts as they are now. One that means another server loses its list; files stay."""
        before, self._accounts = self._accounts, {account.id: account for account in accounts}
        for provider in [*before, *self._accounts]:
            old, new = before.get(provider), self._accounts.get(provider)
            if old is not None and (new is None or mark(old) != mark(new)):
                self._held.pop(provider, None)
                self._raise(provider)
        shown = self.listings.value
        self._show(
            {
                account.id: shown[account.id]
                if account.id in shown and before.get(account.id) == account
                else self._resting(account)
                for account in self._accounts.values()
            }
        )

    def invalidate(self, provider: str) -> None:
        """The account's key or address changed: what comes from flights of before counts no more."""
        self._raise(provider)
        self.metrics.say(Event.INVALIDATE, provider)
        log.info("Invalidated model cache for %s", provider)
        account = self._accounts.get(provider)
        if account is not None:
            self._show({**self.listings.value, provider: self._resting(account)})
            self._go_on(self._run_blocking(self._shelf.doubt, provider), f"doubt {provider}")

    def remove(self, provider: str) -> None:
        """The account is gone, and its file with it."""
        self._raise(provider)
        self._held.pop(provider, None)
        self._show({it: listing for it, listing in self.listings.value.items() if it != provider})
        self._go_on(self._run_blocking(self._forget_file, provider), f"remove {provider}")

    def clear(self, provider: str | None = None) -> int:
        """Forget lists, in memory and on disk; gives how many there were."""
        gone = [it for it in self._held if provider in (None, it)]
        for it in gone:
            self._raise(it)
            del self._held[it]
            self.metrics.say(Event.CLEAR, it)
            self._go_on(self._run_blocking(self._forget_file, it), f"clear {it}")
        if provider is None:
            log.info("Invalidated all model caches")
        self._show({account.id: self._resting(account) for account in self._accounts.values()})
        return len(gone)

    async def settle(self) -> None:
        """Wait for what is being written."""
        while self._behind:
            await asyncio.wait(self._behind)

    # -- lists -------------------------------------------------------------------------------------

    async def listing(self, account: Account, *, force: bool = False, wait: bool | None = None) -> Listing:
        """The account's list: what is held, and a fresh one behind it; or the fresh one, if told to wait."""
        held = self.listings.value.get(account.id)
        old = expired(self._held.get(account.id), self._timing(account), self._clock.now(), asked=True)
        self.metrics.say(
            Event.NOT_FOUND if not self._held.get(account.id) else Event.EXPIRED if old else Event.HIT, account.id
        )
        if held is not None and not force and not old:
            log.debug("Using cached models for '%s' (expires in %ds)", account.id, self._expires_in(account))
            return held
        flight = self._flight(account, force=force)
        wait = self._wait_for_new() if wait is None else wait
        if flight is not None and (wait or held is None or not held.models):
            return await asyncio.shield(flight)
        return self.listings.value.get(account.id, Listing(account.id))

    async def refresh(self, accounts: Iterable[Account], *, force: bool = False) -> Mapping[str, Listing]:
        """Ask side by side, each account for itself, and wait for all until the batch's deadline.

        Later answers still land. Without ``force`` only lists that have expired are asked for.
        """
        now = self._clock.now()
        wanted = [
            account
            for account in sorted(accounts, key=lambda it: self._priority(it.id))
            if account.enabled and (force or self._due(account, now))
        ]
        flights = [flight for account in wanted if (flight := self._flight(account, force=force)) is not None]
        if flights:
            await asyncio.wait(flights, timeout=self._deadline())
            deleted = await self._run_blocking(self._shelf.clean, tuple(self._accounts))
            if deleted:
                self.metrics.say(Event.CLEANUP, "", deleted_count=deleted)
            models = sum(len(it.models) for it in self.listings.value.values())
            log.debug("Listed %d models from all enabled providers", models)
        shown = self.listings.value
        return {account.id: shown[account.id] for account in wanted if account.id in shown}

    def next_due(self, accounts: Iterable[Account]) -> float | None:
        """Seconds until the first of these lists is to be asked for again; None: never by itself."""
        waits = [wait for account in accounts if (wait := self._wait(account)) is not None]
        return min(waits, default=None)

    def forgive(self) -> None:
        """The network is back, or the computer woke up: waiting for our own sake is over."""
        now = self._clock.monotonic()
        self._patience = {provider: it.forgiven(now) for provider, it in self._patience.items()}

    # -- single models -------------------------------------------------------------------------------

    def supports_model(self, ref: ModelRef) -> bool | None:
        """Yes, no, or None for unknown, from memory. An old list is asked for again behind the answer."""
        self._look_up(ref.provider)
        return self._index.has(ref)

    def capabilities(self, ref: ModelRef) -> Model | None:
        """What is known of the model; None where nothing is."""
        self._look_up(ref.provider)
        return self._index.get(ref)

    def find(self, name: str) -> tuple[ModelRef, ...]:
        """Every account's model of this bare id."""
        return self._index.find(name)

    # -- figures -------------------------------------------------------------------------------------

    def stats(self) -> Stats:
        """How everything stands now."""
        rows = tuple(self._stats(account) for account in self._accounts.values())
        return total(rows, footprint(self._held.values()))

    # -- inside ----------------------------------------------------------------------------------------

    def _flight(self, account: Account, *, force: bool) -> asyncio.Task[Listing] | None:
        """The refresh of this account that is under way, or a new one; None where there is nothing to ask."""
        generation = self._generation.get(account.id, 0)
        flight = self._flights.get(account.id)
        if flight is not None and flight.generation == generation:
            self.metrics.count(Event.JOINED, account.id)
            return flight.task
        if not self._keyed(account):
            self._show({**self.listings.value, account.id: self._resting(account)})
            return None
        if not self._patience.get(account.id, Patience()).allows(self._clock.monotonic(), force=force):
            return None
        task = asyncio.get_running_loop().create_task(self._ask(account, generation), name=f"list {account.id}")
        self._flights[account.id] = flight = _Flight(generation, task)
        self.refreshing.publish(self.refreshing.value | {account.id})

        def landed(_task: asyncio.Task[Listing]) -> None:
            if self._flights.get(account.id) is flight:
                del self._flights[account.id]
                self.refreshing.publish(self.refreshing.value - {account.id})

        task.add_done_callback(landed)
        return task

    async def _ask(self, account: Account, generation: int) -> Listing:
        timing, patience = self._timing(account), self._patience.get(account.id, Patience())
        async with self._slot():
            began, attempt = self._clock.monotonic(), 0
            while True:
                self.metrics.count(Event.CALL, account.id)
                try:
                    found = await self._fetch(account, self._held.get(account.id))
                    break
                except ProviderError as exc:
                    failure = exc.failure
                elapsed = self._clock.monotonic() - began
                wait = retry_in(failure, attempt, timing, patience.retries(timing.retries), elapsed, self._rng())
                if wait is None:
                    return self._failed(account, generation, failure)
                attempt += 1
                self.metrics.count(Event.RETRY, account.id)
                await self._clock.sleep(wait)
        return await self._arrived(account, generation, found)

    async def _arrived(self, account: Account, generation: int, found: Listing) -> Listing:
        held = self._held.get(account.id)
        if generation != self._generation.get(account.id, 0):
            return self.listings.value.get(account.id, found)
        if not found.models and held is not None and held.models:
            return self._failed(account, generation, Failure(Kind.EMPTY, account.id))
        if held is not None and held.models == found.models:
            found = replace(found, models=held.models, unchanged=held.unchanged + 1)
        self._held[account.id] = found
        self._patience.pop(account.id, None)
        self._show({**self.listings.value, account.id: found})
        ttl = self._timing(account).ttl
        self.metrics.say(Event.PUT, account.id, ttl=int(ttl), model_count=len(found.models))
        log.debug("Updated model cache for '%s' (TTL: %ds)", account.id, ttl)
        try:
            await self._run_blocking(self._shelf.put, found, mark(account))
        except (OSError, ProviderError) as exc:
            log.warning("The list of %s could not be written: %s", account.id, exc)
        return found

    def _failed(self, account: Account, generation: int, failure: Failure) -> Listing:
        shown = self.listings.value.get(account.id, Listing(account.id))
        if generation != self._generation.get(account.id, 0):
            return shown
        self.metrics.count(Event.FAILURE, account.id)
        log.warning("Failed to fetch models from %s: %s %s", account.id, failure.kind, failure.detail)
        patience = self._patience.get(account.id, Patience())
        self._patience[account.id] = patience.after(failure, self._clock.monotonic(), self._rng())
        held = self._held.get(account.id)
        listing = next_best(held, self._shipped(account), failure)
        if not listing.models:
            log.error("%s", nothing(account.id))
        elif listing.source is Source.EMBEDDED:
            log.info("Using OpenRouter catalog fallback for '%s' (%d models)", account.id, len(listing.models))
        elif held is not None:
            old = -self._expires_in(account)
            log.warning("Using stale cache for '%s' (expired %d seconds ago)", account.id, max(0, old))
        self._show({**self.listings.value, account.id: listing})
        return listing

    def _resting(self, account: Account) -> Listing:
        """What to show of an account that is not being asked."""
        held = self._held.get(account.id)
        if not self._keyed(account):
            return next_best(held, self._shipped(account), Failure(Kind.NO_KEY, account.id))
        return held if held is not None else Listing(account.id)

    def _shipped(self, account: Account) -> Listing | None:
        return self._embedded(account) if self._fallback_on() else None

    def _show(self, listings: dict[str, Listing]) -> None:
        self._index = Index(listings.values(), self._index)
        self.listings.publish(MappingProxyType(listings))

    def _raise(self, provider: str) -> None:
        self._generation[provider] = self._generation.get(provider, 0) + 1
        self._patience.pop(provider, None)
        if self._flights.pop(provider, None) is not None:
            self.refreshing.publish(self.refreshing.value - {provider})

    def _due(self, account: Account, now: float) -> bool:
        held = self._held.get(account.id)
        return account.id in self._shelf.doubtful or expired(held, self._timing(account), now)

    def _wait(self, account: Account) -> float | None:
        """Seconds until this account is asked by itself; None for never."""
        if not account.enabled or not self._keyed(account):
            return None
        rest = self._patience.get(account.id, Patience()).until - self._clock.monotonic()
        timing, held = self._timing(account), self._held.get(account.id)
        if not expired(held, timing, self._clock.now()) and held is not None:
            if timing.strategy == "aggressive":
                return None
            return max(rest, expires_in(held, timing, self._clock.now()))
        return max(rest, 0.0)

    def _expires_in(self, account: Account) -> float:
        held = self._held.get(account.id)
        return expires_in(held, self._timing(account), self._clock.now()) if held else 0.0

    def _look_up(self, provider: str) -> None:
        account = self._accounts.get(provider)
        if account is None:
            self.metrics.count(Event.NOT_FOUND, provider)
            return
        held = self._held.get(provider)
        if held is None:
            self.metrics.count(Event.NOT_FOUND, provider)
        elif expired(held, self._timing(account), self._clock.now()):
            self.metrics.count(Event.EXPIRED, provider)
        else:
            self.metrics.count(Event.HIT, provider)

    def _slot(self) -> asyncio.Semaphore:
        width = max(1, self._width())
        if self._slots is None or width != self._width_now:
            self._slots, self._width_now = asyncio.Semaphore(width), width
        return self._slots

    def _forget_file(self, provider: str) -> None:
        try:
            self._shelf.remove(provider)
        except OSError as exc:
            log.warning("The list of %s could not be deleted: %s", provider, exc)

    def _go_on(self, work: Awaitable[Any], name: str) -> None:
        async def run() -> None:
            await work

        task = asyncio.get_running_loop().create_task(run(), name=name)
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)

    def _stats(self, account: Account) -> AccountStats:
        counts, held = self.metrics.of(account.id), self._held.get(account.id)
        shown, timing = self.listings.value.get(account.id, Listing(account.id)), self._timing(account)
        return AccountStats(
            provider=account.id,
            source=shown.source.value if shown.models else "",
            entries=len(shown.models),
            dropped=shown.dropped,
            bytes=self._shelf.sizes.get(account.id, 0),
            age=held.age(self._clock.now()) if held else None,
            ttl=timing.ttl,
            strategy=str(timing.strategy),
            hits=counts[Event.HIT],
            expired=counts[Event.EXPIRED],
            not_found=counts[Event.NOT_FOUND],
            puts=counts[Event.PUT],
            calls=counts[Event.CALL],
            retries=counts[Event.RETRY],
            joined=counts[Event.JOINED],
            failures=counts[Event.FAILURE],
            last_failure=shown.failure.kind.value if shown.failure else "",
            last_detail=shown.failure.detail if shown.failure else "",
            breaker=str(self._patience.get(account.id, Patience()).breaker(self._clock.monotonic())),
            refreshing=account.id in self._flights,
            next_refresh=self._wait(account),
        )
