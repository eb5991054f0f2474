"""The list we ship: says of listed models what their provider leaves out, and stands in where there is no list.

The provider's own word always comes first; the catalogue fills gaps, and only as far as
``matching`` allows. Files are read when somebody asks, a provider at a time, and can be dropped again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from trayapp.catalog.rows import EVERYTHING, UNREADABLE, Book, Edition, Fact, read
from trayapp.core.accounts import Account
from trayapp.core.listings import Listing, Source
from trayapp.core.models import Capability, Modality, Model, ModelRef, Price, Use
from trayapp.providers.naming import by_name
from trayapp.providers.spec import Entry, ProviderSpec
from trayapp.system import files

if TYPE_CHECKING:
    from trayapp.catalog.matching import Index, Match

REFRESHED = ("catalog-models-dev.json", "catalog-openrouter.json")
"""Files in the data folder that ``update`` writes; the later wins."""
LARGEST = 32 << 20
"""Of a file; a larger one is not read."""
_NOTHING = Fact("")
_UNKNOWN = (None, "", 0)
_FREE = Price(0.0, 0.0)
_FILLED = ("name", "context", "max_output", "price", "inputs", "outputs", "released", "deprecated")


class Editions(Struct, frozen=True):
    """What the facts come from: the shipped file and what the user refreshed."""

    shipped: str = ""
    """ISO day of the shipped file; empty: there is none."""
    sources: tuple[Edition, ...] = ()
    refreshed: tuple[Edition, ...] = ()
    """Sources fetched since, each with its own date; older ones than the shipped file are not used."""


class Facts:
    """Answers from the catalogue's files; safe to use from several threads at once."""

    def __init__(self, path: Path, folder: Path | None = None) -> None:
        self._path, self._folder = path, folder
        self._lock = threading.RLock()
        self._books: tuple[Book, ...] | None = None
        self._rows: dict[str, dict[str, Fact]] = {}
        self._indexes: dict[str, Index] = {}
        self._homes: dict[str, Fact] | None = None

    def enrich(self, account: Account, spec: ProviderSpec, entries: Iterable[Entry]) -> tuple[Model, ...]:
        """What a provider listed as models, sorted by what people read.

        Hidden entries are left out, repeated ids kept once. A model that the catalogue does not
        know is shown with what its provider says.
        """
        with self._lock:
            found = {entry.id: self._model(account, spec, entry) for entry in entries if not entry.hidden}
        return tuple(sorted(found.values(), key=_by_label))

    def embedded(self, account: Account) -> Listing:
        """The shipped list in the place of one that the provider did not give; empty where we ship none.

        ``fetched_at`` is midnight UTC of the day the catalogue speaks for. Models known only by a
        price, and those withdrawn before that day, are left out. Raises KeyError for a provider without a row.
        """
        with self._lock:
            day = self.editions().shipped
            rows = self._provider(account.spec)
            models = [_of_row(account, row) for row in rows.values() if row.use and not _gone(row, day)]
            models += [self._builtin(account, id) for id in _builtin(account.spec) if id not in rows]
        return Listing(account.id, tuple(sorted(models, key=_by_label)), Source.EMBEDDED, _midnight(day))

    def editions(self) -> Editions:
        """The dates to show beside what comes from here."""
        with self._lock:
            shipped, *refreshed = self._read()
        return Editions(
            shipped.day, shipped.editions, tuple(edition for book in refreshed for edition in book.editions)
        )

    def refreshed_at(self) -> float:
        """When the user last refreshed the catalogue, in seconds since the epoch; zero: never.

        Lists that were fetched before that do not have its facts yet.
        """
        times = [0.0]
        for name in REFRESHED if self._folder else ():
            try:
                times.append((self._folder / name).stat().st_mtime)  # type: ignore[operator]
            except OSError:
                continue
        return max(times)

    def forget(self) -> None:
        """Drop everything from memory; the next question reads the files again."""
        with self._lock:
            self._books = self._homes = None
            self._rows, self._indexes = {}, {}

    def _model(self, account: Account, spec: ProviderSpec, entry: Entry) -> Model:
        from trayapp.catalog.matching import Index, match

        index = self._indexes.get(account.spec)
        if index is None:
            index = self._indexes[account.spec] = Index(self._provider(account.spec).values())
        deployed = spec.id == "azure-openai"
        found = match(index, self._elsewhere, entry.id, entry.aliases, entry.base, deployed=deployed)
        return _merged(account, spec, entry, found)

    def _builtin(self, account: Account, id: str) -> Model:
        from trayapp.catalog.matching import Index, match

        return _merged(account, None, Entry(id), match(Index(()), self._elsewhere, id))

    def _elsewhere(self) -> Mapping[str, Fact]:
        from trayapp.catalog.matching import homes

        if self._homes is None:
            specs = {spec for book in self._read() for spec in book.providers}
            self._homes = homes({spec: self._provider(spec).values() for spec in specs})
        return self._homes

    def _provider(self, spec: str) -> dict[str, Fact]:
        rows = self._rows.get(spec)
        if rows is None:
            rows = {}
            for book in self._read():
                for fact in _facts(book, spec):
                    held = rows.get(fact.id)
                    rows[fact.id] = fact if held is None else _newer(held, fact)
            self._rows[spec] = rows
        return rows

    def _read(self) -> tuple[Book, ...]:
        """The shipped book and those refreshed ones that are newer, oldest first."""
        if self._books is None:
            shipped = _book(self._path) or Book(0, "")
            paths = [self._folder / name for name in REFRESHED] if self._folder else []
            later = [book for book in map(_book, paths) if book and book.day >= shipped.day]
            self._books = (shipped, *sorted(later, key=lambda book: book.day))
        return self._books


def _book(path: Path) -> Book | None:
    """A file's book; what is missing, broken or of a later format is as if it were not there."""
    try:
        return read(files.read_bytes(path, LARGEST))
    except FileNotFoundError:
        return None
    except (OSError, *UNREADABLE) as exc:
        _warn(path, exc)
        return None


def _facts(book: Book, spec: str) -> tuple[Fact, ...]:
    try:
        return book.facts(spec)
    except UNREADABLE as exc:
        _warn(Path(spec), exc)
        return ()


def _warn(what: Path, why: Exception) -> None:
    import logging

    logging.getLogger(__name__).warning("the catalogue's %s cannot be used: %s", what.name, why)


def _newer(held: Fact, fact: Fact) -> Fact:
    """What the newer row says, and the older one's word on what it leaves out."""
    changes: dict[str, Any] = {
        name: value
        for name in ("name", "context", "max_output", "inputs", "outputs", "use", "released", "deprecated")
        if (value := getattr(fact, name)) is not None
    }
    if fact.price is not None:
        changes |= {name: getattr(fact, name) for name in ("input", "output", "cache_read", "cache_write")}
    yes, no = fact.capabilities or 0, fact.lacks or 0
    changes["capabilities"] = yes | ((held.capabilities or 0) & ~no) or None
    changes["lacks"] = no | ((held.lacks or 0) & ~yes) or None
    return replace(held, **changes)


def _merged(account: Account, spec: ProviderSpec | None, entry: Entry, found: Match | None) -> Model:
    local = spec is not None and spec.local
    if found is None:
        model = _of(account, entry)
    else:
        # what runs here, and what the user named (a deployment, a fine-tune), goes by its own name
        named = (local and found.near) or entry.base not in ("", entry.id)
        carries = found.carries - {"name"} if named else found.carries
        model = _of(account, entry, found.row, carries, found.mask, near=found.near)
    if model.price is None and entry.id.endswith(":free") and not local:
        return replace(model, price=_FREE)
    return model


def _of(
    account: Account,
    entry: Entry,
    row: Fact = _NOTHING,
    carries: frozenset[str] = EVERYTHING,
    mask: int = -1,
    *,
    near: bool = False,
) -> Model:
    """The entry's own word, then what the row may add; what a near match added is named in ``about``."""
    values: dict[str, Any] = {}
    about: list[str] = []
    for name in _FILLED:
        value = getattr(entry, name)
        if value in _UNKNOWN and name in carries and (more := getattr(row, name)) not in (None, 0):
            value = more
            about.append(name)
        if value is not None:
            values[name] = value
    yes, no = _seen(entry)
    open_ = ~(yes | no) & mask  # of capabilities every match may speak
    added = {"capabilities": (row.capabilities or 0) & open_, "lacks": (row.lacks or 0) & open_}
    about += [name for name, some in added.items() if some]
    return Model(
        ref=ModelRef(account.id, row.id if row.id == entry.id else entry.id),  # one string for both
        use=entry.use or (row.use if "use" in carries else None) or by_name(entry.id) or Use.CHAT,
        capabilities=yes | added["capabilities"],
        lacks=no | added["lacks"],
        aliases=entry.aliases,
        size=entry.size,
        remote=entry.remote,
        about=tuple(about) if near else (),
        **values,
    )


def _seen(entry: Entry) -> tuple[int, int]:
    """What a provider says of abilities; that images go in is to say that it sees."""
    yes, no = entry.capabilities, entry.lacks
    if entry.inputs and not (yes | no) & Capability.VISION:
        yes |= Capability.VISION if entry.inputs & Modality.IMAGE else 0
        no |= 0 if entry.inputs & Modality.IMAGE else Capability.VISION
    return int(yes), int(no)


def _of_row(account: Account, row: Fact) -> Model:
    return _of(account, Entry(row.id), row)


def _gone(row: Fact, day: str) -> bool:
    """Deprecated with a date that has passed; the bare fact of it does not withdraw a model."""
    return bool(row.deprecated) and str(row.deprecated) <= day


def _builtin(spec: str) -> tuple[str, ...]:
    from trayapp.providers.table import spec as row_of

    return row_of(spec).builtin


def _by_label(model: Model) -> tuple[str, str]:
    return model.label.casefold(), model.ref.model


def _midnight(day: str) -> float:
    from datetime import UTC, datetime

    return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() if day else 0.0
