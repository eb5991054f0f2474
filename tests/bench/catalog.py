"""The catalogue against its limits: a day's calls, answers from memory, 25 accounts at once, a cold start."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

from tests.bench import catalog_day, catalog_lookups, catalog_refresh
from tests.bench.report import Options, Report

TITLE = "model lists: calls saved, answers from memory, 25 accounts refreshed, cold start"


def measure(options: Options) -> Report:
    report = Report("catalog", TITLE)
    logging.getLogger("trayapp.catalog").setLevel(logging.CRITICAL)  # servers that fail on purpose
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        catalog_day.measure(report, Path(folder) / "day")
        catalog_lookups.measure(report, options, Path(folder) / "lookups")
        catalog_refresh.measure(report, options, Path(folder) / "refresh")
    report.notes.append("keys are at hand in all rows but the one that says so; “slowest” is the slowest that answers")
    return report
