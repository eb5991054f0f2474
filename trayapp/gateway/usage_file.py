"""The file of figures: a private SQLite database, a row a request, bounded, written and read by two programs at once.

It has SQLite's rollback journal and not its write-ahead log: homes lie on network disks where the log's shared
memory is forbidden, the log is a second file that would have to be put aside with the first, and whoever reads
never has to write. Readers hold their lock for one short question each, and the writer waits for them, so that a
command whose output nobody reads stops nothing.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from trayapp.core.errors import UserError
from trayapp.core.language import _
from trayapp.core.redaction import struck
from trayapp.gateway.usage import GROUPED_BY, Report, Request, Totals
from trayapp.system import files

VERSION = 1
"""Columns may be added under a higher number; they are written and read by their names."""
MOST = 500_000
"""Rows that are kept at most, some 70 MB; the oldest leave first."""
MOST_GROUPS = 200
"""Different providers, models or tools that are told apart in one report."""
PATIENCE = 2.0
"""Seconds that one program waits for the other."""
_PAGE = 2000
_LARGEST = 2**53
_COLUMNS = {
    "at": "REAL",
    "day": "TEXT",
    "tool": "TEXT",
    "provider": "TEXT",
    "model": "TEXT",
    "asked": "TEXT",
    "route": "TEXT",
    "streamed": "INTEGER",
    "input": "INTEGER",
    "output": "INTEGER",
    "cached": "INTEGER",
    "written": "INTEGER",
    "cost": "REAL",
    "first_byte": "REAL",
    "seconds": "REAL",
    "outcome": "TEXT",
}
COLUMNS = tuple(_COLUMNS)
"""What ``rows`` gives, in this order; ``day`` is the local one at the time of the request."""
_NAMES = ", ".join(COLUMNS)
_CREATE = f"""
    BEGIN;
    CREATE TABLE IF NOT EXISTS requests ({", ".join(f"{name} {type}" for name, type in _COLUMNS.items())});
    CREATE INDEX IF NOT EXISTS by_day ON requests (day);
    PRAGMA user_version = {VERSION};
    COMMIT;
"""
_TOGETHER = 50
"""Rows in one statement. The other threads run while SQLite does it: after every single row, the gateway's would be
stopped and woken thousands of times a second. All of them together have fewer than the 999 values of an old SQLite."""
_SUMS = (
    "count(*), total(outcome NOT IN ('ok', 'cancelled')), total(input), total(output), total(cached), total(cost),"
    " total(cost IS NULL AND outcome IN ('ok', 'cancelled', 'cut')), total(first_byte), count(first_byte)"
)
_GROUPS = {"provider": "provider", "model": "provider || '/' || model", "tool": "tool"}
_SPOILED = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT)
"""What SQLite says of a file that is none of its own, damaged, or has other columns. Full, closed or busy is not."""


class UsageFile:
    """Blocks: it is used in a thread of its own, or by a command. Every call opens the file and closes it."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self.path = path
        self._now = now

    # -- writing --------------------------------------------------------------------------------

    def write(self, requests: Sequence[Request], *, keep: int | None = None) -> str:
        """Add these; with ``keep`` also take out what is older than so many days, or too much.

        Gives a sentence where an unreadable file had to be set aside, else nothing. Raises UserError, in words,
        where nothing could be written.
        """
        try:
            try:
                self._write(requests, keep)
            except (sqlite3.DatabaseError, UnicodeDecodeError) as exc:
                if not _spoiled(exc) and not self._closed_to_writers(exc):
                    raise
                aside = self._set_aside()
                self._write(requests, keep)
                told = _("The figures of use could not be read, so they begin anew. The old file is kept as {path}.")
                return told.format(path=aside)
        except (sqlite3.Error, OSError, UnicodeDecodeError) as exc:
            told = _("The figures of use could not be written to {path}: {why}. Check space and permissions.")
            raise UserError(told.format(path=self.path, why=_why(exc))) from exc
        return ""

    def finish(self) -> None:
        """Undo the half of a change that a killed program left, and remove its journal. Raises UserError."""
        journal = self.path.with_name(f"{self.path.name}-journal")
        if not journal.exists():
            return
        try:
            if not self.path.exists() or not self.path.stat().st_size:
                journal.unlink()
                return
            with self._open() as db:
                (version,) = db.execute("PRAGMA user_version").fetchone()  # which undoes it
                db.execute(f"PRAGMA user_version = {int(version)}")  # a journal without a beginning goes with a change
        except (sqlite3.Error, OSError, UnicodeDecodeError) as exc:
            told = _("The figures of use in {path} could not be read: {why}.")
            raise UserError(told.format(path=self.path, why=_why(exc))) from exc

    def _write(self, requests: Sequence[Request], keep: int | None) -> None:
        self._make()
        with self._open() as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version == 0:
                db.executescript(_CREATE)
            with db:
                texts: dict[str, str] = {}  # not kept: what tools send may hold a key
                left = iter(requests)
                while rows := [_row(it, texts) for it in islice(left, _TOGETHER)]:
                    db.execute(_insert(len(rows)), [value for row in rows for value in row])
                if keep is not None:
                    db.execute("DELETE FROM requests WHERE day < ?", (self._first(keep),))
                    db.execute("DELETE FROM requests WHERE rowid <= (SELECT max(rowid) FROM requests) - ?", (MOST,))

    def _make(self) -> None:
        """The file is the user's alone before anything stands in it, and again where somebody opened it up."""
        files.make_private(self.path.parent)
        try:
            mode = self.path.stat().st_mode
        except FileNotFoundError:
            os.close(os.open(self.path, os.O_CREAT | os.O_WRONLY, 0o600))
            return
        if not stat.S_ISREG(mode):
            raise OSError(_("this is no file"))
        if mode & 0o077 and sys.platform != "win32":
            self.path.chmod(0o600)

    def _closed_to_writers(self, exc: sqlite3.Error | UnicodeDecodeError) -> bool:
        """Whether the file itself lets this SQLite only read it: https://sqlite.org/fileformat2.html, 1.3.4."""
        if getattr(exc, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_READONLY:
            return False
        with self.path.open("rb") as file:
            return file.read(19)[18:] not in (b"\1", b"\2")

    def _set_aside(self) -> Path:
        aside = files.set_aside(self.path)
        for ending in ("-journal", "-wal", "-shm"):  # else it would be applied to the new file
            self.path.with_name(self.path.name + ending).unlink(missing_ok=True)
        return aside

    # -- reading --------------------------------------------------------------------------------

    def today(self) -> Totals:
        """The sums of this day in this computer's time. Raises UserError."""
        day = self._day(0)
        with self._reading() as db:
            return _sums(db, "day", day, day).get(day) or Totals(day)

    def report(self, what: str, days: int) -> Report:
        """The sums of the last ``days`` days, today among them, by day and by ``what``. Raises UserError."""
        if what not in GROUPED_BY:
            raise ValueError(what)
        wanted = [self._day(back) for back in range(days - 1, -1, -1)]
        first, last = wanted[0], wanted[-1]
        with self._reading() as db:
            found = _sums(db, "day", first, last)
            groups = _sums(db, _GROUPS[what], first, last, limit=MOST_GROUPS)
            daily = _daily(db, _GROUPS[what], first, last, tuple(groups))
        return Report(what, tuple(found.get(day) or Totals(day) for day in wanted), tuple(groups.values()), daily)

    def rows(self, days: int) -> Iterator[tuple[Any, ...]]:
        """Every request of the last days as it stands in the file, in order, as ``COLUMNS``. Raises UserError."""
        after, full = 0, True
        while full:
            with self._reading() as db:
                query = (
                    f"SELECT rowid, {_NAMES} FROM requests WHERE rowid > ? AND day BETWEEN ? AND ?"  # noqa: S608
                    " ORDER BY rowid LIMIT ?"
                )
                page = db.execute(query, (after, self._first(days), self._day(0), _PAGE)).fetchall()
            for row in page:
                yield row[1:]
            full = len(page) == _PAGE
            after = page[-1][0] if page else after

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """The file as it is, or an empty one where there is none yet."""
        try:
            if not self.path.exists() or not self.path.stat().st_size:
                with contextlib.closing(sqlite3.connect(":memory:")) as db:
                    db.executescript(_CREATE)
                    yield db
                return
            with self._open() as db:
                db.execute("PRAGMA query_only = ON")
                yield db
        except (sqlite3.Error, OSError, UnicodeDecodeError) as exc:
            told = _("The figures of use in {path} could not be read: {why}.")
            raise UserError(told.format(path=self.path, why=_why(exc))) from exc

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        # For reading too: after a crash somebody has to undo the half of a change, and it may be the reader. Never
        # made here, so that it is private. A file that may not be written is opened for reading.
        db = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=rw", uri=True, timeout=PATIENCE)
        db.text_factory = _legible
        try:
            db.execute("PRAGMA synchronous = NORMAL")
            yield db
        finally:
            db.close()

    def _day(self, back: int) -> str:
        """A day in this computer's time, counted in days: some have 23 hours, and some 25."""
        return (date.fromtimestamp(self._now()) - timedelta(days=back)).isoformat()

    def _first(self, days: int) -> str:
        return self._day(max(1, days) - 1)


def _sums(db: sqlite3.Connection, name: str, first: str, last: str, *, limit: int = -1) -> dict[str, Totals]:
    query = (
        f"SELECT {name} AS name, {_SUMS} FROM requests WHERE day BETWEEN ? AND ?"  # noqa: S608
        " GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT ?"
    )
    return {it.name: it for it in map(_totals, db.execute(query, (first, last, limit)))}


def _daily(
    db: sqlite3.Connection, name: str, first: str, last: str, wanted: tuple[str, ...]
) -> dict[str, dict[str, Totals]]:
    query = (
        f"SELECT {name}, day, {_SUMS} FROM requests WHERE day BETWEEN ? AND ?"  # noqa: S608
        f" AND {name} IN ({', '.join('?' * len(wanted))}) GROUP BY 1, 2"
    )
    found: dict[str, dict[str, Totals]] = {it: {} for it in wanted}
    for group, *rest in db.execute(query, (first, last, *wanted)):
        found[str(group)][str(rest[0])] = _totals(rest)
    return found


def _totals(row: Iterable[Any]) -> Totals:
    name, requests, failed, input, output, cached, cost, unpriced, waited, began = row
    failed, input, output, cached, unpriced = (int(_finite(it)) for it in (failed, input, output, cached, unpriced))
    cost, waited = _finite(cost), _finite(waited)
    return Totals(str(name), requests, failed, input, output, cached, cost, unpriced, waited, began)


def _finite(number: float | None) -> float:
    """A sum, where a damaged row may stand for anything."""
    return max(-_LARGEST, min(number or 0.0, _LARGEST))


def _legible(text: bytes) -> str:
    """Bytes that a disk has spoiled are shown as such, and hide no others."""
    return text.decode("utf-8", "replace")


def _insert(rows: int) -> str:
    """The statement for so many rows."""
    one = f"({', '.join('?' * len(COLUMNS))})"
    return f"INSERT INTO requests ({_NAMES}) VALUES {', '.join([one] * rows)}"  # noqa: S608


def _row(it: Request, texts: dict[str, str]) -> tuple[object, ...]:
    """``texts`` remembers what those of other rows became: most rows say the same."""

    def text(raw: str, most: int = 80) -> str:
        found = texts.get(raw)
        if found is None:
            found = texts[raw] = _text(raw)
        return found[:most]

    return (
        it.at,
        date.fromtimestamp(it.at).isoformat(),
        text(it.tool),
        text(it.provider),
        text(it.model, 200),
        text(it.asked),
        text(it.route, 40),
        int(it.streamed),
        _count(it.input),
        _count(it.output),
        _count(it.cached),
        _count(it.written),
        it.cost,
        it.first_byte,
        it.seconds,
        text(it.outcome, 40),
    )


def _text(text: str) -> str:
    """What tools send may hold a key, or letters that no encoding takes."""
    return struck(text[:1000])[:200].encode("utf-8", "replace").decode()


def _count(number: int | None) -> int | None:
    return None if number is None else min(max(0, number), _LARGEST)


def _spoiled(exc: sqlite3.Error | UnicodeDecodeError) -> bool:
    if isinstance(exc, UnicodeDecodeError):  # what SQLite complains of quotes the damaged file
        return True
    return getattr(exc, "sqlite_errorcode", 0) & 0xFF in _SPOILED


def _why(exc: sqlite3.Error | OSError | UnicodeDecodeError) -> str:
    """In one line: SQLite quotes what stands in a damaged file."""
    told = exc.strerror or str(exc) if isinstance(exc, OSError) else str(exc)
    return "".join(it if it.isprintable() else "�" for it in told[:200]).rstrip(".")
