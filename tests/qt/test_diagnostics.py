"""The Diagnostics page: drawn while somebody looks and seldom enough, and everything on it can be done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox, QTableView
from pytestqt.qtbot import QtBot

from tests.qt.parts import Desk, Doctor
from trayapp.catalog.metrics import AccountStats, total
from trayapp.core.errors import Failure, Kind
from trayapp.core.intents import ClearCache, Refresh, Reply, UpdateCatalog
from trayapp.qt.diagnostics import CALM, SOONEST, DiagnosticsPage
from trayapp.ui.figures import COLUMNS
from trayapp.ui.findings import AccountSeen

REFUSED = AccountSeen(
    id="mistral", name="Mistral", provider="mistral", key="keyring", failure=Failure(Kind.REFUSED, "mistral")
)
HELD = AccountStats(provider="mistral", source="cached", entries=41, bytes=9_000, age=60.0, hits=3, calls=1)


class Page:
    """An open page, its clock in the test's hands."""

    def __init__(self, qtbot: QtBot) -> None:
        self.desk = Desk()
        self.doctor = Doctor()
        self.doctor.seen = (REFUSED,)
        self.doctor.stats = total((HELD, AccountStats(provider="new")), 5_000)
        self.now = 100.0
        self.page = DiagnosticsPage(
            doctor=self.doctor, perform=self.desk.perform, start=self.desk.start, monotonic=lambda: self.now
        )
        qtbot.addWidget(self.page, before_close_func=lambda _widget: self.page.hide())

    async def open(self) -> None:
        self.page.show()
        await self.desk.settle()

    def due(self) -> float:
        """Seconds until the page is drawn again; what remains of them, Qt tells only roughly."""
        assert self.page.timer.isActive()
        return self.page.timer.interval() / 1000

    def draw(self) -> None:
        """As when the timer fires."""
        self.page.timer.timeout.emit()

    def cell(self, row: int, column: str) -> str:
        return str(self.page.figures.index(row, COLUMNS.index(column)).data())

    def texts(self) -> list[str]:
        return [self.page.findings.item(row).text() for row in range(self.page.findings.count())]

    async def question(self) -> QMessageBox:
        for _turn in range(50):
            box = self.page.findChild(QMessageBox)
            if isinstance(box, QMessageBox) and box.isVisible():
                return box
            await asyncio.sleep(0.01)
        raise AssertionError("no question was asked")

    async def reply(self, button: str) -> None:
        box = await self.question()
        (pressed,) = [it for it in box.buttons() if it.text().replace("&", "") == button]
        pressed.click()
        await self.desk.settle()


@pytest.fixture
def opened(qtbot: QtBot) -> Callable[[], Page]:
    return lambda: Page(qtbot)


async def ready(opened: Callable[[], Page]) -> Page:
    it = opened()
    await it.open()
    it.now += SOONEST
    it.draw()
    return it


async def test_it_says_what_is_wrong_and_what_to_do_above_the_figures(opened: Callable[[], Page]) -> None:
    it = await ready(opened)
    assert it.page.summary.text() == "1 thing is wrong."
    assert it.texts()[0].startswith("Mistral refused the key.")
    assert "“trayapp key set mistral”" in it.texts()[0].splitlines()[1]
    assert (it.cell(0, "Account"), it.cell(0, "Models"), it.cell(0, "Hits")) == ("Mistral", "41", "3")
    assert (it.cell(1, "Account"), it.cell(1, "Next call")) == ("new", "not by itself")
    assert "1 list with 41 models" in it.page.totals.text()


async def test_the_table_is_there_before_the_look_has_ended(opened: Callable[[], Page]) -> None:
    it = opened()
    it.page.show()
    assert (it.page.summary.text(), it.page.findings.count()) == ("Looking…", 0)
    assert it.cell(0, "Models") == "41"
    await it.desk.settle()


async def test_a_screen_reader_hears_how_grave_it_is_and_which_figure_it_is(opened: Callable[[], Page]) -> None:
    it = await ready(opened)
    spoken = it.page.findings.item(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.startswith("To be mended: Mistral refused the key.")
    figure = it.page.figures.index(0, COLUMNS.index("Hits"))
    assert figure.data(Qt.ItemDataRole.AccessibleTextRole) == "Hits: 3"
    assert all(control.accessibleName() or control.text() for control in it.page.controls)  # type: ignore[attr-defined]


async def test_nothing_is_drawn_and_no_timer_runs_while_it_is_hidden(opened: Callable[[], Page]) -> None:
    it = opened()
    assert (it.doctor.drawn, it.page.timer.isActive()) == (0, False)
    await it.open()
    assert it.page.timer.isActive()
    it.page.hide()
    drawn = it.doctor.drawn
    assert not it.page.timer.isActive()
    it.doctor.changed.publish(1)
    it.draw()
    await it.desk.settle()
    assert (it.doctor.drawn, it.page.timer.isActive()) == (drawn, False)


async def test_a_look_that_ends_after_the_page_was_hidden_starts_no_timer(opened: Callable[[], Page]) -> None:
    it = opened()
    it.page.show()
    it.page.hide()
    await it.desk.settle()
    assert not it.page.timer.isActive()


async def test_changes_are_drawn_at_most_twice_a_second(opened: Callable[[], Page]) -> None:
    it = await ready(opened)
    drawn = it.doctor.drawn
    for number in range(100):
        it.doctor.changed.publish(number)
    assert it.doctor.drawn == drawn
    assert 0 < it.due() <= SOONEST
    it.now += SOONEST
    it.draw()
    assert it.doctor.drawn == drawn + 1
    it.now += 10
    it.doctor.changed.publish(0)
    assert it.due() == 0  # the last drawing is long ago


async def test_where_nothing_changes_ages_are_told_anew_now_and_then(opened: Callable[[], Page]) -> None:
    it = await ready(opened)
    assert SOONEST < it.due() <= CALM


async def test_what_takes_long_to_add_up_is_drawn_more_seldom(opened: Callable[[], Page]) -> None:
    it = await ready(opened)
    original = it.doctor.overview

    def slow(machine: object) -> object:
        it.now += 0.1
        return original(machine)  # type: ignore[arg-type]

    it.doctor.overview = slow  # type: ignore[method-assign, assignment]
    it.draw()
    assert it.due() > 2 * CALM


async def test_figures_change_in_place_and_keep_what_is_selected(opened: Callable[[], Page]) -> None:
    it = await ready(opened)
    it.page.table.selectRow(1)
    it.doctor.stats = total((HELD, AccountStats(provider="new", source="live", entries=2)), 5_000)
    it.draw()
    assert it.cell(1, "Models") == "2"
    assert [index.row() for index in it.page.table.selectionModel().selectedRows()] == [1]
    it.doctor.stats = total((HELD,), 5_000)
    it.draw()
    assert it.page.figures.rowCount() == 1


async def test_refresh_asks_all_and_looks_again(opened: Callable[[], Page]) -> None:
    it = await ready(opened)
    it.desk.replies[Refresh] = Reply(True, "41 models of 1 provider.")
    looked = it.doctor.looked
    it.page.refresh_button.click()
    await it.desk.settle()
    assert it.desk.asked == [Refresh()]
    assert it.page.outcome.text == "41 models of 1 provider."
    assert it.doctor.looked == looked + 1


async def test_clearing_asks_first(opened: Callable[[], Page]) -> None:
    it = await ready(opened)
    it.page.clear_button.click()
    it.page.clear_button.click()  # one question, not two
    await it.reply("Keep them")
    assert it.desk.asked == []
    it.page.clear_button.click()
    await it.reply("Forget them")
    assert it.desk.asked == [ClearCache()]


async def test_an_update_is_asked_for_shown_and_told_with_both_dates(opened: Callable[[], Page]) -> None:
    it = await ready(opened)
    it.desk.hold = asyncio.Event()
    text = "models.dev: 1124 models, as of 2026-11-21.\nThe shipped catalogue is of 2026-11-02."
    it.desk.replies[UpdateCatalog] = Reply(True, text)
    it.page.update_button.click()
    await it.reply("Ask them")
    assert it.desk.asked == [UpdateCatalog()]
    assert it.page.outcome.busy
    assert not any(button.isEnabled() for button in (it.page.refresh_button, it.page.clear_button))
    it.desk.hold.set()
    await it.desk.settle()
    assert it.page.outcome.text == text
    assert it.page.update_button.isEnabled()


async def test_an_update_can_be_cancelled(opened: Callable[[], Page]) -> None:
    it = await ready(opened)
    it.desk.hold = asyncio.Event()
    it.page.update_button.click()
    await it.reply("Ask them")
    it.page.outcome.cancel()
    await it.desk.settle()
    assert (it.page.outcome.text, it.page.outcome.busy) == ("Cancelled.", False)
    assert it.page.update_button.isEnabled()


async def test_the_report_goes_to_the_clipboard(opened: Callable[[], Page]) -> None:
    it = await ready(opened)
    it.page.copy_button.click()
    await it.desk.settle()
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith("trayapp 0.1.0, Linux")
    assert "mistral (mistral): cached; 41 models" in copied
    assert "home folder" in it.page.outcome.text


async def test_the_keyboard_goes_through_findings_figures_and_buttons(opened: Callable[[], Page], qtbot: QtBot) -> None:
    it = await ready(opened)
    qtbot.waitActive(it.page)
    it.page.findings.setFocus()
    for control in it.page.controls[1:]:
        QTest.keyClick(it.page.focusWidget(), Qt.Key.Key_Tab)
        assert it.page.focusWidget() is control


async def test_columns_are_as_wide_as_qt_would_have_them(opened: Callable[[], Page]) -> None:
    it = await ready(opened)
    table = it.page.table
    for column in range(len(COLUMNS)):
        wanted = QTableView.sizeHintForColumn(table, column)
        assert wanted <= table.sizeHintForColumn(column) <= wanted + 2
