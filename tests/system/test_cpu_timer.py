"""A thread is woken by the CPU time that another one uses, and by nothing else."""

from __future__ import annotations

import ctypes
import sys
import threading
import time

import pytest

from trayapp.system.cpu_timer import CpuTimer

if sys.platform != "linux":
    pytest.skip("this needs the timers on the CPU time of a thread that Linux has", allow_module_level=True)


def burn(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        sum(range(100))


class Waiter:
    """Waits for the timer on the thread that made it."""

    def __init__(self) -> None:
        self.woken: list[float] = []
        self.ready = threading.Event()
        self.ended = False
        self._watched = threading.get_ident()
        self.thread = threading.Thread(target=self._run, name="waiter")
        self.thread.start()
        self.ready.wait(10)

    def _run(self) -> None:
        self.timer = CpuTimer(self._watched, 0.01)
        self.ready.set()
        self.timer.wait()
        while not self.ended:
            self.woken.append(self.timer.clock())
            self.timer.wait()
        self.timer.close()

    def end(self) -> None:
        self.ended = True
        self.timer.kick()
        self.thread.join(10)


def test_it_wakes_by_cpu_time_and_not_by_the_wall_clock() -> None:
    waiter = Waiter()
    try:
        time.sleep(0.2)
        waited = len(waiter.woken)
        burn(0.3)
        time.sleep(0.1)
        worked = len(waiter.woken) - waited
        time.sleep(0.2)
        assert waited <= 1  # what was used up to now may have been almost a period
        assert 5 <= worked <= 40
        assert len(waiter.woken) == waited + worked
        assert waiter.woken == sorted(waiter.woken)
    finally:
        waiter.end()
    assert not waiter.thread.is_alive()


def test_another_threads_work_wakes_nobody() -> None:
    waiter = Waiter()
    try:
        other = threading.Thread(target=burn, args=(0.2,))
        other.start()
        other.join()
        assert len(waiter.woken) <= 1
    finally:
        waiter.end()


class Library:
    """The functions of the C library that are called; each answers 0 where it did what it was asked."""

    def __init__(self, create: int = 0, settime: int = 0) -> None:
        self.deleted = 0
        self.timer_create = lambda *_: create
        self.timer_settime = lambda *_: settime

    def timer_delete(self, _timer: object) -> None:
        self.deleted += 1


@pytest.mark.parametrize(
    ("library", "why", "deleted"),
    [
        (object(), "the C library has no timers", 0),
        (Library(create=-1), "no timer on the CPU time of a thread", 0),
        (Library(settime=-1), "the timer cannot be set", 1),
    ],
)
def test_where_there_is_no_timer_it_says_so_and_leaves_none(
    library: Library, why: str, deleted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda *_args, **_named: library)
    (said,) = refused()
    assert why in said
    assert getattr(library, "deleted", 0) == deleted


def test_a_system_without_such_timers_is_not_asked_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert refused() == ["this system has no timer on the CPU time of a thread"]


def refused() -> list[str]:
    """What is said instead of a timer."""
    said: list[str] = []

    def make() -> None:
        try:
            CpuTimer(threading.get_ident(), 0.01)
        except OSError as exc:
            said.append(str(exc))

    thread = threading.Thread(target=make)  # it shuts out the signals of its thread
    thread.start()
    thread.join()
    return said
