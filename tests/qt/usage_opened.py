"""The page of use, open, with its clock and its file in the test's hands."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from tests.qt.parts import Desk
from trayapp.core.errors import UserError
from trayapp.gateway.usage import Report, Totals, added
from trayapp.qt.usage import UsagePage, UsageSide
from trayapp.ui.usage import DAYS, Measure

DAY_NAMES = tuple(f"2026-06-{day:02}" for day in range(1, DAYS + 1))


def report(what: str, names: tuple[str, ...] = ("openai", "groq"), last: int = 4) -> Report:
    """The first has ten requests on 3 June, the others less; and all of them some on the last day."""
    daily = {
        name: {
            DAY_NAMES[2]: Totals(DAY_NAMES[2], 10 - at, input=1000 * at, cost=0.5),
            DAY_NAMES[-1]: Totals(DAY_NAMES[-1], last, input=100),
        }
        for at, name in enumerate(names)
    }
    days = tuple(added((it[day] for it in daily.values() if day in it), day) for day in DAY_NAMES)
    return Report(what, days, tuple(added(it.values(), name) for name, it in daily.items()), daily)


class Page:
    """An open page, its clock and its file in the test's hands."""

    def __init__(self, qtbot: QtBot) -> None:
        self.desk = Desk()
        self.asked: list[tuple[str, int]] = []
        self.threads: set[int] = set()
        self.report: Callable[[str], Report] = report
        self.hold: threading.Event | None = None
        self.exported: list[Path] = []
        self.now = 100.0
        side = UsageSide(read=self._read, export=self._export, titles=lambda: {"openai": "OpenAI – work"})
        self.page = UsagePage(side, start=self.desk.start, monotonic=lambda: self.now)
        qtbot.addWidget(self.page, before_close_func=lambda _widget: self.page.hide())

    def _read(self, what: str, days: int) -> Report:
        self.asked.append((what, days))
        self.threads.add(threading.get_ident())
        if self.hold is not None:
            self.hold.wait(5)
        return self.report(what)

    def _export(self, path: Path) -> str:
        self.exported.append(path)
        if path.name == "full.csv":
            raise UserError("The disk is full.")
        return "It is written."

    async def open(self) -> None:
        self.page.show()
        await self.rest()

    async def rest(self) -> None:
        """Until nothing is under way."""
        for _turn in range(500):
            await self.desk.settle()
            if not self.desk.tasks:
                return
            await asyncio.sleep(0.005)
        raise AssertionError("it goes on")

    def choose(self, by: str = "", measure: Measure | None = None) -> None:
        if by:
            self.page.by.setCurrentIndex(self.page.by.findData(by))
        if measure is not None:
            self.page.measure.setCurrentIndex(self.page.measure.findData(measure.value))

    def column(self, at: int) -> list[str]:
        return [line.cells[at] for line in self.page.table.cells.lines]

    def said(self) -> list[str]:
        """Every sentence that can be seen."""
        return [it.text() for it in self.page.findChildren(QLabel) if it.isVisible()]
