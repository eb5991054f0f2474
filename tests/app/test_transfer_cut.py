"""An import that is cut: whatever was written by then, the program starts with all of it or with none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.app.house import WORK, House, do, ref
from tests.app.test_transfer import given
from tests.support.clock import FakeClock
from trayapp.core.intents import Import
from trayapp.core.profiles import Profile
from trayapp.core.state import State
from trayapp.system import files


async def test_killed_between_any_two_writes_it_starts_with_all_that_was_or_all_that_came(
    house: House, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = House(tmp_path / "other", clock)
    document = await given(house)
    inside = State(active=ref("lab", "m"), profiles=(Profile("Mine", None, ("lab",)),), profile="Mine")
    other.prepare(WORK, state=inside, tray_wait=9)
    written, moments = files.write_private, [tmp_path / "before"]
    shutil.copytree(other.paths.config.parent, moments[0])

    def write(path: Path, data: bytes) -> None:
        written(path, data)
        moments.append(tmp_path / f"after {len(moments)}")
        shutil.copytree(other.paths.config.parent, moments[-1])

    async with other.opened() as app:
        before = app.stored, app.state.value
        monkeypatch.setattr(files, "write_private", write)
        assert (await do(app, Import(document))).ok
        after = app.stored, app.state.value
    monkeypatch.setattr(files, "write_private", written)
    found = []
    for moment in moments:
        shutil.rmtree(other.paths.config.parent)
        shutil.copytree(moment, other.paths.config.parent)
        found.append(other.stored())
        assert found[-1] in (before, after)
    assert (found[0], found[-1], before != after) == (before, after, True)
    assert found == sorted(found, key=lambda it: it == after)  # and never back
    assert b"before_import" not in other.paths.state_file.read_bytes()
