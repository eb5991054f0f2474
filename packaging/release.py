"""What all artefacts share: version, date, folders, notes, and archives that come out the same every time."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from trayapp.core.version import VERSION  # noqa: E402

__all__ = ["BUILD", "DIST", "NAME", "ROOT", "VERSION"]

NAME = "trayapp"
BUILD, DIST = ROOT / "build", ROOT / "dist"
"""What may be thrown away, and what is given to people."""
_SECTION = re.compile(r"^## \[(?P<version>[^\]]+)\](?: - (?P<date>[0-9-]+))?$", re.MULTILINE)


def epoch() -> int:
    """The date that goes into all artefacts: SOURCE_DATE_EPOCH, else that of the last commit, else of the release.

    Seconds since 1970: https://reproducible-builds.org/specs/source-date-epoch/
    """
    if "SOURCE_DATE_EPOCH" in os.environ:
        return int(os.environ["SOURCE_DATE_EPOCH"])
    try:
        told = subprocess.run(
            ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"], capture_output=True, text=True, check=True
        )
        return int(told.stdout)
    except (OSError, ValueError, subprocess.CalledProcessError):
        from datetime import UTC, datetime

        return int(datetime.fromisoformat(dates()[0][1]).replace(tzinfo=UTC).timestamp())


def notes(version: str) -> str:
    """What the changelog says of a version, or of what is not released yet. Raises LookupError in words."""
    text = _changelog()
    found = list(_SECTION.finditer(text))
    for this, after in zip(found, [*found[1:], None], strict=True):
        if this["version"] == version:
            return text[this.end() : after.start() if after else len(text)].strip() + "\n"
    raise LookupError(f"CHANGELOG.md has no section “[{version}]”.")


def points(version: str) -> list[str]:
    """What the changelog says of a version, a sentence or two each, without headings."""
    body = re.sub(r"^#.*$", "", notes(version), flags=re.MULTILINE)
    return [" ".join(it.split()) for it in re.split(r"^- ", body, flags=re.MULTILINE) if it.strip()]


def dates() -> list[tuple[str, str]]:
    """Every version of the changelog and its date as YYYY-MM-DD, the newest first."""
    return [(found["version"], found["date"]) for found in _SECTION.finditer(_changelog()) if found["date"]]


def _changelog() -> str:
    return (ROOT / "CHANGELOG.md").read_text("utf-8")


def settle(folder: Path) -> None:
    """One date and plain rights for everything in there: who builds it, and when, must not show."""
    when = epoch()
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        os.utime(path, (when, when), follow_symlinks=False)


def archive(folder: Path, target: Path) -> Path:
    """``folder`` as a .tar.gz whose bytes depend on its content alone."""
    settle(folder)

    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mtime = epoch()
        return entry

    target.parent.mkdir(exist_ok=True)
    with (
        target.open("wb") as file,
        gzip.GzipFile("", "wb", 9, file, mtime=epoch()) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        tar.add(folder, arcname=folder.name, recursive=False, filter=plain)
        for path in sorted(folder.rglob("*")):
            tar.add(path, arcname=f"{folder.name}/{path.relative_to(folder)}", recursive=False, filter=plain)
    return target
