"""A screen reader of the tests' own: what stands in the windows of a Qt program, read over D-Bus (AT-SPI).

What is found here is what a blind user would hear, so a sentence that only eyes can read fails a test.
The interfaces are those of at-spi2-core's XML files; the states are numbered in its ``atspi-constants.h``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

from jeepney import DBusAddress, HeaderFields, MatchRule, Message, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from tests.support.dbus_server import NOTHING, DbusServer, RefusedError, Reply, member_of, reply_to, sender_of
from tests.support.desktop import until

BUS, REGISTRY = "org.a11y.Bus", "org.a11y.atspi.Registry"
ROOT = "/org/a11y/atspi/accessible/root"
_ACCESSIBLE, _COMPONENT = "org.a11y.atspi.Accessible", "org.a11y.atspi.Component"
_TEXT, _ACTION = "org.a11y.atspi.Text", "org.a11y.atspi.Action"
_EVENTS = MatchRule(type="signal", interface="org.a11y.atspi.Event.Object")
_PROPERTIES = "org.freedesktop.DBus.Properties"
_CHECKED, _FOCUSED, _SENSITIVE, _SHOWING = 4, 12, 24, 25


class Part(NamedTuple):
    """One thing in a window."""

    owner: str
    path: str
    role: str
    """As at-spi2-core calls it: ``label``, ``push button``, ``menu item``, ``text``."""
    name: str
    states: int
    depth: int

    @property
    def enabled(self) -> bool:
        return bool(self.states & 1 << _SENSITIVE)

    @property
    def checked(self) -> bool:
        return bool(self.states & 1 << _CHECKED)

    @property
    def focused(self) -> bool:
        return bool(self.states & 1 << _FOCUSED)


class Reader:
    """Stands in for the desktop's registry; programs find it through the session bus of ``env``.

    Making one changes ``env`` so that Qt talks to it.
    """

    def __init__(self, env: dict[str, str]) -> None:
        env["QT_LINUX_ACCESSIBILITY_ALWAYS_ON"] = "1"
        self._address = env["DBUS_SESSION_BUS_ADDRESS"]
        self._programs: list[str] = []
        self._shown: list[tuple[str, str]] = []
        """Owner and path of what came up by itself: menus belong to no window."""
        self._client: DBusConnection | None = None
        self._lock = threading.Lock()
        self._servers = (
            DbusServer(self._address, BUS, self._bus_asked),
            DbusServer(self._address, REGISTRY, self._registry_asked, self._hear, [_EVENTS]),
        )

    def parts(self) -> list[Part]:
        """Everything that shows in any window, from top to bottom as it is read aloud."""
        with self._lock:
            tops = [(owner, ROOT) for owner in self._programs] + self._shown
        found: dict[tuple[str, str], Part] = {}
        for owner, path in tops:
            if (owner, path) not in found:
                found |= {(part.owner, part.path): part for part in self._walk(owner, path, 0)}
        return list(found.values())

    def find(self, text: str, role: str = "") -> Part | None:
        """The first thing that shows and has these words in its name."""
        return next((it for it in self.parts() if text in it.name and role in ("", it.role)), None)

    def wait(self, text: str, role: str = "", timeout: float = 10.0) -> Part:
        """The same, once it is there."""
        try:
            return until(lambda: self.find(text, role), f"{role or 'something'} with “{text}”", timeout, pause=0.05)
        except TimeoutError as late:
            raise TimeoutError(f"{late}:\n{self.dump()}") from None

    def wait_gone(self, text: str, role: str = "", timeout: float = 10.0) -> None:
        """Until nothing with these words shows."""
        try:
            until(lambda: self.find(text, role) is None, f"“{text}” to go", timeout, pause=0.05)
        except TimeoutError as late:
            raise TimeoutError(f"{late}:\n{self.dump()}") from None

    def typed(self, part: Part) -> str:
        """What stands in a line of text."""
        return str(self._ask(part.owner, part.path, _TEXT, "GetText", "ii", (0, -1))[0])

    def place(self, part: Part) -> tuple[int, int, int, int]:
        """Left, top, width and height on the screen, in pixels."""
        x, y, width, height = self._ask(part.owner, part.path, _COMPONENT, "GetExtents", "u", (0,))[0]
        return x, y, width, height

    def middle(self, part: Part) -> tuple[int, int]:
        x, y, width, height = self.place(part)
        return x + width // 2, y + height // 2

    def press(self, part: Part) -> None:
        """What a screen reader does for its user: the thing's first action."""
        self._ask(part.owner, part.path, _ACTION, "DoAction", "i", (0,))

    def dump(self) -> str:
        """All that shows, as text for a failing test."""
        return "\n".join(f"{'  ' * it.depth}{it.role}: {it.name!r}" for it in self.parts())

    def __enter__(self) -> Reader:
        for server in self._servers:
            server.start()
        self._client = open_dbus_connection(self._address)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._client is not None:
            self._client.close()
        for server in self._servers:
            server.stop()

    def _walk(self, owner: str, path: str, depth: int) -> Iterator[Part]:
        try:
            low, _high = self._ask(owner, path, _ACCESSIBLE, "GetState")[0]
            if path != ROOT and not low & 1 << _SHOWING:
                return
            role = self._ask(owner, path, _ACCESSIBLE, "GetRoleName")[0]
            name = self._ask(owner, path, _PROPERTIES, "Get", "ss", (_ACCESSIBLE, "Name"))[0][1]
            children = self._ask(owner, path, _ACCESSIBLE, "GetChildren")[0]
        except RefusedError:  # it went while we looked, or its program did
            return
        if path != ROOT:
            yield Part(owner, path, role, name, low, depth)
        for child_owner, child in children:
            yield from self._walk(child_owner, child, depth + 1)

    def _ask(
        self, owner: str, path: str, interface: str, member: str, signature: str = "", body: tuple[Any, ...] = ()
    ) -> Any:
        if self._client is None:
            raise RuntimeError("the screen reader does not run")
        call = new_method_call(DBusAddress(path, owner, interface), member, signature or None, body)
        return reply_to(self._client, call)

    def _bus_asked(self, message: Message) -> Reply:
        if member_of(message) == "GetAddress":
            return "s", (self._address,)
        raise LookupError(member_of(message))

    def _registry_asked(self, message: Message) -> Reply:
        match member_of(message):
            case "Embed":
                with self._lock:
                    self._programs.append(message.body[0][0])
                return "(so)", ((REGISTRY, ROOT),)
            case "GetRegisteredEvents":
                return "a(ss)", ([(sender_of(message), "object:")],)
            case "NotifyListenersSync":  # a key was pressed: no, we do not keep it to ourselves
                return "b", (False,)
        return NOTHING

    def _hear(self, message: Message) -> None:
        path = message.header.fields[HeaderFields.path]
        if member_of(message) == "StateChanged" and tuple(message.body[:2]) == ("showing", 1):
            with self._lock:
                if (sender_of(message), path) not in self._shown:
                    self._shown.append((sender_of(message), path))
