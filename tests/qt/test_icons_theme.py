"""Which tone the icon has: what the user wants, else what the theme or the taskbar calls for; and that it follows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.qt.parts import ICONS
from trayapp.qt import icons as icons_module
from trayapp.qt.icons import DARK, LIGHT, OUTLINED, Icons


@pytest.fixture
def painted(qapp: QApplication) -> Iterator[Callable[[str], None]]:
    """Sets the colour of every window, as a theme does."""
    before = qapp.palette()
    yield lambda colour: qapp.setPalette(QPalette(QColor(colour)))
    qapp.setPalette(before)


def tone(icon: QIcon) -> str:
    """Which of the pictures it is: what the middle of the ready one's bar looks like, and whether it is framed."""
    image = icon.pixmap(16, 16).toImage()
    if image.pixelColor(8, 0).alpha() > 127:
        return OUTLINED
    return DARK if image.pixelColor(4, 8).lightness() < 128 else LIGHT


@pytest.mark.parametrize("platform", ["linux", "win32", "darwin"])
@pytest.mark.parametrize("wanted", [DARK, LIGHT])
def test_what_the_user_wants_holds_everywhere(platform: str, wanted: str, qtbot: QtBot) -> None:
    icon = Icons(ICONS, lambda: wanted, platform=platform, taskbar=lambda: None).state("ready")
    assert tone(icon) == wanted
    assert not icon.isMask()


def test_a_dark_theme_has_a_dark_bar(qtbot: QtBot, painted: Callable[[str], None]) -> None:
    painted("#202020")
    assert tone(Icons(ICONS, platform="linux").state("ready")) == LIGHT


def test_above_light_windows_the_bar_may_be_either(qtbot: QtBot, painted: Callable[[str], None]) -> None:
    painted("#eeeeee")
    assert tone(Icons(ICONS, platform="linux").state("ready")) == OUTLINED


@pytest.mark.parametrize(("light", "expected"), [(True, DARK), (False, LIGHT), (None, OUTLINED)])
def test_on_windows_the_taskbar_decides_and_not_the_windows(
    light: bool | None, expected: str, qtbot: QtBot, painted: Callable[[str], None]
) -> None:
    painted("#eeeeee" if light is False else "#202020")
    icon = Icons(ICONS, platform="win32", taskbar=lambda: light).state("ready")
    assert tone(icon) == expected
    assert not icon.isMask()


def test_on_macos_the_system_colours_it(qtbot: QtBot) -> None:
    icons = Icons(ICONS, platform="darwin")
    assert icons.state("ready").isMask()
    assert tone(icons.state("ready")) == DARK
    assert not icons.program().isMask()


def test_no_other_system_has_a_taskbar_to_ask(qtbot: QtBot) -> None:
    assert icons_module.light_taskbar() is None


def test_a_theme_that_turns_dark_is_followed_once(qtbot: QtBot, painted: Callable[[str], None]) -> None:
    painted("#eeeeee")
    icons = Icons(ICONS, platform="linux")
    assert tone(icons.state("ready")) == OUTLINED
    said: list[str] = []
    icons.changed.connect(lambda: said.append(tone(icons.state("ready"))))
    painted("#202020")
    painted("#101010")
    assert said == [LIGHT]


def test_what_the_theme_says_counts_more_than_how_its_windows_look(
    qtbot: QtBot, painted: Callable[[str], None]
) -> None:
    painted("#eeeeee")
    icons = Icons(ICONS, platform="linux")
    icons.state("ready")
    with qtbot.waitSignal(icons.changed):
        QGuiApplication.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert tone(icons.state("ready")) == LIGHT
    with qtbot.waitSignal(icons.changed):
        QGuiApplication.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Unknown)
    assert tone(icons.state("ready")) == OUTLINED


def test_a_taskbar_that_changes_its_theme_is_followed(qtbot: QtBot, painted: Callable[[str], None]) -> None:
    bar = [True]
    icons = Icons(ICONS, platform="win32", taskbar=lambda: bar[0])
    icons.state("ready")
    bar[0] = False
    with qtbot.waitSignal(icons.changed):
        painted("#dddddd")  # Windows tells every window, and Qt its palette
    assert tone(icons.state("ready")) == LIGHT


def test_another_preference_is_followed_when_it_is_said(qtbot: QtBot) -> None:
    wanted = ["auto"]
    icons = Icons(ICONS, lambda: wanted[0], platform="darwin")
    icons.state("ready")
    wanted[0] = "dark"
    with qtbot.waitSignal(icons.changed):  # the same picture, but no longer the system's to colour
        icons.refresh()
    assert not icons.state("ready").isMask()


def test_nothing_is_said_while_nobody_has_an_icon_or_it_looks_the_same(
    qtbot: QtBot, painted: Callable[[str], None]
) -> None:
    icons = Icons(ICONS, lambda: "dark")
    with qtbot.assertNotEmitted(icons.changed):
        painted("#202020")
        icons.state("ready")
        painted("#eeeeee")
        icons.refresh()
