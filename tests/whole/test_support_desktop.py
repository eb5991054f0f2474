"""The tests' own desktop keeps what it promises, with a real tray program on it."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import desktop
from tests.support.desktop import Program, Vault
from tests.support.gnome_keyring import GnomeKeyring
from tests.support.notifications import Notifications
from tests.support.pointer import Pointer, screenshot
from tests.support.snihost import SniHost
from trayapp.system.keyrings import KeyringState
from trayapp.system.secret_service import SecretService

PROGRAM = Path(desktop.__file__).with_name("tray_program.py")


class Said:
    """The lines of a program as they come."""

    def __init__(self, program: Program) -> None:
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._read, args=(program,), daemon=True)
        self._thread.start()

    def next(self, timeout: float = 10.0) -> str:
        return self._lines.get(timeout=timeout)

    def _read(self, program: Program) -> None:
        assert program.process.stdout is not None
        for line in program.process.stdout:
            self._lines.put(line.decode().strip())


@contextmanager
def tray_program(env: Mapping[str, str], *args: str) -> Iterator[tuple[Program, Said]]:
    program = Program(
        *(sys.executable, str(PROGRAM), *args), env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    said = Said(program)
    try:
        assert said.next(20) == "shown"
        yield program, said
    finally:
        program.end()
        said._thread.join(5)


@pytest.mark.parametrize("turn", range(int(os.environ.get("TESTS_TURNS", "3"))))
def test_a_tray_menu_is_read_clicked_and_left(desk: dict[str, str], sni: SniHost, turn: int) -> None:
    with tray_program(desk) as (program, said):
        item = sni.wait_item()
        assert sni.tooltip(item) == "A tray program"
        assert sni.icon(item).sizes[-1] == (22, 22)
        menu = sni.menu(item)
        assert menu.labels == ["Provider", "model_0", "model_1", "model_2", "More (2)", "Notify", "Quit"]
        assert not menu.child("Provider").enabled
        assert menu.child("model_0").checked
        assert not menu.child("model_1").checked

        sni.click(item, "model_1")
        assert said.next() == "clicked model__1"
        assert sni.find(item, "model_1").checked

        assert sni.open(item, "More (2)").labels == ["late 0", "late 1"]
        sni.click(item, "More (2)", "late 1", closes="after")
        assert {said.next(), said.next()} == {"clicked late 1"}  # the menu above a submenu hears of it too

        sni.activate(item)
        assert said.next() == "activated Trigger"
        sni.click(item, "Quit")
        assert program.process.wait(10) == 0
        sni.wait_gone(item)


def test_what_is_not_in_the_menu_and_what_is_disabled_cannot_be_clicked(desk: dict[str, str], sni: SniHost) -> None:
    with tray_program(desk):
        item = sni.wait_item()
        with pytest.raises(LookupError, match="no “nothing”"):
            sni.click(item, "nothing")
        with pytest.raises(RuntimeError, match="disabled"):
            sni.click(item, "Provider")


def test_a_host_that_comes_back_gets_the_icon_again(desk: dict[str, str], sni: SniHost) -> None:
    with tray_program(desk) as (_, said):
        for pause in (0.0, 0.1):
            before = sni.wait_item()
            sni.restart(pause)
            assert sni.wait_item().owner == before.owner
        sni.click(sni.wait_item(), "model_2")
        assert said.next() == "clicked model__2"


def test_a_host_may_come_after_the_program(desk: dict[str, str]) -> None:
    with tray_program(desk, "late"), SniHost(desk["DBUS_SESSION_BUS_ADDRESS"]) as host:
        assert "Quit" in host.menu(host.wait_item()).labels


def test_signals_are_counted_by_name(desk: dict[str, str], sni: SniHost) -> None:
    with tray_program(desk):
        item = sni.wait_item()
        with sni.counting(item) as idle:
            sni.menu(item)
        assert not idle
        with sni.counting(item) as filled:
            sni.open(item, "More (2)")
        assert filled["LayoutUpdated"] >= 1


def test_a_notification_is_kept_and_can_be_clicked(
    desk: dict[str, str], sni: SniHost, notifications: Notifications
) -> None:
    with tray_program(desk):
        sni.click(sni.wait_item(), "Notify")
        shown = notifications.wait("Switched")
        assert (shown.title, shown.text) == ("Switched", "to model 2")


def test_an_icon_in_an_xembed_tray_opens_its_menu_under_a_real_pointer(
    desk: dict[str, str], pointer: Pointer, tmp_path: Path
) -> None:
    try:
        desktop.need("trayer")
    except desktop.MissingProgramError as missing:
        pytest.skip(str(missing))
    nobody = {name: value for name, value in desk.items() if name != "DBUS_SESSION_BUS_ADDRESS"}
    assert screenshot(desk).colours() == 1
    with desktop.trayer(nobody), tray_program(nobody) as (_, said):
        icon = pointer.wait_window("tray_program", smallest=10)
        x, y = icon.middle
        assert screenshot(desk).pixel(x, y) == (255, 0, 0)
        pointer.click(x, y, button=3)
        assert said.next() == "activated Context"
        menu = pointer.wait_window("tray_program", smallest=100)
        picture = screenshot(desk).cut(menu.x, menu.y, menu.width, menu.height)
        assert picture.colours() > 10
        picture.save(tmp_path / "menu.png")
        assert (tmp_path / "menu.png").read_bytes().startswith(b"\x89PNG")
        pointer.keys("Down", "Down", "Return")
        assert said.next() == "clicked model__1"
        pointer.wait_no_window("tray_program", smallest=100)
        pointer.click(x, y)
        assert said.next() == "activated Trigger"


def test_tray_keyring_and_notifications_share_one_desktop(
    desk_keyring: dict[str, str], sni: SniHost, notifications: Notifications
) -> None:
    assert SecretService(desk_keyring["DBUS_SESSION_BUS_ADDRESS"]).look().state is KeyringState.OK
    with tray_program(desk_keyring):
        sni.click(sni.wait_item(), "Notify")
        notifications.wait("Switched")


def test_a_keyring_can_be_locked_unlocked_and_ended(vault: GnomeKeyring) -> None:
    vault.lock()
    with pytest.raises(RuntimeError, match="refused"):
        vault.unlock("wrong")
    vault.unlock("test")
    assert vault.items() == []
    vault.end()
    vault.start("test")
    assert vault.items() == []


@pytest.mark.parametrize("vault_kind", list(Vault))
def test_nothing_of_a_desktop_is_left_running(vault_kind: Vault, home: Path) -> None:
    try:
        with desktop.desktop(vault_kind, folder=home) as env:
            assert processes(env["XDG_RUNTIME_DIR"])
    except desktop.MissingProgramError as missing:
        pytest.skip(str(missing))
    desktop.until(lambda: not processes(env["XDG_RUNTIME_DIR"]), "the desktop's programs to end")


def test_a_missing_program_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(desktop.MissingProgramError, match=r"Xvfb is not installed \(apt-get install xvfb\)"):
        desktop.need("Xvfb")


def processes(marker: str) -> list[str]:
    """Process ids in whose environment the marker stands."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if folder.name != str(os.getpid()) and marker.encode() in (folder / "environ").read_bytes():
                found.append(folder.name)
        except OSError:  # ended while we looked
            continue
    return found
