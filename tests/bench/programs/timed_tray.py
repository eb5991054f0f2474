"""The whole program with a timer of 60 Hz on its GUI thread, which tells how late it was whenever SIGUSR1 comes.

It tells in one line of JSON, in milliseconds beyond the interval, and begins to count anew.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time

from PySide6.QtCore import Qt, QTimer

from trayapp import __main__
from trayapp.qt import front, loop
from trayapp.system.instance import Claim

INTERVAL = 16


class Timed(front.Front):
    """The face of the program, and somebody beside it who looks at the clock."""

    def start(self, claim: Claim) -> None:
        super().start(claim)
        self._late: list[float] = []
        self._last = time.perf_counter()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._look)
        self._timer.start(INTERVAL)
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._say)

    def _look(self) -> None:
        now = time.perf_counter()
        self._late.append(max(0.0, (now - self._last) * 1000 - INTERVAL))
        self._last = now

    def _say(self) -> None:
        found, self._late = sorted(self._late), []
        many = len(found)
        told = {"p50": found[many // 2], "p99": found[many * 99 // 100], "max": found[-1], "count": many}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    assert "Front" in vars(loop)
    vars(loop)["Front"] = Timed
    sys.argv[1:] = []
    sys.exit(__main__.main())
