"""One refresh of one account, from the question to the list on disk or the reason why there is none."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

from msgspec.structs import replace

from trayapp.catalog.cache import ROWS, mark
from trayapp.catalog.fallback import nothing
from trayapp.catalog.flights import Flights, Gate, insist
from trayapp.catalog.freshness import expires_in
from trayapp.catalog.ledger import Ledger
from trayapp.catalog.metrics import Event, Metrics
from trayapp.catalog.patience import Patience
from trayapp.catalog.standing import Standing
from trayapp.catalog.writing import Entry, Writing
from trayapp.core.accounts import Account
from trayapp.core.arrivals import carried
from trayapp.core.clock import Clock
from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.listings import Listing, Source
from trayapp.core.topic import Topic

log = logging.getLogger("trayapp.catalog")

Fetch: TypeAlias = Callable[[Account, Listing | None], Awaitable[Listing]]
"""One attempt to get one account's list, given the last one for conditional requests. Raises ProviderError."""


class Asking:
    """Asks providers, one question at a time of each, and enters the outcome into the ledger."""

    def __init__(
        self,
        *,
        fetch: Fetch,
        ledger: Ledger,
        writing: Writing,
        metrics: Metrics,
        clock: Clock,
        rng: Callable[[], float],
        width: Callable[[], int],
        landed: Callable[[str], None],
    ) -> None:
        """``landed`` is called with an account's id when a question to it is over, however it ended."""
        self.refreshing: Topic[frozenset[str]] = Topic(frozenset())
        self._fetch = fetch
        self._ledger = ledger
        self._writing = writing
        self._metrics = metrics
        self._clock = clock
        self._rng = rng
        self._gate = Gate(width)
        self._flights = Flights()
        self._tell_landed = landed

    def flying(self, standing: Standing) -> asyncio.Task[None] | None:
        """The question under way to this account as it is."""
        return self._flights.flying((standing.account.id, standing.generation))

    def publish(self) -> None:
        """Say whom we are asking. Questions to what an account was before do not count."""
        asked = frozenset(it.account.id for it in self._ledger.standings if self.flying(it) is not None)
        if asked != self.refreshing.value:
            self.refreshing.publish(asked)

    def give_up(self) -> None:
        """Have every question end."""
        self._flights.cancel()

    async def close(self) -> None:
        """End every question."""
        await self._flights.close()

    def fly(self, standing: Standing, *, force: bool) -> asyncio.Task[None] | None:
        """The question under way, or a new one; None where nobody can or should be asked now."""
        id_, key = standing.account.id, (standing.account.id, standing.generation)
        under_way = self.flying(standing)
        if under_way is not None:
            self._metrics.count(Event.JOINED, id_)
            return under_way
        if (
            not standing.account.enabled
            or not self._ledger.keyed(standing.account)
            or not standing.patience.allows(self._clock.monotonic(), force=force)
        ):
            self._ledger.publish(id_)
            return None
        task = self._flights.start(key, self._ask(standing), partial(self._landed, id_))
        self.publish()
        return task

    def _landed(self, provider: str) -> None:
        self._tell_landed(provider)
        self.publish()

    async def _ask(self, standing: Standing) -> None:
        account, timing, metrics = standing.account, self._ledger.timing(standing.account), self._metrics

        def call() -> Awaitable[Listing]:
            metrics.count(Event.CALL, account.id)
            return self._fetch(account, standing.basis())

        try:
            answer = await insist(
                call,
                gate=self._gate,
                clock=self._clock,
                rng=self._rng,
                timing=timing,
                retries=standing.patience.retries(timing.retries),
                retried=partial(metrics.count, Event.RETRY, account.id),
            )
            if not answer.models and standing.held is not None and standing.held.models:
                raise ProviderError(Failure(Kind.EMPTY, account.id))
        except ProviderError as exc:
            if self._ledger.current(standing) is not None:
                self._failed(account.id, replace(exc.failure, provider=account.id))
        else:
            await self._arrived(standing, answer)

    async def _arrived(self, asked: Standing, answer: Listing) -> None:
        """Keep the answer, the disk before anyone hears of it, unless the account changed meanwhile."""
        id_, held = asked.account.id, asked.held
        same = held is not None and held.models == answer.models
        new = replace(
            answer,
            provider=id_,
            models=held.models if same and held else answer.models[:ROWS],
            dropped=answer.dropped + max(0, len(answer.models) - ROWS),
            source=Source.API,
            failure=None,
            unchanged=held.unchanged + 1 if same and held else 0,
        )
        new = carried(new, held, self._clock.now())
        if self._ledger.current(asked) is not None:
            await self._writing.put(id_, partial(self._right, asked, new))
        if self._ledger.current(asked) is None:
            return
        self._ledger.change(id_, held=new, why=None, patience=Patience(), doubtful=False)
        ttl = round(self._ledger.timing(asked.account).ttl)
        self._metrics.say(Event.PUT, id_, ttl=ttl, model_count=len(new.models))
        log.debug("Updated model cache for '%s' (TTL: %ds)", id_, ttl)
        if new.dropped:
            log.warning("%d models of '%s' could not be kept", new.dropped, id_)

    def kept(self, provider: str) -> Entry | None:
        """What belongs on disk of this account as it stands."""
        now = self._ledger.get(provider)
        if now is None or now.held is None:
            return None
        return Entry(now.held, mark(now.account), now.doubtful)

    def _right(self, asked: Standing, new: Listing) -> Entry | None:
        """The new list, or what else counts if the account changed while we wrote."""
        if self._ledger.current(asked) is not None:
            return Entry(new, mark(asked.account))
        return self.kept(asked.account.id)

    def _failed(self, provider: str, failure: Failure) -> None:
        before = self._ledger.known(provider)
        patience = before.patience.after(failure, self._clock.monotonic(), self._rng())
        account = self._ledger.change(provider, why=failure, patience=patience).account
        self._metrics.count(Event.FAILURE, provider)
        # that nothing runs at a local address is a state more than an error
        level = logging.INFO if failure.kind is Kind.NOT_RUNNING else logging.WARNING
        log.log(level, "Failed to fetch models from '%s': %s %s", provider, failure.kind, failure.detail)
        shown = self._ledger.seen(provider)
        if not shown.models:
            log.log(logging.INFO if level == logging.INFO else logging.ERROR, "%s", nothing(provider))
        elif shown.source is Source.EMBEDDED:
            log.info("Using OpenRouter catalog fallback for '%s' (%d models)", provider, len(shown.models))
        else:
            late = -expires_in(shown, self._ledger.timing(account), self._clock.now())
            log.warning("Using stale cache for '%s' (expired %d seconds ago)", provider, max(0, late))
