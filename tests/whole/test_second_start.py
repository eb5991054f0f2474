"""Starting the program again: the one that runs is shown; the one that was killed is in nobody's way."""

from __future__ import annotations

from pathlib import Path

from tests.support import desktop as parts
from tests.support.pointer import Pointer
from tests.whole.program import WINDOW, Host, Trayapp, cli, listing, remembered, server, set_up
from tests.whole.reader import Reader
from trayapp.core.models import ModelRef
from trayapp.core.state import State

SETTINGS = "^Settings – trayapp$"


def furnish() -> None:
    set_up(server("mine", "http://127.0.0.1:9", ttl=10**6), lists=[listing("mine", "one", "two")])


def test_a_second_start_raises_the_list_of_the_first(
    desk: dict[str, str], host: Host, pointer: Pointer, reader: Reader
) -> None:
    furnish()
    with Trayapp(desk):
        item = host.wait_item()
        with Trayapp(desk) as second:
            assert second.wait_end() == 0
            assert "It is running already." in second.said()
        pointer.focus(pointer.wait_window(WINDOW, by="name"))
        reader.wait("two", "list item")
        pointer.keys("Down", "Return")
        host.wait_row(item, "● mine: two")
        pointer.wait_no_window(WINDOW, by="name")
        assert len(host.items) == 1


def test_a_second_start_raises_the_settings_where_there_is_no_model_yet(
    desk: dict[str, str], host: Host, pointer: Pointer, reader: Reader
) -> None:
    set_up()
    with Trayapp(desk):
        host.wait_item()
        for _ in range(2):
            with Trayapp(desk) as second:
                assert second.wait_end() == 0
            pointer.wait_window(SETTINGS, by="name")
        assert reader.wait("Add a provider", "push button")
        assert len(pointer.windows(SETTINGS, by="name")) == len(host.items) == 1


def test_a_silent_second_start_shows_nothing(desk: dict[str, str], host: Host, pointer: Pointer) -> None:
    furnish()
    with Trayapp(desk):
        host.wait_item()
        with Trayapp(desk, "--silent") as second:
            assert second.wait_end() == 0
            assert second.said() == ""
        cli(desk, "status")  # whatever the second start asked for has been answered before this
        assert not pointer.windows(WINDOW)
        assert len(host.items) == 1


def test_after_a_kill_the_next_start_works_at_once(desk: dict[str, str], host: Host) -> None:
    furnish()
    for model in ("one", "two"):
        with Trayapp(desk) as program:
            item = host.wait_item()
            host.click(item, host.row(item, model).label)
            host.wait_row(item, f"● mine: {model}")
            program.kill()
            host.wait_gone(item)
    assert remembered()["active"] == ["mine", "two"]
    with Trayapp(desk) as program:
        item = host.wait_item()
        assert host.row(item, "two").checked
        cli(desk, "quit")
        assert program.wait_end() == 0


def test_the_programs_of_two_users_do_not_meet(desk: dict[str, str], host: Host, home: Path) -> None:
    set_up(server("mine", "http://127.0.0.1:9"), state=State(active=ModelRef("mine", "x")))
    with parts.desktop(folder=home / "other") as other:
        other["OLLAMA_HOST"] = "127.0.0.1:9"
        with Host(other["DBUS_SESSION_BUS_ADDRESS"]) as theirs, Trayapp(desk), Trayapp(other) as program:
            assert host.peek(host.wait_item()).labels[0] == "● mine: x"
            assert theirs.peek(theirs.wait_item()).labels[0] == "No model chosen"
            cli(desk, "use", "--unlisted", "mine/y")
            host.wait_row(host.wait_item(), "● mine: y")
            assert theirs.peek(theirs.wait_item()).labels[0] == "No model chosen"
            cli(other, "quit")
            assert program.wait_end() == 0
            assert (len(host.items), len(theirs.items)) == (1, 0)
