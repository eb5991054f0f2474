"""A whole day with an XEmbed tray: rows, buttons and keys by a real pointer and keyboard, from the first start on."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import desktop as parts
from tests.support.desktop import Vault, until
from tests.support.notifications import Notifications
from tests.support.pointer import Pointer
from tests.support.shots import Look, Shots, dressed, looks
from tests.whole import home as steps
from tests.whole.home import NOBODY, Home, spot
from tests.whole.program import WINDOW, Trayapp, listing, remembered, server, set_up
from tests.whole.reader import Part, Reader

OUT_OF_THE_WAY = (2, 2)
DEAF = 0.2
"""Seconds before a menu is opened: on X11 Qt notices a tenth of a second late that the keyboard is nobody's any more,
and closes a menu that was opened meanwhile. No hand is that quick."""


class XEmbedIcon:
    """An icon at the lower right, and the menu that Qt itself draws."""

    def __init__(self, env: dict[str, str], reader: Reader, pointer: Pointer, shots: Shots) -> None:
        self.env = env
        self.reader = reader
        self.pointer = pointer
        self.shots = shots
        self._off = -6

    def open(self) -> list[Part]:
        time.sleep(DEAF)
        x, y = self.pointer.wait_window(WINDOW, smallest=10).middle
        self._off = -self._off  # or two clicks in a row would be a double one
        self.pointer.click(x, y + self._off, button=3)
        self.pointer.wait_window(WINDOW, smallest=100)
        return until(self.shown, "the rows of the menu", pause=0.05)  # heard of a moment after they are seen

    def rows(self) -> list[tuple[str, bool]]:
        rows = [(part.name, part.checked) for part in self.open()]
        self.pointer.keys("Escape")
        self.pointer.wait_no_window(WINDOW, smallest=100)
        return rows

    def pick(self, *path: str) -> None:
        self.open()
        self.shots.take("menu-before-" + re.sub(r"\W+", "-", path[-1].lower()).strip("-"))
        for beginning in path:
            row = self._wait_row(beginning)
            self.pointer.click(*spot(self.env, self.reader, row))

    def click(self) -> None:
        x, y = self.pointer.wait_window(WINDOW, smallest=10).middle
        self.pointer.click(x, y)
        self.pointer.move(*OUT_OF_THE_WAY)

    def wait_gone(self) -> None:
        self.pointer.wait_no_window(WINDOW)

    def _wait_row(self, beginning: str) -> Part:
        """Rows of a submenu that was not opened yet have no place on the screen."""

        def placed() -> Part | None:
            rows = (it for it in self.shown() if it.name.startswith(beginning))
            return next((it for it in rows if self.reader.place(it)[2] > 0), None)

        return until(placed, f"“{beginning}” in the menu", pause=0.05)

    def shown(self) -> list[Part]:
        return [part for part in self.reader.parts() if part.role.endswith("menu item")]


@pytest.fixture(params=looks(), ids=str)
def desk(request: pytest.FixtureRequest, home: Path) -> Iterator[dict[str, str]]:
    """With a keyring, in each look that is wanted."""
    look: Look = request.param
    try:
        with dressed(look, home, Vault.UNLOCKED) as env, parts.trayer(env):
            yield env
    except parts.MissingProgramError as missing:
        pytest.skip(str(missing))


def test_a_day_from_the_first_start_to_the_next_one(
    desk: dict[str, str],
    reader: Reader,
    pointer: Pointer,
    notifications: Notifications,
    canary: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    shots = Shots(desk, request.node.name, tmp_path)
    with steps.ollama(desk) as ollama, steps.remote(canary) as remote:
        desk |= {"OLLAMA_HOST": ollama, "LM_STUDIO_API_BASE": NOBODY}
        icon = XEmbedIcon(desk, reader, pointer, shots)
        at = Home(desk, icon, reader, pointer, notifications, shots)
        with Trayapp(desk) as program, shots:
            steps.whole_day(at, program, remote.url, canary)
        with Trayapp(desk), shots:
            steps.start_again(at)


def test_the_menu_obeys_the_keyboard_alone(
    desk: dict[str, str],
    reader: Reader,
    pointer: Pointer,
    notifications: Notifications,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    set_up(server("mine", NOBODY, ttl=10**6), lists=[listing("mine", "one", "two")])
    shots = Shots(desk, request.node.name, tmp_path)
    icon = XEmbedIcon(desk, reader, pointer, shots)
    with Trayapp(desk), shots:
        names = [part.name for part in icon.open()]
        assert names[0] == "No model chosen"
        pointer.move(*OUT_OF_THE_WAY)
        pointer.keys("Up", "Up", "Up", "Up")
        until(lambda: [it.name for it in icon.shown() if it.focused] == ["Refresh"], "the fourth row from below")
        pointer.keys(*["Up"] * (names.index("Refresh") - names.index("two")))
        shots.take("menu-by-keyboard")
        pointer.keys("Return")
        assert notifications.wait("Switched to model: two")
        assert remembered()["active"] == ["mine", "two"]
        assert ("two", True) in icon.rows()
