"""The submenu “Profile”."""

from __future__ import annotations

from msgspec.structs import replace

from tests.ui.menu_scene import GROQ, listing, view
from trayapp.core.intents import OpenSettings, UseProfile
from trayapp.core.models import ModelRef
from trayapp.core.profiles import Profile
from trayapp.core.state import State
from trayapp.ui.form import PROFILES
from trayapp.ui.profile_menu import in_use, profile_menu
from trayapp.ui.row import Row, Submenu

LLAMA = ModelRef("groq", "llama")
NONE = State(active=LLAMA, profiles=(Profile("Work", active=LLAMA), Profile("Offline", strategy="ram")))
WORK = replace(NONE, profile="work")


def made(state: State) -> Submenu:
    menu = profile_menu(state)
    assert menu is not None
    return menu


def rows(state: State) -> list[tuple[str, bool]]:
    return [(row.label, row.checked) for row in made(state).entries if isinstance(row, Row) and row.checkable]


def test_without_a_profile_there_is_none() -> None:
    assert profile_menu(State()) is None
    assert view(GROQ).profiles is None


def test_each_profile_is_a_row_and_the_one_in_use_is_marked() -> None:
    assert made(NONE).title == "Profile"
    assert rows(NONE) == [("Work", False), ("Offline", False), ("No profile", True)]
    assert made(WORK).title == "Profile: Work"
    assert rows(WORK) == [("Work", True), ("Offline", False), ("No profile", False)]
    intents = [row.intent for row in made(WORK).entries if isinstance(row, Row)]
    assert intents == [UseProfile("Work"), UseProfile("Offline"), UseProfile(""), OpenSettings(PROFILES)]
    assert len({row.group for row in made(WORK).entries if isinstance(row, Row) and row.checkable}) == 1


def test_something_else_chosen_since_is_said() -> None:
    other = replace(WORK, active=ModelRef("groq", "qwen"))
    assert in_use(other) == "Work (changed)"
    assert rows(other)[0] == ("Work (changed)", True)
    assert made(other).title == "Profile: Work (changed)"


def test_what_is_chosen_names_the_profile_in_use() -> None:
    lists = (listing("groq", "llama"),)
    it = view(GROQ, lists=lists, state=WORK)
    assert it.head[0].label == it.chosen == "● Groq: llama · profile Work"
    assert it.tooltip == "trayapp\nGroq: llama\nProfile: Work"
    assert view(GROQ, lists=lists, state=NONE).chosen == "● Groq: llama"
