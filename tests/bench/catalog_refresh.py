"""What a refresh costs: 25 accounts side by side over HTTP, connections, bytes, failures."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
from typing import Any

from tests.bench.catalog_program import KEY, TIMES, Program
from tests.bench.catalog_servers import Server, Servers
from tests.bench.report import Options, Report, Row
from tests.support.clock import FakeClock
from tests.support.memory_keyring import MemoryKeyring
from trayapp.catalog.cache import Shelf
from trayapp.catalog.freshness import Timing
from trayapp.catalog.service import Catalog
from trayapp.core.accounts import Account
from trayapp.core.clock import SystemClock
from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.listings import Listing, Source
from trayapp.core.models import Model, ModelRef
from trayapp.core.secret import Secret
from trayapp.providers.client import check_key
from trayapp.providers.table import spec
from trayapp.system.keys import Keys


def measure(report: Report, options: Options, folder: Path) -> None:
    """Adds its rows to the report."""
    runs = options.runs or (1 if options.quick else 3)
    chance = random.Random(11)
    quick = [Server(f"quick-{number:02}", delay=0.05 + 0.25 * number / 19) for number in range(20)]
    slow = [Server(f"slow-{number}", delay=1.0 + 2.0 * number / 3) for number in range(4)]
    dead = [Server("dead", delay=None)]
    mixed = [*quick, *slow, *dead]
    chance.shuffle(mixed)
    slowest = max(it.delay or 0.0 for it in mixed)
    with Servers(mixed).running():
        wide = [asyncio.run(_side_by_side(mixed, folder / f"wide{run}", 25)) for run in range(runs)]
        ten = [asyncio.run(_side_by_side(mixed, folder / f"ten{run}", 10)) for run in range(runs)]
        one_by_one = asyncio.run(_sequential(mixed, folder / "one"))
    first = _figures(report, wide, "25 in flight", slowest, 1.15, 0.5)
    second = _figures(report, ten, "10 in flight", slowest, 1.4, 1.0)
    report.rows += [
        Row("the 24 live ones one after the other", (one_by_one * 1e3,)),
        Row("the same, 25 in flight", first, limit=one_by_one * 1e3 / 3, because="a third of that"),
        Row("the same, 10 in flight", second, limit=one_by_one * 1e3 / 3, because="a third of that"),
    ]
    sent, plain = sum(it.sent for it in mixed), sum(it.plain for it in mixed)
    report.rows.append(Row("bytes of lists, compressed", (100 * sent / plain,), "%", 50.0, "at least half less"))
    _connections(report, folder)
    _keyring(report)
    _luck(report, folder, 2_000 if options.quick else 20_000)


def _figures(
    report: Report, runs: list[tuple[float, float]], name: str, slowest: float, times: float, quick: float
) -> tuple[float, ...]:
    all_, twenty = tuple(run[0] * 1e3 for run in runs), tuple(run[1] * 1e3 for run in runs)
    because = f"{times} × the slowest, {slowest:.0f} s"
    report.rows += [
        Row(f"25 accounts, {name}: the quick twenty shown", twenty, limit=quick * 1e3),
        Row(f"25 accounts, {name}: all live ones shown", all_, limit=times * slowest * 1e3, because=because),
    ]
    return all_


async def _side_by_side(servers: list[Server], folder: Path, width: int) -> tuple[float, float]:
    """Seconds until every live account is in the published lists, and until the quick ones are."""
    everyone = asyncio.Event()
    shown: dict[str, float] = {}
    async with Program(servers, folder, width=lambda: width) as it:
        began = time.perf_counter()

        def look(listings: Any) -> None:
            for name in listings:
                shown.setdefault(name, time.perf_counter() - began)
            if len(shown) == len(servers) - 1:
                everyone.set()

        it.catalog.listings.listen(look)
        batch = asyncio.create_task(it.catalog.refresh(it.accounts))
        await asyncio.wait_for(everyone.wait(), 30)
        batch.cancel()
    return max(shown.values()), max(when for name, when in shown.items() if name.startswith("quick"))


async def _sequential(servers: list[Server], folder: Path) -> float:
    async with Program([it for it in servers if it.delay is not None], folder) as it:
        began = time.perf_counter()
        for account in it.accounts:
            await it.catalog.listing(account)
        return time.perf_counter() - began


def _connections(report: Report, folder: Path) -> None:
    """Key check, four pages, and now and then a request that fails, so that the list is asked for again."""
    servers = [Server(f"paged-{number}", delay=0.01, pages=4, fails=0.03) for number in range(25)]

    async def work() -> int:
        async with Program(servers, folder / "paged", row="anthropic") as it:
            http = await it.net.client()

            async def one(account: Account) -> None:
                await check_key(spec("anthropic"), http, account=account, key=KEY, timeouts=TIMES)
                await it.catalog.listing(account)

            await asyncio.gather(*(one(account) for account in it.accounts))
            return sum(bool(listing.models) for listing in it.catalog.listings.value.values())

    with Servers(servers).running():
        whole = asyncio.run(work())
    opened, asked = sum(it.connections for it in servers), sum(it.requests for it in servers)
    again = 100 * (opened - len(servers)) / (asked - len(servers))
    report.rows.append(Row("requests that could not use the open connection", (again,), "%", 10.0, "90 % reused"))
    report.notes.append(
        f"connections: {asked} requests to {len(servers)} servers over {opened} connections, {whole} lists came"
    )


def _keyring(report: Report) -> None:
    """Apart, because it depends on the keyring and not on us."""

    async def work() -> float:
        keys = Keys(clock=SystemClock(), backend=MemoryKeyring())
        try:
            for number in range(25):
                await keys.put(f"slot-{number}", Secret("a key of no provider"))
            keys.forget()
            began = time.perf_counter()
            await asyncio.gather(*(keys.get(f"slot-{number}", may_prompt=False) for number in range(25)))
            return time.perf_counter() - began
        finally:
            keys.close()

    report.rows.append(Row("apart: 25 keys read cold, keyring in memory", (asyncio.run(work()) * 1e3,)))


class _Nowhere(Shelf):
    """Keeps nothing: this one is about luck, not about disks."""

    def put(self, listing: Listing, mark: str = "", *, doubtful: bool = False) -> int:
        return 0

    def clean(self, ids: object) -> int:
        return 0


def _luck(report: Report, folder: Path, rounds: int) -> None:
    """Refreshes that bring nothing while one call in five fails at random, by latency class."""
    for name, retries, base in (("fast", 2, 1.0), ("medium", 3, 1.5), ("slow", 4, 2.0)):
        failed = asyncio.run(_unlucky(folder, rounds, Timing(ttl=3600, retries=retries, base_delay=base)))
        share = 100 * failed / rounds
        report.rows.append(Row(f"refreshes that fail, {name} class, one call in five", (share,), "%", 1.0))


async def _unlucky(folder: Path, rounds: int, timing: Timing) -> int:
    chance, clock, failed = random.Random(5), FakeClock(), 0
    account = Account("lucky", "openai")

    async def fetch(account: Account, held: Listing | None) -> Listing:
        if chance.random() < 0.2:
            raise ProviderError(Failure(Kind.UNREACHABLE, account.id))
        return Listing(account.id, (Model(ModelRef(account.id, str(clock.now()))),), Source.API, clock.now())

    async def at_once(work: Any, *arguments: Any, **named: Any) -> Any:
        return work(*arguments, **named)

    it = Catalog(
        fetch=fetch,
        shelf=_Nowhere(folder / "nowhere"),
        embedded=lambda _account: None,
        keyed=lambda _account: True,
        timing=lambda _account: timing,
        clock=clock,
        run_blocking=at_once,
    )
    it.load((account,))
    for _ in range(rounds):
        clock.advance(4 * 3600)
        failed += (await it.refresh((account,)))["lucky"].failure is not None
    return failed
