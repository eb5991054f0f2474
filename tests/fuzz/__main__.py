"""The long form: ``python -m tests.fuzz NAME…|all --seconds N`` feeds each parser for so long, guided by coverage.

It needs atheris (``pip install atheris``), which nothing else here does. What was found lies below ``--folder``:
``NAME/`` what reached new code, ``NAME.found/`` what broke a promise. Afterwards everything is fed once more, to code
that is not instrumented, for the figures: the slowest call and the most memory. ``--keep`` keeps a part for the suite.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import msgspec

from tests.fuzz.figures import Figures, Ran
from tests.fuzz.target import ROOM, room

T = TypeVar("T")


def main() -> int:
    arguments = _arguments()
    from tests.fuzz.targets import TARGETS

    wanted = list(TARGETS) if arguments.names == ["all"] else arguments.names
    if unknown := [name for name in wanted if name not in TARGETS]:
        print(f"There is no target {', '.join(unknown)}. There are: {', '.join(TARGETS)}.")
        return 2
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="trayapp-fuzz-"))
    print(f"{'target':<11}{'calls':>10}{'inputs':>8}{'found':>7}{'slowest':>11}{'memory':>11}")
    with ThreadPoolExecutor(arguments.jobs) as pool:
        found = sum(pool.map(lambda name: _one(name, folder, arguments.seconds, arguments.keep), wanted))
    print(f"what was found is below {folder}")
    return 1 if found else 0


def _one(name: str, folder: Path, seconds: int, keep: bool) -> int:
    """Run one target in processes of its own; gives how many of its inputs broke a promise."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.log").open("wb") as log:
        for step in ("guided", "replayed"):
            command = [sys.executable, "-m", f"tests.fuzz.{step}", name, str(folder), str(seconds), str(int(keep))]
            with tempfile.TemporaryDirectory(prefix="trayapp-fuzz-", dir=room()) as place:
                env = {**os.environ, ROOM: place}
                done = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False, env=env)
            code = done.returncode
            if code:
                print(f"{name:<11} ended with {code}: see {folder / name}.log", flush=True)
    ran = _read(folder / f"{name}.ran", Ran) or Ran()
    figures = _read(folder / f"{name}.figures", Figures) or Figures(broken=1)
    found = len(list((folder / f"{name}.found").glob("*")))
    print(
        f"{name:<11}{ran.calls:>10}{figures.inputs:>8}{found:>7}"
        f"{figures.seconds * 1000:>8.1f} ms{figures.bytes / 2**20:>8.1f} MB",
        flush=True,
    )
    return max(found, figures.broken)


def _read(path: Path, kind: type[T]) -> T | None:
    return msgspec.json.decode(path.read_bytes(), type=kind) if path.exists() else None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Feed hostile bytes to the parsers.")
    parser.add_argument("names", nargs="+", metavar="NAME", help="targets, or “all”")
    parser.add_argument("--seconds", type=int, default=600, help="for each target (600)")
    parser.add_argument("--jobs", type=int, default=2, help="targets at once (2)")
    parser.add_argument("--folder", type=Path, help="where inputs are kept between runs; a temporary one")
    parser.add_argument("--keep", action="store_true", help="keep a part of the inputs for the suite")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
