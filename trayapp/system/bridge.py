"""Calls between two event loops in two threads: results, errors and cancelling go both ways."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class LeftError(Exception):
    """The other loop has ended, or gave up what it was asked."""


def across(
    loop: asyncio.AbstractEventLoop, function: Callable[P, Coroutine[Any, Any, T]]
) -> Callable[P, Coroutine[Any, Any, T]]:
    """The same function, to be awaited in another loop while it runs in this one.

    Cancelling who waits cancels what runs. It raises what the function raises, and LeftError where the other
    loop is gone or the call was cancelled there: a CancelledError always means that the waiting task was meant.
    """

    async def call(*args: P.args, **named: P.kwargs) -> T:
        running = function(*args, **named)
        try:
            future = asyncio.run_coroutine_threadsafe(running, loop)
        except RuntimeError:
            running.close()
            raise LeftError("the loop that was asked has ended") from None
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise LeftError("what was asked was given up there") from None

    return call


def tell(loop: asyncio.AbstractEventLoop, function: Callable[..., object], *args: Any) -> bool:
    """Have a plain function called there, soon, without waiting; False where that loop has ended."""
    try:
        loop.call_soon_threadsafe(function, *args)
    except RuntimeError:
        return False
    return True
