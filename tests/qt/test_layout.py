"""No text is clipped and no window is larger than the screen: large letters, right to left, long words, little room."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QApplication, QScrollArea, QTabWidget, QWidget
from pytestqt.qtbot import QtBot

from tests.qt.access import assert_texts_fit
from tests.qt.dialog import Opened, ready
from tests.qt.list_opened import two
from tests.qt.local_parts import OLLAMA
from tests.qt.parts import SPECS, STATE
from tests.qt.test_gateway_access import full as full_gateway
from tests.qt.test_local_access import full as full_local
from tests.qt.test_welcome import Desk as WelcomeDesk
from trayapp.core import language
from trayapp.core.models import ModelRef
from trayapp.core.profiles import Profile
from trayapp.core.rules import Rule
from trayapp.core.settings import PROVIDERS, Settings
from trayapp.core.state import State
from trayapp.qt import fields
from trayapp.qt.add_account import AddDialog
from trayapp.qt.help import HelpWindow
from trayapp.qt.keys import KeyDialog
from trayapp.qt.listwindow import ListWindow
from trayapp.qt.local_rule import RuleDialog
from trayapp.ui import form
from trayapp.ui.accounts import Offer

HELP = Path(__file__).parents[2] / "resources" / "help"
SCREEN = QSize(1280, 800)
LARGE = 20
"""Points."""
PROFILES = (Profile("Work", ModelRef("openai", "gpt_5"), ("openai", "gone"), "ram"), Profile("Private"))
_FILLED = re.compile(r"\{[^}]*\}|%|&")


class Long:
    """Texts that are 40 % longer, as German ones are."""

    def gettext(self, text: str) -> str:
        plain = _FILLED.sub("", text)
        words = iter(plain.split() * 2)
        more, wanted = "", round(0.4 * len(plain))
        while len(more) < wanted and (word := next(words, "")):
            more += f" {word}"
        return text + more[: wanted + 1]

    def ngettext(self, one: str, many: str, n: int) -> str:
        return self.gettext(one if n == 1 else many)


@pytest.fixture(params=["normal", "20 points", "right to left", "40 % longer"])
def variant(request: pytest.FixtureRequest, qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """What people have set."""
    font, direction = qapp.font(), qapp.layoutDirection()
    if request.param == "20 points":
        larger = qapp.font()
        larger.setPointSizeF(LARGE)
        qapp.setFont(larger)
    elif request.param == "right to left":
        qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    elif request.param == "40 % longer":
        monkeypatch.setattr(language, "_installed", Long())
    yield request.param
    qapp.setFont(font)
    qapp.setLayoutDirection(direction)


@pytest.fixture(params=[1, 2], ids=["100 %", "200 %"])
def screen(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> QSize:
    """What there is room for, in pixels of the program's: at 200 % half as many."""
    room = QSize(SCREEN.width() // request.param, SCREEN.height() // request.param)
    monkeypatch.setattr(fields, "room", lambda _window: room)
    return room


async def settings(qtbot: QtBot) -> Opened:
    """The dialog with something on every page, and something to complain about."""
    it = await ready(Opened, qtbot=qtbot, keyring="locked", forced={"tray_wait": "TRAYAPP_TRAY_WAIT"})
    hidden = (ModelRef("openai", "a"), ModelRef("openai", "b"))
    it.side.state.publish(State(active=STATE.active, profiles=PROFILES, profile="Work", hidden=hidden))
    it.problem.publish("Another program has these keys: choose others, or end that program.")
    it.enter("inline_models", "ninety")
    it.general.more.outcome.say("Written to “/home/somebody/trayapp.json”. No key is in it.")
    return it


def parts(page: QWidget | None) -> Iterator[str]:
    """Each tab of the page, once it is shown."""
    tabs = getattr(page, "tabs", None)
    if not isinstance(tabs, QTabWidget):
        yield ""
        return
    for at in range(tabs.count()):
        tabs.setCurrentIndex(at)
        yield tabs.tabText(at)


async def settings_pages(qtbot: QtBot) -> AsyncIterator[tuple[str, QWidget]]:
    it = await settings(qtbot)
    for page in form.pages(Settings()):
        for provider in ("openai", "azure") if page.name == PROVIDERS else ("",):
            it.look_at(page.name, provider)
            for part in parts(it.dialog.turner.shown):
                await it.desk.settle()
                yield f"{page.name} {part} {provider}", it.dialog


async def settings_full(qtbot: QtBot) -> AsyncIterator[tuple[str, QWidget]]:
    for fill in (full_local, full_gateway):
        it, page = await fill(lambda **more: Opened(qtbot, **more))
        it.side.views.publish((OLLAMA, it.side.views.value[0]))
        for part in parts(page):
            await it.desk.settle()
            yield f"{fill.__module__} {part}", it.dialog
        it.dialog.hide()


async def settings_searched(qtbot: QtBot) -> AsyncIterator[tuple[str, QWidget]]:
    it = await settings(qtbot)
    for text in ("model", "no such thing"):
        it.dialog.turner.sidebar.search.setText(text)
        yield text, it.dialog


async def welcome(qtbot: QtBot) -> AsyncIterator[tuple[str, QWidget]]:
    desk = WelcomeDesk(qtbot)
    desk.window.open_anew()
    await desk.settled()
    for step in range(3):
        desk.window._go(step)
        await asyncio.sleep(0)
        yield f"step {step + 1}", desk.window


async def list_window(qtbot: QtBot) -> AsyncIterator[tuple[str, QWidget]]:
    window = ListWindow(two())
    qtbot.addWidget(window)
    window.show_reason("There is no place for the icon on this desktop, so this window stands in for it.")
    window.show_all()
    yield "all", window


async def help_window(qtbot: QtBot) -> AsyncIterator[tuple[str, QWidget]]:
    window = HelpWindow(HELP)
    qtbot.addWidget(window)
    window.open_page("gateway")
    window.nothing.setText(language._("Not found."))
    yield "gateway", window


async def account_dialogs(qtbot: QtBot) -> AsyncIterator[tuple[str, QWidget]]:
    it = await settings(qtbot)
    offer = Offer("openai", "OpenAI – the variable OPENAI_API_KEY holds a key", variable="OPENAI_API_KEY")
    add = AddDialog(it.dialog, SPECS, (offer,))
    add.open()
    yield "add", add
    add.search.setText("no such provider")
    yield "add, nothing found", add
    add.reject()
    key = KeyDialog(
        it.dialog,
        provider="openai",
        title="OpenAI – work",
        perform=it.desk.perform,
        start=it.desk.start,
        warn=lambda _text: "Keys of OpenAI begin with “sk-”.",
        note="The keyring is locked; its password will be asked for.",
    )
    key.open()
    key.edit.setText("abc")
    yield "key", key
    key.reject()
    rule = RuleDialog(it.dialog, Rule("a", "(a", "x"), title="Edit a rule", others=(), models=())
    rule.open()
    yield "rule", rule
    rule.reject()


Open = Callable[[QtBot], AsyncIterator[tuple[str, QWidget]]]
WINDOWS: tuple[Open, ...] = (
    settings_pages,
    settings_full,
    settings_searched,
    welcome,
    list_window,
    help_window,
    account_dialogs,
)


@pytest.mark.parametrize("window", WINDOWS, ids=lambda it: it.__name__)
async def test_no_text_is_clipped(window: Open, variant: str, screen: QSize, qtbot: QtBot) -> None:
    async for where, shown in window(qtbot):
        if shown.width() > screen.width() or shown.height() > screen.height():
            shown.resize(shown.size().boundedTo(screen))  # as a window manager does it
        await assert_texts_fit(shown, where)
        size = shown.size()
        assert size == size.boundedTo(screen), f"{where}: {size.toTuple()} does not fit into {screen.toTuple()}"


async def test_the_settings_open_within_the_screen(variant: str, screen: QSize, qtbot: QtBot) -> None:
    it = await settings(qtbot)
    size = it.dialog.size()
    assert size == size.boundedTo(screen)


async def test_nothing_has_to_be_scrolled_sideways_on_a_usual_screen(
    variant: str, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fields, "room", lambda _window: SCREEN)
    async for where, shown in settings_pages(qtbot):
        await assert_texts_fit(shown, where)
        bars = [
            area
            for area in shown.findChildren(QScrollArea)
            if area.isVisible() and area.horizontalScrollBar().isVisible()
        ]
        assert not bars, f"{where}: {bars}"
