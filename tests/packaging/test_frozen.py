"""The frozen program: what it tells of itself, what is taken along, and what stays outside."""

from __future__ import annotations

import ast
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PySide6.QtGui import QImage

from tests.packaging.conftest import Script
from trayapp.qt.translations import FILES

ROOT = Path(__file__).parent.parent.parent
FROZEN = "/usr/lib/trayapp/trayapp"


@pytest.fixture
def frozen(script: Script) -> ModuleType:
    found: ModuleType = script("frozen")
    return found


@pytest.fixture
def freezing(script: Script) -> ModuleType:
    found: ModuleType = script("freezing")
    return found


# -- which command starts it again ----------------------------------------------------------------


def test_a_folder_names_its_own_program(frozen: ModuleType) -> None:
    assert frozen.command("/opt/trayapp/trayapp", {}) == "/opt/trayapp/trayapp"


def test_a_package_names_the_link_that_stays_when_the_folder_moves(frozen: ModuleType, tmp_path: Path) -> None:
    program, link = tmp_path / "lib", tmp_path / "bin"
    program.touch()
    assert frozen.command(str(program), {}, str(link)) == str(program)
    link.symlink_to(program)
    assert frozen.command(str(program), {}, str(link)) == str(link)


def test_an_appimage_names_its_file_and_not_the_folder_that_is_gone_at_the_next_login(frozen: ModuleType) -> None:
    env = {"APPIMAGE": "/home/me/trayapp.AppImage", "APPDIR": "/tmp/.mount_x"}
    assert frozen.command("/tmp/.mount_x/usr/lib/trayapp/trayapp", env) == "/home/me/trayapp.AppImage"


def test_a_shell_inside_another_appimage_changes_nothing(frozen: ModuleType) -> None:
    env = {"APPIMAGE": "/home/me/terminal.AppImage", "APPDIR": "/tmp/.mount_x"}
    assert frozen.command("/tmp/.mount_xy/trayapp", env) == "/tmp/.mount_xy/trayapp"


def test_on_windows_the_login_starts_the_program_without_a_console(frozen: ModuleType, tmp_path: Path) -> None:
    console = tmp_path / "trayapp.exe"
    assert frozen.command(str(console), {}) == str(console)
    (tmp_path / frozen.WINDOWED).touch()
    assert frozen.command(str(console), {}) == str(tmp_path / frozen.WINDOWED)
    assert frozen.command(str(tmp_path / frozen.WINDOWED), {}) == str(tmp_path / frozen.WINDOWED)


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({"LD_LIBRARY_PATH": "/x/_internal"}, {}),
        ({"LD_LIBRARY_PATH": "/x/_internal:/mine", "LD_LIBRARY_PATH_ORIG": "/mine"}, {"LD_LIBRARY_PATH": "/mine"}),
        ({"HOME": "/h"}, {"HOME": "/h"}),
    ],
)
def test_programs_that_it_opens_find_their_own_libraries(
    frozen: ModuleType, given: dict[str, str], left: dict[str, str]
) -> None:
    env = dict(given)
    frozen.as_before(env)
    assert env == left


def test_before_the_program_runs_it_is_told_its_command(frozen: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setenv("TRAYAPP_PROGRAM", "somebody else's")
    monkeypatch.setattr(sys, "executable", "/opt/trayapp/trayapp")

    def run() -> int:
        seen.append(os.environ["TRAYAPP_PROGRAM"])
        return 5

    monkeypatch.setattr("trayapp.__main__.main", run)
    assert frozen.main() == 5
    assert seen == ["/opt/trayapp/trayapp"]


# -- what is in it --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "source", "taken"),
    [
        ("PySide6/Qt/plugins/platforms/libqxcb.so", "/env/lib/PySide6/Qt/plugins/platforms/libqxcb.so", True),
        ("PySide6/Qt/plugins/platforms/libqwayland.so", "/env/x", True),
        ("PySide6/plugins/platforms/qwindows.dll", "C:/env/x", True),
        ("PySide6/Qt/plugins/platforms/libqvnc.so", "/env/x", False),
        ("PySide6/Qt/plugins/platformthemes/libqgtk3.so", "/env/x", False),
        ("PySide6/Qt/plugins/sqldrivers/libqsqlite.so", "/env/x", False),
        ("PySide6/Qt/lib/libQt6Core.so.6", "/env/x", True),
        ("PySide6/Qt/lib/libQt6WaylandClient.so.6", "/env/x", True),
        ("PySide6/Qt/lib/libQt6Quick.so.6", "/env/x", False),
        ("PySide6/Qt6Pdf.dll", "C:/env/x", False),
        ("PySide6/QtDBus.abi3.so", "/env/x", True),
        ("PySide6/QtQml.abi3.so", "/env/x", False),
        ("PySide6/Qt/translations/qtbase_de.qm", "/env/x", True),
        ("PySide6/Qt/translations/qtbase_zh_CN.qm", "/env/x", True),
        ("PySide6/translations/qtbase_de.qm", "C:/env/x", True),
        ("PySide6/Qt/translations/qtbase_fr.qm", "/env/x", False),
        ("PySide6/Qt/translations/designer_de.qm", "/env/x", False),
        ("libgtk-3.so.0", "/usr/lib/x86_64-linux-gnu/libgtk-3.so.0", False),
        ("libssl.so.3", "/lib/x86_64-linux-gnu/libssl.so.3", False),
        ("libpython3.13.so.1.0", "/usr/lib/x86_64-linux-gnu/libpython3.13.so.1.0", True),
        ("msgspec/_core.so", "/env/lib/msgspec/_core.so", True),
        ("certifi/cacert.pem", "/env/lib/certifi/cacert.pem", True),
    ],
)
def test_only_what_the_program_needs_is_taken_along(
    freezing: ModuleType, target: str, source: str, taken: bool
) -> None:
    assert freezing.taken_along(target, source) is taken


def test_every_module_is_there_even_where_only_its_name_is_known(freezing: ModuleType) -> None:
    names = freezing.imported_by_name()
    assert {"trayapp.cli.models", "trayapp.qt.finder", "trayapp.local.engine", "anyio._backends._asyncio"} <= set(names)
    assert all(find_spec(name) for name in names)
    assert not set(names) & set(freezing.NOT_NEEDED)


def test_what_is_shipped_goes_where_the_frozen_program_looks_for_it(freezing: ModuleType) -> None:
    found = {f"{folder}/{Path(source).name}" for source, folder in freezing.resources()}
    assert {"resources/catalog.json", "resources/help/gateway.md", "resources/completions/_trayapp"} <= found
    assert "resources/locale/de/LC_MESSAGES/trayapp.mo" in found
    assert not [name for name in found if name.endswith((".po", ".pot")) or "artwork" in name]


def test_a_folder_without_a_page_of_help_or_a_text_of_qts_is_not_whole(freezing: ModuleType, tmp_path: Path) -> None:
    assert freezing.QT_NAMES == FILES
    wanted = [f"{folder}/{Path(source).name}" for source, folder in freezing.resources()]
    wanted += [f"PySide6/Qt/translations/qtbase_{name}.qm" for name in ("de", "zh_CN")]
    for name in wanted:
        path = tmp_path / "_internal" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert freezing.lacking(tmp_path) == []
    gone = ["resources/help/gateway.md", "PySide6/Qt/translations/qtbase_zh_CN.qm"]
    for name in gone:
        (tmp_path / "_internal" / name).unlink()
    assert freezing.lacking(tmp_path) == ["resources/help/gateway.md", "translations/qtbase_zh_CN.qm"]


def test_the_specification_is_python_and_shares_its_rules_with_these_tests(freezing: ModuleType) -> None:
    tree = ast.parse((ROOT / "packaging" / "trayapp.spec").read_text("utf-8"))
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "freezing"
    }
    assert used
    assert all(hasattr(freezing, name) for name in used)


@pytest.mark.parametrize("kind", ["ico", "icns"])
def test_the_icon_files_of_other_systems_are_read_back(script: Script, kind: str) -> None:
    icon_files = script("icon_files")
    pictures = {n: (ROOT / f"resources/icons/trayapp-{n}.png").read_bytes() for n in icon_files.SIZES}
    data = getattr(icon_files, kind)(pictures)
    image = QImage.fromData(data)
    assert not image.isNull()
    assert image.width() in icon_files.SIZES


def test_windows_is_told_the_version_in_a_form_that_can_be_read(freezing: ModuleType) -> None:
    made: Any = ast.parse(freezing.version_info(), mode="eval")
    assert made.body.func.id == "VSVersionInfo"
    assert freezing.VERSION in freezing.version_info()
