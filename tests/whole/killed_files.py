"""Reads what a killed program left, more strictly than the program does: every byte has to be in order."""

from __future__ import annotations

import re
import sqlite3
import stat
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from trayapp.catalog.cache import Shelf
from trayapp.core import schema
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.system.paths import Paths

TEMPORARY = re.compile(r".*\.(tmp|part)\Z|.*-(journal|wal|shm)\Z")
"""What may lie there after a kill, and no longer than until the next start."""


class Found(msgspec.Struct, frozen=True):
    """The two files that matter most, wholly understood."""

    settings: Settings
    state: State


def found(paths: Paths) -> Found:
    """Fails where a part of them could not be used."""
    settings, wrong = schema.read_settings(tomllib.loads(paths.settings_file.read_text(encoding="utf-8")))
    state, more = schema.read_state(msgspec.json.decode(paths.state_file.read_bytes()))
    assert (wrong, more) == ((), ())
    return Found(settings, state)


def files_below(home: Path) -> Iterator[Path]:
    """Everything but folders: sockets, links and what else there may be."""
    return (path for path in sorted(home.rglob("*")) if not path.is_dir())


def check_whole(paths: Paths, home: Path, *accounts: str) -> int:
    """Nothing was set aside, nothing is torn, everything is private; gives how many temporary files there are."""
    every = list(files_below(home))
    assert [it for it in every if ".bad-" in it.name] == []
    lists, notices = Shelf(paths.listings).load_all(accounts)
    assert notices == ()
    assert {len(it.models) for it in lists.values()} <= LENGTHS
    check_private(home)
    return sum(1 for it in every if TEMPORARY.match(it.name))


LENGTHS = frozenset({3, 40, 700})
"""Models that the lists of the fake provider have, in turn."""


def check_private(home: Path) -> None:
    """Every folder 0700, everything in it 0600; links lead where they lead."""
    for path in (home, *home.rglob("*")):
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode):
            assert stat.S_IMODE(mode) == (0o700 if stat.S_ISDIR(mode) else 0o600), f"{path}: {stat.filemode(mode)}"


def requests_kept(path: Path) -> int:
    """Rows in the file of figures. Fails where SQLite finds anything wrong with it."""
    if not path.exists() or not path.stat().st_size:
        return 0
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (rows,) = db.execute("SELECT count(*) FROM requests").fetchone()
    return int(rows)
