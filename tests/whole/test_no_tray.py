"""The running program where there is no tray: a window stands in, says why, and goes when a tray comes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.desktop import until
from tests.support.pointer import Pointer
from tests.whole.program import WINDOW, Host, Trayapp, cli, listing, remembered, server, set_up
from tests.whole.reader import Reader
from trayapp.system.paths import find

REASON = "Your desktop offers no place for a tray icon"
GNOME = "On GNOME, install the extension “AppIndicator and KStatusNotifierItem Support”."


def furnish(**settings: Any) -> None:
    accounts = (server("left", "http://127.0.0.1:9", ttl=10**6), server("right", "http://127.0.0.1:9", ttl=10**6))
    set_up(*accounts, lists=(listing("left", "gpt_4", "gpt_5"), listing("right", "claude & co")), **settings)


@pytest.mark.parametrize("wait", [0, 1])
def test_a_window_says_why_it_is_there_and_offers_the_same_list(
    desk: dict[str, str], reader: Reader, pointer: Pointer, wait: int
) -> None:
    furnish(tray_wait=wait)
    with Trayapp(desk):
        pointer.focus(pointer.wait_window(WINDOW, by="name"))
        said = reader.wait(REASON, "label").name
        assert GNOME in said
        assert reader.find("No model chosen", "label")
        shown = [part.name.strip() for part in reader.parts() if part.role == "list item"]
        left, right = "left (2) – cached just now", "right (1) – cached just now"
        assert shown == [
            f"{left}, expanded",
            f"gpt_4, {left}",
            f"gpt_5, {left}",
            f"{right}, expanded",
            f"claude & co, {right}",
        ]


def test_typing_filters_and_enter_picks(desk: dict[str, str], reader: Reader, pointer: Pointer) -> None:
    furnish(tray_wait=0)
    with Trayapp(desk):
        pointer.focus(pointer.wait_window(WINDOW, by="name"))
        reader.wait("gpt_4", "list item")
        pointer.type("t_5")
        reader.wait_gone("claude & co", "list item")
        shown = [part.name.strip() for part in reader.parts() if part.role == "list item"]
        assert shown == ["left (2) – cached just now", "gpt_5, left (2) – cached just now"]
        pointer.keys("Return")
        reader.wait("● left: gpt_5", "label")
        assert remembered()["active"] == ["left", "gpt_5"]
        pointer.keys("Escape")  # empties the search
        reader.wait("claude & co", "list item")
        pointer.keys("Down", "Down", "Return")  # headers are passed, and read aloud
        until(lambda: remembered()["active"] == ["right", "claude & co"], "the choice")
        assert pointer.windows(WINDOW, by="name")


def test_the_icon_comes_with_the_tray_and_the_window_goes(desk: dict[str, str], pointer: Pointer) -> None:
    furnish(tray_wait=0)
    with Trayapp(desk):
        pointer.wait_window(WINDOW, by="name")
        with Host(desk["DBUS_SESSION_BUS_ADDRESS"]) as host:
            item = host.wait_item()
            pointer.wait_no_window(WINDOW, by="name")
            assert host.row(item, "gpt_5")
            host.click(item, "gpt_5")
            host.wait_row(item, "● left: gpt_5")
            assert len(host.items) == 1
        # and again when it leaves for good
        pointer.wait_window(WINDOW, by="name")


def test_a_tray_that_comes_in_time_opens_no_window(desk: dict[str, str], pointer: Pointer) -> None:
    furnish(tray_wait=600)
    with Trayapp(desk):
        until(lambda: find().log_file.exists(), "the program to be up")
        with Host(desk["DBUS_SESSION_BUS_ADDRESS"]) as host:
            assert host.row(host.wait_item(), "gpt_4")
            assert not pointer.windows(WINDOW)


def test_a_desktop_without_a_message_bus_has_the_window_as_well(desk: dict[str, str], pointer: Pointer) -> None:
    furnish(tray_wait=0)
    alone = {name: value for name, value in desk.items() if name != "DBUS_SESSION_BUS_ADDRESS"}
    with Trayapp(alone) as program:
        pointer.focus(pointer.wait_window(WINDOW, by="name"))
        pointer.type("claude")
        pointer.keys("Return")
        until(lambda: remembered().get("active") == ["right", "claude & co"], "the choice")
        cli(alone, "quit")
        assert program.wait_end() == 0


def test_the_explanation_comes_once_and_the_window_every_time(
    desk: dict[str, str], reader: Reader, pointer: Pointer
) -> None:
    furnish(tray_wait=0)
    with Trayapp(desk) as program:
        pointer.wait_window(WINDOW, by="name")
        assert GNOME in reader.wait(REASON, "label").name
        until(lambda: "no-tray" in remembered().get("told", ()), "it to be remembered")
        cli(desk, "quit")
        assert program.wait_end() == 0
    with Trayapp(desk):
        pointer.wait_window(WINDOW, by="name")
        assert reader.wait("There is no tray.", "label")
        assert not [part for part in reader.parts() if REASON in part.name]


def test_a_host_that_restarts_leaves_one_icon_and_no_window(desk: dict[str, str], pointer: Pointer) -> None:
    furnish(tray_wait=2)
    with Host(desk["DBUS_SESSION_BUS_ADDRESS"]) as host, Trayapp(desk):
        item = host.wait_item()
        for _ in range(2):
            host.restart(0.3)
            assert host.row(host.wait_item(), "gpt_5")
        assert host.wait_item().owner == item.owner
        assert len(host.items) == 1
        assert not pointer.windows(WINDOW)
