"""What several tests of the system share: the folders of a program that has been started before."""

from __future__ import annotations

from pathlib import Path

import pytest

from trayapp.system import paths
from trayapp.system.paths import Paths


@pytest.fixture
def here(tmp_path: Path) -> Paths:
    found = paths.find({"TRAYAPP_HOME": str(tmp_path)})
    found.config.mkdir()
    found.data.mkdir()
    return found
