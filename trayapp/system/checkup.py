"""Looks over the program's files: what cannot be written, what others here could read, what was set aside."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from trayapp.system.paths import Paths

UNWRITABLE = "unwritable"
"""We cannot write there."""
OPEN = "open"
"""Others on this computer can write it."""
READABLE = "readable"
"""Others on this computer can read it."""
MOST = 20
"""Files of one kind that are named one by one."""


class Place(Struct, frozen=True):
    """One folder or file with a trouble."""

    path: str
    trouble: str


class Places(Struct, frozen=True):
    """How the program's files are."""

    troubled: tuple[Place, ...] = ()
    aside: tuple[str, ...] = ()
    """Files that could not be used once and were kept under another name."""
    free: int | None = None
    """Bytes left where lists are kept; None where the system does not say."""


def look_over(paths: Paths) -> Places:
    """What is the matter with the folders and files. Blocks briefly; changes nothing and never raises."""
    troubled = [Place(str(it), UNWRITABLE) for it in _folders(paths) if not _writable(it)]
    exposed = [Place(str(it), trouble) for it in _private(paths) if (trouble := _exposed(it))]
    aside = sorted(str(it) for folder in (paths.config, paths.data, paths.listings) for it in _set_aside(folder))
    return Places((*troubled, *exposed[:MOST]), tuple(aside[:MOST]), _free(paths.cache))


async def listening(host: str, port: int, *, limit: float = 1.0) -> bool:
    """Whether somebody takes connections there. Nothing is sent."""
    import asyncio

    try:
        async with asyncio.timeout(limit):
            _reader, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def _folders(paths: Paths) -> tuple[Path, ...]:
    return tuple(dict.fromkeys((paths.config, paths.data, paths.cache, paths.listings, paths.logs, paths.runtime)))


def _private(paths: Paths) -> Iterator[Path]:
    """What is written for the user alone: files, and the folder of the socket."""
    yield from (paths.settings_file, paths.state_file, paths.log_file, paths.runtime)
    yield from sorted(_matching(paths.data, "catalog-*.json"))
    yield from sorted(_matching(paths.listings, "*.json"))


def _set_aside(folder: Path) -> Iterable[Path]:
    return _matching(folder, "*.bad-*")


def _matching(folder: Path, pattern: str) -> list[Path]:
    try:
        return list(folder.glob(pattern))
    except OSError:
        return []


def _writable(folder: Path) -> bool:
    """Whether files can be made there; of a folder that is not there yet, whether it can be made."""
    nearest = _nearest(folder)
    try:
        return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
    except OSError:
        return False


def _nearest(folder: Path) -> Path:
    while not os.path.lexists(folder) and folder.parent != folder:
        folder = folder.parent
    return folder


def _exposed(path: Path) -> str:
    """``open``, ``readable`` or nothing. What lies in a folder that is closed to others is closed as well."""
    if os.name != "posix":
        return ""
    try:
        mode = path.stat().st_mode
        if not mode & (stat.S_IRWXG | stat.S_IRWXO) or any(_closed(it) for it in path.resolve().parents):
            return ""
    except OSError:
        return ""
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        return OPEN
    return READABLE if mode & (stat.S_IRGRP | stat.S_IROTH) else ""


def _closed(folder: Path) -> bool:
    return not folder.stat().st_mode & (stat.S_IXGRP | stat.S_IXOTH)


def _free(folder: Path) -> int | None:
    import shutil

    try:
        return shutil.disk_usage(_nearest(folder)).free
    except OSError:
        return None
