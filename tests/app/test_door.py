"""What other processes may ask of the running program, and what they are told."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import msgspec
import pytest

from tests.app.house import GROQ, KEY, SERVER, House, at, ref, settled, upstream
from trayapp.app.door import Request, answer
from trayapp.app.root import App
from trayapp.app.start import Started
from trayapp.core.accounts import Account
from trayapp.core.intents import Activate, Intent, OpenSettings, PickModel, Quit, Refresh, StoreKey
from trayapp.core.secret import Secret
from trayapp.core.state import State
from trayapp.system.instance import claim, hand_over


async def told(app: App, request: Any) -> dict[str, Any]:
    line = request if isinstance(request, bytes) else msgspec.json.encode(request)
    reply = await answer(app, line)
    assert b"\n" not in reply
    await settled(app)
    decoded: dict[str, Any] = msgspec.json.decode(reply)
    return decoded


async def test_ping_is_answered(house: House) -> None:
    house.prepare()
    async with house.opened() as app:
        assert await told(app, Request(ask="ping")) == {}


async def test_status_tells_what_the_files_do_not(house: House) -> None:
    async with upstream("qwen") as url:
        groq, future = at(GROQ, url), Account("future", "provider-of-tomorrow")
        house.prepare(at(SERVER, url), groq, future, state=house.keyed(groq))
        async with house.opened() as app:
            await app.catalog.refresh((app.account("server"),), force=True)
            data = (await told(app, Request(ask="status")))["data"]
            assert (data["refreshing"], data["keyring"]) == ([], "ok")
            assert {name: place for name, place in data["kept"].items() if place} == {"groq": "keyring"}
            assert data["listings"]["server"] == {
                "source": "live",
                "models": 1,
                "fetched_at": house.clock.now(),
                "failure": None,
            }
    assert KEY not in str(data)


async def test_an_intent_is_performed_and_its_reply_comes_back(house: House) -> None:
    house.prepare(SERVER, confirm_switch=True, state=State(active=ref("groq", "x")))
    async with house.opened() as app:
        notices: list[object] = []
        app.notice.listen(notices.append)
        reply = await told(app, Request(intent=PickModel(ref("server", "qwen"), confirmed=True)))
        assert reply["text"] == "Switched to model: qwen on provider: Server"
        assert app.state.value.active == ref("server", "qwen")
        reply = await told(app, Request(intent=PickModel(ref("nobody", "qwen"))))
        assert (reply["ok"], reply["data"]) == (False, {"kind": "unknown-provider"})
        assert len(notices) == 1  # who asked has the reply: the failure is not shown a second time


async def test_windows_and_the_end_can_be_asked_for(house: House) -> None:
    house.prepare()
    async with house.opened() as app:
        shown: list[object] = []
        app.window.listen(shown.append)
        assert "without a screen" in (await told(app, Request(intent=Activate())))["text"]
        app.tray = lambda: True
        for intent in (Activate(), OpenSettings("Models")):
            assert await told(app, Request(intent=intent)) == {}
        assert shown == [Activate(), OpenSettings("Models")]
        assert not app.leaving.is_set()
        await told(app, Request(intent=Quit()))
        assert app.leaving.is_set()


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"not json",
        b"[]",
        b'"ping"',
        b'{"intent": {"type": "FormatDisk"}}',
        b'{"intent": {"type": "PickModel"}}',
        b'{"intent": {"type": "PickModel", "ref": "groq/llama"}}',
        b'{"intent": "Quit"}',
        b'{"ask": 7}',
        b"\xff\xfe\x00",
        b'{"intent":' * 100_000,
        b'{"x":' + b"[" * 100_000,
    ],
    ids=lambda line: line[:20].decode("latin-1") or "nothing",
)
async def test_what_is_not_understood_is_answered_in_words_and_does_nothing(house: House, line: bytes) -> None:
    house.prepare()
    async with house.opened() as app:
        before = (app.state.value, app.settings.value)
        reply = await told(app, line)
        assert reply == {"ok": False, "text": "The running trayapp does not understand this request."}
        assert (app.state.value, app.settings.value) == before
        assert not app.leaving.is_set()


async def test_an_unknown_question_is_named(house: House) -> None:
    house.prepare()
    async with house.opened() as app:
        reply = await told(app, Request(ask="weather"))
        assert (reply["ok"], reply["text"]) == (False, "The running trayapp does not know “weather”.")


def test_a_key_has_no_form_in_which_it_could_come() -> None:
    with pytest.raises((TypeError, NotImplementedError, msgspec.MsgspecError)):
        msgspec.json.encode({"intent": StoreKey("groq", Secret(KEY))})
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"intent": {"type": "StoreKey", "provider": "groq", "key": "x"}}', type=Request)


async def test_the_door_is_open_over_the_socket_as_soon_as_the_program_has_begun(house: House) -> None:
    house.prepare(SERVER)
    held = claim(house.paths.runtime)
    assert held is not None

    def ask(intent: Intent) -> dict[str, Any]:
        line = msgspec.json.encode({"intent": intent})
        raw = hand_over(house.paths.runtime, line, 5.0)
        assert raw is not None
        decoded: dict[str, Any] = msgspec.json.decode(raw)
        return decoded

    async with house.opened() as app:
        started = Started(app, held)
        started.begin()
        reply = await asyncio.to_thread(ask, PickModel(ref("server", "qwen")))
        assert reply["text"].startswith("Switched to model: qwen")
        reply = await asyncio.to_thread(ask, Refresh("nobody"))
        assert not reply["ok"]
        started.end()
        await held.close()
    assert house.stored()[1].active == ref("server", "qwen")


async def test_the_leave_to_come_to_the_front_reaches_whoever_has_windows(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.prepare()
    monkeypatch.setenv("XDG_ACTIVATION_TOKEN", "")
    async with house.opened() as app:
        await told(app, Request(intent=Activate(), activation="token-1"))
        assert os.environ["XDG_ACTIVATION_TOKEN"] == ""
        app.tray = lambda: True
        await told(app, Request(intent=Activate(), activation="token-1"))
        assert os.environ["XDG_ACTIVATION_TOKEN"] == "token-1"
