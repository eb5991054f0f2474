"""The form of the catalogue's files: one short row per model, the rows by provider.

The shipped file and the refreshed ones share it. ``null`` is unknown and zero is zero; trailing
unknowns are cut. A provider's rows stay undecoded bytes until somebody asks for that provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from trayapp.core.models import Price, Use

FORMAT = 1
EVERYTHING = frozenset(
    ("name", "context", "max_output", "price", "inputs", "outputs", "capabilities", "released", "deprecated", "use")
)
"""Fields of a model that a row can fill."""
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a file raises that is none of ours, here and when its rows are decoded."""


class Fact(Struct, frozen=True, array_like=True):
    """What the catalogue knows of one model at one provider. Prices in US dollars per million tokens."""

    id: str
    name: str | None = None
    context: int | None = None
    max_output: int | None = None
    input: float | None = None
    output: float | None = None
    cache_read: float | None = None
    cache_write: float | None = None
    inputs: int | None = None
    """Mask of ``Modality``."""
    outputs: int | None = None
    capabilities: int | None = None
    """Mask of ``Capability`` it has; what is in neither this nor ``lacks`` is unknown."""
    lacks: int | None = None
    use: Use | None = None
    released: str | None = None
    deprecated: str | None = None
    """ISO date; empty: deprecated, the date unknown."""

    @property
    def price(self) -> Price | None:
        """Known only when both halves are."""
        if self.input is None or self.output is None:
            return None
        return Price(self.input, self.output, self.cache_read, self.cache_write)


class Edition(Struct, frozen=True):
    """One of the sources that a file was made from."""

    name: str
    version: str
    day: str
    """ISO date of its data; empty where the source does not say."""
    rows: int = 0
    """Models of it that concern us: a refresh that brings far fewer is not believed."""


class Book(Struct, frozen=True):
    """One file of the catalogue, its rows still undecoded."""

    format: int
    day: str
    """ISO date the file speaks for: prices are those of that day."""
    editions: tuple[Edition, ...] = ()
    etag: str = ""
    """Of the answer it was made from, to ask whether there is a newer one."""
    providers: dict[str, msgspec.Raw] = {}
    """Rows by id of the provider's row in ``providers.table``."""

    def facts(self, spec: str) -> tuple[Fact, ...]:
        """The rows of one provider, decoded now. Raises one of ``UNREADABLE``."""
        raw = self.providers.get(spec)
        return () if raw is None else _ROWS.decode(raw)

    def count(self) -> int:
        return sum(len(self.facts(spec)) for spec in self.providers)


_ROWS = msgspec.json.Decoder(tuple[Fact, ...])
_BOOK = msgspec.json.Decoder(Book)


def read(data: bytes) -> Book:
    """A file's content. Raises one of ``UNREADABLE``, also for a format of a later version."""
    book = _BOOK.decode(data)
    if book.format != FORMAT:
        raise msgspec.ValidationError(f"format {book.format} is not {FORMAT}")
    return book


def write(day: str, editions: Iterable[Edition], rows: Mapping[str, Iterable[Fact]], *, etag: str = "") -> bytes:
    """The bytes of a file: sorted, one model a line, so that two editions can be compared."""
    head = {"format": FORMAT, "day": day, "editions": [msgspec.to_builtins(edition) for edition in editions]}
    if etag:
        head["etag"] = etag
    parts = [
        f"{_json(spec)}:[\n" + ",\n".join(_json(_cut(fact)) for fact in sorted(rows[spec], key=_by_id)) + "\n]"
        for spec in sorted(rows)
    ]
    return (_json(head)[:-1] + ',\n"providers":{\n' + ",\n".join(parts) + "\n}}\n").encode()


def _by_id(fact: Fact) -> str:
    return fact.id


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _cut(fact: Fact) -> list[Any]:
    """Without trailing unknowns, and whole numbers as such: a quarter of the file."""
    values: list[Any] = msgspec.to_builtins(fact)
    while values[-1] is None:
        values.pop()
    return [int(value) if isinstance(value, float) and value.is_integer() else value for value in values]
