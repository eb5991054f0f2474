"""Makes the AppImage of the frozen program: ``APPIMAGE_RUNTIME=FILE python3 packaging/build.py appimage``.

An AppImage is a small program, the runtime, with a compressed file system behind it. The runtime comes ready-made from
the project AppImage/type2-runtime; the file system is made here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import build_folder
import desktop_files
import release
from environment import SetUpError
from release import BUILD, DIST, NAME, VERSION

APPDIR = BUILD / "appimage" / f"{NAME}.AppDir"
RUNTIME = "APPIMAGE_RUNTIME"
_MAGIC = (8, b"AI\x02")
"""Where and how a runtime says that it is one of the second type: https://github.com/AppImage/AppImageSpec"""


def appimage() -> Path:
    """The AppImage in dist/. Without a runtime only the folder of its content is made, and SetUpError says so."""
    appdir = layout(build_folder.folder())
    runtime = os.environ.get(RUNTIME, "")
    if not runtime:
        raise SetUpError(
            f"Its content is ready in {appdir.relative_to(release.ROOT)}. For the file itself, fetch the runtime for"
            f" this kind of machine from the releases of the project AppImage/type2-runtime and name it in {RUNTIME}."
        )
    target = DIST / f"{NAME}-{VERSION}-{os.uname().machine}.AppImage"
    return joined(Path(runtime), appdir, target)


def layout(frozen: Path) -> Path:
    """The folder that becomes the AppImage; its AppRun starts the program without it, too."""
    shutil.rmtree(APPDIR, ignore_errors=True)
    shutil.copytree(frozen, APPDIR / "usr/lib" / NAME, symlinks=True)
    desktop_files.install(APPDIR / "usr")
    desktop_files.link(APPDIR / "usr/bin" / NAME, f"../lib/{NAME}/{NAME}")
    desktop_files.link(APPDIR / "AppRun", f"usr/lib/{NAME}/{NAME}")
    desktop_files.link(APPDIR / f"{NAME}.desktop", f"usr/share/applications/{NAME}.desktop")
    desktop_files.link(APPDIR / f"{NAME}.png", f"usr/share/icons/hicolor/256x256/apps/{NAME}.png")
    desktop_files.link(APPDIR / ".DirIcon", f"{NAME}.png")
    release.settle(APPDIR)
    return APPDIR


def joined(runtime: Path, appdir: Path, target: Path) -> Path:
    """The runtime and the folder as one file that starts. Raises SetUpError for what is no runtime."""
    head = runtime.read_bytes()
    where, magic = _MAGIC
    if head[where : where + len(magic)] != magic:
        raise SetUpError(f"{runtime} is no runtime of an AppImage.")
    if not shutil.which("mksquashfs"):
        raise SetUpError("The AppImage needs mksquashfs (apt-get install squashfs-tools).")
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(head)
    packed = target.with_suffix(".squashfs")
    packed.unlink(missing_ok=True)
    options = ["-noappend", "-quiet", "-no-progress", "-all-root", "-no-xattrs", "-comp", "zstd", "-b", "256K"]
    env = {**os.environ, "SOURCE_DATE_EPOCH": str(release.epoch())}  # it dates the file system
    subprocess.run(["mksquashfs", str(appdir), str(packed), *options], check=True, env=env, stdout=subprocess.DEVNULL)
    with target.open("ab") as file:
        file.write(packed.read_bytes())
    packed.unlink()
    target.chmod(0o755)
    return target
