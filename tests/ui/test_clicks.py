"""What clicks on the icon do, on each system and by the user's own wish."""

from __future__ import annotations

import pytest

from trayapp.core.desktop_settings import CLICKS
from trayapp.core.intents import OpenFinder, OpenSettings, ShowAll
from trayapp.core.settings import Settings
from trayapp.ui.clicks import MENU, NOTHING, SYSTEM, Click, does, opens, waits

USUAL = [
    ("linux", "finder", "models", NOTHING),
    ("win32", "finder", NOTHING, "settings"),
    ("darwin", NOTHING, NOTHING, NOTHING),
    ("freebsd14", "finder", "models", NOTHING),
]


@pytest.mark.parametrize(("platform", "left", "middle", "double"), USUAL)
def test_each_system_has_its_own_conventions(platform: str, left: str, middle: str, double: str) -> None:
    assert [does(it, Settings(), platform) for it in Click] == [left, middle, double]


@pytest.mark.parametrize("platform", ["linux", "win32", "darwin"])
@pytest.mark.parametrize("action", [it for it in CLICKS if it != SYSTEM])
def test_what_the_user_sets_holds_on_every_system(platform: str, action: str) -> None:
    settings = Settings(click_left=action, click_middle=action, click_double=action)
    assert {does(it, settings, platform) for it in Click} == {action}


def test_every_action_is_a_window_the_menu_or_nothing() -> None:
    found = {it: opens(it) for it in CLICKS if it != SYSTEM}
    assert found == {
        "finder": OpenFinder(),
        "models": ShowAll(),
        "settings": OpenSettings(),
        MENU: None,
        NOTHING: None,
    }


def test_a_click_waits_for_a_second_one_only_where_two_mean_something() -> None:
    assert not waits(Settings(), "linux")
    assert waits(Settings(), "win32")
    assert not waits(Settings(click_double=NOTHING), "win32")
    assert waits(Settings(click_double="models"), "linux")
