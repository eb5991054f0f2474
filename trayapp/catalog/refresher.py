"""When to ask again: one timer for the next list that grows old, and none while nothing can be due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from math import inf
from typing import Any, Protocol

from msgspec import Struct

from trayapp.catalog.service import Catalog
from trayapp.core.accounts import Account
from trayapp.core.models import ModelRef

SOONEST = 1.0
"""Seconds between two rounds, whatever is due."""
GRACE = 15.0
"""Seconds a list may wait for others that are due a little later: one round for all, not one for each."""
LATEST = 86_400.0
"""Seconds a timer is set ahead at most; some loops count no further than weeks."""
HOVER = 0.3
"""Seconds a submenu stays open before its old list is asked for: the pointer may only be passing."""


class Due(Struct, frozen=True):
    """What to do about age at one moment."""

    now: tuple[str, ...] = ()
    """Accounts to ask."""
    wait: float | None = None
    """Seconds until the next one is due; None: none will be."""


def due(asks_in: Mapping[str, float]) -> Due:
    """Who is due, and when the next one is, from the seconds that each account has left."""
    later = min((wait for wait in asks_in.values() if 0 < wait < inf), default=None)
    return Due(tuple(id_ for id_, wait in asks_in.items() if wait <= 0), later)


def pause(wait: float) -> float:
    """Seconds to set the timer to, so that lists which grow old together are asked for together."""
    return min(max(wait + min(GRACE, wait / 20), SOONEST), LATEST)


def precedence(active: ModelRef | None, pinned: Iterable[ModelRef], recent: Iterable[ModelRef]) -> tuple[str, ...]:
    """The accounts to ask first: of the chosen model, of the pinned ones, of those used lately (S4-47)."""
    refs = (*((active,) if active else ()), *pinned, *recent)
    return tuple(dict.fromkeys(ref.provider for ref in refs))


class Timer(Protocol):
    """What ``call_later`` gives back."""

    def cancel(self) -> None: ...


def _later(seconds: float, call: Callable[[], object]) -> Timer:
    return asyncio.get_running_loop().call_later(seconds, call)


class Refresher:
    """Asks for old lists. Waits on one timer of the loop; an idle program does not wake for it.

    ``online`` and ``metered`` tell what the system knows of the network, None where it does not say;
    then lists are asked for. ``local`` names accounts that need no network.
    """

    def __init__(
        self,
        catalog: Catalog,
        *,
        accounts: Callable[[], Iterable[Account]],
        start: Callable[[Coroutine[Any, Any, object], str], object],
        online: Callable[[], bool | None] = lambda: None,
        metered: Callable[[], bool | None] = lambda: None,
        local: Callable[[Account], bool] = lambda _account: False,
        later: Callable[[float, Callable[[], object]], Timer] = _later,
    ) -> None:
        self._catalog = catalog
        self._accounts = accounts
        self._start = start
        self._online, self._metered, self._local = online, metered, local
        self._later = later
        self._timer: Timer | None = None
        self._hover: Timer | None = None
        self._leave: tuple[Callable[[], None], ...] = ()

    def begin(self) -> None:
        """Ask for what is due now (launch), and from then on whenever something is."""
        # a question is over only after its outcome was published: both are listened to
        self._leave = (
            self._catalog.changes.listen(lambda _count: self.arm()),
            self._catalog.refreshing.listen(lambda _asked: self.arm()),
        )
        self.refresh()

    def end(self) -> None:
        """Ask for nothing more."""
        for leave in self._leave:
            leave()
        self._leave = ()
        self.closed()
        self._disarm()

    def refresh(self) -> None:
        """Ask for every list that is old, all in one round."""
        now = set(due(self._waits()).now)
        wanted = tuple(it for it in self._reachable() if it.id in now)
        if wanted:
            self._start(self._catalog.refresh(wanted), "refresh what is due")
        self.arm()

    def arm(self) -> None:
        """Set the timer anew: a list came, or settings changed."""
        self._disarm()
        if not self._leave:
            return
        found = due(self._waits())
        if found.now:
            self._timer = self._later(SOONEST, self.refresh)
        elif found.wait is not None:
            self._timer = self._later(pause(found.wait), self.refresh)

    def woke(self) -> None:
        """The computer woke up, or the network came back: our own rests are over."""
        self._catalog.forgive()
        self.refresh()

    def opened(self, provider: str | None = None) -> None:
        """A submenu is open (None: the whole list); if it stays so, what is old in it is asked for."""
        self.closed()
        self._hover = self._later(HOVER, lambda: self._look(provider))

    def closed(self) -> None:
        """The menu is closed, or the pointer moved on."""
        if self._hover is not None:
            self._hover.cancel()
            self._hover = None

    def _look(self, provider: str | None) -> None:
        self._hover = None
        wanted = tuple(it for it in self._reachable() if provider in (None, it.id))
        if wanted:
            self._start(self._catalog.refresh(wanted, watched=True), "refresh what is looked at")

    def _reachable(self) -> Iterable[Account]:
        """Those that may be asked without anybody's click: none over a network that is absent or costs money."""
        closed = self._online() is False or self._metered() is True
        return (it for it in self._accounts() if it.enabled and (not closed or self._local(it)))

    def _waits(self) -> dict[str, float]:
        return self._catalog.asks_in(self._reachable())

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
