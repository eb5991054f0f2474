"""The window with the whole list, opened with two providers, and what can be seen and pressed in it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from tests.qt.parts import section, tray_view
from trayapp.core.topic import Topic
from trayapp.qt.listwindow import ListWindow
from trayapp.ui.menu import TrayView


def two() -> Topic[TrayView]:
    """Groq with 12 models, and OpenAI with 30, one of which is chosen."""
    groq, openai = section("groq", 12, "Groq (12)"), section("openai", 30, "OpenAI (30)", active="m_7")
    return Topic(tray_view(groq, openai, inline=False))


def shown(window: ListWindow) -> list[str]:
    model = window.lines
    return [str(model.data(model.index(at))).strip() for at in range(model.rowCount())]


def current(window: ListWindow) -> object:
    line = window.lines.line(window.list.currentIndex())
    return line.row.intent if line is not None and line.row is not None else None


def go(window: ListWindow, name: str) -> None:
    """Make the first line with this name the current one."""
    at = next(at for at, text in enumerate(shown(window)) if text.startswith(name))
    window.list.setCurrentIndex(window.lines.index(at))


def press(
    window: ListWindow, key: Qt.Key, *, shift: bool = False, ctrl: bool = False, where: QWidget | None = None
) -> None:
    """A key, in the list unless another part of the window is named."""
    held = Qt.KeyboardModifier.NoModifier
    held = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.ControlModifier if ctrl else held
    QTest.keyClick(where or window.list, key, held)
