"""Fixtures of the whole program: a tray host that reads without opening, and a screen reader."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.whole.program import Host
from tests.whole.reader import Reader


@pytest.fixture
def host(desk: dict[str, str]) -> Iterator[Host]:
    """A tray host on ``desk``'s bus, already there before the program starts."""
    with Host(desk["DBUS_SESSION_BUS_ADDRESS"]) as made:
        yield made


@pytest.fixture
def reader(desk: dict[str, str]) -> Iterator[Reader]:
    """Reads the windows of programs that are started on ``desk`` from now on."""
    with Reader(desk) as made:
        yield made
