"""A desktop's notification service that keeps what it is asked to show, so that a test can read it."""

from __future__ import annotations

import threading
from typing import NamedTuple

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


class Notifications:
    """Owns ``org.freedesktop.Notifications`` on one bus; ``shown`` grows in the order of asking."""

    def __init__(self, address: str) -> None:
        self.shown: list[Shown] = []
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

    def click(self, one: Shown, action: str = "default") -> None:
        """What a click on the notification tells the program."""
        self._server.signal(PATH, NAME, "ActionInvoked", "us", (one.number, action))

    def __enter__(self) -> Notifications:
        self._server.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.stop()

    def _answer(self, message: Message) -> Reply:
        match member_of(message):
            case "Notify":
                program, replaces, _, title, text, actions, *_ = message.body
                with self._changed:
                    number = replaces or len(self.shown) + 1
                    self.shown.append(Shown(number, program, title, text, tuple(actions)))
                    self._changed.notify_all()
                return "u", (number,)
            case "GetCapabilities":
                return "as", (["body", "actions", "icon-static"],)
            case "GetServerInformation":
                return "ssss", ("tests", "tests", "1", "1.2")
            case "CloseNotification":
                return NOTHING
            case unknown:
                raise LookupError(unknown)
