"""Where things live: the system's rules, one folder for all of it, and what was shipped."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from trayapp.system import paths

ROOT = Path(__file__).parent.parent.parent


def test_one_variable_puts_everything_below_one_folder(tmp_path: Path) -> None:
    found = paths.find({"TRAYAPP_HOME": str(tmp_path)})
    own = [found.config, found.data, found.cache, found.logs, found.runtime]
    assert {it.parent for it in own} == {tmp_path}
    assert len(set(own)) == 5
    assert found.settings_file == tmp_path / "config" / "settings.toml"
    assert found.state_file == tmp_path / "data" / "state.json"
    assert found.listings == tmp_path / "cache" / "models"
    assert found.log_file.parent == tmp_path / "logs"


def test_a_relative_home_does_not_move_with_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert paths.find({"TRAYAPP_HOME": "here"}).config == tmp_path / "here" / "config"


@pytest.mark.skipif(sys.platform != "linux", reason="no XDG folders on this system")
def test_the_xdg_folders_are_used_where_they_are_set(home: Path) -> None:
    found = paths.find()
    assert found.config == home / "config" / "trayapp"
    assert found.data == home / "data" / "trayapp"
    assert found.cache == home / "cache" / "trayapp"
    assert found.logs == home / "state" / "trayapp" / "log"
    assert found.runtime == home / "run" / "trayapp"


@pytest.mark.skipif(sys.platform != "linux", reason="no XDG folders on this system")
def test_without_them_the_usual_places_are_used(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("XDG_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(paths, "_ours", lambda _folder: False)
    found = paths.find()
    assert found.config == home / ".config" / "trayapp"
    assert found.data == home / ".local" / "share" / "trayapp"
    assert found.cache == home / ".cache" / "trayapp"
    assert found.runtime == found.data / "run"


def test_nothing_is_made_by_looking(home: Path) -> None:
    before = sorted(home.rglob("*"))
    paths.find()
    assert sorted(home.rglob("*")) == before


@pytest.mark.skipif(os.name != "posix", reason="no XDG_RUNTIME_DIR on this system")
@pytest.mark.parametrize("spoil", ["missing", "relative", "a file", "a link", "open to others", "another's"])
def test_a_runtime_folder_that_cannot_be_trusted_is_not_used(
    spoil: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    given = str(folder)
    if spoil == "missing":
        folder.rmdir()
    elif spoil == "relative":
        monkeypatch.chdir(tmp_path)
        given = "run"
    elif spoil == "a file":
        folder.rmdir()
        folder.write_text("")
    elif spoil == "a link":
        given = str(tmp_path / "link")
        (tmp_path / "link").symlink_to(folder)
    elif spoil == "open to others":
        folder.chmod(0o777)
    else:
        uid = os.getuid()
        monkeypatch.setattr(os, "getuid", lambda: uid + 1)
    assert not paths._ours(given)
    assert paths.runtime({"XDG_RUNTIME_DIR": given}) != Path(given, "trayapp")


def test_a_shell_without_the_variable_finds_the_same_runtime_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = f"/run/user/{os.getuid()}"
    monkeypatch.setattr(paths, "_ours", lambda folder: folder == usual)
    assert paths.runtime({}) == paths.runtime({"XDG_RUNTIME_DIR": usual}) == Path(usual, "trayapp")


def test_what_was_shipped_is_found_in_a_checkout_in_a_wheel_and_frozen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert paths.resources() == ROOT / "resources"
    package = tmp_path / "site-packages" / "trayapp"
    (package / "resources").mkdir(parents=True)
    monkeypatch.setattr(paths, "__file__", str(package / "system" / "paths.py"))
    assert paths.resources() == package / "resources"
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path / "frozen"), raising=False)
    assert paths.resources() == tmp_path / "frozen" / "resources"


@pytest.mark.unmeasured
def test_a_second_start_imports_neither_msgspec_nor_asyncio_nor_platformdirs(home: Path) -> None:
    code = (
        "import sys\n"
        "from trayapp.system import instance, paths\n"
        "assert instance.hand_over(paths.runtime(), b'{}', 1) is None\n"
        "print(*sorted({'msgspec', 'asyncio', 'platformdirs', 'typing', 'PySide6', 'json'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == ""
