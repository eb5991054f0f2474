"""How often the program wakes up while nothing is due."""

from __future__ import annotations

import time

from tests.bench import data
from tests.bench.desk import BARE, TRAYAPP, Desk, desk
from tests.bench.processes import Work, work
from tests.bench.report import Options, Report, Row

TITLE = "voluntary context switches of all threads in 60 s, nothing due"
SETTLED = 25.0
"""Seconds after the icon in which a start may still be at work: a look for a tray ends after 15."""


def measure(options: Options) -> Report:
    report = Report("idle", TITLE)
    seconds = 10 if options.quick else 60
    with desk() as on:
        env = data.fill(on.home / "quiet", accounts=25, models=2_000, address=on.upstream.address, local=False)
        usual = data.fill(on.home / "usual", accounts=25, models=2_000, address=on.upstream.address)
        runs = range(options.runs or 1)
        bare = [_idle(on, BARE, {}, seconds) for _ in runs]
        ours = [_idle(on, TRAYAPP, env, seconds) for _ in runs]
        looking = [_idle(on, TRAYAPP, usual, seconds) for _ in runs]
    base = Row("bare PySide6 tray, switches", tuple(it.switches for it in bare), "")
    cpu = Row("bare PySide6 tray, CPU", tuple(it.cpu * 1e3 for it in bare))
    report.rows += [
        base,
        Row("trayapp, switches", tuple(it.switches for it in ours), "", base.median, "as bare"),
        Row("with looks for absent local servers", tuple(it.switches for it in looking), ""),
        cpu,
        Row("trayapp, CPU", tuple(it.cpu * 1e3 for it in ours), limit=cpu.median, because="as bare"),
    ]
    report.notes.append(f"over {seconds} s; threads of trayapp: {', '.join(ours[0].threads)}")
    return report


def _idle(on: Desk, command: tuple[str, ...], env: dict[str, str], seconds: float) -> Work:
    started = on.start(command, env)
    try:
        time.sleep(SETTLED)
        before = work(started.program.pid)
        time.sleep(seconds)
        after = work(started.program.pid)
    finally:
        on.end(started)
    return Work(after.switches - before.switches, after.cpu - before.cpu, after.threads)
