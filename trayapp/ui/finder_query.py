"""What is typed into the quick switcher: words to look for, and words that filter, in English and as translated.

``sonnet vision <5$ >=200k`` asks for what is called “sonnet”, understands pictures, takes in a million tokens for
less than five dollars and has room for two hundred thousand.
"""

from __future__ import annotations

import re
from enum import StrEnum

from msgspec import Struct

from trayapp.core.language import N_, _
from trayapp.ui.finder_text import folded, parted


class Trait(StrEnum):
    """What a model is or can do; the values are the words that ask for it."""

    FREE = N_("free")
    VISION = N_("vision")
    TOOLS = N_("tools")
    REASONING = N_("reasoning")
    LOCAL = N_("local")
    LOADED = N_("loaded")
    PINNED = N_("pinned")
    NEW = N_("new")
    HIDDEN = N_("hidden")


class Figure(StrEnum):
    """What a limit is about."""

    PRICE = "price"
    """US dollars per million tokens taken in."""
    CONTEXT = "context"
    """Tokens of one request."""


class Limit(Struct, frozen=True):
    """A figure that a model has to keep. ``low`` to ``high`` all count as the figure that was typed.

    200k is 200,000 or 204,800, and both are shown as 200k: neither is more than 200k, and both are at least that.
    """

    figure: Figure
    above: bool
    equal: bool
    """The figure itself keeps the limit."""
    low: float
    high: float

    def kept(self, value: float | None) -> bool:
        """What is not known keeps no limit."""
        if value is None:
            return False
        if self.above:
            return value >= self.low if self.equal else value > self.high
        return value <= self.high if self.equal else value < self.low


class Query(Struct, frozen=True):
    """What is looked for: all of it has to hold."""

    words: tuple[str, ...] = ()
    """Parted, as in ``finder_text``."""
    traits: tuple[Trait, ...] = ()
    typed: tuple[str, ...] = ()
    """The word behind each trait: a model that is called so is meant as well."""
    limits: tuple[Limit, ...] = ()

    @property
    def hidden(self) -> bool:
        """Among the models that were left out of lists, and nowhere else."""
        return Trait.HIDDEN in self.traits

    @property
    def called(self) -> tuple[str, ...]:
        """Whatever of it may stand in a name."""
        return (*self.words, *self.typed)


_THOUSAND = {"k": (1e3, 1024.0), "m": (1e6, 1_048_576.0), "": (1.0, 1.0)}
_SIGNS = str.maketrans({"≤": "<=", "≦": "<=", "≥": ">=", "≧": ">="})
_GAPS = (re.compile(r"([<>]=?)\s+(?=[$\d])"), re.compile(r"([<>]=?[\d.,]+)\s+(?=[$km](?:\s|$))"))
"""Space between a sign and its figure, and between a figure and its unit."""
_LIMIT = re.compile(r"([<>])(=?)(\$?)(\d{1,15}(?:[.,]\d{0,9})?|[.,]\d{1,9})(\$|k|m|)")
_LEAST_CONTEXT = 1000
"""A figure without a unit is one of tokens from here on; a smaller one is still being typed."""


def parse(text: str) -> Query:
    """Take it apart. A limit that is not typed to its end filters nothing yet, so that the list stays calm."""
    words: list[str] = []
    traits: dict[Trait, str] = {}
    limits: list[Limit] = []
    known = _known()
    looked_at = folded(text).translate(_SIGNS)
    for gap in _GAPS:
        looked_at = gap.sub(r"\1", looked_at)
    for word in looked_at.split():
        if word[0] in "<>":
            limit = _limit(word)
            limits += [limit] if limit is not None else []
        elif trait := known.get(word):
            traits.setdefault(trait, parted(word))
        else:
            words.append(parted(word))
    once = tuple(dict.fromkeys(it for it in words if it.strip()))
    return Query(once, tuple(traits), tuple(traits.values()), tuple(dict.fromkeys(limits)))


def _known() -> dict[str, Trait]:
    """The words for traits; where a translation has two words for one it cannot be typed, and English can."""
    return {folded(word): trait for trait in Trait for word in (_(trait.value), trait.value)}


def _limit(word: str) -> Limit | None:
    found = _LIMIT.fullmatch(word)
    if found is None:
        return None
    sign, equal, before, digits, unit = found.groups()
    number = float(digits.replace(",", "."))
    if before or unit == "$":
        if before and unit:
            return None
        return Limit(Figure.PRICE, sign == ">", bool(equal), number, number)
    if not unit and number < _LEAST_CONTEXT:
        return None
    low, high = _THOUSAND[unit]
    return Limit(Figure.CONTEXT, sign == ">", bool(equal), number * low, number * high)
