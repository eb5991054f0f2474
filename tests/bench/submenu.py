"""How long a tray host waits for a submenu of 100 models that nobody has opened yet."""

from __future__ import annotations

import time

from tests.bench.desk import Desk, desk
from tests.bench.menu import draw, menu_program
from tests.bench.report import Options, Report, Row
from tests.support.dbusmenu import Node
from tests.support.snihost import Item

TITLE = "a submenu of 100 models opens, told and read over D-Bus"
LIMIT = 16.0


def measure(options: Options) -> Report:
    report = Report("submenu", TITLE)
    runs = options.runs or 40
    with desk() as on:
        started = menu_program(on, runs, 100)
        try:
            draw(on, started)
            top = on.host.menu(started.item, 0, 1)
            submenus = [entry for entry in top.children if entry.submenu][:runs]
            signals = []
            first = []
            for entry in submenus:
                with on.host.counting(started.item) as counted:
                    first.append(_opened(on, started.item, entry, report))
                signals.append(float(counted.total()))
            again = [_opened(on, started.item, entry, report) for entry in submenus]
        finally:
            on.end(started)
    report.rows += [
        Row("first opening", tuple(first), limit=LIMIT),
        Row("opened again", tuple(again)),
        Row("signals of the first opening", tuple(signals), ""),
    ]
    return report


def _opened(on: Desk, item: Item, entry: Node, report: Report) -> float:
    began = time.perf_counter()
    shown = on.host.menu(item, entry.id, 1)
    took = (time.perf_counter() - began) * 1e3
    if len(shown.children) != 100:
        report.faults.append(f"a submenu of 100 showed {len(shown.children)} rows")
    return took
