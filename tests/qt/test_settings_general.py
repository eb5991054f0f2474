"""Settings to a file and from one, the first steps again, hidden models, and the order of the providers."""

from __future__ import annotations

import asyncio
import json
import os
import re
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from PySide6.QtWidgets import QFileDialog

from tests.qt.dialog import Opened, ready
from tests.qt.parts import SETTINGS
from trayapp.core.errors import UserError
from trayapp.core.intents import Hide, Import, OpenWelcome, OrderAccounts, Reply
from trayapp.core.models import ModelRef
from trayapp.core.settings import MODELS, PROVIDERS
from trayapp.core.state import State
from trayapp.qt import settings_general

Open = Callable[..., Opened]


async def until(it: Opened, done: Callable[[], bool]) -> None:
    """Files are written in a thread."""
    for _turn in range(500):
        await it.desk.settle()
        if done():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(it.general.more.outcome.text)


def file_dialog(it: Opened) -> QFileDialog:
    dialog = it.dialog.findChild(QFileDialog)
    assert isinstance(dialog, QFileDialog)
    assert dialog.isVisible()
    return dialog


async def test_an_export_is_written_privately_and_said(opened: Open, tmp_path: Path) -> None:
    it = await ready(opened)
    it.document = {"trayapp": {"export": 1}, "left_out": ["settings.accounts.x"]}
    it.general.more.export_button.click()
    dialog = file_dialog(it)
    assert dialog.acceptMode() is QFileDialog.AcceptMode.AcceptSave
    path = tmp_path / "mine.json"
    dialog.fileSelected.emit(str(path))
    dialog.reject()
    await until(it, lambda: bool(it.general.more.outcome.text))
    assert json.loads(path.read_text("utf-8")) == it.document
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "No key is in it." in it.general.more.outcome.text
    assert "“settings.accounts.x” looks like a key" in it.general.more.outcome.text
    assert it.desk.asked == []


async def test_a_file_that_cannot_be_written_is_said(opened: Open, tmp_path: Path) -> None:
    it = await ready(opened)
    it.general.more.export_button.click()
    dialog = file_dialog(it)
    dialog.fileSelected.emit(str(tmp_path))
    dialog.reject()
    await until(it, lambda: "could not be written" in it.general.more.outcome.text)


@pytest.mark.parametrize("answer", ["&Replace", "Keep mine"])
async def test_an_import_replaces_only_after_asking(opened: Open, tmp_path: Path, answer: str) -> None:
    it = await ready(opened)
    it.desk.replies[Import] = Reply(True, "In the export: 2 accounts.\nThe key of Groq is missing.")
    path = tmp_path / "theirs.json"
    path.write_text('{"trayapp": {"export": 1}}', "utf-8")
    it.general.more.import_button.click()
    dialog = file_dialog(it)
    dialog.fileSelected.emit(str(path))
    dialog.reject()
    box = None
    for _turn in range(200):
        await asyncio.sleep(0.01)
        try:
            box = await it.question()
            break
        except AssertionError:
            continue
    assert box is not None
    assert "theirs.json" in box.text()
    next(button for button in box.buttons() if button.text() == answer).click()
    await it.desk.settle()
    if answer == "&Replace":
        assert it.desk.asked == [Import({"trayapp": {"export": 1}})]
        assert "The key of Groq is missing." in it.general.more.outcome.text
    else:
        assert it.desk.asked == []


@pytest.mark.parametrize("content", [b"not json", b"[]", b"\xff\xfe", b'{"trayapp": "\xe4"}'])
async def test_what_is_no_export_is_said_and_changes_nothing(opened: Open, tmp_path: Path, content: bytes) -> None:
    it = await ready(opened)
    path = tmp_path / "x.json"
    path.write_bytes(content)
    it.general.more.import_button.click()
    dialog = file_dialog(it)
    dialog.fileSelected.emit(str(path))
    dialog.reject()
    await until(it, lambda: "is no export of trayapp" in it.general.more.outcome.text)
    assert it.desk.asked == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_what_cannot_be_read_is_named_with_the_reason_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    pipe, large = tmp_path / "pipe", tmp_path / "large"
    os.mkfifo(pipe)
    with large.open("wb") as file:
        file.truncate(100 << 20)
    for path, why in ((pipe, "it is no file"), (tmp_path, "it is a folder"), (large, "File too large")):
        with pytest.raises(UserError, match=re.escape(f"“{path}” could not be read: {why}.")):
            settings_general.read(path)


async def test_the_first_steps_can_be_run_again(opened: Open) -> None:
    it = await ready(opened)
    it.general.more.first_button.click()
    await it.desk.settle()
    assert it.desk.asked == [OpenWelcome()]


async def test_hidden_models_are_counted_and_shown_again(opened: Open) -> None:
    it = await ready(opened)
    it.dialog.show_page(MODELS)
    hidden = it.models.hidden
    assert (hidden.count.text(), hidden.button.isEnabled()) == ("No model is hidden.", False)
    it.side.state.publish(State(hidden=(ModelRef("openai", "a"), ModelRef("openai", "b"))))
    assert (hidden.count.text(), hidden.button.isEnabled()) == ("2 models are hidden.", True)
    hidden.button.click()
    await it.desk.settle()
    assert it.desk.asked == [Hide(None)]


def accounts(it: Opened) -> list[str]:
    side = it.providers.list
    return [side.item(row).text().splitlines()[0] for row in range(side.count())]


async def test_accounts_stand_as_in_the_menu_and_are_moved_at_once(opened: Open) -> None:
    it = await ready(opened)
    it.dialog.show_page(PROVIDERS, "mistral")
    assert accounts(it) == ["Ollama", "LM Studio", "OpenAI – work", "OpenAI – private", "Mistral", "Azure OpenAI"]
    it.providers.up_button.click()
    await it.desk.settle()
    order = ("ollama", "lmstudio", "openai", "mistral", "openai-private", "azure")
    assert it.desk.asked == [OrderAccounts(order)]
    it.settings.publish(msgspec.structs.replace(SETTINGS, provider_order=order))
    assert accounts(it) == ["Ollama", "LM Studio", "OpenAI – work", "Mistral", "OpenAI – private", "Azure OpenAI"]
    assert it.providers.list.currentRow() == 3, "the same one is selected"
    assert not it.dialog.dirty


async def test_the_first_goes_no_higher_and_the_last_no_lower(opened: Open) -> None:
    it = await ready(opened)
    it.dialog.show_page(PROVIDERS, "ollama")
    page = it.providers
    assert (page.up_button.isEnabled(), page.down_button.isEnabled()) == (False, True)
    page.select("azure")
    assert (page.up_button.isEnabled(), page.down_button.isEnabled()) == (True, False)
