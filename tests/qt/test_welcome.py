"""The window of the first start: three steps, and nothing before the last."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from trayapp.core.accounts import Account
from trayapp.core.intents import Reply
from trayapp.core.models import Model, ModelRef
from trayapp.core.secret import Secret
from trayapp.providers.keys import warning
from trayapp.providers.table import SPECS
from trayapp.qt.welcome import Welcome, WelcomeSide
from trayapp.ui.welcome import Draft, Sights

FOUND = Sights(
    keyring="ok",
    servers={"ollama": "http://127.0.0.1:11434"},
    counts={"ollama": 2},
    variables={"openai": "OPENAI_API_KEY"},
)
LLAMA, GPT = ModelRef("ollama", "llama"), ModelRef("openai", "gpt")
KEY = "gsk_0123456789abcdefghijklmnop"


class Desk:
    """What the window asks of the program, and what it is told."""

    def __init__(self, qtbot: QtBot, reply: Reply | None = None) -> None:
        self.drafts: list[Draft] = []
        self.added: list[tuple[str, ...]] = []
        self.skipped = 0
        self.reply = reply or Reply(True, "done")
        self.hold: asyncio.Event | None = None
        self.tasks: list[asyncio.Task[None]] = []
        self.window = Welcome(
            WelcomeSide(
                specs=SPECS,
                warn=warning,
                start=self.start,
                look=self.look,
                lists=self.lists,
                set_up=self.set_up,
                skip=self.skip,
                accounts=lambda: (Account("ollama", "ollama"),),
            )
        )
        qtbot.addWidget(self.window)

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
        try:
            self.tasks.append(asyncio.get_running_loop().create_task(work))
        except RuntimeError:  # the test is over, and its window is closed
            work.close()
            return None
        return self.tasks[-1]

    async def settled(self) -> None:
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def look(self) -> Sights:
        return FOUND

    async def lists(self, added: Sequence[Account]) -> tuple[tuple[str, tuple[Model, ...]], ...]:
        self.added.append(tuple(it.id for it in added))
        return (("Ollama", (Model(LLAMA),)), ("OpenAI", (Model(GPT),)))

    async def set_up(self, draft: Draft) -> Reply:
        self.drafts.append(draft)
        if self.hold is not None:
            await self.hold.wait()
        return self.reply

    async def skip(self) -> None:
        self.skipped += 1


async def test_three_steps_lead_to_what_was_entered(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    it = desk.window
    it.open_anew()
    await desk.settled()
    assert list(it.found.switches) == ["openai"]
    it.next_button.click()
    it.provider.box.setCurrentIndex(it.provider.box.findData("groq"))
    it.provider.edit.setText(KEY)
    it.next_button.click()
    await desk.settled()
    assert desk.added == [("openai", "groq")]
    assert it.next_button.text() == "&Finish"
    it.model.search.setText("gpt")
    QTest.keyClick(it.model.search, Qt.Key.Key_Down)
    assert not desk.drafts
    it.next_button.click()
    await desk.settled()
    (draft,) = desk.drafts
    assert (draft.variables, draft.spec, draft.ref, draft.check) == (("openai",), "groq", GPT, True)
    assert draft.key == Secret(KEY)
    assert not it.isVisible()
    assert it.provider.edit.text() == ""


@pytest.mark.parametrize("leave", ["escape", "skip", "cross"])
async def test_every_other_way_out_changes_nothing_and_keeps_no_key(leave: str, qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    it = desk.window
    it.open_anew()
    it.next_button.click()
    it.provider.box.setCurrentIndex(it.provider.box.findData("groq"))
    it.provider.edit.setText(KEY)
    match leave:
        case "escape":
            QTest.keyClick(it, Qt.Key.Key_Escape)
        case "skip":
            it.skip_button.click()
        case "cross":
            it.close()
    await desk.settled()
    assert (desk.drafts, desk.skipped, it.isVisible(), it.provider.edit.text()) == ([], 1, False, "")


async def test_a_provider_without_a_key_is_not_passed_by(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    it = desk.window
    it.open_anew()
    it.next_button.click()
    it.provider.box.setCurrentIndex(it.provider.box.findData("groq"))
    it.next_button.click()
    assert it.steps.currentIndex() == 1
    assert it.message.text() == "Paste the key for Groq, or choose “none now”."
    it.provider.box.setCurrentIndex(0)
    it.next_button.click()
    assert it.steps.currentIndex() == 2
    await desk.settled()


async def test_a_refused_key_leads_back_to_where_it_was_typed(qtbot: QtBot) -> None:
    desk = Desk(qtbot, Reply(False, "Groq refused the key.", {"verdict": "refused"}))
    it = desk.window
    it.open_anew()
    for _step in range(2):
        it.next_button.click()
    it.next_button.click()
    await desk.settled()
    assert (it.steps.currentIndex(), it.message.text(), it.isVisible()) == (1, "Groq refused the key.", True)


async def test_setting_up_can_be_cancelled(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    desk.hold = asyncio.Event()
    it = desk.window
    it.open_anew()
    for _step in range(3):
        it.next_button.click()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert it.progress.isVisible()
    assert it.next_button.text() == "Cancel"
    it.next_button.click()
    await desk.settled()
    assert not it.progress.isVisible()
    assert it.isVisible()
    assert it.next_button.text() == "&Finish"


async def test_every_control_has_a_name_and_the_key_is_never_shown(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    it = desk.window
    it.open_anew()
    await desk.settled()
    inside = [w for w in it.findChildren(QWidget) if w.window() is it]  # not in the list that a box opens
    controls = [w for w in inside if w.focusPolicy() & Qt.FocusPolicy.TabFocus]
    nameless = [w for w in controls if not (w.accessibleName() or getattr(w, "text", str)())]
    assert not nameless
    assert it.provider.edit.echoMode() == QLineEdit.EchoMode.Password
