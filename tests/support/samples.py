"""The recorded and documented answers below tests/samples, by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from msgspec import Struct

FOLDER = Path(__file__).parent.parent / "samples"


class Refusal(Struct, frozen=True):
    """One recorded answer to a bad key."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def content(self) -> bytes:
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


def raw(name: str) -> bytes:
    """The bytes of ``NAME.json``; a missing file fails the test that asks, and says which one to record."""
    path = FOLDER / f"{name}.json"
    if not path.exists():
        raise AssertionError(f"there is no tests/samples/{name}.json: CONTRIBUTING.md says how to record one")
    return path.read_bytes()


def data(name: str) -> Any:
    return json.loads(raw(name))


def refusal(name: str) -> Refusal:
    recorded = data(f"errors/{name}")
    return Refusal(recorded["status"], recorded["headers"], recorded["body"])


def names(folder: str = "") -> list[str]:
    """Every sample of a folder, sorted."""
    return sorted(path.stem for path in (FOLDER / folder).glob("*.json"))
