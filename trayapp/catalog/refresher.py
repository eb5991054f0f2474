"""When to ask again: one timer for the next list that expires, and none while nothing can be due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from trayapp.catalog.service import Catalog
from trayapp.core.accounts import Account

SOONEST = 1.0
"""Seconds: several lists that expire together are asked for together."""
LATEST = 86_400.0
"""Seconds. A timer set further ahead would outlive the reasons for it."""
HOVER = 0.3
"""Seconds a submenu stays open before its old list is asked for: the pointer only passed over others."""


class Refresher:
    """Asks for expired lists. Waits on one timer of the loop; an idle program does not wake for it."""

    def __init__(
        self,
        catalog: Catalog,
        *,
        accounts: Callable[[], Iterable[Account]],
        start: Callable[[Coroutine[Any, Any, object], str], object],
    ) -> None:
        self._catalog = catalog
        self._accounts = accounts
        self._start = start
        self._timer: asyncio.TimerHandle | None = None
        self._hover: asyncio.TimerHandle | None = None
        self._leave: Callable[[], None] | None = None

    def begin(self) -> None:
        """Ask for what is due now, and from then on whenever something is."""
        self._leave = self._catalog.listings.listen(lambda _listings: self.arm())
        self.refresh()

    def end(self) -> None:
        """Ask for nothing more."""
        for timer in (self._timer, self._hover):
            if timer is not None:
                timer.cancel()
        self._timer = self._hover = None
        if self._leave is not None:
            self._leave()
            self._leave = None

    def refresh(self) -> None:
        """Ask for every list that has expired."""
        self._start(self._catalog.refresh(tuple(self._accounts())), "refresh what is due")
        self.arm()

    def arm(self) -> None:
        """Set the timer anew: a list came, or settings changed."""
        if self._leave is None:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self._catalog.next_due(it for it in self._accounts() if it.id not in self._catalog.refreshing.value)
        if due is not None and due < LATEST:
            self._timer = asyncio.get_running_loop().call_later(max(due, SOONEST), self.refresh)

    def woke(self) -> None:
        """The computer woke up, or the network came back: old failures mean nothing."""
        self._catalog.forgive()
        self.refresh()

    def opened(self, provider: str) -> None:
        """A submenu is open; if it stays so for a moment and its list is old, that is asked for."""
        if self._hover is not None:
            self._hover.cancel()
        account = next((it for it in self._accounts() if it.id == provider), None)
        if account is not None:
            self._hover = asyncio.get_running_loop().call_later(HOVER, self._look, account)

    def _look(self, account: Account) -> None:
        self._hover = None
        self._start(self._catalog.refresh((account,)), f"refresh {account.id}")
