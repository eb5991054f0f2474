"""The quick switcher under the hand: by keys, by words being composed, and by the pointer."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.qt.finder_opened import CONTROL, GROQ, Opened, ref
from tests.qt.parts import models
from trayapp.core.intents import Hide, OpenHelp, PickModel, Pin
from trayapp.core.state import State
from trayapp.qt.finder import HELP
from trayapp.ui.menu import Section, TrayView


@pytest.fixture
def it(qtbot: QtBot) -> Opened:
    return Opened(qtbot)


# -- keys ----------------------------------------------------------------------------------------


def test_typing_narrows_and_the_first_is_current(it: Opened) -> None:
    it.press(Qt.Key.Key_Down)
    it.type("openai m_1")
    assert it.current == "openai/m_1"
    assert all(name.startswith("openai/m_1") for name in it.shown())


def test_keys_move_in_the_list_and_stop_at_its_ends(it: Opened) -> None:
    def after(key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> str:
        it.press(key, modifier)
        return it.current

    assert after(Qt.Key.Key_Up) == "groq/m_0"
    assert after(Qt.Key.Key_Down) == "groq/m_1"
    assert after(Qt.Key.Key_PageDown) == "groq/m_9"
    assert after(Qt.Key.Key_PageUp) == "groq/m_1"
    assert after(Qt.Key.Key_End, CONTROL) == "openai/m_29"
    assert after(Qt.Key.Key_Down) == "openai/m_29"
    assert after(Qt.Key.Key_Home, CONTROL) == "groq/m_0"


def test_home_and_end_alone_move_in_the_text(it: Opened) -> None:
    it.type("m_1")
    it.press(Qt.Key.Key_Down)
    before = it.current
    it.press(Qt.Key.Key_Home)
    assert it.window.search.cursorPosition() == 0
    assert it.current == before


def test_control_p_pins_and_unpins_and_the_model_stays_current(it: Opened) -> None:
    it.press(Qt.Key.Key_Down)
    it.press(Qt.Key.Key_P, CONTROL)
    it.state.publish(State(pinned=(ref("groq/m_1"),)))
    assert it.current == "groq/m_1"
    assert it.shown()[0] == "groq/m_1"
    it.press(Qt.Key.Key_P, CONTROL)
    assert it.asked == [Pin(ref("groq/m_1")), Pin(ref("groq/m_1"), on=False)]
    assert it.window.isVisible()


def test_control_n_moves_nothing(it: Opened) -> None:
    it.press(Qt.Key.Key_N, CONTROL)
    assert (it.current, it.asked) == ("groq/m_0", [])


def test_control_h_hides_and_what_took_its_place_is_current(it: Opened) -> None:
    it.type("groq")
    it.press(Qt.Key.Key_Down)
    it.press(Qt.Key.Key_H, CONTROL)
    assert it.asked == [Hide(ref("groq/m_1"))]
    assert it.window.search.text() == "groq"
    all_ = models(GROQ, 12)
    it.view.publish(TrayView(sections=(Section(GROQ, "", (all_[0], *all_[2:]), concealed=(all_[1],)),)))
    assert it.current == "groq/m_2"
    it.window.search.setText("hidden")
    assert it.shown() == ["groq/m_1"]
    it.press(Qt.Key.Key_H, CONTROL)
    assert it.asked[1:] == [Hide(ref("groq/m_1"), on=False)]


def test_f1_opens_the_guide_and_is_not_in_its_way(it: Opened) -> None:
    it.press(Qt.Key.Key_F1)
    assert it.asked == [OpenHelp(HELP)]
    assert not it.window.isVisible()


def test_tab_goes_to_the_list_and_back_and_what_is_typed_there_goes_into_the_field(it: Opened) -> None:
    it.press(Qt.Key.Key_Tab)
    assert it.window.focusWidget() is it.window.list
    QTest.keyClick(it.window.list, Qt.Key.Key_Down)
    assert it.current == "groq/m_1"
    QTest.keyClicks(it.window.list, "o")
    assert it.window.focusWidget() is it.window.search
    assert it.window.search.text() == "o"
    it.press(Qt.Key.Key_Backtab)
    QTest.keyClick(it.window.list, Qt.Key.Key_Tab)
    assert it.window.focusWidget() is it.window.search


def test_keys_of_a_word_that_is_being_composed_are_left_to_the_input_method(it: Opened) -> None:
    field = it.window.search
    QApplication.sendEvent(field, QInputMethodEvent("ni", []))
    it.press(Qt.Key.Key_Down)
    it.press(Qt.Key.Key_Return)
    it.press(Qt.Key.Key_Escape)
    assert (it.current, it.asked, it.window.isVisible(), len(it.shown())) == ("groq/m_0", [], True, 42)
    committed = QInputMethodEvent("", [])
    committed.setCommitString("m_3")
    QApplication.sendEvent(field, committed)
    assert field.text() == "m_3"
    it.press(Qt.Key.Key_Down)
    assert it.current == "openai/m_3"


def test_enter_where_nothing_was_found_does_nothing(it: Opened) -> None:
    it.type("no such model")
    it.press(Qt.Key.Key_Return)
    it.press(Qt.Key.Key_P, CONTROL)
    assert (it.asked, it.window.isVisible()) == ([], True)


# -- the pointer ---------------------------------------------------------------------------------


def place_of(it: Opened, row: int) -> QPoint:
    return it.window.list.visualRect(it.window.list.model().index(row, 0)).center()


def test_a_click_chooses(it: Opened) -> None:
    QTest.mouseClick(it.window.list.viewport(), Qt.MouseButton.LeftButton, pos=place_of(it, 2))
    assert it.asked == [PickModel(ref("groq/m_2"))]
    assert not it.window.isVisible()


def test_the_context_menu_offers_what_the_keys_do(it: Opened, qtbot: QtBot) -> None:
    where = place_of(it, 2)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, where, it.window.list.viewport().mapToGlobal(where))
    QApplication.sendEvent(it.window.list.viewport(), event)
    menu = it.window._menu
    assert menu is not None
    assert [action.text() for action in menu.actions()] == ["&Choose", "&Pin on top", "&Hide"]
    menu.actions()[1].trigger()
    menu.close()
    assert it.asked == [Pin(ref("groq/m_2"))]
    assert it.window.isVisible()
