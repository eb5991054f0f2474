"""The tray without a desktop: what it does when there is none, and that it lets go."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QSystemTrayIcon
from pytestqt.qtbot import QtBot

from tests.qt.parts import ICONS, section, tray_view
from trayapp.qt import tray as tray_module
from trayapp.qt.icons import Icons
from trayapp.qt.tray import Tray


class Hosts:
    """Says whether there is a tray, as Qt would."""

    def __init__(self) -> None:
        self.asked = 0
        self.there = False

    def isSystemTrayAvailable(self) -> bool:
        self.asked += 1
        return self.there


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> Hosts:
    made = Hosts()
    monkeypatch.setattr(tray_module, "_session_bus", lambda: None)
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", made.isSystemTrayAvailable)
    monkeypatch.setattr(tray_module, "_NO_XEMBED", ())
    monkeypatch.setattr(tray_module, "RECHECKS", (1, 1, 1, 1))
    return made


@pytest.fixture
def tray(qtbot: QtBot, hosts: Hosts) -> Iterator[Tray]:
    made = Tray(Icons(ICONS))
    yield made
    made.deleteLater()


def test_no_icon_is_made_where_there_is_no_tray(tray: Tray, hosts: Hosts) -> None:
    tray.render_view(tray_view(section("groq", 2)))
    tray.start()
    assert not tray.there
    tray.close()


def test_it_looks_again_a_few_times_and_then_gives_up(tray: Tray, hosts: Hosts, qtbot: QtBot) -> None:
    tray.start()
    qtbot.waitUntil(lambda: hosts.asked == 5)
    qtbot.wait(20)
    assert hosts.asked == 5
    tray.close()


def test_it_stops_looking_once_it_has_found_one(tray: Tray, hosts: Hosts, qtbot: QtBot) -> None:
    tray.start()
    hosts.there = True
    with qtbot.waitSignal(tray.available) as said:
        pass
    assert said.args == [True]
    asked = hosts.asked
    qtbot.wait(20)
    assert hosts.asked == asked
    assert tray.there
    tray.close()


def test_it_stops_looking_when_a_window_stands_in(tray: Tray, hosts: Hosts, qtbot: QtBot) -> None:
    tray.start()
    tray.rest()
    asked = hosts.asked
    qtbot.wait(20)
    assert hosts.asked == asked
    tray.close()


def test_a_row_that_is_clicked_is_asked_for(tray: Tray, qtbot: QtBot) -> None:
    tray.render_view(tray_view(section("groq", 2)))
    with qtbot.waitSignal(tray.asked):
        tray.menu.actions()[3].trigger()
    tray.close()
