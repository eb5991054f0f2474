"""Profiles: a choice of model, of accounts and of a strategy under one name, such as work, private or offline."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from trayapp.core.accounts import Account
from trayapp.core.models import ModelRef

if TYPE_CHECKING:
    from trayapp.core.state import State

LONGEST = 40
"""Letters of a profile's name."""


class Profile(Struct, frozen=True, omit_defaults=True):
    """What is in use with it. A preset: what is chosen later does not change it until it is saved again."""

    name: str
    active: ModelRef | None = None
    """None: whatever is chosen stays chosen."""
    accounts: tuple[str, ...] | None = None
    """The accounts that are in use with it; None: all that are switched on."""
    strategy: str | None = None
    """As in the state: ``ram``, ``ssd``, ``none``, or None where local models are left alone."""


def current(state: State) -> Profile | None:
    """The profile in use."""
    return named(state, state.profile) if state.profile else None


def named(state: State, name: str) -> Profile | None:
    """The profile of this name, whatever its letters' case."""
    return next((it for it in state.profiles if it.name.casefold() == name.casefold()), None)


def effective(accounts: Iterable[Account], state: State) -> tuple[Account, ...]:
    """The accounts, those that the profile in use leaves out switched off."""
    profile = current(state)
    if profile is None or profile.accounts is None:
        return tuple(accounts)
    inside = profile.accounts
    return tuple(it if it.id in inside else structs.replace(it, enabled=False) for it in accounts)


def used(state: State, profile: Profile) -> State:
    """The state once this profile is in use: choice, accounts and strategy in one value."""
    active = profile.active or state.active
    recent = state.recent if active is None else (active, *(it for it in state.recent if it != active))
    return structs.replace(state, profile=profile.name, active=active, strategy=profile.strategy, recent=recent)


def changed(state: State) -> bool:
    """Something else is in use by now than what the profile in use holds."""
    profile = current(state)
    if profile is None:
        return False
    return (profile.active is not None and profile.active != state.active) or profile.strategy != state.strategy
