"""Two loops in two threads: results, errors and cancelling go both ways."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator

import pytest

from trayapp.system.bridge import LeftError, across, tell


@contextlib.contextmanager
def other_loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        if not loop.is_closed():
            loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def test_the_function_runs_there_and_its_result_comes_back() -> None:
    async def where(more: int, *, add: int = 0) -> tuple[str, int]:
        await asyncio.sleep(0)
        return threading.current_thread().name, more + add

    with other_loop() as loop:
        name, total = await across(loop, where)(1, add=2)
    assert name != threading.current_thread().name
    assert total == 3


async def test_what_it_raises_is_raised_here() -> None:
    async def fails() -> None:
        raise LookupError("nothing there")

    with other_loop() as loop:
        with pytest.raises(LookupError, match="nothing there"):
            await across(loop, fails)()


async def test_who_stops_waiting_stops_what_runs() -> None:
    begun, cancelled = threading.Event(), threading.Event()

    async def slow() -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    with other_loop() as loop:
        task = asyncio.create_task(across(loop, slow)())
        assert await asyncio.to_thread(begun.wait, 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(cancelled.wait, 5)


async def test_being_given_up_there_is_no_cancelling_of_who_waits() -> None:
    async def gives_up() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(60)

    with other_loop() as loop:
        with pytest.raises(LeftError):
            await across(loop, gives_up)()


async def test_a_loop_that_has_ended_is_said_to_be_gone() -> None:
    async def never() -> None:
        raise AssertionError

    with other_loop() as loop:
        pass
    with pytest.raises(LeftError):
        await across(loop, never)()
    assert not tell(loop, print)


async def test_a_plain_function_is_called_there() -> None:
    called: list[str] = []
    done = threading.Event()

    def note(word: str) -> None:
        called.append(word)
        done.set()

    with other_loop() as loop:
        assert tell(loop, note, "hello")
        assert await asyncio.to_thread(done.wait, 5)
    assert called == ["hello"]
