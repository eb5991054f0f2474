"""From a change of state to the new icon in the hands of the tray's host, at rest and beside a gateway at full load."""

from __future__ import annotations

import sys
import time
from typing import NamedTuple

from jeepney import DBusAddress, MatchRule, Message, new_method_call
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from tests.bench.desk import PROGRAMS, Desk, Started, desk
from tests.bench.report import Options, Report, Row
from tests.support.dbus_server import member_of, reply_to
from tests.support.snihost import ITEM, PROPERTIES

TITLE = "a state changes: until the tray's host has been told (NewIcon) and has read the picture (IconPixmap)"
BEGUN = 0.5
"""Seconds for the load to be under way."""
AT_ONCE = 10.0
UNNOTICED = 50.0
"""Milliseconds: three pictures of a screen of 60 Hz, for the slowest of a hundred."""


class Shown(NamedTuple):
    """Milliseconds of one change."""

    asked: float
    """From the click that made the program change its state, over D-Bus, to the picture."""
    changed: float
    """From the change itself."""


def measure(options: Options) -> Report:
    report = Report("icon", TITLE)
    runs = options.runs or (100 if options.quick else 500)
    with desk() as on:
        for name, load in (("at rest", ()), ("beside a busy gateway", ("busy",))):
            found = _changes(on, runs, load, report)
            changed = sorted(it.changed for it in found)
            p99 = changed[min(len(changed) - 1, len(changed) * 99 // 100)]
            report.rows += [
                Row(f"{name}: state to picture", tuple(changed), limit=AT_ONCE),
                Row(f"{name}: state to picture, p99", (p99,), limit=UNNOTICED),
                Row(f"{name}: click to picture", tuple(it.asked for it in found)),
            ]
    return report


def _changes(on: Desk, runs: int, load: tuple[str, ...], report: Report) -> list[Shown]:
    started = on.start((sys.executable, "-P", str(PROGRAMS / "icon_tray.py"), *load), piped=True)
    listening = open_dbus_connection(on.env["DBUS_SESSION_BUS_ADDRESS"])
    try:
        reply_to(listening, message_bus.AddMatch(MatchRule(type="signal", interface=ITEM, member="NewIcon")))
        time.sleep(BEGUN)
        pictures = [_picture(listening, started)]
        found = []
        for _ in range(runs):
            shown, picture = _change(listening, started)
            if picture == pictures[-1]:
                report.faults.append("the host was told of a new icon and read the old one")
            pictures.append(picture)
            found.append(shown)
            time.sleep(0.005)  # not always at the same point of the load
        return found
    finally:
        listening.close()
        on.end(started)


def _change(listening: DBusConnection, started: Started) -> tuple[Shown, bytes]:
    said = started.program.process.stdout
    assert said is not None
    item = DBusAddress(started.item.path, started.item.name, ITEM)
    began = time.monotonic()
    listening.send(new_method_call(item, "Activate", "ii", (10, 10)))
    _wait_for(listening, "NewIcon")
    picture = _picture(listening, started)
    ended = time.monotonic()  # the clock of the whole machine, and so of the program too
    return Shown((ended - began) * 1e3, (ended - float(said.readline())) * 1e3), picture


def _wait_for(listening: DBusConnection, signal: str) -> Message:
    while member_of(message := listening.receive(timeout=10)) != signal:
        pass
    return message


def _picture(listening: DBusConnection, started: Started) -> bytes:
    """The pixels of the biggest picture that the item has."""
    properties = DBusAddress(started.item.path, started.item.name, PROPERTIES)
    body = reply_to(listening, new_method_call(properties, "Get", "ss", (ITEM, "IconPixmap")))
    return bytes(max(body[0][1], key=lambda it: int(it[0]))[2])
