"""Keys pressed anywhere on the screen open the search; what stands in their way is said."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

from tests.support.desktop import Program, until
from tests.support.pointer import Pointer
from tests.whole.program import COMMAND, WINDOW, Host, Trayapp, cli, listing, server, set_up
from tests.whole.reader import Reader
from trayapp.core.shortcuts import parsed
from trayapp.system.hotkey_x11 import XKeys


def furnish(**settings: Any) -> None:
    set_up(server("mine", "http://127.0.0.1:9", ttl=10**6), lists=[listing("mine", "one", "two")], **settings)


def press_until_it_opens(pointer: Pointer, keys: str) -> None:
    """The program takes its keys in a moment after the icon."""

    def opened() -> object:
        pointer.keys(keys)
        with contextlib.suppress(TimeoutError):
            return pointer.wait_window(WINDOW, timeout=0.5)
        return None

    until(opened, "the window")


def test_the_keys_of_the_settings_open_the_search(desk: dict[str, str], host: Host, pointer: Pointer) -> None:
    furnish(shortcut="Ctrl+Alt+M")
    with Trayapp(desk):
        host.wait_item()
        press_until_it_opens(pointer, "ctrl+alt+m")


def test_other_keys_hold_at_once_and_those_before_no_longer(desk: dict[str, str], host: Host, pointer: Pointer) -> None:
    furnish(shortcut="Ctrl+Alt+M")
    with Trayapp(desk):
        host.wait_item()
        cli(desk, "settings", "set", "shortcut", "Meta+F5")
        pointer.keys("ctrl+alt+m")
        cli(desk, "status")
        assert not pointer.windows(WINDOW)
        press_until_it_opens(pointer, "super+F5")


@contextlib.contextmanager
def held(desk: dict[str, str], text: str) -> Iterator[None]:
    """Another program has these keys."""

    async def take() -> XKeys:
        said: list[str] = []
        keys = XKeys(lambda: None, said.append, display=desk["DISPLAY"])
        keys.take(parsed(text))
        assert said == [""]
        asyncio.get_running_loop().remove_reader(keys._server.fd if keys._server else -1)
        return keys

    with asyncio.Runner() as runner:
        keys = runner.run(take())
        try:
            yield
        finally:

            async def give() -> None:
                keys.close()

            runner.run(give())


def test_keys_that_another_program_has_are_said_to_who_asks_for_them(
    desk: dict[str, str], host: Host, pointer: Pointer, reader: Reader
) -> None:
    furnish()
    with held(desk, "Ctrl+Alt+M"), Trayapp(desk):
        host.wait_item()
        cli(desk, "settings", "set", "shortcut", "Ctrl+Alt+M")
        pointer.wait_window(WINDOW)
        assert reader.wait("These keys do not open the search")
        assert reader.wait(
            "Another program has taken Ctrl+Alt+M for itself. Choose other keys, or free them there.", "label"
        )


def test_at_a_start_nobody_is_bothered_with_it(desk: dict[str, str], host: Host, pointer: Pointer) -> None:
    furnish(shortcut="Ctrl+Alt+M")
    with held(desk, "Ctrl+Alt+M"), Trayapp(desk):
        host.wait_item()
        cli(desk, "status")
        assert not pointer.windows(WINDOW)


def test_the_command_opens_the_search_where_keys_are_bound_to_it(
    desk: dict[str, str], host: Host, pointer: Pointer
) -> None:
    furnish()
    with Trayapp(desk):
        host.wait_item()
        with Program(*COMMAND, "open", "--finder", env=desk) as command:
            assert command.process.wait(10) == 0
        pointer.wait_window(WINDOW)
