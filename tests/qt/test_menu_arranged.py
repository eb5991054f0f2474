"""The menu as the user arranged it: pinned and recent on top, folded providers, an order of their own, profiles."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from tests.qt.parts import models, section, tray_view
from tests.qt.test_menu_memory import labels, opened, row
from trayapp.core.intents import PickModel, UseProfile
from trayapp.core.models import ModelRef
from trayapp.core.profiles import Profile
from trayapp.core.state import State
from trayapp.qt.menu import ModelMenu
from trayapp.ui.menu import Section
from trayapp.ui.profile_menu import profile_menu
from trayapp.ui.row import Row

REF = ModelRef("groq", "m_1")
TOP = (
    Row("Pinned", enabled=False),
    Row("Groq: m_1", PickModel(REF), checked=True, checkable=True, group="favourite", ref=REF),
)


@pytest.fixture
def menu(qtbot: QtBot) -> ModelMenu:
    made = ModelMenu()
    qtbot.addWidget(made)
    return made


def test_pinned_models_stand_between_the_head_and_the_providers(menu: ModelMenu) -> None:
    menu.render_view(tray_view(section("groq", 2, "Groq", active="m_1"), top=TOP), dbus=True)
    assert labels(menu)[:6] == ["● nothing", "---", "Pinned", "Groq: m__1", "---", "Groq"]
    assert not row(menu, "Pinned").isEnabled()


def test_the_chosen_model_is_marked_in_both_places(menu: ModelMenu, qtbot: QtBot) -> None:
    menu.render_view(tray_view(section("groq", 2, "Groq", active="m_1"), top=TOP), dbus=False)
    assert [action.text()[:9] for action in menu.actions() if action.isChecked()] == ["Groq: m_1", "m_1   128"]
    with qtbot.waitSignal(menu.asked) as asked:
        row(menu, "Groq: m_1").trigger()
    assert asked.args == [PickModel(REF)]
    qtbot.waitUntil(lambda: row(menu, "Groq: m_1").isChecked())


def test_a_folded_provider_is_a_submenu_among_the_others(menu: ModelMenu, qtbot: QtBot) -> None:
    sections = [section(id, 1, id.title(), folded=id in "bc") for id in "abcd"]
    menu.render_view(tray_view(*sections), dbus=True)
    first = "m__0   128k · $3/$15 · tools"
    assert labels(menu)[1:11] == ["---", "A", first, "---", "B", "C", "---", "D", first, "---"]
    with qtbot.waitSignal(menu.opened) as which:
        inside = opened(menu, "B")
    assert which.args == ["b"]
    assert labels(inside) == [first]


def test_folding_and_unfolding_puts_its_rows_where_they_belong(menu: ModelMenu) -> None:
    one, other = section("a", 1, "A"), section("b", 1, "B")
    menu.render_view(tray_view(one, other), dbus=True)
    before = labels(menu)
    menu.render_view(tray_view(section("a", 1, "A", folded=True), other), dbus=True)
    assert isinstance(row(menu, "A").menu(), QMenu)
    menu.render_view(tray_view(one, other), dbus=True)
    assert labels(menu) == before


def test_an_order_that_mixes_local_and_cloud_has_no_headers_for_them(menu: ModelMenu) -> None:
    groq, ollama, xai = section("groq", 2, "Groq"), section("ollama", 2, "Ollama", local=True), section("xai", 2, "xAI")
    menu.render_view(tray_view(groq, ollama, xai, inline=False), dbus=False)
    assert labels(menu)[1:6] == ["---", "Groq", "Ollama", "xAI", "---"]
    menu.render_view(tray_view(ollama, xai, groq, inline=False), dbus=False)
    assert labels(menu)[1:8] == ["---", "Local", "Ollama", "---", "Cloud", "xAI", "Groq"]


def test_profiles_stand_below_the_models_and_are_chosen_from_there(menu: ModelMenu, qtbot: QtBot) -> None:
    state = State(profiles=(Profile("Work"), Profile("Offline")), profile="Work")
    menu.render_view(tray_view(section("groq", 1, "Groq"), profiles=profile_menu(state)), dbus=True)
    assert labels(menu)[4:7] == ["---", "Profile: Work", "---"]
    inside = opened(menu, "Profile")
    assert [action.text() for action in inside.actions() if action.isChecked()] == ["Work"]
    with qtbot.waitSignal(menu.asked) as asked:
        row(inside, "Offline").trigger()
    assert asked.args == [UseProfile("Offline")]


def test_a_click_on_a_profile_that_was_not_used_leaves_the_mark(menu: ModelMenu) -> None:
    state = State(profiles=(Profile("Work"), Profile("Offline")), profile="Work")
    menu.render_view(tray_view(profiles=profile_menu(state)), dbus=True)
    row(opened(menu, "Profile"), "Offline").trigger()
    assert [it.text() for it in opened(menu, "Profile").actions() if it.isChecked()] == ["Work"]


def test_all_hidden_is_one_row(menu: ModelMenu) -> None:
    menu.render_view(tray_view(Section("groq", "Groq", concealed=models("groq", 3))), dbus=False)
    assert labels(menu)[2:4] == ["Groq", "All models are hidden – show…"]
