"""The search of the settings dialog: everything that can be found there, and what fits the words that are typed."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from trayapp.core.schema import preferences
from trayapp.ui.form import Page


class Place(Struct, frozen=True):
    """Something that can be found, and where it is."""

    page: str
    """The name of its page, in every language the same."""
    title: str
    """What the page is called."""
    label: str
    """What it is called itself."""
    more: str = ""
    """Words by which it is found besides: its help, what can be chosen, its name on the command line."""
    name: str = ""
    """Of the preference; empty: it is none."""
    account: str = ""
    """Id of the account that it is."""


def places(pages: Iterable[Page]) -> tuple[Place, ...]:
    """Every page, and every preference on it. Words that are not translated are found as well."""
    made: list[Place] = []
    for page in pages:
        made.append(Place(page.name, page.title, page.title, f"{page.about} {page.name}"))
        for field in page.fields:
            declared = preferences()[field.name]
            choices = " ".join(words for _text, words in field.choices)
            more = (field.help, choices, field.unit, field.name, declared.label)
            made.append(Place(page.name, page.title, field.label, " ".join(more), field.name))
    return tuple(made)


def found(among: Iterable[Place], text: str) -> tuple[Place, ...]:
    """The places in which every word of ``text`` occurs, in any case; those that are called so come first.

    Something that is found twice under one name on one page is shown once.
    """
    words = text.casefold().split()
    if not words:
        return ()
    ranked: list[tuple[int, Place]] = []
    seen: set[tuple[str, str]] = set()
    for place in among:
        rank = _rank(place, words)
        if rank is not None and (place.page, place.label.casefold()) not in seen:
            seen.add((place.page, place.label.casefold()))
            ranked.append((rank, place))
    return tuple(place for _rank, place in sorted(ranked, key=lambda it: it[0]))


def _rank(place: Place, words: list[str]) -> int | None:
    """The lower, the better; None where it does not fit."""
    label = place.label.casefold()
    everything = f"{label} {place.title.casefold()} {place.more.casefold()}"
    if not all(word in everything for word in words):
        return None
    begins = [part for part in (label, *label.split()) if part.startswith(words[0])]
    if all(word in label for word in words):
        return 0 if begins else 1
    return 2 if any(word in label for word in words) else 3
