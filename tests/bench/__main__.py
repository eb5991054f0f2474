"""Runs benchmarks and says whether each kept its limit: python -m tests.bench NAME... [--runs N] [--quick] [--json]."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module

from tests.bench.report import Options, Report

NAMES = (
    "launch",
    "memory",
    "idle",
    "menu",
    "submenu",
    "icon",
    "finder",
    "cli",
    "second",
    "startup_parts",
    "catalog",
    "local",
    "gateway",
)


def titles() -> str:
    return "\n".join(f"  {name:14} {import_module(f'tests.bench.{name}').TITLE}" for name in NAMES)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests.bench", description="Measures the program against its limits.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which, or “all”")
    parser.add_argument("--runs", type=int, default=0, help="how often each thing is measured")
    parser.add_argument("--quick", action="store_true", help="shorter waits: a look, no proof")
    parser.add_argument("--json", action="store_true", help="one line of JSON for each instead of a table")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.names if name not in (*NAMES, "all")]
    if unknown:
        parser.error(f"there is no benchmark “{unknown[0]}”; there are {', '.join(NAMES)} and all")
    if not given.names:
        print(f"Benchmarks:\n{titles()}\n  {'all':14} all of them")
        return 0
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # with it, every start compiles the program anew
    names = NAMES if "all" in given.names else given.names
    kept = True
    for name in names:
        report: Report = import_module(f"tests.bench.{name}").measure(Options(given.runs, given.quick))
        print(report.line() if given.json else f"{report.table()}\n", flush=True)
        kept = kept and report.kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
