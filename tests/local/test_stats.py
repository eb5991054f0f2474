"""What was measured of local models adds up, survives restarts and damage, and stays within bounds."""

from __future__ import annotations

import asyncio
import json
import stat
import sys
import threading
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from trayapp.core.errors import Kind, ProviderError
from trayapp.local.stats import EVERY, LAST, MODELS, VERSION, Measurements, Usual
from trayapp.system import files


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "local.json"


@pytest.fixture
def it(path: Path, clock: FakeClock) -> Measurements:
    return Measurements(path, clock=clock)


def again(path: Path, clock: FakeClock) -> Measurements:
    return Measurements(path, clock=clock)


def hits_kept(path: Path) -> int | None:
    """What the file says; None where there is none."""
    return int(json.loads(path.read_bytes())["totals"]["hits"]) if path.exists() else None


# -- what is counted --------------------------------------------------------------------------------


def test_nothing_is_made_up_before_anything_was_measured(it: Measurements) -> None:
    assert it.summary(None, ()) == {
        "cache_strategy": None,
        "loaded_models": [],
        "cache_hit_rate": None,
        "avg_swap_time_ms": None,
        "swaps": 0,
        "hits": 0,
        "misses": 0,
        "models": [],
    }
    assert it.usual("d1") is None
    assert it.usual_all() == Usual()
    assert not it.hidden("d1")


def test_the_fields_have_the_names_and_forms_that_are_required(it: Measurements) -> None:
    it.loaded("d1", "qwen2.5:7b", 1.2, cached=True)
    for _ in range(17):
        it.hit("d1")
    for _ in range(3):
        it.miss("d1")
    told = json.loads(json.dumps(it.summary("ram", ("qwen2.5:7b",))))
    assert list(told)[:4] == ["cache_strategy", "loaded_models", "cache_hit_rate", "avg_swap_time_ms"]
    assert told["cache_strategy"] == "ram"
    assert told["loaded_models"] == ["qwen2.5:7b"]
    assert told["cache_hit_rate"] == 0.85
    assert told["avg_swap_time_ms"] == 1200
    assert isinstance(told["avg_swap_time_ms"], int)
    assert told["models"] == [
        {
            "name": "qwen2.5:7b",
            "swaps": 1,
            "avg_load_ms": 1200,
            "cold_ms": None,
            "cached_ms": 1200,
            "hits": 17,
            "misses": 3,
        }
    ]


def test_cold_loads_cached_ones_and_the_others_are_kept_apart(it: Measurements) -> None:
    it.loaded("d1", "a", 20.0, cached=False)
    it.loaded("d1", "a", 30.0, cached=False)
    it.loaded("d1", "a", 2.0, cached=True)
    it.loaded("d1", "a", 8.0)
    it.loaded("d1", "a")
    (row,) = it.summary("ssd", ())["models"]
    assert (row["swaps"], row["avg_load_ms"], row["cold_ms"], row["cached_ms"]) == (5, 15_000, 25_000, 2_000)
    assert it.usual("d1") == 14.0
    assert it.usual_all() == Usual(cold=25.0, cached=2.0, any=14.0)


@pytest.mark.parametrize("seconds", [-1.0, float("inf"), float("nan")])
def test_a_time_that_is_none_counts_as_a_load_without_one(it: Measurements, seconds: float) -> None:
    it.loaded("d1", "a", seconds)
    assert (it.summary(None, ())["swaps"], it.usual("d1")) == (1, None)


def test_the_median_is_of_the_last_loads_and_one_slow_one_does_not_move_it(it: Measurements) -> None:
    for _ in range(3 * LAST):
        it.loaded("d1", "a", 90.0)
    for _ in range(LAST - 1):
        it.loaded("d1", "a", 3.0)
    it.loaded("d1", "a", 500.0)
    assert it.usual("d1") == 3.0


def test_models_are_listed_by_their_swaps_and_those_never_met_left_out(it: Measurements) -> None:
    for key, count in (("a", 1), ("b", 3), ("c", 1)):
        for _ in range(count):
            it.loaded(key, key)
    it.hide("d")
    assert [row["name"] for row in it.summary(None, ())["models"]] == ["b", "a", "c"]
    assert it.hidden("d")


def test_what_was_used_longest_ago_makes_room_and_totals_stay(it: Measurements, clock: FakeClock) -> None:
    for number in range(MODELS + 5):
        clock.advance(1)
        it.loaded(f"d{number}", f"m{number}", 1.0)
        it.hit("d0")
    told = it.summary(None, ())
    assert len(told["models"]) == MODELS
    assert told["swaps"] == MODELS + 5
    assert it.usual("d0") == 1.0
    assert it.usual("d1") is None


# -- how it is kept ---------------------------------------------------------------------------------


def test_it_is_all_there_after_a_restart(it: Measurements, path: Path, clock: FakeClock) -> None:
    it.loaded("d1", "a", 20.0, cached=False)
    it.hit("d1")
    it.miss("d2")
    it.hide("d1")
    it.save()
    after = again(path, clock)
    assert after.summary("ram", ("a",)) == it.summary("ram", ("a",))
    assert after.hidden("d1")
    assert after.usual("d1") == 20.0
    assert after.notices == ()
    assert json.loads(path.read_bytes())["version"] == VERSION
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_it_is_written_at_most_once_a_minute(it: Measurements, path: Path, clock: FakeClock) -> None:
    it.hit("d1")
    await it.keep()
    assert hits_kept(path) is None
    clock.advance(EVERY)
    await it.keep()
    assert hits_kept(path) == 1
    it.hit("d1")
    clock.advance(EVERY - 1)
    await it.keep()
    assert hits_kept(path) == 1
    it.save()
    assert hits_kept(path) == 2


async def test_nothing_new_is_not_written(it: Measurements, path: Path, clock: FakeClock) -> None:
    clock.advance(EVERY * 5)
    await it.keep()
    it.save()
    assert it.summary(None, ())["swaps"] == 0
    assert hits_kept(path) is None


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b'{"version": 1, "models": {"a": {"swaps": "many"}}}', b"\0" * 100, b"[" * 100_000],
    ids=["empty", "cut", "a list", "wrong types", "zeros", "deep"],
)
def test_a_damaged_file_is_set_aside_and_measuring_begins_anew(path: Path, clock: FakeClock, data: bytes) -> None:
    files.write_private(path, data)
    it = again(path, clock)
    (notice,) = it.notices
    assert "local.json.bad-1" in notice
    assert path.with_name("local.json.bad-1").read_bytes() == data
    it.hit("d1")
    it.save()
    assert again(path, clock).summary(None, ())["hits"] == 1


def test_a_newer_version_s_file_is_left_alone(path: Path, clock: FakeClock) -> None:
    data = b'{"version": 99, "models": []}'
    files.write_private(path, data)
    it = again(path, clock)
    assert "newer version" in it.notices[0]
    it.hit("d1")
    it.save()
    assert it.summary(None, ())["hits"] == 1
    assert path.read_bytes() == data


def test_a_file_that_cannot_be_read_is_left_alone(
    path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    files.write_private(path, b"{}")
    monkeypatch.setattr("trayapp.local.stats.files.read_bytes", denied)
    it = again(path, clock)
    assert "left as it is: Permission denied" in it.notices[0]
    it.hit("d1")
    it.save()
    assert path.stat().st_size == 2


def test_a_damaged_file_that_cannot_be_set_aside_is_left_alone(
    path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    files.write_private(path, b"no measurements")
    monkeypatch.setattr(Path, "rename", denied)
    it = again(path, clock)
    assert "left as it is: Permission denied" in it.notices[0]
    it.hit("d1")
    it.save()
    assert path.read_bytes() == b"no measurements"


def test_what_is_no_file_is_set_aside(path: Path, clock: FakeClock) -> None:
    path.mkdir(parents=True)
    assert "set aside" in again(path, clock).notices[0]
    assert path.with_name("local.json.bad-1").is_dir()


def test_a_full_disk_is_said_and_what_was_measured_is_written_later(
    it: Measurements, path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    it.hit("d1")
    with monkeypatch.context() as patch:
        patch.setattr("trayapp.local.stats.files.write_private", full)
        with pytest.raises(ProviderError) as caught:
            it.save()
    assert caught.value.failure.kind is Kind.DISK
    it.save()
    assert again(path, clock).summary(None, ())["hits"] == 1


def test_a_file_that_somebody_made_too_long_is_cut_to_size(path: Path, clock: FakeClock) -> None:
    models = {
        f"d{number}": {"name": f"m{number}", "used": number, "swaps": 1, "cold": {"count": 99, "last": [1.0] * 99}}
        for number in range(MODELS + 100)
    }
    files.write_private(path, json.dumps({"version": 1, "models": models}).encode())
    it = again(path, clock)
    assert len(it.summary(None, ())["models"]) == MODELS
    assert it.usual("d0") is None
    it.hit("d599")
    it.save()
    assert len(json.loads(path.read_bytes())["models"]["d599"]["cold"]["last"]) == LAST


async def test_counting_goes_on_while_it_is_written(it: Measurements, path: Path, clock: FakeClock) -> None:
    for number in range(MODELS):
        it.loaded(f"d{number}", f"m{number}", 1.0)
    done = threading.Event()

    def write() -> None:
        for _ in range(5):
            it.save()
        done.set()

    writing = asyncio.create_task(asyncio.to_thread(write))
    while not done.is_set():
        it.loaded(f"x{clock.now()}", "x", 1.0)
        clock.advance(1)
        await asyncio.sleep(0)
    await writing
    it.save()
    assert again(path, clock).summary(None, ()) == it.summary(None, ())
