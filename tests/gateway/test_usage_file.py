"""The file of figures: private, bounded, days as people count them, and whatever is wrong with it said in words."""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.gateway.figures import NOW, in_zone, request
from trayapp.core.errors import UserError
from trayapp.gateway import usage_file
from trayapp.gateway.usage import Totals
from trayapp.gateway.usage_file import COLUMNS, UsageFile

BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"
DAY = 86400.0


@pytest.fixture(autouse=True)
def _zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        in_zone(patch, "UTC0")
        yield
    time.tzset()


@pytest.fixture
def file(tmp_path: Path) -> UsageFile:
    return UsageFile(tmp_path / "data" / "usage.sqlite", lambda: NOW)


def test_sums_are_by_day_and_by_what_was_asked_for(file: UsageFile) -> None:
    file.write(
        [
            request(input=100, output=10, cached=50, cost=0.5, first_byte=0.25),
            request(input=100, output=10, tool="claude-code", outcome="cancelled", first_byte=0.75),
            request(NOW - DAY, provider="groq", model="llama", outcome="limited"),
        ]
    )
    today = Totals("2026-06-15", 2, 0, 200, 20, 50, 0.5, 1, 1.0, 2)
    assert file.today() == today
    report = file.report("model", 3)
    assert [it.name for it in report.days] == ["2026-06-13", "2026-06-14", "2026-06-15"]
    assert report.days[0] == Totals("2026-06-13")
    assert report.days[2] == today
    assert [(it.name, it.requests, it.failed) for it in report.groups] == [("openai/gpt-5", 2, 0), ("groq/llama", 1, 1)]
    assert report.daily["groq/llama"] == {"2026-06-14": report.days[1]}
    assert [it.name for it in file.report("tool", 3).groups] == ["aider", "claude-code"]
    assert [it.name for it in file.report("provider", 1).groups] == ["openai"]
    with pytest.raises(ValueError, match="outcome"):
        file.report("outcome", 3)


def test_what_was_not_told_is_none_in_the_rows_and_counts_as_unpriced(file: UsageFile) -> None:
    file.write([request(), request(outcome="cut"), request(outcome="limited")])
    (row, *_others) = file.rows(1)
    found = dict(zip(COLUMNS, row, strict=True))
    assert (found["day"], found["tool"], found["outcome"]) == ("2026-06-15", "aider", "ok")
    assert [found[name] for name in ("input", "output", "cached", "written", "cost", "first_byte")] == [None] * 6
    assert (file.today().unpriced, file.today().failed) == (2, 2)


def test_nothing_was_asked_where_there_is_no_file_and_none_is_made(file: UsageFile) -> None:
    assert (file.today(), list(file.rows(30))) == (Totals("2026-06-15"), [])
    assert len(file.report("tool", 30).days) == 30
    assert not file.path.parent.exists()


def test_an_empty_file_is_one_without_requests(file: UsageFile) -> None:
    file.path.parent.mkdir()
    file.path.touch()
    assert file.today().requests == 0
    file.write([request()])
    assert file.today().requests == 1


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no modes of files")
def test_file_and_folder_are_the_users_alone_and_stay_so(file: UsageFile) -> None:
    before = os.umask(0)
    try:
        file.write([request()])
    finally:
        os.umask(before)
    assert (file.path.stat().st_mode & 0o777, file.path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    file.path.chmod(0o644)
    file.write([request()])
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert [it.name for it in file.path.parent.iterdir()] == ["usage.sqlite"]


def test_the_oldest_leave_when_their_days_are_over_or_there_are_too_many(
    file: UsageFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write([request(NOW - back * DAY) for back in range(5)], keep=3)
    assert sorted(row[1] for row in file.rows(99)) == ["2026-06-13", "2026-06-14", "2026-06-15"]
    monkeypatch.setattr(usage_file, "MOST", 10)
    file.write([request(tool=str(number)) for number in range(25)], keep=3)
    assert [row[2] for row in file.rows(99)] == [str(number) for number in range(15, 25)]
    file.write([request(tool="new")], keep=3)
    assert len(list(file.rows(99))) == 10


def test_a_day_of_23_or_25_hours_is_one_day(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    in_zone(monkeypatch, BERLIN)
    for name, moment, days in (
        ("spring", dt.datetime(2026, 3, 29, 22, 30, tzinfo=dt.UTC), ("2026-03-28", "2026-03-29", "2026-03-30")),
        ("autumn", dt.datetime(2026, 10, 25, 22, 30, tzinfo=dt.UTC), ("2026-10-23", "2026-10-24", "2026-10-25")),
    ):
        now = moment.timestamp()
        file = UsageFile(tmp_path / name, lambda now=now: now)  # type: ignore[misc]
        file.write([request(now - 3600 * back) for back in range(72)])
        assert tuple(it.name for it in file.report("tool", 3).days) == days
    hours = {it.name: it.requests for it in file.report("tool", 3).days}
    assert hours["2026-10-24"] == 24
    assert hours["2026-10-25"] == 25


def test_midnight_is_this_computers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    in_zone(monkeypatch, "XXX-9")
    midnight = dt.datetime(2026, 6, 14, 15, 0, tzinfo=dt.UTC).timestamp()
    file = UsageFile(tmp_path / "usage", lambda: midnight + 60)
    file.write([request(midnight - 1), request(midnight)])
    assert [(it.name, it.requests) for it in file.report("tool", 2).days] == [("2026-06-14", 1), ("2026-06-15", 1)]


def test_requests_from_a_clock_that_was_set_back_are_in_no_sum(file: UsageFile) -> None:
    file.write([request(NOW + 40 * DAY), request()])
    report = file.report("tool", 30)
    assert (report.total.requests, report.groups[0].requests, len(list(file.rows(30)))) == (1, 1, 1)


def test_no_key_and_no_long_text_is_ever_written(file: UsageFile, canary: str) -> None:
    said = f"agent {canary} " + "x" * 5000
    file.write([request(tool=said, asked=said, model=said, provider=said)])
    assert canary.encode() not in file.path.read_bytes()
    (row,) = file.rows(1)
    assert max(len(it) for it in row if isinstance(it, str)) <= 200


def test_figures_and_letters_that_no_database_takes_are_made_to_fit(file: UsageFile) -> None:
    file.write([request(input=10**40, output=-3, tool="\ud800\x00", cost=float("inf"), first_byte=float("nan"))])
    (it,) = file.report("tool", 1).groups
    assert (it.input, it.output, it.began) == (2**53, 0, 0)


def test_very_many_tools_are_cut_to_the_most_used(file: UsageFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_file, "MOST_GROUPS", 3)
    file.write([request(tool=f"t{number}") for number in range(9)] + [request(tool="t7")])
    report = file.report("tool", 1)
    assert [it.name for it in report.groups] == ["t7", "t0", "t1"]
    assert (set(report.daily), report.total.requests) == ({"t7", "t0", "t1"}, 10)


def test_rows_are_read_in_pages_and_nobody_holds_the_file_between_them(
    file: UsageFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage_file, "_PAGE", 4)
    monkeypatch.setattr(usage_file, "PATIENCE", 0.0)
    file.write([request(tool=str(number)) for number in range(8)])
    rows = file.rows(1)
    seen = [next(rows)[2]]
    file.write([request(tool="meanwhile")])  # would fail at once if the reader had a lock
    seen += [row[2] for row in rows]
    assert seen == [*map(str, range(8)), "meanwhile"]


def _half_overwritten(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[100:4096] = b"\xff" * 3996
    path.write_bytes(data)


def _of_another_program(path: Path) -> None:
    path.unlink()
    db = sqlite3.connect(path)
    db.executescript("CREATE TABLE requests (a); PRAGMA user_version = 1; INSERT INTO requests VALUES (1);")
    db.close()


def _quoted_in_its_error(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("PRAGMA writable_schema = ON")
    db.execute("UPDATE sqlite_master SET sql = 'CREATE', name = CAST(X'FF' AS TEXT)")
    db.commit()
    db.close()


@pytest.mark.parametrize(
    "spoil",
    [lambda path: path.write_bytes(b"junk" * 500), _half_overwritten, _of_another_program, _quoted_in_its_error],
)
def test_an_unreadable_file_is_set_aside_and_counting_goes_on(file: UsageFile, spoil: Callable[[Path], object]) -> None:
    file.write([request() for _ in range(50)])
    spoil(file.path)
    file.path.with_name("usage.sqlite-journal").write_bytes(b"of the old file")
    with pytest.raises(UserError, match=r"could not be read: .+\."):
        file.today()
    notice = file.write([request()])
    assert "they begin anew" in notice
    assert "usage.sqlite.bad-1" in notice
    assert file.today().requests == 1
    assert file.write([request()]) == ""
    assert sorted(it.name for it in file.path.parent.iterdir()) == ["usage.sqlite", "usage.sqlite.bad-1"]


def test_a_file_that_says_it_may_only_be_read_is_set_aside_when_there_is_something_to_write(file: UsageFile) -> None:
    """Found by ten minutes of fuzzing: one byte of the header, and nothing was counted ever after."""
    file.write([request()])
    with file.path.open("r+b") as held:
        held.seek(18)
        held.write(b"\x2a")
    assert file.today().requests == 1
    assert "usage.sqlite.bad-1" in file.write([request()])
    assert file.today().requests == 1
    assert file.write([request()]) == ""


def test_a_newer_file_with_more_columns_is_written_and_read_as_far_as_it_is_known(file: UsageFile) -> None:
    file.write([request()])
    db = sqlite3.connect(file.path)
    db.executescript("ALTER TABLE requests ADD COLUMN later TEXT; PRAGMA user_version = 9;")
    db.close()
    assert file.write([request()]) == ""
    assert file.today().requests == 2
    assert len(next(iter(file.rows(1)))) == len(COLUMNS)


def test_what_stands_in_the_way_of_the_file_is_said_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    below = UsageFile(tmp_path / "taken" / "usage.sqlite", lambda: NOW)
    (tmp_path / "folder").mkdir()
    folder = UsageFile(tmp_path / "folder", lambda: NOW)
    for file in (below, folder):
        with pytest.raises(UserError, match=r"could not be written to .+Check space and permissions"):
            file.write([request()])
    assert (tmp_path / "taken").read_text() == "mine"
    assert list((tmp_path / "folder").iterdir()) == []


def test_a_locked_file_is_waited_for_and_then_told(file: UsageFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_file, "PATIENCE", 0.01)
    file.write([request()])
    other = sqlite3.connect(file.path)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(UserError, match="locked"):
        file.write([request()])
    with pytest.raises(UserError, match="locked"):
        file.today()
    other.close()
    assert file.write([request()]) == ""
    assert file.today().requests == 2


def test_a_full_disk_leaves_what_is_there(file: UsageFile) -> None:
    resource = pytest.importorskip("resource", reason="this system has no limits for one process")
    file.write([request(tool="old") for _ in range(100)])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.path.stat().st_size, hard))
    try:
        with pytest.raises(UserError, match="could not be written"):
            file.write([request(tool="new") for _ in range(5000)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert {it.name: it.requests for it in file.report("tool", 1).groups} == {"old": 100}
    assert file.write([request(tool="new")]) == ""


_KILLED = """
import os, sys, pathlib
from tests.gateway.figures import request
from trayapp.gateway import usage_file
path = pathlib.Path(sys.argv[1])
file = usage_file.UsageFile(path)
def rows():
    for number in range(40_000):
        yield request(tool="half")
        if number == 30_000:
            os._exit(9)
file.write(rows())
"""


def test_a_writer_that_is_killed_half_way_leaves_whole_requests_for_whoever_reads_next(file: UsageFile) -> None:
    file.write([request(tool="whole") for _ in range(500)])
    done = subprocess.run([sys.executable, "-c", _KILLED, str(file.path)], cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 9
    assert file.path.with_name("usage.sqlite-journal").exists()
    assert {it.name for it in file.report("tool", 1).groups} == {"whole"}
    assert file.write([request(tool="whole")]) == ""
    assert file.today().requests == 501


@pytest.mark.parametrize("content", [None, b""])
def test_a_journal_of_nothing_is_removed(file: UsageFile, content: bytes | None) -> None:
    file.finish()
    file.path.parent.mkdir()
    if content is not None:
        file.path.write_bytes(content)
    journal = file.path.with_name("usage.sqlite-journal")
    journal.write_bytes(b"left over")
    file.finish()
    assert not journal.exists()


def test_a_journal_without_a_beginning_is_removed_and_the_file_stays_as_it_is(file: UsageFile) -> None:
    file.write([request(tool="whole")])
    journal = file.path.with_name("usage.sqlite-journal")
    journal.write_bytes(bytes(512))
    file.finish()
    assert not journal.exists()
    assert {it.name for it in file.report("tool", 1).groups} == {"whole"}


def test_a_half_change_that_cannot_be_undone_is_told(file: UsageFile) -> None:
    file.path.parent.mkdir()
    file.path.write_bytes(b"junk" * 500)
    file.path.with_name("usage.sqlite-journal").write_bytes(b"left over")
    with pytest.raises(UserError, match=r"could not be read: .+\."):
        file.finish()


@pytest.mark.parametrize("many", [49, 50, 51, 120])
def test_however_many_are_written_at_once_each_keeps_its_place_and_its_words(file: UsageFile, many: int) -> None:
    name, secret = "long-" * 30, "sk-" + "x" * 40
    file.write([request(tool=name, model=f"{name}{n}", asked=secret, outcome="ok") for n in range(many)])
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in file.rows(1)]
    assert [row["model"] for row in rows] == [f"{name}{n}" for n in range(many)]
    assert {(row["tool"], row["asked"], row["outcome"]) for row in rows} == {(name[:80], "…", "ok")}
