"""The catalogue as the program builds it, but with a key at hand: real HTTP, real facts, a real disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.bench.catalog_servers import Server
from tests.support.desktop import ROOT
from trayapp.catalog.cache import Shelf
from trayapp.catalog.facts import Facts
from trayapp.catalog.freshness import Timing
from trayapp.catalog.service import Catalog
from trayapp.core.accounts import Account
from trayapp.core.clock import Clock, SystemClock
from trayapp.core.listings import Listing, Source
from trayapp.core.secret import Secret
from trayapp.providers.client import list_models
from trayapp.providers.spec import Timeouts
from trayapp.providers.table import spec
from trayapp.system.net import Net

TIMES = Timeouts(connect=5.0, receive=10.0, pool=10.0, retries=2, base_delay=1.0)
KEY = Secret("a key of no provider")


def accounts(servers: Sequence[Server], row: str = "openai-compatible") -> tuple[Account, ...]:
    return tuple(Account(it.name, row, base_url=it.address) for it in servers)


class Program:
    """One catalogue over real servers. Use as an asynchronous context."""

    def __init__(self, servers: Sequence[Server], folder: Path, *, row: str = "openai-compatible", **more: Any) -> None:
        self.accounts = accounts(servers, row)
        self.net = Net()
        self.clock: Clock = more.pop("clock", SystemClock())
        self._facts = Facts(ROOT / "resources" / "catalog.json")
        self._row = spec(row)
        self.catalog = Catalog(
            **{
                "fetch": self.fetch,
                "shelf": Shelf(folder),
                "embedded": lambda _account: None,
                "keyed": lambda _account: True,
                "timing": lambda _account: Timing(retries=2, base_delay=0.05),
                "clock": self.clock,
                **more,
            }
        )
        self.catalog.load(self.accounts)

    async def __aenter__(self) -> Program:
        await self.net.client()  # what is imported and read once is no part of a refresh
        await asyncio.to_thread(self._facts.enrich, self.accounts[0], self._row, ())
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.catalog.close()
        await self.net.close()

    async def fetch(self, account: Account, held: Listing | None) -> Listing:
        http = await self.net.client()
        found = await list_models(self._row, http, account=account, key=KEY, timeouts=TIMES)
        models = await asyncio.to_thread(self._facts.enrich, account, self._row, found.entries)
        return Listing(account.id, models, Source.API, self.clock.now(), dropped=found.dropped)


def run(work: Callable[[], Any]) -> Any:
    """One coroutine on a loop of its own."""
    return asyncio.run(work())
