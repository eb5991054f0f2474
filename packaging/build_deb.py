"""Makes the package for Debian and its kin of the frozen program: ``python3 packaging/build.py deb``.

Nothing runs at its installation: caches of icons, entries and manual pages are brought up to date by the triggers of
the packages that keep them. Homes are nobody's business here: settings and keys stay, whatever is removed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import build_folder
import desktop_files
import release
import shared_libraries
from environment import SetUpError
from release import BUILD, DIST, NAME, ROOT, VERSION

MAINTAINER = "The trayapp contributors <nobody@trayapp.invalid>"
TREE = BUILD / "deb" / NAME
_LIB = f"usr/lib/{NAME}"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_ALWAYS = ("ca-certificates",)
_RECOMMENDS = ("gnome-keyring | keepassxc | libkf5wallet-bin | kwalletmanager",)
_DESCRIPTION = """\
choose in the tray which language model your tools talk to
 trayapp lists the models of every provider that you have an account with, and
 those of the local servers on this computer; a click chooses one. Other tools
 reach the chosen model through the gateway, at one address of this computer,
 without knowing your keys, which stay in the keyring of the desktop.
"""


def deb() -> Path:
    """The package in dist/, made of the folder that is built first."""
    if not shutil.which("dpkg-deb"):
        raise SetUpError("A package for Debian is made with dpkg-deb, which is not here.")
    tree = layout(build_folder.folder())
    target = DIST / f"{NAME}_{debian_version()}_{architecture()}.deb"
    target.parent.mkdir(exist_ok=True)
    command = ["dpkg-deb", "--root-owner-group", "-Zxz", "-z6", "--build", str(tree), str(target)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return target


def layout(frozen: Path) -> Path:
    """The tree that is packed: the folder, what desktops look for, and what dpkg reads."""
    shutil.rmtree(TREE, ignore_errors=True)
    shutil.copytree(frozen, TREE / _LIB, symlinks=True)
    desktop_files.link(TREE / "usr/bin" / NAME, f"../lib/{NAME}/{NAME}")
    desktop_files.install(TREE / "usr", debian=True)
    _documents(TREE / "usr/share/doc" / NAME)
    (TREE / _LIB / "LICENSE.txt").unlink()  # the file copyright has it
    overrides = TREE / "usr/share/lintian/overrides" / NAME
    overrides.parent.mkdir(parents=True)
    shutil.copyfile(ROOT / "packaging/debian/lintian-overrides", overrides)
    for path in shared_libraries.elf_files(TREE):
        path.chmod(0o755 if path.name == NAME else 0o644)
    _control(TREE / "DEBIAN")
    release.settle(TREE)
    return TREE


def debian_version() -> str:
    """The program's version as Debian writes it."""
    return desktop_files.version_for_debian(VERSION)


def architecture() -> str:
    """What Debian calls this machine. Raises SetUpError where it has no name here."""
    machine = os.uname().machine
    if machine not in _ARCHITECTURES:
        raise SetUpError(f"packaging/build_deb.py has no name of Debian's for the architecture {machine}.")
    return _ARCHITECTURES[machine]


def _documents(doc: Path) -> None:
    doc.mkdir(parents=True)
    (doc / "copyright").write_text(copyright_file((ROOT / "LICENSE").read_text("utf-8")), encoding="utf-8")
    (doc / "changelog.gz").write_bytes(desktop_files.packed(changelog().encode()))


def copyright_file(licence: str) -> str:
    """The machine-readable form of https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/."""
    lines = licence.strip().splitlines()
    owner = next(line for line in lines if line.startswith("Copyright")).split(maxsplit=2)[-1]
    body = "\n".join(f" {line}" if line.strip() else " ." for line in lines)
    return (
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
        f"Upstream-Name: {NAME}\n"
        f"Comment: Software of others that comes along, with its licences, is listed in\n"
        f" /{_LIB}/{build_folder.THIRD_PARTY} and, for programs, in {build_folder.PARTS} beside it.\n\n"
        f"Files: *\nCopyright: {owner}\nLicense: Expat\n{body}\n"
    )


def changelog() -> str:
    """The project's own changelog as Debian's tools read it: one entry a version."""
    entries = []
    dates = release.dates()
    for number, (version, date) in enumerate(dates):
        day = datetime.fromisoformat(date).replace(tzinfo=UTC) + timedelta(minutes=len(dates) - number)
        points = "\n".join(
            textwrap.fill(it, 78, initial_indent="  * ", subsequent_indent="    ", break_on_hyphens=False)
            for it in release.points(version)
        )
        shown = desktop_files.version_for_debian(version)
        # releases of one day are told apart by the minute
        stamp = day.strftime("%a, %d %b %Y %H:%M:%S +0000")
        entries.append(f"{NAME} ({shown}) stable; urgency=medium\n\n{points}\n\n -- {MAINTAINER}  {stamp}\n")
    return "\n".join(entries)


def _control(folder: Path) -> None:
    folder.mkdir()
    needs = shared_libraries.packages(shared_libraries.wanted(TREE / _LIB))
    wayland = shared_libraries.packages(shared_libraries.wanted(TREE / _LIB, wayland=True))
    libc = shared_libraries.libc(TREE / _LIB)
    depends = [*(shared_libraries.dependency(it, libc) for it in needs), *_ALWAYS]
    recommends = [*_RECOMMENDS, *(it for it in wayland if it not in needs)]
    size = sum(path.lstat().st_size for path in TREE.rglob("*") if path.is_file()) // 1024
    (folder / "control").write_text(
        f"Package: {NAME}\nVersion: {debian_version()}\nArchitecture: {architecture()}\nMaintainer: {MAINTAINER}\n"
        f"Installed-Size: {size}\nDepends: {', '.join(depends)}\nRecommends: {', '.join(recommends)}\n"
        f"Section: utils\nPriority: optional\nDescription: {_DESCRIPTION}",
        encoding="utf-8",
    )
    files = sorted(path for path in TREE.rglob("*") if path.is_file() and not path.is_symlink())
    sums = [
        f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(TREE)}\n"  # noqa: S324 - dpkg's own form
        for path in files
        if "DEBIAN" not in path.parts
    ]
    (folder / "md5sums").write_text("".join(sums), encoding="utf-8")
    shutil.copyfile(ROOT / "packaging/debian/prerm", folder / "prerm")
    (folder / "prerm").chmod(0o755)
