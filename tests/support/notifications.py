"""A desktop's notification service that keeps what it is asked to show, so that a test can read it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from jeepney import Message

from tests.support.dbus_server import NOTHING, DbusServer, Reply, member_of

NAME = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"


class Shown(NamedTuple):
    number: int
    program: str
    title: str
    text: str
    actions: tuple[str, ...]
    icon: str
    hints: Mapping[str, Any]
    """Without their D-Bus types."""
    expires: int


class Notifications:
    """Owns ``org.freedesktop.Notifications`` on one bus; ``shown`` grows in the order of asking.

    ``can`` is what it says that it can do. A number to be replaced that is not on the screen is not used again,
    as with the desktops' own services.
    """

    def __init__(self, address: str, can: Sequence[str] = ("body", "actions", "icon-static")) -> None:
        self.shown: list[Shown] = []
        self.open: list[int] = []
        """Numbers of those that are on the screen now."""
        self.can = list(can)
        self._last = 0
        self._changed = threading.Condition()
        self._server = DbusServer(address, NAME, self._answer)

    def wait(self, containing: str, timeout: float = 10.0) -> Shown:
        """The first notification with these words in its title or text."""

        def found() -> Shown | None:
            return next((one for one in self.shown if containing in one.title or containing in one.text), None)

        with self._changed:
            if not self._changed.wait_for(lambda: found() is not None, timeout):
                raise TimeoutError(f"no notification with “{containing}”, but {self.shown}")
            result = found()
        assert result is not None
        return result

    def click(self, one: Shown, action: str = "default", token: str = "") -> None:
        """What a click on the notification tells the program; ``token``: by which a window may come to the front."""
        if token:
            self._server.signal(PATH, NAME, "ActivationToken", "us", (one.number, token))
        self._server.signal(PATH, NAME, "ActionInvoked", "us", (one.number, action))
        self.close(one, 2)

    def close(self, one: Shown, why: int = 2) -> None:
        """Take it off the screen: 1 it has expired, 2 its user closed it, 3 the program did."""
        with self._changed:
            self.open = [it for it in self.open if it != one.number]
        self._server.signal(PATH, NAME, "NotificationClosed", "uu", (one.number, why))

    def __enter__(self) -> Notifications:
        self._server.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.stop()

    def _answer(self, message: Message) -> Reply:
        match member_of(message):
            case "Notify":
                program, replaces, icon, title, text, actions, hints, expires = message.body
                plain = {name: value for name, (_type, value) in hints.items()}
                with self._changed:
                    number = replaces if replaces in self.open else self._last + 1
                    self._last = max(self._last, number)
                    if number not in self.open:
                        self.open.append(number)
                    self.shown.append(Shown(number, program, title, text, tuple(actions), icon, plain, expires))
                    self._changed.notify_all()
                return "u", (number,)
            case "GetCapabilities":
                return "as", (self.can,)
            case "GetServerInformation":
                return "ssss", ("tests", "tests", "1", "1.2")
            case "CloseNotification":
                return NOTHING
            case unknown:
                raise LookupError(unknown)
