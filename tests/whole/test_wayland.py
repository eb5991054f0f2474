"""The running program on Wayland, in weston: its windows come up there, and the icon where somebody shows icons."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.desktop import until, weston
from tests.support.fixtures_desktop import or_skip
from tests.whole.program import Host, Trayapp, cli, listing, remembered, server, set_up
from tests.whole.reader import Reader

NOBODY = "http://127.0.0.1:9/v1"


@pytest.fixture
def wayland(bare_bus: dict[str, str]) -> Iterator[dict[str, str]]:
    """A session on Wayland with no X server at all; two models can be chosen there."""
    with or_skip(), weston(bare_bus) as env:
        set_up(server("mine", NOBODY, ttl=10**6), lists=[listing("mine", "one", "two")], tray_wait=0)
        yield env


def test_a_window_stands_in_and_every_other_window_opens(wayland: dict[str, str]) -> None:
    with Reader(wayland) as reader, Trayapp(wayland) as program:
        reader.wait("Your desktop offers no place for a tray icon", "label")
        reader.wait("two", "list item")
        cli(wayland, "open", "--settings", "general")
        reader.wait("Start with the desktop", "check box")
        cli(wayland, "open", "--finder")
        reader.wait("mine: two", "list item")
        cli(wayland, "use", "mine/two")
        reader.wait("● mine: two", "label")
        cli(wayland, "quit")
        assert program.wait_end() == 0


def test_with_a_host_for_icons_the_icon_is_there_and_its_menu_chooses(wayland: dict[str, str]) -> None:
    with Host(wayland["DBUS_SESSION_BUS_ADDRESS"]) as host, Trayapp(wayland):
        item = host.wait_item()
        host.click(item, host.row(item, "one").label)
        until(lambda: remembered().get("active") == ["mine", "one"], "the choice")
