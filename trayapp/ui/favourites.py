"""The blocks on top of the menu: models that the user pinned, and those chosen last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from itertools import islice

from msgspec import Struct

from trayapp.core.arrivals import fresh
from trayapp.core.intents import PickModel
from trayapp.core.language import _
from trayapp.core.listings import Listing
from trayapp.core.models import Model, ModelRef
from trayapp.core.state import State
from trayapp.ui.chosen import unlisted
from trayapp.ui.menu_rows import Shown, listed, with_facts
from trayapp.ui.row import Row

RECENT = 8
"""Rows of what was chosen last."""
GROUP = "favourite"
"""A group of its own: the chosen model is marked here and in its section."""


class Known(Struct, frozen=True):
    """Where models are looked up."""

    accounts: Mapping[str, Shown]
    """Every account by its id, those that are switched off among them."""
    listings: Mapping[str, Listing]
    now: float


class _Found(Struct, frozen=True):
    ref: ModelRef
    """By the id that the account lists."""
    model: Model | None
    on: bool
    """Its account is in use."""


def favourites(state: State, known: Known) -> tuple[Row | None, ...]:
    """A header and rows for each of the two; None stands between them. Nothing where there is neither.

    Pinned are those that are not hidden, of accounts that are still there, in the order in which they were pinned.
    """
    active = _found(state.active, known).ref if state.active is not None else None
    pinned = tuple(_each(state.pinned, state, known))
    recent = _recent(state, known, {it.ref for it in pinned}, active)
    made: list[Row | None] = []
    for title, found in ((_("Pinned"), pinned), (_("Recent"), recent)):
        if found:
            made += (*((None,) if made else ()), Row(title, enabled=False))
            made += (_row(it, known, it.ref == active) for it in found)
    return tuple(made)


def _recent(state: State, known: Known, pinned: Set[ModelRef], active: ModelRef | None) -> tuple[_Found, ...]:
    """Those chosen last that can be chosen again and are not pinned; the chosen one alone would say nothing new."""
    found = (it for it in _each(state.recent, state, known) if it.on and it.ref not in pinned)
    there = (it for it in found if it.model is not None or not unlisted(known.listings.get(it.ref.provider)))
    shown = tuple(islice(there, RECENT))
    return shown if any(it.ref != active for it in shown) else ()


def _each(refs: tuple[ModelRef, ...], state: State, known: Known) -> Iterator[_Found]:
    hidden = frozenset(state.hidden)
    seen: set[ModelRef] = set()
    for ref in refs:
        found = _found(ref, known)
        if ref.provider in known.accounts and not hidden & {ref, found.ref} and found.ref not in seen:
            seen.add(found.ref)
            yield found


def _found(ref: ModelRef, known: Known) -> _Found:
    model = listed(ref, known.listings.get(ref.provider))
    account = known.accounts.get(ref.provider)
    return _Found(model.ref if model else ref, model, account is not None and account.account.enabled)


def _row(it: _Found, known: Known, active: bool) -> Row:
    listing = known.listings.get(it.ref.provider)
    label = f"{known.accounts[it.ref.provider].name}: {it.model.label if it.model else it.ref.model}"
    if it.model is None and it.on and unlisted(listing):
        label = _("{choice} (no longer listed)").format(choice=label)
    open_ = it.on and not (listing is not None and listing.locked)
    return Row(
        with_facts(label, it.model, listing is not None and fresh(listing, it.ref.model, known.now)),
        PickModel(it.ref) if open_ else None,
        checked=active,
        checkable=True,
        enabled=open_,
        group=GROUP,
        ref=it.ref,
    )
