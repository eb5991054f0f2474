"""The session ends: what is being written is written first, and nothing that hangs keeps the process."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QSessionManager

from tests.app.house import House
from tests.support.clock import FakeClock
from trayapp.app import ending as ending_module
from trayapp.app.root import App, replaced
from trayapp.core.models import ModelRef
from trayapp.core.state import State
from trayapp.qt import session
from trayapp.qt.session import SessionEnd, Workers


class Session:
    """The desktop's side of it."""

    def __init__(self) -> None:
        self.hint: Any = None

    def setRestartHint(self, hint: Any) -> None:
        self.hint = hint


@pytest.fixture
def house(tmp_path: Path, clock: FakeClock) -> House:
    return House(tmp_path, clock)


@asynccontextmanager
async def ending(house: House, **more: Any) -> AsyncIterator[tuple[App, SessionEnd, list[int]]]:
    workers = Workers(2)
    asyncio.get_running_loop().set_default_executor(workers)
    exits: list[int] = []
    async with house.opened() as app:
        end = SessionEnd(app, workers, exit=exits.append, **more)
        yield app, end, exits
        end.over()


async def test_the_session_waits_for_a_choice_that_is_being_written(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.prepare()
    async with ending(house) as (app, end, _exits):
        begun, save = threading.Event(), app.store.save_state

        def slowly(state: State) -> None:
            begun.set()
            time.sleep(0.3)
            save(state)

        monkeypatch.setattr(app.store, "save_state", slowly)
        choice = asyncio.ensure_future(app.remember(lambda state: replaced(state, active=ModelRef("a", "b"))))
        await asyncio.to_thread(begun.wait, 5)
        asked: Any = Session()
        end.save(asked)  # the loop stands still meanwhile, as in a slot of Qt's
        assert house.stored()[1].active == ModelRef("a", "b")
        assert asked.hint is QSessionManager.RestartHint.RestartNever
        assert not app.leaving.is_set()  # somebody else may object yet
        await choice


async def test_what_hangs_holds_the_session_up_for_seconds_only(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "SETTLE", 0.05)
    async with ending(house) as (_app, end, _exits):
        hangs = threading.Event()
        hanging = asyncio.ensure_future(asyncio.to_thread(hangs.wait, 5))
        await asyncio.sleep(0)
        asked: Any = Session()
        end.save(asked)
        assert not hanging.done()
        hangs.set()
        await hanging


async def test_what_still_hangs_at_the_last_moment_does_not_keep_the_process(house: House) -> None:
    async with ending(house, last=0.05) as (app, end, exits):
        end.ends()
        end.ends()
        assert app.leaving.is_set()
        async with asyncio.timeout(5):
            while not exits:  # noqa: ASYNC110 - a thread says so
                await asyncio.sleep(0.01)
        assert exits == [0]


async def test_an_end_in_time_needs_no_last_moment(house: House) -> None:
    async with ending(house, last=0.2) as (_app, end, exits):
        end.ends()
        await end.closed()
        end.over()
        await asyncio.sleep(0.3)
        assert exits == []


async def test_answers_that_do_not_finish_are_cut_off_when_the_session_ends(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending_module, "TIDY", 0.05)
    async with ending(house) as (app, end, _exits):
        stream = app.tasks.start(asyncio.sleep(600), name="an answer")

        async def until_answered() -> None:
            await asyncio.wait({stream})

        monkeypatch.setattr(app.gateway, "end", until_answered)
        end.ends()
        async with asyncio.timeout(3):
            await end.closed()
        assert stream.cancelled()


async def test_who_quits_lets_answers_finish(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending_module, "TIDY", 0.05)
    async with ending(house) as (app, end, _exits):
        answered = asyncio.Event()
        stream = app.tasks.start(answered.wait(), name="an answer")

        async def until_answered() -> None:
            await asyncio.wait({stream})

        monkeypatch.setattr(app.gateway, "end", until_answered)
        app.leaving.set()
        closing = asyncio.ensure_future(end.closed())
        await asyncio.sleep(0.2)
        assert not closing.done()
        answered.set()
        await closing
        assert not stream.cancelled()
