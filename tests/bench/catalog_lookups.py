"""What an answer from memory costs: lookups, threads, a cold start, memory, ten thousand questions at once."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import tracemalloc
from pathlib import Path

from tests.bench import data
from tests.bench.catalog_program import Program
from tests.bench.catalog_servers import Server, Servers
from tests.bench.report import Options, Report, Row
from trayapp.catalog.cache import Shelf, mark
from trayapp.catalog.freshness import Timing
from trayapp.catalog.service import Catalog
from trayapp.core.accounts import Account
from trayapp.core.clock import SystemClock
from trayapp.core.models import Model, ModelRef

ACCOUNTS = tuple(Account(f"account-{number:02}", "openai") for number in range(25))
REFS = [ModelRef(account.id, f"family-{n % 17}/model_{n}-instruct") for account in ACCOUNTS for n in range(200)]


def measure(report: Report, options: Options, folder: Path) -> None:
    """Adds its rows to the report."""
    runs = options.runs or 7
    _fill(folder / "models")
    loads = [_cold(folder / "models") for _ in range(runs)]
    report.rows.append(Row("5,000 models from disk to answers, cold", tuple(loads), limit=15.0))
    report.rows.append(Row("memory of 5,000 models, indexed", (_memory(folder / "models"),), "MB", 6.0))
    servers = [Server(f"s{number}", delay=0.0, models=200) for number in range(4)]
    with Servers(servers).running():
        asyncio.run(_against_http(report, servers, folder / "http", runs))
        asyncio.run(_crowd(report, servers, folder / "crowd"))
    _threads(report, folder / "models", 0.3 if options.quick else 0.7, runs=options.runs or 7)


def _fill(folder: Path) -> None:
    shelf = Shelf(folder)
    for account in ACCOUNTS:
        shelf.put(data.listing(account.id, 200, time.time()), mark(account))


def _loaded(folder: Path) -> Catalog:
    async def nobody(_account: Account, _held: object) -> object:
        raise AssertionError("a lookup asked a provider")

    it = Catalog(
        fetch=nobody,  # type: ignore[arg-type]
        shelf=Shelf(folder),
        embedded=lambda _account: None,
        keyed=lambda _account: True,
        timing=lambda _account: Timing(ttl=86_400),
        clock=SystemClock(),
    )
    notices = it.load(ACCOUNTS)
    if notices:
        raise RuntimeError(notices[0])
    return it


def _cold(folder: Path) -> float:
    """Milliseconds until one question about each account is answered."""
    gc.collect()
    began = time.perf_counter()
    it = _loaded(folder)
    answers = [it.supports_model(ref) for ref in REFS[::200]]
    took = time.perf_counter() - began
    if answers != [True] * 25:
        raise RuntimeError("a model that is there was not found")
    return took * 1e3


def _memory(folder: Path) -> float:
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    it = _loaded(folder)
    for ref in REFS:
        it.supports_model(ref)
    gc.collect()
    used = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return used / 2**20


async def _against_http(report: Report, servers: list[Server], folder: Path, runs: int) -> None:
    """The same two questions, from memory and by asking a server on this computer, which answers at once."""
    async with Program(servers, folder) as it:
        account = it.accounts[0]
        began = time.perf_counter()
        listing = await it.catalog.listing(account)
        first = time.perf_counter() - began
        ref = listing.models[-1].ref
        over_http = []
        for _ in range(max(runs, 5)):
            began = time.perf_counter()
            found = await it.fetch(account, None)
            assert any(model.ref == ref for model in found.models)
            over_http.append((time.perf_counter() - began) * 1e6)
        asked = Row("“is there this model?” over HTTP on loopback", tuple(over_http), "µs")
        rounds, lookups, lists = 20_000, [], []
        for _ in range(max(runs, 5)):
            began = time.perf_counter()
            for _ in range(rounds):
                it.catalog.supports_model(ref)
            lookups.append((time.perf_counter() - began) / rounds * 1e6)
            began = time.perf_counter()
            for _ in range(2_000):
                await it.catalog.listing(account)
            lists.append((time.perf_counter() - began) / 2_000 * 1e6)
        limit = min(5.0, asked.median / 1000)
        report.rows += [
            asked,
            Row("the same from memory", tuple(lookups), "µs", limit, "5 µs, and a thousandth of that"),
            Row("a first list: HTTP on loopback, facts, disk", (first * 1e6,), "µs"),
            Row("the list again", tuple(lists), "µs", first * 1e6 / 1000, "a thousandth of that"),
        ]


async def _crowd(report: Report, servers: list[Server], folder: Path) -> None:
    """Ten thousand questions while the lists are replaced under them."""
    async with Program(servers, folder) as it:
        await it.catalog.refresh(it.accounts)
        whole = {account.id: it.catalog.listings.value[account.id].models for account in it.accounts}
        calls = sum(server.requests for server in servers)
        began = time.perf_counter()
        batch = asyncio.create_task(it.catalog.refresh(it.accounts, force=True))
        found = await asyncio.gather(
            *(it.catalog.listing(it.accounts[number % 4], force=True, wait=True) for number in range(10_000))
        )
        await batch
        took = time.perf_counter() - began
        calls = sum(server.requests for server in servers) - calls
    report.rows.append(Row("10,000 questions during a refresh, all answers", (took * 1e3,)))
    if len(found) != 10_000 or any(listing.models != whole[listing.provider] for listing in found):
        report.faults.append("a question during a refresh was lost, or its answer was torn")
    if calls > 2 * len(servers):
        report.faults.append(f"10,000 questions during a refresh made {calls} calls")


def _threads(report: Report, folder: Path, seconds: float, runs: int) -> None:
    """Lookups per second of one thread alone, and of eight while lists are replaced all the time."""
    it = _loaded(folder)
    for ref in REFS:
        it.supports_model(ref)
    alone, eight, shares = [], [], []
    for _ in range(runs):
        one = _rate(it, 1, seconds)
        with _Replacing(it):
            many = _rate(it, 8, seconds)
        alone.append(1e6 / one)
        eight.append(1e6 / many)
        shares.append(100 * one / many)
    report.rows += [
        Row("one thread: time per lookup", tuple(alone), "ns"),
        Row("eight threads while refreshing: time per lookup", tuple(eight), "ns"),
        Row("the same, of one thread's just before", tuple(shares), "%", 125.0, "80 % of its rate"),
    ]


def _rate(it: Catalog, threads: int, seconds: float) -> float:
    """Lookups per millisecond of all threads together."""
    counts, stop = [0] * threads, threading.Event()
    wrong: list[ModelRef] = []

    def read(me: int) -> None:
        ask, done, refs = it.capabilities, 0, REFS[me::threads]
        while not stop.is_set():
            wrong.extend(ref for ref in refs[:500] if not isinstance(ask(ref), Model))
            done += min(len(refs), 500)
        counts[me] = done

    workers = [threading.Thread(target=read, args=(number,)) for number in range(threads)]
    began = time.perf_counter()
    for worker in workers:
        worker.start()
    time.sleep(seconds)
    stop.set()
    for worker in workers:
        worker.join()
    if wrong:
        raise RuntimeError(f"{wrong[0]} was not found while lists were replaced")
    return sum(counts) / (time.perf_counter() - began) / 1e3


class _Replacing:
    """A loop in a thread that lands a new list of one account after the other, as a refresh does."""

    def __init__(self, it: Catalog) -> None:
        self._it = it
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="refreshing")
        now = time.time()
        self._lists = [[data.listing(account.id, 200, now - turn) for account in ACCOUNTS] for turn in (0, 1)]

    def __enter__(self) -> _Replacing:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._work())

    async def _work(self) -> None:
        ledger = self._it._ledger
        while not self._stop.is_set():
            self._lists.reverse()
            for new in self._lists[0]:
                ledger.change(new.provider, held=new)
                await asyncio.sleep(0.02)
