"""What a click on the icon does: by the conventions of each system, and by what the user set instead."""

from __future__ import annotations

import sys
from enum import StrEnum

from trayapp.core.intents import OpenFinder, OpenSettings, ShowAll, Window
from trayapp.core.settings import Settings

SYSTEM, MENU, FINDER, NOTHING = "system", "menu", "finder", "nothing"
"""Values of ``desktop_settings.CLICKS``."""


class Click(StrEnum):
    """How the icon was clicked. The right button opens the menu everywhere, and is not asked about."""

    LEFT = "left"
    MIDDLE = "middle"
    DOUBLE = "double"


_USUAL = {
    # StatusNotifier has a first and a second activation and no double click: the first one came before it
    "linux": {Click.LEFT: FINDER, Click.MIDDLE: "models", Click.DOUBLE: NOTHING},
    # a double click opens a program's main window, and middle clicks mean nothing in the notification area
    "win32": {Click.LEFT: FINDER, Click.MIDDLE: NOTHING, Click.DOUBLE: "settings"},
    # any click on a status item opens its menu, which the system does by itself
    "darwin": {Click.LEFT: NOTHING, Click.MIDDLE: NOTHING, Click.DOUBLE: NOTHING},
}
_OPENS: dict[str, Window] = {FINDER: OpenFinder(), "models": ShowAll(), "settings": OpenSettings()}


def does(click: Click, settings: Settings, platform: str = sys.platform) -> str:
    """What this click does: a key of ``desktop_settings.CLICKS`` other than ``system``."""
    chosen = {
        Click.LEFT: settings.click_left,
        Click.MIDDLE: settings.click_middle,
        Click.DOUBLE: settings.click_double,
    }[click]
    return _USUAL.get(platform, _USUAL["linux"])[click] if chosen == SYSTEM else chosen


def opens(action: str) -> Window | None:
    """The window behind what a click does; None where it is the menu, or nothing."""
    return _OPENS.get(action)


def waits(settings: Settings, platform: str = sys.platform) -> bool:
    """Whether the first click has to wait for a second one, because a double click means something."""
    return does(Click.DOUBLE, settings, platform) != NOTHING
