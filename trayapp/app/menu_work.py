"""What the user arranges in the menu: models pinned and hidden, accounts folded."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from trayapp.app.root import App, replaced
from trayapp.core.errors import UserError
from trayapp.core.intents import Fold, Hide, OrderAccounts, Pin, Reply
from trayapp.core.language import _
from trayapp.core.models import ModelRef
from trayapp.ui.menu import listed

T = TypeVar("T")

MOST_PINNED = 20
"""More would push everything else out of sight."""


async def pin(app: App, intent: Pin) -> Reply:
    """Put a model on top, below those that are there already, or take it away from there."""
    ref = _meant(app, intent.ref, intent.on)
    pinned = app.state.value.pinned
    if intent.on and ref not in pinned and len(pinned) >= MOST_PINNED:
        told = _("{n} models are pinned, which is all that there is room for. Unpin one first.")
        raise UserError(told.format(n=len(pinned)))
    await app.remember(lambda state: replaced(state, pinned=_with(state.pinned, ref, intent.on)))
    text = _("{model} is pinned.") if intent.on else _("{model} is no longer pinned.")
    return Reply(True, text.format(model=ref))


async def hide(app: App, intent: Hide) -> Reply:
    """Leave a model out of every list, or show it, or all of them, again."""
    if intent.ref is None:
        await app.remember(lambda state: replaced(state, hidden=()))
        return Reply(True, _("No model is hidden any more."))
    ref = _meant(app, intent.ref, intent.on)
    await app.remember(lambda state: replaced(state, hidden=_with(state.hidden, ref, intent.on)))
    text = _("{model} is hidden.") if intent.on else _("{model} is shown again.")
    return Reply(True, text.format(model=ref))


async def fold(app: App, intent: Fold) -> Reply:
    """Remember how this account stands in the menu."""
    provider = app.account(intent.provider).id
    await app.remember(lambda state: replaced(state, folded=_with(state.folded, provider, intent.on)))
    return Reply()


async def order(app: App, intent: OrderAccounts) -> Reply:
    """Put the accounts into this order. Raises ProviderError for one that is not there."""
    ids = tuple(dict.fromkeys(app.account(it).id for it in intent.order))
    await app.prefer(lambda settings: msgspec.structs.replace(settings, provider_order=ids))
    return Reply(True, _("The order of the providers is saved."))


def named(app: App, ref: ModelRef) -> ModelRef:
    """The model by the id that its account lists, where it was named by another.

    Raises ProviderError, and UserError where it names no account.
    """
    if not ref.provider:
        raise UserError(_("Of which account “{model}” is, is not known: choose a model first.").format(model=ref.model))
    provider = app.account(ref.provider).id
    model = listed(ref, app.catalog.listings.value.get(provider))
    return model.ref if model is not None else ref


def _meant(app: App, ref: ModelRef, on: bool) -> ModelRef:
    """What is taken back may have been stored without its account."""
    return named(app, ref) if on or ref.provider else ref


def _with(among: tuple[T, ...], one: T, on: bool) -> tuple[T, ...]:
    if not on:
        return tuple(it for it in among if it != one)
    return among if one in among else (*among, one)
