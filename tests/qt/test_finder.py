"""The quick switcher: opened, filled, and gone again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.app.house import GROQ as ACCOUNT
from tests.app.house import House, do
from tests.qt.access import assert_named
from tests.qt.finder_opened import CONTROL, GROQ, Opened, ref
from tests.qt.parts import models
from tests.support.clock import FakeClock
from trayapp.core.intents import Hide, Intent, PickModel, Pin
from trayapp.core.models import Model, ModelRef
from trayapp.core.state import State
from trayapp.local.residency import NEVER, Resident, View
from trayapp.qt import finder as module
from trayapp.qt.finder import ROWS, window
from trayapp.ui.menu import Section, TrayView


@pytest.fixture
def it(qtbot: QtBot) -> Opened:
    return Opened(qtbot)


# -- open and closed -----------------------------------------------------------------------------


def test_it_opens_with_every_model_and_the_keyboard_in_the_field(it: Opened) -> None:
    assert it.window.isVisible()
    assert len(it.shown()) == 42
    assert it.current == "groq/m_0"
    assert it.window.focusWidget() is it.window.search


def test_it_is_over_everything_without_a_frame_in_the_middle_of_the_screen(it: Opened) -> None:
    flags = it.window.windowFlags()
    assert flags & Qt.WindowType.WindowStaysOnTopHint
    assert flags & Qt.WindowType.FramelessWindowHint
    away = it.window.geometry().center() - it.window.screen().availableGeometry().center()
    assert away.manhattanLength() <= 2
    assert it.window.screen().availableGeometry().contains(it.window.geometry())


def test_it_shows_whole_rows(it: Opened, qtbot: QtBot) -> None:
    qtbot.waitExposed(it.window)
    assert it.window.list.viewport().height() == ROWS * it.window.list.sizeHintForRow(0)


def test_asked_for_again_it_goes_unless_there_is_a_text_to_look_for(it: Opened) -> None:
    it.window.open("openai m_7")
    assert it.window.isVisible()
    assert it.shown() == ["openai/m_7"]
    it.window.open()
    assert not it.window.isVisible()


def test_shown_without_the_keyboard_it_asks_for_that_again(it: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(it.window, "isActiveWindow", lambda: False)
    monkeypatch.setattr(it.window, "activateWindow", lambda: asked.append(True))
    it.window.open()
    assert it.window.isVisible()
    assert asked == [True]


def test_opened_again_the_last_text_is_there_and_selected(it: Opened) -> None:
    it.type("groq")
    it.press(Qt.Key.Key_Escape)
    assert not it.window.isVisible()
    it.window.open()
    assert it.window.search.selectedText() == "groq"
    assert len(it.shown()) == 12


def test_after_a_choice_the_field_is_empty(it: Opened) -> None:
    it.type("groq m_3")
    it.press(Qt.Key.Key_Return)
    assert it.asked == [PickModel(ref("groq/m_3"))]
    assert not it.window.isVisible()
    it.window.open()
    assert it.window.search.text() == ""


def test_it_goes_when_another_window_has_the_keyboard(it: Opened, qtbot: QtBot) -> None:
    other = QWidget()
    qtbot.addWidget(other)
    other.show()
    other.activateWindow()
    qtbot.waitUntil(lambda: not it.window.isVisible())


def test_what_asks_for_it_took_the_keyboard_first_so_it_stays_away(it: Opened, qtbot: QtBot) -> None:
    other = QWidget()
    qtbot.addWidget(other)
    other.show()
    other.activateWindow()
    qtbot.waitUntil(lambda: not it.window.isVisible())
    it.window.open()
    assert not it.window.isVisible()
    it.window.open()
    assert it.window.isVisible()


def test_it_stays_while_a_question_of_ours_is_open(it: Opened, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    question = QWidget()
    qtbot.addWidget(question)
    monkeypatch.setattr(QApplication, "activeModalWidget", lambda: question)
    monkeypatch.setattr(it.window, "isActiveWindow", lambda: False)
    it.window._judge_focus()
    assert it.window.isVisible()
    monkeypatch.setattr(QApplication, "activeModalWidget", lambda: None)
    it.window._judge_focus()
    assert not it.window.isVisible()


def test_it_listens_only_while_it_is_shown(it: Opened) -> None:
    it.window.hide()
    it.view.publish(TrayView(sections=(Section(GROQ, "", models(GROQ, 1)),)))
    assert len(it.shown()) == 42
    it.window.open()
    assert it.shown() == ["groq/m_0"]
    assert it.watched == [True, False, True]


# -- what is shown -------------------------------------------------------------------------------


def test_news_leave_the_current_model_current(it: Opened) -> None:
    it.type("m_1")
    it.press(Qt.Key.Key_Down)
    before = it.current
    section = Section(GROQ, "", (Model(ModelRef(GROQ, "m_1x")), *models(GROQ, 12)))
    it.view.publish(TrayView(sections=(section, it.view.value.sections[1])))
    assert it.current == before
    assert "groq/m_1x" in it.shown()


def test_what_was_loaded_can_be_asked_for_at_once(it: Opened) -> None:
    local = replace(it.view.value.sections[0], local=True)
    it.view.publish(TrayView(sections=(local,)))
    it.type("loaded")
    assert it.shown() == []
    it.local.publish((View(GROQ, residents=(Resident("m_4", "m_4", 1, 1, NEVER, NEVER),)),))
    assert it.shown() == ["groq/m_4"]


def test_nothing_found_is_said_in_the_place_of_the_list(it: Opened) -> None:
    it.type("no such model")
    assert it.window.nothing.isVisible()
    assert "No model fits" in it.window.nothing.text()
    it.window.search.clear()
    assert it.window.list.isVisible()
    it.view.publish(TrayView())
    assert "Add a provider" in it.window.nothing.text()


def test_a_screen_reader_has_names_for_all_and_hears_what_is_current(
    it: Opened, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    heard = SimpleNamespace(isActive=lambda: True, updateAccessibility=lambda event: said.append(event.message()))
    monkeypatch.setattr(module, "QAccessible", heard)
    assert_named(it.window)
    it.type("openai m_12")
    qtbot.waitUntil(lambda: bool(said))
    assert len(said) == 1
    assert said[0].startswith("OpenAI – work: m_12, context of 128k tokens")
    assert said[0].endswith("1 model")


@pytest.mark.parametrize("grow", [1.0, 2.0], ids=["usual", "large fonts"])
def test_no_text_is_cut_off(qtbot: QtBot, qapp: QApplication, grow: float) -> None:
    font, before = qapp.font(), qapp.font()
    font.setPointSizeF(font.pointSizeF() * grow)
    qapp.setFont(font)
    try:
        window = Opened(qtbot).window
        qtbot.waitExposed(window)
        assert window.help.height() >= window.help.heightForWidth(window.help.width())
        field = window.search
        assert field.fontMetrics().horizontalAdvance(field.placeholderText()) < field.width()
        assert window.screen().availableGeometry().contains(window.geometry())
    finally:
        qapp.setFont(before)


def test_many_models_are_made_ready_without_holding_anybody_up(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trayapp.qt.finder_stock.SLICE_MS", 0)
    it = Opened(qtbot)
    assert it.shown() == []
    it.type("openai m_3")
    assert it.window.nothing.text() == ""
    qtbot.waitUntil(lambda: bool(it.shown()))
    assert it.shown()[0] == "openai/m_3"


def test_closed_before_that_is_done_it_goes_on_when_it_is_opened(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trayapp.qt.finder_stock.SLICE_MS", 0)
    it = Opened(qtbot)
    it.window.hide()
    it.window.open()
    qtbot.waitUntil(lambda: len(it.shown()) == 42)


@pytest.fixture
def painted(it: Opened, qtbot: QtBot) -> Callable[[], bytes]:
    def picture() -> bytes:
        image = it.window.list.viewport().grab().toImage()
        return bytes(image.constBits())

    return picture


def test_each_mark_is_painted_and_by_more_than_colour(it: Opened, painted: Callable[[], bytes]) -> None:
    it.press(Qt.Key.Key_End, CONTROL)
    it.press(Qt.Key.Key_PageUp)
    it.press(Qt.Key.Key_PageUp)
    it.window.list.scrollToTop()
    seen = [painted()]
    for state in (State(active=ref("groq/m_0")), State(pinned=(ref("groq/m_0"),))):
        it.state.publish(state)
        it.window.list.scrollToTop()
        seen.append(painted())
    assert len(set(seen)) == 3
    text = it.window.list.model().index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert text.endswith("pinned")


# -- in the program ------------------------------------------------------------------------------


async def test_in_the_program_it_shows_what_is_listed_and_hears_what_is_done(
    tmp_path: Path, clock: FakeClock, qtbot: QtBot
) -> None:
    house = House(tmp_path, clock)
    house.prepare(ACCOUNT, state=house.keyed(ACCOUNT))
    house.listed(ACCOUNT, "llama", "qwen", Model(ModelRef("groq", "gone"), deprecated=""))
    async with house.opened() as app:
        asked: list[Intent] = []
        finder = window(app, asked.append)
        qtbot.addWidget(finder)
        finder.open("groq")

        def shown() -> list[str]:
            found = (finder.lines.candidate(row) for row in range(finder.lines.rowCount()))
            return [it.model.ref.model for it in found if it is not None]

        assert sorted(shown()) == ["gone", "llama", "qwen"]
        await do(app, Pin(ref("groq/qwen")))
        assert shown()[0] == "qwen"
        await do(app, Hide(ref("groq/llama")))
        assert sorted(shown()) == ["gone", "qwen"]
        await do(app, PickModel(ref("groq/gone")))
        assert shown() == ["gone", "qwen"]
        assert finder.lines.standing(0).chosen
        finder.hide()
    assert asked == []
