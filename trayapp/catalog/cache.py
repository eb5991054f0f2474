"""Listings on disk, one file per account: versioned, private, written whole or not at all, checked when read.

Imported at every start, by the command line too: so it imports next to nothing.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from trayapp.core.accounts import Account
from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.language import _
from trayapp.core.listings import Listing, Source
from trayapp.core.models import Model, Price
from trayapp.system import files

VERSION = 2
ROWS = 20_000
"""Models kept of one account; the largest list known today has some 700."""
FILE_BYTES = 64 * 2**20
"""A larger file is not ours, and one that would be larger is not written."""
STRANGERS = 50
"""Files kept of accounts that are no longer set up, the last used first; they may come back."""
STRANGER_BYTES = 64 * 2**20

_VERSION = re.compile(rb'\{"version":(\d{1,6})[,}]')
_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|\Z)")  # by Windows, with any ending


class _Document(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file. ``version`` comes first, so that a look at the beginning tells it."""

    version: int
    listing: Listing
    mark: str = ""
    doubtful: bool = False


class _Head(msgspec.Struct, frozen=True):
    version: int = 1


class _NewerError(Exception):
    """Written by a later version of the program."""


_decode = msgspec.json.Decoder(_Document).decode


def _with_account(raw: dict[str, Any]) -> dict[str, Any]:
    """Version 1 had models without their account: they belong to the file's own (S2-53 to S2-55)."""
    listing = {name: value for name, value in raw.items() if name not in ("version", "mark")}
    provider = listing["provider"]
    listing["models"] = [
        {"ref": [provider, row["id"]], **{name: value for name, value in row.items() if name != "id"}}
        for row in listing.get("models", ())
    ]
    return {"version": 2, "listing": listing}


MIGRATIONS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _with_account}
"""From the version that is the key to the next; tests hold a stored example of each."""


def mark(account: Account) -> str:
    """Changes when the account comes to mean another server: its old file is then somebody else's list."""
    import zlib

    values = "\n".join(f"{name}={value}" for name, value in sorted(account.values.items()))
    return format(zlib.crc32(f"{account.spec}\n{account.base_url.rstrip('/')}\n{values}".encode()), "08x")


def file_name(provider: str) -> str:
    """A name that is safe on every file system, whatever the id: no two ids share one, case aside."""
    if _PLAIN.match(provider) and not provider.endswith(".") and not _RESERVED.match(provider):
        return f"{provider}.json"
    import hashlib

    # no plain id begins with an underscore
    return f"_{hashlib.sha256(provider.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}.json"


class Shelf:
    """The folder of listings. Two processes may use it at once: files are replaced as a whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sizes: dict[str, int] = {}
        """Bytes of each account's file, as last read or written."""
        self.doubtful: frozenset[str] = frozenset()
        """Accounts whose key changed since their list was written: to be asked whatever its age."""

    def load_all(
        self, ids: Iterable[str], marks: Mapping[str, str] | None = None
    ) -> tuple[dict[str, Listing], tuple[str, ...]]:
        """The listings of these accounts, as cached ones, and a sentence for each file with a trouble.

        ``marks``: a file written for another mark is left out; the next list replaces it. Never raises.
        """
        found: dict[str, Listing] = {}
        notices: list[str] = []
        doubtful: set[str] = set()
        shared: dict[Any, Any] = {}
        for provider in ids:
            try:
                document = self._read(provider)
            except FileNotFoundError:
                continue
            except _NewerError:
                notices.append(
                    _("The model list of “{id}” was written by a newer version; it is left as it is.").format(
                        id=provider
                    )
                )
                continue
            except OSError as exc:
                if exc.errno == errno.EFBIG:
                    notices.append(self._set_aside(provider))
                    continue
                why = exc.strerror or type(exc).__name__
                notices.append(_("The model list of “{id}” could not be read: {why}.").format(id=provider, why=why))
                continue
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                notices.append(self._set_aside(provider))
                continue
            if marks and document.mark and document.mark != marks.get(provider, document.mark):
                continue
            if document.doubtful:
                doubtful.add(provider)
            found[provider] = _tidy(document.listing, shared)
        self.doubtful = frozenset(doubtful)
        return found, tuple(notices)

    def put(self, listing: Listing, mark: str = "", *, doubtful: bool = False) -> int:
        """Write one list; gives the bytes of its file. Blocks until the disk has it.

        ``doubtful``: the account's key changed since, so the list is to be asked for again whatever its age.

        Raises OSError, and ProviderError(DISK) in words where a newer version's file stands in the
        way or the list is too large to be read back.
        """
        provider = listing.provider
        stored = msgspec.structs.replace(listing, source=Source.API, failure=None, models=listing.models[:ROWS])
        data = msgspec.json.encode(_Document(VERSION, stored, mark, doubtful))
        if len(data) > FILE_BYTES:
            raise ProviderError(Failure(Kind.DISK, provider, _("The list is too large to be kept.")))
        path = self._path(provider)
        if self._standing_version(path) > VERSION:
            raise ProviderError(
                Failure(Kind.DISK, provider, _("A newer version wrote this list; it is left as it is."))
            )
        files.write_private(path, data)
        self.sizes[provider] = len(data)
        return len(data)

    def remove(self, provider: str) -> bool:
        """Delete an account's file; False when there was none. Raises OSError."""
        self.sizes.pop(provider, None)
        try:
            self._path(provider).unlink()
        except FileNotFoundError:
            return False
        return True

    def clean(self, ids: Iterable[str]) -> int:
        """Drop what is superseded: half-written files left by a crash, and the oldest lists of accounts
        that are not among ``ids`` beyond a bound. Gives how many files went. Never raises.
        """
        keep = {file_name(provider) for provider in ids}
        strangers: list[tuple[float, int, str]] = []
        try:
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    if entry.name.endswith(".json") and entry.name not in keep and entry.is_file(follow_symlinks=False):
                        stat = entry.stat(follow_symlinks=False)
                        strangers.append((stat.st_mtime, stat.st_size, entry.path))
        except OSError:
            return 0
        gone = size = 0
        for number, (_when, bytes_, path) in enumerate(sorted(strangers, reverse=True)):
            size += bytes_
            if number >= STRANGERS or size > STRANGER_BYTES:
                try:
                    Path(path).unlink()
                    gone += 1
                except OSError:
                    continue
        return gone

    def _path(self, provider: str) -> Path:
        return self.folder / file_name(provider)

    def _read(self, provider: str) -> _Document:
        """Raises OSError, _NewerError, or one of several errors for what is no list of this account."""
        data = files.read_bytes(self._path(provider), FILE_BYTES)
        version = _version(data)
        if version > VERSION:
            raise _NewerError(provider)
        if version == VERSION:
            document = _decode(data)
        else:
            raw: dict[str, Any] = msgspec.json.decode(data, type=dict[str, Any])
            for step in range(max(version, 1), VERSION):
                raw = MIGRATIONS[step](raw)
            document = msgspec.convert(raw, _Document)
        listing = document.listing
        if listing.provider != provider or any(model.ref.provider != provider for model in listing.models):
            raise ValueError(listing.provider)
        self.sizes[provider] = len(data)
        return document

    @staticmethod
    def _standing_version(path: Path) -> int:
        """The version of the file that stands there; zero for none, or for one that is not ours."""
        try:
            begin = files.read_start(path, 32)
            return _version(begin if _VERSION.match(begin) else files.read_bytes(path, FILE_BYTES))
        except (OSError, ValueError, RecursionError):
            return 0

    def _set_aside(self, provider: str) -> str:
        try:
            where = files.set_aside(self._path(provider))
        except OSError:
            return _("The model list of “{id}” is damaged and could not be set aside.").format(id=provider)
        return _("The model list of “{id}” was damaged. It is kept as {name}; a new one will be fetched.").format(
            id=provider, name=where.name
        )


def _version(data: bytes) -> int:
    """Raises ValueError or RecursionError for what is no JSON object."""
    match = _VERSION.match(data)
    return int(match[1]) if match else msgspec.json.decode(data, type=_Head).version


def _tidy(listing: Listing, shared: dict[Any, Any]) -> Listing:
    """The listing as a cached one, within bounds, with text and prices that repeat held once."""
    set_field: Callable[[Model, str, Any], None] = msgspec.structs.force_setattr
    set_ref: Callable[[Any, str, Any], None] = msgspec.structs.force_setattr
    provider, models = listing.provider, listing.models[:ROWS]
    share = shared.setdefault
    for model in models:
        # fresh from the decoder and not seen by anybody yet: 5,000 models take half the memory
        set_ref(model.ref, "provider", provider)
        if model.released is not None:
            set_field(model, "released", share(model.released, model.released))
        if model.about:
            set_field(model, "about", share(model.about, model.about))
        price: Price | None = model.price
        if price is not None:
            set_field(model, "price", share(price, price))
    return msgspec.structs.replace(
        listing,
        models=models,
        source=Source.CACHE,
        failure=None,
        dropped=listing.dropped + len(listing.models) - len(models),
    )
