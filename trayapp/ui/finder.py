"""The quick switcher's search: which models of all accounts fit what was typed, the likeliest first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from msgspec import Struct

from trayapp.core.models import Capability, Modality, Model
from trayapp.ui.finder_index import PART, PLACE, WHOLE, Candidate, Index, Marks
from trayapp.ui.finder_query import Figure, Limit, Query, Trait


class Found(Struct, frozen=True):
    """The places of what fits, the likeliest first; ``called`` are the words whose letters are shown bold."""

    places: Sequence[int] = ()
    called: tuple[str, ...] = ()


_MASK = (1 << PLACE) - 1
_TOOLS, _VISION, _REASONING, _IMAGE = map(
    int, (Capability.TOOLS, Capability.VISION, Capability.REASONING, Modality.IMAGE)
)
"""As plain numbers: with flags each question takes a microsecond, and there are thousands."""


def search(index: Index, query: Query, marked: Marks) -> Found:
    """All that fits. On top the chosen model, then the pinned, then those chosen last, then the others as they fit.

    A word that occurs nowhere is looked for with gaps, so one letter more may find what the word before did not;
    otherwise a longer query finds less.
    """
    scores: dict[int, int] | None = None
    for word in query.words:
        scores = _both(scores, index.called(word, query.hidden))
    for trait, typed in zip(query.traits, query.typed, strict=True):
        if trait is not Trait.HIDDEN:
            scores = _both(scores, _with_trait(index, trait, typed, query.hidden, marked))
    fitting: Collection[int] = index.every(query.hidden) if scores is None else scores
    for limit in query.limits:
        fitting = _within(index, limit, fitting)
    return Found(_ranked(index, fitting, scores, marked, by_length=bool(query.words)), query.called)


def _ranked(
    index: Index, fitting: Collection[int], scores: Mapping[int, int] | None, marked: Marks, *, by_length: bool
) -> list[int]:
    among = fitting if isinstance(fitting, dict) else frozenset(fitting)
    first = () if marked.chosen is None else (marked.chosen,)
    top = [at for at in dict.fromkeys((*first, *marked.pinned, *marked.recent)) if at in among]
    if scores is None:
        rest = list(fitting)
    elif by_length:
        short = index.by_length
        rest = [it & _MASK for it in sorted([scores[at] << 2 * PLACE | short[at] for at in fitting])]
    else:
        rest = [it & _MASK for it in sorted([scores[at] << PLACE | at for at in fitting])]
    if not top:
        return rest
    above = frozenset(top)
    return top + [at for at in rest if at not in above]


def _both(one: dict[int, int] | None, other: dict[int, int]) -> dict[int, int]:
    """The places that are in both, and how well both fit together."""
    if one is None:
        return other
    few, many = (one, other) if len(one) <= len(other) else (other, one)
    return {at: score + many[at] for at, score in few.items() if at in many}


def _with_trait(index: Index, trait: Trait, typed: str, hidden: bool, marked: Marks) -> dict[int, int]:
    """Models that have it, and before them those that are called so."""
    candidates, fits = index.candidates, _FITS.get(trait)
    if fits is not None:
        having = [at for at in index.every(hidden) if fits(candidates[at])]
    else:
        places = frozenset(marked.pinned) if trait is Trait.PINNED else marked.loaded
        having = [at for at in index.every(hidden) if at in places]
    return dict.fromkeys(having, PART) | dict.fromkeys(index.plain(typed, hidden), WHOLE)


def _free(it: Candidate) -> bool:
    price = it.model.price
    return price is not None and price.input == 0 and price.output == 0


_FITS: dict[Trait, Callable[[Candidate], bool]] = {
    Trait.FREE: _free,
    Trait.VISION: lambda it: sees(it.model),
    Trait.TOOLS: lambda it: it.model.capabilities & _TOOLS != 0,
    Trait.REASONING: lambda it: it.model.capabilities & _REASONING != 0,
    Trait.LOCAL: lambda it: it.local and not it.model.remote,
    Trait.NEW: lambda it: it.new,
}


def sees(model: Model) -> bool:
    """It understands pictures, as its provider or the catalogue says."""
    return model.capabilities & _VISION != 0 or model.inputs & _IMAGE != 0


def _within(index: Index, limit: Limit, among: Collection[int]) -> list[int]:
    candidates, kept = index.candidates, limit.kept
    if limit.figure is Figure.CONTEXT:
        return [at for at in among if kept(candidates[at].model.context)]
    return [at for at in among if (price := candidates[at].model.price) is not None and kept(price.input)]
