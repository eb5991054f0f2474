"""Keys asked of a Wayland desktop's portal: a portal that gives them, refuses, or is not there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from jeepney import HeaderFields, Message

from tests.support.dbus_server import DbusServer, Reply, member_of, sender_of
from tests.system.keys_heard import Heard
from trayapp.core.shortcuts import parsed
from trayapp.system import hotkey_portal
from trayapp.system.hotkey_portal import PortalKeys, trigger


class Portal:
    """A desktop's portal that gives keys, or does what the test says instead."""

    def __init__(self, address: str, status: int = 0, bound: bool = True) -> None:
        self.status = status
        self.bound = bound
        self.asked: list[tuple[Any, ...]] = []
        self.server = DbusServer(address, hotkey_portal.SERVICE, self._answer)

    def press(self, session: str = "/session/1", id: str = hotkey_portal.ID) -> None:
        body: tuple[Any, ...] = (session, id, 1, {})
        self.server.signal(hotkey_portal.PATH, hotkey_portal.SHORTCUTS, "Activated", "osta{sv}", body)

    def _answer(self, message: Message) -> Reply:
        member = member_of(message)
        assert message.header.fields[HeaderFields.path] == hotkey_portal.PATH
        self.asked.append((member, *message.body))
        if member == "Register":
            raise LookupError(member)  # an older portal
        options = message.body[-1]
        sender = sender_of(message)[1:].replace(".", "_")
        path = f"{hotkey_portal.PATH}/request/{sender}/{options['handle_token'][1]}"
        if member == "CreateSession":
            result: dict[str, Any] = {"session_handle": ("s", "/session/1")}
            self._respond(path, 0, result)
        elif member == "BindShortcuts":
            given = [(hotkey_portal.ID, {"trigger_description": ("s", "Ctrl+Alt+M")})] if self.bound else []
            self._respond(path, self.status, {"shortcuts": ("a(sa{sv})", given)})
        else:
            raise LookupError(member)
        return "o", (path,)

    def _respond(self, path: str, status: int, result: dict[str, Any]) -> None:
        self.server.signal(path, hotkey_portal.REQUEST, "Response", "ua{sv}", (status, result))

    def __enter__(self) -> Portal:
        self.server.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.server.stop()


@pytest.fixture
def bus(bare_bus: dict[str, str]) -> str:
    return bare_bus["DBUS_SESSION_BUS_ADDRESS"]


@asynccontextmanager
async def portal_keys(bus: str, text: str = "Ctrl+Alt+M") -> AsyncIterator[Heard]:
    heard = Heard()
    made = PortalKeys(heard.press, heard.said.append, bus=bus)
    made.take(parsed(text))
    try:
        await heard.until(lambda: heard.said)
        yield heard
    finally:
        made.close()
        await asyncio.sleep(0)


async def test_a_portal_is_asked_for_the_keys_and_tells_when_they_are_pressed(bus: str) -> None:
    with Portal(bus) as portal:
        async with portal_keys(bus) as heard:
            assert heard.said == [""]
            portal.press(session="/session/2")
            portal.press(id="else")
            portal.press()
            await heard.until(lambda: heard.pressed == 1)
    assert [it[0] for it in portal.asked] == ["Register", "CreateSession", "BindShortcuts"]
    _member, session, wishes, parent, _options = portal.asked[-1]
    assert (session, parent) == ("/session/1", "")
    ((id, wish),) = wishes
    assert (id, wish["preferred_trigger"], wish["description"]) == (
        hotkey_portal.ID,
        ("s", "CTRL+ALT+m"),
        ("s", "Find a model"),
    )


async def test_who_refused_the_portals_question_is_not_asked_again(bus: str) -> None:
    with Portal(bus, status=1):
        async with portal_keys(bus) as heard:
            assert heard.said == ["The desktop was told not to give Ctrl+Alt+M to trayapp."]


@pytest.mark.parametrize(("status", "bound"), [(2, True), (0, False)])
async def test_a_portal_that_gives_no_keys_leaves_the_command_to_bind(bus: str, status: int, bound: bool) -> None:
    with Portal(bus, status=status, bound=bound):
        async with portal_keys(bus) as heard:
            assert "“trayapp open --finder”" in heard.said[0]


async def test_without_a_portal_or_a_bus_there_is_the_command_to_bind(bus: str) -> None:
    for address in (bus, "unix:path=/nonexistent/bus"):
        async with portal_keys(address, "Meta+PageUp") as heard:
            assert "bind Meta+PageUp to the command “trayapp open --finder”" in heard.said[0]


def test_wishes_are_written_as_the_shortcuts_specification_says() -> None:
    assert trigger(parsed("Ctrl+Alt+Shift+Meta+M")) == "CTRL+ALT+SHIFT+LOGO+m"
    assert trigger(parsed("Alt+PageUp")) == "ALT+Page_Up"
    assert trigger(parsed("Alt+Space")) == "ALT+space"
    assert trigger(parsed("F12")) == "F12"
