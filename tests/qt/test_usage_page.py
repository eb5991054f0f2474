"""The page of use: read off the loop and seldom enough, and exported to where the user says."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from tests.gateway.figures import NOW, request
from tests.qt.usage_opened import Page, report
from trayapp.core.accounts import Account
from trayapp.core.errors import UserError
from trayapp.core.settings import Settings
from trayapp.core.topic import Topic
from trayapp.gateway.usage import FILE, Report
from trayapp.gateway.usage_file import UsageFile
from trayapp.qt import usage
from trayapp.qt.usage import SHARE, SOONEST
from trayapp.system.paths import find
from trayapp.ui.usage import DAYS, Measure


@pytest.fixture
def opened(qtbot: QtBot) -> Callable[[], Page]:
    return lambda: Page(qtbot)


async def test_it_shows_bars_of_thirty_days_and_the_table_below(opened: Callable[[], Page]) -> None:
    it = opened()
    await it.open()
    assert it.asked == [("model", DAYS)]
    assert it.page.summary.text().startswith("In the last 30 days: 27 requests. Most was on 3 Jun: 19 requests.")
    assert len(it.page.chart.chart.bars) == DAYS
    assert it.column(0) == ["openai", "groq", "All"]
    assert it.column(1) == ["14", "13", "27"]


async def test_nothing_is_read_in_the_thread_of_the_windows(opened: Callable[[], Page]) -> None:
    it = opened()
    await it.open()
    assert it.threads
    assert threading.get_ident() not in it.threads


async def test_what_to_tell_apart_is_read_anew_and_what_the_bars_show_is_not(opened: Callable[[], Page]) -> None:
    it = opened()
    await it.open()
    it.choose(measure=Measure.TOKENS)
    assert it.asked == [("model", DAYS)]
    assert "tokens" in it.page.summary.text()
    assert it.column(0) == ["groq", "openai", "All"]
    it.choose(by="provider", measure=Measure.COST)
    await it.rest()
    assert it.asked == [("model", DAYS), ("provider", DAYS)]
    assert it.column(0)[0] == "OpenAI – work"
    assert "$" in it.page.summary.text()


async def test_it_is_read_again_every_two_seconds_while_it_is_seen_and_never_otherwise(
    opened: Callable[[], Page],
) -> None:
    it = opened()
    assert (it.asked, it.page.timer.isActive()) == ([], False)
    await it.open()
    assert it.page.timer.interval() == SOONEST * 1000
    it.report = lambda what: report(what, last=6)
    it.page.timer.timeout.emit()
    await it.rest()
    assert (len(it.asked), it.column(1)) == (2, ["16", "15", "31"])
    it.page.hide()
    assert not it.page.timer.isActive()
    it.choose(by="tool")
    await it.rest()
    assert len(it.asked) == 2
    await it.open()
    assert it.asked[2:] == [("tool", DAYS)]


async def test_a_file_that_takes_long_is_read_less_often(opened: Callable[[], Page]) -> None:
    it = opened()

    def slow(what: str) -> Report:
        it.now += 1.0
        return report(what)

    it.report = slow
    await it.open()
    assert it.page.timer.interval() == SHARE * 1000


async def test_one_reading_at_a_time_and_the_last_choice_is_what_is_shown(opened: Callable[[], Page]) -> None:
    it = opened()
    it.hold = threading.Event()
    it.page.show()
    await asyncio.sleep(0.02)
    it.choose(by="provider")
    it.choose(by="tool")
    assert it.asked == [("model", DAYS)]
    it.hold.set()
    await it.rest()
    assert it.asked == [("model", DAYS), ("tool", DAYS)]
    assert it.page.table.cells.headerData(0, Qt.Orientation.Horizontal) == "Tool"


async def test_hidden_while_it_reads_it_stays_quiet(opened: Callable[[], Page]) -> None:
    it = opened()
    it.hold = threading.Event()
    it.page.show()
    await asyncio.sleep(0.02)
    it.page.hide()
    it.hold.set()
    await it.rest()
    assert (it.page.timer.isActive(), it.column(0)) == (False, [])


async def test_a_file_that_cannot_be_read_is_said_until_it_can_and_the_last_figures_stay(
    opened: Callable[[], Page],
) -> None:
    it = opened()
    await it.open()

    def broken(_what: str) -> Report:
        raise UserError("The figures of use could not be read.")

    it.report = broken
    it.page.timer.timeout.emit()
    await it.rest()
    assert "The figures of use could not be read." in it.said()
    assert it.column(0) == ["openai", "groq", "All"]
    assert it.page.timer.isActive()
    it.report = report
    it.page.timer.timeout.emit()
    await it.rest()
    assert "The figures of use could not be read." not in it.said()


async def test_without_figures_it_says_so(opened: Callable[[], Page]) -> None:
    it = opened()
    it.report = lambda what: report(what, ())
    await it.open()
    assert it.page.summary.text() == "No tool has asked for anything in the last 30 days."
    assert it.column(0) == []


# -- export -------------------------------------------------------------------------------------------


async def test_export_asks_where_and_says_what_became_of_it(opened: Callable[[], Page], tmp_path: Path) -> None:
    it = opened()
    await it.open()
    it.page.export_button.click()
    (dialog,) = it.page.window().findChildren(QFileDialog)
    assert dialog.acceptMode() is QFileDialog.AcceptMode.AcceptSave
    dialog.close()
    for name, words in (("use.csv", "It is written."), ("full.csv", "The disk is full.")):
        dialog.fileSelected.emit(str(tmp_path / name))
        assert not it.page.export_button.isEnabled() or it.desk.tasks
        await it.rest()
        assert it.exported[-1] == tmp_path / name
        assert words in it.said()
        assert it.page.export_button.isEnabled()
    it.page.timer.timeout.emit()
    await it.rest()
    assert "The disk is full." in it.said()


async def test_the_programs_own_page_reads_and_exports_the_programs_own_file(
    opened: Callable[[], Page], qtbot: QtBot, tmp_path: Path
) -> None:
    it, made = opened(), find({"TRAYAPP_HOME": str(tmp_path)})
    UsageFile(made.data / FILE, lambda: NOW).write([request(tool="aider"), request(provider="groq")])
    program: Any = SimpleNamespace(
        paths=made,
        clock=SimpleNamespace(now=lambda: NOW),
        settings=Topic(Settings()),
        accounts=(Account("groq", "groq"),),
        name=lambda _id: "Groq – work",
        tasks=SimpleNamespace(start=lambda work, name: it.desk.start(work)),
    )
    page = usage.page(program)
    qtbot.addWidget(page, before_close_func=lambda _widget: page.hide())
    page.by.setCurrentIndex(page.by.findData("provider"))
    page.show()
    await it.rest()
    assert [line.cells[0] for line in page.table.cells.lines] == ["Groq – work", "openai", "All"]
    page.export_button.click()
    (dialog,) = page.findChildren(QFileDialog)
    dialog.close()
    dialog.fileSelected.emit(str(tmp_path / "use.csv"))
    await it.rest()
    assert page.message.text() == f"2 requests are in {tmp_path / 'use.csv'}."
    assert "aider" in (tmp_path / "use.csv").read_text("utf-8")
