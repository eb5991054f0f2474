"""Makes the frozen program, a folder that needs no Python: ``python3 packaging/build.py folder``.

PyInstaller puts it together as trayapp.spec says. Then paths of the machine that built it are taken out, and
licences and the list of parts are put in.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import build_licences
import build_sbom
import desktop_files
import freezing
import release
import shared_libraries
from environment import SetUpError
from release import BUILD, DIST, NAME, ROOT, VERSION

MADE = BUILD / "folder" / "dist" / NAME
THIRD_PARTY, PARTS = build_licences.FILE, build_sbom.FILE


def packed() -> list[Path]:
    """The folder, and as an archive in dist/ the same with what a package would put elsewhere."""
    made = folder()
    kind = f"{sys.platform}-{os.uname().machine}" if hasattr(os, "uname") else sys.platform
    inside = made.with_name(f"{NAME}-{VERSION}")
    shutil.copytree(made, inside, symlinks=True)
    try:
        shutil.copyfile(ROOT / "README.md", inside / "README.md")
        if sys.platform.startswith("linux"):
            desktop_files.install(inside)
        packed = release.archive(inside, DIST / f"{NAME}-{VERSION}-{kind}.tar.gz")
    finally:
        shutil.rmtree(inside)
    return [made, packed]


@cache
def folder() -> Path:
    """The frozen program in build/folder/dist/trayapp, made anew, and once for all that is made of it."""
    work = freezing.prepare()
    shutil.rmtree(MADE.parent, ignore_errors=True)
    command = [
        *(sys.executable, "-P", "-m", "PyInstaller", "--clean", "--noconfirm", "--log-level=WARN"),
        *("--distpath", str(MADE.parent), "--workpath", str(work / "work"), str(ROOT / "packaging" / "trayapp.spec")),
    ]
    # its cache of stripped libraries is of no use: they are taken once
    env = {**os.environ, "PYINSTALLER_CONFIG_DIR": str(work / "config")}
    if subprocess.run(command, env=env, cwd=work).returncode:
        raise SetUpError("PyInstaller could not build the folder: see the lines above.")
    if sys.platform.startswith("linux"):
        _no_foreign_paths(MADE)
    if lacking := freezing.lacking(MADE):
        raise SetUpError(f"The folder is not whole; these are missing: {', '.join(lacking)}")
    finish(MADE)
    return MADE


def finish(made: Path) -> None:
    """Put licence, licences of others and the list of parts beside the program, and date everything alike."""
    shutil.copyfile(ROOT / "LICENSE", made / "LICENSE.txt")
    build_licences.write(made)
    build_sbom.write(made, made)
    release.settle(made)


def _no_foreign_paths(made: Path) -> None:
    """Libraries of the Python that built it are looked for beside the program only."""
    if not shutil.which("patchelf"):
        raise SetUpError("The folder needs patchelf (apt-get install patchelf).")
    for path in shared_libraries.elf_files(made):
        wanted = [it for it in shared_libraries.run_paths(path) if it.startswith("$ORIGIN")]
        if wanted != shared_libraries.run_paths(path):
            change = ["--set-rpath", ":".join(wanted)] if wanted else ["--remove-rpath"]
            subprocess.run(["patchelf", *change, str(path)], check=True)
