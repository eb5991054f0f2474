"""The command line's own time: models read from the disk and printed, against a Python that does nothing."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import data
from tests.bench.desk import interleaved
from tests.bench.report import Options, Report, Row
from tests.support.desktop import ROOT, home

TITLE = "trayapp models --porcelain, 25 accounts and 2,000 models on disk, whole process"
ALLOWED = 110.0
HEAVY = ("PySide6", "shiboken6", "qasync", "httpx", "httpcore", "keyring", "asyncio", "ssl", "tomlkit")


def measure(options: Options) -> Report:
    report = Report("cli", TITLE)
    with home() as env, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        env |= data.fill(Path(folder), accounts=25, models=2_000, address="http://127.0.0.1:9/v1")
        ours = [sys.executable, "-P", "-m", "trayapp", "models", "--porcelain"]
        found = interleaved(
            options.runs or 20,
            {
                "python -c pass": lambda: _run([sys.executable, "-c", "pass"], env, report, 0),
                "trayapp models": lambda: _run(ours, env, report, 2_000),
            },
        )
        imported = _imported(env)
    bare = Row("python -c pass", tuple(found["python -c pass"]))
    report.rows += [
        bare,
        Row(
            "trayapp models --porcelain",
            tuple(found["trayapp models"]),
            limit=bare.median + ALLOWED,
            because=f"pass + {ALLOWED:.0f} ms",
        ),
    ]
    heavy = sorted(name for name in HEAVY if name in imported)
    if {"PySide6", "shiboken6", "qasync", "httpx", "httpcore"} & set(heavy):
        report.faults.append(f"it imports {', '.join(heavy)}")
    report.notes.append(f"{len(imported)} modules imported; of the heavy ones: {', '.join(heavy) or 'none'}")
    return report


def _run(command: list[str], env: dict[str, str], report: Report, lines: int) -> float:
    began = time.perf_counter()
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    took = (time.perf_counter() - began) * 1e3
    if done.returncode or done.stdout.count("\n") != lines:
        said = done.stderr.strip()[-300:]
        raise RuntimeError(
            f"{' '.join(command[2:])}: exit code {done.returncode}, {done.stdout.count(chr(10))} lines. {said}"
        )
    return took


def _imported(env: dict[str, str]) -> set[str]:
    """Every module that the command imports, by Python's own account of it."""
    command = [sys.executable, "-P", "-X", "importtime", "-m", "trayapp", "models", "--porcelain"]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=True)
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
