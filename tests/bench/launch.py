"""From the start of the process to the icon in the tray, with every list on the disk."""

from __future__ import annotations

import time

from tests.bench import data
from tests.bench.desk import BARE, TRAYAPP, Desk, desk, interleaved
from tests.bench.report import Options, Report, Row

TITLE = "process start to icon registered, 25 accounts and 2,000 models on disk, lists due"
SETTLE = 5.0
"""Seconds in which the program must have begun its network work: else nothing was shown about what comes first."""


def measure(options: Options) -> Report:
    report = Report("launch", TITLE)
    with desk(models_each=80) as on:
        env = data.fill(on.home, accounts=25, models=2_000, address=on.upstream.address, fresh=False)
        found = interleaved(
            options.runs or 20,
            {
                "bare PySide6 tray": lambda: _once(on, BARE, {}, report),
                "trayapp": lambda: _once(on, TRAYAPP, env, report),
            },
        )
        bare = Row("bare PySide6 tray", tuple(found["bare PySide6 tray"]))
        report.rows += [
            bare,
            Row("trayapp", tuple(found["trayapp"]), limit=1.7 * bare.median, because="1.7 × bare"),
        ]
        _first_the_icon(on, env, report)
    return report


def _once(on: Desk, command: tuple[str, ...], env: dict[str, str], report: Report) -> float:
    asked, looked = len(on.upstream.asked), len(on.keyring_asked)
    started = on.start(command, env)
    if len(on.upstream.asked) > asked:
        report.faults.append("the network was used before the icon was there")
    if len(on.keyring_asked) > looked:
        report.faults.append("the keyring was used before the icon was there")
    on.end(started)
    return started.took * 1e3


def _first_the_icon(on: Desk, env: dict[str, str], report: Report) -> None:
    """The same start left alone: that network and keyring come later, and do come, proves the silence before."""
    on.upstream.asked.clear()
    on.keyring_asked.clear()
    began = time.perf_counter()
    started = on.start(TRAYAPP, env)
    shown = began + started.took
    deadline = time.perf_counter() + SETTLE
    while not (on.upstream.asked and on.keyring_asked) and time.perf_counter() < deadline:
        time.sleep(0.02)
    on.end(started)
    for what, times in (("network", on.upstream.asked), ("keyring", on.keyring_asked)):
        if not times:
            report.faults.append(f"the {what} was never asked: the lists were due")
        elif times[0] < shown:
            report.faults.append(f"the {what} was asked {(shown - times[0]) * 1e3:.0f} ms before the icon was there")
        else:
            report.notes.append(f"first call to the {what}: {(times[0] - shown) * 1e3:.0f} ms after the icon")
