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
        memory, messages = _memory(on, runs)
    report.rows += [
        Row("first opening", tuple(first), limit=LIMIT),
        Row("opened again", tuple(again)),
        Row("signals of the first opening", tuple(signals), ""),
        Row("models in memory, others each time", memory, limit=LIMIT),
        Row("  signals of an opening", messages, ""),
    ]
    return report


def _memory(on: Desk, runs: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Milliseconds and signals of opening the submenu of local models, each time after all of them changed."""
    started = menu_program(on, 1, 30, memory=True)
    times, signals = [], []
    try:
        for _ in range(runs):
            draw(on, started)
            top = on.host.menu(started.item, 0, 1)
            entry = next(it for it in top.children if it.label.startswith("Memory"))
            with on.host.counting(started.item) as counted:
                began = time.perf_counter()
                on.host.menu(started.item, entry.id, 1)
                times.append((time.perf_counter() - began) * 1e3)
            signals.append(float(counted.total()))
    finally:
        on.end(started)
    return tuple(times), tuple(signals)


def _opened(on: Desk, item: Item, entry: Node, report: Report) -> float:
    began = time.perf_counter()
    shown = on.host.menu(item, entry.id, 1)
    took = (time.perf_counter() - began) * 1e3
    if len(shown.children) != 100:
        report.faults.append(f"a submenu of 100 showed {len(shown.children)} rows")
    return took
