"""The list's headers fold, its rows can be pinned and hidden, and a context menu offers the same as the keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from tests.qt.list_opened import current, go, press, shown, two
from tests.qt.parts import models, section, tray_view
from trayapp.core.intents import Fold, Hide, PickModel, Pin, Refresh
from trayapp.core.models import Model, ModelRef
from trayapp.core.topic import Topic
from trayapp.qt.listwindow import ListWindow
from trayapp.ui.menu import Section, TrayView


@pytest.fixture
def view() -> Topic[TrayView]:
    return two()


@pytest.fixture
def window(qtbot: QtBot, view: Topic[TrayView]) -> ListWindow:
    made = ListWindow(view)
    qtbot.addWidget(made)
    made.show_all()
    return made


# -- headers that fold ----------------------------------------------------------------------------


def folded() -> TrayView:
    return tray_view(section("groq", 12, "Groq (12)", folded=True), section("openai", 30, "OpenAI (30)", active="m_7"))


def read(window: ListWindow, at: int) -> str:
    return str(window.lines.index(at).data(Qt.ItemDataRole.AccessibleTextRole))


def test_a_folded_provider_is_one_line_that_says_so_to_eyes_and_ears(window: ListWindow, view: Topic[TrayView]) -> None:
    view.publish(folded())
    assert shown(window)[:2] == ["▸ Groq (12)", "▾ OpenAI (30)"]
    assert (read(window, 0), read(window, 1)) == ("Groq (12), collapsed", "OpenAI (30), expanded")


def test_a_click_on_a_header_folds_and_unfolds(window: ListWindow, view: Topic[TrayView], qtbot: QtBot) -> None:
    window.list.scrollToTop()
    place = window.list.visualRect(window.lines.index(0)).center()
    for now, intent in ((view.value, Fold("groq")), (folded(), Fold("groq", on=False))):
        view.publish(now)
        with qtbot.waitSignal(window.asked) as asked:
            QTest.mouseClick(window.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert asked.args == [intent]
    assert window.isVisible()


@pytest.mark.parametrize(
    ("now_folded", "key", "intent"),
    [
        (False, Qt.Key.Key_Left, Fold("groq")),
        (True, Qt.Key.Key_Right, Fold("groq", on=False)),
        (True, Qt.Key.Key_Space, Fold("groq", on=False)),
        (False, Qt.Key.Key_Space, Fold("groq")),
        (False, Qt.Key.Key_Return, Fold("groq")),
    ],
)
def test_keys_fold_and_unfold_as_in_a_tree(
    window: ListWindow, view: Topic[TrayView], qtbot: QtBot, now_folded: bool, key: Qt.Key, intent: Fold
) -> None:
    if now_folded:
        view.publish(folded())
    window.list.setCurrentIndex(window.lines.index(0))
    with qtbot.waitSignal(window.asked) as asked:
        press(window, key)
    assert asked.args == [intent]


def test_left_goes_to_the_header_first_and_right_into_the_rows(window: ListWindow, qtbot: QtBot) -> None:
    go(window, "m_5")
    with qtbot.assertNotEmitted(window.asked):
        press(window, Qt.Key.Key_Left, where=window.search)
        assert shown(window)[window.list.currentIndex().row()] == "▾ Groq (12)"
        press(window, Qt.Key.Key_Right)
    assert current(window) == PickModel(ModelRef("groq", "m_0"))


def test_right_to_left_the_keys_and_the_mark_are_mirrored(
    window: ListWindow, view: Topic[TrayView], qtbot: QtBot, qapp: QApplication
) -> None:
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    try:
        view.publish(folded())
        assert shown(window)[0] == "◂ Groq (12)"
        window.list.setCurrentIndex(window.lines.index(0))
        with qtbot.waitSignal(window.asked) as asked:
            press(window, Qt.Key.Key_Left)
        assert asked.args == [Fold("groq", on=False)]
    finally:
        qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def test_a_search_looks_inside_what_is_folded(window: ListWindow, view: Topic[TrayView], qtbot: QtBot) -> None:
    view.publish(folded())
    window.search.setText("groq m_3")
    assert [line.split()[0] for line in shown(window)] == ["Groq", "m_3"]
    assert not window.lines.flags(window.lines.index(0)) & Qt.ItemFlag.ItemIsSelectable
    with qtbot.assertNotEmitted(window.asked):
        window._pick(window.lines.index(0))
    window.search.clear()
    assert shown(window)[0] == "▸ Groq (12)"


def test_a_folded_list_that_somebody_asks_for_is_open_for_as_long_as_the_window_is(
    window: ListWindow, view: Topic[TrayView], qtbot: QtBot
) -> None:
    view.publish(folded())
    window.show_all("groq")
    assert current(window) == PickModel(ModelRef("groq", "m_0"))
    with qtbot.assertNotEmitted(window.asked):  # it is remembered as folded
        window._pick(window.lines.index(0))
    assert shown(window)[:2] == ["▸ Groq (12)", "▾ OpenAI (30)"]
    window.show_all("groq")
    window.close()
    window.show_all()
    assert shown(window)[0] == "▸ Groq (12)"


# -- pinned and hidden ------------------------------------------------------------------------------


def some_hidden() -> TrayView:
    kept, gone = models("groq", 3), (Model(ModelRef("groq", "old"), name="Old one"),)
    return tray_view(Section("groq", "Groq (3)", kept, concealed=gone), section("xai", 2, "xAI (2)"))


def test_ctrl_p_pins_and_unpins_from_the_list_and_from_the_search(
    window: ListWindow, view: Topic[TrayView], qtbot: QtBot
) -> None:
    ref = ModelRef("groq", "m_1")
    go(window, "m_1")
    with qtbot.waitSignal(window.asked) as asked:
        press(window, Qt.Key.Key_P, ctrl=True)
    assert asked.args == [Pin(ref)]
    view.publish(tray_view(section("groq", 3, "Groq"), pinned=(ref,)))
    assert shown(window)[2].endswith(" · pinned")
    assert read(window, 2).endswith("pinned")
    with qtbot.waitSignal(window.asked) as asked:
        press(window, Qt.Key.Key_P, ctrl=True, where=window.search)
    assert asked.args == [Pin(ref, on=False)]


def test_ctrl_h_hides_and_what_comes_next_takes_the_place(
    window: ListWindow, view: Topic[TrayView], qtbot: QtBot
) -> None:
    go(window, "m_1")
    with qtbot.waitSignal(window.asked) as asked:
        press(window, Qt.Key.Key_H, ctrl=True)
    assert asked.args == [Hide(ModelRef("groq", "m_1"))]
    rest = tuple(it for it in models("groq", 12) if it.ref.model != "m_1")
    view.publish(tray_view(Section("groq", "Groq (11)", rest), section("openai", 30, "OpenAI (30)", active="m_7")))
    assert current(window) == PickModel(ModelRef("groq", "m_2"))


def test_hidden_models_are_shown_on_demand_and_marked_in_words(
    window: ListWindow, view: Topic[TrayView], qtbot: QtBot
) -> None:
    assert not window.hidden.isVisible()
    view.publish(some_hidden())
    assert window.hidden.isVisible()
    assert window.hidden.text() == "Show &hidden models (1)"
    assert "Old one" not in " ".join(shown(window))
    window.hidden.click()
    assert shown(window)[4] == "Old one (hidden)"
    go(window, "Old one")
    with qtbot.waitSignal(window.asked) as asked:
        press(window, Qt.Key.Key_H, ctrl=True)
    assert asked.args == [Hide(ModelRef("groq", "old"), on=False)]
    view.publish(tray_view(section("groq", 3, "Groq (3)")))
    assert not window.hidden.isVisible()
    assert not window.hidden.isChecked()


def test_where_all_are_hidden_who_asks_for_them_sees_them(window: ListWindow, view: Topic[TrayView]) -> None:
    view.publish(tray_view(Section("groq", "Groq", concealed=models("groq", 2)), section("xai", 2, "xAI (2)")))
    assert shown(window)[1] == "All models are hidden – show…"
    window.show_all("groq")
    assert window.hidden.isChecked()
    assert [line.split("   ")[0] for line in shown(window)[:3]] == ["▾ Groq", "m_0 (hidden)", "m_1 (hidden)"]
    window.close()
    assert not window.hidden.isChecked()


# -- the context menu -----------------------------------------------------------------------------


def context_menu(window: ListWindow) -> QMenu:
    assert window._menu is not None
    return window._menu


def entry(window: ListWindow, label: str) -> QAction:
    return next(it for it in context_menu(window).actions() if it.text().replace("&", "") == label)


@pytest.mark.parametrize(("key", "shift"), [(Qt.Key.Key_Menu, False), (Qt.Key.Key_F10, True)])
def test_the_menu_of_a_row_opens_by_keys_and_says_the_keys_for_what_it_does(
    window: ListWindow, qtbot: QtBot, key: Qt.Key, shift: bool
) -> None:
    go(window, "m_1")
    press(window, key, shift=shift)
    told = [(it.text().replace("&", ""), it.shortcut().toString()) for it in context_menu(window).actions()]
    assert context_menu(window).activeAction() is context_menu(window).actions()[0]
    assert told == [("Choose", "Return"), ("Pin on top", "Ctrl+P"), ("Hide", "Ctrl+H")]
    with qtbot.waitSignal(window.asked) as asked:
        entry(window, "Hide").trigger()
    assert asked.args == [Hide(ModelRef("groq", "m_1"))]
    context_menu(window).close()
    assert window._menu is None


def test_the_right_button_opens_it_at_the_row_that_it_hit(window: ListWindow, qtbot: QtBot) -> None:
    window.list.scrollToTop()
    place = window.list.visualRect(window.lines.index(3)).center()
    viewport = window.list.viewport()
    reason = QContextMenuEvent.Reason.Mouse
    QCoreApplication.sendEvent(viewport, QContextMenuEvent(reason, place, viewport.mapToGlobal(place)))
    assert context_menu(window).activeAction() is None  # or letting go of the button would choose it
    with qtbot.waitSignal(window.asked) as asked:
        entry(window, "Choose").trigger()
    assert asked.args == [PickModel(ModelRef("groq", "m_2"))]


def test_the_menu_of_a_header_folds_and_asks_again(window: ListWindow, qtbot: QtBot) -> None:
    window.list.setCurrentIndex(window.lines.index(0))
    press(window, Qt.Key.Key_Menu)
    heard: list[object] = []
    window.asked.connect(heard.append)
    entry(window, "Collapse").trigger()
    entry(window, "Refresh").trigger()
    assert heard == [Fold("groq"), Refresh("groq")]


def test_a_row_that_went_while_its_menu_was_open_is_not_mistaken_for_another(
    window: ListWindow, view: Topic[TrayView], qtbot: QtBot
) -> None:
    go(window, "m_1")
    press(window, Qt.Key.Key_Menu)
    view.publish(tray_view(section("xai", 3)))
    with qtbot.assertNotEmitted(window.asked):
        entry(window, "Choose").trigger()


def test_a_hidden_row_offers_to_show_all_of_them_again(window: ListWindow, view: Topic[TrayView], qtbot: QtBot) -> None:
    view.publish(some_hidden())
    window.hidden.click()
    go(window, "Old one")
    press(window, Qt.Key.Key_Menu)
    with qtbot.waitSignal(window.asked) as asked:
        entry(window, "Show all hidden models again").trigger()
    assert asked.args == [Hide(None, on=False)]
