"""The menu draws the view it is given, cheaply, and never under somebody's eyes."""

from __future__ import annotations

import time
from functools import partial

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QStyle
from pytestqt.qtbot import QtBot

from tests.qt.parts import section, tray_view
from trayapp.core.intents import PickModel, Quit, ShowAll
from trayapp.core.models import ModelRef
from trayapp.qt import menu as menu_module
from trayapp.qt.entries import menu_text
from trayapp.qt.menu import ModelMenu
from trayapp.ui.menu import Section, TrayView
from trayapp.ui.row import Row

FACTS = "   128k · $3/$15 · tools"


@pytest.fixture
def menu(qtbot: QtBot) -> ModelMenu:
    made = ModelMenu()
    qtbot.addWidget(made)
    return made


def texts(menu: QMenu) -> list[str]:
    return ["---" if action.isSeparator() else action.text() for action in menu.actions()]


def row(menu: QMenu, text: str) -> QAction:
    return next(action for action in menu.actions() if action.text() == text)


def submenu(menu: QMenu, number: int = 0) -> QMenu:
    found = [action.menu() for action in menu.actions() if action.menu() is not None][number]
    assert isinstance(found, QMenu)
    return found


def opened(menu: QMenu, number: int = 0) -> QMenu:
    found = submenu(menu, number)
    found.aboutToShow.emit()
    return found


def cleaned_up() -> None:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def test_inline_sections_stand_under_a_separator_and_a_header_that_cannot_be_clicked(menu: ModelMenu) -> None:
    menu.render_view(tray_view(section("groq", 2, "Groq – live"), section("xai", 1, "xAI")), dbus=False)
    assert texts(menu) == [
        "● nothing", "---", "Groq – live", f"m_0{FACTS}", f"m_1{FACTS}", "---", "xAI", f"m_0{FACTS}",
        "---", "Refresh", "Settings…", "---", "Quit",
    ]  # fmt: skip
    assert not row(menu, "Groq – live").isEnabled()
    assert row(menu, f"m_1{FACTS}").isEnabled()


def test_the_chosen_model_is_the_only_one_with_a_mark(menu: ModelMenu) -> None:
    menu.render_view(tray_view(section("groq", 3, active="m_1"), section("xai", 3)), dbus=False)
    assert [action.data().ref.model for action in menu.actions() if action.isChecked()] == ["m_1"]
    menu.render_view(tray_view(section("groq", 3), section("xai", 3, active="m_2")), dbus=False)
    assert [action.data().ref for action in menu.actions() if action.isChecked()] == [ModelRef("xai", "m_2")]
    menu.render_view(tray_view(section("groq", 3), section("xai", 3)), dbus=False)
    assert not any(action.isChecked() for action in menu.actions())


def test_hosts_are_told_that_the_marks_exclude_each_other(menu: ModelMenu) -> None:
    menu.render_view(tray_view(section("groq", 2)), dbus=True)
    group = menu.actions()[3].actionGroup()
    assert group is not None
    assert group.isExclusive()


def test_a_click_asks_for_what_the_row_says(menu: ModelMenu, qtbot: QtBot) -> None:
    menu.render_view(tray_view(section("groq", 2)), dbus=False)
    with qtbot.waitSignal(menu.asked) as asked:
        menu.actions()[4].trigger()
    assert asked.args == [PickModel(ModelRef("groq", "m_1"))]


def test_a_click_in_a_submenu_asks_too(menu: ModelMenu, qtbot: QtBot) -> None:
    menu.render_view(tray_view(section("groq", 2), inline=False), dbus=True)
    with qtbot.waitSignal(menu.asked) as asked:
        opened(menu).actions()[0].trigger()
    assert asked.args == [PickModel(ModelRef("groq", "m_0"))]


def test_a_click_that_changes_nothing_leaves_the_mark_where_it_was(menu: ModelMenu, qtbot: QtBot) -> None:
    menu.render_view(tray_view(section("groq", 3, active="m_1")), dbus=False)
    menu.actions()[3].trigger()  # and the user then said no to “Switch provider?”
    qtbot.waitUntil(lambda: menu.actions()[4].isChecked())
    assert not menu.actions()[3].isChecked()
    menu.actions()[4].trigger()  # the chosen one once more
    qtbot.waitUntil(lambda: menu.actions()[4].isChecked())


def test_the_same_holds_in_a_submenu(menu: ModelMenu, qtbot: QtBot) -> None:
    menu.render_view(tray_view(section("groq", 3, active="m_1"), inline=False), dbus=True)
    opened(menu).actions()[2].trigger()
    assert [action.isChecked() for action in opened(menu).actions()] == [False, True, False]


def test_many_models_stand_in_submenus_that_are_filled_when_opened(menu: ModelMenu, qtbot: QtBot) -> None:
    menu.render_view(tray_view(section("groq", 30, "Groq (30)"), section("xai", 2), inline=False), dbus=True)
    assert texts(menu)[:4] == ["● nothing", "---", "Groq (30)", "Xai (2) – cached 2 h ago"]
    assert submenu(menu).actions() == []
    with qtbot.waitSignal(menu.opened) as which:
        opened(menu)
    assert which.args == ["groq"]
    assert len(submenu(menu).actions()) == 30


def test_local_and_cloud_have_headers_where_both_are_there(menu: ModelMenu) -> None:
    ollama, groq = section("ollama", 2, "Ollama", local=True), section("groq", 2, "Groq")
    menu.render_view(tray_view(ollama, groq, inline=False), dbus=False)
    assert texts(menu)[1:7] == ["---", "Local", "Ollama", "---", "Cloud", "Groq"]
    assert not row(menu, "Local").isEnabled()
    menu.render_view(tray_view(groq, inline=False), dbus=False)
    assert texts(menu)[1:4] == ["---", "Groq", "---"]


def test_a_list_that_was_cut_ends_with_a_row_that_opens_a_window(menu: ModelMenu, qtbot: QtBot) -> None:
    menu.render_view(tray_view(section("groq", 9), inline=False, limit=5), dbus=False)
    last = opened(menu).actions()[-1]
    assert (last.text(), last.isCheckable()) == ("More…", False)
    with qtbot.waitSignal(menu.asked) as asked:
        last.trigger()
    assert asked.args == [ShowAll("groq")]


def test_locked_rows_are_seen_and_cannot_be_chosen(menu: ModelMenu) -> None:
    menu.render_view(tray_view(section("groq", 2, locked=True), inline=False), dbus=False)
    first, *models = opened(menu).actions()
    assert first.isEnabled()
    assert not any(action.isEnabled() for action in models)


@pytest.mark.parametrize(
    ("text", "qt", "dbus"),
    [
        ("gpt_4_mini", "gpt_4_mini", "gpt__4__mini"),
        ("R&D_x", "R&&D_x", "R&&D__x"),
        ("a\tb\nc\x00d", "a b c d", "a b c d"),
        ("  ", "?", "?"),
        ("<b>bold</b>", "<b>bold</b>", "<b>bold</b>"),
    ],
)
def test_names_show_exactly_as_they_are(text: str, qt: str, dbus: str) -> None:
    assert menu_text(text, dbus=False) == qt
    assert menu_text(text, dbus=True) == dbus


def test_texts_are_written_again_when_the_kind_of_tray_changes(menu: ModelMenu) -> None:
    view = tray_view(section("groq", 1, "Groq_1"), head=(Row("● a_b", enabled=False),), inline=False)
    menu.render_view(view, dbus=False)
    opened(menu)
    menu.render_view(view, dbus=True)
    assert texts(menu)[0] == "● a__b"
    assert submenu(menu).title() == "Groq__1"
    assert opened(menu).actions()[0].text().startswith("m__0")


def test_a_redraw_keeps_the_submenus_and_the_entries_in_them(menu: ModelMenu) -> None:
    menu.render_view(tray_view(section("groq", 30, "old"), section("xai", 3), inline=False), dbus=True)
    before = opened(menu)
    entries = list(before.actions())
    menu.render_view(tray_view(section("groq", 31, "new"), section("xai", 3), inline=False), dbus=True)
    assert submenu(menu) is before
    assert before.title() == "new"
    assert len(before.actions()) == 30  # not before somebody looks
    assert opened(menu).actions()[:30] == entries
    assert len(before.actions()) == 31


def test_a_new_provider_moves_no_other(menu: ModelMenu) -> None:
    menu.render_view(tray_view(section("groq", 3), section("xai", 3), inline=False), dbus=True)
    kept = [submenu(menu, 0), submenu(menu, 1)]
    menu.render_view(tray_view(section("groq", 3), section("new", 3), section("xai", 3), inline=False), dbus=True)
    assert [submenu(menu, 0), submenu(menu, 2)] == kept
    menu.render_view(tray_view(section("xai", 3), inline=False), dbus=True)
    assert submenu(menu, 0) is kept[1]
    assert texts(menu)[2] == "Xai (3) – cached 2 h ago"


def test_a_checkable_row_that_becomes_a_plain_one_loses_its_mark(menu: ModelMenu) -> None:
    menu.render_view(tray_view(section("groq", 2, active="m_1"), inline=False), dbus=False)
    opened(menu)
    menu.render_view(tray_view(section("groq", 3, active=None), inline=False, limit=1), dbus=False)
    last = opened(menu).actions()[-1]
    assert (last.text(), last.isCheckable(), last.isChecked()) == ("More…", False, False)


# -- while it is open ---------------------------------------------------------------------------


def test_nothing_changes_while_it_is_open(menu: ModelMenu, qtbot: QtBot) -> None:
    menu.render_view(tray_view(section("groq", 2, "before")), dbus=False)
    menu.aboutToShow.emit()
    menu.render_view(tray_view(section("xai", 1, "between")), dbus=False)
    menu.render_view(tray_view(section("xai", 1, "after")), dbus=False)
    assert "before" in texts(menu)
    menu.aboutToHide.emit()
    assert "before" in texts(menu)  # the click that closed it is still to come
    qtbot.waitUntil(lambda: "after" in texts(menu))


def test_the_click_that_closes_it_still_finds_its_row(menu: ModelMenu, qtbot: QtBot) -> None:
    menu.render_view(tray_view(section("groq", 2)), dbus=False)
    menu.aboutToShow.emit()
    clicked = menu.actions()[4]
    menu.render_view(tray_view(), dbus=False)
    menu.aboutToHide.emit()
    with qtbot.waitSignal(menu.asked) as asked:
        clicked.trigger()
    assert asked.args == [PickModel(ModelRef("groq", "m_1"))]
    qtbot.waitUntil(lambda: len(menu.actions()) == 6)


def test_a_tray_host_may_send_the_click_after_the_menu_closed(
    menu: ModelMenu, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(menu_module, "GRACE", 40)
    menu.render_view(tray_view(section("groq", 2)), dbus=True)
    menu.aboutToShow.emit()
    menu.render_view(tray_view(), dbus=True)
    menu.aboutToHide.emit()
    QCoreApplication.processEvents()
    assert menu.is_open
    with qtbot.waitSignal(menu.asked):
        menu.actions()[3].trigger()
    qtbot.waitUntil(lambda: not menu.is_open)
    assert len(menu.actions()) == 6


def test_a_host_that_never_says_it_closed_is_not_waited_for_for_ever(
    menu: ModelMenu, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(menu_module, "PATIENCE", 20)
    menu.render_view(tray_view(section("groq", 2, "before")), dbus=True)
    menu.aboutToShow.emit()
    menu.render_view(tray_view(section("groq", 2, "after")), dbus=True)
    assert "before" in texts(menu)
    qtbot.waitUntil(lambda: "after" in texts(menu))


def test_a_host_that_only_asks_again_sees_the_newest_view(menu: ModelMenu) -> None:
    menu.render_view(tray_view(section("groq", 2, "before")), dbus=True)
    menu.aboutToShow.emit()
    menu.render_view(tray_view(section("groq", 2, "after")), dbus=True)
    menu.aboutToShow.emit()
    assert "after" in texts(menu)


def test_a_host_that_left_with_the_menu_open_has_closed_it(menu: ModelMenu) -> None:
    menu.render_view(tray_view(section("groq", 2, "before")), dbus=True)
    menu.aboutToShow.emit()
    menu.render_view(tray_view(section("groq", 2, "after")), dbus=True)
    menu.host_gone()
    assert "after" in texts(menu)


def test_the_really_shown_menu_does_not_change_either(menu: ModelMenu, qtbot: QtBot) -> None:
    menu.render_view(tray_view(section("groq", 2, "before")), dbus=False)
    menu.popup(menu.pos())
    assert menu.is_open
    menu.render_view(tray_view(section("groq", 2, "after")), dbus=False)
    assert "before" in texts(menu)
    menu.close()
    qtbot.waitUntil(lambda: "after" in texts(menu))


# -- cost -------------------------------------------------------------------------------------------


def big(models: int, accounts: int, note: str = "") -> TrayView:
    return tray_view(*(section(f"p{at}", models // accounts, f"P{at}{note}") for at in range(accounts)), inline=False)


def test_five_thousand_models_make_no_entry_until_somebody_looks(menu: ModelMenu) -> None:
    menu.render_view(big(5000, 50), dbus=True)
    assert len(menu.findChildren(QAction)) <= 50 + 50 + 10  # each submenu has its own and one in the menu


def test_a_view_with_the_same_providers_touches_only_titles(menu: ModelMenu) -> None:
    menu.render_view(big(5000, 50), dbus=True)
    touched: list[str] = []
    for action in menu.actions():
        action.changed.connect(partial(touched.append, action.text()))
    menu.render_view(big(5000, 50), dbus=True)
    assert touched == []
    menu.render_view(big(5000, 50, " – refreshing…"), dbus=True)
    assert len(touched) == 50


def test_building_and_opening_stay_within_their_limits(qtbot: QtBot) -> None:
    view = big(5000, 50)
    builds, openings = [], []
    for _round in range(7):
        menu = ModelMenu()
        qtbot.addWidget(menu)
        start = time.perf_counter()
        menu.render_view(view, dbus=True)
        builds.append(time.perf_counter() - start)
        start = time.perf_counter()
        opened(menu, 7)
        openings.append(time.perf_counter() - start)
    assert min(builds) < 0.008
    assert min(openings) < 0.016


def test_a_hundred_rebuilds_leave_nothing_behind(menu: ModelMenu) -> None:
    def rebuild(number: int) -> None:
        names = [f"p{(at + number) % 7}" for at in range(3)]
        sections = [section(name, 6 + number % 3) for name in names]
        menu.render_view(tray_view(*sections, inline=number % 2 == 0), dbus=number % 3 == 0)
        if number % 2:
            opened(menu)
        cleaned_up()

    def left() -> int:
        menu.render_view(tray_view(), dbus=False)
        cleaned_up()
        return len(menu.findChildren(QObject))

    for number in range(5):
        rebuild(number)
    before = left()
    for number in range(100):
        rebuild(number)
    assert left() == before


def test_long_menus_scroll_where_qt_draws_them(menu: ModelMenu) -> None:
    hint = QStyle.StyleHint.SH_Menu_Scrollable
    menu.render_view(tray_view(section("groq", 100), inline=False), dbus=False)
    sub = submenu(menu)
    menu.ensurePolished()
    sub.ensurePolished()
    assert menu.style().styleHint(hint, None, menu) == 1
    assert sub.style().styleHint(hint, None, sub) == 1


def test_an_empty_view_draws_an_empty_menu(menu: ModelMenu) -> None:
    menu.render_view(TrayView(), dbus=False)
    assert menu.actions() == []
    menu.render_view(TrayView(tail=(Row("Quit", Quit()),)), dbus=False)
    assert texts(menu) == ["Quit"]
    menu.render_view(TrayView(sections=(Section("x", "X"),), inline=False), dbus=False)
    assert texts(menu) == ["---", "X"]
