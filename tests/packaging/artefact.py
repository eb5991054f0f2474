"""How each artefact is installed, started and removed: what its user would type."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from tests.packaging.bare import Root
from tests.support.desktop import ROOT

sys.path.insert(0, str(ROOT / "packaging"))

import qt_libraries
import release
import shared_libraries

HOMELESS = ("ca-certificates",)
"""What whoever installs a folder has anyway, and a bare system has not."""


class Artefact(Protocol):
    """One way to have the program. ``login``: the command that an entry for start at login has to name."""

    name: str
    file: Path
    login: str

    def install(self, root: Root) -> None: ...
    def command(self) -> tuple[str, ...]: ...
    def env(self) -> Mapping[str, str]: ...
    def own(self) -> tuple[str, ...]:
        """What is the program's alone: counted as its size, and gone when it is removed."""

    def remove(self, root: Root) -> None: ...


class Wheel:
    """The wheel or the source archive in an environment of Debian's own Python, from a folder of wheels."""

    login = "/opt/trayapp/bin/trayapp"

    def __init__(self, file: Path, wheels: Path, name: str = "wheel") -> None:
        self.name = name
        self.file = file
        self._wheels = wheels

    def install(self, root: Root) -> None:
        parts = {part.apt for part in qt_libraries.needed("xcb")}
        root.install("python3", "python3-venv", *HOMELESS, *sorted(parts))
        root.run("python3", "-m", "venv", "/opt/trayapp")
        self.put(root, self.file)

    def put(self, root: Root, file: Path) -> None:
        """Install this file over whatever version is there."""
        wheels = root.bring(self._wheels, f"/var/tmp/from-{file.name}")
        given = root.bring(file, f"/var/tmp/{file.name}")
        pip = ("/opt/trayapp/bin/pip", "install", "-q", "--no-index", "--find-links", wheels)
        root.run(*pip, given)
        root.run(*pip, "--no-deps", "--force-reinstall", given)  # before a release its version is that of the last one
        shutil.rmtree(root.inside(wheels))

    def command(self) -> tuple[str, ...]:
        return ("/opt/trayapp/bin/trayapp",)

    def env(self) -> Mapping[str, str]:
        return {}

    def own(self) -> tuple[str, ...]:
        return ("/opt/trayapp",)

    def remove(self, root: Root) -> None:
        root.run("/opt/trayapp/bin/pip", "uninstall", "-q", "-y", "trayapp")
        left = root.run("find", "/opt/trayapp", "-iname", "*trayapp*", "-not", "-path", "/opt/trayapp").split()
        if left:
            raise RuntimeError(f"pip left these behind: {left}")
        shutil.rmtree(root.inside("/opt/trayapp"))


class Folder:
    """The frozen folder, unpacked where its user likes; what it needs of the system is named beside it."""

    name = "folder"

    def __init__(self, file: Path) -> None:
        self.file = file
        self._where = f"/opt/trayapp-{release.VERSION}"
        self.login = f"{self._where}/trayapp"

    def install(self, root: Root) -> None:
        given = root.bring(self.file, f"/var/tmp/{self.file.name}")
        root.inside("/opt").mkdir(exist_ok=True)
        root.run("tar", "-xf", given, "-C", "/opt")
        needed = shared_libraries.packages(shared_libraries.wanted(root.inside(self._where)))
        root.install(*needed, *HOMELESS)

    def command(self) -> tuple[str, ...]:
        return (self.login,)

    def env(self) -> Mapping[str, str]:
        return {}

    def own(self) -> tuple[str, ...]:
        return (self._where,)

    def remove(self, root: Root) -> None:
        shutil.rmtree(root.inside(self._where))


class Deb:
    """The package, by apt-get."""

    name = "deb"
    login = "/usr/bin/trayapp"

    def __init__(self, file: Path) -> None:
        self.file = file

    def install(self, root: Root) -> None:
        root.install(root.bring(self.file, f"/var/tmp/{self.file.name}"))

    def command(self) -> tuple[str, ...]:
        return ("trayapp",)

    def env(self) -> Mapping[str, str]:
        return {}

    def own(self) -> tuple[str, ...]:
        return ("/usr/lib/trayapp", "/usr/bin/trayapp", "/usr/share/applications/trayapp.desktop")

    def remove(self, root: Root) -> None:
        listed = root.run("dpkg", "-L", "trayapp").splitlines()
        root.run("apt-get", "remove", "-q", "-y", "trayapp")
        root.run("dpkg", "--purge", "trayapp")  # nothing is left that apt-get would know it by
        left = [path for path in listed if "trayapp" in path and root.there(path)]
        if left or "trayapp" in root.run("dpkg", "-l"):
            raise RuntimeError(f"the package left these behind: {left}")


class AppDir:
    """The content of the AppImage, started as its runtime would: the variables are the runtime's."""

    name = "AppDir"
    login = "/opt/trayapp.AppImage"

    def __init__(self, folder: Path) -> None:
        self.file = folder
        self._where = "/opt/trayapp.AppDir"

    def install(self, root: Root) -> None:
        root.bring(self.file, self._where)
        # what the file itself would be: it mounts that folder, and starts what is in it
        image = root.inside(self.login)
        image.write_text(f'#!/bin/sh\nAPPIMAGE={self.login} APPDIR={self._where} exec {self._where}/AppRun "$@"\n')
        image.chmod(0o755)
        needed = shared_libraries.packages(shared_libraries.wanted(root.inside(self._where)))
        root.install(*needed, *HOMELESS)

    def command(self) -> tuple[str, ...]:
        return (f"{self._where}/AppRun",)

    def env(self) -> Mapping[str, str]:
        return {"APPIMAGE": self.login, "APPDIR": self._where}

    def own(self) -> tuple[str, ...]:
        return (self._where, self.login)

    def remove(self, root: Root) -> None:
        shutil.rmtree(root.inside(self._where))
        root.inside(self.login).unlink()


class Wheels(NamedTuple):
    """A folder of wheels for Debian's Python, enough to install the program and to build it from its source."""

    folder: Path

    def fill(self, *files: Path) -> None:
        """Fetch what these wheels need and what is not there yet."""
        self.folder.mkdir(parents=True, exist_ok=True)
        pins = ROOT / "packaging"
        command = [sys.executable, "-m", "pip"] if _has_pip() else [*_pip()]
        subprocess.run(
            [
                *(*command, "download", "-q", "-d", str(self.folder), "--only-binary=:all:", "--python-version=3.11"),
                *("-c", str(pins / "constraints.txt"), "-c", str(pins / "build-constraints.txt"), "hatchling"),
                *map(str, files),
            ],
            check=True,
        )
        for file in files:  # they are brought by themselves
            (self.folder / file.name).unlink(missing_ok=True)


def _has_pip() -> bool:
    from importlib.util import find_spec

    return find_spec("pip") is not None


def _pip() -> list[str]:
    """Pip as packaging/environment.py runs it: from the wheel that Python brings."""
    import environment

    return environment._installers(sys.executable)[-1][:2]
