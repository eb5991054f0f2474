"""What a desktop looks for below a prefix such as /usr: entry, icons, description, manual page, completions."""

from __future__ import annotations

import gzip
import os
import re
from html import escape
from pathlib import Path

import release
from release import ROOT

RESOURCES = ROOT / "resources"
ICON_SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
PLACES = {
    "desktop/trayapp.desktop": "share/applications/trayapp.desktop",
    "desktop/trayapp.metainfo.xml": "share/metainfo/trayapp.metainfo.xml",
    "man/trayapp.1": "share/man/man1/trayapp.1",
    "completions/trayapp.bash": "share/bash-completion/completions/trayapp",
    "completions/_trayapp": "share/zsh/site-functions/_trayapp",
    "completions/trayapp.fish": "share/fish/vendor_completions.d/trayapp.fish",
    "trayapp.svg": "share/icons/hicolor/scalable/apps/trayapp.svg",
    **{f"icons/trayapp-{n}.png": f"share/icons/hicolor/{n}x{n}/apps/trayapp.png" for n in ICON_SIZES},
}
"""From the folder of resources to the place below a prefix. The wheel has the same list in pyproject.toml."""
_DEBIAN = {"share/zsh/site-functions/_trayapp": "share/zsh/vendor-completions/_trayapp"}


def install(prefix: Path, *, debian: bool = False) -> None:
    """Put all of it below ``prefix``; ``debian``: as that system's policy has it."""
    for source, place in PLACES.items():
        target = prefix / (_DEBIAN.get(place, place) if debian else place)
        data = (RESOURCES / source).read_bytes()
        if place.endswith(".metainfo.xml"):
            data = with_releases(data.decode()).encode()
        if place.endswith(".1") and debian:
            target, data = target.with_name(f"{target.name}.gz"), packed(data)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def packed(data: bytes) -> bytes:
    """With gzip, and the same every time."""
    return gzip.compress(data, 9, mtime=0)


def with_releases(metainfo: str) -> str:
    """The description with the versions of the changelog: programs that offer software show them."""
    rows = "".join(
        f'    <release version="{escape(version)}" date="{escape(date)}"/>\n' for version, date in release.dates()
    )
    return metainfo.replace("</component>", f"  <releases>\n{rows}  </releases>\n</component>")


def version_for_debian(version: str) -> str:
    """A version of Python's kind so that Debian orders it alike: 1.0rc1 and 1.0.dev1 come before 1.0."""
    return re.sub(r"\.?(dev|a|b|rc)(\d+)", r"~\1\2", version)


def link(path: Path, target: str) -> None:
    """A symbolic link, made anew."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    os.symlink(target, path)
