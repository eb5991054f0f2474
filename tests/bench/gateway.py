"""The gateway inside the whole program against its limits: what it adds to requests and chunks, and what it costs."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench import gateway_manners, gateway_parts, gateway_program, gateway_warmth
from tests.bench.desk import Desk, desk
from tests.bench.gateway_parts import Target, Task
from tests.bench.processes import memory
from tests.bench.report import Options, Report, Row

TITLE = "gateway in the running program: added time, requests and processor seconds beside nginx, and its manners"

TASKS = {
    "one": Task("plain", 1, seconds=1.5),
    "many": Task("plain", 64, seconds=2.5),
    "long": Task("long", 1, seconds=1.0),
    "paced": Task("paced", 64, requests=64, spread=20_000),
    "quick": Task("quick", 1, requests=20),
    "relayed": Task("paced", 4, requests=8, spread=17_000),
    "translated": Task("messages", 4, requests=8, spread=17_000, path="/v1/messages"),
}
USED = (
    Task("plain", 1, requests=200),
    Task("paced", 1, requests=1),
    Task("messages", 1, requests=1, path="/v1/messages"),
)
"""What a tool does in a while: answers whole and streamed, relayed and translated."""
WARM = (*USED, Task("plain", 64, seconds=0.5))
Measured = dict[tuple[str, str], list[dict[str, Any]]]
"""By task and target, one entry for each round."""


def measure(options: Options) -> Report:
    report = Report("gateway", TITLE)
    lacking = "Linux" if sys.platform != "linux" else gateway_parts.missing()
    if lacking:
        report.notes.append(f"left out: {lacking} is missing")
        return report
    rounds = options.runs or (2 if options.quick else 5)
    with desk() as on, tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        gateway_parts.write_bodies(folder)
        load = gateway_parts.built("gateway_load", folder)
        with gateway_parts.upstream(gateway_parts.built("gateway_upstream", folder)) as port:
            _carrying(report, on, load, folder, port, rounds)
            _gui(report, on, load, folder, port, 2 if options.quick else 5)
            _weight(report, on, load, folder, port)
        _manners(report, on, options)
        gateway_warmth.measure(report, on, pauses=not options.quick)
    if (os.cpu_count() or 1) < 4:
        report.rows = [Row(row.name, row.values, row.unit) for row in report.rows]
        report.notes.append("fewer than four cores: the figures are reported, no limit counts")
    return report


def _carrying(report: Report, on: Desk, load: Path, folder: Path, port: int, rounds: int) -> None:
    measured: Measured = {}
    origin = f"http://127.0.0.1:{port}"
    with gateway_program.tray(on, origin) as ours, gateway_parts.nginx(port, folder) as nginx:
        targets = [Target("direct", port), *([nginx] if nginx else []), ours.target]
        for target in targets:
            for task in WARM:  # connections and code are warm
                gateway_parts.ask(load, target, folder, task)
        asked = gateway_program.used_figures(ours)
        for number in range(rounds):
            for name, task in TASKS.items():
                for target in targets if number % 2 else targets[::-1]:
                    found = gateway_parts.ask(load, target, folder, task)
                    measured.setdefault((name, target.name), []).append(found)
                    if found["errors"]:
                        report.faults.append(f"{target.name}, {name}: {found['errors']} of {found['requests']} failed")
        expected = sum(it["requests"] for (_task, who), found in measured.items() for it in found if who == "gateway")
        written = gateway_program.used_figures(ours) - asked
        if written != expected:
            report.faults.append(f"{written} requests were written down of {expected}")
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

    row("added to a request, one caller, p50", 6, 0.5, lambda it: added("one", "latency", "p50", it))
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
    whole = tuple(value * 1000 for value in added("relayed", "delay", "p50"))
    other = tuple(value * 1000 for value in added("translated", "delay", "p50"))
    more = tuple(one - same for one, same in zip(other, whole, strict=True))
    report.rows += [
        Row("added to a chunk, four streams relayed, p50", whole, "µs"),
        Row("added to a chunk, four streams translated, p50", other, "µs"),
        Row("  of it: by the translation", more, "µs", 150.0),
    ]


def _gui(report: Report, on: Desk, load: Path, folder: Path, port: int, seconds: int) -> None:
    """How late a timer on the GUI thread is while 64 streams pass."""
    streams = Task("paced", 64, requests=64 * seconds, spread=1_000_000)
    with gateway_program.tray(on, f"http://127.0.0.1:{port}", command=gateway_program.TIMED) as ours:
        for task in WARM:
            gateway_parts.ask(load, ours.target, folder, task)
        gateway_program.lateness(ours)
        gateway_parts.ask(load, Target("direct", port), folder, streams)
        quiet = gateway_program.lateness(ours)
        found = gateway_parts.ask(load, ours.target, folder, streams)
        busy = gateway_program.lateness(ours)
    if found["errors"]:
        report.faults.append(f"{found['errors']} of {found['requests']} streams failed beside the timer")
    report.rows += [
        Row("GUI's timer of 60 Hz at rest, p99 late", (quiet["p99"],)),
        Row("GUI's timer beside 64 streams, p99 late", (busy["p99"],), limit=6.0),
        Row("GUI's timer beside 64 streams, latest", (busy["max"],)),
    ]


def _weight(report: Report, on: Desk, load: Path, folder: Path, port: int) -> None:
    """What switching it on adds to the memory of a program that runs, once it has been used."""
    with gateway_program.tray(on, f"http://127.0.0.1:{port}", listens=False) as ours:
        ours.run("refresh")  # the program at work has asked for its lists, and has what that takes
        time.sleep(3.0)
        before = memory(ours.target.pid).rss
        if gateway_program.has_aiohttp(ours.target.pid):
            report.faults.append("the gateway's weight is there before it is switched on")
        ours.run("gateway", "on")
        gateway_parts.listening(ours.target.port, 10)
        idle = memory(ours.target.pid).rss - before
        for task in USED:
            gateway_parts.ask(load, ours.target, folder, task)
        used = memory(ours.target.pid).rss - before
        gateway_parts.ask(load, ours.target, folder, TASKS["many"])
        flooded = memory(ours.target.pid).rss - before
    report.rows += [
        Row("memory added by switching it on", (idle,), "MB", 20.0),
        Row("memory added once a tool has used it", (used,), "MB", 20.0),
        Row("memory added after 64 callers without a pause", (flooded,), "MB"),
    ]


def _manners(report: Report, on: Desk, options: Options) -> None:
    times = 3 if options.quick else 10
    for phase in gateway_manners.PHASES:
        took = tuple(gateway_manners.leaving(on, phase, times))
        report.rows.append(Row(f"caller gone while {phase}: upstream cancelled", took, "ms", 20.0))
    grown = gateway_manners.stalled(on, 1.0 if options.quick else 5.0)
    report.rows.append(Row("memory while a caller does not read", (max(grown, 0.0),), "MB", 2.0))
