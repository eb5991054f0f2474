"""Asks LM Studio's command line tool when each loaded model was last used: its HTTP routes do not tell."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from trayapp.system import command, files

PATIENCE = 5.0
"""Seconds."""
_LONGEST = 4096
"""Bytes of the name of a folder."""


class Use(msgspec.Struct, frozen=True):
    """What the tool says of one loaded model."""

    used: float | None = None
    """Seconds since the epoch; None: not since it was loaded."""
    ttl: float | None = None
    """Seconds that it stays after each use; None: for ever."""
    busy: bool | None = None
    remote: bool = False
    """On another computer, by way of LM Link."""


async def in_memory() -> Mapping[str, Use] | None:
    """The loaded models by identifier; None where the tool is missing or does not answer in time.

    Only to be asked while LM Studio answers: the tool starts a server that is not running.
    """
    import asyncio

    return await asyncio.to_thread(ask)


def ask(found: Path | None = None, *, seconds: float = PATIENCE) -> Mapping[str, Use] | None:
    """As ``in_memory``, waiting. ``found``: the tool, where it is known."""
    tool = found or find()
    data = command.output([str(tool), "ps", "--json"], seconds=seconds) if tool else None
    return None if data is None else parsed(data)


def find(env: Mapping[str, str] | None = None, home: Path | None = None) -> Path | None:
    """The tool in LM Studio's own folder, else on the PATH, where other programs have that name too."""
    import shutil

    name = "lms.exe" if sys.platform == "win32" else "lms"
    home = home or Path.home()
    for folder in (_moved(home), home / ".lmstudio", home / ".cache" / "lm-studio"):
        if folder and os.access(folder / "bin" / name, os.X_OK):
            return folder / "bin" / name
    other = shutil.which(name, path=(os.environ if env is None else env).get("PATH", ""))
    return Path(other) if other else None


def parsed(data: bytes) -> Mapping[str, Use] | None:
    """The output of ``lms ps --json``; None for anything else. What comes before the list is passed over."""
    try:
        rows = msgspec.json.decode(data[max(0, data.find(b"[")) :])
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    if not isinstance(rows, list):
        return None
    return {
        row["identifier"]: Use(
            used=_seconds(row.get("lastUsedTime")),
            ttl=_seconds(row.get("ttlMs")),
            busy=_busy(row.get("status"), row.get("queued")),
            remote=bool(row.get("deviceIdentifier")),
        )
        for row in rows
        if isinstance(row, dict) and isinstance(row.get("identifier"), str)
    }


def _moved(home: Path) -> Path | None:
    """Where the user moved LM Studio's folder to; a file in the home names it."""
    try:
        text = files.read_bytes(home / ".lmstudio-home-pointer", _LONGEST).decode().strip()
    except (OSError, ValueError):
        return None
    return Path(text) if text and "\0" not in text else None


def _seconds(milliseconds: Any) -> float | None:
    number = isinstance(milliseconds, (int, float)) and not isinstance(milliseconds, bool)
    return milliseconds / 1000 if number and 0 < milliseconds < 1e15 else None


def _busy(status: Any, queued: Any) -> bool | None:
    if isinstance(queued, (int, float)) and queued > 0:
        return True
    return status.strip().casefold() != "idle" if isinstance(status, str) and status.strip() else None
