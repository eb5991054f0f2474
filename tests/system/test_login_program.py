"""Which program starts this very installation again: the script that goes away with it, where there is one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from trayapp.system.login_program import script

MADE = "#!{python}\nimport sys\nfrom trayapp.__main__ import main\nif __name__ == '__main__':\n    sys.exit(main())\n"


def placed(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "trayapp").write_text(text)
    return folder / "trayapp"


@pytest.fixture
def python(tmp_path: Path) -> str:
    (tmp_path / "env" / "bin").mkdir(parents=True)
    (tmp_path / "env" / "bin" / "python3").symlink_to(sys.executable)
    return str(tmp_path / "env" / "bin" / "python3")


def test_the_script_beside_the_python_is_named(tmp_path: Path, python: str) -> None:
    assert script(python, ()) == ""
    made = placed(tmp_path / "env" / "bin", MADE.format(python=python))
    assert script(python, ()) == str(made)


@pytest.mark.parametrize("text", ["\x7fELF of a package", "#!/bin/sh\nexec something else\n"])
def test_a_program_of_the_same_name_that_came_otherwise_is_another_one(tmp_path: Path, python: str, text: str) -> None:
    placed(tmp_path / "env" / "bin", text)
    assert script(python, ()) == ""


def test_on_windows_it_is_a_program_of_its_own(tmp_path: Path, python: str) -> None:
    placed(tmp_path / "env" / "bin", "MZ").rename(tmp_path / "env" / "bin" / "trayapp.exe")
    assert script(python, (), name="trayapp.exe") == str(tmp_path / "env" / "bin" / "trayapp.exe")


def test_in_a_folder_that_pythons_share_it_has_to_be_started_by_this_one(tmp_path: Path, python: str) -> None:
    shared = tmp_path / "shared"
    placed(shared, MADE.format(python="/another/python3"))
    assert script(python, [shared]) == ""
    assert script(python, [shared, placed(tmp_path / "user", MADE.format(python=sys.executable)).parent]) == str(
        tmp_path / "user" / "trayapp"
    )


def test_this_python_is_looked_through_without_being_told_where() -> None:
    assert script() == "" or Path(script()).name == "trayapp"
