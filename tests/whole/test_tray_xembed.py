"""The running program in an XEmbed tray, under a real pointer: icon, tooltip, menu, and the choice of a model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import desktop as parts
from tests.support.desktop import until
from tests.support.pointer import Picture, Pointer, Window, screenshot
from tests.whole.program import WINDOW, Trayapp, cli, listing, remembered, server, set_up
from tests.whole.reader import Part, Reader
from trayapp.core.models import ModelRef
from trayapp.core.state import State

NAMES = ["a_b & c__d", "gpt_4", "third"]


class Panel:
    """The screen as its user meets it: an icon at the lower right."""

    def __init__(self, env: dict[str, str], reader: Reader, pointer: Pointer) -> None:
        self.env = env
        self.reader = reader
        self.pointer = pointer
        self.icon: Window = pointer.wait_window(WINDOW, smallest=10)
        self._off = -8

    def picture(self) -> Picture:
        """The icon, two pixels smaller on each side than its place."""
        icon = self.icon
        return screenshot(self.env).cut(icon.x + 2, icon.y + 2, icon.width - 4, icon.height - 4)

    def open(self) -> list[Part]:
        """Click the icon with the right button; the rows of the menu that comes."""
        self._off = -self._off  # or two clicks in a row would be a double one
        x, y = self.icon.middle
        self.pointer.click(x, y + self._off, button=3)
        self.pointer.wait_window(WINDOW, smallest=100)
        return self.rows()

    def close(self) -> None:
        self.pointer.keys("Escape")
        self.pointer.wait_no_window(WINDOW, smallest=100)

    def rows(self) -> list[Part]:
        return [part for part in self.reader.parts() if part.role.endswith("menu item")]


@pytest.fixture
def panel(desk: dict[str, str], reader: Reader, pointer: Pointer) -> Iterator[Panel]:
    account = server("mine", "http://127.0.0.1:9", "R_D & Co", ttl=10**6)
    set_up(account, lists=[listing("mine", *NAMES)], state=State(active=ModelRef("mine", "third"), strategy="none"))
    try:
        with parts.trayer(desk), Trayapp(desk):
            yield Panel(desk, reader, pointer)
    except parts.MissingProgramError as missing:
        pytest.skip(str(missing))


def test_the_icon_is_drawn_and_its_tooltip_says_what_is_chosen(panel: Panel, tmp_path: Path) -> None:
    until(lambda: panel.picture().colours() > 1, "something drawn where the icon is")
    panel.picture().save(tmp_path / "icon.png")
    panel.pointer.move(5, 5)
    panel.pointer.move(*panel.icon.middle)
    assert panel.reader.wait("R_D & Co: third")


def test_a_click_opens_the_menu_and_the_pointer_picks_a_model(panel: Panel, tmp_path: Path) -> None:
    rows = panel.open()
    names = [part.name for part in rows]
    assert names[0] == "● R_D & Co: third"
    assert names[1:4] == ["Add a provider…", "Find model…", "All models…"]
    assert names[5:8] == NAMES
    assert [part.name for part in rows if part.checked] == ["third"]
    x, y, width, height = panel.reader.place(rows[6])
    assert screenshot(panel.env).cut(x, y, width, height).colours() > 5
    screenshot(panel.env).save(tmp_path / "menu.png")
    panel.pointer.click(*panel.reader.middle(rows[6]))
    until(lambda: remembered()["active"] == ["mine", "gpt_4"], "the choice")
    panel.pointer.wait_no_window(WINDOW, smallest=100)
    again = panel.open()
    assert again[0].name == "● R_D & Co: gpt_4"
    assert [part.name for part in again if part.checked] == ["gpt_4"]
    panel.close()


def test_an_open_menu_stays_as_it_is_until_it_is_closed(panel: Panel) -> None:
    before = [part.name for part in panel.open()]
    cli(panel.env, "use", "mine/gpt_4")
    assert remembered()["active"] == ["mine", "gpt_4"]
    assert [part.name for part in panel.rows()] == before
    panel.close()
    assert panel.open()[0].name == "● R_D & Co: gpt_4"


def test_the_pointer_chooses_a_strategy_in_the_submenu(panel: Panel, tmp_path: Path) -> None:
    memory = next(part for part in panel.open() if part.name.startswith("Memory"))
    assert memory.name == "Memory: None – unload after each answer"
    panel.pointer.click(*panel.reader.middle(memory))

    def row() -> Part | None:
        found = [part for part in panel.rows() if part.name.startswith("SSD – keep 1 loaded, 2 min")]
        return found[0] if found and panel.reader.place(found[0])[2] > 0 else None

    ssd = until(row, "the strategies")
    assert [part.name.partition(" ")[0] for part in panel.rows() if part.checked] == ["third", "None"]
    screenshot(panel.env).save(tmp_path / "memory.png")
    panel.pointer.click(*panel.reader.middle(ssd))
    until(lambda: remembered()["strategy"] == "ssd", "the choice")
    panel.pointer.wait_no_window(WINDOW, smallest=100)
    assert "Memory: SSD – keep 1 loaded, 2 min" in [part.name for part in panel.open()]
    panel.close()


def test_the_middle_button_opens_the_list(panel: Panel) -> None:
    panel.pointer.click(*panel.icon.middle, button=2)
    assert panel.reader.wait("Search models", "text")
    assert panel.reader.wait("gpt_4", "list item")
