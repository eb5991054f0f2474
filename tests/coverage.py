"""How much of each layer the tests reach, every branch counted: ``python -m tests.coverage [PYTEST ARGUMENTS]``.

The programs that tests start are counted as well. What decides must be reached wholly; the rest to nine tenths. Without
arguments it takes the whole suite; with them only a part, whose figures say little of layers it does not go through.
Exit code 1 where a limit is missed or a test fails.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from msgspec import Struct

ROOT = Path(__file__).parent.parent
DECIDING = ("core", "catalog", "local", "gateway", "ui")
"""Layers that decide: a branch that nothing reached is a decision that nobody checked."""
LIMIT = 90.0
"""For every other layer, in percent of lines and branches together."""
_WORKERS = ("-n", "auto")


class Layer(Struct, frozen=True):
    """The sums of one folder of ``trayapp``. Branches count each way out of a line that has more than one."""

    name: str
    modules: int
    lines: int
    branches: int
    missed: tuple[str, ...]
    """What was not reached, as ``module.py: lines``."""
    reached: int

    @property
    def percent(self) -> float:
        whole = self.lines + self.branches
        return 100.0 * self.reached / whole if whole else 100.0

    @property
    def limit(self) -> float:
        return 100.0 if self.name in DECIDING else LIMIT

    @property
    def kept(self) -> bool:
        return self.percent >= self.limit


def main(arguments: list[str]) -> int:
    import coverage

    with tempfile.TemporaryDirectory(prefix="trayapp-coverage-") as folder:
        os.environ["COVERAGE_FILE"] = f"{folder}/data"
        # measuring changes what is imported, how long it takes and which files are written
        command = ["-m", "coverage", "run", "-m", "pytest", "-m", "not unmeasured", *(arguments or _WORKERS)]
        tests = subprocess.run([sys.executable, *command], cwd=ROOT, check=False)
        measured = coverage.Coverage(data_file=f"{folder}/data", config_file=str(ROOT / "pyproject.toml"))
        measured.combine(data_paths=[folder], strict=False)
        measured.json_report(outfile=f"{folder}/report.json")
        found = layers(json.loads(Path(folder, "report.json").read_text("utf-8")))
    print(table(found))
    return 1 if tests.returncode or not all(it.kept for it in found) else 0


def layers(document: dict[str, Any]) -> list[Layer]:
    """The sums of each folder, from coverage's report as JSON; modules beside the folders come under ``trayapp``."""
    grouped: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for path, module in sorted(document["files"].items()):
        parts = Path(path).parts
        inner = parts[parts.index("trayapp") + 1 :]
        grouped.setdefault(inner[0] if len(inner) > 1 else "trayapp", []).append(("/".join(inner), module))
    return [_layer(name, grouped[name]) for name in sorted(grouped, key=_rank)]


def _rank(name: str) -> tuple[bool, str]:
    return name not in DECIDING, name


def _layer(name: str, modules: list[tuple[str, dict[str, Any]]]) -> Layer:
    sums = [module["summary"] for _, module in modules]
    return Layer(
        name,
        len(modules),
        sum(it["num_statements"] for it in sums),
        sum(it["num_branches"] for it in sums),
        tuple(f"{path}: {_places(module)}" for path, module in modules if _places(module)),
        sum(it["covered_lines"] + it["covered_branches"] for it in sums),
    )


def _places(module: dict[str, Any]) -> str:
    """Lines never run, and branches never taken where both their ends were run: “12, 40→44”."""
    lines = set(module["missing_lines"])
    ways = [
        f"{start}→{end if end > 0 else 'out'}"
        for start, end in module["missing_branches"]
        if start not in lines and end not in lines
    ]
    return ", ".join([*map(str, sorted(lines)), *ways])


def table(found: list[Layer]) -> str:
    rows = [f"{'layer':10}{'modules':>8}{'lines':>8}{'branches':>10}{'reached':>9}{'limit':>7}"]
    for it in found:
        verdict = "ok" if it.kept else "MISSED"
        # never rounded up: a hundred is all of it
        shown = int(it.percent * 100) / 100
        rows.append(f"{it.name:10}{it.modules:>8}{it.lines:>8}{it.branches:>10}{shown:>9}{it.limit:>7.0f}  {verdict}")
    rows += [place for it in found if not it.kept for place in it.missed]
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
