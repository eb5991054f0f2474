"""The scripts of packaging/ as modules: they import one another by plain names, which nothing else may."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "packaging"


def script(name: str) -> Any:
    """The script of this name, loaded; the path of modules is as before afterwards."""
    path = list(sys.path)
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    try:
        sys.path.insert(0, str(FOLDER))
        sys.modules[name] = made  # dataclasses look themselves up
        spec.loader.exec_module(made)
    finally:
        sys.path[:] = path
    return made
