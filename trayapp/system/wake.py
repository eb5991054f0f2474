"""Hears from the system that the computer woke up, the network came or went, or data is metered; needs no timer.

Linux only so far: logind, NetworkManager and systemd-networkd say all that on the system bus. Where the bus
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
    METERED = "metered"
    """What goes over the network is paid for, or probably is."""
    UNMETERED = "unmetered"


class _Signal(Struct, frozen=True):
    """One announcement on the bus, and how its body is read."""

    service: str
    path: str
    interface: str
    member: str
    read: Callable[[Any], Event | None]


def _sleep(body: Any) -> Event:
    """logind, PrepareForSleep(b): true before, false after."""
    return Event.ASLEEP if body[0] else Event.AWAKE


def _state(body: Any) -> Event | None:
    """NMState: 70 is global, 60 this site, 50 this link alone; what lies between 20 and 50 is on its way."""
    if body[0] >= 60:
        return Event.ONLINE
    return Event.OFFLINE if 0 < body[0] <= 20 or body[0] == 50 else None


def _metered(body: Any) -> Event:
    """NMMetered: 1 is yes, 3 probably; 0 unknown, 2 no, 4 probably not."""
    return Event.METERED if body[0] in (1, 3) else Event.UNMETERED


def _online_state(body: Any) -> Event | None:
    """Of all links that networkd looks after; some of them suffice. Anything else says nothing."""
    return {"online": Event.ONLINE, "partial": Event.ONLINE, "offline": Event.OFFLINE}.get(body[0])


class _Property(Struct, frozen=True):
    """What a service is asked once, since it announces only changes."""

    service: str
    path: str
    interface: str
    name: str
    read: Callable[[Any], Event | None]


_BUS, _BUS_PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"
_NM, _NM_PATH = "org.freedesktop.NetworkManager", "/org/freedesktop/NetworkManager"
_PROPERTIES = (
    _Property(_NM, _NM_PATH, _NM, "State", _state),
    _Property(_NM, _NM_PATH, _NM, "Metered", _metered),
    _Property(
        "org.freedesktop.network1",
        "/org/freedesktop/network1",
        "org.freedesktop.network1.Manager",
        "OnlineState",
        _online_state,
    ),
)


def _changed(wanted: _Property) -> Callable[[Any], Event | None]:
    """How the standard signal of changed properties is read for one of them."""

    def read(body: Any) -> Event | None:
        interface, changed, _gone = body
        return (
            wanted.read(changed[wanted.name][1:]) if interface == wanted.interface and wanted.name in changed else None
        )

    return read


_SIGNALS = (
    _Signal(
        "org.freedesktop.login1",
        "/org/freedesktop/login1",
        "org.freedesktop.login1.Manager",
        "PrepareForSleep",
        _sleep,
    ),
    _Signal(_NM, _NM_PATH, _NM, "StateChanged", _state),
    *(
        _Signal(it.service, it.path, "org.freedesktop.DBus.Properties", "PropertiesChanged", _changed(it))
        for it in _PROPERTIES
        if it.name != "State"  # announced by a signal of its own
    ),
)


def meaning(path: str, interface: str, member: str, body: Any) -> Event | None:
    """What a message on the system bus says to us; None for everything that does not concern us."""
    for signal in _SIGNALS:
        if (signal.path, signal.interface, signal.member) == (path, interface, member):
            event = _understood(signal.read, body)
            if event is not None:
                return event
    return None


def _understood(read: Callable[[Any], Event | None], body: Any) -> Event | None:
    try:
        return read(body)
    except (LookupError, TypeError, ValueError):
        return None


class _Words:
    """Puts together what the services say, and passes on what is new: online as soon as one of them says so."""

    def __init__(self, hear: Callable[[Event], object]) -> None:
        self._hear = hear
        self._online: dict[str, bool] = {}
        self._last: dict[str, Event] = {}

    def take(self, service: str, event: Event) -> None:
        if event in (Event.ONLINE, Event.OFFLINE):
            self._online[service] = event is Event.ONLINE
            self._say("network", Event.ONLINE if any(self._online.values()) else Event.OFFLINE)
        elif event in (Event.METERED, Event.UNMETERED):
            self._say("price", event)
        else:
            self._say("sleep", event)

    def gone(self, service: str) -> None:
        """A service has ended. What nobody says any more does not hold."""
        if self._online.pop(service, None) is False and not any(self._online.values()):
            self._say("network", Event.OFFLINE if self._online else Event.ONLINE)
        if service == _NM and "price" in self._last:
            self._say("price", Event.UNMETERED)

    def _say(self, about: str, event: Event) -> None:
        if self._last.get(about) is not event:
            self._last[about] = event
            self._hear(event)


async def watch(
    hear: Callable[[Event], object],
    *,
    ready: Callable[[], object] = lambda: None,
    bus: str = "SYSTEM",
    platform: str = sys.platform,
) -> None:
    """Call ``hear`` for each event until cancelled; returns where there is nobody to listen to.

    ``ready`` is called once: when it has heard how things stand, or nobody says so. ``bus``: an address,
    for tests. Waits on a socket and causes no wake-ups of its own.
    """
    told = [ready]

    def once() -> None:
        while told:
            told.pop()()

    try:
        await _watch(hear, once, bus, platform)
    finally:
        once()


async def _watch(hear: Callable[[Event], object], ready: Callable[[], None], bus: str, platform: str) -> None:
    if not platform.startswith("linux"):
        return
    import asyncio
    from importlib import import_module

    try:
        # keyring brings it on Linux; without it there is no keyring either
        await asyncio.to_thread(import_module, "jeepney.io.asyncio")
        from jeepney.bus import get_bus
    except ImportError:
        return
    try:
        reader, writer = await asyncio.open_unix_connection(get_bus(bus))
    except (OSError, ValueError, RuntimeError, StopIteration):
        return
    try:
        await _listen(reader, writer, _Words(hear), ready)
    except (OSError, EOFError, ValueError):  # the bus went away, or did not let us in
        return
    finally:
        writer.close()


async def _listen(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, words: _Words, ready: Callable[[], None]
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
            type="signal", sender=signal.service, path=signal.path, interface=signal.interface, member=signal.member
        )
        await connection.send(message_bus.AddMatch(rule))
    for service in dict.fromkeys(it.service for it in _PROPERTIES):
        rule = MatchRule(type="signal", sender=_BUS, interface=_BUS, member="NameOwnerChanged", path=_BUS_PATH)
        rule.add_arg_condition(0, service)
        await connection.send(message_bus.AddMatch(rule))
    asked: dict[int, _Property] = {}
    for wanted in _PROPERTIES:
        asked |= await _ask(connection, wanted)
    while True:
        message = await connection.receive()
        fields = message.header.fields
        if message.header.message_type is not MessageType.signal:
            about = asked.pop(fields.get(HeaderFields.reply_serial, 0), None)
            if about is not None and message.header.message_type is MessageType.method_return:
                _take(words, about.service, _value(about), message.body)
            if not asked:
                ready()
            continue
        place = tuple(fields.get(it, "") for it in (HeaderFields.path, HeaderFields.interface, HeaderFields.member))
        if place == (_BUS_PATH, _BUS, "NameOwnerChanged"):
            name, _before, now = message.body
            for wanted in _PROPERTIES if now else ():
                asked |= await _ask(connection, wanted) if wanted.service == name else {}
            if not now:
                words.gone(name)
        for signal in _SIGNALS:
            if place == (signal.path, signal.interface, signal.member):
                _take(words, signal.service, signal.read, message.body)


def _value(wanted: _Property) -> Callable[[Any], Event | None]:
    """How the answer to ``_ask`` is read: a variant, which is its type and its value."""
    return lambda body: wanted.read(body[0][1:])


async def _ask(connection: Any, wanted: _Property) -> dict[int, _Property]:
    """Ask a service for one property, without having it started for that; gives the number of the question."""
    from jeepney import DBusAddress, MessageFlag, new_method_call

    to = DBusAddress(wanted.path, wanted.service, "org.freedesktop.DBus.Properties")
    question = new_method_call(to, "Get", "ss", (wanted.interface, wanted.name))
    question.header.flags |= MessageFlag.no_auto_start
    number = next(connection.outgoing_serial)
    await connection.send(question, serial=number)
    return {number: wanted}


def _take(words: _Words, service: str, read: Callable[[Any], Event | None], body: Any) -> None:
    event = _understood(read, body)
    if event is not None:
        words.take(service, event)
