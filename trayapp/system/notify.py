"""Notifications through the desktop's own service, org.freedesktop.Notifications, which Linux desktops share.

Qt's way under a StatusNotifier host marks the icon as needing attention for ten seconds, so it is not used there.
The service is asked anew what it can do each time: desktops replace it while programs run.
https://specifications.freedesktop.org/notification-spec/latest/
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from trayapp.system.session_bus import NoAnswerError, SessionBus

SERVICE, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
DEFAULT = "default"
"""The action that is a click on the notification itself."""
_NORMAL = 1


class Note(Struct, frozen=True):
    """One notification, in plain text."""

    tag: str
    """A newer one with the same tag takes the place of the older one."""
    title: str
    text: str = ""
    action: str = ""
    """What a click on it does, in words; empty: nothing."""
    passing: bool = False
    """Of no interest a minute later: the desktop need not keep it in its list."""


class Notifier:
    """Shows notes one after the other, and hears of clicks on them. Connects when the first one is shown."""

    def __init__(
        self,
        clicked: Callable[[str, str], object],
        *,
        icon: str = "trayapp",
        bus: str = "SESSION",
        platform: str = sys.platform,
    ) -> None:
        """``clicked`` gets the tag, and the token by which a window may come to the front, if the desktop gave one.

        ``icon``: a name, or the address of a file.
        """
        self._clicked = clicked
        self._icon = icon
        self._address = bus
        self._linux = platform.startswith("linux")
        self._bus: SessionBus | None = None
        self._turn = asyncio.Lock()
        self._numbers: dict[str, int] = {}
        """Those that are on the screen, by their tags."""
        self._tokens: dict[int, str] = {}
        self._unnumbered: list[int] | None = None
        """What was clicked while the number of a new notification is not known yet; None: none is being shown."""
        self._closed = False

    async def show(self, note: Note) -> bool:
        """Show it; False where there is no such service, so that somebody else has to."""
        if not self._linux or self._closed:
            return False
        async with self._turn:
            try:
                bus = await self._connected()
                can = (await self._call(bus, "GetCapabilities"))[0]
                self._unnumbered = []
                number = (await self._call(bus, "Notify", "susssasa{sv}i", self._body(note, can)))[0]
            except (NoAnswerError, LookupError):
                return False
            finally:
                clicked, self._unnumbered = self._unnumbered, None
            self._numbers[note.tag] = number
        if number in (clicked or ()):  # quicker than the answer that tells its number
            self._clicked(note.tag, self._tokens.pop(number, ""))
        return True

    def close(self) -> None:
        """Listen no more; what is on the screen stays there."""
        self._closed = True
        if self._bus is not None:
            self._bus.close()
            self._bus = None

    async def _connected(self) -> SessionBus:
        if self._bus is not None and self._bus.alive:
            return self._bus
        self._numbers.clear()
        self._bus = bus = await SessionBus.opened(self._heard, bus=self._address)
        if self._closed:
            bus.close()
        await bus.listen(SERVICE, SERVICE, path=PATH)
        return bus

    async def _call(self, bus: SessionBus, member: str, signature: str = "", body: tuple[Any, ...] = ()) -> Any:
        return await bus.call(SERVICE, PATH, SERVICE, member, signature, body)

    def _body(self, note: Note, can: list[str]) -> tuple[Any, ...]:
        actions = [DEFAULT, note.action] if note.action and "actions" in can else []
        hints: dict[str, tuple[str, Any]] = {"desktop-entry": ("s", "trayapp"), "urgency": ("y", _NORMAL)}
        if note.passing:
            hints["transient"] = ("b", True)
        text = escaped(note.text) if "body-markup" in can else note.text
        return ("trayapp", self._numbers.get(note.tag, 0), self._icon, note.title, text, actions, hints, -1)

    def _heard(self, _interface: str, member: str, _path: str, body: tuple[Any, ...]) -> None:
        """Every program's notifications are told of; only our own numbers mean something here."""
        match member, body:
            case "ActivationToken", (int(number), str(token)):
                self._tokens = {number: token}
            case "ActionInvoked", (int(number), _action):
                tags = [tag for tag, it in self._numbers.items() if it == number]
                for tag in tags:
                    self._clicked(tag, self._tokens.pop(number, ""))
                if not tags and self._unnumbered is not None:
                    self._unnumbered.append(number)
            case "NotificationClosed", (int(number), _why):
                self._numbers = {tag: it for tag, it in self._numbers.items() if it != number}


def escaped(text: str) -> str:
    """Plain text, as a service wants it that reads marks in it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
