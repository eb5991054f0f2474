"""What happens to profiles when the user asks: used, saved, removed."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from trayapp.app.root import App, replaced
from trayapp.core import profiles
from trayapp.core.errors import UserError
from trayapp.core.intents import RemoveProfile, Reply, SaveProfile, UseProfile
from trayapp.core.language import _
from trayapp.core.profiles import LONGEST, Profile
from trayapp.core.state import State

MOST = 20


async def use(app: App, intent: UseProfile) -> Reply:
    """Choice, accounts and strategy at once; what was chosen stays where the profile says nothing."""
    if not intent.name:
        await _remember(app, lambda state: replaced(state, profile=""))
        return Reply(True, _("No profile is in use."))
    profile = _known(app, intent.name)
    await _remember(app, lambda state: profiles.used(state, profile))
    return Reply(True, _("Profile “{name}” is in use.").format(name=profile.name))


async def save(app: App, intent: SaveProfile) -> Reply:
    """Add it, or put it in the place of the one with its name."""
    profile = _checked(intent.profile)
    before = intent.before or profile.name
    there = [it.name for it in app.state.value.profiles]
    renamed = before.casefold() != profile.name.casefold()
    if renamed and profiles.named(app.state.value, profile.name) is not None:
        raise UserError(_("There is a profile “{name}” already.").format(name=profile.name))
    if profiles.named(app.state.value, before) is None and len(there) >= MOST:
        raise UserError(_("There are {n} profiles already; remove one first.").format(n=len(there)))

    def changed(state: State) -> State:
        old = profiles.named(state, before)
        found = (
            (*state.profiles, profile) if old is None else tuple(profile if it is old else it for it in state.profiles)
        )
        inside = old is not None and state.profile.casefold() == old.name.casefold()
        return replaced(state, profiles=found, profile=profile.name if inside else state.profile)

    await _remember(app, changed)
    return Reply(True, _("Profile “{name}” is saved.").format(name=profile.name))


async def remove(app: App, intent: RemoveProfile) -> Reply:
    """Forget it; the accounts that it left out are back."""
    profile = _known(app, intent.name)

    def changed(state: State) -> State:
        inside = state.profile.casefold() == profile.name.casefold()
        kept = tuple(it for it in state.profiles if it.name.casefold() != profile.name.casefold())
        return replaced(state, profiles=kept, profile="" if inside else state.profile)

    await _remember(app, changed)
    return Reply(True, _("Profile “{name}” is removed.").format(name=profile.name))


async def _remember(app: App, change: Callable[[State], State]) -> None:
    await app.remember(change)
    app.catalog.set_accounts(app.accounts)


def _known(app: App, name: str) -> Profile:
    profile = profiles.named(app.state.value, name)
    if profile is None:
        there = ", ".join(it.name for it in app.state.value.profiles)
        told = _("There is no profile “{name}”. There are: {names}.") if there else _("There is no profile “{name}”.")
        raise UserError(told.format(name=name, names=there))
    return profile


def _checked(profile: Profile) -> Profile:
    name = profile.name.strip()
    if not name or len(name) > LONGEST or not name.isprintable():
        raise UserError(_("A profile’s name has 1 to {n} letters.").format(n=LONGEST))
    return msgspec.structs.replace(profile, name=name)
