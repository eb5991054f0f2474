"""Clicks on the icon in time: alone, twice, and where the second one would mean something else."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from trayapp.core.settings import Settings
from trayapp.qt.clicker import Clicker
from trayapp.ui.clicks import Click

BOTH = Settings(click_left="finder", click_middle="menu", click_double="settings")


@pytest.fixture(autouse=True)
def _quick(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QApplication, "doubleClickInterval", staticmethod(lambda: 30))


def clicker(settings: Settings) -> tuple[Clicker, list[str]]:
    done: list[str] = []
    return Clicker(lambda: settings, done.append, platform="linux"), done


def test_a_click_acts_at_once_where_two_mean_nothing(qtbot: QtBot) -> None:
    made, done = clicker(Settings())
    made.clicked(Click.LEFT)
    assert done == ["finder"]
    made.clicked(Click.MIDDLE)
    assert done == ["finder", "models"]


def test_a_click_waits_for_a_second_one_where_two_mean_something(qtbot: QtBot) -> None:
    made, done = clicker(BOTH)
    made.clicked(Click.LEFT)
    assert done == []
    qtbot.waitUntil(lambda: done == ["finder"])


@pytest.mark.parametrize("second", [Click.DOUBLE, Click.LEFT])
def test_two_clicks_are_a_double_click_however_they_are_told(qtbot: QtBot, second: Click) -> None:
    made, done = clicker(BOTH)
    made.clicked(Click.LEFT)
    made.clicked(second)
    assert done == ["settings"]
    qtbot.wait(60)
    assert done == ["settings"]


def test_other_buttons_wait_for_nothing(qtbot: QtBot) -> None:
    made, done = clicker(BOTH)
    made.clicked(Click.MIDDLE)
    assert done == ["menu"]
