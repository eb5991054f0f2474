"""What the system announces on its bus is understood; where there is no bus, nothing is heard."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.system_bus import NM, Manager, system_bus
from trayapp.system import wake
from trayapp.system.wake import Event, meaning

LOGIN = ("/org/freedesktop/login1", "org.freedesktop.login1.Manager", "PrepareForSleep")
NETWORK = ("/org/freedesktop/NetworkManager", "org.freedesktop.NetworkManager", "StateChanged")
PROPERTIES = (NETWORK[0], "org.freedesktop.DBus.Properties", "PropertiesChanged")
NETWORKD = ("/org/freedesktop/network1", "org.freedesktop.DBus.Properties", "PropertiesChanged")
MANAGER = "org.freedesktop.network1.Manager"


@pytest.mark.parametrize(
    ("signal", "body", "event"),
    [
        (LOGIN, (True,), Event.ASLEEP),
        (LOGIN, (False,), Event.AWAKE),
        (NETWORK, (70,), Event.ONLINE),
        (NETWORK, (60,), Event.ONLINE),
        (NETWORK, (50,), Event.OFFLINE),
        (NETWORK, (40,), None),
        (NETWORK, (20,), Event.OFFLINE),
        (NETWORK, (10,), Event.OFFLINE),
        (NETWORK, (0,), None),
        (PROPERTIES, (NM, {"Metered": ("u", 1)}, []), Event.METERED),
        (PROPERTIES, (NM, {"Metered": ("u", 3)}, []), Event.METERED),
        (PROPERTIES, (NM, {"Metered": ("u", 2)}, []), Event.UNMETERED),
        (PROPERTIES, (NM, {"Metered": ("u", 4)}, []), Event.UNMETERED),
        (PROPERTIES, (NM, {"Metered": ("u", 0)}, []), Event.UNMETERED),
        (PROPERTIES, (NM, {"Connectivity": ("u", 4)}, []), None),
        (PROPERTIES, ("org.freedesktop.NetworkManager.Statistics", {"Metered": ("u", 1)}, []), None),
        (PROPERTIES, (NM, {"Metered": ()}, []), None),
        (NETWORKD, (MANAGER, {"OnlineState": ("s", "partial")}, []), Event.ONLINE),
        (NETWORKD, (MANAGER, {"OnlineState": ("s", "unknown")}, []), None),
        (NETWORKD, (MANAGER, {"OnlineState": ("s", "online")}, []), Event.ONLINE),
        (NETWORKD, (MANAGER, {"OnlineState": ("s", "offline")}, []), Event.OFFLINE),
        (NETWORKD, (MANAGER, {"OperationalState": ("s", "routable")}, []), None),
        (NETWORKD, ("org.freedesktop.network1.Link", {"OnlineState": ("s", "online")}, []), None),
        (("/elsewhere", *LOGIN[1:]), (False,), None),
        ((*LOGIN[:2], "PrepareForShutdown"), (False,), None),
        (LOGIN, (), None),
        (NETWORK, ("seventy",), None),
        (NETWORKD, ("one",), None),
    ],
)
def test_each_announcement_means_one_thing(signal: tuple[str, str, str], body: Any, event: Event | None) -> None:
    assert meaning(*signal, body) is event


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[str]:
    with system_bus(tmp_path) as address:
        yield address


async def play(bus: str, name: str, signals: list[tuple[tuple[str, str, str], str, tuple[Any, ...]]]) -> None:
    """Be the service ``name`` and announce."""
    from jeepney import DBusAddress, message_bus, new_signal
    from jeepney.io.asyncio import open_dbus_router

    async with open_dbus_router(bus) as router:
        await router.send_and_get_reply(message_bus.RequestName(name))
        for (path, interface, member), types, body in signals:
            await router.send(new_signal(DBusAddress(path, interface=interface), member, types, body))
        await router.send_and_get_reply(message_bus.GetId())


async def heard(bus: str, speak: Callable[[], Any], count: int) -> list[Event]:
    events: list[Event] = []
    enough, listening = asyncio.Event(), asyncio.Event()

    def hear(event: Event) -> None:
        events.append(event)
        if event is Event.ONLINE and len(events) == 1:
            listening.set()
        if len(events) > count:
            enough.set()

    watching = asyncio.create_task(wake.watch(hear, bus=bus, platform="linux"))
    while not listening.is_set():  # until it hears, it has not subscribed yet
        await play(bus, "org.freedesktop.NetworkManager", [(NETWORK, "u", (70,))])
        await asyncio.sleep(0.01)
    await speak()
    await asyncio.wait_for(enough.wait(), 5)
    watching.cancel()
    await asyncio.wait([watching])
    assert watching.cancelled()
    return events[1:]


@pytest.mark.skipif(sys.platform != "linux", reason="no system bus on this system")
async def test_sleep_and_network_are_heard_from_the_services_themselves(bus: str) -> None:
    async def speak() -> None:
        await play(bus, "org.freedesktop.login1", [(LOGIN, "b", (True,)), (LOGIN, "b", (False,))])
        await play(bus, "org.freedesktop.NetworkManager", [(NETWORK, "u", (n,)) for n in (20, 40, 60, 70)])
        await play(
            bus, "org.freedesktop.network1", [(NETWORKD, "sa{sv}as", (MANAGER, {"OnlineState": ("s", "offline")}, []))]
        )

    told = [Event.ASLEEP, Event.AWAKE, Event.OFFLINE, Event.ONLINE, Event.OFFLINE]
    # what the last one said does not hold after it has gone
    assert await heard(bus, speak, 6) == [*told, Event.ONLINE]


@pytest.mark.skipif(sys.platform != "linux", reason="no system bus on this system")
async def test_the_same_words_from_somebody_else_are_not_heard(bus: str) -> None:
    async def speak() -> None:
        await play(bus, "org.example.Liar", [(LOGIN, "b", (False,)), (NETWORK, "u", (20,))])
        await play(bus, "org.freedesktop.login1", [(LOGIN, "b", (True,))])

    assert await heard(bus, speak, 1) == [Event.ASLEEP]


@pytest.mark.parametrize("bus", ["unix:path=/nonexistent/bus", "tcp:host=x", "nonsense", ""])
async def test_without_a_bus_the_watch_ends_at_once(bus: str) -> None:
    await asyncio.wait_for(wake.watch(lambda _event: None, bus=bus, platform="linux"), 2)


async def test_on_other_systems_there_is_nothing_to_watch_yet() -> None:
    for platform in ("win32", "darwin"):
        await asyncio.wait_for(wake.watch(lambda _event: None, platform=platform), 1)


@pytest.mark.skipif(sys.platform != "linux", reason="no system bus on this system")
async def test_a_bus_that_goes_away_ends_the_watch(tmp_path: Path) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.close()

    server = await asyncio.start_unix_server(hang_up, tmp_path / "bus")
    await asyncio.wait_for(wake.watch(lambda _event: None, bus=f"unix:path={tmp_path / 'bus'}", platform="linux"), 2)
    server.close()


class Watching:
    """A watch under way, what it heard, and when it knew how things stand."""

    def __init__(self, bus: str) -> None:
        self.events: list[Event] = []
        self.ready = asyncio.Event()
        self.task = asyncio.create_task(
            wake.watch(self.events.append, ready=self.ready.set, bus=bus, platform="linux"), name="watch"
        )

    async def until(self, *events: Event) -> None:
        for _turn in range(500):
            if len(self.events) >= len(events):
                break
            await asyncio.sleep(0.01)
        assert self.events == list(events)

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])


@pytest.mark.skipif(sys.platform != "linux", reason="the system bus is missing on this system")
async def test_how_things_stand_is_asked_once_and_what_changes_is_heard(bus: str) -> None:
    manager = Manager(bus, State=("u", 70), Metered=("u", 3))
    with manager:
        watching = Watching(bus)
        await asyncio.wait_for(watching.ready.wait(), 5)
        assert sorted(watching.events) == [Event.METERED, Event.ONLINE]
        manager.say(Metered=("u", 2), WirelessEnabled=("b", True))
        manager.say(Metered=("u", 4))
        manager.signal(*NETWORK, "u", (20,))
        manager.say(Metered=("u", 1))
        await watching.until(*watching.events[:2], Event.UNMETERED, Event.OFFLINE, Event.METERED)
        assert sorted(manager.asked) == [f"{NM}.Metered", f"{NM}.State"]
        await watching.end()


@pytest.mark.skipif(sys.platform != "linux", reason="the system bus is missing on this system")
async def test_a_service_that_comes_later_is_asked_and_one_that_goes_no_longer_counts(bus: str) -> None:
    watching = Watching(bus)
    await asyncio.wait_for(watching.ready.wait(), 5)
    assert watching.events == []
    with Manager(bus, State=("u", 20), Metered=("u", 1)):
        await watching.until(Event.OFFLINE, Event.METERED)
    await watching.until(Event.OFFLINE, Event.METERED, Event.ONLINE, Event.UNMETERED)
    await watching.end()


@pytest.mark.skipif(sys.platform != "linux", reason="the system bus is missing on this system")
async def test_one_service_that_sees_a_network_suffices(bus: str) -> None:
    with Manager(bus, "org.freedesktop.network1", OnlineState=("s", "online")):
        with Manager(bus, State=("u", 20), Metered=("u", 0)):
            watching = Watching(bus)
            await asyncio.wait_for(watching.ready.wait(), 5)
            network = [it for it in watching.events if it in (Event.ONLINE, Event.OFFLINE)]
            assert network[-1] is Event.ONLINE
            await watching.end()


@pytest.mark.skipif(sys.platform != "linux", reason="the system bus is missing on this system")
async def test_a_service_that_answers_nonsense_says_nothing(bus: str) -> None:
    with Manager(bus, State=("s", "seventy")):  # and it does not know of metered connections
        watching = Watching(bus)
        await asyncio.wait_for(watching.ready.wait(), 5)
        assert watching.events == []
        await watching.end()


@pytest.mark.skipif(sys.platform != "linux", reason="the system bus is missing on this system")
async def test_no_service_is_started_for_a_question(bus: str, tmp_path: Path) -> None:
    started = tmp_path / "started"
    (tmp_path / f"{NM}.service").write_text(f"[D-BUS Service]\nName={NM}\nExec=/usr/bin/touch {started}\n")
    watching = Watching(bus)
    await asyncio.wait_for(watching.ready.wait(), 5)
    await watching.end()
    assert not started.exists()


async def test_where_nobody_can_be_asked_it_is_ready_at_once() -> None:
    ready = asyncio.Event()
    for more in ({"bus": "unix:path=/nonexistent/bus", "platform": "linux"}, {"platform": "win32"}):
        ready.clear()
        await wake.watch(lambda _event: None, ready=ready.set, **more)
        assert ready.is_set()
