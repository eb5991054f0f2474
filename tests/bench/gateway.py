"""The gateway against its limits: what it adds to a request and to each chunk, what it costs, how it behaves."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench import gateway_manners, gateway_parts
from tests.bench.gateway_parts import Target, Task
from tests.bench.report import Options, Report, Row

TITLE = "gateway: added time, requests and processor seconds beside nginx, leaving callers, slow readers"

TASKS = {
    "one": Task("plain", 1, seconds=1.5),
    "many": Task("plain", 64, seconds=2.5),
    "long": Task("long", 1, seconds=1.0),
    "paced": Task("paced", 64, requests=64, spread=20_000),
    "quick": Task("quick", 1, requests=20),
}
Measured = dict[tuple[str, str], list[dict[str, Any]]]
"""By task and target, one entry for each round."""


def measure(options: Options) -> Report:
    report = Report("gateway", TITLE)
    lacking = "Linux" if sys.platform != "linux" else gateway_parts.missing()
    if lacking:
        report.notes.append(f"left out: {lacking} is missing")
        return report
    rounds = options.runs or (2 if options.quick else 5)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        _carrying(report, Path(folder), rounds)
    _manners(report, options)
    if (os.cpu_count() or 1) < 4:
        report.rows = [Row(row.name, row.values, row.unit) for row in report.rows]
        report.notes.append("fewer than four cores: the figures are reported, no limit counts")
    return report


def _carrying(report: Report, folder: Path, rounds: int) -> None:
    gateway_parts.write_bodies(folder)
    load = gateway_parts.built("gateway_load", folder)
    measured: Measured = {}
    with (
        gateway_parts.upstream(gateway_parts.built("gateway_upstream", folder)) as port,
        gateway_parts.gateway(f"http://127.0.0.1:{port}") as ours,
        gateway_parts.nginx(port, folder) as nginx,
    ):
        targets = [Target("direct", port), *([nginx] if nginx else []), ours]
        for target in targets:
            gateway_parts.ask(load, target, folder, Task("plain", 1, seconds=0.3))  # connections and code are warm
        for number in range(rounds):
            for name, task in TASKS.items():
                for target in targets if number % 2 else targets[::-1]:
                    found = gateway_parts.ask(load, target, folder, task)
                    measured.setdefault((name, target.name), []).append(found)
                    if found["errors"]:
                        report.faults.append(f"{target.name}, {name}: {found['errors']} of {found['requests']} failed")
    if nginx is None:
        report.notes.append("left out: nginx is missing, so no ratio counts")
    _rows(report, measured, with_nginx=nginx is not None)


def _rows(report: Report, measured: Measured, *, with_nginx: bool) -> None:
    def added(task: str, what: str, figure: str, target: str = "gateway") -> tuple[float, ...]:
        """Milliseconds beyond direct, round by round."""
        pairs = zip(measured[task, target], measured[task, "direct"], strict=True)
        return tuple((one[what][figure] - other[what][figure]) / 1000 for one, other in pairs)

    def times_nginx(factor: float, least: float, values: Callable[[str], tuple[float, ...]]) -> tuple[float, str]:
        """The limit: so many times nginx's in this run, but no less than the figure that was first promised."""
        theirs = statistics.median(values("nginx"))
        return max(factor * theirs, least), f"{factor:g} × nginx's {theirs:.2f}, at least {least:g}"

    def row(
        name: str, factor: float, least: float, values: Callable[[str], tuple[float, ...]], unit: str = "µs"
    ) -> None:
        scale = 1000 if unit == "µs" else 1
        limit, because = times_nginx(factor, least, values) if with_nginx else (None, "")
        ours = tuple(value * scale for value in values("gateway"))
        report.rows.append(Row(name, ours, unit, None if limit is None else limit * scale, because))

    row("added to a request, one caller, p50", 6, 0.1, lambda it: added("one", "latency", "p50", it))
    row("added to a body of 256 KB, p50", 4.7, 0.8, lambda it: added("long", "latency", "p50", it))
    row("added to the first byte of a stream, p50", 6, 0.9, lambda it: added("quick", "first", "p50", it))
    rates = {
        target: [it["requests"] / it["seconds"] for it in found]
        for (task, target), found in measured.items()
        if task == "many"
    }
    report.rows.append(Row("requests a second, 64 callers", tuple(rates["gateway"]), ""))
    if with_nginx:
        ratios = tuple(theirs / ours for theirs, ours in zip(rates["nginx"], rates["gateway"], strict=True))
        report.rows.append(Row("nginx's requests for each of ours", ratios, "×", 12.0))
    costs = tuple(it["cpu"] for it in measured["many", "gateway"])
    report.rows.append(Row("processor seconds per 10,000 requests", costs, "s", 3.5))
    report.rows.append(Row("added to a chunk, 64 streams, p50", added("paced", "delay", "p50"), "ms"))
    report.rows.append(Row("added to a chunk, 64 streams, p99", added("paced", "delay", "p99"), "ms", 8.0))
    chunks = tuple(it["cpu"] * it["requests"] / it["events"] for it in measured["paced", "gateway"])
    report.rows.append(Row("processor seconds per 10,000 chunks", chunks, "s"))


def _manners(report: Report, options: Options) -> None:
    times = 3 if options.quick else 10
    for phase in gateway_manners.PHASES:
        took = tuple(gateway_manners.leaving(phase, times))
        report.rows.append(Row(f"caller gone while {phase}: upstream cancelled", took, "ms", 20.0))
    grown = gateway_manners.stalled(1.0 if options.quick else 5.0)
    report.rows.append(Row("memory while a caller does not read", (max(grown, 0.0),), "MB", 2.0))
