"""Listens on 127.0.0.1 and ::1 in a thread and a loop of its own, from ``start`` until ``stop``.

A held menu or a dialog stalls the main loop for as long as it likes, and must never stall a stream. Nothing of
aiohttp is imported before the thread runs, for that takes 150 ms and many never switch the gateway on.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from trayapp.gateway import reads, sockets
from trayapp.gateway.guard import Gate
from trayapp.gateway.limits import Limits
from trayapp.gateway.refusal import Words, plain
from trayapp.system import bridge

if TYPE_CHECKING:
    import socket

    from trayapp.gateway.call import Call
    from trayapp.gateway.connection import House

Handler = Callable[["Call"], Awaitable[None]]
Life = Callable[[], AbstractAsyncContextManager[Handler]]
"""Opened in the gateway's loop before the first caller and closed there after the last; gives who answers."""
Report = Callable[[str, BaseException], object]
_UNWINDING = 2.0
"""Seconds for tasks that were cancelled to tidy up."""


def only(handler: Handler) -> Life:
    """A life that needs nothing but its handler."""

    @contextlib.asynccontextmanager
    async def life() -> AsyncIterator[Handler]:
        yield handler

    return life


class Listener:
    """The gateway's door. Its methods belong to the loop that calls ``start``; handlers run in the gateway's.

    ``report`` hears of what went wrong unforeseen, in the gateway's thread.
    """

    def __init__(
        self,
        life: Life,
        *,
        gate: Gate,
        report: Report,
        limits: Limits | None = None,
        words: Words = plain,
        take: Callable[[int], list[socket.socket]] = sockets.take,
    ) -> None:
        self._life = life
        self._gate = gate
        self._report = report
        self._limits = limits or Limits()
        self._words = words
        self._take = take
        self._runs: tuple[threading.Thread, asyncio.AbstractEventLoop] | None = None
        self._leave = asyncio.Event()
        self._listens = False
        self._ended: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._grace = 0.0

    @property
    def port(self) -> int | None:
        """Where it listens; None where it does not."""
        return self._gate.port if self._listens else None

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """For ``system.bridge``: functions called from outside into the gateway. None where it does not listen."""
        return self._runs[1] if self._runs is not None and self._listens else None

    def set_gate(self, gate: Gate) -> None:
        """Other rules, from the next request on. The port stays what it is."""
        self._gate = replace(gate, port=self._gate.port)

    async def start(self) -> int:
        """Listen at the gate's port, or at a free one for 0, and give it. One that was stopped may start again.

        Raises ProviderError (PORT_TAKEN) in words, and what ``life`` raises.
        """
        if self._runs is not None:
            return self._gate.port
        ready: concurrent.futures.Future[int] = concurrent.futures.Future()
        self._ended = concurrent.futures.Future()
        self._leave = asyncio.Event()
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=self._run, args=(loop, ready), name="gateway", daemon=True)
        self._runs = thread, loop
        thread.start()
        try:
            return await asyncio.wrap_future(ready)
        except BaseException:
            # somebody gave up, or it could not be done: whatever was begun ends by itself
            await self.stop(0.0)
            raise

    async def stop(self, grace: float = 5.0) -> None:
        """Take no more callers, let answers finish for ``grace`` seconds, end the rest. More than once does nothing."""
        runs, self._runs = self._runs, None
        if runs is None:
            return
        thread, loop = runs
        self._grace = grace
        bridge.tell(loop, self._leave.set)
        await asyncio.shield(asyncio.wrap_future(self._ended))
        thread.join()

    def _run(self, loop: asyncio.AbstractEventLoop, ready: concurrent.futures.Future[int]) -> None:
        """The thread."""
        executor = concurrent.futures.ThreadPoolExecutor(4, thread_name_prefix="gateway")
        loop.set_default_executor(executor)
        loop.set_exception_handler(self._unheard)
        reads.small()
        try:
            serving = loop.create_task(self._serve(ready), name="gateway")
            loop.run_until_complete(asyncio.wait([serving]))
            self._conclude(serving, ready)
            loop.run_until_complete(_unwound())
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            # a look-up of a name that hangs must not hold the end: its thread goes when it is done
            executor.shutdown(wait=False, cancel_futures=True)
            loop.close()
            ready.cancel()
            self._ended.set_result(None)

    def _conclude(self, serving: asyncio.Task[None], ready: concurrent.futures.Future[int]) -> None:
        exc = None if serving.cancelled() else serving.exception()
        if exc is None:
            return
        self._listens = False
        if not ready.done() and ready.set_running_or_notify_cancel():
            ready.set_exception(exc)
        else:  # it has listened, or nobody waits any more
            self._report("gateway", exc)

    async def _serve(self, ready: concurrent.futures.Future[int]) -> None:
        from trayapp.gateway.connection import House

        loop = asyncio.get_running_loop()
        taken = self._take(self._gate.port)  # nothing else runs in this thread yet, so it may block
        try:
            async with self._life() as handler:
                self._gate = replace(self._gate, port=taken[0].getsockname()[1])
                house = House(
                    handler,
                    gate=lambda: self._gate,
                    limits=self._limits,
                    words=self._words,
                    report=self._report,
                )
                servers = [await loop.create_server(house.web, sock=it, backlog=512) for it in taken]
                sweeping = loop.create_task(_sweep(house), name="gateway: slow callers")
                try:
                    if ready.set_running_or_notify_cancel():
                        self._listens = True
                        ready.set_result(self._gate.port)
                        await self._leave.wait()
                        self._listens = False
                finally:
                    for server in servers:
                        server.close()  # no wait_closed(): it hangs on 3.12.1 and 3.13.0 while somebody is connected
                    sweeping.cancel()
                    await self._see_off(house)
        finally:
            for one in taken:
                one.close()

    async def _see_off(self, house: House) -> None:
        """End every connection: idle ones now, those with a request when it is answered or the grace is over."""
        house.leaving = True
        house.web.pre_shutdown()
        if house.active and self._grace > 0:
            await asyncio.wait(house.active, timeout=self._grace)
        for task in house.active:
            task.cancel()
        if house.active:
            await asyncio.wait(house.active, timeout=_UNWINDING)
        await house.web.shutdown(0.05)
        for connection in list(house.connections):
            connection.force_close()

    def _unheard(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        exc = context.get("exception")
        self._report("gateway", exc if isinstance(exc, BaseException) else RuntimeError(str(context.get("message"))))


async def _sweep(house: House) -> None:
    """Find who sends headers byte by byte. One look a second costs less than a timer for every request."""
    loop = asyncio.get_running_loop()
    within = house.limits.head_within
    while True:
        await asyncio.sleep(min(1.0, within / 4))
        late = loop.time() - within
        for connection in list(house.connections):
            if connection.head_since is not None and connection.head_since < late:
                connection.too_slow()


async def _unwound() -> None:
    """Cancel whatever is left in the loop."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left, timeout=_UNWINDING)
    await asyncio.sleep(0)  # transports that were closed are taken from the loop
