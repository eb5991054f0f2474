"""Wakes a thread whenever another one has used so much CPU time; an idle program is never woken.

The kernel keeps the time: a POSIX timer on the CPU clock of one thread, which Linux alone has. Its signal is
directed at the waiting thread (SIGEV_THREAD_ID) and blocked there, so no handler runs and nobody else is interrupted.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from typing import Any

_DIRECTED = 4
"""SIGEV_THREAD_ID of asm-generic/siginfo.h."""


class CpuTimer:
    """A timer for the thread that makes it: ``wait`` returns each time the watched thread has used ``period`` more.

    Seconds; the kernel looks at its own ticks, so a wake may be some 4 ms late. OSError where there is no such timer.
    """

    def __init__(self, watched: int, period: float) -> None:
        """``watched``: a thread's ``get_ident``."""
        if sys.platform != "linux":
            raise OSError("this system has no timer on the CPU time of a thread")
        import ctypes

        self._clock = time.pthread_getcpuclockid(watched)
        self._number = signal.SIGRTMAX - 3
        self._waiter = threading.get_ident()
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())  # what is for others is theirs
        try:
            self._library: Any = ctypes.CDLL(None, use_errno=True)
            create, settime = self._library.timer_create, self._library.timer_settime
        except (OSError, AttributeError) as exc:
            raise OSError("the C library has no timers") from exc
        self._timer: Any = ctypes.c_void_p()
        event = (ctypes.c_int * 16)()  # struct sigevent has 64 bytes: a value of a pointer's size, then three numbers
        first = ctypes.sizeof(ctypes.c_void_p) // ctypes.sizeof(ctypes.c_int)
        event[first : first + 3] = [self._number, _DIRECTED, threading.get_native_id()]
        if create(self._clock, ctypes.byref(event), ctypes.byref(self._timer)):
            raise OSError(ctypes.get_errno(), "no timer on the CPU time of a thread")
        seconds, rest = divmod(round(period * 1e9), 1_000_000_000)
        spec = (ctypes.c_long * 4)(seconds, rest, seconds, rest)
        if settime(self._timer, 0, ctypes.byref(spec), None):
            self.close()
            raise OSError(ctypes.get_errno(), "the timer cannot be set")

    def wait(self) -> None:
        """Until the watched thread has used that much more, or somebody kicks."""
        signal.sigwait({self._number})

    def kick(self) -> None:
        """From another thread: let ``wait`` return now."""
        signal.pthread_kill(self._waiter, self._number)

    def clock(self) -> float:
        """CPU seconds that the watched thread has used."""
        return time.clock_gettime(self._clock)

    def close(self) -> None:
        """No more wakes. Once."""
        self._library.timer_delete(self._timer)
