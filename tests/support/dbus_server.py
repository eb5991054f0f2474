"""A name on a session bus whose calls a test answers, on a thread of its own."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from jeepney import (
    DBusAddress,
    HeaderFields,
    MatchRule,
    Message,
    MessageType,
    new_error,
    new_method_call,
    new_method_return,
    new_signal,
)
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection

Reply: TypeAlias = "tuple[str, tuple[Any, ...]]"
"""Signature and body of an answer."""
NOTHING: Reply = ("", ())
_CONTROL = "tests.Control"
_FLAGS = 4  # do not queue for the name


class RefusedError(RuntimeError):
    """The other side answered a call with an error."""


class DbusServer:
    """Owns ``name`` while it runs.

    ``answer`` gets each method call and gives its reply; LookupError becomes UnknownMethod, None no answer at
    all. ``hear`` gets the signals that ``matches`` ask for. Both run on the server's thread.
    """

    def __init__(
        self,
        address: str,
        name: str,
        answer: Callable[[Message], Reply | None],
        hear: Callable[[Message], None] = lambda message: None,
        matches: Sequence[MatchRule] = (),
    ) -> None:
        self.address = address
        self.name = name
        self._answer = answer
        self._hear = hear
        self._matches = matches
        self._bus: DBusConnection | None = None
        self._thread: threading.Thread | None = None
        self._sending = threading.Lock()

    def start(self) -> None:
        self._bus = bus = open_dbus_connection(self.address)
        for rule in self._matches:
            reply_to(bus, message_bus.AddMatch(rule))
        if reply_to(bus, message_bus.RequestName(self.name, _FLAGS))[0] != 1:
            bus.close()
            raise RuntimeError(f"{self.name} is taken on this bus")
        self._thread = threading.Thread(target=self._serve, args=(bus,), name=self.name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Give the name back; nothing if it does not run. A bus that is gone is no error."""
        if self._bus is None or self._thread is None:
            return
        with contextlib.suppress(OSError, RefusedError):
            self._control("Stop")
        self._thread.join(5)
        self._bus.close()
        self._bus = self._thread = None

    def caught_up(self) -> None:
        """Return when everything that reached this name before now has been answered or heard."""
        self._control("CaughtUp")

    def signal(self, path: str, interface: str, member: str, signature: str = "", body: tuple[Any, ...] = ()) -> None:
        if self._bus is not None:
            self._send(self._bus, new_signal(DBusAddress(path, interface=interface), member, signature, body))

    def _control(self, member: str) -> None:
        call(self.address, DBusAddress("/tests", self.name, _CONTROL), member)

    def _send(self, bus: DBusConnection, message: Message) -> None:
        with self._sending:
            bus.send(message)

    def _serve(self, bus: DBusConnection) -> None:
        while True:
            try:
                message = bus.receive()
            except OSError:  # the bus has ended
                return
            kind = message.header.message_type
            if kind is MessageType.signal:
                self._hear(message)
            elif kind is MessageType.method_call:
                fields = message.header.fields
                if fields.get(HeaderFields.interface) == _CONTROL:
                    self._send(bus, new_method_return(message))
                    if fields[HeaderFields.member] == "Stop":
                        return
                else:
                    self._reply(bus, message)

    def _reply(self, bus: DBusConnection, message: Message) -> None:
        try:
            reply = self._answer(message)
        except LookupError as unknown:
            self._send(bus, new_error(message, "org.freedesktop.DBus.Error.UnknownMethod", "s", (str(unknown),)))
            return
        if reply is not None:
            signature, body = reply
            self._send(bus, new_method_return(message, signature or None, body))

    def __enter__(self) -> DbusServer:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()


def member_of(message: Message) -> str:
    return str(message.header.fields[HeaderFields.member])


def sender_of(message: Message) -> str:
    return str(message.header.fields[HeaderFields.sender])


def reply_to(bus: DBusConnection, message: Message, timeout: float = 10.0) -> Any:
    """The body of the answer. RefusedError for an error, TimeoutError for none."""
    reply = bus.send_and_get_reply(message, timeout=timeout)
    if reply.header.message_type is MessageType.error:
        raise RefusedError(f"{reply.header.fields.get(HeaderFields.error_name)}: {reply.body}")
    return reply.body


def call(address: str, to: DBusAddress, member: str, signature: str | None = None, body: tuple[Any, ...] = ()) -> Any:
    """One call on a connection of its own."""
    with open_dbus_connection(address) as bus:
        return reply_to(bus, new_method_call(to, member, signature, body))
