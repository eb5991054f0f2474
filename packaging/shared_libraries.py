"""What a folder of programs needs from the system: read off its ELF files, named by Debian's packages."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import qt_libraries
from environment import SetUpError

_OTHERS = {
    "libc6": "ld-linux-x86-64.so.2 ld-linux-aarch64.so.1 libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 librt.so.1"
    " libutil.so.1 libresolv.so.2",
    "libgcc-s1": "libgcc_s.so.1",
    "libstdc++6": "libstdc++.so.6",
    "zlib1g": "libz.so.1",
    "libcrypt1": "libcrypt.so.1",
    "libexpat1": "libexpat.so.1",
    "libffi8": "libffi.so.8",
    "libssl3": "libssl.so.3 libcrypto.so.3",
    "libuuid1": "libuuid.so.1",
    "libx11-6": "libX11.so.6",
    "libxcb1": "libxcb.so.1",
    "libxcb-glx0": "libxcb-glx.so.0",
    "libxext6": "libXext.so.6",
    "libopengl0": "libOpenGL.so.0",
    "libzstd1": "libzstd.so.1",
    "libglx0": "libGLX.so.0",
}
_WAYLAND_TOO = {"libwayland-egl1": "libwayland-egl.so.1"}
_NEWER_NAMES = {"libglib2.0-0": "libglib2.0-0t64", "libssl3": "libssl3t64"}
"""Since Debian 13 and Ubuntu 24.04."""
_LIBC = re.compile(r"Name: GLIBC_(\d+)\.(\d+)")
_TAG = re.compile(r"\((NEEDED|SONAME|RPATH|RUNPATH)\).*\[(.*)\]")


def elf_files(folder: Path) -> Iterator[Path]:
    """Programs and libraries in there, in order; links to them are left out."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                if file.read(4) == b"\x7fELF":
                    yield path


def run_paths(path: Path) -> list[str]:
    """Where this file has its libraries looked for."""
    return [part for tag, text in _tags(path) if tag in ("RPATH", "RUNPATH") for part in text.split(":")]


def wanted(folder: Path, *, wayland: bool = False) -> set[str]:
    """The names of libraries that its files need and that are not in it.

    ``wayland``: only those of the plugins for Wayland, else all others.
    """
    found: set[str] = set()
    own: set[str] = set()
    for path in elf_files(folder):
        own.add(path.name)
        tags = _tags(path)
        own.update(text for tag, text in tags if tag == "SONAME")
        if ("wayland" in str(path.relative_to(folder)).lower()) is wayland:
            found.update(text for tag, text in tags if tag == "NEEDED")
    return found - own


def packages(names: Iterable[str]) -> list[str]:
    """Debian's packages of these libraries. Raises SetUpError for one that is in no table here."""
    table = {part.name: part.apt for part in (*qt_libraries.LIBRARIES, *qt_libraries.XCB, *qt_libraries.WAYLAND)}
    for package, libraries in {**_OTHERS, **_WAYLAND_TOO}.items():
        table.update(dict.fromkeys(libraries.split(), package))
    unknown = sorted(name for name in names if name not in table)
    if unknown:
        raise SetUpError(f"packaging/shared_libraries.py does not know which package has {', '.join(unknown)}.")
    return sorted({table[name] for name in names})


def libc(folder: Path) -> str:
    """The oldest version of the C library that all files in there run with."""
    versions = {(0, 0)}
    for path in elf_files(folder):
        told = _readelf("--version-info", path)
        versions |= {(int(found[1]), int(found[2])) for found in _LIBC.finditer(told)}
    return ".".join(map(str, max(versions)))


def dependency(package: str, libc: str) -> str:
    """The package as the field Depends has it; ``libc``: the version of it that is needed."""
    if package == "libc6":
        return f"libc6 (>= {libc})"
    newer = _NEWER_NAMES.get(package)
    return f"{package} | {newer}" if newer else package


def _tags(path: Path) -> list[tuple[str, str]]:
    return [(found[1], found[2]) for found in _TAG.finditer(_readelf("--dynamic", path))]


def _readelf(what: str, path: Path) -> str:
    done = subprocess.run(
        ["readelf", what, "--wide", str(path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LC_ALL": "C"},
    )
    return done.stdout
