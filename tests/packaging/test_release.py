"""Version, date and notes come from one place each, and archives come out the same every time."""

from __future__ import annotations

import hashlib
import os
import tarfile
from pathlib import Path
from types import ModuleType

import pytest

from tests.packaging.conftest import Script
from trayapp.core.version import VERSION

ROOT = Path(__file__).parent.parent.parent
CHANGELOG = """# Changelog

## [Unreleased]

## [1.1.0] - 2030-02-03

### Added

- One thing, which takes
  two lines to say.
- Another.

## [1.0.0] - 2030-01-02

### Fixed

- The first.
"""


@pytest.fixture
def release(script: Script) -> ModuleType:
    found: ModuleType = script("release")
    return found


@pytest.fixture
def project(release: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    monkeypatch.setattr(release, "ROOT", tmp_path)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    return tmp_path


def test_the_changelog_has_this_version_and_says_something_of_it(release: ModuleType) -> None:
    assert release.notes(VERSION).startswith("### ")
    assert VERSION in dict(release.dates())


def test_the_manual_page_is_of_this_version() -> None:
    assert f'"trayapp {VERSION}"' in (ROOT / "resources" / "man" / "trayapp.1").read_text("ascii")


def test_the_notes_of_a_version_are_its_section_of_the_changelog(release: ModuleType, project: Path) -> None:
    assert release.notes("1.0.0") == "### Fixed\n\n- The first.\n"
    assert release.points("1.1.0") == ["One thing, which takes two lines to say.", "Another."]
    assert release.dates() == [("1.1.0", "2030-02-03"), ("1.0.0", "2030-01-02")]
    assert release.notes("Unreleased").strip() == ""
    with pytest.raises(LookupError, match=r"no section “\[9\.9\]”"):
        release.notes("9.9")


def test_the_date_is_what_the_environment_says_else_that_of_the_last_release(
    release: ModuleType, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    assert release.epoch() == 1896307200  # the day of 1.1.0: this is no checkout
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "77")
    assert release.epoch() == 77


def test_an_archive_depends_on_its_content_alone(
    release: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    sums = []
    for number, names in enumerate((("b", "a"), ("a", "b"))):
        folder = tmp_path / str(number) / "thing"
        folder.mkdir(parents=True)
        for name in names:
            (folder / name).write_text(name)
            (folder / name).chmod(0o700 if name == "a" else 0o600)
            os.utime(folder / name, (number, number))
        (folder / "link").symlink_to("a")
        packed = release.archive(folder, tmp_path / f"{number}.tar.gz")
        sums.append(hashlib.sha256(packed.read_bytes()).hexdigest())
    assert sums[0] == sums[1]
    with tarfile.open(packed) as tar:
        rights = {entry.name: (entry.mode & 0o777, entry.mtime) for entry in tar if entry.isreg()}
    assert rights == {"thing/a": (0o755, 1700000000), "thing/b": (0o644, 1700000000)}


def test_an_unknown_artefact_is_refused_with_the_list_of_those_that_there_are(
    script: Script, capsys: pytest.CaptureFixture[str]
) -> None:
    artefacts = script("artefacts")
    assert artefacts.main(["whel"]) == 2
    assert artefacts.main([]) == 2
    assert "wheel, sdist, folder, deb, appimage" in capsys.readouterr().err
