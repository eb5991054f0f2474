"""A thread is woken by the CPU time that another one uses, and by nothing else."""

from __future__ import annotations

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


def test_where_the_library_has_no_timers_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    import ctypes

    monkeypatch.setattr(ctypes, "CDLL", lambda *_args, **_named: object())
    said: list[str] = []

    def make() -> None:
        try:
            CpuTimer(threading.get_ident(), 0.01)
        except OSError as exc:
            said.append(str(exc))

    thread = threading.Thread(target=make)  # it shuts out the signals of its thread
    thread.start()
    thread.join()
    assert said == ["the C library has no timers"]
