"""Which models of a list are new: those that came within a week into a list that was there before them.

Two times are kept with a list, both in seconds since the epoch: when a model came, and when one left. The second
is why a model that was away for a day is not taken for a new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from trayapp.core.listings import Listing, Source
from trayapp.core.models import Model

WEEK = 7 * 86_400.0
"""Seconds for which a model counts as new, and for which one that left is remembered."""
MOST_GONE = 2_000
"""Models remembered that left a list; those that left last. Some lists change half of their names every day."""


def fresh(listing: Listing, model_id: str, now: float) -> bool:
    """The model came within the week; a time that is still to come, because the clock was set back, does not count."""
    came = listing.arrived.get(model_id)
    return came is not None and 0 <= now - came < WEEK


def news(listing: Listing, now: float) -> frozenset[str]:
    """The ids of all models that are new; some of them may have left the list again."""
    return frozenset(it for it in listing.arrived if fresh(listing, it, now))


def carried(new: Listing, before: Listing | None, now: float) -> Listing:
    """The new list with the times of the one before it, what is over left out.

    An account's first list marks nothing, and neither a shipped nor an empty one is a list to compare with.
    """
    if before is None or not before.models or before.source is Source.EMBEDDED:
        return replace(new, arrived={}, gone={}) if new.arrived or new.gone else new
    # a clock that was ahead and was set right: they came now at the latest, and are new for a week from here
    arrived = {it: min(when, now) for it, when in before.arrived.items()}
    gone = {it: min(when, now) for it, when in before.gone.items()}
    if new.models is not before.models:
        listed, held = _ids(new.models), _ids(before.models)
        arrived.update((it, now) for it in listed if it not in held and it not in gone)
        gone = {it: when for it, when in gone.items() if it not in listed}
        gone.update((it, now) for it in held if it not in listed)
        gone = _latest(gone)
        arrived = {it: when for it, when in arrived.items() if it in listed or it in gone}
    return replace(new, arrived=_within(arrived, now), gone=_within(gone, now))


def _ids(models: Iterable[Model]) -> dict[str, None]:
    """A set that keeps its order, so that the same lists make the same file."""
    return dict.fromkeys(it.ref.model for it in models)


def _within(times: Mapping[str, float], now: float) -> dict[str, float]:
    return {it: when for it, when in times.items() if now - when < WEEK}


def _latest(times: dict[str, float]) -> dict[str, float]:
    if len(times) <= MOST_GONE:
        return times
    return dict(sorted(times.items(), key=lambda it: it[1], reverse=True)[:MOST_GONE])
