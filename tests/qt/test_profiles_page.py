"""The page “Profiles”: added from what is in use, edited, used at once, removed after asking, saved with the rest."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.qt.access import assert_keys_differ, assert_named, tab_order
from tests.qt.dialog import APPLY, OK, Opened, ready
from trayapp.core.intents import RemoveProfile, Reply, SaveProfile, UseProfile
from trayapp.core.models import ModelRef
from trayapp.core.profiles import Profile
from trayapp.core.settings import GENERAL
from trayapp.core.state import State
from trayapp.qt.profiles_page import ProfilesPage
from trayapp.ui import form

Open = Callable[..., Opened]
GPT = ModelRef("openai", "gpt-5")
WORK = Profile("Work", GPT, ("openai", "mistral"), "ram")
STATE = State(active=GPT, strategy="ram", profiles=(WORK, Profile("Home")), profile="Work")


async def shown(opened: Open, state: State = STATE) -> tuple[Opened, ProfilesPage]:
    it = await ready(opened)
    it.side.state.publish(state)
    it.dialog.show_page(form.PROFILES)
    await it.desk.settle()
    return it, it.profiles


def lines(page: ProfilesPage) -> list[str]:
    return [page.list.item(row).text() for row in range(page.list.count())]


def ticked(page: ProfilesPage) -> list[str]:
    items = [page.editor.list.item(row) for row in range(page.editor.list.count())]
    return [it.text() for it in items if it.checkState() is Qt.CheckState.Checked]


async def test_the_one_in_use_is_marked_in_words(opened: Open) -> None:
    it, page = await shown(opened)
    assert lines(page) == ["Work\nin use", "Home"]
    assert page.none_button.isEnabled()
    assert ticked(page) == ["OpenAI – work", "Mistral"]
    assert (page.editor.model.text, page.editor.strategy.currentText()) == ("openai/gpt-5", "RAM")
    assert not it.dialog.dirty


async def test_without_profiles_the_page_says_how_to_make_one(opened: Open) -> None:
    _it, page = await shown(opened, State(active=GPT))
    assert page.empty.isVisible()
    assert not page.use_button.isEnabled()
    assert not page.remove_button.isEnabled()


async def test_names_are_suggested_and_offline_has_local_accounts_only(opened: Open) -> None:
    it, page = await shown(opened)
    page.add_button.click()
    assert [action.text() for action in page.menu.actions()] == [
        "Private",
        "Offline (local accounts only)",
        "Another name…",
    ]
    page.menu.actions()[1].trigger()
    page.menu.hide()
    assert lines(page)[2] == "Offline\nnot saved yet"
    assert ticked(page) == ["Ollama", "LM Studio"]
    assert page.editor.model.text == "", "the chosen one is not local"
    assert it.desk.asked == []
    await it.press(APPLY)
    assert it.desk.asked == [SaveProfile(Profile("Offline", None, ("ollama", "lmstudio"), "ram"), "")]


async def test_a_profile_is_edited_and_saved_with_the_rest(opened: Open) -> None:
    it, page = await shown(opened)
    page.list.setCurrentRow(1)
    page.editor.name.setText("Evening")
    page.editor.model.setEditText("ollama/llama3.3:70b")
    page.editor.all.setChecked(False)
    for row in range(1, page.editor.list.count()):
        page.editor.list.item(row).setCheckState(Qt.CheckState.Unchecked)
    page.editor.strategy.setCurrentIndex(page.editor.strategy.findData("none"))
    assert lines(page)[1] == "Evening\nnot saved yet"
    await it.press(OK)
    saved = Profile("Evening", ModelRef("ollama", "llama3.3:70b"), ("ollama",), "none")
    assert it.desk.asked == [SaveProfile(saved, "Home")]
    assert not it.dialog.isVisible()


@pytest.mark.parametrize(
    ("enter", "words"),
    [
        (lambda page: page.editor.name.setText("work"), "already"),
        (lambda page: page.editor.name.setText(""), "1 to 40 letters"),
        (lambda page: page.editor.model.setEditText("gpt"), "ACCOUNT/MODEL"),
    ],
)
async def test_what_cannot_be_saved_is_said_there(
    opened: Open, enter: Callable[[ProfilesPage], None], words: str
) -> None:
    it, page = await shown(opened)
    page.list.setCurrentRow(1)
    enter(page)
    notes = page.editor.name_note.text() + page.editor.model_note.text()
    assert words in notes
    page.list.setCurrentRow(0)
    it.dialog.show_page(GENERAL)
    await it.press(OK)
    assert it.desk.asked == []
    assert it.dialog.turner.shown is page
    assert page.list.currentRow() == 1
    assert it.dialog.focusWidget() is page.editor.wrong or page.editor.wrong.isAncestorOf(it.dialog.focusWidget())
    assert "Nothing was saved" in it.dialog.message.text()


async def test_a_refusal_is_shown_and_keeps_what_was_entered(opened: Open) -> None:
    it, page = await shown(opened)
    it.desk.replies[SaveProfile] = Reply(False, "There are 20 profiles already; remove one first.")
    page.add("")
    await it.press(OK)
    assert it.dialog.isVisible()
    assert it.dialog.message.text() == "There are 20 profiles already; remove one first."
    assert lines(page)[2] == "My profile\nnot saved yet"


async def test_using_happens_at_once_and_saves_what_is_seen_first(opened: Open) -> None:
    it, page = await shown(opened)
    page.list.setCurrentRow(1)
    page.use_button.click()
    await it.desk.settle()
    assert it.desk.asked == [UseProfile("Home")]
    page.editor.name.setText("Evening")
    page.use_button.click()
    await it.desk.settle()
    assert it.desk.asked[1:] == [SaveProfile(Profile("Evening"), "Home"), UseProfile("Evening")]
    page.none_button.click()
    await it.desk.settle()
    assert it.desk.asked[3:] == [UseProfile("")]


@pytest.mark.parametrize(("answer", "goes"), [("&Remove", True), ("Keep", False)])
async def test_a_profile_is_removed_after_asking_and_with_apply(opened: Open, answer: str, goes: bool) -> None:
    it, page = await shown(opened)
    page.remove_button.click()
    box = await it.question()
    next(button for button in box.buttons() if button.text() == answer).click()
    await it.desk.settle()
    assert it.desk.asked == []
    assert it.dialog.dirty is goes
    await it.press(APPLY)
    assert it.desk.asked == ([RemoveProfile("Work")] if goes else [])


async def test_one_that_was_never_saved_goes_without_asking(opened: Open) -> None:
    it, page = await shown(opened)
    page.add("")
    page.remove_button.click()
    await it.desk.settle()
    assert len(lines(page)) == 2
    assert not it.dialog.dirty


async def test_a_change_from_elsewhere_shows_and_does_not_undo_what_is_typed(opened: Open) -> None:
    it, page = await shown(opened)
    page.editor.strategy.setCurrentIndex(page.editor.strategy.findData("ssd"))
    it.side.state.publish(State(active=GPT, strategy="ram", profiles=(WORK, Profile("New")), profile="New"))
    assert lines(page) == ["Work\nnot saved yet", "New\nin use, something else chosen since"]
    assert page.editor.strategy.currentText() == "SSD"


async def test_hands_and_ears(opened: Open) -> None:
    it, page = await shown(opened)
    assert_named(it.dialog, "Profiles")
    assert_keys_differ(it.dialog, where="Profiles")
    order = [widget for widget in tab_order(it.dialog) if page.isAncestorOf(widget)]
    buttons = [page.use_button, page.none_button, page.add_button, page.remove_button]
    assert order == [page.list, *buttons, *page.editor.controls]
    QTest.keyClick(page.list, Qt.Key.Key_Down)
    assert page.editor.name.text() == "Home"
    QTest.keyClick(page.use_button, Qt.Key.Key_Space)
    await it.desk.settle()
    assert it.desk.asked == [UseProfile("Home")]
