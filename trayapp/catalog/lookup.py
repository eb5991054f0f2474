"""Answers from memory: is there such a model, what can it do, who else has one of that name.

Everything here may be called from any thread and takes no lock: a book is never changed, only replaced,
and reading takes one look at a dictionary. Nothing here ever waits for a provider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from math import inf
from types import MappingProxyType
from typing import Final

from trayapp.catalog.metrics import Event, Metrics
from trayapp.core.clock import Clock
from trayapp.core.listings import Listing, Source
from trayapp.core.models import Model, ModelRef


class Unknown(Enum):
    """The third outcome: nobody knows. An error is never a no (S0-3)."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN


class Book:
    """One account's list, opened for questions, and when a question is a reason to ask the provider."""

    __slots__ = ("_by_id", "_by_name", "expires", "listing", "since", "timed")

    def __init__(
        self, listing: Listing, *, since: float, expires: float, timed: float = inf, before: Book | None = None
    ) -> None:
        self.listing = listing
        self.since = since
        """When this was made: an earlier time means that the clock was set back."""
        self.expires = expires
        """From then on an answer counts as a miss."""
        self.timed = timed
        """From then on a question starts a refresh: later than ``expires`` while a provider rests."""
        same = before if before is not None and before.listing.models is listing.models else None
        self._by_id: dict[str, Model] | None = same._by_id if same else None
        self._by_name: dict[str, tuple[Model, ...]] | None = same._by_name if same else None

    @property
    def by_id(self) -> dict[str, Model]:
        """Made at the first question: two threads may both make it, and either is right."""
        made = self._by_id
        if made is None:
            models = self.listing.models
            made = {alias: model for model in models if model.aliases for alias in model.aliases}
            made.update((model.ref.model, model) for model in models)
            self._by_id = made
        return made

    @property
    def by_name(self) -> dict[str, tuple[Model, ...]]:
        """By what people type: id, last part of an id, or name, without regard to case."""
        made = self._by_name
        if made is None:
            found: dict[str, dict[str, Model]] = {}
            for model in self.listing.models:
                id_ = model.ref.model
                for text in (id_, id_.rpartition("/")[2], model.name, *model.aliases):
                    if text:
                        found.setdefault(text.casefold(), {})[id_] = model
            made = {text: tuple(models.values()) for text, models in found.items()}
            self._by_name = made
        return made

    def has(self, model: str) -> bool | None:
        """Yes, no, or None: a list that is shipped, cut short or failing proves no absence."""
        listing = self.listing
        if listing.source is Source.EMBEDDED:
            return None  # it says what the provider has, not what this account may call
        if model in self.by_id:
            return True
        return None if listing.failure is not None or listing.dropped else False

    def about(self, model: str) -> Model | Unknown | None:
        """The model; None when the account does not have it; UNKNOWN when that cannot be told."""
        found = self.by_id.get(model)
        if found is not None:
            return found
        return None if self.has(model) is False else UNKNOWN


class Lookups:
    """The questions. ``behind`` is told of an account whose list should be asked for; it must not wait."""

    def __init__(self, *, clock: Clock, metrics: Metrics, behind: Callable[[str], None]) -> None:
        self._clock = clock
        self._metrics = metrics
        self._behind = behind
        self._books: Mapping[str, Book] = MappingProxyType({})

    def replace(self, books: Mapping[str, Book]) -> None:
        """From now on these are the lists; whoever is reading finishes with the old ones."""
        self._books = books

    @property
    def books(self) -> Mapping[str, Book]:
        return self._books

    def supports_model(self, ref: ModelRef) -> bool | None:
        """Whether the account lists this model, by id or alias; None for unknown. O(1), microseconds."""
        book = self._open(ref.provider)
        return None if book is None else book.has(ref.model)

    def capabilities(self, ref: ModelRef) -> Model | Unknown | None:
        """The model with all that is known of it; None: there is no such model; or UNKNOWN. O(1)."""
        book = self._open(ref.provider)
        return UNKNOWN if book is None else book.about(ref.model)

    def find(self, name: str) -> tuple[ModelRef, ...]:
        """Every model of that bare name, in the order of accounts; more than one: the name is ambiguous.

        An exact id wins over the last part of one, over a name and over another case. One look per
        account, however long the lists are. Models of locked lists are found only where nothing else is.
        """
        books = tuple(self._books.values())
        exact = _all(books, lambda book: (book.by_id[name],) if name in book.by_id else ())
        folded = name.casefold()
        return exact or _all(books, lambda book: book.by_name.get(folded, ()))

    def due(self, provider: str) -> bool:
        """Whether a question about this account would find an old list or none."""
        book = self._books.get(provider)
        if book is None or book.listing.source is Source.EMBEDDED:
            return True
        return not book.since <= self._clock.now() < book.expires

    def _open(self, provider: str) -> Book | None:
        book = self._books.get(provider)
        if book is None:
            self._metrics.say(Event.NOT_FOUND, provider, reason="not_found")
            self._behind(provider)
            return None
        now = self._clock.now()
        if book.since <= now < book.expires:
            self._metrics.say(Event.HIT, provider)
            return book
        if book.listing.source is Source.EMBEDDED:
            self._metrics.say(Event.NOT_FOUND, provider, reason="not_found")
        else:
            self._metrics.say(Event.EXPIRED, provider, reason="expired")
        if not book.since <= now < book.timed:
            self._behind(provider)
        return book


def _all(books: Iterable[Book], look: Callable[[Book], tuple[Model, ...]]) -> tuple[ModelRef, ...]:
    open_: list[ModelRef] = []
    closed: list[ModelRef] = []
    for book in books:
        (closed if book.listing.locked else open_).extend(model.ref for model in look(book))
    return tuple(open_ or closed)
