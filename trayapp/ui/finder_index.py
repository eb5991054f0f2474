"""What the quick switcher searches: the models of all accounts in the menu's order, their names made ready once."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from trayapp.core.models import Model, ModelRef
from trayapp.core.state import State
from trayapp.local.residency import View, canonical
from trayapp.ui.finder_text import FUZZY, LONGEST, field, gapped, joined
from trayapp.ui.menu import TrayView

SLICE = 150
"""Models that are made ready between two moments at which somebody else may go on; less than two milliseconds."""
REMEMBERED = 100_000
"""Places kept of words that were looked for, so that a longer one is looked for among them alone; some megabytes."""
PLACE = 24
"""Bits for a candidate's place."""
WHOLE, PART, INSIDE, GAPS = range(4)
"""How well a word fits: a whole part or the start of a name; the start of a part; somewhere; with gaps."""


class Candidate(Struct, frozen=True):
    """One model that can be found."""

    model: Model
    account: str
    """What its account is called."""
    text: str
    """Name, id and account as they are looked through."""
    local: bool = False
    new: bool = False
    hidden: bool = False


class Source(Struct, frozen=True):
    """One account whose models can be chosen, in the order of the menu."""

    provider: str
    name: str
    models: tuple[Model, ...] = ()
    hidden: tuple[Model, ...] = ()
    """Left out of lists, one by one."""
    new: frozenset[str] = frozenset()
    local: bool = False


def sources(view: TrayView, names: Mapping[str, str]) -> tuple[Source, ...]:
    """The accounts of the menu that models can be chosen from. ``names``: what each is called."""
    return tuple(
        Source(it.provider, names.get(it.provider, it.provider), it.models, it.concealed, it.new, it.local)
        for it in view.sections
        if not it.locked
    )


_Memory: TypeAlias = dict[tuple[bool, str], dict[int, int]]
"""What was found for a word among hidden models or all others: each place, and how well it fits."""


class Index:
    """All candidates in the menu's order, ready to be searched. Each word that was looked for is remembered."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.candidates = candidates
        self._texts = [it.text for it in candidates]
        self.by_length = [len(it.model.label) << PLACE | at for at, it in enumerate(candidates)]
        """The length of each name above its place, to sort by."""
        self._every = {
            False: [at for at, it in enumerate(candidates) if not it.hidden],
            True: [at for at, it in enumerate(candidates) if it.hidden],
        }
        self._at = {(it.model.ref.provider, it.model.ref.model): at for at, it in enumerate(candidates)}
        self._plain: _Memory = {}
        self._loose: _Memory = {}
        self._kept = 0

    def every(self, hidden: bool) -> list[int]:
        """The places of all models that were hidden, or of all others, in the menu's order."""
        return self._every[hidden]

    def place(self, ref: ModelRef | None) -> int | None:
        """Where a model is, by its id or another of its names; None where it cannot be found."""
        if ref is None:
            return None
        at = self._at.get((ref.provider, ref.model))
        if at is not None:
            return at
        named = (
            at
            for at, it in enumerate(self.candidates)
            if it.model.aliases and it.model.ref.provider == ref.provider and ref.model in it.model.aliases
        )
        return next(named, None)

    def plain(self, word: str, hidden: bool) -> dict[int, int]:
        """Where a word occurs, and how well it fits there."""
        known = self._plain.get((hidden, word))
        if known is None:
            before: Collection[int] | None = self._plain.get((hidden, word[:-1]))
            known = self._rated(word, self._every[hidden] if before is None else before)
            self._remember(self._plain, (hidden, word), known)
        return known

    def called(self, word: str, hidden: bool) -> dict[int, int]:
        """The same; a word that occurs nowhere is looked for with gaps."""
        found = self.plain(word, hidden)
        if found or not FUZZY <= len(word.strip()) <= LONGEST:
            return found
        known = self._loose.get((hidden, word))
        if known is None:
            before: Collection[int] | None = self._loose.get((hidden, word[:-1]))
            known = self._with_gaps(word, self._every[hidden] if before is None else before)
            self._remember(self._loose, (hidden, word), known)
        return known

    def _rated(self, word: str, among: Collection[int]) -> dict[int, int]:
        texts, bare = self._texts, word.strip()
        whole, first, part = f" {bare} ", f"\n {bare}", f" {bare}"
        found = [(at, text) for at in among if word in (text := texts[at])]
        return {
            at: (WHOLE if whole in text or first in text else PART) if part in text else INSIDE for at, text in found
        }

    def _with_gaps(self, word: str, among: Collection[int]) -> dict[int, int]:
        texts, search = self._texts, gapped(word).search
        return {at: GAPS for at in among if search(texts[at])}

    def _remember(self, memory: _Memory, key: tuple[bool, str], found: dict[int, int]) -> None:
        self._kept += len(found) + 1
        if self._kept > REMEMBERED:
            self._plain.clear()
            self._loose.clear()
            self._kept = len(found) + 1
        memory[key] = found


class Marks(Struct, frozen=True):
    """What is special about some models: their places in the index."""

    chosen: int | None = None
    pinned: tuple[int, ...] = ()
    recent: tuple[int, ...] = ()
    """Newest first."""
    loaded: frozenset[int] = frozenset()


def indexing(wanted: Sequence[Source], before: Index | None = None) -> Generator[None, None, Index]:
    """Makes the index in slices; it is what the generator returns. What stayed the same is taken from ``before``."""
    held = {} if before is None else {id(it.model): it for it in before.candidates}
    made: list[Candidate] = []
    since = 0
    for source in wanted:
        account = field(source.name)
        for hidden, models in ((False, source.models), (True, source.hidden)):
            for model in models:
                old = held.get(id(model))
                new = model.ref.model in source.new
                if old is None or old.model is not model or not _same(old, source, new, hidden):
                    old = _candidate(model, source, account, new, hidden)
                    since += 1
                made.append(old)
                if since >= SLICE:
                    since = 0
                    yield
    yield
    return Index(made)


def marks(index: Index, state: State, local: Iterable[View] = ()) -> Marks:
    """What is remembered of models and which are in memory, by their places."""
    return Marks(
        index.place(state.active),
        tuple(_places(index, state.pinned)),
        tuple(_places(index, state.recent)),
        frozenset(_loaded(index, local)),
    )


def _places(index: Index, refs: Iterable[ModelRef]) -> Iterable[int]:
    found = (index.place(ref) for ref in refs)
    return dict.fromkeys(at for at in found if at is not None)


def _loaded(index: Index, local: Iterable[View]) -> Iterable[int]:
    """A server may call what it has in memory by another name than in its list: with a tag, or by an instance."""
    held = {(view.account, name) for view in local for it in view.residents for name in (canonical(it.name), it.key)}
    if not held:
        return ()
    accounts = {account for account, _name in held}
    mine = ((at, it.model.ref) for at, it in enumerate(index.candidates) if it.local)
    return (
        at
        for at, ref in mine
        if ref.provider in accounts and {(ref.provider, ref.model), (ref.provider, canonical(ref.model))} & held
    )


def _candidate(model: Model, source: Source, account: str, new: bool, hidden: bool) -> Candidate:
    name, id = field(model.label), model.ref.model
    fields = (name, account) if model.label == id else (name, field(id), account)
    return Candidate(model, source.name, joined(fields), source.local, new, hidden)


def _same(old: Candidate, source: Source, new: bool, hidden: bool) -> bool:
    return (old.account, old.local, old.new, old.hidden) == (source.name, source.local, new, hidden)
