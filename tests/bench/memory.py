"""Memory at rest, a minute after the start, when lists were fetched and the keyring was looked at."""

from __future__ import annotations

import time

from tests.bench import data
from tests.bench.desk import BARE, TRAYAPP, Desk, desk
from tests.bench.processes import Memory, memory
from tests.bench.report import Options, Report, Row

TITLE = "resident memory at rest, 25 accounts and 2,000 models fetched"
ALLOWED = 50.0
"""MB above a bare PySide6 tray."""


def measure(options: Options) -> Report:
    report = Report("memory", TITLE)
    seconds = 10 if options.quick else 60
    with desk(models_each=80) as on:
        bare, ours = [], []
        for _ in range(options.runs or 1):
            env = data.fill(on.home, accounts=25, models=2_000, address=on.upstream.address, fresh=False)
            bare.append(_after(on, BARE, {}, seconds))
            on.upstream.asked.clear()
            ours.append(_after(on, TRAYAPP, env, seconds))
            if not on.upstream.asked:
                report.faults.append("no list was fetched: this is not the memory of a program at work")
    for what in ("rss", "pss"):
        base = Row(f"bare PySide6 tray, {what.upper()}", tuple(getattr(it, what) for it in bare), "MB")
        own = tuple(getattr(it, what) for it in ours)
        report.rows += [
            base,
            Row(f"trayapp, {what.upper()}", own, "MB", base.median + ALLOWED, f"bare + {ALLOWED:.0f} MB"),
        ]
    report.notes.append(f"looked at {seconds} s after the icon")
    return report


def _after(on: Desk, command: tuple[str, ...], env: dict[str, str], seconds: float) -> Memory:
    started = on.start(command, env)
    try:
        time.sleep(seconds)
        return memory(started.program.pid)
    finally:
        on.end(started)
