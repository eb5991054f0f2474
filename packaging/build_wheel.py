"""Makes the wheel and the source archive in dist/, with Hatchling's own hooks: ``packaging/build.py wheel sdist``.

Both have the same content: a wheel that is made of the unpacked archive is the same, byte for byte.
"""

from __future__ import annotations

import os
from contextlib import chdir
from importlib import import_module
from pathlib import Path
from typing import Any

from release import DIST, ROOT


def wheel(source: Path = ROOT, target: Path = DIST) -> Path:
    """The wheel of the checkout or unpacked archive ``source``, in ``target``."""
    return _built("build_wheel", source, target)


def sdist(source: Path = ROOT, target: Path = DIST) -> Path:
    """The source archive of ``source``, in ``target``."""
    return _built("build_sdist", source, target)


def _built(hook: str, source: Path, target: Path) -> Path:
    """What a hook of PEP 517 makes; the date in it is SOURCE_DATE_EPOCH."""
    target.mkdir(parents=True, exist_ok=True)
    before = os.umask(0o022)
    try:
        with chdir(source):  # the hooks know no other way to be told where the project is
            backend: Any = import_module("hatchling.build")
            name: str = getattr(backend, hook)(str(target))
    finally:
        os.umask(before)
    return target / name
