"""Lists what the program is made of with its licences, in THIRD-PARTY.txt: ``python3 packaging/build.py licences``."""

from __future__ import annotations

import re
import sys
from email.message import Message
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from release import NAME, ROOT, VERSION

FILE = "THIRD-PARTY.txt"
_TEXTS = re.compile(r"(?:^|/)(?:licen[cs]e|copying|notice|authors)[^/]*\Z", re.IGNORECASE)
_NAMES = {
    # what some distributions say in words of their own, by the names of https://spdx.org/licenses/
    "MIT License": "MIT",
    "The MIT License": "MIT",
    "BSD License": "BSD-3-Clause",
    "BSD": "BSD-3-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
QT = """\
Qt and PySide6 are used under the GNU Lesser General Public License, version 3: https://www.gnu.org/licenses/lgpl-3.0.html
(an addition to the GNU General Public License: https://www.gnu.org/licenses/gpl-3.0.html). Their libraries are files
of their own in the folder PySide6 and may be replaced by other builds of the same version. Their source is at
https://code.qt.io, in the branch of the version that stands above.
"""
LOADER = """\
The file that starts the program contains PyInstaller's loader: GPL-2.0-or-later with an exception that allows to
distribute it with any program, https://pyinstaller.org/en/stable/license.html.
"""


class Part(NamedTuple):
    """One distribution that the program needs."""

    name: str
    version: str
    licence: str
    """By SPDX's names where the distribution uses them or a word that is known."""
    home: str
    needs: tuple[str, ...]
    """Names of other parts."""
    texts: tuple[tuple[str, str], ...]
    """Name and content of its licence files."""


def parts() -> list[Part]:
    """What the project needs on this system, and what that needs in turn, as it is installed here."""
    project = _project()
    found: dict[str, Part] = {}
    waiting = _names(project)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = _part(distribution(name))
            waiting += found[name].needs
    return [found[name] for name in sorted(found)]


def direct() -> tuple[str, ...]:
    """The names of the parts that the project itself asks for on this system."""
    return tuple(sorted(_names(_project())))


def _project() -> list[str]:
    import tomllib

    needs: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    return needs


def _names(requirements: list[str] | None) -> list[str]:
    needs = [Requirement(text) for text in requirements or ()]
    return [canonicalize_name(it.name) for it in needs if it.marker is None or it.marker.evaluate({"extra": ""})]


def _part(found: Distribution) -> Part:
    # every metadata is a Message; the protocol that typeshed gives for it has no get_all for all fields
    told: Message = found.metadata  # type: ignore[assignment]
    name = canonicalize_name(told.get("Name", ""))
    return Part(name, found.version, licence(told), _home(told), tuple(_names(found.requires)), tuple(_texts(found)))


def _home(told: Message) -> str:
    """Where the project lives; of its addresses that which says so, else its repository, else the first."""
    urls = dict(reversed([_pair(line) for line in told.get_all("Project-URL", [])]))
    urls.setdefault("homepage", told.get("Home-page") or "")
    wanted = ("homepage", "home", "repository", "source", "source code", *reversed(urls))
    return next((urls[name] for name in wanted if urls.get(name)), "")


def _pair(line: str) -> tuple[str, str]:
    name, _, url = line.partition(",")
    return name.strip().lower(), url.strip()


def licence(told: Message) -> str:
    """The licence that the metadata of a distribution states, or nothing."""
    expression: str = told.get("License-Expression") or ""
    if expression:
        return expression
    words = (told.get("License") or "").strip()
    if words and "\n" not in words and len(words) < 80:
        return _NAMES.get(words, words)
    classes = [line.rpartition(" :: ")[2] for line in told.get_all("Classifier", []) if line.startswith("License ::")]
    return " AND ".join(_NAMES.get(it, it) for it in classes if it != "OSI Approved")


def _texts(found: Distribution) -> list[tuple[str, str]]:
    # another distribution of the kind of importlib.metadata may have taken its place: no isinstance here
    texts = []
    for path in sorted(found.files or (), key=str):
        inside = any(part.endswith(".dist-info") for part in path.parts)
        if inside and _TEXTS.search(str(path)):
            texts.append((path.name, path.read_text(encoding="utf-8")))
    return texts


def text() -> str:
    """The whole file: a table first, then the licences in full."""
    held = parts()
    width = max(len(it.name) for it in held)
    version = max(len(it.version) for it in held)
    lines = [f"{NAME} {VERSION} is under the MIT licence. It comes with, or needs, this software of others:", ""]
    lines += [f"{it.name:{width}}  {it.version:{version}}  {it.licence}".rstrip() for it in held]
    lines.append(f"{'python':{width}}  {sys.version.split()[0]:{version}}  PSF-2.0")
    lines += ["", QT, LOADER, (ROOT / "resources" / "CATALOG-NOTICE.txt").read_text("utf-8")]
    for it in held:
        for name, content in it.texts:
            lines += ["-" * 80, f"{it.name} {it.version}: {name}", "", content.strip(), ""]
    lines += ["-" * 80, f"python {sys.version.split()[0]}", "", _python_licence(), ""]
    return "\n".join(line.rstrip() for line in "\n".join(lines).splitlines()) + "\n"


def _python_licence() -> str:
    """The text that Python itself came with, or where it stands."""
    import sysconfig

    for folder in (sysconfig.get_path("stdlib"), sys.base_prefix):
        path = Path(folder, "LICENSE.txt")
        if path.is_file():
            return path.read_text("utf-8").strip()
    return "https://docs.python.org/3/license.html"


def write(folder: Path) -> Path:
    """Write it into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    path.write_text(text(), encoding="utf-8", newline="\n")
    return path
