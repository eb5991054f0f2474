"""What a benchmark found: rows of figures with their limits, as a table or as one line of JSON."""

from __future__ import annotations

import json
import os
import platform
import statistics
from importlib.metadata import version
from pathlib import Path
from typing import Any

from msgspec import Struct, field


class Options(Struct, frozen=True):
    """How thoroughly to measure. Zero runs: as many as the benchmark thinks right."""

    runs: int = 0
    quick: bool = False


class Row(Struct, frozen=True):
    """One thing that was measured; ``limit`` holds for the median."""

    name: str
    values: tuple[float, ...]
    unit: str = "ms"
    limit: float | None = None
    because: str = ""
    """Where the limit comes from: “1.7 × bare”."""

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def kept(self) -> bool:
        """Whether the limit was, if there is one."""
        return self.limit is None or self.median <= self.limit


class Report(Struct):
    """All that one benchmark has to say. ``faults`` are promises that were broken; any fails it."""

    name: str
    title: str
    rows: list[Row] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        return not self.faults and all(row.kept for row in self.rows)

    def table(self) -> str:
        widest = max((len(row.name) for row in self.rows), default=10)
        lines = [
            f"{self.name}: {self.title}",
            _in_words(machine()),
            f"{'':{widest}}  runs {'median':>10} {'min':>10} {'max':>10}",
        ]
        for row in self.rows:
            figures = " ".join(f"{_figure(it, row.unit):>10}" for it in (row.median, min(row.values), max(row.values)))
            verdict = ""
            if row.limit is not None:
                because = f", {row.because}" if row.because else ""
                verdict = f"  {'ok' if row.kept else 'MISSED'} (limit {_figure(row.limit, row.unit)}{because})"
            lines.append(f"{row.name:{widest}}  {len(row.values):>4} {figures}{verdict}")
        lines += [f"BROKEN: {fault}" for fault in self.faults]
        lines += self.notes
        return "\n".join(lines)

    def line(self) -> str:
        """For machines: everything, in one line of JSON."""
        rows: list[dict[str, Any]] = [
            {
                "name": row.name,
                "unit": row.unit,
                "runs": len(row.values),
                "median": round(row.median, 3),
                "min": round(min(row.values), 3),
                "max": round(max(row.values), 3),
                "limit": None if row.limit is None else round(row.limit, 3),
                "ok": row.kept,
            }
            for row in self.rows
        ]
        found = {"bench": self.name, "ok": self.kept, "machine": machine(), "rows": rows, "broken": self.faults}
        return json.dumps(found)


def machine() -> dict[str, Any]:
    """What the figures depend on besides the program."""
    return {
        "cores": os.cpu_count(),
        "cpu": _cpu(),
        "system": platform.system(),
        "python": platform.python_version(),
        "pyside": version("PySide6_Essentials"),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def _in_words(found: dict[str, Any]) -> str:
    return (
        f"{found['cores']} cores, {found['cpu']}, {found['system']}, Python {found['python']}, "
        f"PySide6 {found['pyside']}, load {found['load']}"
    )


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def _figure(value: float, unit: str) -> str:
    return f"{value:.0f}" if unit == "" else f"{value:.1f} {unit}"
