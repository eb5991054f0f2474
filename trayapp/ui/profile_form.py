"""The page “Profiles” as data: what is entered, what is wrong with it, and what has to be asked for to save it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct, structs

from trayapp.core.intents import Intent, RemoveProfile, SaveProfile
from trayapp.core.language import N_, _
from trayapp.core.models import ModelRef
from trayapp.core.profiles import LONGEST, Profile, changed, current
from trayapp.core.state import State

WORK, PRIVATE, OFFLINE = N_("Work"), N_("Private"), N_("Offline")
SUGGESTED = (WORK, PRIVATE, OFFLINE)
"""Names that are offered for a new profile."""


class Draft(Struct, frozen=True):
    """One profile as it is entered, good or bad."""

    name: str
    model: str = ""
    """``account/model`` as typed; empty: whatever is chosen stays chosen."""
    accounts: tuple[str, ...] | None = None
    strategy: str | None = None
    before: str = ""
    """The name under which it is stored; empty: it is not stored yet."""


def draft_of(profile: Profile) -> Draft:
    """A stored profile, to be changed."""
    model = str(profile.active) if profile.active is not None else ""
    return Draft(profile.name, model, profile.accounts, profile.strategy, profile.name)


def new(name: str, state: State, drafts: Iterable[Draft], local: Sequence[str] | None = None) -> Draft:
    """A profile of what is in use now. ``local``: the only accounts of it, where it works without a network.

    A name that is taken gets a number.
    """
    used = current(state)
    accounts = used.accounts if used is not None else None
    active = state.active
    if local is not None:
        accounts = tuple(local)
        active = active if active is not None and active.provider in accounts else None
    elif active is not None and accounts is not None and active.provider not in accounts:
        active = None
    return Draft(_free(name, drafts), str(active) if active is not None else "", accounts, state.strategy)


def _free(name: str, drafts: Iterable[Draft]) -> str:
    taken = {it.name.strip().casefold() for it in drafts}
    candidate, number = name, 2
    while candidate.casefold() in taken:
        candidate, number = f"{name} {number}", number + 1
    return candidate


def problem(draft: Draft, others: Iterable[Draft]) -> str:
    """What is wrong with it, in a sentence; empty when it can be saved. ``others``: the drafts beside it."""
    return name_problem(draft, others) or model_problem(draft) or accounts_problem(draft)


def name_problem(draft: Draft, others: Iterable[Draft]) -> str:
    """What is wrong with its name."""
    name = draft.name.strip()
    if not name or len(name) > LONGEST or not name.isprintable():
        return _("A profile’s name has 1 to {n} letters.").format(n=LONGEST)
    if any(it.name.strip().casefold() == name.casefold() for it in others):
        return _("There is a profile “{name}” already.").format(name=name)
    return ""


def model_problem(draft: Draft) -> str:
    """What is wrong with its model."""
    if not draft.model:
        return ""
    try:
        active = ModelRef.parse(draft.model)
    except ValueError:
        return _("A model is written as ACCOUNT/MODEL, such as openai/gpt-5.")
    if draft.accounts and active.provider not in draft.accounts:
        return _("This model is of an account that the profile leaves out.")
    return ""


def accounts_problem(draft: Draft) -> str:
    """What is wrong with its accounts."""
    if draft.accounts is not None and not draft.accounts:
        return _("A profile needs an account at least: choose one, or all of them.")
    return ""


def profile_of(draft: Draft) -> Profile:
    """The profile to be saved. Raises ValueError for a model that is none."""
    active = ModelRef.parse(draft.model) if draft.model else None
    return Profile(draft.name.strip(), active, draft.accounts, draft.strategy)


def dirty(draft: Draft, stored: Sequence[Profile]) -> bool:
    """Something else is entered than what is stored."""
    return all(draft_of(it) != draft for it in stored)


def intents(drafts: Sequence[Draft], stored: Sequence[Profile]) -> tuple[Intent, ...]:
    """What saves them: names that are given up become free before they are taken."""
    kept = {it.before for it in drafts}
    removed = [RemoveProfile(it.name) for it in stored if it.name not in kept]
    saved = [SaveProfile(profile_of(it), it.before) for it in drafts if dirty(it, stored)]
    return (*removed, *saved)


def merged(drafts: Sequence[Draft], before: Sequence[Profile], now: Sequence[Profile]) -> tuple[Draft, ...]:
    """The drafts once something changed elsewhere: what was entered stays, the rest is as it is stored now.

    ``before``: what was stored when the drafts were made.
    """
    names, old = {it.name for it in now}, {it.name for it in before}
    edited = {it.before: it for it in drafts if it.before and dirty(it, before)}
    given_up = old - {it.before for it in drafts}
    made = [edited.get(it.name, draft_of(it)) for it in now if it.name not in given_up]
    lost = [structs.replace(it, before="") for name, it in edited.items() if name not in names]
    fresh = [it for it in drafts if not it.before]
    return (*made, *(it for it in (*lost, *fresh) if not _saved(it, now, old)))


def _saved(draft: Draft, now: Iterable[Profile], old: Iterable[str]) -> bool:
    """It is there now, and was not before: it has just been saved."""
    name = draft.name.strip()
    return any(it.name == name and it.name not in old for it in now)


def standing(draft: Draft, state: State) -> str:
    """What there is to know of it, in a few words; empty where that is nothing."""
    used = current(state)
    told = []
    if used is not None and draft.before == used.name:
        told.append(_("in use, something else chosen since") if changed(state) else _("in use"))
    if dirty(draft, state.profiles):
        told.append(_("not saved yet"))
    return ", ".join(told)


def chosen(accounts: Sequence[str], draft: Draft) -> tuple[str, ...]:
    """The accounts to be listed with it: those there are, then those of it that are gone."""
    return (*accounts, *(it for it in draft.accounts or () if it not in accounts))
