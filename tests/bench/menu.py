"""What 5,000 models in 50 accounts cost a desktop's panel: signals over D-Bus, and the time to build the menu."""

from __future__ import annotations

import sys
from typing import NamedTuple

from tests.bench.desk import PROGRAMS, Desk, Started, desk
from tests.bench.report import Options, Report, Row

TITLE = "5,000 models in 50 accounts over D-Bus: signals to build and rebuild, time to build"
SIGNALS = 220
BUILD = 8.0


class Drawn(NamedTuple):
    """Milliseconds and signals of one drawing."""

    decided: float
    drew: float
    signals: int


def measure(options: Options) -> Report:
    report = Report("menu", TITLE)
    with desk() as on:
        found = [_built(on, 50, 100) for _ in range(options.runs or 10)]
        none = [_built(on, 0, 0) for _ in range(3)]
        memory = [_built(on, 50, 100, memory=True) for _ in range(options.runs or 10)]
    report.rows += [
        Row("no account at all: build", tuple(it.drew + it.decided for it, _ in none)),
        Row("build: decide and draw", tuple(it.drew + it.decided for it, _ in found), limit=BUILD),
        Row("  of it: draw", tuple(it.drew for it, _ in found)),
        Row("rebuild, every account another", tuple(it.drew + it.decided for _, it in found)),
        Row("signals: build", tuple(it.signals for it, _ in found), ""),
        Row("signals: build and rebuild", tuple(a.signals + b.signals for a, b in found), "", SIGNALS),
        Row("with models in memory: build", tuple(it.drew + it.decided for it, _ in memory), limit=BUILD),
        Row("  of it: decide", tuple(it.decided for it, _ in memory)),
        Row("  signals: build and rebuild", tuple(a.signals + b.signals for a, b in memory), "", SIGNALS),
    ]
    return report


def _built(on: Desk, accounts: int, each: int, *, memory: bool = False) -> tuple[Drawn, Drawn]:
    """The first drawing, and one in which all accounts were replaced."""
    started = menu_program(on, accounts, each, memory=memory)
    try:
        return draw(on, started), draw(on, started)
    finally:
        on.end(started)


def menu_program(on: Desk, accounts: int, each: int, *, memory: bool = False) -> Started:
    """Our menu on an icon, still empty; each ``draw`` fills it anew. ``memory``: with local models loaded."""
    more = ("memory",) if memory else ()
    command = (sys.executable, "-P", str(PROGRAMS / "menu_tray.py"), str(accounts), str(each), *more)
    return on.start(command, piped=True)


def draw(on: Desk, started: Started) -> Drawn:
    said = started.program.process.stdout
    assert said is not None
    with on.host.counting(started.item) as counted:
        on.host.activate(started.item)
        answer = said.readline().split()
    if len(answer) != 2:
        raise RuntimeError("the menu program ended")
    return Drawn(float(answer[0]), float(answer[1]), counted.total())
