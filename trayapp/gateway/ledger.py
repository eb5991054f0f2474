"""Writes down what passed, in a thread of its own and in batches, so that no request ever waits for the disk."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypeAlias

from trayapp.core.clock import Clock
from trayapp.core.errors import UserError
from trayapp.gateway.usage import Request
from trayapp.gateway.usage_file import UsageFile

GATHER = 0.5
"""Seconds in which requests are gathered before they are written: two writes a second, whatever the load."""
BATCH = 2000
"""Requests that are written at once."""
WAITING = 20_000
"""Requests that wait for a disk that is full or hangs, some 10 MB; the oldest are forgotten."""
TIDY_EVERY = 10_000
"""Requests after which what is too much is taken out; what is too old goes at the first request of a day."""

_Jobs: TypeAlias = "queue.SimpleQueue[Request | None]"


class Ledger:
    """Nothing that goes wrong with the file reaches a request: it is told once through ``tell``, until all is well.

    ``days`` gives how many days are kept. ``tell`` is called in the writer's thread and must not raise.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        days: Callable[[], int],
        tell: Callable[[str], object],
        gather: float = GATHER,
    ) -> None:
        self.file = UsageFile(path, clock.now)
        """For reading: its functions block."""
        self._days = days
        self._tell = tell
        self._gather = gather
        self._lock = threading.Lock()
        self._jobs: _Jobs | None = None
        self._thread: threading.Thread | None = None
        self._enough = threading.Event()
        """Nothing more is waited for: there is a batch, or this is the end."""

    def record(self, request: Request) -> None:
        """Note one request; from any thread, and without waiting. It is in the file half a second later."""
        with self._lock:
            if self._jobs is None:
                self._jobs = queue.SimpleQueue()
                self._enough = threading.Event()
                writer = _Writer(self.file, self._days, self._tell, self._gather, self._enough)
                # a disk that hangs must not keep the program from ending
                self._thread = threading.Thread(target=writer.run, args=(self._jobs,), name="usage", daemon=True)
                self._thread.start()
            waiting = self._jobs.qsize()
            if waiting < WAITING:
                self._jobs.put(request)
            if waiting >= BATCH:
                self._enough.set()

    def close(self, timeout: float = 5.0) -> None:
        """Write what is still to be written, and end the thread; waits so many seconds at most.

        A request that comes later begins a new thread, which wants closing as well.
        """
        with self._lock:
            jobs, thread = self._jobs, self._thread
            enough, self._jobs, self._thread = self._enough, None, None
        if jobs is not None and thread is not None:
            enough.set()
            jobs.put(None)
            thread.join(timeout)


class _Writer:
    """Takes requests from a queue until None comes."""

    def __init__(
        self,
        file: UsageFile,
        days: Callable[[], int],
        tell: Callable[[str], object],
        gather: float,
        enough: threading.Event,
    ) -> None:
        self._file = file
        self._days = days
        self._tell = tell
        self._gather = gather
        self._enough = enough
        self._held: list[Request] = []
        """What could not be written yet."""
        self._since = 0
        self._tidied = ""
        self._failing = False

    def run(self, jobs: _Jobs) -> None:
        going = True
        while going:
            going = self._take(jobs)
            if self._held:
                self._store()

    def _take(self, jobs: _Jobs) -> bool:
        """Wait for one, and a little for more; False where it was the last.

        Nobody looks at the queue meanwhile: to be woken for every request costs the gateway a tenth of its time.
        """
        job = jobs.get()
        if job is not None and jobs.qsize() < BATCH:
            self._enough.wait(self._gather)
        self._enough.clear()
        fresh = 0
        while job is not None:
            self._held.append(job)
            fresh += 1
            if fresh == BATCH:
                return True
            try:
                job = jobs.get_nowait()
            except queue.Empty:
                return True
        return False

    def _store(self) -> None:
        # by the requests' own time: nobody has to ask for the hour
        day = date.fromtimestamp(self._held[-1].at).isoformat()
        tidy = day != self._tidied or self._since >= TIDY_EVERY
        try:
            notice = self._file.write(self._held, keep=self._days() if tidy else None)
        except UserError as exc:
            self._held = self._held[-WAITING:]
            if not self._failing:
                self._tell(str(exc))
            self._failing = True
            return
        self._since = 0 if tidy else self._since + len(self._held)
        self._tidied = day
        self._held = []
        self._failing = False
        if notice:
            self._tell(notice)
