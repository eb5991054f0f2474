"""What a user has of looking for new versions: one question, an answer by hand, a line in the menu until it is read."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from tests.app.house import House, do
from tests.app.test_updating import CHOSEN, announced, days, do_now, running
from tests.support.clock import FakeClock
from trayapp.app.about import about
from trayapp.app.diagnosis import Doctor
from trayapp.core import version
from trayapp.core.intents import SaveSettings, ShowRelease, SwitchUpdates
from trayapp.core.releases import ASKED, Updates
from trayapp.core.state import Looked, State
from trayapp.core.version import RELEASES_VARIABLE as VARIABLE
from trayapp.ui.row import Row, Submenu

pytestmark = [pytest.mark.virtual_time, pytest.mark.timeout_s(30)]


async def test_whoever_asks_by_hand_is_told_and_the_day_counts_for_them_too(house: House, clock: FakeClock) -> None:
    house.prepare(state=CHOSEN)
    async with announced(house) as server, house.opened() as app:
        first = await do_now(app)
        assert first.ok
        assert "trayapp 9.9.9 is out; this is" in first.text
        assert "What is new: https://127.0.0.1/news" in first.text
        assert (first.data["newest"], first.data["version"]) == ("9.9.9", version.VERSION)
        clock.advance(60)
        again = await do_now(app)
        assert again.ok
        assert "once a day at most, so next in 23 h" in again.text
        assert len(server.requests) == 1
    assert house.stored()[1].looked == Looked(
        at=app.state.value.looked.at if app.state.value.looked else 0, version="9.9.9", page="https://127.0.0.1/news"
    )


async def test_whoever_asks_by_hand_in_vain_is_told_why_and_no_more_is_asked_that_day(house: House) -> None:
    house.prepare(state=CHOSEN)
    async with announced(house, {}) as server, house.opened() as app:
        first = await do_now(app)
        assert (first.ok, "it answered with status 404" in first.text) == (False, True)
        again = await do_now(app)
        assert (again.ok, "said nothing usable" in again.text) == (False, True)
        assert len(server.requests) == 1


async def test_the_question_is_put_in_one_run_from_the_second_start_on(house: House) -> None:
    house.prepare()
    house.env[VARIABLE] = "https://trayapp.example/newest"
    async with running(house) as (app, started):
        assert app.view.value.update is None, "nothing was chosen when it started"
    house.prepare(state=CHOSEN)
    async with running(house) as (app, started):
        assert isinstance(app.view.value.update, Submenu)
        assert ASKED not in app.state.value.told, "nobody has seen it"
        for _look in range(2):
            started.menu_opened()
            await asyncio.sleep(1)
        assert app.state.value.told == (ASKED,)
        assert isinstance(app.view.value.update, Submenu), "it stays for this run"
    async with running(house) as (app, _started):
        assert app.view.value.update is None


@pytest.mark.parametrize("on", [True, False])
async def test_an_answer_to_it_is_the_last_word(house: House, on: bool) -> None:
    house.prepare(state=CHOSEN)
    house.env[VARIABLE] = "https://trayapp.example/newest"
    async with house.opened() as app:
        reply = await do(app, SwitchUpdates(on))
        assert reply.ok
        assert ("once a day" in reply.text) is on
        assert app.view.value.update is None
    settings, state = house.stored()
    assert (settings.update_notice, state.told) == (on, (ASKED,))


async def test_whoever_switches_it_on_in_the_settings_is_not_asked_either(house: House) -> None:
    house.prepare(state=CHOSEN)
    house.env[VARIABLE] = "https://trayapp.example/newest"
    async with house.opened() as app:
        assert app.asks_updates
        for on in (True, False):
            await do(app, SaveSettings(msgspec.structs.replace(app.stored, update_notice=on)))
            assert app.view.value.update is None


async def test_a_version_whose_page_was_opened_is_not_spoken_of_again_in_the_menu(house: House) -> None:
    known = Looked(at=house.clock.now(), version="9.9.9", page="https://trayapp.example/news")
    house.prepare(state=State(looked=known))
    house.env[VARIABLE] = "https://trayapp.example/newest"
    async with house.opened() as app:
        assert isinstance(app.view.value.update, Row)
        assert not (await do(app, ShowRelease())).ok, "there is no screen"
        assert app.state.value.looked == known
        app.tray = lambda: True
        assert (await do(app, ShowRelease())).ok
        assert app.window.value == ShowRelease()
        assert app.view.value.update is None
    assert house.stored()[1].looked == msgspec.structs.replace(known, told="9.9.9")


async def test_an_address_that_cannot_be_used_is_told_at_the_start(house: House) -> None:
    house.prepare(state=CHOSEN, update_notice=True)
    house.env[VARIABLE] = "http://trayapp.example/newest"
    async with running(house) as (app, _started):
        await days(1)
        assert app.view.value.update is None
        assert [it for it in app.problems if "TRAYAPP_UPDATE_URL is ignored" in it]


async def test_the_about_page_and_the_diagnosis_know_as_much_as_the_menu(house: House) -> None:
    house.prepare(state=State(looked=Looked(at=house.clock.now() - 60, version="9.9.9", failed=True)))
    async with house.opened() as app:
        assert about(app).updates is None, "nobody is asked by this build"
        assert (await Doctor(app, running=False).look()).updates == Updates()
    house.env[VARIABLE] = "https://trayapp.example/newest"
    known = Updates(host="trayapp.example", age=60.0, failed=True, newest="9.9.9")
    async with house.opened() as app:
        assert about(app).updates == known
        assert (await Doctor(app, running=False).look()).updates == known
