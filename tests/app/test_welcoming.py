"""The first start's work: nothing before the end, then all of it or nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.app.house import KEY, OFF, REFUSED, SERVER, House, at, models, upstream
from tests.support.clock import FakeClock
from tests.support.upstream import Reply as Answer
from tests.support.upstream import Sent, Upstream
from trayapp.app import welcoming
from trayapp.core.intents import Intent, SaveAccount
from trayapp.core.models import ModelRef
from trayapp.core.secret import Secret
from trayapp.core.state import State
from trayapp.ui import welcome
from trayapp.ui.welcome import TOLD, Draft

DRAFT = Draft(spec="groq", key=Secret(KEY), ref=ModelRef("groq", "llama"))


@pytest.fixture
def house(tmp_path: Path, clock: FakeClock) -> House:
    made = House(tmp_path, clock)
    made.prepare()
    return made


def moved(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Let the account that is added belong to a server of this computer."""

    def to_do(draft: Draft, taken: Any) -> tuple[Intent, ...]:
        def put(intent: Intent) -> Intent:
            if isinstance(intent, SaveAccount):
                account = msgspec.structs.replace(intent.account, base_url=f"{url}/openai/v1")
                return SaveAccount(account)
            return intent

        return tuple(put(it) for it in welcome.to_do(draft, taken))

    monkeypatch.setattr(welcoming, "to_do", to_do)


def keys_of(house: House) -> list[str]:
    return list(house.keyring.entries.values())


async def test_the_end_sets_up_account_key_and_model(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async with upstream(**{"/openai/v1/models": models("llama")}) as url, house.opened() as app:
        moved(monkeypatch, url)
        reply = await welcoming.set_up(app, DRAFT)
        assert reply.ok, reply.text
    settings, state = house.stored()
    assert [it.id for it in settings.accounts] == [*(it.id for it in OFF), "groq"]
    assert state.active == ModelRef("groq", "llama")
    assert TOLD in state.told
    assert keys_of(house) == [KEY]


async def test_a_refused_key_leaves_nothing_behind(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async with upstream(**{"/openai/v1/models": REFUSED}) as url, house.opened() as app:
        moved(monkeypatch, url)
        reply = await welcoming.set_up(app, DRAFT)
    assert not reply.ok
    assert isinstance(reply.data, dict)
    assert reply.data["verdict"] == "refused"
    settings, state = house.stored()
    assert settings.accounts == OFF
    assert (state.active, state.told, keys_of(house)) == (None, (), [])


async def test_who_gives_up_while_the_provider_is_asked_leaves_nothing_behind(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asyncio.Event()

    def answer(_sent: Sent) -> Answer:
        asked.set()
        return Answer(hang=True)

    async with Upstream(answer) as url, house.opened() as app:
        moved(monkeypatch, url)
        task = asyncio.create_task(welcoming.set_up(app, DRAFT))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    settings, state = house.stored()
    assert settings.accounts == OFF
    assert (state.active, keys_of(house)) == (None, [])


async def test_looking_writes_nothing(house: House) -> None:
    before = {path: path.read_bytes() for path in house.files()}
    async with house.opened() as app:
        app.env = {**house.env}
        seen = await welcoming.look(app, dict)
        added = welcome.accounts_of(DRAFT, ())
        offered = await welcoming.lists(app, added)
    assert (seen.keyring, dict(seen.servers)) == ("ok", {})
    assert [name for name, _models in offered] == ["Groq"]
    assert len(offered[0][1]) > 3
    assert {path: path.read_bytes() for path in house.files()} == before


async def test_it_comes_by_itself_once_and_never_to_who_has_something(house: House) -> None:
    async with house.opened() as app:
        assert not welcoming.due(app)  # local servers were switched off by hand
    house.prepare_only()
    async with house.opened() as app:
        assert welcoming.due(app)
        await welcoming.leave(app)
        assert not welcoming.due(app)
    assert house.stored()[1].told == (TOLD,)
    house.prepare_only(at(SERVER, "http://127.0.0.1:1"), state=State())
    async with house.opened() as app:
        assert not welcoming.due(app)
