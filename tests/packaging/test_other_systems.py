"""The files for macOS and Windows, as far as they can be read here: they agree with what the program does there."""

from __future__ import annotations

import plistlib
import re
from pathlib import Path
from types import ModuleType

import pytest

from tests.packaging.conftest import Script
from trayapp.system import login

PACKAGING = Path(__file__).parent.parent.parent / "packaging"
INNO = PACKAGING / "windows" / "trayapp.iss"
SECTIONS = {
    "Setup": "=",
    "Languages": ":",
    "CustomMessages": "=",
    "Tasks": ":",
    "InstallDelete": ":",
    "Files": ":",
    "Icons": ":",
    "Run": ":",
    "UninstallRun": ":",
    "Registry": ":",
    "Code": "",
}
"""Those of Inno Setup that are used, in its order, and what is between name and value in them."""


@pytest.fixture
def freezing(script: Script) -> ModuleType:
    found: ModuleType = script("freezing")
    return found


def sections() -> dict[str, list[str]]:
    """The lines of each section of the installer, without comments and instructions to the compiler."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in INNO.read_text("ascii").splitlines():
        if heading := re.fullmatch(r"\[(\w+)\]", line):
            name = heading[1]
            found[name] = []
        elif line and name and not line.startswith((";", "#")):
            found[name].append(line)
    return found


def values(line: str) -> dict[str, str]:
    """``Name: "value"; Other: value`` as a table."""
    pairs = re.findall(r'(\w+):\s*("(?:[^"]|"")*"|[^;]*)(?:;\s*|$)', line)
    return {name: value.strip().strip('"') for name, value in pairs}


# -- macOS ----------------------------------------------------------------------------------------


def test_the_bundle_lives_in_the_menu_bar_and_has_the_name_of_its_launch_agent(freezing: ModuleType) -> None:
    told = freezing.info_plist()
    assert told["LSUIElement"] is True
    assert told["CFBundleShortVersionString"] == told["CFBundleVersion"] == freezing.VERSION
    assert freezing.BUNDLE_ID == login.LABEL


def test_the_bundle_names_the_languages_that_the_program_speaks(freezing: ModuleType) -> None:
    spoken = {code.partition("-")[0] for code in freezing.info_plist()["CFBundleLocalizations"]}
    assert spoken == {"en", *freezing.languages()}


def test_the_entitlements_are_the_one_that_is_needed_and_no_sandbox() -> None:
    told = plistlib.loads((PACKAGING / "macos" / "entitlements.plist").read_bytes())
    assert [name for name, value in told.items() if value] == ["com.apple.security.cs.allow-unsigned-executable-memory"]
    assert told["com.apple.security.app-sandbox"] is False


# -- Windows --------------------------------------------------------------------------------------


def test_every_line_of_the_installer_is_in_a_section_and_of_its_form() -> None:
    found = sections()
    assert list(found) == list(SECTIONS)
    for name, lines in found.items():
        assert lines, name
        for line in lines if SECTIONS[name] else ():
            assert re.match(rf"[\w.]+{SECTIONS[name]}", line), line


def test_upgrades_find_what_they_replace_and_need_no_administrator() -> None:
    setup = dict(line.split("=", 1) for line in sections()["Setup"])
    assert re.fullmatch(r"\{\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}", setup["AppId"])
    assert setup["PrivilegesRequired"] == "lowest"
    assert setup["AppVersion"] == "{#Version}"


def test_the_entries_of_the_start_menu_have_the_id_that_notifications_go_by(script: Script) -> None:
    icons = [values(line) for line in sections()["Icons"]]
    assert icons
    assert {it["AppUserModelID"] for it in icons} == {script("frozen").APP_ID}


def test_what_the_installer_starts_is_what_is_built(script: Script) -> None:
    spec = (PACKAGING / "trayapp.spec").read_text("utf-8")
    built = {f"{name}.exe" for name in re.findall(r'program\("(\w+)", (?:True|False)\)', spec)}
    assert built == {"trayapp.exe", script("frozen").WINDOWED}
    lines = "\n".join(line for part in ("Icons", "Run", "UninstallRun") for line in sections()[part])
    assert set(re.findall(r"\{app\}\\(\w+\.exe)", lines)) <= built


def test_its_removal_takes_the_entry_for_login_that_the_program_writes() -> None:
    rows = [values(line) for line in sections()["Registry"]]
    assert {(row["Subkey"], row["ValueName"]) for row in rows} == {
        (login._RUN, login._VALUE),
        (login._APPROVED, login._VALUE),
    }
    assert all("uninsdeletevalue" in row["Flags"] and "dontcreatekey" in row["Flags"] for row in rows)


def test_nothing_of_the_users_is_removed() -> None:
    assert "UninstallDelete" not in sections()
    assert "appdata" not in INNO.read_text("ascii").lower()
