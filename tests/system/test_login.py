"""Start at login on three systems: what is written starts, what the user switched off stays off."""

from __future__ import annotations

import json
import os
import plistlib
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from trayapp.core.errors import UserError
from trayapp.system import files, login_entry
from trayapp.system.login import LABEL, SILENT, Login, LoginStatus

PROGRAM = ["/opt/trayapp/bin/trayapp"]


def linux(home: Path, program: list[str] | None = None, env: dict[str, str] | None = None) -> Login:
    return Login(program or PROGRAM, env=env or {}, home=home, platform="linux")


def entry(home: Path) -> Path:
    return home / ".config" / "autostart" / "trayapp.desktop"


# -- Linux --------------------------------------------------------------------------------------


def test_on_and_off_are_read_back_from_the_system(tmp_path: Path) -> None:
    login = linux(tmp_path)
    assert login.status() == LoginStatus(False)
    login.set(True)
    assert login.status() == LoginStatus(True)
    login.set(False)
    assert login.status() == LoginStatus(False)
    login.set(False)
    assert not entry(tmp_path).exists()


def test_it_starts_silently(tmp_path: Path) -> None:
    linux(tmp_path).set(True)
    assert f"Exec=/opt/trayapp/bin/trayapp {SILENT}\n" in entry(tmp_path).read_text()


def test_the_folder_follows_the_xdg_variable_when_that_is_a_full_path(tmp_path: Path) -> None:
    linux(tmp_path, env={"XDG_CONFIG_HOME": str(tmp_path / "cfg")}).set(True)
    assert (tmp_path / "cfg" / "autostart" / "trayapp.desktop").exists()
    linux(tmp_path, env={"XDG_CONFIG_HOME": "relative"}).set(True)
    assert entry(tmp_path).exists()


@pytest.mark.parametrize(
    "written",
    ["Hidden=true", "Hidden = True", "X-GNOME-Autostart-enabled=false", "X-MATE-Autostart-enabled=false"],
)
def test_what_a_desktop_switched_off_is_off_and_said_to_be_until_the_user_asks_for_it(
    written: str, tmp_path: Path
) -> None:
    login = linux(tmp_path)
    login.set(True)
    text = entry(tmp_path).read_text().replace("X-GNOME-Autostart-enabled=true\n", "")
    entry(tmp_path).write_text(f"{text}{written}\nX-GNOME-Autostart-Delay=5\nName[de]=Leiste\n")
    status = login.status()
    assert not status.on
    assert "system's own settings" in status.note
    login.set(True)
    assert login.status() == LoginStatus(True)
    text = entry(tmp_path).read_text()
    assert "X-GNOME-Autostart-Delay=5\n" in text
    assert "Name[de]=Leiste\n" in text
    assert written not in text


def test_a_word_in_another_group_switches_nothing_off(tmp_path: Path) -> None:
    login = linux(tmp_path)
    login.set(True)
    with entry(tmp_path).open("a") as file:
        file.write("\n[Desktop Action x]\nName=x\nHidden=true\n")
    assert login.status().on


def test_an_entry_that_starts_another_copy_says_so(tmp_path: Path) -> None:
    linux(tmp_path, ["/old/place/trayapp"]).set(True)
    status = linux(tmp_path).status()
    assert status.on
    assert "/old/place/trayapp" in status.note
    linux(tmp_path).set(True)
    assert linux(tmp_path).status() == LoginStatus(True)


@pytest.mark.parametrize("content", [b"", b"\0\xff garbage", b"[Desktop Entry]\nType=Application\n", b"x" * 100_000])
def test_a_spoiled_entry_is_off_and_switching_on_makes_it_good(content: bytes, tmp_path: Path) -> None:
    entry(tmp_path).parent.mkdir(parents=True)
    entry(tmp_path).write_bytes(content)
    login = linux(tmp_path)
    assert not login.status().on
    login.set(True)
    assert login.status() == LoginStatus(True)
    _validate(entry(tmp_path))


@pytest.mark.parametrize("bad", ["100%", "do$llar", "tick`", 'quo"te', "back\\slash", "new\nline", "bell\a"])
def test_a_path_that_some_session_would_not_start_is_refused_with_a_sentence(bad: str, tmp_path: Path) -> None:
    for program in ([f"/opt/{bad}/trayapp"], ["/opt/trayapp", bad]):
        with pytest.raises(UserError, match="plainer path"):
            linux(tmp_path, program).set(True)
    assert not entry(tmp_path).exists()


def test_a_path_that_is_not_full_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no full path"):
        linux(tmp_path, ["trayapp"]).set(True)


def test_what_the_disk_does_not_take_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(path: Path, _data: bytes) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(files, "write_private", fails)
    with pytest.raises(UserError, match=r"Permission denied .*trayapp\.desktop"):
        linux(tmp_path).set(True)


@pytest.mark.parametrize(
    ("argument", "written"),
    [
        ("plain", "plain"),
        ("", '""'),
        ("two words", '"two words"'),
        ("a;b", '"a;b"'),
        ("a&b", '"a&b"'),
        ("50%", "50%%"),
        ("$HOME", '"\\\\$HOME"'),
        ('say "hi"', '"say \\\\"hi\\\\""'),
        ("a\\b", '"a\\\\\\\\b"'),
        ("tab\tnew\n", '"tab\\tnew\\n"'),
        ("é中", "é中"),
    ],
)
def test_arguments_are_quoted_for_exec_and_then_escaped_for_the_file(argument: str, written: str) -> None:
    assert login_entry.exec_line([argument]) == written


def _validate(path: Path) -> None:
    if shutil.which("desktop-file-validate") is None:
        pytest.skip("desktop-file-validate is missing: apt-get install desktop-file-utils")
    done = subprocess.run(["desktop-file-validate", path], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.skipif(sys.platform != "linux", reason="no desktop entries on this system")
@pytest.mark.parametrize("folder", ["plain", "with space", "é中", "semi;colon & more", "(brackets) [x] #1 ~", "don't"])
def test_sessions_start_the_program_with_its_arguments_from_any_folder_we_accept(folder: str, tmp_path: Path) -> None:
    program, record = tmp_path / folder / "run me", tmp_path / "record"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\nimport sys, json, os\n"
        f"open({str(record)!r} + '.part', 'w').write(json.dumps(sys.argv[1:]))\n"
        f"os.rename({str(record)!r} + '.part', {str(record)!r})\n"
    )
    program.chmod(0o755)
    linux(tmp_path, [str(program), "-m", "an argument", ""]).set(True)
    _validate(entry(tmp_path))
    if shutil.which("gio") is None:
        pytest.skip("gio is missing: apt-get install libglib2.0-bin")
    env = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / ".config")}
    subprocess.run(["gio", "launch", entry(tmp_path)], check=True, env=env, capture_output=True, timeout=20)
    deadline = time.monotonic() + 10
    while not record.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert json.loads(record.read_text()) == ["-m", "an argument", "", SILENT]


# -- macOS --------------------------------------------------------------------------------------


def mac(
    home: Path, disabled: str = "", asked: list[tuple[str, ...]] | None = None, program: list[str] | None = None
) -> Login:
    def launchctl(*arguments: str) -> str:
        if asked is not None:
            asked.append(arguments)
        return disabled

    return Login(program or PROGRAM, env={}, home=home, platform="darwin", launchctl=launchctl)


def agent(home: Path) -> Path:
    return home / "Library" / "LaunchAgents" / f"{LABEL}.plist"


def test_on_a_mac_a_launch_agent_is_written_and_removed(tmp_path: Path) -> None:
    login = mac(tmp_path)
    assert login.status() == LoginStatus(False)
    login.set(True)
    assert login.status() == LoginStatus(True)
    written = plistlib.loads(agent(tmp_path).read_bytes())
    assert written["ProgramArguments"] == [*PROGRAM, SILENT]
    assert written["RunAtLoad"] is True
    assert written["Label"] == LABEL == agent(tmp_path).stem
    login.set(False)
    assert login.status() == LoginStatus(False)


@pytest.mark.parametrize("word", ["disabled", "true"])
def test_on_a_mac_what_the_user_switched_off_is_off(word: str, tmp_path: Path) -> None:
    asked: list[tuple[str, ...]] = []
    listing = f'disabled services = {{\n\t"com.other" => enabled\n\t"{LABEL}" => {word}\n}}'
    mac(tmp_path).set(True)
    login = mac(tmp_path, listing, asked)
    assert "system's own settings" in login.status().note
    assert not login.status().on
    login.set(True)
    assert ("enable", LABEL) in asked


def test_on_a_mac_another_label_that_is_off_does_not_matter(tmp_path: Path) -> None:
    mac(tmp_path).set(True)
    assert mac(tmp_path, f'"{LABEL}.other" => disabled\n"{LABEL}" => enabled').status().on


def test_on_a_mac_a_spoiled_or_other_agent_is_told_apart(tmp_path: Path) -> None:
    mac(tmp_path).set(True)
    for content in (b"", b"not a list", b"\xff", plistlib.dumps([1]), plistlib.dumps({"Disabled": True})):
        agent(tmp_path).write_bytes(content)
        assert not mac(tmp_path).status().on
        assert mac(tmp_path).status().note
    agent(tmp_path).write_bytes(plistlib.dumps({"ProgramArguments": ["/old/trayapp"]}))
    assert mac(tmp_path).status().on
    assert "/old/trayapp" in mac(tmp_path).status().note


# -- Windows ------------------------------------------------------------------------------------


class FakeKey:
    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def __enter__(self) -> FakeKey:
        return self

    def __exit__(self, _type: type | None, _exc: BaseException | None, _trace: TracebackType | None) -> None:
        pass


class FakeRegistry:
    """As much of winreg as is used."""

    HKEY_CURRENT_USER, KEY_SET_VALUE, REG_SZ = 1, 2, 1

    def __init__(self) -> None:
        self.keys: dict[str, dict[str, Any]] = {}

    def OpenKey(self, root: int, path: str, reserved: int = 0, access: int = 0) -> FakeKey:
        assert root == self.HKEY_CURRENT_USER
        if path not in self.keys:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        return FakeKey(self.keys[path])

    def CreateKeyEx(self, root: int, path: str, reserved: int = 0, access: int = 0) -> FakeKey:
        assert (root, access) == (self.HKEY_CURRENT_USER, self.KEY_SET_VALUE)
        return FakeKey(self.keys.setdefault(path, {}))

    def QueryValueEx(self, key: FakeKey, name: str) -> tuple[Any, int]:
        if name not in key.values:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        return key.values[name], 1

    def SetValueEx(self, key: FakeKey, name: str, reserved: int, kind: int, value: Any) -> None:
        assert kind == self.REG_SZ
        key.values[name] = value

    def DeleteValue(self, key: FakeKey, name: str) -> None:
        if name not in key.values:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        del key.values[name]


RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
APPROVED = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"


def windows(registry: Any, program: list[str] | None = None) -> Login:
    return Login(program or [r"C:\Program Files\trayapp\trayapp.exe"], platform="win32", registry=registry)


def test_on_windows_the_run_key_is_written_and_cleared() -> None:
    registry = FakeRegistry()
    login = windows(registry)
    assert login.status() == LoginStatus(False)
    login.set(False)
    login.set(True)
    assert login.status() == LoginStatus(True)
    assert registry.keys[RUN] == {"trayapp": rf'"C:\Program Files\trayapp\trayapp.exe" {SILENT}'}
    login.set(False)
    assert login.status() == LoginStatus(False)
    assert registry.keys[RUN] == {}


@pytest.mark.parametrize("first", [3, 7, 1])
def test_on_windows_what_the_task_manager_switched_off_is_off_until_the_user_asks_for_it(first: int) -> None:
    registry = FakeRegistry()
    login = windows(registry)
    login.set(True)
    registry.keys[APPROVED] = {"trayapp": bytes([first, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8])}
    status = login.status()
    assert not status.on
    assert "system's own settings" in status.note
    login.set(True)
    assert login.status() == LoginStatus(True)


@pytest.mark.parametrize("record", [b"\x02" + b"\0" * 11, b"\x06" + b"\0" * 11, b"", "text"])
def test_on_windows_every_other_record_means_that_it_starts(record: Any) -> None:
    registry = FakeRegistry()
    windows(registry).set(True)
    registry.keys[APPROVED] = {"trayapp": record}
    assert windows(registry).status() == LoginStatus(True)


def test_on_windows_a_command_too_long_to_be_started_is_refused() -> None:
    registry = FakeRegistry()
    with pytest.raises(UserError, match="260 characters"):
        windows(registry, ["C:\\" + "x" * 260]).set(True)
    assert registry.keys == {}


def test_on_windows_another_copy_is_named() -> None:
    registry = FakeRegistry()
    windows(registry, [r"C:\old\trayapp.exe"]).set(True)
    assert r"C:\old\trayapp.exe" in windows(registry).status().note
