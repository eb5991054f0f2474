"""Owns background tasks: keeps them alive, reports what they raise, and ends them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Tasks:
    """Every task of the program is started here, so that none is lost and none fails unheard."""

    def __init__(self, report: Callable[[str, BaseException], object]) -> None:
        """``report`` hears the task's name and what it raised; cancelling is no failure."""
        self._report = report
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    def start(self, coro: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
        """Run it beside everything else. After ``close`` it is dropped, and the task is one that was cancelled."""
        task = asyncio.get_running_loop().create_task(coro, name=name)
        # asyncio itself holds only weak references: https://docs.python.org/3/library/asyncio-task.html
        self._running.add(task)
        task.add_done_callback(self._done)
        if self._closed:
            task.cancel()
        return task

    async def close(self, timeout: float = 2.0) -> None:
        """Cancel all that runs and wait, at most so many seconds; who does not end in time is reported."""
        self._closed = True
        ending = self._running - {asyncio.current_task()}
        for task in ending:
            task.cancel()
        if not ending:
            return
        _ended, stuck = await asyncio.wait(ending, timeout=timeout)
        for task in stuck:
            self._report(task.get_name(), TimeoutError(f"did not end within {timeout:g} s of being cancelled"))

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (exc := task.exception()) is not None:
            self._report(task.get_name(), exc)
