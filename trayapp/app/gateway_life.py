"""One listener's life of the gateway: who answers, connections kept warm, and both anew in another network.

After a sleep, or in another network, connections that were kept lead nowhere and may take minutes to say so; proxies
and certificates may be others. Then whoever comes next is answered over new ones, while what is under way finishes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any

from trayapp.app.gateway_activity import Activity
from trayapp.app.gateway_warmth import Warmth
from trayapp.core.models import ModelRef
from trayapp.system import bridge

if TYPE_CHECKING:
    from trayapp.gateway.call import Call
    from trayapp.gateway.server import Handler
    from trayapp.gateway.service import Gateway


class Life:
    """Entered in the gateway's loop before the first caller, left there after the last.

    ``picked`` and ``network_changed`` may be called from any thread; while it lasts it stands in ``among``.
    """

    def __init__(
        self,
        make: Callable[[], Gateway],
        activity: Activity,
        targets: Callable[[], Iterable[ModelRef]],
        among: list[Life],
    ) -> None:
        self._make = make
        self._activity = activity
        self._among = among
        self._warmth = Warmth(self._warm, targets)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._now: _Shift | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def picked(self) -> None:
        """Another model was chosen: the next request goes there."""
        if self._loop is not None:
            bridge.tell(self._loop, self._warmth.picked)

    def network_changed(self) -> None:
        if self._loop is not None:
            bridge.tell(self._loop, self._begin_anew)

    async def __aenter__(self) -> Handler:
        self._now = await _Shift.begun(self._make())
        self._loop = asyncio.get_running_loop()
        self._start(self._warmth.run(), "gateway: keep connections warm")
        self._among.append(self)
        return self._answer

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._among.remove(self)
        self._loop = None
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._now is not None:
            await self._now.end()

    async def _answer(self, call: Call) -> None:
        shift = self._now
        if shift is None:
            raise RuntimeError("the gateway has not begun")
        self._activity.changed()
        self._warmth.used()
        shift.active += 1
        try:
            await shift.answer(call)
        finally:
            shift.active -= 1
            if not shift.active:
                shift.idle.set()
            self._activity.changed()
            self._warmth.used()

    async def _warm(self, ref: ModelRef) -> bool:
        return self._now is not None and await self._now.gateway.warm(ref)

    def _begin_anew(self) -> None:
        self._start(self._relieve(), "gateway: begin anew")

    async def _relieve(self) -> None:
        """Another shift from now on; the one before ends when its last answer does."""
        fresh = await _Shift.begun(self._make())
        before, self._now = self._now, fresh
        self._warmth.broken()
        if before is None:
            return
        try:
            while before.active:
                before.idle.clear()
                await before.idle.wait()
        finally:
            await before.end()

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Shift:
    """A gateway with its connections, from one change of the network to the next."""

    def __init__(self, gateway: Gateway, answer: Handler, stack: AsyncExitStack) -> None:
        self.gateway = gateway
        self.answer = answer
        self.active = 0
        self.idle = asyncio.Event()
        self._stack = stack

    @classmethod
    async def begun(cls, gateway: Gateway) -> _Shift:
        stack = AsyncExitStack()
        return cls(gateway, await stack.enter_async_context(gateway.life()), stack)

    async def end(self) -> None:
        """Its connections go."""
        await self._stack.aclose()
