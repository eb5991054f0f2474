"""Where the time of a launch goes: the cost of imports by package, as Python itself counts it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from statistics import median
from typing import NamedTuple

from tests.bench import data
from tests.bench.desk import desk
from tests.bench.report import Options, Report, Row

TITLE = "imports of a launch by package, own time, up to the icon and after it"


class Import(NamedTuple):
    """One import: milliseconds of its own, and its name."""

    own: float
    name: str


def measure(options: Options) -> Report:
    report = Report("startup_parts", TITLE)
    command = (sys.executable, "-P", "-X", "importtime", "-m", "trayapp")
    runs: list[Counter[str]] = []
    late: list[str] = []
    with desk() as on:
        env = data.fill(on.home, accounts=25, models=2_000, address=on.upstream.address, fresh=False)
        for _ in range(options.runs or 5):
            log = on.home / "imports"
            began = time.perf_counter()
            with log.open("wb") as file:
                process = subprocess.Popen(command, env={**on.env, **env}, stderr=file, start_new_session=True)
            try:
                item = on.host.wait_item(20)
                seen = _imports(log.read_text("utf-8"))
                took = (time.perf_counter() - began) * 1e3
                time.sleep(2)
            finally:
                process.terminate()
                process.wait(10)
            on.host.wait_gone(item)
            late = sorted({it.name.partition(".")[0] for it in _imports(log.read_text("utf-8"))[len(seen) :]})
            sums = Counter[str]()
            for it in seen:
                sums[it.name.partition(".")[0]] += it.own  # type: ignore[assignment]
            runs.append(sums)
            report.notes = [f"to the icon with this counting on: {took:.0f} ms, {len(seen)} modules"]
    names = sorted(runs[0], key=lambda name: -median(run[name] for run in runs))[:16]
    report.rows = [Row(name, tuple(run[name] for run in runs)) for name in names]
    report.notes.append(f"imported only after the icon: {', '.join(late)}")
    return report


def _imports(text: str) -> list[Import]:
    lines = [line.removeprefix("import time:").split("|") for line in text.splitlines() if line[:12] == "import time:"]
    return [Import(int(own) / 1e3, name.strip()) for own, _, name in lines if own.strip().isdigit()]
