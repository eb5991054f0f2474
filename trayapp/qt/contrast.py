"""Headers in menus that can be read: Qt draws what cannot be clicked in a grey that many cannot see."""

from __future__ import annotations

from typing import Any, cast

from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QMenu

ENOUGH = 4.5
"""The contrast that WCAG 2.2 asks for of text (1.4.3)."""
_GROUNDS = (QPalette.ColorRole.Window, QPalette.ColorRole.Base)
_STEPS = 20


def contrast(one: QColor, other: QColor) -> float:
    """From 1, the same, to 21, black on white: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def readable(palette: QPalette) -> QPalette:
    """The palette with what is disabled as far from the background as is needed, and no further."""
    made = QPalette(palette)
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
        text, weak = palette.color(QPalette.ColorGroup.Active, role), palette.color(QPalette.ColorGroup.Disabled, role)
        grounds = [
            palette.color(QPalette.ColorGroup.Active, it) for it in (QPalette.ColorRole.Window, QPalette.ColorRole.Base)
        ]
        for step in range(_STEPS + 1):
            mixed = _between(weak, text, step / _STEPS)
            if min(contrast(mixed, ground) for ground in grounds) >= ENOUGH:
                break
        made.setColor(QPalette.ColorGroup.Disabled, role, mixed)
    return made


def keep_menus_readable(app: QApplication) -> None:
    """Now, and whenever the theme changes."""

    def follow(_palette: object = None) -> None:
        # the bindings take text here, whatever their types say
        QApplication.setPalette(readable(QGuiApplication.palette()), cast("Any", QMenu.__name__))

    app.paletteChanged.connect(follow)
    follow()


def _between(one: QColor, other: QColor, share: float) -> QColor:
    pairs = ((one.red(), other.red()), (one.green(), other.green()), (one.blue(), other.blue()))
    red, green, blue = (round(a + (b - a) * share) for a, b in pairs)
    return QColor(red, green, blue)


def _luminance(colour: QColor) -> float:
    red, green, blue = (
        it / 12.92 if it <= 0.04045 else ((it + 0.055) / 1.055) ** 2.4
        for it in (colour.redF(), colour.greenF(), colour.blueF())
    )
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)
