"""Watches that no event keeps the window thread busy for long, and logs the lines of the one that does.

It costs nothing while nothing happens: the kernel wakes it once the window thread has used ten milliseconds of CPU
time, and never else. Then it looks at which lines that thread is. What waits (for a disk, for another thread) uses no
CPU time and is not counted.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Protocol

from PySide6.QtCore import QAbstractEventDispatcher
from qasync import QEventLoop

from trayapp.core.busy import Busy, Step, Turn
from trayapp.system.cpu_timer import CpuTimer

LIMIT = 0.05
"""Seconds of CPU that one event may take. What is found is right to ``PERIOD``."""
PERIOD = 0.01
"""Seconds of CPU from one look to the next."""
HANGS = 2.0
"""Seconds after which an event is told though it has not ended, as it may never."""
KINDS = 100
"""Events that are told, each once, and again when it takes half as long again."""

_OURS = (lambda: None).__code__.co_filename.removesuffix("watchdog.py")[: -len("qt/")]
"""How the names begin that our own code has in stacks. They are no paths where the program is frozen."""


class Wakes(Protocol):
    """Wakes the thread that made it while the window thread is busy."""

    def wait(self) -> None: ...

    def kick(self) -> None: ...

    def clock(self) -> float: ...

    def close(self) -> None: ...


class Watchdog:
    """Made and started on the window thread."""

    def __init__(
        self,
        told: Callable[[Busy], object] | None = None,
        *,
        ours: str = "",
        ticking: bool = sys.platform != "linux",
    ) -> None:
        """``told`` hears of an event when its turn of the loop has ended; without it, it is logged.

        ``ours``: how the file names of our own code begin. ``ticking``: the kernel cannot wake anybody, Qt must.
        """
        self._told = told or Log().tell
        self._ours = ours or _OURS
        self._ident = threading.get_ident()
        self._base = QEventLoop.run_forever.__code__
        self._lock = threading.Lock()
        self._since = time.thread_time()
        """CPU seconds of the window thread when this turn began: names the turn, too."""
        self._of = -1.0
        """Which turn was looked at last."""
        self._turn = Turn(self._ours)
        """What was seen of it."""
        self._last = 0.0
        """When that was, by the clock of the wakes."""
        self._held: list[list[FrameType]] = []
        self._handling = False
        self._ended = False
        self._ticks = Ticks(lambda: self._handling, PERIOD) if ticking else None
        self._wakes: Wakes | None = self._ticks
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """From now on."""
        loop = QAbstractEventDispatcher.instance()
        loop.aboutToBlock.connect(self._turn_ends)
        if self._ticks is not None:
            loop.awake.connect(self._turn_begins)
        self._thread.start()

    def stop(self) -> None:
        """Watch no more, and wait until the thread has ended."""
        loop = QAbstractEventDispatcher.instance()
        loop.aboutToBlock.disconnect(self._turn_ends)
        if self._ticks is not None:
            loop.awake.disconnect(self._turn_begins)
        self._ended = True
        while self._thread.is_alive():
            if self._wakes is not None:  # it has come that far
                self._wakes.kick()
            self._thread.join(0.01)
        self._held.clear()

    # -- on the window thread ---------------------------------------------------------------------

    def _turn_ends(self) -> None:
        """Everything there was is handled. Called some hundred times a second at most; takes a microsecond."""
        now = time.thread_time()
        self._handling = False
        if self._held:
            self._settle(now - self._since)
        self._since = now

    def _turn_begins(self) -> None:
        self._turn_ends()  # it need not have waited in between
        self._handling = True
        if self._ticks is not None:
            self._ticks.begin()

    def _settle(self, whole: float) -> None:
        with self._lock:  # nobody looks just now, and so nobody else holds what is let go here
            seen = self._turn.longest(whole) if self._of == self._since else None
            self._held.clear()
        if seen is not None and seen.seconds >= LIMIT:
            self._told(seen)

    # -- on its own thread ------------------------------------------------------------------------

    def _watch(self) -> None:
        try:
            wakes = self._wakes = self._wakes or CpuTimer(self._ident, PERIOD)
        except OSError as exc:
            logging.getLogger(__name__).info("nobody watches the window: %s", exc)
            return
        wakes.wait()
        while not self._ended:
            self._look(wakes.clock())
            wakes.wait()
        wakes.close()

    def _look(self, now: float) -> None:
        with self._lock:
            since = self._since
            new = self._of != since
            if not new and self._turn.seconds >= HANGS:
                return  # told already
            spent = min(now - self._last, PERIOD) if new else now - self._last
            self._last = now
            stack = self._stack()
            if since != self._since:
                return  # it ended meanwhile, and this may be of another
            if new:
                self._of, self._turn = since, Turn(self._ours)
            self._turn.glance(stack, spent)
            hangs = self._turn.longest(HANGS) if self._turn.seconds >= HANGS else None
        if hangs is not None and hangs.seconds >= HANGS / 2:
            self._told(hangs)

    def _stack(self) -> tuple[Step, ...]:
        """What the window thread is at, from the loop's own call inwards.

        A frame that ends while it is looked at lets its widgets go where it is let go: that must not be here, or the
        program crashes. So all of them are held for the window thread, which lets them go at the end of its turn.
        """
        frames: list[FrameType] = []
        self._held.append(frames)
        frame = sys._current_frames().get(self._ident)
        while frame is not None and frame.f_code is not self._base:
            frames.append(frame)
            frame = frame.f_back
        if frame is None:
            return ()  # the loop does not run
        return tuple(Step(it.f_code.co_filename, it.f_lineno or 0, it.f_code.co_name) for it in reversed(frames))


class Ticks:
    """Wakes its thread every so many seconds while something is handled, and not once when nothing is.

    For macOS and Windows, whose loops tell when they begin. GLib's tells it when everything is over.
    """

    def __init__(self, handling: Callable[[], bool], period: float) -> None:
        self._handling = handling
        self._period = period
        self._begun = threading.Event()
        self._kicked = threading.Event()

    def begin(self) -> None:
        """Something is handled from now on."""
        if not self._begun.is_set():
            self._begun.set()

    def wait(self) -> None:
        while True:
            self._begun.wait()
            if self._kicked.wait(self._period) or self._handling():
                return
            self._begun.clear()
            if self._handling():  # since just now: it did not see the flag go down
                self._begun.set()

    def kick(self) -> None:
        self._kicked.set()
        self._begun.set()

    def clock(self) -> float:
        return time.monotonic()

    def close(self) -> None:
        """Nothing is open."""


class Log:
    """Logs each place once, and again when it grows worse."""

    def __init__(self) -> None:
        self._worst: dict[tuple[str, str], float] = {}

    def tell(self, busy: Busy) -> None:
        """With the lines it was at."""
        kind = (busy.name, busy.place)
        known = self._worst.get(kind)
        if known is None and len(self._worst) >= KINDS:
            return
        if known is None or busy.seconds >= 1.5 * known:
            self._worst[kind] = busy.seconds
            logging.getLogger(__name__).warning(
                "one event kept the window busy for %.0f ms: %s: %s", busy.seconds * 1e3, busy.name, busy.text()
            )
