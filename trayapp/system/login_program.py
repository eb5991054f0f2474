"""Which program an entry for start at login has to name, and whether what an entry names has moved here."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

_NAME = "trayapp.exe" if os.name == "nt" else "trayapp"
_MARK = b"trayapp.__main__"
"""In the script that pip, pipx and uv make of the entry point."""
_VERSION = re.compile(r"\d+(?:\.\d+)+")


def script(executable: str = sys.executable, folders: Iterable[Path] | None = None, *, name: str = _NAME) -> str:
    """The installed script that runs in this Python; empty where there is none. It goes when the program is removed.

    ``executable``: of this Python; ``folders``: where installers put scripts, besides the one that it is in.
    """
    beside = Path(executable).parent
    for folder in (beside, *(_folders() if folders is None else folders)):
        if _runs_in(folder / name, executable, beside=folder == beside):
            return str(folder / name)
    return ""


def moved(named: Sequence[str], now: Sequence[str], executable: str = sys.executable) -> bool:
    """Whether the command ``named`` in an entry is no longer to be started, and ``now`` took its place.

    That is so where a file of it is gone, where it is the same but for an older version in its path, and where it
    names the Python of a program that has a script by now. Another copy that is still there is its user's business.
    """
    if any(Path(word).is_absolute() and not Path(word).exists() for word in named):
        return True
    if list(named[1:]) == ["-m", "trayapp"]:
        return Path(named[0]).parent in (Path(now[0]).parent, Path(executable).parent)
    return _without_versions(named) == _without_versions(now) and _versions(named) < _versions(now)


def _folders() -> Iterable[Path]:
    import sysconfig

    yield Path(sysconfig.get_path("scripts"))
    yield Path(sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user")))


def _runs_in(path: Path, executable: str, *, beside: bool) -> bool:
    """Another Python may have put its own script into the folder that all of one user share."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError:
        return False
    if path.suffix == ".exe":  # of Windows, with the script packed into its end
        return True
    if not head.startswith(b"#!") or _MARK not in head:
        return False
    return beside or Path(os.fsdecode(head[2:].split(b"\n", 1)[0].strip())).resolve() == Path(executable).resolve()


def _without_versions(words: Sequence[str]) -> list[str]:
    return [_VERSION.sub("", word) for word in words]


def _versions(words: Sequence[str]) -> list[list[int]]:
    return [[int(part) for part in found.split(".")] for word in words for found in _VERSION.findall(word)]
