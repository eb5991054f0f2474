"""The face of the program without a tray: what is opened, told and explained, and when."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import msgspec
import pytest
from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

import trayapp.qt.finder_lines  # once its parts are there, a window comes at once
import trayapp.qt.windows  # noqa: F401 - as above
from tests.app.house import SERVER, House
from tests.support.clock import FakeClock
from trayapp.app.root import App, replaced
from trayapp.core.accounts import Account
from trayapp.core.intents import Activate, OpenFinder, PickModel, ShowRelease
from trayapp.core.models import ModelRef
from trayapp.core.state import Looked, State
from trayapp.core.version import RELEASES_VARIABLE as VARIABLE
from trayapp.qt import front as front_module
from trayapp.qt import tray as tray_module
from trayapp.qt.front import Front
from trayapp.qt.listwindow import ListWindow
from trayapp.qt.telling import QUIET
from trayapp.system import hotkey
from trayapp.ui import notices
from trayapp.ui.clicks import Click
from trayapp.ui.notices import Notice, Subject

FAILED = Notice(Subject.FAILED, "That did not work", "why")
SET_ASIDE = notices.set_aside(("settings.toml",))


class Keys:
    """Stands in for the system's keys."""

    made: ClassVar[list[Keys]] = []

    def __init__(self, pressed: Callable[[], object], problem: Callable[[str], object]) -> None:
        self.press, self.say = pressed, problem
        self.texts: list[str] = []
        self.made.append(self)

    def set(self, text: str) -> None:
        self.texts.append(text)

    def close(self) -> None:
        self.texts.append("closed")


class Finder(QWidget):
    """Stands in for the search."""

    def open(self, text: str = "") -> None:
        self.setWindowTitle(text)
        self.show()


class Welcome(QWidget):
    """Stands in for the steps of the first start."""

    def open_anew(self) -> None:
        self.show()


def _made(kind: type[QWidget], *_what: object) -> QWidget:
    return kind()


@pytest.fixture
def house(tmp_path: Path, clock: FakeClock) -> House:
    return House(tmp_path, clock)


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tray_module, "_session_bus", lambda: None)
    monkeypatch.setattr(hotkey, "Hotkeys", Keys)
    for name, kind in (("finder", Finder), ("welcome", Welcome)):
        module: Any = ModuleType(f"trayapp.qt.{name}")
        module.window = partial(_made, kind)
        monkeypatch.setitem(sys.modules, module.__name__, module)
    Keys.made.clear()


@asynccontextmanager
async def shown(house: House, *, silent: bool = False, there: bool = False) -> AsyncIterator[tuple[App, Front]]:
    """The program with its face; ``there``: as if it had an icon."""
    async with house.opened() as app:
        front = Front(app, silent=silent)
        front.show_icon()
        front.tray._there = there
        claim: Any = None
        front.start(claim)
        await asyncio.sleep(0)
        try:
            yield app, front
        finally:
            front.close()


async def until(check: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not check():  # noqa: ASYNC110 - windows take their time
            await asyncio.sleep(0.005)


def windows(kind: type[QWidget]) -> list[Any]:
    return [it for it in QApplication.topLevelWidgets() if isinstance(it, kind) and it.isVisible()]


def said() -> list[str]:
    return [it.text() for it in windows(QMessageBox)]


# -- the first start ------------------------------------------------------------------------------


async def test_the_first_start_of_all_shows_its_steps(house: House) -> None:
    async with shown(house):
        assert windows(Welcome)


async def test_a_silent_first_start_shows_nothing(house: House) -> None:
    async with shown(house, silent=True):
        assert not windows(QWidget)


@pytest.mark.parametrize(
    "state", [State(told=("welcome",)), State(active=ModelRef("a", "b")), State(keyed=("openai@x",))]
)
async def test_who_has_been_here_before_is_not_welcomed(house: House, state: State) -> None:
    house.prepare_only(state=state)
    async with shown(house):
        assert not windows(Welcome)


async def test_whoever_has_an_account_is_not_welcomed(house: House) -> None:
    house.prepare(Account("groq", "groq"))
    async with shown(house):
        assert not windows(Welcome)


# -- no tray --------------------------------------------------------------------------------------


async def test_without_a_tray_the_window_explains_itself_once(house: House) -> None:
    house.prepare(tray_wait=0)
    reasons = []
    for _ in range(2):
        async with shown(house) as (app, _front):
            await until(lambda: windows(ListWindow))
            reasons.append(windows(ListWindow)[0].reason.text())
            while "no-tray" not in app.state.value.told:  # noqa: ASYNC110 - it is written by a thread
                await asyncio.sleep(0.005)
    assert reasons[0].startswith("Your desktop offers no place for a tray icon")
    assert reasons[1] == "There is no tray. Closed, this window leaves trayapp running: start it again."


async def test_without_a_tray_the_list_waits_for_the_first_steps_to_end(house: House) -> None:
    house.prepare_only(tray_wait=0)
    async with shown(house):
        await asyncio.sleep(0.1)
        (welcome,) = windows(Welcome)
        assert not windows(ListWindow)
        welcome.close()
        await until(lambda: windows(ListWindow))
        assert windows(ListWindow)[0].stands_in


# -- clicks and keys ------------------------------------------------------------------------------


async def test_a_click_opens_what_the_settings_say(house: House) -> None:
    house.prepare(click_left="models")
    async with shown(house, there=True) as (_app, front):
        front.tray.activated.emit(Click.LEFT)
        assert windows(ListWindow)


async def test_keys_are_taken_as_the_settings_name_them_and_open_the_search(house: House) -> None:
    house.prepare(shortcut="Ctrl+Alt+M")
    async with shown(house, there=True) as (app, front):
        (keys,) = Keys.made
        keys.press()
        assert windows(Finder)
        keys.say("Somebody has them.")
        assert front.shortcut_problem.value == "Somebody has them."
        assert said() == []  # nobody has just asked for them
        await app.prefer(lambda it: msgspec.structs.replace(it, shortcut="Meta+K"))
        keys.say("Somebody has these, too.")
        assert said() == ["These keys do not open the search"]
        keys.say("")
        assert front.shortcut_problem.value == ""
    assert keys.texts == ["Ctrl+Alt+M", "Meta+K", "closed"]


async def test_without_keys_nothing_of_it_is_loaded(house: House) -> None:
    house.prepare()
    async with shown(house, there=True):
        assert Keys.made == []


# -- what is told ---------------------------------------------------------------------------------


async def test_what_failed_is_a_window_and_no_notification(house: House) -> None:
    house.prepare()
    async with shown(house, there=True) as (app, _front):
        app.tell(FAILED)
        assert said() == ["That did not work"]


async def test_what_was_set_aside_is_a_window_where_nothing_can_notify(house: House) -> None:
    house.prepare()
    async with shown(house) as (app, _front):
        app.tell(notices.refused("a", "A"))  # the list says so
        app.tell(SET_ASIDE)
        await until(said)
        assert said() == [SET_ASIDE.title]


async def test_at_a_silent_start_nothing_is_told_until_somebody_is_there(house: House) -> None:
    house.prepare()
    async with shown(house, silent=True, there=True) as (app, front):
        app.tell(FAILED)
        assert said() == []
        front.tray.menu.looked.emit(True)
        app.tell(FAILED)
        assert said() == ["That did not work"]


async def test_a_silent_start_is_over_after_a_while(house: House, clock: FakeClock) -> None:
    house.prepare()
    async with shown(house, silent=True, there=True) as (app, _front):
        clock.advance(QUIET + 1)
        app.tell(FAILED)
        assert said() == ["That did not work"]


# -- closing is not quitting ----------------------------------------------------------------------


async def opened_again(house: House, app: App) -> ListWindow:
    """Somebody starts the program once more."""
    app.window.publish(Activate())
    await until(lambda: windows(ListWindow))
    found: ListWindow = windows(ListWindow)[0]
    return found


def furnish(house: House) -> None:
    house.prepare(SERVER, state=State(told=("no-tray",)))
    house.listed(SERVER, "one", "two")


async def test_closing_says_once_that_the_program_goes_on(house: House) -> None:
    furnish(house)
    async with shown(house, there=True) as (app, _front):
        (await opened_again(house, app)).close()
        await until(said)
        assert said() == ["trayapp goes on running in the tray."]
        assert windows(QMessageBox)[0].defaultButton().text() == "&Stay"
        windows(QMessageBox)[0].reject()
        await until(lambda: not said())
        assert app.state.value.told == ("no-tray", "close")
        assert not app.leaving.is_set()
        (await opened_again(house, app)).close()
        await asyncio.sleep(0.05)
        assert said() == []


async def test_quit_there_ends_the_program(house: House) -> None:
    furnish(house)
    async with shown(house, there=True) as (app, _front):
        (await opened_again(house, app)).close()
        await until(said)
        next(it for it in windows(QMessageBox)[0].buttons() if it.text() == "&Quit").click()
        await until(app.leaving.is_set)


async def test_a_choice_closes_the_window_without_a_word(house: House) -> None:
    furnish(house)
    async with shown(house, there=True) as (app, _front):
        window = await opened_again(house, app)
        window.asked.emit(PickModel(ModelRef("server", "two")))
        window.close()
        await asyncio.sleep(0.05)
        assert "close" not in app.state.value.told


async def test_whoever_came_by_the_icon_needs_no_explanation(house: House) -> None:
    furnish(house)
    async with shown(house, there=True) as (app, front):
        front._clicked("models")
        windows(ListWindow)[0].close()
        await asyncio.sleep(0.05)
        assert said() == []
        assert app.state.value.told == ("no-tray",)


async def test_the_search_is_opened_by_another_process_as_well(house: House) -> None:
    house.prepare()
    async with shown(house, there=True) as (app, _front):
        app.window.publish(OpenFinder())
        assert windows(Finder)


async def test_what_the_first_window_needs_is_imported_between_other_events(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.prepare()
    late = "colorsys"  # one that nobody else imports
    monkeypatch.delitem(sys.modules, late, raising=False)
    monkeypatch.setattr(front_module, "_PARTS", (late,))
    async with shown(house, there=True) as (app, _front):
        app.window.publish(OpenFinder())
        assert not windows(Finder)
        await until(lambda: windows(Finder))
        assert late in sys.modules
        app.window.publish(OpenFinder("again"))
        assert len(windows(Finder)) == 1


def test_the_marks_in_the_state_are_told_apart() -> None:
    assert len({front_module.WELCOME, front_module.CLOSE, front_module.NO_TRAY}) == 3
    assert replaced(State(), told=("x",)).told == ("x",)


# -- what is new ------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["https://trayapp.example/news", "https://elsewhere.example/news"])
async def test_what_is_new_is_shown_in_the_browser_or_else_where_the_version_is_named(
    house: House, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    sent: list[str] = []

    def browse(url: QUrl) -> bool:
        sent.append(url.toString())
        return True

    monkeypatch.setattr("PySide6.QtGui.QDesktopServices.openUrl", browse)
    house.prepare_only(state=State(told=("welcome",), looked=Looked(at=1.0, version="9.9.9", page=page)))
    house.env[VARIABLE] = "https://trayapp.example/newest"
    async with shown(house, there=True) as (app, front):
        opened: list[str] = []
        monkeypatch.setattr(front.windows, "settings", opened.append)
        front.ask(ShowRelease())
        await until(lambda: sent or opened)
        assert (sent, opened) == (([page], []) if "elsewhere" not in page else ([], ["About"]))
        await until(lambda: app.state.value.looked and app.state.value.looked.told)
