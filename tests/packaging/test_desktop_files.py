"""What desktops find of the program: entry, description, icons, manual page and completions, in their places."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import tomllib
from configparser import ConfigParser
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from tests.packaging.conftest import Script
from trayapp.cli.windows import wanted

ROOT = Path(__file__).parent.parent.parent
ENTRY = ROOT / "resources" / "desktop" / "trayapp.desktop"
METAINFO = ROOT / "resources" / "desktop" / "trayapp.metainfo.xml"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


@pytest.fixture
def files(script: Script) -> ModuleType:
    found: ModuleType = script("desktop_files")
    return found


def entry() -> ConfigParser:
    read = ConfigParser(interpolation=None, delimiters=("=",))
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read(ENTRY, encoding="utf-8")
    return read


def test_the_entry_is_what_the_specification_asks_for() -> None:
    if shutil.which("desktop-file-validate") is None:
        pytest.skip("desktop-file-validate is not installed (apt-get install desktop-file-utils)")
    done = subprocess.run(["desktop-file-validate", str(ENTRY)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_entry_has_the_name_by_which_the_program_is_known_to_desktops() -> None:
    assert ENTRY.stem == "trayapp"  # Application.setDesktopFileName, and the hint of notifications
    main = entry()["Desktop Entry"]
    assert main["Icon"] == "trayapp"
    assert main["Exec"] == main["TryExec"] == "trayapp"


def test_its_actions_are_commands_that_there_are() -> None:
    read = entry()
    names = read["Desktop Entry"]["Actions"].strip(";").split(";")
    commands = [read[f"Desktop Action {name}"]["Exec"].split() for name in names]
    assert [words[:2] for words in commands] == [["trayapp", "open"]] * len(names)
    assert all(wanted(words[2:]) for words in commands)


def test_it_speaks_the_languages_of_the_program() -> None:
    spoken = {path.name for path in (ROOT / "resources" / "locale").iterdir() if path.is_dir()}
    for section in entry().values():
        for name in [key for key in section if key in ("Name", "Comment") and section.name != "Desktop Entry"]:
            assert {key[len(name) + 1 : -1] for key in section if key.startswith(f"{name}[")} == spoken
    assert {key[8:-1] for key in entry()["Desktop Entry"] if key.startswith("Comment[")} == spoken


def test_the_description_says_the_same_and_leads_to_the_entry() -> None:
    tree = ElementTree.parse(METAINFO)
    assert tree.findtext("id") == "trayapp"
    assert tree.findtext("launchable") == ENTRY.name
    main = entry()["Desktop Entry"]
    for summary in tree.findall("summary"):
        code = summary.get(LANGUAGE)
        assert summary.text == main[f"Comment[{code}]" if code else "Comment"]


def test_a_program_that_offers_software_is_told_every_release(files: ModuleType) -> None:
    text = files.with_releases(METAINFO.read_text("utf-8"))
    told = [(it.get("version"), it.get("date")) for it in ElementTree.fromstring(text).iter("release")]
    assert told == files.release.dates()
    assert len(told) > 2


def test_the_description_is_what_its_specification_asks_for(files: ModuleType, tmp_path: Path) -> None:
    if shutil.which("appstreamcli") is None:
        pytest.skip("appstreamcli is not installed (apt-get install appstream)")
    path = tmp_path / METAINFO.name
    path.write_text(files.with_releases(METAINFO.read_text("utf-8")), encoding="utf-8")
    done = subprocess.run(
        ["appstreamcli", "validate", "--no-net", "--no-color", str(path)], capture_output=True, text=True, check=False
    )
    found = set(re.findall(r"^[EW]: \S+ (\S+)", done.stdout, re.MULTILINE))
    # the project has no name on the internet, and claims nobody else's
    assert found <= {"cid-desktopapp-is-not-rdns"}, done.stdout


def test_the_wheel_puts_the_same_files_into_the_same_places_as_the_package(files: ModuleType) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert shared == {f"resources/{source}": place for source, place in files.PLACES.items()}
    assert all((ROOT / source).is_file() for source in shared)


def test_below_a_prefix_all_of_it_is_found_the_manual_page_packed(files: ModuleType, tmp_path: Path) -> None:
    for number in range(2):
        files.install(tmp_path / str(number), debian=True)
    first, second = ({path.name: path.read_bytes() for path in _all(tmp_path / str(number))} for number in range(2))
    assert first == second
    page = tmp_path / "0/share/man/man1/trayapp.1.gz"
    assert gzip.decompress(page.read_bytes()) == (ROOT / "resources/man/trayapp.1").read_bytes()
    assert (tmp_path / "0/share/zsh/vendor-completions/_trayapp").is_file()
    assert len(_all(tmp_path / "0")) == len(files.PLACES)


def _all(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(("ours", "debians"), [("1.2.0", "1.2.0"), ("1.2.0rc1", "1.2.0~rc1"), ("2.0.dev3", "2.0~dev3")])
def test_what_comes_before_a_release_comes_before_it_in_debian_too(files: ModuleType, ours: str, debians: str) -> None:
    assert files.version_for_debian(ours) == debians
