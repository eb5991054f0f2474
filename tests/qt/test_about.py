"""The About page: what is known of newer versions is seen there, and asked for at a click and not before."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from tests.qt.parts import Desk, about
from trayapp.core.intents import LookForUpdate, Reply, ShowRelease
from trayapp.core.releases import Updates
from trayapp.qt.about import AboutPage, UpdatesPart
from trayapp.ui.form import About

HERE = Updates(host="trayapp.example")
OUT = Updates(host="trayapp.example", age=60.0, newest="9.9.9", page="https://trayapp.example/news")


class Page:
    """The page, with what it is told of newer versions, and what it asks for."""

    def __init__(self, qtbot: QtBot, updates: Updates | None) -> None:
        self.updates = updates
        self.desk = Desk()
        self.widget = AboutPage(self._about, perform=self.desk.perform, start=self.desk.start)
        qtbot.addWidget(self.widget)
        self.widget.fill()
        self.widget.show()

    def _about(self) -> About:
        return msgspec.structs.replace(about(), updates=self.updates)

    @property
    def part(self) -> UpdatesPart:
        assert self.widget.updates is not None
        return self.widget.updates


async def test_a_build_that_asks_nobody_says_nothing_of_it(qtbot: QtBot) -> None:
    it = Page(qtbot, None)
    assert it.widget.updates is None
    assert "New versions" not in [label.text() for label in it.widget.findChildren(QLabel)]
    it.widget.fill()


async def test_somebody_is_asked_at_a_click_and_the_page_then_says_what_came_of_it(qtbot: QtBot) -> None:
    it = Page(qtbot, HERE)
    assert it.part.standing.text() == "Nobody was asked for new versions yet."
    assert not it.part.page_button.isVisible()
    assert it.part.look_button.toolTip().startswith("Sends nothing but the request itself")
    assert it.desk.asked == []
    it.updates = OUT
    it.part.look_button.click()
    assert not it.part.look_button.isEnabled()
    await it.desk.settle()
    assert it.desk.asked == [LookForUpdate()]
    assert it.part.standing.text().startswith("trayapp 9.9.9 is out")
    assert (it.part.outcome.text, it.part.look_button.isEnabled()) == ("", True)
    it.part.page_button.click()
    await it.desk.settle()
    assert it.desk.asked[1:] == [ShowRelease()]


@pytest.mark.parametrize("why", ["a.example gave no answer that can be used: it took too long."])
async def test_a_look_in_vain_says_why(qtbot: QtBot, why: str) -> None:
    it = Page(qtbot, HERE)
    it.desk.replies[LookForUpdate] = Reply(False, why)
    it.part.look_button.click()
    await it.desk.settle()
    assert it.part.outcome.text == why


async def test_the_page_looked_at_again_is_told_what_was_heard_meanwhile(qtbot: QtBot) -> None:
    it = Page(qtbot, HERE)
    it.updates = OUT
    it.widget.fill()
    assert it.part.page_button.isVisible()
    assert set(it.part.controls) <= set(it.widget.controls)
