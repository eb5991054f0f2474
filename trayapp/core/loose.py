"""Models that were stored by their name alone, without an account: how they are read, and whose is meant."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from msgspec import structs

from trayapp.core.listings import Listing
from trayapp.core.models import ModelRef
from trayapp.core.state import State

Raw = dict[str, Any]
_LISTS = ("kept", "pinned", "hidden", "recent")
"""Fields of the state that hold models; ``active`` and the profiles hold one each."""


def spelled_out(raw: Raw) -> Raw:
    """The stored state with each model that lacks its account as a pair, in which the account is empty."""
    made = _active(raw)
    for name in _LISTS:
        if isinstance(made.get(name), (list, tuple)):
            made[name] = [_pair(it) for it in made[name]]
    if isinstance(made.get("profiles"), (list, tuple)):
        made["profiles"] = [_active(it) if isinstance(it, dict) else it for it in made["profiles"]]
    return made


def settled(
    state: State, listings: Mapping[str, Listing], accounts: Collection[str], *, only_active: bool = False
) -> State:
    """The state with each loose model given to the account that is meant; what cannot be told stays as it is.

    ``listings``: of the accounts that are in use; ``accounts``: the ids of all.
    """

    def whole(ref: ModelRef) -> ModelRef:
        return ref if ref.provider else whose(ref.model, listings, accounts) or ref

    active = whole(state.active) if state.active else None
    return structs.replace(state if only_active else _each(state, whole), active=active)


def answered(state: State, chosen: ModelRef) -> State:
    """The state once the user chose ``chosen`` where its name alone was stored: wherever that stands, it is meant."""
    if state.active != (bare := ModelRef("", chosen.model)):
        return state
    return _each(state, lambda ref: chosen if ref == bare else ref)


def whose(name: str, listings: Mapping[str, Listing], accounts: Collection[str]) -> ModelRef | None:
    """The model of the one account that has it by this name; None where none has, or more than one."""
    found = candidates(name, listings)
    if found:
        return found[0] if len(found) == 1 else None
    provider, slash, model = name.partition("/")
    return ModelRef(provider, model) if slash and model and provider in accounts else None


def candidates(name: str, listings: Mapping[str, Listing]) -> list[ModelRef]:
    """Whatever may be meant: models of this name, and one of an account where the name is ``account/model``."""
    provider, _slash, model = name.partition("/")
    own = listed(listings[provider], model) if model and provider in listings else []
    return list(dict.fromkeys((*own, *holders(name, listings.values()))))


def holders(name: str, listings: Iterable[Listing]) -> list[ModelRef]:
    """Who lists it; accounts that cannot be used for want of a key count only when no other has it."""
    found = [(ref, listing.locked) for listing in listings for ref in listed(listing, name)]
    usable = [ref for ref, locked in found if not locked]
    return sorted(usable or [ref for ref, _locked in found])


def listed(listing: Listing, name: str) -> list[ModelRef]:
    """Exactly this id, else a name the provider also takes, else the same but for upper and lower case."""
    for fits in (
        lambda it: it.ref.model == name,
        lambda it: name in it.aliases,
        lambda it: it.ref.model.casefold() == name.casefold(),
    ):
        found = [it.ref for it in listing.models if fits(it)]
        if found:
            return found
    return []


def _each(state: State, change: Callable[[ModelRef], ModelRef]) -> State:
    """With every model changed but the chosen one."""
    lists: Raw = {name: tuple(dict.fromkeys(map(change, getattr(state, name)))) for name in _LISTS}
    kept = (structs.replace(it, active=change(it.active)) if it.active else it for it in state.profiles)
    return structs.replace(state, profiles=tuple(kept), **lists)


def _active(raw: Raw) -> Raw:
    return {**raw, "active": _pair(raw["active"])} if "active" in raw else dict(raw)


def _pair(value: Any) -> Any:
    """What may stand for a model, as account and model; anything else as it is."""
    match value:
        case str(model) | [None, str(model)] if model.strip():
            return ["", model.strip()]
        case {"model": str(model)} if model.strip():
            provider = value.get("provider", value.get("provider_id"))
            return [provider if isinstance(provider, str) else "", model.strip()]
    return value
