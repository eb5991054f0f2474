"""The window with the whole list: found by typing, picked by Enter or a click, quick with thousands."""

from __future__ import annotations

import asyncio
import time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from tests.qt.list_opened import current, go, shown, two
from tests.qt.parts import section, tray_view
from trayapp.core.intents import CancelRefresh, OpenHelp, OpenSettings, PickModel, Quit, Refresh
from trayapp.core.models import ModelRef
from trayapp.core.topic import Topic
from trayapp.qt.list_lines import SLICE
from trayapp.qt.listwindow import ListWindow
from trayapp.ui.menu import TrayView
from trayapp.ui.row import Row


@pytest.fixture
def view() -> Topic[TrayView]:
    return two()


@pytest.fixture
def window(qtbot: QtBot, view: Topic[TrayView]) -> ListWindow:
    made = ListWindow(view)
    qtbot.addWidget(made)
    made.show_all()
    return made


def test_every_model_is_there_under_its_provider(window: ListWindow) -> None:
    lines = shown(window)
    assert len(lines) == 44
    assert (lines[0], lines[13]) == ("▾ Groq (12)", "▾ OpenAI (30)")


def test_it_opens_at_the_chosen_model_which_is_marked_by_more_than_colour(window: ListWindow) -> None:
    assert current(window) == PickModel(ModelRef("openai", "m_7"))
    text = str(window.list.currentIndex().data(Qt.ItemDataRole.AccessibleTextRole))
    assert "OpenAI" in text
    assert text.endswith("chosen")
    assert str(window.list.currentIndex().data()).startswith("●")


def test_it_opens_at_the_account_that_was_asked_for(window: ListWindow) -> None:
    window.show_all("groq")
    assert current(window) == PickModel(ModelRef("groq", "m_0"))


@pytest.mark.parametrize("text", ["openai m_11", "M_11 OPEN", "openai/m_11"])
def test_typing_narrows_by_name_id_and_provider(window: ListWindow, text: str) -> None:
    window.search.setText(text)
    assert [line.split()[0] for line in shown(window)] == ["OpenAI", "m_11"]
    assert current(window) == PickModel(ModelRef("openai", "m_11"))


def test_nothing_found_is_said(window: ListWindow) -> None:
    window.search.setText("no such model")
    assert window.nothing.isVisible()
    window.search.clear()
    assert not window.nothing.isVisible()


def test_enter_in_the_search_field_picks_and_closes(window: ListWindow, qtbot: QtBot) -> None:
    window.search.setText("groq m_3")
    with qtbot.waitSignal(window.asked) as asked:
        QTest.keyClick(window.search, Qt.Key.Key_Return)
    assert asked.args == [PickModel(ModelRef("groq", "m_3"))]
    assert not window.isVisible()


def test_arrows_move_from_the_search_field(window: ListWindow, qtbot: QtBot) -> None:
    window.search.setText("groq")
    QTest.keyClick(window.search, Qt.Key.Key_Down)
    assert current(window) == PickModel(ModelRef("groq", "m_1"))


def test_a_click_picks(window: ListWindow, qtbot: QtBot) -> None:
    index = window.list.currentIndex()
    window.list.scrollTo(index)
    with qtbot.waitSignal(window.asked):
        QTest.mouseClick(window.list.viewport(), Qt.MouseButton.LeftButton, pos=window.list.visualRect(index).center())


def test_locked_rows_are_not_picked(window: ListWindow, view: Topic[TrayView], qtbot: QtBot) -> None:
    view.publish(tray_view(section("groq", 3, locked=True)))
    with qtbot.assertNotEmitted(window.asked):
        window._pick(window.lines.index(2))
    assert not window.lines.flags(window.lines.index(2)) & Qt.ItemFlag.ItemIsSelectable


def test_escape_clears_the_search_and_then_closes(window: ListWindow, qtbot: QtBot) -> None:
    window.search.setText("groq")
    QTest.keyClick(window.search, Qt.Key.Key_Escape)
    assert (window.search.text(), window.isVisible()) == ("", True)
    with qtbot.waitSignal(window.closed):
        QTest.keyClick(window.search, Qt.Key.Key_Escape)


def test_where_it_stands_in_it_says_why_and_stays(window: ListWindow, qtbot: QtBot) -> None:
    window.show_reason("There is no tray on this desktop.")
    assert window.reason.isVisible()
    QTest.keyClick(window.search, Qt.Key.Key_Return)
    assert window.isVisible()
    window.show_reason("")
    assert not window.stands_in


def test_a_new_view_keeps_what_was_selected_and_searched(window: ListWindow, view: Topic[TrayView]) -> None:
    window.search.setText("groq")
    go(window, "m_5")
    view.publish(tray_view(section("groq", 14, "Groq (14)"), section("openai", 30, "OpenAI (30)")))
    assert current(window) == PickModel(ModelRef("groq", "m_5"))
    assert shown(window)[0] == "Groq (14)"
    assert len(shown(window)) == 15


def test_a_closed_window_listens_to_nothing(window: ListWindow, view: Topic[TrayView]) -> None:
    window.close()
    view.publish(tray_view(section("groq", 1)))
    assert len(shown(window)) == 44
    window.show_all()
    assert len(shown(window)) == 2


def test_the_buttons_ask_for_what_they_say(window: ListWindow, qtbot: QtBot) -> None:
    heard: list[object] = []
    window.asked.connect(heard.append)
    for button in window.findChildren(QPushButton):
        button.click()
    assert heard == [OpenSettings(), Refresh(), OpenHelp(), Quit()]


@pytest.mark.unmeasured
def test_five_thousand_models_are_searched_within_a_frame(qtbot: QtBot) -> None:
    window = ListWindow(Topic(tray_view(*(section(f"p{at}", 100) for at in range(50)))))
    qtbot.addWidget(window)
    window.show_all()
    qtbot.waitUntil(window.isVisible)
    assert window.lines.rowCount() == 5050
    took = []
    for text in ("m", "m_", "m_9", "m_99", "m_99 p1", "m_99 p12", "p12", ""):
        start = time.perf_counter()
        window.search.setText(text)
        took.append(time.perf_counter() - start)
    assert sorted(took)[len(took) // 2] < 0.016


# -- thousands of models ----------------------------------------------------------------------------


async def test_thousands_of_lines_are_made_in_slices_and_the_window_opens_with_all_of_them(qtbot: QtBot) -> None:
    view = Topic(tray_view(section("few", 2), section("many", 3 * SLICE)))
    window = ListWindow(view)
    qtbot.addWidget(window)
    window.show_all("many")
    turns = 0
    while not window.isVisible() and turns < 20:
        assert window.lines.rowCount() == 0
        await asyncio.sleep(0)
        turns += 1
    assert turns >= 2, "other events come in between"
    assert window.lines.rowCount() == 2 + 2 + 3 * SLICE
    line = window.lines.line(window.list.currentIndex())
    assert line is not None
    assert line.provider == "many"
    window.hide()
    view.publish(tray_view(section("few", 3), section("many", 3 * SLICE)))
    window.show_all()
    assert window.isVisible(), "what stayed the same is not made again"


async def test_where_the_tray_comes_meanwhile_the_window_stays_away(qtbot: QtBot) -> None:
    window = ListWindow(Topic(tray_view(section("many", 2 * SLICE))))
    qtbot.addWidget(window)
    window.show_reason("There is no tray.")
    window.show_all()
    window.put_away()
    for _turn in range(10):
        await asyncio.sleep(0)
    assert (window.isVisible(), window.stands_in) == (False, False)


# -- long work --------------------------------------------------------------------------------------


def test_while_lists_are_asked_for_the_button_gives_them_up(
    window: ListWindow, view: Topic[TrayView], qtbot: QtBot
) -> None:
    view.publish(tray_view(section("groq", 3), asking=1))
    assert window.refresh.text() == "Stop &refreshing"
    with qtbot.waitSignal(window.asked) as asked:
        window.refresh.click()
    assert asked.args == [CancelRefresh()]


def test_it_names_what_is_chosen_whatever_else_stands_first_in_the_menu(
    window: ListWindow, view: Topic[TrayView]
) -> None:
    view.publish(tray_view(head=(Row("Gateway: broken"), Row("● Groq: a")), chosen="● Groq: a"))
    assert window.chosen.text() == "● Groq: a"
