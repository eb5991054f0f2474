"""The writer of figures: no request waits for it, nothing is lost to a passing trouble, and it leaves no thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.gateway.figures import NOW, request
from tests.support.clock import FakeClock
from trayapp.core.errors import UserError
from trayapp.gateway import ledger as module
from trayapp.gateway.ledger import Ledger
from trayapp.gateway.usage import Request


class Book:
    """A ledger, and what it said."""

    def __init__(self, path: Path, gather: float = 0.5) -> None:
        self.told: list[str] = []
        self.ledger = Ledger(path, clock=FakeClock(NOW), days=lambda: 90, tell=self.told.append, gather=gather)

    @property
    def tools(self) -> list[str]:
        return [row[2] for row in self.ledger.file.rows(1)]


def writers() -> list[threading.Thread]:
    return [it for it in threading.enumerate() if it.name == "usage"]


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path / "data" / "usage.sqlite")


def test_what_was_recorded_is_in_the_file_when_it_is_closed_and_no_thread_is_left(book: Book) -> None:
    assert writers() == []
    for number in range(50):
        book.ledger.record(request(tool=str(number)))
    assert len(writers()) == 1
    assert writers()[0].daemon
    book.ledger.close()
    assert (writers(), book.tools, book.told) == ([], [*map(str, range(50))], [])
    book.ledger.close()


def test_requests_of_many_threads_are_all_written_once(book: Book) -> None:
    def work(name: str) -> None:
        for number in range(200):
            book.ledger.record(request(tool=f"{name}{number}"))

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for it in threads:
        it.start()
    for it in threads:
        it.join()
    book.ledger.close()
    assert sorted(book.tools) == sorted(f"{name}{number}" for name in "abcd" for number in range(200))


def test_without_being_closed_it_writes_when_it_has_gathered(tmp_path: Path) -> None:
    book = Book(tmp_path / "usage.sqlite", gather=0.0)
    book.ledger.record(request())
    until = time.monotonic() + 5
    while not book.tools and time.monotonic() < until:
        time.sleep(0.005)
    assert book.tools == ["aider"]
    book.ledger.close()


def test_a_request_after_the_end_is_written_by_a_new_thread(book: Book) -> None:
    book.ledger.record(request(tool="first"))
    book.ledger.close()
    book.ledger.record(request(tool="late"))
    book.ledger.close()
    assert (book.tools, writers()) == (["first", "late"], [])


def test_a_disk_that_refuses_is_told_once_and_what_waited_is_written_when_it_is_well_again(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    book = Book(tmp_path / "data" / "usage.sqlite", gather=0.0)
    for number in range(3):
        book.ledger.record(request(tool=str(number)))
        time.sleep(0.02)
    (tmp_path / "data").unlink()
    book.ledger.record(request(tool="3"))
    book.ledger.close()
    assert book.tools == ["0", "1", "2", "3"]
    assert len(book.told) == 1
    assert "could not be written" in book.told[0]
    (tmp_path / "data").rename(tmp_path / "away")
    (tmp_path / "data").write_text("again")
    book.ledger.record(request())
    book.ledger.close()
    assert len(book.told) == 2


def test_a_spoiled_file_is_told_once_and_counting_goes_on(book: Book) -> None:
    book.ledger.file.path.parent.mkdir()
    book.ledger.file.path.write_bytes(b"junk" * 300)
    for _turn in range(2):
        book.ledger.record(request())
        book.ledger.close()
    assert (len(book.told), len(book.tools)) == (1, 2)
    assert "begin anew" in book.told[0]


def test_a_disk_that_hangs_delays_no_request_and_takes_bounded_memory(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()
    written: list[int] = []

    def hangs(requests: Sequence[Request], *, keep: int | None = None) -> str:
        let_go.wait(10)
        written.append(len(requests))
        return ""

    monkeypatch.setattr(module, "WAITING", 1000)
    monkeypatch.setattr(book.ledger.file, "write", hangs)
    began = time.monotonic()
    for _turn in range(5000):
        book.ledger.record(request())
    assert time.monotonic() - began < 2
    let_go.set()
    book.ledger.close()
    assert sum(written) <= 1000 + module.BATCH


def test_what_has_come_meanwhile_is_written_without_waiting_for_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Book(tmp_path / "usage.sqlite", gather=3600.0)
    sizes: list[int] = []
    done = threading.Semaphore(0)

    def write(requests: Sequence[Request], *, keep: int | None = None) -> str:
        sizes.append(len(requests))
        done.release()
        return ""

    monkeypatch.setattr(module, "BATCH", 3)
    monkeypatch.setattr(book.ledger.file, "write", write)
    for _turn in range(8):
        book.ledger.record(request())
    assert done.acquire(timeout=5)
    book.ledger.close()
    assert sum(sizes) == 8
    assert max(sizes) == 3


def test_what_cannot_be_written_for_long_is_forgotten_from_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Book(tmp_path / "usage.sqlite", gather=0.0)
    tried: list[list[str]] = []

    def full(requests: Sequence[Request], *, keep: int | None = None) -> str:
        tried.append([it.tool for it in requests])
        raise UserError("full")

    monkeypatch.setattr(module, "WAITING", 5)
    monkeypatch.setattr(module, "BATCH", 3)
    monkeypatch.setattr(book.ledger.file, "write", full)
    for number in range(5):
        book.ledger.record(request(tool=str(number)))
        book.ledger.record(request(tool=f"{number}b"))
        time.sleep(0.01)
    book.ledger.close()
    assert book.told == ["full"]
    assert all(len(it) <= 5 + 3 for it in tried)
    assert tried[-1][-1] == "4b"


def test_the_first_request_of_a_day_takes_out_what_is_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = Book(tmp_path / "usage.sqlite", gather=0.0)
    kept: list[int | None] = []
    done = threading.Semaphore(0)

    def write(_requests: Sequence[Request], *, keep: int | None = None) -> str:
        kept.append(keep)
        done.release()
        return ""

    monkeypatch.setattr(book.ledger.file, "write", write)
    for moment in (NOW, NOW + 1, NOW + 86400, NOW + 86401):
        book.ledger.record(request(moment))
        done.acquire()
    book.ledger.close()
    assert kept == [90, None, 90, None]
