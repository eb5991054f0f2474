"""Hears from the system that the computer woke up or the network came back; asks nobody, needs no timer.

Linux only so far: logind, NetworkManager and systemd-networkd announce both on the system bus. Where the bus
or a service is missing, nothing is heard, and lists are refreshed by their age as ever.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NoReturn

from msgspec import Struct

if TYPE_CHECKING:
    import asyncio


class Event(StrEnum):
    """What happened to the computer."""

    ASLEEP = "asleep"
    """It is about to be suspended."""
    AWAKE = "awake"
    ONLINE = "online"
    OFFLINE = "offline"


class _Signal(Struct, frozen=True):
    """One announcement on the bus, and how its body is read."""

    sender: str
    path: str
    interface: str
    member: str
    read: Callable[[Any], Event | None]


def _sleep(body: Any) -> Event:
    """logind, PrepareForSleep(b): true before, false after."""
    return Event.ASLEEP if body[0] else Event.AWAKE


def _network_manager(body: Any) -> Event | None:
    """NMState: 70 is global, 60 this site, 50 this link alone; what lies between 20 and 50 is on its way."""
    if body[0] >= 60:
        return Event.ONLINE
    return Event.OFFLINE if body[0] <= 20 or body[0] == 50 else None


def _networkd(body: Any) -> Event | None:
    interface, changed, _gone = body
    if interface != "org.freedesktop.network1.Manager" or "OnlineState" not in changed:
        return None
    return Event.ONLINE if changed["OnlineState"][1] == "online" else Event.OFFLINE


_SIGNALS = (
    _Signal(
        "org.freedesktop.login1",
        "/org/freedesktop/login1",
        "org.freedesktop.login1.Manager",
        "PrepareForSleep",
        _sleep,
    ),
    _Signal(
        "org.freedesktop.NetworkManager",
        "/org/freedesktop/NetworkManager",
        "org.freedesktop.NetworkManager",
        "StateChanged",
        _network_manager,
    ),
    _Signal(
        "org.freedesktop.network1",
        "/org/freedesktop/network1",
        "org.freedesktop.DBus.Properties",
        "PropertiesChanged",
        _networkd,
    ),
)


def meaning(path: str, interface: str, member: str, body: Any) -> Event | None:
    """What a message on the system bus says to us; None for everything that does not concern us."""
    for signal in _SIGNALS:
        if (signal.path, signal.interface, signal.member) == (path, interface, member):
            try:
                return signal.read(body)
            except (LookupError, TypeError, ValueError):
                return None
    return None


async def watch(hear: Callable[[Event], object], *, bus: str = "SYSTEM", platform: str = sys.platform) -> None:
    """Call ``hear`` for each event until cancelled; returns where there is nobody to listen to.

    ``bus``: an address, for tests. Waits on a socket and causes no wake-ups of its own.
    """
    if not platform.startswith("linux"):
        return
    try:
        # keyring brings it on Linux; without it there is no keyring either
        from jeepney.bus import get_bus
    except ImportError:
        return
    import asyncio

    try:
        reader, writer = await asyncio.open_unix_connection(get_bus(bus))
    except (OSError, ValueError, RuntimeError, StopIteration):
        return
    try:
        await _listen(reader, writer, hear)
    except (OSError, EOFError, ValueError):  # the bus went away, or did not let us in
        return
    finally:
        writer.close()


async def _listen(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hear: Callable[[Event], object]
) -> NoReturn:
    from jeepney import HeaderFields, MatchRule, MessageType, message_bus
    from jeepney.auth import BEGIN, Authenticator
    from jeepney.io.asyncio import DBusConnection

    authenticator = Authenticator()
    for line in authenticator:
        writer.write(line)
        answer = await reader.read(1024)
        if not answer:
            raise EOFError("the bus hung up")
        authenticator.feed(answer)
    writer.write(BEGIN)
    connection = DBusConnection(reader, writer)
    await connection.send(message_bus.Hello())
    for signal in _SIGNALS:
        rule = MatchRule(
            type="signal", sender=signal.sender, path=signal.path, interface=signal.interface, member=signal.member
        )
        await connection.send(message_bus.AddMatch(rule))
    last: Event | None = None
    while True:
        message = await connection.receive()
        fields = message.header.fields
        if message.header.message_type is not MessageType.signal:
            continue
        event = meaning(
            fields.get(HeaderFields.path, ""),
            fields.get(HeaderFields.interface, ""),
            fields.get(HeaderFields.member, ""),
            message.body,
        )
        if event is not None and event is not last:
            last = event
            hear(event)
