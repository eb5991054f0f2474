"""The look-over of a whole program: every account as it is, and no key in what is told."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from tests.app.house import KEY, REFUSED, SERVER, WORK, House, at, do, guarded, settled, slot_of, upstream
from tests.support.upstream import Reply as Answer
from tests.support.upstream import Upstream
from trayapp.app import diagnosis
from trayapp.app.diagnosis import Doctor
from trayapp.app.door import answer
from trayapp.app.root import App
from trayapp.core.accounts import Account, KeyFrom
from trayapp.core.intents import Refresh
from trayapp.core.rules import Rule
from trayapp.core.state import State
from trayapp.ui.diagnostics import findings
from trayapp.ui.findings import Finding, Seen, Severity

DEAD = Account("dead", "openai-compatible", "Dead", base_url="http://127.0.0.1:9/v1")


async def asked(app: App, question: str) -> Any:
    """What the running program answers to another process."""
    return msgspec.json.decode(await answer(app, msgspec.json.encode({"ask": question})))["data"]


async def test_the_figures_of_the_cache_are_told_to_who_asks(house: House) -> None:
    async with upstream("a", "b") as server:
        account = at(SERVER, server)
        house.prepare(account)
        async with house.opened() as app:
            await do(app, Refresh("server"))
            found = await asked(app, "cache")
            row = next(it for it in found["accounts"] if it["provider"] == "server")
            assert (row["entries"], row["calls"], row["source"], row["breaker"]) == (2, 1, "live", "closed")
            assert row["bytes"] == (house.paths.listings / "server.json").stat().st_size


async def look(app: App) -> dict[str, Finding]:
    """What the doctor says of each account."""
    seen = msgspec.convert(await asked(app, "doctor"), Seen)
    return {it.about: it for it in findings(seen) if it.about}


async def test_the_doctor_sees_every_account_as_it_is(house: House) -> None:
    async with guarded(KEY, "a") as good, Upstream({"/v1/models": REFUSED}) as bad:
        work, private = at(WORK, good), at(Account("private", "openai", "Private"), bad)
        env = Account("env", "groq", "Env", key_from=KeyFrom.ENVIRONMENT)
        azure, off = Account("azure", "azure-openai"), Account("off", "mistral", enabled=False)
        house.keyring.entries.update({slot_of(work): KEY, slot_of(private): "sk-another-key-of-somebody"})
        house.prepare(work, private, env, azure, off, DEAD, state=State(keyed=(slot_of(work), slot_of(private))))
        async with house.opened() as app:
            await do(app, Refresh())
            found = await look(app)
    assert found["work"].text == "OpenAI – work: 1 model, listed just now."
    assert (found["private"].severity, "refused the key" in found["private"].text) == (Severity.ERROR, True)
    assert "GROQ_API_KEY is not set" in found["env"].text
    assert found["azure"].severity is Severity.ERROR
    assert found["off"].text == "Mistral AI is switched off."
    assert (found["dead"].severity, "127.0.0.1:9" in found["dead"].text) == (Severity.NOTE, True)


async def test_a_local_server_that_came_meanwhile_is_seen_without_being_asked(house: House) -> None:
    async with upstream("a") as url:
        account = at(SERVER, url)
        house.prepare(account)
        async with house.opened() as app:
            doctor = Doctor(app, running=True)
            machine = await doctor.look()
            assert machine.listening == {"server": True}


async def test_the_report_has_no_key_in_it(house: House, canary: str) -> None:
    async with Upstream({"/v1/models": Answer(status=401, body={"error": {"message": f"bad {canary}"}})}) as url:
        work = at(WORK, url)
        house.keyring.entries[slot_of(work)] = canary
        house.prepare(work, state=State(keyed=(slot_of(work),)))
        async with house.opened() as app:
            await do(app, Refresh())
            doctor = Doctor(app, running=True)
            text = doctor.report(await doctor.look())
    assert "work (openai)" in text
    assert canary not in text
    assert "OpenAI – work" not in text


async def test_a_keyring_that_hangs_does_not_hold_up_the_rest(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.prepare()
    async with house.opened() as app:

        async def never() -> Any:
            await asyncio.Event().wait()

        monkeypatch.setattr(app.keychain, "look", never)
        monkeypatch.setattr(diagnosis, "PATIENCE", 0.01)
        machine = await Doctor(app, running=True).look()
    assert machine.keyring == "no-service"


async def test_who_listens_hears_of_changes_until_they_leave(house: House) -> None:
    async with upstream("a") as url:
        account = at(SERVER, url)
        house.prepare(account)
        async with house.opened() as app:
            heard: list[str] = []
            leave = Doctor(app, running=True).listen(lambda: heard.append("x"))
            await do(app, Refresh("server"))
            assert heard
            leave()
            heard.clear()
            await do(app, Refresh("server"))
            await settled(app)
            assert heard == []


async def test_a_rule_whose_pattern_is_none_is_found(house: House) -> None:
    house.prepare(rules=(Rule("odd", "(unclosed", "ollama/x"),))
    async with house.opened() as app:
        machine = await Doctor(app, running=True).look()
        assert len([it for it in machine.rules if "odd" in it]) >= 1
        assert any("odd" in it.text and it.severity.wrong for it in findings(Seen(machine)))
