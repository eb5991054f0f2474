"""New versions: off by default, one request a day at most; nothing is sent but the request, little believed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.app.house import House
from tests.support.timeloop import LoopClock
from tests.support.upstream import Reply as Answer
from tests.support.upstream import Script, Upstream
from trayapp.app.root import App
from trayapp.app.start import UPDATES_AFTER, Started
from trayapp.app.updating import SOON
from trayapp.core import version
from trayapp.core.intents import LookForUpdate, SaveSettings
from trayapp.core.models import ModelRef
from trayapp.core.releases import DAY
from trayapp.core.state import Looked, State
from trayapp.core.version import RELEASES_VARIABLE as VARIABLE
from trayapp.system.wake import Event
from trayapp.ui.row import Row

pytestmark = [pytest.mark.virtual_time, pytest.mark.timeout_s(30)]
FIRST = UPDATES_AFTER + SOON
CHOSEN = State(active=ModelRef("server", "llama"))
NEWER = Answer(body={"version": "9.9.9", "url": "https://127.0.0.1/news"})


class Clock(LoopClock):
    """The loop's time by a wall clock that can be set."""

    def set_back(self, seconds: float) -> None:
        self._epoch -= seconds


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, Clock())  # type: ignore[arg-type]  # it has no ``advance``


class Network:
    """What the system says of it, played by the test."""

    def __init__(self, *at_start: Event) -> None:
        self._at_start = at_start
        self.say: Callable[[Event], object] = lambda _event: None

    async def watch(self, hear: Callable[[Event], object], *, ready: Callable[[], object]) -> None:
        self.say = hear
        for event in self._at_start:
            hear(event)
        ready()
        await asyncio.get_running_loop().create_future()


@asynccontextmanager
async def running(house: House, network: Network | None = None) -> AsyncIterator[tuple[App, Started]]:
    """The program with all that runs beside its icon."""
    async with house.opened() as app:
        started = Started(app, None, watch=(network or Network()).watch)
        started.begin()
        yield app, started
        started.end()


@asynccontextmanager
async def announced(house: House, script: Script | None = None, *, path: str = "/newest") -> AsyncIterator[Upstream]:
    """A server that names the newest version, at the address that the house has for it."""
    server = Upstream(script if script is not None else {"/newest": NEWER})
    async with server as url:
        house.env[VARIABLE] = url + path
        yield server


async def days(number: float) -> None:
    await asyncio.sleep(number * DAY)


# -- how often --------------------------------------------------------------------------------------


async def test_off_as_it_is_by_itself_nobody_is_ever_asked(house: House) -> None:
    house.prepare(state=CHOSEN)
    async with announced(house) as server, running(house) as (app, started):
        await days(30)
        started.menu_opened()
        await days(1)
        assert server.requests == []
        assert app.state.value.looked is None


async def test_switched_on_somebody_is_asked_once_a_day_and_minutes_after_the_start(house: House) -> None:
    house.prepare(state=CHOSEN, update_notice=True)
    async with announced(house) as server, running(house) as (app, started):
        await asyncio.sleep(FIRST - 1)
        assert (server.requests, started.updates is None) == ([], False)
        await asyncio.sleep(2)
        assert len(server.requests) == 1
        await days(10)
        assert len(server.requests) == 11
        assert isinstance(app.view.value.update, Row)


async def test_before_these_minutes_are_over_nothing_of_it_is_there(house: House) -> None:
    house.prepare(update_notice=True)
    async with announced(house), running(house) as (_app, started):
        await asyncio.sleep(UPDATES_AFTER - 1)
        assert started.updates is None


async def test_however_often_it_is_started_a_day_passes_between_two_requests(house: House) -> None:
    house.prepare(state=CHOSEN, update_notice=True)
    async with announced(house) as server:
        for _start in range(8):
            async with running(house):
                await days(0.25)
        assert len(server.requests) == 2
        assert server.connections == 2


async def test_that_somebody_is_asked_is_on_the_disk_before_it_is_done(house: House) -> None:
    """S8: so that neither a program that is killed nor a second one asks twice."""
    house.prepare(state=CHOSEN, update_notice=True)
    stored: list[float] = []

    def answer(_sent: Any) -> Answer:
        looked = json.loads(house.paths.state_file.read_bytes())["looked"]
        stored.append(house.clock.now() - looked["at"])
        return NEWER

    async with announced(house, answer), running(house):
        await asyncio.sleep(FIRST + 1)
    assert len(stored) == 1
    assert 0 <= stored[0] < 1


async def test_what_another_program_wrote_down_counts(house: House) -> None:
    house.prepare(state=msgspec.structs.replace(CHOSEN, looked=Looked(at=house.clock.now() - 3600)), update_notice=True)
    async with announced(house) as server, running(house):
        await days(0.9)
        assert server.requests == []
        await days(0.1)
        assert len(server.requests) == 1


async def test_two_who_ask_in_the_same_moment_ask_once(house: House) -> None:
    house.prepare(state=CHOSEN)
    async with announced(house) as server, house.opened() as app:
        replies = await asyncio.gather(*(do_now(app) for _ in range(3)))
        assert len(server.requests) == 1
        assert sorted("at most" in reply.text for reply in replies) == [False, True, True]


async def test_where_it_cannot_be_written_down_nobody_is_asked_and_it_is_not_tried_again_and_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.prepare(state=CHOSEN, update_notice=True)
    tried = 0

    def full(*_: object) -> None:
        nonlocal tried
        tried += 1
        raise OSError(28, "No space left on device")

    async with announced(house) as server, running(house) as (app, _started):
        monkeypatch.setattr("trayapp.system.files.write_private", full)
        await days(3)
        assert (server.requests, tried) == ([], 1)
        reply = await do_now(app)
        assert not reply.ok
        assert "No space left on device" in reply.text
        assert server.requests == []


async def test_an_answer_that_cannot_be_written_down_is_told_all_the_same_and_the_day_is_taken(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    def answer(_sent: Any) -> Answer:
        monkeypatch.setattr("trayapp.system.files.write_private", full)
        return Answer(status=500)

    house.prepare(state=CHOSEN)
    async with announced(house, answer) as server, house.opened() as app:
        assert "status 500" in (await do_now(app)).text
        assert "No space left on device" in caplog.text
        await do_now(app)
        assert len(server.requests) == 1


async def test_a_clock_that_is_set_back_an_hour_does_not_make_it_ask_twice_and_one_of_years_does_not_keep_it(
    house: House,
) -> None:
    house.prepare(state=CHOSEN, update_notice=True)
    clock: Clock = house.clock  # type: ignore[assignment]
    async with announced(house) as server:
        async with running(house):
            await asyncio.sleep(FIRST + 1)
        clock.set_back(3 * 3600)
        async with running(house):
            await days(1)
            assert len(server.requests) == 1
            await days(0.2)
            assert len(server.requests) == 2
        clock.set_back(3 * 365 * DAY)
        async with running(house):
            await asyncio.sleep(FIRST + 1)
            assert len(server.requests) == 3


@pytest.mark.parametrize("event", [Event.OFFLINE, Event.METERED])
async def test_without_a_network_or_over_one_that_costs_money_nobody_is_asked(house: House, event: Event) -> None:
    house.prepare(state=CHOSEN, update_notice=True, refresh_when_metered=True)
    network = Network(event)
    async with announced(house) as server, running(house, network):
        await days(3)
        assert server.requests == []
        network.say(Event.ONLINE if event is Event.OFFLINE else Event.UNMETERED)
        await asyncio.sleep(SOON - 1)
        assert server.requests == []
        await asyncio.sleep(2)
        assert len(server.requests) == 1


async def test_a_network_that_goes_in_the_last_moment_is_noticed(house: House) -> None:
    house.prepare(state=CHOSEN, update_notice=True)
    network = Network(Event.ONLINE)
    async with announced(house) as server, running(house, network) as (_app, started):
        await asyncio.sleep(UPDATES_AFTER + 1)
        started.network.online = False  # and nobody was told
        await days(1)
        assert server.requests == []


async def test_switched_on_and_off_it_follows_at_once(house: House) -> None:
    house.prepare(state=CHOSEN)
    async with announced(house) as server, running(house) as (app, _started):
        await days(1)
        await do_quietly(app, on=True)
        await asyncio.sleep(SOON + 1)
        assert len(server.requests) == 1
        await do_quietly(app, on=False)
        await days(3)
        assert len(server.requests) == 1


async def do_quietly(app: App, *, on: bool) -> None:
    from trayapp.app.perform import perform

    settings = msgspec.structs.replace(app.stored, update_notice=on)
    assert (await perform(app, SaveSettings(settings), told=False)).ok


async def test_a_build_without_an_address_asks_neither_anybody_nor_its_user(house: House) -> None:
    house.prepare(state=CHOSEN, update_notice=True)
    async with running(house) as (app, started):
        await days(2)
        assert started.updates is None
        assert app.view.value.update is None
        assert app.state.value == CHOSEN
        reply = await do_now(app)
        assert (reply.ok, "no address" in reply.text) == (False, True)


async def do_now(app: App) -> Any:
    from trayapp.app.perform import perform

    return await perform(app, LookForUpdate(), told=False)


# -- what is sent -----------------------------------------------------------------------------------


async def test_what_is_sent_is_the_request_and_nothing_of_this_computer(house: House) -> None:
    house.prepare(state=CHOSEN, update_notice=True)
    told = Answer(body=NEWER.body, headers={"set-cookie": "id=7", "etag": '"7"', "last-modified": "x"})
    async with announced(house, {"/newest": told}, path="/newest?channel=stable") as server, running(house):
        await days(2.5)
        assert len(server.requests) == 3
        for sent in server.requests:
            assert (sent.method, sent.target, sent.body) == ("GET", "/newest?channel=stable", b"")
            assert sent.headers == {
                "host": server.url.removeprefix("http://"),
                "user-agent": "trayapp",
                "accept": "application/json",
                "accept-encoding": "gzip",
                "connection": "keep-alive",
            }
            assert version.VERSION not in str(sent)


async def test_a_failure_is_silent_keeps_what_is_known_and_is_tried_again_a_day_later(house: House) -> None:
    house.prepare(state=CHOSEN, update_notice=True)
    told: list[object] = []
    answers = {"/newest": [NEWER, Answer(status=500), NEWER]}
    async with announced(house, answers) as server, running(house) as (app, _started):
        app.notice.listen(told.append)
        app.window.listen(told.append)
        await days(1.5)
        assert len(server.requests) == 2
        looked = app.state.value.looked
        assert looked is not None
        assert (looked.failed, looked.version) == (True, "9.9.9")
        await days(1)
        assert len(server.requests) == 3
        assert app.state.value.looked is not None
        assert not app.state.value.looked.failed
        assert told == []
