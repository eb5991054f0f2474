"""The quick switcher with two accounts, opened for a test."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.qt.parts import models
from trayapp.core.intents import Intent
from trayapp.core.models import ModelRef
from trayapp.core.state import State
from trayapp.core.topic import Topic
from trayapp.local.residency import View
from trayapp.qt.finder import Finder
from trayapp.qt.finder_stock import Feed
from trayapp.ui.menu import Section, TrayView

CONTROL = Qt.KeyboardModifier.ControlModifier
GROQ, OPENAI = "groq", "openai"


class Opened:
    """The window with two accounts, and whoever listens to it."""

    def __init__(self, qtbot: QtBot) -> None:
        self.view = Topic(
            TrayView(sections=(Section(GROQ, "Groq (12)", models(GROQ, 12)), Section(OPENAI, "", models(OPENAI, 30))))
        )
        self.state = Topic(State())
        self.local: Topic[tuple[View, ...]] = Topic(())
        self.watched: list[bool] = []
        self.window = Finder(
            Feed(
                view=self.view,
                state=self.state,
                local=self.local,
                names=lambda: {GROQ: "Groq", OPENAI: "OpenAI – work"},
                watched=self.watched.append,
            )
        )
        self.asked: list[Intent] = []
        self.window.asked.connect(self.asked.append)
        qtbot.addWidget(self.window)
        self.window.open()

    @property
    def current(self) -> str:
        return str(self.window.current)

    def shown(self) -> list[str]:
        lines = self.window.lines
        return [str(it.model.ref) for at in range(lines.rowCount()) if (it := lines.candidate(at)) is not None]

    def type(self, text: str) -> None:
        QTest.keyClicks(self.window.search, text)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.window.search, key, modifier)


def ref(text: str) -> ModelRef:
    return ModelRef.parse(text)
