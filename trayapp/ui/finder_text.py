"""How the quick switcher compares names: without case, accents, width and kind of separator; and which letters met.

Everything is folded letter by letter, whatever stands beside it, so a place in the folded text leads back to a
place in the name, and what somebody types folds in the same way half typed as whole.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]
"""From this letter up to that one, as in a slice."""

SEPARATORS = "-–—_/\\:.,;+@|()[]{}"
"""What divides a name into parts, besides spaces."""
FUZZY = 3
"""Letters that a word has at least before letters may lie between its own."""
LONGEST = 40
"""Letters of a word that is looked for with gaps."""

_PARTED = {ord(it): " " for it in SEPARATORS}


def folded(text: str) -> str:
    """In small letters, without accents; full-width and other variants of a letter as the letter itself."""
    if text.isascii():
        return text.lower()
    return _bare(_bare(text).casefold())


def parted(text: str) -> str:
    """Folded, and with a space for every separator: ``GPT-4.1`` is ``gpt 4 1``."""
    return folded(text).translate(_PARTED)


def field(text: str) -> str:
    """A name as it is looked through: parted, with a space on either side of every part."""
    return f" {parted(text)} "


def joined(fields: Iterable[str]) -> str:
    """Several fields in one text; no word reaches from one into another."""
    return "\n".join(("", *fields, ""))


def gapped(word: str) -> re.Pattern[str]:
    """Finds the letters of a word in their order, with others between them, in one field.

    Each gap is filled by anything but the letter that ends it, so there is one way to try from each place.
    """
    first, *rest = map(re.escape, word.strip())
    return re.compile(first + "".join(f"[^{letter}\n]*{letter}" for letter in rest))


def spans(text: str, words: Sequence[str]) -> tuple[Span, ...]:
    """Which letters of a name the words met, ascending and apart: the start of a part before the middle of one."""
    look, back = _traced(text)
    met = (_met(look, word) for word in words if word.strip())
    return merged((back[start], back[end - 1] + 1) for start, end in met if end > start)


def spans_with_gaps(text: str, word: str) -> tuple[Span, ...]:
    """The letters of a word that are only found with others between them."""
    look, back = _traced(text)
    found = gapped(word).search(look) if FUZZY <= len(word.strip()) <= LONGEST else None
    if found is None:
        return ()
    at, letters = found.start(), []
    for letter in word.strip():
        at = look.index(letter, at) + 1
        letters.append((back[at - 1], back[at - 1] + 1))
    return merged(letters)


def _bare(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text)
    return "".join([it for it in parts if not unicodedata.combining(it) and unicodedata.category(it) not in _MARKS])


_MARKS = frozenset({"Mn", "Me"})


@lru_cache(2048)
def _traced(text: str) -> tuple[str, tuple[int, ...]]:
    """The field of a name, and for each of its letters which one of the name it comes from."""
    if text.isascii():
        return field(text), (0, *range(len(text)), max(0, len(text) - 1))
    pieces = [parted(it) for it in text]
    back = [at for at, piece in enumerate(pieces) for _letter in piece]
    return f" {''.join(pieces)} ", (0, *back, max(0, len(text) - 1))


def _met(look: str, word: str) -> Span:
    """Where the word is, without the spaces around it; (0, 0) where it is not."""
    bare = word.strip()
    at = look.find(f" {bare}") + 1 or look.find(bare)
    return (at, at + len(bare)) if at >= 0 else (0, 0)


def merged(found: Iterable[Span]) -> tuple[Span, ...]:
    """The same letters, ascending and apart."""
    made: list[Span] = []
    for start, end in sorted(found):
        if made and start <= made[-1][1]:
            made[-1] = (made[-1][0], max(end, made[-1][1]))
        else:
            made.append((start, end))
    return tuple(made)
