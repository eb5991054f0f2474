"""Decides which models should leave memory, and which stay longer than their server would keep them; pure.

Only what the user chose counts: until there is a strategy, nothing is decided. A model that works is never chosen to
make room; that it works shows late for programs that talk to the server directly, but being told to leave ends no
answer at a server that takes leases. Models that are kept take up their place among the idle ones and never leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from trayapp.local.residency import FIRST_ANSWER, NEVER, NEVER_LEASE, Figures, Strategy, canonical
from trayapp.local.tracking import Tracked

Residents: TypeAlias = Mapping[str, Tracked]
CLOSE = 1.0
"""Seconds by which a lifetime may miss the one that is wanted."""


class Why(StrEnum):
    """What a model leaves for."""

    ANSWERED = "answered"
    """Nothing is to stay after its answer."""
    IDLE = "idle"
    """It was not used for as long as idle models are kept."""
    TOO_MANY = "too-many"
    """More models are idle than are to stay, and it was used longest ago."""


class Unload(Struct, frozen=True):
    """Have it leave."""

    name: str
    why: Why


class Lease(Struct, frozen=True):
    """Have it stay this long after each use; in seconds."""

    name: str
    seconds: float


Action: TypeAlias = Unload | Lease


def decide(residents: Residents, figures: Figures, now: float, *, loading: bool, leases: bool) -> tuple[Action, ...]:
    """What to do after a look. ``loading``: a load is pending; ``leases``: the server takes a lifetime."""
    if figures.strategy is None:
        return ()
    governed = {name: it for name, it in residents.items() if _governed(it)}
    leaving = {name: why for name, it in governed.items() if (why := _why(it, figures, now, leases=leases))}
    staying = {name: it for name, it in governed.items() if name not in leaving}
    leaving |= dict.fromkeys(_too_many(staying, figures.strategy, figures, now), Why.TOO_MANY)
    unloads = (Unload(name, why) for name, why in leaving.items())
    if loading or not leases:
        return tuple(unloads)
    staying = {name: it for name, it in staying.items() if name not in leaving}
    wanted = {name: _lease(it, figures, now) for name, it in staying.items()}
    return (*unloads, *(Lease(name, seconds) for name, seconds in wanted.items() if seconds is not None))


def due(it: Tracked, figures: Figures, now: float, *, leases: bool = True) -> float:
    """When the policy lets it go, in seconds since the epoch; NEVER while it works or is kept."""
    if figures.strategy is None or not _governed(it) or kept(it, figures):
        return NEVER
    if at_once(it, figures):
        if not it.serving and _warmed(it):
            return it.since + FIRST_ANSWER
        return it.used if _why(it, figures, now, leases=leases) else NEVER
    return it.used + figures.strategy.keep if _idle(it, now) else NEVER


def room(residents: Residents, figures: Figures, now: float, newcomer: str) -> tuple[str, ...]:
    """Who leaves before the model of this key is loaded, so that there are not too many when it is idle as well."""
    if figures.strategy is None:
        return ()
    others = {name: it for name, it in residents.items() if it.seen.key != newcomer and _governed(it)}
    most = 0 if figures.strategy.eviction == "immediate" else figures.strategy.max_models - 1
    return _beyond(others, figures, now, most)


def relief(residents: Residents, figures: Figures, now: float, newcomer: str, *, hopeless: bool) -> str | None:
    """Who leaves so that the load of this key, which hangs, can go on: the idle one used longest ago.

    One that is kept only where it is ``hopeless``: then the server itself has chosen one to leave, and waits for that
    (ollama/ollama#17408).
    """
    if figures.strategy is None:
        return None
    others = {name: it for name, it in residents.items() if it.seen.key != newcomer}  # it may just have come
    idle = {name: it for name, it in others.items() if _governed(it) and _idle(it, now)}
    free = [name for name, it in idle.items() if hopeless or not kept(it, figures)]
    return min(free, key=lambda name: (kept(idle[name], figures), idle[name].used), default=None)


def kept(it: Tracked, figures: Figures) -> bool:
    """Whether it is never unloaded, by any of its names."""
    return not figures.never.isdisjoint(_names(it))


def at_once(it: Tracked, figures: Figures) -> bool:
    """Whether it leaves right after its answer."""
    return figures.strategy is not None and lease_for(_names(it), figures) is None


def lease_for(names: Iterable[str], figures: Figures) -> float | None:
    """How long the model of these canonical names should stay after each use, in seconds; None: not at all."""
    if not figures.never.isdisjoint(names):
        return NEVER_LEASE
    strategy = figures.strategy
    if strategy is None or not strategy.max_models or not figures.always.isdisjoint(names):
        return None
    return strategy.keep


def _governed(it: Tracked) -> bool:
    return not (it.seen.remote or it.deleted or it.refused or it.told is not None)


def _names(it: Tracked) -> frozenset[str]:
    return frozenset({canonical(it.seen.name), *it.names})


def _idle(it: Tracked, now: float) -> bool:
    return it.says_use and not it.busy(now)


def _warmed(it: Tracked) -> bool:
    """Whether we loaded it for a first answer that has not come yet; not what was loaded to stay and no longer may."""
    return it.ours and not it.answered and (it.lease is None or it.lease <= FIRST_ANSWER)


def _why(it: Tracked, figures: Figures, now: float, *, leases: bool) -> Why | None:
    """Why it leaves whatever the others do."""
    if kept(it, figures) or figures.strategy is None:
        return None
    if at_once(it, figures):
        waits = it.serving or (_warmed(it) and now - it.since < FIRST_ANSWER)
        # a server that takes leases lets it finish its answer; with any other it must have finished
        return Why.ANSWERED if not waits and (leases or _idle(it, now)) else None
    return Why.IDLE if _idle(it, now) and now - it.used >= figures.strategy.keep else None


def _too_many(staying: Residents, strategy: Strategy, figures: Figures, now: float) -> tuple[str, ...]:
    if strategy.eviction != "immediate":
        return _beyond(staying, figures, now, strategy.max_models)
    newest = max(staying, key=lambda name: (staying[name].busy(now), staying[name].used), default=None)
    others = tuple(name for name, it in staying.items() if name != newest and _idle(it, now) and not kept(it, figures))
    rest = {name: it for name, it in staying.items() if name not in others}
    return (*others, *_beyond(rest, figures, now, strategy.max_models))


def _beyond(staying: Residents, figures: Figures, now: float, most: int) -> tuple[str, ...]:
    """The idle models beyond so many, those used longest ago first."""
    idle = [name for name, it in staying.items() if _idle(it, now) and not at_once(it, figures)]
    free = sorted((name for name in idle if not kept(staying[name], figures)), key=lambda name: staying[name].used)
    return tuple(free[: max(0, len(idle) - most)])


def _lease(it: Tracked, figures: Figures, now: float) -> float | None:
    """The lifetime that it needs; None where it has one that is long enough, or must not be touched."""
    wanted = lease_for(_names(it), figures)
    proved = it.moved and not it.busy(now) and it.says_use
    if wanted is None or not proved or it.hidden or it.lease == wanted or it.touched is not None:
        return None
    return wanted if it.high < wanted - CLOSE else None
