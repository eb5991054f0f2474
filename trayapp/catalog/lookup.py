"""Answers about single models from memory: yes, no, or unknown, in constant time and from any thread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from trayapp.core.listings import Listing, Source
from trayapp.core.models import Model, ModelRef


class Index:
    """The models of all accounts by account and id, and by bare name; made once, never changed.

    Readers need no lock: a new list makes a new index, and the old one goes on answering whoever holds it.
    """

    def __init__(self, listings: Iterable[Listing] = (), before: Index | None = None) -> None:
        self._lists: dict[str, Mapping[str, Model]] = {}
        self._from: dict[str, Listing] = {}
        self._certain: set[str] = set()
        for listing in listings:
            self._from[listing.provider] = listing
            old = before._from.get(listing.provider) if before else None
            if before is not None and old is not None and old.models is listing.models:
                self._lists[listing.provider] = before._lists[listing.provider]
            else:
                self._lists[listing.provider] = _by_id(listing)
            if listing.models and listing.source is not Source.EMBEDDED:
                self._certain.add(listing.provider)
        self._names: dict[str, tuple[ModelRef, ...]] | None = None

    def get(self, ref: ModelRef) -> Model | None:
        """The model by id or alias; None where the list does not have it, or there is none."""
        return self._lists.get(ref.provider, {}).get(ref.model)

    def has(self, ref: ModelRef) -> bool | None:
        """Yes, no, or None for unknown: nothing is denied on the word of no list, or of the shipped one."""
        if ref.model in self._lists.get(ref.provider, {}):
            return True if ref.provider in self._certain else None
        return False if ref.provider in self._certain else None

    def find(self, name: str) -> tuple[ModelRef, ...]:
        """Every account's model of this bare id; more than one is an ambiguity for the caller to tell."""
        names = self._names
        if names is None:
            gathered: dict[str, list[ModelRef]] = {}
            for models in self._lists.values():
                for id, model in models.items():
                    gathered.setdefault(id, []).append(model.ref)
            names = self._names = {id: tuple(refs) for id, refs in gathered.items()}
        return names.get(name, ())


def _by_id(listing: Listing) -> dict[str, Model]:
    found: dict[str, Model] = {alias: model for model in listing.models for alias in model.aliases}
    found.update((model.ref.model, model) for model in listing.models)
    return found
