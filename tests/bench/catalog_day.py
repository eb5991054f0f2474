"""A working day of questions: 50,000 in 8 hours about 25 accounts, on a clock of its own."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
from typing import Any

from tests.bench.report import Report, Row
from tests.support.clock import FakeClock
from trayapp.catalog.cache import Shelf
from trayapp.catalog.freshness import Timing
from trayapp.catalog.refresher import due
from trayapp.catalog.service import Catalog
from trayapp.core.accounts import Account
from trayapp.core.listings import Listing, Source
from trayapp.core.models import Model, ModelRef

HOURS = 8
LOCAL = 2
"""So many of the 25 are servers of this computer, with five minutes instead of an hour."""


class _Day:
    def __init__(self, folder: Path, questions: int) -> None:
        self.clock = FakeClock()
        self.chance = random.Random(3)
        self.accounts = tuple(Account(f"account-{number:02}", "openai") for number in range(25))
        self.questions = questions
        self.calls = self.waited = 0
        self.spent = self.uncached = 0.0
        self.late_waits: list[str] = []
        self.asked: set[str] = set()
        self.edition = {account.id: 0 for account in self.accounts}
        local = {account.id for account in self.accounts[:LOCAL]}
        self.latency = {it.id: 0.02 if it.id in local else self.chance.uniform(0.05, 0.3) for it in self.accounts}
        self.gate: asyncio.Event = asyncio.Event()
        self.it = Catalog(
            fetch=self.fetch,
            shelf=Shelf(folder),
            embedded=lambda _account: None,
            keyed=lambda _account: True,
            timing=lambda account: Timing(ttl=300 if account.id in local else 3600),
            clock=self.clock,
            run_blocking=self.at_once,
        )
        self.it.load(self.accounts)

    async def at_once(self, work: Any, *arguments: Any, **named: Any) -> Any:
        return work(*arguments, **named)

    async def fetch(self, account: Account, held: Listing | None) -> Listing:
        self.calls += 1
        await self.gate.wait()
        edition = self.edition[account.id]
        models = tuple(Model(ModelRef(account.id, f"model-{number}-{edition}")) for number in range(20))
        return Listing(account.id, models, Source.API, self.clock.now())

    async def run(self) -> None:
        """Questions come when they come; in between, lists grow old and now and then one changes."""
        step = HOURS * 3600 / self.questions
        weights = [1 / (number + 1) for number in range(len(self.accounts))]
        for number in range(self.questions):
            self.clock.advance(step)
            if number % (self.questions // (HOURS * 60)) == 0:
                await self.minute()
            account = self.chance.choices(self.accounts, weights)[0]
            self.uncached += self.latency[account.id]
            await self.question(account, self.chance.random() < 0.5)
        await self.it.close()

    async def minute(self) -> None:
        """What the timer does, and what happens in the world."""
        if self.chance.random() < 0.02:
            self.edition[self.chance.choice(self.accounts).id] += 1
        found = due(self.it.asks_in(it for it in self.accounts if it.id in self.asked))
        if found.now:
            self.gate.set()
            await self.it.refresh([account for account in self.accounts if account.id in found.now])
            self.gate.clear()

    async def question(self, account: Account, lookup: bool) -> None:
        began = time.perf_counter()
        if lookup and account.id in self.asked:
            self.it.supports_model(ModelRef(account.id, "model-1-0"))
            self.spent += time.perf_counter() - began
        else:
            asking = asyncio.create_task(self.it.listing(account))
            await asyncio.sleep(0)
            self.spent += time.perf_counter() - began
            if not asking.done():
                self.waited += 1
                self.spent += self.latency[account.id]
                if account.id in self.asked:
                    self.late_waits.append(account.id)
            self.gate.set()
            await asking
            await asyncio.sleep(0)
        if self.it.refreshing.value:  # what began behind lands before the next question
            self.gate.set()
            for _ in range(20):
                await asyncio.sleep(0)
        self.gate.clear()
        self.asked.add(account.id)


def measure(report: Report, folder: Path) -> None:
    """Adds its rows to the report."""
    questions = 50_000

    async def work() -> _Day:
        day = _Day(folder, questions)
        await day.run()
        return day

    day = asyncio.run(work())
    calls = 100 * day.calls / questions
    report.rows += [
        Row("calls for 100 questions of a day", (calls,), "", 1.0, "99 % saved"),
        Row("requests in all, of those without a cache", (calls,), "%", 5.0, "95 % fewer"),
        Row(
            "time spent on questions, of that without a cache", (100 * day.spent / day.uncached,), "%", 5.0, "95 % less"
        ),
    ]
    report.notes.append(
        f"a day: {questions:,} questions, {day.calls} calls, {day.waited} questions waited, each an account's first"
    )
    if day.late_waits:
        report.faults.append(f"{len(day.late_waits)} questions waited for a call that was not their account's first")
