"""The scripts that build, as modules: they import one another by plain names."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

Script = Callable[[str], Any]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    """Imports one of them by its name."""
    monkeypatch.syspath_prepend(Path(__file__).parent.parent.parent / "packaging")
    return import_module
