"""Which artefact is made of which, and in which order: what packaging/build.py becomes in its own environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import release
from environment import FAILED, SetUpError, say


def _wheel() -> list[Path]:
    import build_wheel

    return [build_wheel.wheel()]


def _sdist() -> list[Path]:
    import build_wheel

    return [build_wheel.sdist()]


def _folder() -> list[Path]:
    import build_folder

    return build_folder.packed()


def _deb() -> list[Path]:
    import build_deb

    return [build_deb.deb()]


def _appimage() -> list[Path]:
    import build_appimage

    return [build_appimage.appimage()]


def _sbom() -> list[Path]:
    import build_sbom

    return [build_sbom.write(release.DIST)]


def _licences() -> list[Path]:
    import build_licences

    return [build_licences.write(release.DIST)]


def _notes() -> list[Path]:
    target = release.DIST / "RELEASE-NOTES.md"
    target.parent.mkdir(exist_ok=True)
    target.write_text(release.notes(release.VERSION), encoding="utf-8")
    return [target]


TARGETS: dict[str, Callable[[], list[Path]]] = {
    "wheel": _wheel,
    "sdist": _sdist,
    "folder": _folder,
    "deb": _deb,
    "appimage": _appimage,
    "sbom": _sbom,
    "licences": _licences,
    "notes": _notes,
}
"""By the word that is typed, in the order in which ``all`` makes them."""


def main(arguments: list[str]) -> int:
    """Build what is named, and print where it is and how large; the exit code."""
    unknown = [word for word in arguments if word not in (*TARGETS, "all")]
    if unknown or not arguments:
        say(f"What is to be built? One or more of: {', '.join(TARGETS)}; or all.")
        return 2
    os.environ["SOURCE_DATE_EPOCH"] = str(release.epoch())
    code = 0
    for name in TARGETS if "all" in arguments else dict.fromkeys(arguments):
        try:
            for path in TARGETS[name]():
                size = f" ({path.stat().st_size / 1e6:.1f} MB)" if path.is_file() else ""
                print(f"{path.relative_to(release.ROOT)}{size}", flush=True)
        except SetUpError as error:
            say(f"{name}: {error}")
            code = FAILED
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
