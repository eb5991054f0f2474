"""After an upgrade the entry for start at login names the program that is there; nobody else's is touched."""

from __future__ import annotations

import plistlib
from pathlib import Path

import pytest

from tests.system.test_login import APPROVED, FakeRegistry, agent, entry, linux, mac, windows
from trayapp.system import login_entry
from trayapp.system.login import LABEL, SILENT, Login, LoginStatus


def program(folder: Path, name: str = "trayapp") -> str:
    """An installed program there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).touch()
    return str(folder / name)


def test_an_entry_whose_program_is_gone_names_the_one_that_was_started(tmp_path: Path) -> None:
    now = [program(tmp_path / "new place")]
    linux(tmp_path, [str(tmp_path / "old place" / "trayapp")]).set(True)
    with entry(tmp_path).open("a") as file:
        file.write("X-GNOME-Autostart-Delay=5\n")
    assert linux(tmp_path, now).follow()
    assert linux(tmp_path, now).status() == LoginStatus(True)
    assert "X-GNOME-Autostart-Delay=5\n" in entry(tmp_path).read_text()
    assert not linux(tmp_path, now).follow()


def test_another_copy_that_is_still_there_is_left_to_its_user(tmp_path: Path) -> None:
    linux(tmp_path, [program(tmp_path / "mine")]).set(True)
    before = entry(tmp_path).read_bytes()
    assert not linux(tmp_path, [program(tmp_path / "tried")]).follow()
    assert entry(tmp_path).read_bytes() == before


@pytest.mark.parametrize(
    ("before", "after", "moves"),
    [
        ("trayapp-0.5.0/trayapp", "trayapp-0.10.0/trayapp", True),
        ("trayapp-0.10.0/trayapp", "trayapp-0.9.0/trayapp", False),
        ("trayapp-0.5.0-x86_64.AppImage", "trayapp-0.6.0-x86_64.AppImage", True),
        ("a/trayapp-0.5.0/trayapp", "b/trayapp-0.6.0/trayapp", False),
    ],
)
def test_a_newer_version_in_the_same_place_takes_over(before: str, after: str, moves: bool, tmp_path: Path) -> None:
    old, new = (program((tmp_path / it).parent, Path(it).name) for it in (before, after))
    linux(tmp_path, [old]).set(True)
    assert linux(tmp_path, [new]).follow() is moves
    assert f"Exec={new if moves else old} {SILENT}\n" in entry(tmp_path).read_text()


def test_an_entry_of_the_same_python_names_its_script_by_now(tmp_path: Path) -> None:
    python, script = program(tmp_path / "bin", "python3"), program(tmp_path / "bin")
    linux(tmp_path, [python, "-m", "trayapp"]).set(True)
    assert linux(tmp_path, [script]).follow()
    other = program(tmp_path / "other", "python3")
    linux(tmp_path, [other, "-m", "trayapp"]).set(True)
    assert not linux(tmp_path, [script]).follow()


@pytest.mark.parametrize(
    "lines",
    [
        "Exec=/gone/trayapp --silent\nHidden=true\n",
        "Exec=/gone/trayapp --silent\nX-GNOME-Autostart-enabled=false\n",
        "Exec=/gone/trayapp --silent --of-somebody-else\n",
        "Exec=\n",
        "",
    ],
)
def test_what_is_switched_off_or_not_ours_stays_as_it_is(lines: str, tmp_path: Path) -> None:
    assert not linux(tmp_path).follow()
    entry(tmp_path).parent.mkdir(parents=True)
    entry(tmp_path).write_text(f"[Desktop Entry]\nType=Application\n{lines}")
    before = entry(tmp_path).read_bytes()
    assert not linux(tmp_path).follow()
    assert entry(tmp_path).read_bytes() == before


@pytest.mark.parametrize(
    "words", [["/a b/c", "it's", "x;y", "50%", 'q"q', "b\\s", "$HOME", "tab\t", "é"], ["/plain", "--on"]]
)
def test_a_command_is_read_back_from_the_line_that_was_made_of_it(words: list[str]) -> None:
    assert login_entry.command(login_entry.exec_line(words)) == words


def test_on_a_mac_an_agent_whose_program_is_gone_names_the_one_that_was_started(tmp_path: Path) -> None:
    here = [program(tmp_path / "trayapp.app")]
    Login(["/gone/trayapp"], env={}, home=tmp_path, platform="darwin", launchctl=lambda *_: "").set(True)
    assert not mac(tmp_path, f'"{LABEL}" => disabled', program=here).follow()
    assert mac(tmp_path, program=here).follow()
    assert mac(tmp_path, program=here).status() == LoginStatus(True)
    for spoiled in (plistlib.dumps({"ProgramArguments": "text"}), b"nothing", None):
        agent(tmp_path).unlink() if spoiled is None else agent(tmp_path).write_bytes(spoiled)
        assert not mac(tmp_path, program=here).follow()


def test_on_windows_a_value_whose_program_is_gone_names_the_one_that_was_started(tmp_path: Path) -> None:
    registry, here = FakeRegistry(), [program(tmp_path / "Program Files", "trayapp.exe")]
    assert not windows(registry, here).follow()
    windows(registry, [str(tmp_path / "old place" / "trayapp.exe")]).set(True)
    registry.keys[APPROVED] = {"trayapp": b"\x03"}
    assert not windows(registry, here).follow()
    del registry.keys[APPROVED]
    assert windows(registry, here).follow()
    assert windows(registry, here).status() == LoginStatus(True)
