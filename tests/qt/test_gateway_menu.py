"""The submenu “Gateway” in the menu: one entry while it is closed, true to the newest when it is opened."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from tests.qt.gateway_parts import EDITOR, FIRST, ON
from tests.qt.parts import memory_submenu, section, tray_view
from tests.qt.test_menu_memory import labels, opened, row
from trayapp.core.intents import CopyToken, SwitchGateway
from trayapp.core.state import State
from trayapp.gateway.status import Status
from trayapp.qt.menu import ModelMenu
from trayapp.ui.gateway_menu import gateway_menu
from trayapp.ui.menu import TrayView


@pytest.fixture
def menu(qtbot: QtBot) -> ModelMenu:
    made = ModelMenu()
    qtbot.addWidget(made)
    return made


def view(status: Status, *, memory: bool = True) -> TrayView:
    inside = gateway_menu(status, state=State(tokens=(FIRST, EDITOR)))
    return tray_view(section("groq", 2), local=memory_submenu("a") if memory else None, gateway=inside)


@pytest.mark.parametrize("memory", [True, False])
def test_it_stands_below_the_models_and_beside_the_memory(menu: ModelMenu, memory: bool) -> None:
    menu.render_view(view(ON, memory=memory), False)
    told = labels(menu)
    at = told.index("Gateway: on – http://127.0.0.1:4180")
    assert told[at + 1] == "---"
    assert told[at - 1].startswith("Memory: ") if memory else told[at - 1] == "---"


def test_nothing_of_it_is_made_before_somebody_opens_it(menu: ModelMenu) -> None:
    menu.render_view(view(ON), False)
    inside = row(menu, "Gateway").menu()
    assert isinstance(inside, QMenu)
    assert inside.actions() == []
    assert "Copy address" in labels(opened(menu, "Gateway"))


def test_it_shows_the_newest_figures_when_it_is_opened(menu: ModelMenu) -> None:
    menu.render_view(view(ON), False)
    menu.aboutToShow.emit()
    menu.render_view(view(replace(ON, active=9)), False)
    assert "9 requests under way" in labels(opened(menu, "Gateway"))


def test_a_click_asks_for_what_the_row_says(menu: ModelMenu, qtbot: QtBot) -> None:
    menu.render_view(view(ON), False)
    inside = opened(menu, "Gateway")
    switch = row(inside, "Let tools")
    assert (switch.isCheckable(), switch.isChecked()) == (True, True)
    with qtbot.waitSignal(menu.asked) as asked:
        switch.trigger()
    assert asked.args == [SwitchGateway(False)]
    with qtbot.waitSignal(menu.asked) as asked:
        row(opened(menu, "Gateway", "Copy token"), "editor").trigger()
    assert asked.args == [CopyToken("editor")]
