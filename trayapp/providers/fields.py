"""Reads single values out of an answer: ids, limits, dates, kinds of content; what is not sound is unknown."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from trayapp.core.models import Capability, Modality, Price, Use
from trayapp.providers.spec import Entry, Json, Parse

MAX_ID = 300
MAX_NAME = 200
_MAX_LIMIT = 10**12
_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError)
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?!\d)")
_FIRST_MODEL = 1_420_070_400  # 2015: everything before is a placeholder

_MODALITIES: Mapping[str, Modality] = {
    "text": Modality.TEXT,
    "image": Modality.IMAGE,
    "audio": Modality.AUDIO,
    "speech": Modality.AUDIO,
    "video": Modality.VIDEO,
    "file": Modality.PDF,
    "pdf": Modality.PDF,
    "embedding": Modality.EMBEDDING,
    "embeddings": Modality.EMBEDDING,
}


class NotAListError(ValueError):
    """The answer is no list of models, whatever its status said."""


def listed(*paths: str, row: Callable[[Json], Entry | None], bare: bool = False) -> Parse:
    """The parse function that finds its rows at the first of these dotted paths; ``""`` is the body itself.

    ``row`` trusts its input and sees one row at a time: what it raises costs that row alone.
    ``bare``: an empty object is an empty list, as JSON made from protocol buffers has it.
    """

    def parse(body: Json) -> Iterator[Entry | None]:
        for item in _items(body, paths, bare):
            try:
                entry = row(item)
            except _UNREADABLE:
                entry = None
            yield entry if entry is not None and _usable(entry.id) else None

    return parse


def _items(body: Json, paths: tuple[str, ...], bare: bool) -> list[Any]:
    for path in paths:
        found = at(body, path) if path else body
        if isinstance(found, list):
            return found
    if not isinstance(body, dict) or "error" in body or body.get("success") is False:
        raise NotAListError
    if not body and bare:
        return []
    names = {path.partition(".")[0] for path in paths if path}
    if any(name in body and body[name] is None for name in names):  # Ollama with nothing installed
        return []
    if "data" in names and body.get("object") == "list":
        return []
    raise NotAListError


def _usable(text: object) -> bool:
    # an id with a control character could be neither sent nor printed
    return isinstance(text, str) and bool(text.strip()) and len(text) <= MAX_ID and text.isprintable()


def at(body: Json, path: str) -> Json:
    """The value at a dotted path, or None."""
    for name in path.split("."):
        if not isinstance(body, dict):
            return None
        body = body.get(name)
    return body


def part(body: Json, path: str) -> dict[str, Any]:
    """The object at a dotted path; empty where there is none."""
    found = at(body, path)
    return found if isinstance(found, dict) else {}


def objects(value: object) -> list[dict[str, Any]]:
    """The objects of a list, and only those."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def every(body: Json, path: str) -> Iterator[Json]:
    """The values at a dotted path in which ``[]`` means each element; names match whatever their case."""
    name, _, rest = path.partition(".")
    many = name.endswith("[]")
    if not isinstance(body, dict):
        return
    wanted = name.removesuffix("[]").casefold()
    found = next((value for key, value in body.items() if isinstance(key, str) and key.casefold() == wanted), None)
    for value in found if many and isinstance(found, list) else () if many else (found,):
        if rest:
            yield from every(value, rest)
        else:
            yield value


def text(value: object) -> str:
    """One line of a name; empty for anything else."""
    if not isinstance(value, str):
        return ""
    plain = value if value.isprintable() else "".join(it if it.isprintable() else " " for it in value)
    return " ".join(plain.split())[:MAX_NAME].rstrip()


def words(value: object) -> tuple[str, ...]:
    """The strings of a list that may stand as ids, each once."""
    return tuple(dict.fromkeys(item for item in value if _usable(item))) if isinstance(value, list) else ()


def limit(*values: object) -> int | None:
    """The first that is a sound number of tokens. Zero, negative, a text, true: unknown."""
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= _MAX_LIMIT:
            continue
        if value == int(value):
            return int(value)
    return None


def smaller(first: int | None, second: int | None) -> int | None:
    """The smaller of two limits, of which one may be unknown."""
    return min(first, second) if first and second else first or second


def day(value: object) -> str | None:
    """ISO date of a date, of a time, of seconds since the epoch, or of a year-month-day object."""
    if isinstance(value, dict):
        value = "-".join(str(value.get(part)).rjust(2, "0") for part in ("year", "month", "day"))
    if isinstance(value, str):
        found = _DATE.match(value)
        sound = found and found[1] >= "2015" and "01" <= found[2] <= "12" and "01" <= found[3] <= "31"
        return found[0] if found and sound else None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _FIRST_MODEL <= value < 1e11:
        return None
    return time.strftime("%Y-%m-%d", time.gmtime(value))


def gone(value: object, *, deprecated: bool = False) -> str | None:
    """When a model goes: a date, empty when only the fact is known, None where it stays."""
    date = day(value) if value else None
    return date or ("" if deprecated or value else None)


def modalities(value: object) -> int:
    """Mask of the kinds of content a list of words names; 0 where there is no list."""
    mask = 0
    for item in value if isinstance(value, list) else ():
        mask |= _MODALITIES.get(item.lower(), 0) if isinstance(item, str) else 0
    return int(mask)


def abilities(**stated: object) -> tuple[int, int]:
    """Masks of what it can and what it cannot, by the names of Capability; only true and false count."""
    can = lacks = 0
    for name, value in stated.items():
        if value is True:
            can |= Capability[name.upper()]
        elif value is False:
            lacks |= Capability[name.upper()]
    return int(can), int(lacks)


def named_in(items: object, *names: str) -> bool | None:
    """Whether a list names one of these; None where there is no list."""
    return any(name in items for name in names) if isinstance(items, list) else None


def sees(inputs: int) -> bool | None:
    """Whether a model takes images, by its mask of inputs; None for an unknown mask."""
    return bool(inputs & Modality.IMAGE) if inputs else None


def use_of(outputs: int) -> Use | None:
    """What a model is for, by what it gives: text is chat, whatever else comes with it."""
    by_kind = (
        (Modality.TEXT, Use.CHAT),
        (Modality.EMBEDDING, Use.EMBEDDING),
        (Modality.IMAGE, Use.IMAGE),
        (Modality.VIDEO, Use.VIDEO),
        (Modality.AUDIO, Use.AUDIO),
    )
    return next((use for kind, use in by_kind if outputs & kind), None)


def by_token(use: Use | None, price: Price | None) -> Price | None:
    """The price, unless it is the 0/0 of a model that is paid by the image or by the second."""
    free = price is not None and price.input == 0 and price.output == 0
    return None if free and use is not Use.CHAT else price


def kept_once(entries: Iterable[Entry]) -> list[Entry]:
    """The entries without repeated ids; the first one stays."""
    kept: dict[str, Entry] = {}
    for entry in entries:
        kept.setdefault(entry.id, entry)
    return list(kept.values())
