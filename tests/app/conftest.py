"""The home in which programs are opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.house import House
from tests.support.clock import FakeClock


@pytest.fixture
def house(tmp_path: Path, clock: FakeClock) -> House:
    return House(tmp_path, clock)
