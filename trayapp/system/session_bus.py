"""One connection to the desktop's session bus, on the running loop: calls that end, and signals as they come.

Needs no thread and no timer. Linux only; jeepney, which the keyring brings there, is imported off the loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib import import_module
from typing import Any

LIMIT = 5.0
"""Seconds for an answer. A service that is started for the call may need some of them."""


class NoAnswerError(Exception):
    """There is no bus, nobody of that name, or no answer in time; or the answer is an error."""


class SessionBus:
    """Made by ``opened``. ``heard`` gets the interface, member and body of each signal, and the path it came from."""

    def __init__(self, connection: Any, heard: Callable[[str, str, str, tuple[Any, ...]], object]) -> None:
        self._connection = connection
        self._heard = heard
        self._closed = False
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._receiving = asyncio.get_running_loop().create_task(self._receive(), name="listen to the session bus")

    @classmethod
    async def opened(
        cls, heard: Callable[[str, str, str, tuple[Any, ...]], object], *, bus: str = "SESSION"
    ) -> SessionBus:
        """A connection of its own. Raises NoAnswerError where there is no bus. ``bus``: an address, for tests."""
        try:
            library = await asyncio.to_thread(import_module, "jeepney.io.asyncio")
            connection = await library.open_dbus_connection(bus)
        except (ImportError, OSError, EOFError, ValueError, RuntimeError, KeyError, StopIteration, TimeoutError) as exc:
            raise NoAnswerError(f"no session bus: {exc}") from exc
        return cls(connection, heard)

    @property
    def name(self) -> str:
        """The unique name of this connection."""
        return str(self._connection.unique_name)

    @property
    def alive(self) -> bool:
        """The bus has not gone away, and nobody has hung up."""
        return not (self._closed or self._receiving.done())

    async def call(
        self,
        service: str,
        path: str,
        interface: str,
        member: str,
        signature: str = "",
        body: tuple[Any, ...] = (),
        *,
        limit: float = LIMIT,
    ) -> tuple[Any, ...]:
        """What it answers, within ``limit`` seconds. Raises NoAnswerError."""
        from jeepney import DBusAddress, MessageType, new_method_call

        if not self.alive:
            raise NoAnswerError("the session bus is gone")
        message = new_method_call(DBusAddress(path, service, interface), member, signature or None, body)
        number = next(self._connection.outgoing_serial)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(limit):
                await self._connection.send(message, serial=number)
                reply = await answer
        except (OSError, TimeoutError) as exc:
            raise NoAnswerError(f"{service} does not answer") from exc
        finally:
            self._waiting.pop(number, None)
        if reply.header.message_type is MessageType.error:
            raise NoAnswerError(f"{member}: {reply.body}")
        return tuple(reply.body)

    async def listen(self, service: str, interface: str, *, path: str = "") -> None:
        """Have every signal of this interface from now on. Raises NoAnswerError."""
        from jeepney import MatchRule

        rule = MatchRule(type="signal", sender=service, interface=interface, **({"path": path} if path else {}))
        bus = "org.freedesktop.DBus"
        await self.call(bus, "/org/freedesktop/DBus", bus, "AddMatch", "s", (rule.serialise(),))

    def close(self) -> None:
        """Hang up. Who waits for an answer gets none."""
        self._closed = True
        self._receiving.cancel()
        self._connection.writer.close()

    async def _receive(self) -> None:
        from jeepney import HeaderFields, MessageType

        places = (HeaderFields.interface, HeaderFields.member, HeaderFields.path)
        try:
            while True:
                message = await self._connection.receive()
                fields = message.header.fields
                if message.header.message_type is MessageType.signal:
                    interface, member, path = (str(fields.get(it, "")) for it in places)
                    self._heard(interface, member, path, tuple(message.body))
                    continue
                waiting = self._waiting.get(fields.get(HeaderFields.reply_serial, 0))
                if waiting is not None and not waiting.done():
                    waiting.set_result(message)
        except (OSError, EOFError, ValueError):  # the bus went away
            return
        finally:
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(NoAnswerError("the session bus is gone"))
