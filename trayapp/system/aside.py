"""Calls that may hang, on a daemon thread: awaited with a limit, abandoned past it, never in the way of quitting.

asyncio's own pool is no place for them: the interpreter waits for its threads at exit, so that one system
prompt left open would keep the process alive for ever.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")
_Job: TypeAlias = "tuple[Future[Any], Callable[[], Any]]"

MOST_LOST = 4
"""Threads that may hang at the same time before no new one is begun."""


class Aside:
    """One thread that takes calls in turn, and threads of their own for those that must not wait for it.

    A call that outlives its limit is given up: its thread is left behind and the next call gets a new one.
    The thread begins with the first call and sleeps without a time-out while there is none.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lost: list[threading.Thread] = []
        self._closed = False

    async def run(self, work: Callable[[], T], *, limit: float) -> T:
        """What ``work`` gives or raises, after the calls before it; TimeoutError after ``limit`` seconds in all."""
        self._begin()
        thread, future = self._thread, Future[T]()
        self._jobs.put((future, work))
        try:
            return await self.wait(future, limit=limit)
        except (TimeoutError, asyncio.CancelledError):
            # Had it not begun, another call is in the way, and that one's own limit decides about the thread.
            if future.running() and thread is not None and self._thread is thread:
                self._lost.append(thread)
                self._thread = None
            raise

    def start(self, work: Callable[[], T]) -> Future[T]:
        """Begin ``work`` at once on a thread of its own, for any number of callers to ``wait`` for.

        TimeoutError if too many hang already.
        """
        self._check()
        future = Future[T]()
        future.set_running_or_notify_cancel()  # one caller that stops waiting does not end it for the others
        thread = threading.Thread(target=_settle, args=(future, work), name=f"{self._name}-alone", daemon=True)
        self._lost.append(thread)
        thread.start()
        return future

    @staticmethod
    async def wait(future: Future[T], *, limit: float) -> T:
        """What comes of ``future``; TimeoutError after ``limit`` seconds."""
        async with asyncio.timeout(limit):
            return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Let the thread end. Waits for nothing; calls that still hang die with the process."""
        self._closed = True
        for _ in range(1 + len(self._lost)):
            self._jobs.put(None)
        self._thread = None

    def _begin(self) -> None:
        self._check()
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
            self._thread.start()

    def _check(self) -> None:
        if self._closed:
            raise RuntimeError(f"{self._name} is closed")
        self._lost = [thread for thread in self._lost if thread.is_alive()]
        if len(self._lost) >= MOST_LOST:
            raise TimeoutError(f"{len(self._lost)} earlier calls of {self._name} still hang")

    def _serve(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            if job[0].set_running_or_notify_cancel():
                _settle(*job)
            del job  # what it held may be a key
            if threading.current_thread() in self._lost:
                return


def _settle(future: Future[T], work: Callable[[], T]) -> None:
    try:
        result = work()
    except BaseException as error:  # not swallowed: it is raised where the call is awaited
        future.set_exception(error)
    else:
        future.set_result(result)
