"""What happens to profiles when the user asks: used, saved, removed."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from trayapp.app.local_work import STRATEGIES
from trayapp.app.menu_work import named
from trayapp.app.perform import RECENT
from trayapp.app.root import App, replaced
from trayapp.core import profiles
from trayapp.core.accounts import with_implicit
from trayapp.core.errors import UserError
from trayapp.core.intents import RemoveProfile, Reply, SaveProfile, UseProfile
from trayapp.core.language import _
from trayapp.core.models import ModelRef
from trayapp.core.profiles import LONGEST, Profile
from trayapp.core.state import State
from trayapp.local.residency import strategy_of
from trayapp.ui import notices
from trayapp.ui.memory import strategy_label
from trayapp.ui.menu import listed

MOST = 20


async def use(app: App, intent: UseProfile) -> Reply:
    """Choice, accounts and strategy at once; what was chosen stays where the profile says nothing usable."""
    if not intent.name.strip():
        await _remember(app, lambda state: replaced(state, profile=""))
        return Reply(True, _("No profile is in use."), {"profile": None})
    profile, before = _known(app, intent.name), app.state.value.active
    said = [_("Profile “{name}” is in use.").format(name=profile.name)]
    usable = profile
    if profile.active is not None and (why := _out_of_reach(app, profile.active)):
        usable = msgspec.structs.replace(profile, active=None)
        said.append(why)
    await _remember(app, lambda state: _used(state, usable))
    state = app.state.value
    if state.active is not None and state.active.provider:
        model, name = _label(app, state.active), app.name(state.active.provider)
        said.append(_("Model: {model} on {provider}.").format(model=model, provider=name))
        if not _in_use(app, state.active.provider):
            said.append(_("Its account is not in use: choose another model."))
        if state.active != before:
            app.tell(notices.switched(state.active, model, name))
    strategy = strategy_label(strategy_of(app.settings.value, state.strategy))
    said.append(_("Local models: {strategy}.").format(strategy=strategy))
    if gone := _gone(app, profile):
        said.append(_("Accounts of it that are no longer there: {names}.").format(names=", ".join(gone)))
    return Reply(True, " ".join(said), {"profile": profile.name, "model": str(state.active) if state.active else None})


async def save(app: App, intent: SaveProfile) -> Reply:
    """Add it, or put it in the place of the one with its name. Raises UserError for one that cannot be."""
    before = intent.before.strip() or intent.profile.name.strip()
    profile = _checked(app, intent.profile, profiles.named(app.state.value, before))
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
    return Reply(True, _("Profile “{name}” is saved.").format(name=profile.name), {"profile": profile.name})


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
    """Write it down, and ask the accounts that are back in use for what is old by now."""
    before = {it.id for it in app.accounts if it.enabled}
    await app.remember(change)
    app.catalog.set_accounts(app.accounts)
    back = tuple(it for it in app.accounts if it.enabled and it.id not in before)
    if back:
        app.behind(app.catalog.refresh(back), name="refresh what is back in use")


def _used(state: State, profile: Profile) -> State:
    state = profiles.used(state, profile)
    return replaced(state, recent=state.recent[:RECENT])


def _known(app: App, name: str) -> Profile:
    profile = profiles.named(app.state.value, name.strip())
    if profile is None:
        there = ", ".join(it.name for it in app.state.value.profiles)
        told = _("There is no profile “{name}”. There are: {names}.") if there else _("There is no profile “{name}”.")
        raise UserError(told.format(name=name.strip(), names=there))
    return profile


def _checked(app: App, profile: Profile, old: Profile | None) -> Profile:
    """The profile as it is stored. What it names has to be there, unless ``old`` named it already."""
    name = profile.name.strip()
    if not name or len(name) > LONGEST or not name.isprintable():
        raise UserError(_("A profile’s name has 1 to {n} letters.").format(n=LONGEST))
    if profile.strategy is not None and profile.strategy not in STRATEGIES:
        raise UserError(_("There is no strategy “{id}”: it is ram, ssd or none.").format(id=profile.strategy))
    active, accounts = profile.active, profile.accounts
    if accounts is not None:
        accounts = tuple(dict.fromkeys(accounts))
        before = old.accounts or () if old is not None else ()
        for provider in accounts:
            if provider not in before:
                app.account(provider)
        if not accounts:
            raise UserError(_("A profile needs an account at least: choose one, or all of them."))
    if active is not None and (old is None or active != old.active):
        active = named(app, active)
    if active is not None and active.provider and accounts is not None and active.provider not in accounts:
        told = _("The model {model} is of an account that this profile leaves out: add {provider}, or choose no model.")
        raise UserError(told.format(model=active, provider=app.name(active.provider)))
    return msgspec.structs.replace(profile, name=name, active=active, accounts=accounts)


def _out_of_reach(app: App, ref: ModelRef) -> str:
    """Why this model cannot be chosen now, in a sentence; empty where its account is there and switched on."""
    account = next((it for it in with_implicit(app.settings.value.accounts) if it.id == ref.provider), None)
    if not ref.provider:
        told = _("Its model {model} cannot be chosen, for its account is not known; what was chosen stays.")
    elif account is None:
        told = _("Its model {model} cannot be chosen, for its account is gone; what was chosen stays.")
    elif not account.enabled:
        told = _("Its model {model} cannot be chosen, for its account is switched off; what was chosen stays.")
    else:
        return ""
    return told.format(model=ref)


def _gone(app: App, profile: Profile) -> list[str]:
    there = {it.id for it in app.accounts}
    return [it for it in profile.accounts or () if it not in there]


def _in_use(app: App, provider: str) -> bool:
    return any(it.enabled for it in app.accounts if it.id == provider)


def _label(app: App, ref: ModelRef) -> str:
    model = listed(ref, app.catalog.listings.value.get(ref.provider))
    return model.label if model is not None else ref.model
