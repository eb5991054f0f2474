"""What the system announces on its bus is understood; where there is no bus, nothing is heard."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from trayapp.system import wake
from trayapp.system.wake import Event, meaning

LOGIN = ("/org/freedesktop/login1", "org.freedesktop.login1.Manager", "PrepareForSleep")
NETWORK = ("/org/freedesktop/NetworkManager", "org.freedesktop.NetworkManager", "StateChanged")
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
    """A bus of the test's own, on which it may play every service."""
    if shutil.which("dbus-daemon") is None:
        pytest.skip("dbus-daemon is missing: apt-get install dbus-daemon")
    config = tmp_path / "bus.conf"
    config.write_text(
        '<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN" '
        '"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">\n'
        f"<busconfig><listen>unix:path={tmp_path / 'bus'}</listen><policy context='default'>"
        "<allow send_destination='*' eavesdrop='true'/><allow eavesdrop='true'/><allow own='*'/>"
        "</policy></busconfig>"
    )
    daemon = subprocess.Popen(
        ["dbus-daemon", "--nofork", "--print-address", f"--config-file={config}"], stdout=subprocess.PIPE, text=True
    )
    with daemon:
        assert daemon.stdout is not None
        yield daemon.stdout.readline().strip()
        daemon.terminate()


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

    assert await heard(bus, speak, 5) == [Event.ASLEEP, Event.AWAKE, Event.OFFLINE, Event.ONLINE, Event.OFFLINE]


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
