"""The first start as data: what was found here, what is to be set up, and the intents that set it up."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from trayapp.core.accounts import Account, KeyFrom, new_id
from trayapp.core.intents import Intent, PickModel, SaveAccount, SetLogin, StoreKey
from trayapp.core.language import _, plural
from trayapp.core.models import Model, ModelRef, Use
from trayapp.core.secret import Secret
from trayapp.providers.spec import ProviderSpec
from trayapp.ui import words

TOLD = "welcome"
"""Stands in ``State.told`` once it was finished or skipped."""


class Sight(Struct, frozen=True):
    """One thing that was looked for. ``spec`` and ``variable``: a key that can be used from where it is."""

    text: str
    there: bool
    spec: str = ""
    variable: str = ""


class Sights(Struct, frozen=True):
    """Everything that was looked for on this computer."""

    keyring: str
    """As ``system.keys.KeyringState`` says it."""
    servers: Mapping[str, str]
    """Addresses of local servers that answered, by the id of their row."""
    counts: Mapping[str, int]
    """How many models each of them has."""
    variables: Mapping[str, str]
    """Variables of the environment that hold a key, by the id of the provider's row."""


class Draft(Struct, frozen=True, kw_only=True):
    """What was entered. The key is held by its field until the end, and in here only for that moment."""

    variables: tuple[str, ...] = ()
    """Ids of rows whose key is to be read from the environment."""
    spec: str = ""
    """Id of the row of the provider to add; empty: none."""
    key: Secret | None = None
    check: bool = True
    ref: ModelRef | None = None
    login: bool = False


def sights(found: Sights, specs: Iterable[ProviderSpec], used: Collection[str]) -> tuple[Sight, ...]:
    """A line for each thing, what is there first. ``used``: rows whose key is in use from the environment already."""
    table = {spec.id: spec for spec in specs}
    made = [_keyring(found.keyring)]
    for id in ("ollama", "lmstudio"):
        name = table[id].name
        if id in found.servers:
            count = plural("{n} model", "{n} models", found.counts.get(id, 0))
            text = _("{name} runs at {address}: {models}.")
            made.append(Sight(text.format(name=name, address=found.servers[id], models=count), True))
        else:
            made.append(Sight(_("{name} does not run here; once it does, its models appear.").format(name=name), False))
    for id, variable in found.variables.items():
        if id in table and id not in used:
            text = _("A key for {name} is in {variable}.").format(name=table[id].name, variable=variable)
            made.append(Sight(text, True, id, variable))
    return tuple(made)


def account_of(spec: str, taken: Iterable[str], *, from_environment: bool = False) -> Account:
    """The account that would be added."""
    source = KeyFrom.ENVIRONMENT if from_environment else KeyFrom.KEYRING
    return Account(new_id(spec, "", taken), spec, key_from=source)


def accounts_of(draft: Draft, taken: Iterable[str]) -> tuple[Account, ...]:
    """All accounts that would be added, the one whose key was typed last."""
    made: list[Account] = []
    for spec in draft.variables:
        ids = (*taken, *(it.id for it in made))
        made.append(account_of(spec, ids, from_environment=True))
    if draft.spec:
        made.append(account_of(draft.spec, (*taken, *(it.id for it in made))))
    return tuple(made)


def to_do(draft: Draft, taken: Iterable[str]) -> tuple[Intent, ...]:
    """What the end of it asks for, in its order: accounts, key, model, start at login."""
    accounts = accounts_of(draft, tuple(taken))
    made: list[Intent] = [SaveAccount(it) for it in accounts]
    if draft.spec and draft.key is not None:
        made.append(StoreKey(accounts[-1].id, draft.key, check=draft.check))
    if draft.ref is not None:
        made.append(PickModel(draft.ref, confirmed=True))
    if draft.login:
        made.append(SetLogin(True))
    return tuple(made)


def choices(lists: Iterable[tuple[str, Sequence[Model]]]) -> tuple[tuple[ModelRef, str], ...]:
    """Every model that chats, with its provider in front: ``lists`` are names of accounts with their models."""
    return tuple(
        (model.ref, _with_facts(_("{provider}: {model}").format(provider=name, model=model.label), words.facts(model)))
        for name, models in lists
        for model in models
        if model.use is Use.CHAT
    )


def matching(text: str, wanted: str) -> bool:
    """Every word that was typed occurs."""
    folded = text.casefold()
    return all(word in folded for word in wanted.casefold().split())


def _with_facts(text: str, facts: str) -> str:
    return f"{text}   {facts}" if facts else text


def _keyring(state: str) -> Sight:
    problem = words.keyring(state)
    if problem:
        return Sight(problem, False)
    return Sight(_("The system’s keyring is there: keys are kept in it and nowhere else."), True)
