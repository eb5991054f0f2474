"""Tries every artefact in a bare Debian and prints the table: ``python3 packaging/try_artefacts.py [NAME ...]``."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tests.bench.processes import memory
from tests.packaging import day, upgrade
from tests.packaging.artefact import AppDir, Artefact, Deb, Folder, Wheel, Wheels
from tests.packaging.bare import bare
from tests.packaging.day import Figures, User
from tests.support.desktop import ROOT, Program, Vault, desktop, keyring
from tests.support.gnome_keyring import GnomeKeyring
from tests.support.snihost import SniHost

sys.path.insert(0, str(ROOT / "packaging"))

import release

NAMES = ("checkout", "wheel", "sdist", "folder", "deb", "AppDir", "upgrade", "replace")
_HEAD = ("artefact", "file", "installed", "with packages", "first icon", "later", "RSS", "PSS")
_UNITS = ("", "MB", "MB", "MB", "ms", "ms", "MB", "MB")


def main() -> int:
    """Try what is named, or all; the exit code says whether all went well."""
    parser = argparse.ArgumentParser(prog="try_artefacts.py", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all without one")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "trayapp-bare", help="bare Debian")
    parser.add_argument("--before", default="", help="tag of the version that is upgraded; the last release otherwise")
    parser.add_argument("--runs", type=int, default=7, help="starts that are measured after the first")
    chosen = parser.parse_args()
    names = chosen.names or list(NAMES)
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}")
    wheels = Wheels(chosen.folder / "wheels")
    wheels.fill(_dist("*.whl"))
    rows: list[Figures] = []
    said: list[str] = []
    failed: list[str] = []
    for name in names:
        print(f"{name} …", file=sys.stderr, flush=True)
        try:
            if name == "checkout":
                rows.append(_checkout(chosen.runs))
            elif name == "upgrade":
                said += _upgrade(chosen.folder, wheels, chosen.before or _last_release())
            elif name == "replace":
                with _user(Deb(_dist("*.deb")), chosen.folder) as (user, _vault):
                    said += upgrade.replaced_while_it_runs(user)
            else:
                with _user(_artefact(name, wheels), chosen.folder) as (user, vault):
                    rows.append(day.whole(user, vault, chosen.runs))
        except (RuntimeError, AssertionError, OSError, LookupError, subprocess.SubprocessError) as why:
            failed.append(f"{name}: {why}")
    print(table(rows))
    print("\n".join([*said, *failed]))
    return 1 if failed else 0


def table(rows: list[Figures]) -> str:
    """The figures, a line each; what does not apply is a dash."""
    cells = [[_HEAD[0], *(f"{head}, {unit}" for head, unit in zip(_HEAD[1:], _UNITS[1:], strict=True))]]
    cells += [[row.name, *(f"{value:.0f}" if value else "–" for value in row[1:])] for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEAD))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if not column else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in cells
    )


def _artefact(name: str, wheels: Wheels) -> Artefact:
    if name == "folder":
        return Folder(_dist("*-linux-*.tar.gz"))
    if name == "deb":
        return Deb(_dist("*.deb"))
    if name == "AppDir":
        return AppDir(ROOT / "build" / "appimage" / "trayapp.AppDir")
    return Wheel(_dist("*.whl") if name == "wheel" else _dist("*[0-9].tar.gz"), wheels.folder, name)


def _dist(pattern: str) -> Path:
    """The artefact of this version; RuntimeError if it has to be built first."""
    version = release.VERSION
    found = [path for path in sorted((ROOT / "dist").glob(pattern)) if version in path.name]
    if not found:
        raise RuntimeError(f"dist/ has no {pattern} of {version}: run python3 packaging/build.py all first.")
    return found[-1]


@contextmanager
def _user(artefact: Artefact, folder: Path) -> Iterator[tuple[User, GnomeKeyring]]:
    with (
        desktop(Vault.NONE) as desk,
        keyring(desk) as vault,
        SniHost(desk["DBUS_SESSION_BUS_ADDRESS"]) as host,
        bare(folder, Path(desk["HOME"])) as root,
    ):
        yield User(root, artefact, desk, host), vault


def _upgrade(folder: Path, wheels: Wheels, tag: str) -> list[str]:
    import build_wheel

    with tempfile.TemporaryDirectory() as made:
        old = build_wheel.wheel(upgrade.source(tag, Path(made, "source")), Path(made))
        wheels.fill(old)
        with _user(Wheel(_dist("*.whl"), wheels.folder), folder) as (user, vault):
            return upgrade.there_and_back(user, vault, old)


def _last_release() -> str:
    """The tag before this commit. RuntimeError where there is none, as in the source archive."""
    words = ["git", "-C", str(ROOT), "describe", "--tags", "--abbrev=0", "--match", "v*", "HEAD^"]
    told = subprocess.run(words, capture_output=True, text=True, check=False)
    if told.returncode:
        raise RuntimeError(f"No release before this one is known; name one with --before. {told.stderr}")
    return told.stdout.strip()


def _checkout(runs: int) -> Figures:
    """The checkout on this machine, with the Python and the libraries that this runs with."""
    command = (sys.executable, "-P", "-m", "trayapp")
    with desktop(Vault.UNLOCKED) as desk, SniHost(desk["DBUS_SESSION_BUS_ADDRESS"]) as host:
        times = [_once(command, desk, host) for _ in range(runs + 1)]
    first, rss, pss = times[0]
    return Figures("checkout", 0, 0, 0, first, median(took for took, _, _ in times[1:]), rss, pss)


def _once(command: tuple[str, ...], env: Mapping[str, str], host: SniHost) -> tuple[float, float, float]:
    import time

    began = time.perf_counter()
    with Program("unshare", "--net", *command, env=env) as program:
        item = host.wait_item(30)
        took = (time.perf_counter() - began) * 1e3
        time.sleep(day.SETTLED)
        if not program.running():
            raise RuntimeError("the checkout ended by itself")
        held = memory(program.pid)
    host.wait_gone(item)
    return took, held.rss, held.pss


if __name__ == "__main__":
    sys.exit(main())
