"""What the menu offers to copy reaches the clipboard, and where it cannot be read its user is told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from tests.qt.gateway_opened import copied
from tests.qt.gateway_parts import CANARY, ON
from tests.qt.parts import Desk
from trayapp.core.errors import UserError
from trayapp.core.intents import CopyAddress, CopyToken
from trayapp.core.secret import Secret
from trayapp.core.settings import Settings
from trayapp.core.topic import Topic
from trayapp.gateway.status import Status
from trayapp.qt import clipboard
from trayapp.qt.windows import GatewayFeed, Windows, feed_of
from trayapp.ui.notices import Notice


class Program:
    """As much of the program as copying needs."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.tasks = SimpleNamespace(start=lambda work, name: self.desk.start(work))
        self.settings = Topic(Settings(gateway_port=4321))
        self.told: list[Notice] = []
        self.tell = self.told.append

    def windows(self, **feed: Any) -> Windows:
        program: Any = self
        made: dict[str, Any] = {"status": Topic(Status()), "token": None, "session": None}
        return Windows(program, lambda _intent: None, found=dict, gateway=GatewayFeed(**(made | feed)))


@pytest.mark.parametrize(("style", "end"), [("openai", "/v1"), ("anthropic", ""), ("ollama", "")])
async def test_the_address_is_the_one_of_now(qtbot: QtBot, style: str, end: str) -> None:
    Program().windows().copy(CopyAddress(style))
    assert copied() == f"http://127.0.0.1:4321{end}", "where it would listen"
    Program().windows(status=Topic(ON)).copy(CopyAddress(style))
    assert copied() == f"http://127.0.0.1:4180{end}"


async def test_a_token_is_copied_by_its_name(qtbot: QtBot) -> None:
    program, read = Program(), []

    async def token(name: str) -> str:
        read.append(name)
        return CANARY

    program.windows(token=token).copy(CopyToken("editor"))
    await program.desk.settle()
    assert (read, copied(), program.told) == (["editor"], CANARY, [])


async def test_a_token_that_cannot_be_read_is_told_and_leaves_the_clipboard_alone(qtbot: QtBot) -> None:
    program = Program()

    async def token(_name: str) -> str:
        raise UserError("The keyring is locked.")

    clipboard.copy("before")
    program.windows(token=token).copy(CopyToken("editor"))
    await program.desk.settle()
    assert copied() == "before"
    assert [it.text for it in program.told] == ["The keyring is locked."]


async def test_the_program_s_own_tokens_are_shown_as_text_and_nothing_else_is(qtbot: QtBot) -> None:
    secrets = {"first": Secret(CANARY), "wrong": Secret("sk-proj-0123456789abcdef")}

    async def read(name: str) -> Secret:
        return secrets[name]

    tokens = SimpleNamespace(read=read, session_only=lambda name: name == "first")
    app: Any = SimpleNamespace(gateway=SimpleNamespace(status=Topic(ON), tokens=tokens))
    feed = feed_of(app)
    assert feed.status.value == ON
    assert feed.session("first")
    assert await feed.token("first") == CANARY
    with pytest.raises(ValueError, match=r"^(?!.*sk-proj)"):
        await feed.token("wrong")
