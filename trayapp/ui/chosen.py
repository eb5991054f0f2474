"""What is chosen, in one line; and the icon's tooltip, which says that first and is never too long."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping

from msgspec import Struct

from trayapp.core.language import _
from trayapp.core.listings import Listing, Source
from trayapp.core.models import ModelRef
from trayapp.ui.menu_rows import listed

LONGEST = 127 if sys.platform == "win32" else 1000
"""UTF-16 units of a tooltip. Windows has room for 128 with the zero at the end (``NOTIFYICONDATAW.szTip``)."""
SHORTEST = 12
"""Letters of a model’s name that are left in any case: what is cut more is no name."""
_MODEL = "\0"


class Choice(Struct, frozen=True):
    """The chosen model in words, with its name apart, so that this can be shortened."""

    before: str
    model: str = ""
    after: str = ""

    @property
    def text(self) -> str:
        return f"{self.before}{self.model}{self.after}"


def choice(active: ModelRef | None, names: Mapping[str, str], listings: Mapping[str, Listing]) -> Choice:
    """What is chosen; a model that is gone stays chosen and is marked. ``names``: of the accounts in use."""
    if active is None:
        return Choice(_("No model chosen"))
    if not active.provider:
        return _parted(_("{model} (of which account?)").format(model=_MODEL), active.model)
    name = names.get(active.provider)
    if name is None:
        return _parted(_("{ref} (account not in use)").format(ref=f"{active.provider}/{_MODEL}"), active.model)
    listing = listings.get(active.provider)
    found = listed(active, listing)
    text = f"{name}: {_MODEL}"
    if found is None and unlisted(listing):
        text = _("{choice} (no longer listed)").format(choice=text)
    return _parted(text, found.label if found else active.model)


def unlisted(listing: Listing | None) -> bool:
    """A list that says what the account has: what is not in it is no longer there."""
    return listing is not None and bool(listing.models) and listing.source is not Source.EMBEDDED


def tooltip(chosen: Choice, more: Iterable[str], longest: int = LONGEST) -> str:
    """The program’s name, what is chosen, and what else there is to say, each on a line of its own.

    What is too long loses the middle of the model’s name, where names differ least, and then its end.
    """
    rest = tuple(it for it in more if it)

    def made(model: str) -> str:
        return "\n".join(("trayapp", f"{chosen.before}{model}{chosen.after}", *rest))

    text = made(chosen.model)
    over = units(text) - longest
    if over > 0 and chosen.model:
        text = made(cut(chosen.model, max(SHORTEST, len(chosen.model) - over)))
    while units(text) > longest:
        text = text[:-2].rstrip() + "…"
    return text


def cut(text: str, longest: int) -> str:
    """So many letters of it at most, without its middle."""
    if len(text) <= longest:
        return text
    end = (longest - 1) // 2
    return f"{text[: longest - 1 - end]}…{text[len(text) - end :]}"


def units(text: str) -> int:
    """How long Windows thinks that it is."""
    return len(text) + sum(letter > "\uffff" for letter in text)  # no codec, which would have to be imported


def _parted(text: str, model: str) -> Choice:
    before, _mark, after = text.partition(_MODEL)
    return Choice(before, model, after)
