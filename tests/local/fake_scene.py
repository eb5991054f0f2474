"""Three models, and how long one of them stays by the fake server's own list."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.support.ollama import FakeModel, FakeOllama
from tests.support.timeloop import EPOCH, LoopClock


async def expires(server: FakeOllama, name: str = "a:latest") -> float:
    """Seconds from now until it leaves, as it is listed."""
    row = next(row for row in await server.ps() if row["name"] == name)
    return datetime.fromisoformat(row["expires_at"]).timestamp() - EPOCH - LoopClock().monotonic()


def near(seconds: float) -> Any:
    return pytest.approx(seconds, abs=0.01)


def a(**more: Any) -> FakeModel:
    return FakeModel(name="a", blob="aaa", **more)


def b(**more: Any) -> FakeModel:
    return FakeModel(name="b", blob="bbb", **more)


def c(**more: Any) -> FakeModel:
    return FakeModel(name="c", blob="ccc", **more)
