"""What one call of a parser may cost, and how that is measured: its thread's processor time, and memory."""

from __future__ import annotations

import contextlib
import gc
import sys
import time
import tracemalloc
from collections.abc import Callable

from msgspec import Struct

SECONDS = 0.1
"""Processor time of one call, for an input of at most ``LARGEST`` bytes."""
MEMORY = 64 * 2**20
"""Bytes at once, beyond what was held before."""
LARGEST = 64 * 1024
"""Bytes of an input that the bound on time is about; what may be longer has limits and tests of its own."""
_AGAIN = 5
"""A call that took too long is made again so often, and its best time counts: machines have other things to do."""

Run = Callable[[bytes], object]


class TooDearError(AssertionError):
    """A call cost more than it may."""


class Cost(Struct, frozen=True):
    """Of one call: seconds of processor time, bytes at the highest point."""

    seconds: float = 0.0
    bytes: int = 0


def called(run: Run, data: bytes, declared: tuple[type[BaseException], ...] = ()) -> float:
    """Call it; gives the seconds of processor time. What is not declared is raised on."""
    began = time.thread_time()
    with contextlib.suppress(*declared):
        run(data)
    return time.thread_time() - began


def quick(run: Run, data: bytes, declared: tuple[type[BaseException], ...] = (), *, seconds: float = SECONDS) -> float:
    """Call it within the bound on time. Raises TooDearError, and what is not declared."""
    took = called(run, data, declared)
    if took > seconds:
        gc.collect()
        took = min(called(run, data, declared) for _ in range(_AGAIN))
        if took > seconds:
            raise TooDearError(f"{took:.3f} s for {len(data)} bytes, where {seconds} s are allowed")
    return took


def small(run: Run, data: bytes, declared: tuple[type[BaseException], ...] = ()) -> int:
    """Call it within the bound on memory; gives the bytes that Python held at most. Slow: each allocation is noted."""
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        called(run, data, declared)
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        if not tracing:
            tracemalloc.stop()
    if peak > MEMORY:
        raise TooDearError(f"{peak / 2**20:.1f} MB for {len(data)} bytes")
    return peak


def highest() -> int:
    """Bytes that this process ever held in memory; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    import resource

    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held if sys.platform == "darwin" else held * 1024
