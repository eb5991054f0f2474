"""All inputs of a target fed to plain code, for its figures: ``python -m tests.fuzz.replayed NAME FOLDER _ KEEP``."""

from __future__ import annotations

import gc
import sys
import traceback
from pathlib import Path

import msgspec

from tests.fuzz import bounds, corpora
from tests.fuzz.figures import Figures
from tests.fuzz.target import Target, tidy
from tests.fuzz.targets import TARGETS

_DEAR = 0.01
"""Seconds from which a call is made again, for its best time."""
_TRACED = 3000
"""Inputs whose memory is looked at, the longest ones: each takes five times as long."""


def main() -> None:
    name, folder, keep = sys.argv[1], Path(sys.argv[2]), sys.argv[4] == "1"
    target, figures = TARGETS[name], Figures()
    run = target.make()
    inputs = [path.read_bytes() for path in sorted((folder / name).iterdir())]
    inputs += [path.read_bytes() for path in sorted((folder / f"{name}.found").glob("*"))]
    gc.collect()
    gc.freeze()
    for data in inputs:
        figures.inputs += 1
        try:
            took = bounds.quick(run, data, target.declared, seconds=target.seconds)
            if took > max(_DEAR, figures.seconds):
                took = min(took, *(bounds.called(run, data, target.declared) for _ in range(5)))
            figures.seconds = max(figures.seconds, took)
        except Exception:
            figures.broken += 1
            traceback.print_exc(limit=-8)
    for data in sorted(inputs, key=len)[-_TRACED:]:
        try:
            figures.bytes = max(figures.bytes, bounds.small(run, data, target.declared))
        except Exception:
            figures.broken += 1
            traceback.print_exc(limit=-8)
    for path in (folder / f"{name}.found").glob("*"):  # code that is instrumented takes several times as long
        if _holds(run, target, path.read_bytes()):
            path.unlink()
    (folder / f"{name}.figures").write_bytes(msgspec.json.encode(figures))
    if keep:
        corpora.keep(name, inputs)
    tidy()


def _holds(run: bounds.Run, target: Target, data: bytes) -> bool:
    try:
        bounds.quick(run, data, target.declared, seconds=target.seconds)
        bounds.small(run, data, target.declared)
    except Exception:
        return False
    return True


if __name__ == "__main__":
    main()
