"""A second start finds the first, hands over and ends."""

from __future__ import annotations

import subprocess
import sys
import time

from tests.bench import data
from tests.bench.desk import TRAYAPP, desk, interleaved
from tests.bench.report import Options, Report, Row
from tests.support.desktop import ROOT

TITLE = "a second start hands over to the one that runs, whole process"
LIMIT = 60.0


def measure(options: Options) -> Report:
    report = Report("second", TITLE)
    with desk() as on:
        env = on.env | data.fill(on.home, accounts=25, models=2_000, address=on.upstream.address)
        started = on.start(TRAYAPP, env)
        try:
            time.sleep(2)  # the first has begun to listen

            def timed(command: tuple[str, ...]) -> float:
                began = time.perf_counter()
                done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
                took = (time.perf_counter() - began) * 1e3
                if done.returncode:
                    raise RuntimeError(f"exit code {done.returncode}: {done.stderr.strip()[-300:]}")
                return took

            found = interleaved(
                options.runs or 20,
                {
                    "python -c pass": lambda: timed((sys.executable, "-c", "pass")),
                    "trayapp": lambda: timed(TRAYAPP),
                },
            )
            if len(on.host.items) != 1:
                report.faults.append(f"{len(on.host.items)} icons after the second start")
        finally:
            on.end(started)
    report.rows += [
        Row("python -c pass", tuple(found["python -c pass"])),
        Row("trayapp, second start", tuple(found["trayapp"]), limit=LIMIT),
    ]
    return report
