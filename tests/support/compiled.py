"""Compiles what the tests and the programs that they start are made of once, instead of again in every process.

With ``PYTHONDONTWRITEBYTECODE``, as continuous integration has it, each of hundreds of programs would compile all that
it imports anew, and each worker of xdist would rewrite the assertions of every test.
"""

from __future__ import annotations

import compileall
import contextlib
import importlib
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def programs() -> None:
    """What the tests start, as far as it is not compiled. Where nothing can be written, nothing is, and all works."""
    for name in ("trayapp", "packaging"):
        compileall.compile_dir(ROOT / name, quiet=2)


def tests(given: Iterable[str], number: int, workers: int) -> None:
    """Import the tests at these paths, each worker from another place on: it finds done what the others began with.

    ``number`` of this worker, from 0. What cannot be imported is left for the collection to say.
    """
    places = [ROOT / one.partition("::")[0] for one in given]
    found = [path for place in places for path in (sorted(place.rglob("test_*.py")) if place.is_dir() else [place])]
    first = len(found) * number // workers
    for path in found[first:] + found[:first]:
        with contextlib.suppress(Exception, pytest.skip.Exception):
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
