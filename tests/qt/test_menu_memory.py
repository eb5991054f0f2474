"""A submenu of lines and submenus is drawn when it opens, and stays true to what it was opened with."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from tests.qt.parts import memory_submenu, section, tray_view
from trayapp.core.intents import Keep, SetStrategy, Unload
from trayapp.core.models import ModelRef
from trayapp.qt import menu as menu_module
from trayapp.qt.entries import LazyMenu
from trayapp.qt.menu import ModelMenu
from trayapp.ui.menu import TrayView
from trayapp.ui.row import Row, Submenu


@pytest.fixture
def menu(qtbot: QtBot) -> ModelMenu:
    made = ModelMenu()
    qtbot.addWidget(made)
    return made


def view(*loaded: str, strategy: str | None = "ram") -> TrayView:
    return tray_view(section("groq", 2, active="m_1"), local=memory_submenu(*loaded, strategy=strategy))


def labels(menu: QMenu) -> list[str]:
    return ["---" if action.isSeparator() else action.text() for action in menu.actions()]


def row(menu: QMenu, beginning: str) -> QAction:
    return next(action for action in menu.actions() if action.text().startswith(beginning))


def below(menu: QMenu, *path: str) -> LazyMenu:
    """The submenu that the beginnings of labels lead to; nothing is opened."""
    found: QMenu = menu
    for beginning in path:
        inside = row(found, beginning).menu()
        assert isinstance(inside, LazyMenu)
        found = inside
    assert isinstance(found, LazyMenu)
    return found


def opened(menu: QMenu, *path: str) -> LazyMenu:
    """The same, each submenu on the way opened."""
    for at in range(1, len(path) + 1):
        below(menu, *path[:at]).aboutToShow.emit()
    return below(menu, *path)


def cleaned_up() -> None:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def test_it_stands_between_the_models_and_the_tail(menu: ModelMenu) -> None:
    menu.render_view(view("qwen"), dbus=False)
    assert labels(menu)[5:] == [
        "---", "Memory: RAM – keep 3 loaded, 30 min", "---", "Refresh", "Settings…", "---", "Quit",
    ]  # fmt: skip
    many = tray_view(section("groq", 30, "Groq"), inline=False, local=memory_submenu("qwen"))
    menu.render_view(many, dbus=False)
    assert labels(menu)[2:6] == ["Groq", "---", "Memory: RAM – keep 3 loaded, 30 min", "---"]
    menu.render_view(tray_view(section("groq", 30, "Groq"), inline=False), dbus=False)
    assert labels(menu)[2:4] == ["Groq", "---"]


def test_closed_it_is_one_entry_and_nothing_more(menu: ModelMenu) -> None:
    menu.render_view(tray_view(section("groq", 2)), dbus=True)
    before = len(menu.findChildren(QAction))
    menu.render_view(view(*(f"m{n}" for n in range(100))), dbus=True)
    assert len(menu.findChildren(QAction)) <= before + 2 + 2  # its own, one separator, and what Qt adds to each menu


def test_opening_it_fills_it_but_not_what_is_in_it(menu: ModelMenu) -> None:
    menu.render_view(view("qwen", "phi"), dbus=True)
    inside = opened(menu, "Memory")
    assert "Loaded now" in labels(inside)
    assert not row(inside, "Loaded now").isEnabled()
    assert below(inside, "phi").actions() == []
    assert labels(opened(menu, "Memory", "phi"))[:3] == ["Unload", "Keep in memory", "---"]


def test_clicks_in_it_and_in_what_is_in_it_ask(menu: ModelMenu, qtbot: QtBot) -> None:
    menu.render_view(view("qwen"), dbus=True)
    with qtbot.waitSignal(menu.asked) as asked:
        row(opened(menu, "Memory"), "SSD").trigger()
    assert asked.args == [SetStrategy("ssd")]
    with qtbot.waitSignal(menu.asked) as asked:
        row(opened(menu, "Memory", "qwen"), "Unload").trigger()
    assert asked.args == [Unload(ModelRef("ollama", "qwen"))]
    with qtbot.waitSignal(menu.asked) as asked:
        row(opened(menu, "Memory", "qwen"), "Keep").trigger()
    assert asked.args == [Keep(ModelRef("ollama", "qwen"))]


def test_radio_marks_of_one_group_leave_those_of_another_alone(menu: ModelMenu) -> None:
    def three(model: str, strategy: str, on: bool) -> TrayView:
        rows = [Row(it, SetStrategy(it), it == strategy, checkable=True, group="strategy") for it in ("ram", "ssd")]
        rows += [Row(it, SetStrategy(it), it == model, checkable=True, group="model") for it in ("a", "b")]
        return TrayView(local=Submenu("s", "S", (*rows, Row("keep", SetStrategy(None), on, checkable=True))))

    menu.render_view(three("a", "ram", True), dbus=False)
    inside = opened(menu, "S")
    assert [action.text() for action in inside.actions() if action.isChecked()] == ["ram", "a", "keep"]
    groups = [action.actionGroup() for action in inside.actions()]
    assert groups[0] is groups[1] is not groups[2] is groups[3]
    assert groups[4] is None
    inside.actions()[3].trigger()
    assert [action.text() for action in inside.actions() if action.isChecked()] == ["ram", "b", "keep"]
    menu.render_view(three("b", "ssd", False), dbus=False)
    opened(menu, "S")
    assert [action.text() for action in inside.actions() if action.isChecked()] == ["ssd", "b"]


def test_a_row_that_changes_its_group_takes_the_marks_of_the_new_one_only(menu: ModelMenu) -> None:
    def of(group: str) -> TrayView:
        rows = (
            Row("a", SetStrategy("a"), True, True, group="one"),
            Row("b", SetStrategy("b"), True, True, group=group),
        )
        return TrayView(local=Submenu("s", "S", rows))

    def checked() -> list[str]:
        return [action.text() for action in opened(menu, "S").actions() if action.isChecked()]

    menu.render_view(of("two"), dbus=False)
    assert checked() == ["a", "b"]
    menu.render_view(of(""), dbus=False)
    assert checked() == ["a", "b"]
    assert opened(menu, "S").actions()[1].actionGroup() is None
    menu.render_view(of("two"), dbus=False)
    assert checked() == ["a", "b"]


def test_a_click_that_changes_nothing_leaves_the_strategy_marked(menu: ModelMenu) -> None:
    menu.render_view(view("qwen", strategy="ram"), dbus=True)
    row(opened(menu, "Memory"), "SSD").trigger()  # and the choice could not be written
    marked = [action.text() for action in opened(menu, "Memory").actions() if action.isChecked()]
    assert [text.partition(" ")[0] for text in marked] == ["RAM"]
    row(opened(menu, "Memory", "qwen"), "Keep").trigger()
    assert not row(opened(menu, "Memory", "qwen"), "Keep").isChecked()


def test_each_model_keeps_its_submenu_and_each_line_its_entry(menu: ModelMenu) -> None:
    menu.render_view(view("b", "d"), dbus=True)
    inside = opened(menu, "Memory")
    first, last, unload_all = below(inside, "b"), below(inside, "d"), row(inside, "Unload all")
    menu.render_view(view("b", "c", "d"), dbus=True)
    assert opened(menu, "Memory") is inside
    assert (below(inside, "b"), below(inside, "d"), row(inside, "Unload all")) == (first, last, unload_all)
    menu.render_view(view("c", "d", "e"), dbus=True)
    opened(menu, "Memory")
    cleaned_up()
    assert below(inside, "d") is last
    assert [action.text()[0] for action in inside.actions() if action.menu()] == ["c", "d", "e"]


def test_submenus_that_change_places_are_moved_and_not_made_anew(menu: ModelMenu) -> None:
    menu.render_view(TrayView(local=Submenu("s", "S", (Submenu("a", "A"), Submenu("b", "B")))), dbus=True)
    inside = opened(menu, "S")
    one, other = below(inside, "A"), below(inside, "B")
    menu.render_view(TrayView(local=Submenu("s", "S", (Submenu("b", "B"), Submenu("a", "A")))), dbus=True)
    opened(menu, "S")
    cleaned_up()
    assert labels(inside) == ["B", "A"]
    assert (below(inside, "A"), below(inside, "B")) == (one, other)


def test_a_model_that_left_takes_its_submenu_along(menu: ModelMenu) -> None:
    menu.render_view(view("qwen", "phi"), dbus=True)
    inside = opened(menu, "Memory")
    opened(menu, "Memory", "phi")
    menu.render_view(view("qwen"), dbus=True)
    opened(menu, "Memory")
    cleaned_up()
    assert len(inside.findChildren(LazyMenu)) == 1


def test_names_in_it_are_escaped_for_the_kind_of_tray(menu: ModelMenu) -> None:
    menu.render_view(view("my_model"), dbus=False)
    assert row(opened(menu, "Memory"), "my_model")
    menu.render_view(view("my_model"), dbus=True)
    assert row(opened(menu, "Memory"), "my__model")
    assert row(opened(menu, "Memory", "my__model"), "Unload")


def test_fifty_rounds_leave_nothing_behind(menu: ModelMenu) -> None:
    def left() -> int:
        menu.render_view(tray_view(), dbus=False)
        cleaned_up()
        return len(menu.findChildren(QAction)) + len(menu.findChildren(QMenu))

    def around(number: int) -> None:
        names = [f"m{(at + number) % 5}" for at in range(3)]
        menu.render_view(view(*names, strategy=("ram", None)[number % 2]), dbus=number % 3 == 0)
        opened(menu, "Memory", names[0])
        cleaned_up()

    around(0)
    before = left()
    for number in range(50):
        around(number)
    assert left() == before


# -- while it is open -------------------------------------------------------------------------------


def test_what_is_being_looked_at_does_not_change(menu: ModelMenu, qtbot: QtBot) -> None:
    menu.render_view(view("qwen"), dbus=False)
    menu.aboutToShow.emit()
    inside = opened(menu, "Memory")
    before = labels(menu), labels(inside)
    menu.render_view(view("phi", strategy="ssd"), dbus=False)
    assert (labels(menu), labels(inside)) == before
    menu.aboutToHide.emit()
    qtbot.waitUntil(lambda: "Memory: SSD – keep 1 loaded, 2 min" in labels(menu))
    assert "phi" in " ".join(labels(opened(menu, "Memory")))


def test_what_is_opened_later_shows_what_there_is_by_then(menu: ModelMenu) -> None:
    menu.render_view(view("qwen"), dbus=True)
    menu.aboutToShow.emit()
    menu.render_view(view("qwen", "phi", strategy="ssd"), dbus=True)  # the servers were asked meanwhile
    inside = opened(menu, "Memory")
    assert row(inside, "phi")
    assert row(inside, "SSD").isChecked()
    assert row(menu, "Memory").text() == "Memory: RAM – keep 3 loaded, 30 min"  # somebody looks at this one
    menu.render_view(view("qwen", strategy=None), dbus=True)
    for name, rows in (("phi", ["Unload", "Keep in memory"]), ("qwen", ["Unload", "---"])):  # phi left, but is shown
        below(inside, name).aboutToShow.emit()
        assert labels(below(inside, name))[:2] == rows


def test_the_click_that_closes_it_still_finds_its_row_in_a_nested_submenu(menu: ModelMenu, qtbot: QtBot) -> None:
    menu.render_view(view("qwen"), dbus=False)
    menu.aboutToShow.emit()
    unload = row(opened(menu, "Memory", "qwen"), "Unload")
    menu.render_view(tray_view(), dbus=False)
    menu.aboutToHide.emit()
    with qtbot.waitSignal(menu.asked) as asked:
        unload.trigger()
    assert asked.args == [Unload(ModelRef("ollama", "qwen"))]
    qtbot.waitUntil(lambda: not any(text.startswith("Memory") for text in labels(menu)))


def test_it_says_when_somebody_looks_and_when_no_longer(menu: ModelMenu, qtbot: QtBot) -> None:
    heard: list[bool] = []
    menu.looked.connect(heard.append)
    menu.render_view(view("qwen"), dbus=False)
    menu.host_gone()
    assert heard == []
    menu.aboutToShow.emit()
    assert heard == [True]
    menu.aboutToHide.emit()
    qtbot.waitUntil(lambda: heard == [True, False])


def test_what_is_drawn_anew_because_somebody_looks_is_seen_at_once(menu: ModelMenu) -> None:
    menu.looked.connect(lambda _on: menu.render_view(view("phi", strategy="none"), dbus=True))
    menu.render_view(view("qwen"), dbus=True)
    menu.aboutToShow.emit()
    assert "Memory: None – unload after each answer" in labels(menu)
    menu.aboutToShow.emit()  # the host says nothing of the closing, and asks again
    assert row(opened(menu, "Memory"), "phi")


def test_a_host_that_never_says_that_it_closed_looks_for_a_while_only(
    menu: ModelMenu, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(menu_module, "PATIENCE", 20)
    heard: list[bool] = []
    menu.looked.connect(heard.append)
    menu.render_view(view("qwen"), dbus=True)
    menu.aboutToShow.emit()
    qtbot.waitUntil(lambda: heard == [True, False])
