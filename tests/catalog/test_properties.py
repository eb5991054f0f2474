"""Whatever happens in whatever order: never empty once full, never a wrong label, never a call too many."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from tests.catalog.scene import catalog, models, turns
from tests.support.clock import FakeClock
from trayapp.catalog.cache import Shelf
from trayapp.catalog.freshness import Strategy, Timing
from trayapp.catalog.service import Catalog
from trayapp.core.accounts import Account
from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.listings import Listing, Source
from trayapp.core.models import Model, ModelRef

SHIPPED = {"browsed": models("browsed", "shipped-1", "shipped-2")}
ACCOUNTS = (Account("browsed", "groq"), Account("plain", "openai"), Account("slow", "ollama"))
TIMING = {
    "browsed": Timing(ttl=3600, retries=2),
    "plain": Timing(ttl=300, retries=1),
    "slow": Timing(ttl=1000, strategy=Strategy.AGGRESSIVE, retries=0),
}
IDS = st.sampled_from([account.id for account in ACCOUNTS])
FAILURES = st.sampled_from(
    [
        Failure(Kind.UNREACHABLE),
        Failure(Kind.REFUSED),
        Failure(Kind.FORBIDDEN),
        Failure(Kind.NOT_RUNNING),
        Failure(Kind.GARBLED),
        Failure(Kind.LIMITED, retry_after=5.0),
        Failure(Kind.LIMITED, retry_after=500.0),
    ]
)


class World(RuleBasedStateMachine):
    """Time, three providers, a disk, a keyring and a user, each of which may do anything at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.loop = asyncio.new_event_loop()
        self.clock = FakeClock()
        self.behaviour: dict[str, tuple[str, ...] | Failure | None] = {it.id: None for it in ACCOUNTS}
        """None: it hangs until told otherwise."""
        self.keys = {it.id for it in ACCOUNTS}
        self.key_number = dict.fromkeys(self.keys, 0)
        self.hanging: list[tuple[Account, asyncio.Future[Any]]] = []
        self.answers: dict[str, list[tuple[float, tuple[Model, ...], int]]] = {it.id: [] for it in ACCOUNTS}
        """Every answer ever given: when, what, and to which key."""
        self.in_flight: dict[tuple[str, int], int] = {}
        self.ever_full: set[str] = set()
        self.calls = 0
        self.forced = False
        self.it: Catalog = catalog(self.fetch, self.clock, self.folder, accounts=(), timing=TIMING)

    @initialize()
    def launch(self) -> None:
        self.start()

    def teardown(self) -> None:
        self.run(self.it.close())
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()
        shutil.rmtree(self.folder)

    # -- the world's side -------------------------------------------------------------------------

    async def fetch(self, account: Account, held: Listing | None) -> Listing:
        id_, key = account.id, self.key_number[account.id]
        assert id_ in self.keys, "asked without a key"
        self.calls += 1
        self.in_flight[id_, key] = self.in_flight.get((id_, key), 0) + 1
        try:
            assert self.in_flight[id_, key] == 1, "two questions to one account at once"
            behaviour = self.behaviour[id_]
            if behaviour is None:
                future = self.loop.create_future()
                self.hanging.append((account, future))
                behaviour = await future
            else:
                await asyncio.sleep(0)
        finally:
            self.in_flight[id_, key] -= 1
        if isinstance(behaviour, Failure):
            raise ProviderError(replace(behaviour, provider=id_))
        rows = models(id_, *behaviour)
        self.answers[id_].append((self.clock.now(), rows, key))
        return Listing(id_, rows, Source.API, self.clock.now())

    def start(self) -> None:
        self.it = catalog(
            self.fetch,
            self.clock,
            self.folder,
            accounts=ACCOUNTS,
            timing=TIMING,
            keys=self.keys,
            embedded=lambda account: Listing(account.id, SHIPPED.get(account.id, ()), Source.EMBEDDED, 1.0),
            batch_deadline=lambda: 0.0,
        )

    def run(self, work: Any) -> Any:
        async def go() -> Any:
            found = await work
            await turns(60)
            return found

        return self.loop.run_until_complete(go())

    # -- what may happen -----------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1.0, 40.0, 301.0, 1000.0, 3601.0, 20_000.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule()
    def the_clock_is_set_back(self) -> None:
        self.clock.set_back(5000.0)

    @rule(id_=IDS, count=st.integers(1, 4), which=st.integers(0, 2))
    def it_answers(self, id_: str, count: int, which: int) -> None:
        self.behave(id_, tuple(f"m{which}-{number}" for number in range(count)))

    @rule(id_=IDS)
    def it_answers_with_nothing(self, id_: str) -> None:
        self.behave(id_, ())

    @rule(id_=IDS, failure=FAILURES)
    def it_fails(self, id_: str, failure: Failure) -> None:
        self.behave(id_, failure)

    @rule(id_=IDS)
    def it_hangs(self, id_: str) -> None:
        self.behaviour[id_] = None

    def behave(self, id_: str, how: tuple[str, ...] | Failure) -> None:
        self.behaviour[id_] = how
        now = [future for account, future in self.hanging if account.id == id_]
        self.hanging = [pair for pair in self.hanging if pair[0].id != id_]

        async def answer() -> None:
            for future in now:
                if not future.done():
                    future.set_result(how)

        self.run(answer())

    @rule(id_=IDS, wait=st.sampled_from([True, False, None]))
    def somebody_asks(self, id_: str, wait: bool | None) -> None:
        account = next(it for it in ACCOUNTS if it.id == id_)
        before, held = self.calls, self.it._ledger.known(id_)
        young = held.held is not None and not held.doubtful and 0 <= held.held.age(self.clock.now()) < TIMING[id_].ttl
        rests = self.clock.monotonic() < held.patience.until
        flying = id_ in self.it.refreshing.value
        self.run(self.it.listing(account, wait=wait))
        made = self.calls - before
        assert made <= (0 if young or rests or flying or id_ not in self.keys else 1 + TIMING[id_].retries)

    @rule()
    def the_timer_runs(self) -> None:
        waits = self.it.asks_in(ACCOUNTS)
        due = tuple(it for it in ACCOUNTS if waits.get(it.id, 1.0) <= 0)
        before = self.calls
        self.run(self.it.refresh(due))
        assert self.calls - before <= sum(1 + TIMING[it.id].retries for it in due)

    @rule()
    def the_user_clicks_refresh(self) -> None:
        before = self.calls
        self.run(self.it.refresh(ACCOUNTS, force=True))
        assert self.calls - before <= sum(1 + timing.retries for timing in TIMING.values())

    @rule(id_=IDS, model=st.sampled_from(["m0-0", "m1-1", "shipped-1", "no-such"]))
    def a_tool_looks_up(self, id_: str, model: str) -> None:
        before = self.calls
        answer = self.it.supports_model(ModelRef(id_, model))
        assert self.calls == before, "a lookup waited for a provider"
        shown = self.it.listings.value.get(id_)
        if answer is not None:
            assert shown is not None
            assert answer is any(it.ref.model == model for it in shown.models)
        if answer is False:
            assert shown is not None
            assert shown.failure is None
            assert shown.source is not Source.EMBEDDED

        async def nothing() -> None:
            """Let what began behind go on."""

        self.run(nothing())

    @rule(id_=IDS, present=st.booleans())
    def the_key_changes(self, id_: str, present: bool) -> None:
        self.key_number[id_] += 1
        (self.keys.add if present else self.keys.discard)(id_)

        async def change() -> None:
            self.it.invalidate(id_)
            await self.it.settle()

        self.run(change())

    @rule(tidily=st.booleans())
    def it_is_started_again(self, tidily: bool) -> None:
        """Or killed: then nothing is finished that was under way."""
        before = {it.account.id: it for it in self.it._ledger.standings}
        if tidily:
            self.run(self.it.close())
        else:
            self.loop.run_until_complete(_kill())
        self.hanging = []
        self.start()
        for standing in self.it._ledger.standings:
            was, now = before[standing.account.id].held, standing.held
            if was is None:
                assert now is None
            else:
                assert now is not None
                assert (now.models, now.fetched_at, now.unchanged) == (was.models, was.fetched_at, was.unchanged)

    # -- what always holds -------------------------------------------------------------------------

    @invariant()
    def once_full_never_empty(self) -> None:
        for id_, listing in self.it.listings.value.items():
            if listing.models and listing.source is not Source.EMBEDDED:
                self.ever_full.add(id_)
        for id_ in self.ever_full:
            assert self.it.listings.value[id_].models

    @invariant()
    def the_label_is_true(self) -> None:
        for id_, listing in self.it.listings.value.items():
            given_here = [(at, rows) for at, rows, _key in self.answers[id_]]
            standing = self.it._ledger.known(id_)
            if standing.held is not None and not standing.doubtful:
                to_this_key = [(at, rows) for at, rows, key in self.answers[id_] if key == self.key_number[id_]]
                assert (standing.held.fetched_at, standing.held.models) in to_this_key
            match listing.source:
                case Source.EMBEDDED:
                    assert listing.models == SHIPPED.get(id_, ())
                case Source.API:
                    assert (listing.fetched_at, listing.models) in given_here
                    assert listing.failure is None
                case Source.CACHE:
                    assert (listing.fetched_at, listing.models) in given_here
                    assert listing.failure is None
                case Source.STALE:
                    assert (listing.fetched_at, listing.models) in given_here
                    assert listing.failure is not None
            if id_ not in self.keys:
                assert listing.locked
            assert listing.locked is (listing.failure is not None and listing.failure.kind.closed)

    @invariant()
    def disk_and_memory_agree(self) -> None:
        found, notices = Shelf(self.folder / "models").load_all([it.id for it in ACCOUNTS])
        assert notices == ()
        for standing in self.it._ledger.standings:
            held, kept = standing.held, found.get(standing.account.id)
            assert (held is None) == (kept is None)
            if held is not None and kept is not None:
                assert (held.models, held.fetched_at) == (kept.models, kept.fetched_at)


async def _kill() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


World.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestWorld = World.TestCase
