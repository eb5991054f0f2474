"""What the system says of the network is remembered; its return is news, how it stood at the start is none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from trayapp.app import network
from trayapp.app.network import Network
from trayapp.system.wake import Event


class Heard:
    """A network whose news are counted, and a watch that the test plays."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.hear: Callable[[Event], object] = lambda _event: None
        self.ready: Callable[[], object] = lambda: None
        self.begun, self.gone = asyncio.Event(), asyncio.Event()
        self.network = Network(
            back=lambda: self.told.append("back"), changed=lambda: self.told.append("changed"), watch=self.watch
        )

    async def watch(self, hear: Callable[[Event], object], *, ready: Callable[[], object]) -> None:
        self.hear, self.ready = hear, ready
        self.begun.set()
        await self.gone.wait()

    async def listening(self) -> asyncio.Task[None]:
        task = asyncio.create_task(self.network.watch())
        await self.begun.wait()
        return task

    async def end(self, task: asyncio.Task[None]) -> None:
        task.cancel()
        await asyncio.wait([task])


async def test_how_things_stand_at_the_start_is_remembered_and_no_news() -> None:
    it = Heard()
    task = await it.listening()
    assert (it.network.online, it.network.metered) == (None, None)
    for event in (Event.OFFLINE, Event.ONLINE, Event.METERED):
        it.hear(event)
    assert (it.network.online, it.network.metered, it.told) == (True, True, [])
    it.ready()
    await it.network.known()
    await it.end(task)


async def test_a_return_is_told_and_everything_else_as_a_change() -> None:
    it = Heard()
    task = await it.listening()
    it.ready()
    told: list[Any] = []
    for event in (Event.ASLEEP, Event.AWAKE, Event.OFFLINE, Event.ONLINE, Event.METERED, Event.UNMETERED):
        it.told.clear()
        it.hear(event)
        told.append(it.told.copy())
    assert told == [[], ["back"], ["changed"], ["back"], ["changed"], ["changed"]]
    await it.end(task)


async def test_when_nobody_speaks_any_more_nothing_is_held_against_anybody() -> None:
    it = Heard()
    task = await it.listening()
    it.ready()
    it.hear(Event.OFFLINE)
    it.hear(Event.METERED)
    it.told.clear()
    it.gone.set()
    await task
    assert (it.network.online, it.network.metered, it.told) == (None, None, ["changed"])


async def test_a_system_that_does_not_answer_is_not_waited_for_long(monkeypatch: Any) -> None:
    monkeypatch.setattr(network, "AT_START", 0.01)
    it = Heard()
    task = await it.listening()
    await it.network.known()
    it.hear(Event.ONLINE)
    assert it.told == ["back"], "what comes later is news"
    await it.end(task)


async def test_where_there_is_nobody_to_listen_to_all_is_known_at_once() -> None:
    it = Heard()
    it.gone.set()
    await it.network.watch()
    await it.network.known()
    assert it.told == []
