"""What is loaded now: a table that is live while it is seen, and buttons that say what they do."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Qt

from tests.qt.dialog import Opened
from tests.qt.local_opened import Open, shown
from tests.qt.local_parts import CODER, LLAMA, LOADING, OLLAMA, QWEN, RESIDENTS
from tests.qt.parts import NOW
from trayapp.core.intents import CancelWarmUp, Keep, Reply, Unload, WarmUp
from trayapp.core.settings import GENERAL, LOCAL
from trayapp.core.state import State
from trayapp.local.residency import Loading, View
from trayapp.qt.local_loaded import LoadedNow
from trayapp.ui import rule_form


async def loaded(opened: Open) -> tuple[Opened, LoadedNow]:
    it, page = await shown(opened)
    page.tabs.setCurrentWidget(page.loaded)
    return it, page.loaded


def cells(part: LoadedNow) -> list[list[str]]:
    model = part.table.model()
    return [
        [str(model.index(row, column).data()) for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def select(part: LoadedNow, name: str) -> None:
    part.table.selectRow([row[0] for row in cells(part)].index(name))


def changed(*residents: object, loading: tuple[Loading, ...] = ()) -> tuple[View, ...]:
    return (msgspec.structs.replace(OLLAMA, residents=residents, loading=loading),)


def redraw(part: LoadedNow) -> None:
    """As the timer does."""
    part.timer.stop()
    part.timer.timeout.emit()


async def test_every_model_in_memory_stands_there_in_words(opened: Open) -> None:
    _it, part = await loaded(opened)
    assert cells(part) == [
        ["llama3.3:70b", "Ollama", "44 GB", "45 % GPU", "", "answering"],
        ["qwen2.5:7b", "Ollama", "6 GB", "GPU", "25 min", ""],
    ]
    assert not part.nothing.isVisible()
    assert "Ollama 0.32.15 is running." in part.servers.text()
    assert "LM Studio is not running" in part.servers.text()
    heading = part.table.model().headerData(4, Qt.Orientation.Horizontal)
    told = part.table.model().index(1, 4).data(Qt.ItemDataRole.AccessibleTextRole)
    assert told == f"{heading}: 25 min"


async def test_the_program_is_told_while_the_page_is_seen_and_only_then(opened: Open) -> None:
    it, part = await loaded(opened)
    assert it.side.watched == [True]
    it.dialog.show_page(GENERAL)
    assert it.side.watched == [True, False]
    assert not part.timer.isActive()
    drawn = it.side.drawn
    it.side.views.publish(changed())
    assert it.side.drawn == drawn
    it.dialog.show_page(LOCAL)
    assert it.side.watched == [True, False, True]
    assert cells(part) == []
    it.dialog.reject()
    assert it.side.watched[-1] is False
    await it.desk.settle()


async def test_it_is_drawn_at_most_once_a_second_and_once_more_while_times_run(opened: Open) -> None:
    it, part = await loaded(opened)
    redraw(part)
    drawn = it.side.drawn
    for left in range(20):
        it.side.views.publish(changed(msgspec.structs.replace(RESIDENTS[0], due=NOW + left)))
    assert it.side.drawn == drawn
    assert part.timer.isActive()
    assert 0 < part.timer.remainingTime() <= 1050  # a coarse timer is let miss by a twentieth
    redraw(part)
    assert it.side.drawn == drawn + 1
    assert cells(part)[0][4] == "19 s"
    it.side.now += 10
    redraw(part)
    assert cells(part)[0][4] == "9 s"
    assert part.timer.isActive()
    it.side.views.publish(changed())
    redraw(part)
    assert not part.timer.isActive(), "nothing runs where nothing is loaded"
    assert part.nothing.text() == "Nothing is loaded."


async def test_the_selected_model_stays_selected_while_others_come_and_go(opened: Open) -> None:
    it, part = await loaded(opened)
    select(part, "qwen2.5:7b")
    it.side.views.publish(changed(RESIDENTS[0]))
    redraw(part)
    assert part.table.line is not None
    assert part.table.line.ref == QWEN
    assert "leaves in" in part.detail.text()
    it.side.views.publish(changed(*RESIDENTS))
    redraw(part)
    assert part.table.line.ref == QWEN


async def test_the_buttons_ask_for_what_they_say_and_tell_the_answer(opened: Open) -> None:
    it, part = await loaded(opened)
    assert not part.unload_button.isEnabled()
    assert not part.keep_button.isEnabled()
    it.side.state.publish(State(strategy="ram"))
    redraw(part)
    it.desk.replies[Unload] = Reply(True, "It leaves when its answer is done.")
    select(part, "llama3.3:70b")
    part.unload_button.click()
    await it.desk.settle()
    assert part.outcome.text == "It leaves when its answer is done."
    select(part, "qwen2.5:7b")
    part.keep_button.click()
    await it.desk.settle()
    part.unload_all_button.click()
    await it.desk.settle()
    assert it.desk.asked == [Unload(LLAMA), Keep(QWEN), Unload()]
    assert not it.dialog.dirty, "what is done at once is no draft"


async def test_what_is_kept_by_hand_can_be_let_go(opened: Open) -> None:
    it, part = await loaded(opened)
    it.side.state.publish(State(strategy="ram", kept=(QWEN,)))
    it.side.views.publish(changed(msgspec.structs.replace(RESIDENTS[0], kept=True)))
    redraw(part)
    select(part, "qwen2.5:7b")
    assert part.keep_button.text().replace("&", "") == "No longer keep"
    part.keep_button.click()
    await it.desk.settle()
    assert it.desk.asked == [Keep(QWEN, on=False)]
    it.side.state.publish(State(strategy="ram"))
    redraw(part)
    assert not part.keep_button.isEnabled(), "an exception is taken back where it was made"
    assert "exception" in part.detail.text()


async def test_an_installed_model_is_warmed_up_and_its_load_can_be_given_up(opened: Open) -> None:
    it, part = await loaded(opened)
    assert not part.warm_button.isEnabled()
    offered = list(part.model.offered)
    assert str(CODER) in offered
    assert not any("cloud" in name for name in offered)
    part.model.enter(str(CODER))
    part.warm_button.click()
    await it.desk.settle()
    assert it.desk.asked == [WarmUp(CODER)]
    assert not part.bar.isVisible()
    it.side.views.publish(changed(*RESIDENTS, loading=(LOADING,)))
    redraw(part)
    assert part.bar.isVisible()
    assert part.loading.text() == "deepseek-coder-v2:16b: loading, 12 s, usually 24 s."
    assert (part.bar.value(), part.bar.maximum()) == (120, 240)
    assert cells(part)[-1][0] == "deepseek-coder-v2:16b"
    it.side.now += 30
    redraw(part)
    assert part.bar.maximum() == 0, "longer than usual: nobody knows how much of it is left"
    part.cancel_button.click()
    await it.desk.settle()
    assert it.desk.asked[-1] == CancelWarmUp(CODER)
    it.side.views.publish(changed(*RESIDENTS))
    redraw(part)
    assert not part.bar.isVisible()
    assert not part.cancel_button.isVisible()


async def test_to_unload_what_is_still_loading_gives_its_load_up(opened: Open) -> None:
    it, part = await loaded(opened)
    it.side.views.publish(changed(loading=(LOADING,)))
    redraw(part)
    select(part, "deepseek-coder-v2:16b")
    assert not part.keep_button.isEnabled()
    assert not part.unload_all_button.isEnabled()
    part.unload_button.click()
    await it.desk.settle()
    assert it.desk.asked == [CancelWarmUp(CODER)]


async def test_a_name_that_is_no_model_is_told_and_not_asked_for(opened: Open) -> None:
    it, part = await loaded(opened)
    part.model.enter("qwen")
    part.warm_button.click()
    await it.desk.settle()
    assert it.desk.asked == []
    assert part.outcome.text == rule_form.model_problem("qwen")


async def test_two_names_of_one_model_do_not_make_the_table_lose_its_place(opened: Open) -> None:
    it, part = await loaded(opened)
    twice = (RESIDENTS[0], msgspec.structs.replace(RESIDENTS[0], key="z", name="qwen2.5:latest"))
    it.side.views.publish(changed(*twice))
    redraw(part)
    part.table.selectRow(1)
    it.side.now += 60
    redraw(part)
    assert part.table.currentIndex().row() == 1
