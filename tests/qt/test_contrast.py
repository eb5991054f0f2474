"""What cannot be clicked in a menu can be read all the same, in every theme."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from trayapp.qt.contrast import ENOUGH, contrast, keep_menus_readable, readable

DISABLED, ACTIVE = QPalette.ColorGroup.Disabled, QPalette.ColorGroup.Active
THEMES = {
    "Fusion, light": ("#efefef", "#ffffff", "#000000", "#bebebe"),
    "dark": ("#323232", "#2d2d2d", "#f0f0f0", "#808080"),
    "black": ("#000000", "#000000", "#ffffff", "#404040"),
    "good already": ("#ffffff", "#ffffff", "#000000", "#555555"),
}


def palette(window: str, base: str, text: str, weak: str) -> QPalette:
    made = QPalette()
    made.setColor(ACTIVE, QPalette.ColorRole.Window, QColor(window))
    made.setColor(ACTIVE, QPalette.ColorRole.Base, QColor(base))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
        made.setColor(ACTIVE, role, QColor(text))
        made.setColor(DISABLED, role, QColor(weak))
    return made


def test_contrast_is_measured_as_wcag_says(qtbot: QtBot) -> None:
    assert contrast(QColor("#000000"), QColor("#ffffff")) == pytest.approx(21)
    assert contrast(QColor("#777777"), QColor("#ffffff")) == pytest.approx(4.48, abs=0.01)
    assert contrast(QColor("#bebebe"), QColor("#bebebe")) == 1


@pytest.mark.parametrize("name", THEMES)
def test_a_header_can_be_read_in_every_theme(name: str, qtbot: QtBot) -> None:
    window, base, text, weak = THEMES[name]
    made = readable(palette(window, base, text, weak))
    header = made.color(DISABLED, QPalette.ColorRole.Text)
    assert min(contrast(header, QColor(ground)) for ground in (window, base)) >= ENOUGH
    assert header != QColor(text)  # it is still told apart from what can be clicked
    assert made.color(ACTIVE, QPalette.ColorRole.Text) == QColor(text)


def test_what_can_be_read_is_left_alone(qtbot: QtBot) -> None:
    made = readable(palette(*THEMES["good already"]))
    assert made.color(DISABLED, QPalette.ColorRole.Text) == QColor("#555555")


def test_menus_have_it_from_now_on(qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    keep_menus_readable(app)
    menu = QMenu()
    qtbot.addWidget(menu)
    menu.ensurePolished()
    header = menu.palette().color(DISABLED, QPalette.ColorRole.Text)
    assert contrast(header, menu.palette().color(ACTIVE, QPalette.ColorRole.Window)) >= ENOUGH
