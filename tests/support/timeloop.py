"""An event loop on which time is virtual: where nothing is ready, it jumps to what comes next.

``run(coroutine)`` runs one on it; a test marked ``virtual_time`` runs on it too. ``LoopClock()`` is the Clock to hand
in.

It does not jump while a thread of an executor is at work (``asyncio.to_thread``, name lookups), while something is
``held()``, or while bytes are on their way between two sockets of this process. So servers and clients on 127.0.0.1
work as usual, and a day passes in seconds. Other processes live in real time: do not mix them with this.
"""

from __future__ import annotations

import asyncio
import selectors
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from types import TracebackType
from typing import Any, Protocol, TypeVar

EPOCH = 1_750_000_000.0
"""What the wall clock says when a virtual loop begins: the same as ``tests.support.clock`` says."""
_SLICE = 0.02
"""Real seconds of one wait, after which the alarm is looked at again."""
_GRACE = 0.001
"""Real seconds that a socket of the same computer has to show what was just sent to it."""
_SETTLED = 0.25
"""Real seconds after which bytes that nobody takes no longer hold the time up."""

T = TypeVar("T")


class LoopClock:
    """``core.clock.Clock`` over a loop's own time, virtual or not; the running loop unless one is given."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None, epoch: float = EPOCH) -> None:
        self._loop = loop
        self._epoch = epoch

    def now(self) -> float:
        return self._epoch + self.monotonic()

    def monotonic(self) -> float:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop. ``time()`` begins at 0 and counts virtual seconds."""

    def __init__(self) -> None:
        self._virtual = 0.0
        self._busy = 0
        self._alarms: dict[Callable[[], object], float] = {}
        super().__init__(_JumpingSelector(self))
        self.slow_callback_duration = float("inf")

    def time(self) -> float:
        return self._virtual

    @contextmanager
    def held(self) -> Iterator[None]:
        """Meanwhile no time passes unless something happens by itself (a thread of your own, a process)."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1

    def alarm(self, seconds: float, ring: Callable[[], object]) -> None:
        """Call it once so many *real* seconds have passed, unless ``no_alarm`` comes first."""
        self._alarms[ring] = time.monotonic() + seconds

    def no_alarm(self, ring: Callable[[], object]) -> None:
        self._alarms.pop(ring, None)

    def run_in_executor(self, *args: Any) -> Any:  # type: ignore[override]
        future = super().run_in_executor(*args)
        self._busy += 1
        future.add_done_callback(self._released)
        return future

    async def shutdown_default_executor(self, *args: Any, **named: Any) -> None:
        with self.held():  # 3.12 gives its threads a time limit
            await super().shutdown_default_executor(*args, **named)

    def _released(self, _: object) -> None:
        self._busy -= 1

    def _ring(self) -> None:
        for ring in [ring for ring, at in self._alarms.items() if time.monotonic() >= at]:
            del self._alarms[ring]
            self.call_soon(ring)

    def _jump(self) -> None:
        scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        self._virtual = max(self._virtual, scheduled[0].when())


class _JumpingSelector(selectors.BaseSelector):
    """Sees what is ready now; instead of waiting, it moves the loop's time."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._real = selectors.DefaultSelector()
        self._restless = False

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        self._restless = True
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        self._restless = True
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        self._restless = True
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map() or {}

    def close(self) -> None:
        self._real.close()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._loop._ring()
        events = self._real.select(0)
        if events or (timeout is not None and timeout <= 0):
            self._restless = self._restless or bool(events)
            return events
        if self._loop._ready:  # type: ignore[attr-defined]  # the alarm has just rung
            return []
        if timeout is None or self._loop._busy:
            return self._real.select(_SLICE)  # a thread's end wakes it; else the alarm is looked at again
        if events := self._on_their_way():
            return events
        self._loop._jump()
        return []

    def _on_their_way(self) -> list[tuple[selectors.SelectorKey, int]]:
        """What arrives of the bytes that were sent already; nothing once all have arrived or nobody takes them."""
        until = time.monotonic() + _SETTLED
        while self._restless or (self._unsent() and time.monotonic() < until):
            self._restless = False
            if events := self._real.select(_GRACE):
                self._restless = True
                return events
        return []

    def _unsent(self) -> bool:
        return any(_outgoing(key) for key in self.get_map().values())


def _outgoing(key: selectors.SelectorKey) -> bool:
    """Whether this socket connects, or has sent what the other end's kernel has not got."""
    if key.events & selectors.EVENT_WRITE:
        return True
    if sys.platform != "linux":
        return False
    import fcntl
    import termios

    waiting = bytearray(4)
    try:
        fcntl.ioctl(key.fd, termios.TIOCOUTQ, waiting)
    except OSError:
        return False  # one that listens, or no socket at all
    return any(waiting)


class Limit(Protocol):
    """What ``limit`` gives: whether its time has passed."""

    def expired(self) -> bool: ...


def limit(seconds: float) -> AbstractAsyncContextManager[Limit]:
    """As ``asyncio.timeout``, in real seconds on every loop."""
    loop = asyncio.get_running_loop()
    return _RealLimit(loop, seconds) if isinstance(loop, VirtualLoop) else asyncio.timeout(seconds)


class _RealLimit:
    def __init__(self, loop: VirtualLoop, seconds: float) -> None:
        self._loop = loop
        self._seconds = seconds
        self._task: asyncio.Task[Any] | None = None
        self._rung = False

    def expired(self) -> bool:
        return self._rung

    async def __aenter__(self) -> _RealLimit:
        self._task = asyncio.current_task()
        self._loop.alarm(self._seconds, self._ring)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._loop.no_alarm(self._ring)
        if self._rung and self._task is not None:
            self._task.uncancel()
            if kind is not None and issubclass(kind, asyncio.CancelledError):
                raise TimeoutError from error

    def _ring(self) -> None:
        if self._task is not None:
            self._rung = True
            self._task.cancel()


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run it on a fresh virtual loop, as ``asyncio.run`` would."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(coroutine)
