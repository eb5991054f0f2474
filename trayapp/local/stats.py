"""Measures loads, hits and misses of local models: kept across restarts, bounded, shown in place of generic figures.

A hit is a request that found its model loaded, a miss one that had to wait for it. Of programs that talk to the server
directly only what two looks differ by is seen: several requests between them count once, so their hits and misses are
lower bounds.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from trayapp.core.clock import Clock
from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.language import _
from trayapp.system import files

VERSION = 1
MODELS = 500
"""Models that are remembered, those used last."""
LAST = 9
"""Loads of each sort and model whose times are kept for a median."""
EVERY = 60.0
"""Seconds between two writes, at least."""
_FILE_BYTES = 8 << 20


class _Times(msgspec.Struct, omit_defaults=True):
    """Loads of one sort, in seconds."""

    count: int = 0
    total: float = 0.0
    last: list[float] = []

    def add(self, seconds: float) -> None:
        self.count += 1
        self.total += seconds
        self.last = [*self.last, round(seconds, 3)][-LAST:]


class _Record(msgspec.Struct, omit_defaults=True):
    """One model."""

    name: str = ""
    used: float = 0.0
    """Seconds since the epoch."""
    swaps: int = 0
    cold: _Times = msgspec.field(default_factory=_Times)
    cached: _Times = msgspec.field(default_factory=_Times)
    unknown: _Times = msgspec.field(default_factory=_Times)
    """Loads of which nobody can say where the file was read from."""
    hits: int = 0
    misses: int = 0
    hidden: bool = False

    @property
    def sorts(self) -> tuple[_Times, _Times, _Times]:
        return self.cold, self.cached, self.unknown


class _Totals(msgspec.Struct, omit_defaults=True):
    """Of all models, those forgotten since among them."""

    swaps: int = 0
    hits: int = 0
    misses: int = 0
    timed: int = 0
    seconds: float = 0.0


class _Document(msgspec.Struct, omit_defaults=True):
    version: int
    totals: _Totals = msgspec.field(default_factory=_Totals)
    models: dict[str, _Record] = {}


class _Head(msgspec.Struct):
    version: int = 0


class Usual(msgspec.Struct, frozen=True):
    """Seconds that a load takes here, whichever the model: medians; None: not measured yet."""

    cold: float | None = None
    """Read from the disk."""
    cached: float | None = None
    """Read from the system's file cache."""
    any: float | None = None


class Measurements:
    """What was measured so far. ``notices``: a sentence where the file could not be used."""

    def __init__(self, path: Path, *, clock: Clock) -> None:
        self.notices: tuple[str, ...] = ()
        self._path, self._clock = path, clock
        self._closed = False
        """The file is a newer version's, or cannot be read: it is left alone."""
        self._held = self._read()
        self._changed = False
        self._written = clock.monotonic()
        self._writing = threading.Lock()

    # -- recording ------------------------------------------------------------------------------

    def loaded(self, key: str, name: str, seconds: float | None = None, cached: bool | None = None) -> None:
        """The model came into memory. ``seconds``: how long that took, where it was seen; ``cached``: whether its file
        was in the file cache before, where that is known."""
        record, totals = self._record(key), self._held.totals
        record.name = name
        record.swaps += 1
        totals.swaps += 1
        if seconds is None or not 0 <= seconds < float("inf"):
            return
        totals.timed += 1
        totals.seconds += seconds
        {True: record.cached, False: record.cold, None: record.unknown}[cached].add(seconds)

    def hit(self, key: str) -> None:
        """A request found it loaded."""
        self._record(key).hits += 1
        self._held.totals.hits += 1

    def miss(self, key: str) -> None:
        """A request had to wait for it."""
        self._record(key).misses += 1
        self._held.totals.misses += 1

    def hide(self, key: str) -> None:
        """A lease had it loaded anew: it has options that nobody can see, and is never to be given one again."""
        self._record(key).hidden = True

    # -- asking ---------------------------------------------------------------------------------

    def hidden(self, key: str) -> bool:
        record = self._held.models.get(key)
        return record is not None and record.hidden

    def usual(self, key: str) -> float | None:
        """Seconds that its loads took, their median; None while none was timed."""
        record = self._held.models.get(key)
        return _median(it for times in record.sorts for it in times.last) if record else None

    def usual_all(self) -> Usual:
        """The same for all models together, by where their files were read from."""
        records = self._held.models.values()
        return Usual(
            cold=_median(it for record in records for it in record.cold.last),
            cached=_median(it for record in records for it in record.cached.last),
            any=_median(it for record in records for times in record.sorts for it in times.last),
        )

    def summary(self, strategy: str | None, loaded: Iterable[str]) -> dict[str, Any]:
        """Requirement S3-39's fields under its names, and more. ``strategy`` is None while nothing is managed.

        The hit rate is 0 to 1; it and the times, whole milliseconds, are None while nothing is known.
        """
        totals = self._held.totals
        asked = totals.hits + totals.misses
        shown = sorted(self._held.models.values(), key=lambda it: (-it.swaps, it.name))
        return {
            "cache_strategy": strategy,
            "loaded_models": list(loaded),
            "cache_hit_rate": round(totals.hits / asked, 4) if asked else None,
            "avg_swap_time_ms": _average(totals.timed, totals.seconds),
            "swaps": totals.swaps,
            "hits": totals.hits,
            "misses": totals.misses,
            "models": [_row(it) for it in shown if it.swaps or it.hits or it.misses],
        }

    # -- keeping --------------------------------------------------------------------------------

    async def keep(self) -> None:
        """Write what changed, at most once a minute. Raises ProviderError(DISK) in words."""
        if self._changed and self._clock.monotonic() - self._written >= EVERY:
            import asyncio

            await asyncio.to_thread(self.save)

    def save(self) -> None:
        """Write what changed. Blocks until the disk has it. Raises ProviderError(DISK) in words."""
        with self._writing:
            if not self._changed or self._closed:
                return
            self._changed, self._written = False, self._clock.monotonic()
            data = msgspec.json.encode(self._held)
            try:
                files.write_private(self._path, data)
            except OSError as exc:
                self._changed = True
                detail = _("“{file}” could not be written: {why}.").format(file=self._path, why=_reason(exc))
                raise ProviderError(Failure(Kind.DISK, detail=detail)) from exc

    def _record(self, key: str) -> _Record:
        """The model's record, made where there is none; the one used longest ago makes room."""
        models = self._held.models
        if key not in models:
            if len(models) >= MODELS:
                del models[min(models, key=lambda it: models[it].used)]
            models[key] = _Record(name=key)
        self._changed = True
        models[key].used = self._clock.now()
        return models[key]

    def _read(self) -> _Document:
        """What is in the file; nothing where it is missing or of no use, which ``notices`` then says."""
        try:
            data = files.read_bytes(self._path, _FILE_BYTES)
            if msgspec.json.decode(data, type=_Head).version > VERSION:
                return self._left(_("it was written by a newer version of trayapp"))
            return _sound(msgspec.json.decode(data, type=_Document))
        except FileNotFoundError:
            pass
        except OSError as exc:
            if exc.errno not in (errno.EISDIR, errno.EINVAL, errno.EFBIG):
                return self._left(_reason(exc))
            self._set_aside()
        except (ValueError, RecursionError):
            self._set_aside()
        return _Document(VERSION)

    def _left(self, why: str) -> _Document:
        self._closed = True
        self.notices = (
            _("“{file}” is left as it is: {why}. What is measured now is not kept.").format(file=self._path, why=why),
        )
        return _Document(VERSION)

    def _set_aside(self) -> None:
        try:
            aside = files.set_aside(self._path).name
        except OSError as exc:
            self._left(_reason(exc))
            return
        told = _("“{file}” was damaged and was set aside as “{aside}”; measuring begins anew.")
        self.notices = (told.format(file=self._path.name, aside=aside),)


def _sound(held: _Document) -> _Document:
    """Within bounds, whoever wrote it."""
    newest = sorted(held.models.items(), key=lambda it: it[1].used)[-MODELS:]
    for _key, record in newest:
        for times in record.sorts:
            times.last = times.last[-LAST:]
    return _Document(VERSION, held.totals, dict(newest))


def _row(record: _Record) -> dict[str, Any]:
    timed, total = sum(it.count for it in record.sorts), sum(it.total for it in record.sorts)
    return {
        "name": record.name,
        "swaps": record.swaps,
        "avg_load_ms": _average(timed, total),
        "cold_ms": _average(record.cold.count, record.cold.total),
        "cached_ms": _average(record.cached.count, record.cached.total),
        "hits": record.hits,
        "misses": record.misses,
    }


def _average(count: int, seconds: float) -> int | None:
    return round(seconds / count * 1000) if count else None


def _median(seconds: Iterable[float]) -> float | None:
    found = sorted(seconds)
    middle = len(found) // 2
    return (found[middle] + found[~middle]) / 2 if found else None


def _reason(exc: OSError) -> str:
    return exc.strerror or type(exc).__name__
