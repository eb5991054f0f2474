"""One question per account at a time: shared by all who ask, so many at once, repeated where that may help."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, TypeAlias

from trayapp.catalog.freshness import Timing
from trayapp.catalog.patience import retry_in
from trayapp.core.clock import Clock
from trayapp.core.errors import ProviderError
from trayapp.core.listings import Listing

Key: TypeAlias = tuple[str, int]
"""Account id and generation: after a change of the account a new flight may start beside the old one."""


class Gate:
    """Lets so many through at once, in the order in which they came; the width may change meanwhile."""

    def __init__(self, width: Callable[[], int]) -> None:
        self._width = width
        self._inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __aenter__(self) -> None:
        if not self._waiting and self._inside < max(1, self._width()):
            self._inside += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()  # let in and called off in the same moment
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        self._inside -= 1
        while self._waiting and self._inside < max(1, self._width()):
            turn = self._waiting.popleft()
            if not turn.done():
                self._inside += 1
                turn.set_result(None)


class Flights:
    """The flights under way. Who asks meanwhile joins; who stops waiting does not end them."""

    def __init__(self) -> None:
        self._tasks: dict[Key, asyncio.Task[None]] = {}

    def flying(self, key: Key) -> asyncio.Task[None] | None:
        return self._tasks.get(key)

    def start(self, key: Key, work: Coroutine[Any, Any, None], landed: Callable[[], None]) -> asyncio.Task[None]:
        """Begin what is not flying yet; ``landed`` is called when it is over, however it ended."""
        task = asyncio.get_running_loop().create_task(work, name=f"list {key[0]}")
        self._tasks[key] = task

        def over(task: asyncio.Task[None]) -> None:
            del self._tasks[key]
            landed()
            if not task.cancelled() and (error := task.exception()) is not None:
                # a fault of ours; no asker is left without an answer for it, and it is not passed over
                task.get_loop().call_exception_handler(
                    {"message": f"listing {key[0]} failed", "exception": error, "task": task}
                )

        task.add_done_callback(over)
        return task

    def cancel(self) -> tuple[asyncio.Task[None], ...]:
        """Have them all end; gives those that there were."""
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        return tasks

    async def close(self) -> None:
        """End them all, and wait until they have ended."""
        if tasks := self.cancel():
            await asyncio.wait(tasks)


async def insist(
    ask: Callable[[], Awaitable[Listing]],
    *,
    gate: Gate,
    clock: Clock,
    rng: Callable[[], float],
    timing: Timing,
    retries: int,
    retried: Callable[[], None],
) -> Listing:
    """Ask until there is an answer or no hope of one. Raises the last attempt's ProviderError.

    Only what may be different in a moment is repeated. While it pauses, others go through the gate.
    """
    attempt, began = 0, clock.monotonic()
    while True:
        try:
            async with gate:
                if attempt == 0:
                    began = clock.monotonic()  # waiting for one's turn is nobody's fault
                return await ask()
        except ProviderError as exc:
            wait = retry_in(exc.failure, attempt, timing, retries, clock.monotonic() - began, rng())
            if wait is None:
                raise
        attempt += 1
        retried()
        await clock.sleep(wait)
