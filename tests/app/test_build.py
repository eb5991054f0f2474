"""The program as it is built from what is on the disk, whatever that is; reported mistakes; the end."""

from __future__ import annotations

import asyncio
import json
import logging
import time

import pytest

from tests.app.house import GROQ, KEY, SERVER, House, at, heard, settled, slot_of, upstream
from trayapp.app.about import about
from trayapp.app.build import program
from trayapp.app.root import REPORT_AGAIN, TELL_AGAIN
from trayapp.core.accounts import Account
from trayapp.core.models import ModelRef
from trayapp.core.state import State
from trayapp.ui.notices import Notice, Subject


async def test_a_first_start_has_something_to_show(house: House) -> None:
    async with house.opened() as app:
        assert app.notice.value is None
        assert [row.label for row in app.view.value.head] == ["No model chosen", "Add a provider…"]
        assert app.view.value.sections == ()
        assert [it.id for it in app.accounts] == ["ollama", "lmstudio"]
    assert house.files() == []  # looking changes nothing


async def test_building_opens_no_keyring_and_no_network(house: House) -> None:
    server = upstream("llama")
    async with server as url:
        account = at(GROQ, url)
        house.prepare(account, state=house.keyed(account))
        house.listed(account, "llama", age=10_000)
        async with house.opened() as app:
            assert app.view.value.sections[0].title == "Groq (1) – cached 2 h ago"
            await settled(app)
    assert (server.requests, house.keyring.calls) == ([], [])


BROKEN = {"settings": b"[[[ not toml", "state": b'{"active": ', "list": b"\x00\x01 not json"}


@pytest.mark.parametrize("broken", [["settings"], ["state"], ["list"], list(BROKEN)], ids=", ".join)
async def test_what_cannot_be_read_is_set_aside_with_a_notice_and_the_start_goes_on(
    house: House, broken: list[str]
) -> None:
    house.prepare(SERVER, state=State(active=ModelRef("server", "qwen")))
    house.listed(SERVER, "qwen")
    files = {
        "settings": house.paths.settings_file,
        "state": house.paths.state_file,
        "list": house.paths.listings / "server.json",
    }
    for name in broken:
        files[name].write_bytes(BROKEN[name])
    async with house.opened() as app:
        notice = app.notice.value
        assert notice is not None
        assert notice.subject is Subject.SET_ASIDE
        damaged = [name for name in broken if not (name == "list" and "settings" in broken)]
        assert len(notice.text.splitlines()) == len(damaged)
        assert app.view.value.tail
        for name in damaged:
            kept = [path for path in files[name].parent.iterdir() if path.read_bytes() == BROKEN[name]]
            assert kept != [files[name]]
            assert len(kept) == 1


async def test_parts_that_cannot_be_used_cost_only_themselves(house: House) -> None:
    house.paths.config.mkdir(parents=True)
    house.paths.settings_file.write_text(
        'version = 1\ninline_models = "many"\nconfirm_switch = true\n'
        '[[accounts]]\nid = "server"\nspec = "openai-compatible"\n[[accounts]]\nname = "no id"\n'
    )
    async with house.opened() as app:
        assert (app.settings.value.inline_models, app.settings.value.confirm_switch) == (25, True)
        assert "server" in [it.id for it in app.accounts]
        assert app.notice.value is not None
        assert "inline_models" in app.notice.value.text
        assert "Account 2" in app.notice.value.text


async def test_ids_and_names_written_by_hand_break_nothing(house: House) -> None:
    odd = Account("A b@c/d", "openai-compatible", "&_–" * 20, base_url="http://127.0.0.1:9")
    house.prepare(odd, Account("", "groq"), Account("x", ""), state=State(active=ModelRef("A b@c/d", "m/n")))
    async with house.opened() as app:
        assert len(app.view.value.sections) == 3
        await app.catalog.refresh(app.accounts, force=True)
        await settled(app)


async def test_the_program_tells_what_it_is_and_where_its_files_are(house: House) -> None:
    async with house.opened() as app:
        told = about(app)
        assert ("Settings", str(house.paths.settings_file)) in told.places
        assert told.editions[0].startswith("Shipped catalogue of 20")


def test_the_program_that_a_login_starts_is_this_one() -> None:
    assert program({"TRAYAPP_PROGRAM": "python3\npackaging/run.py"}) == ["python3", "packaging/run.py"]
    started = program({})
    assert started[-2:] == ["-m", "trayapp"] or (len(started) == 1 and started[0].endswith("trayapp"))


# -- mistakes of our own --------------------------------------------------------------------------------


def fail(text: str = "boom") -> BaseException:
    try:
        raise RuntimeError(text)
    except RuntimeError as exc:
        return exc


def fail_elsewhere() -> BaseException:
    try:
        return BaseException(json.loads("{"))
    except ValueError as exc:
        return exc


async def test_what_fails_every_second_is_told_once_and_logged_once(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.prepare()
    async with house.opened() as app:
        told = heard(app)

        async def every_second() -> None:
            for number in range(50):
                app.tasks.start(mistake(number), name=f"task {number}")
                await house.clock.sleep(1)

        await every_second()
        await settled(app)
        assert [notice.subject for notice in told] == [Subject.FAILED]
        assert "log has the details" in told[0].text
        records = [it for it in caplog.records if it.levelno == logging.ERROR]
        assert len(records) == 1
        assert records[0].exc_info is not None
        house.clock.advance(REPORT_AGAIN)
        app.report("again", fail())  # from another place
        app.tasks.start(mistake(0), name="task")
        await settled(app)
        assert len(told) == 2
        again = [it.getMessage() for it in caplog.records if it.levelno == logging.ERROR][1:]
        assert again == ["unexpected in again", "unexpected in task, and 49 times more since it was last written here"]


async def mistake(number: int) -> None:
    raise RuntimeError(f"number {number}")


async def test_different_mistakes_are_all_logged_and_not_all_told(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.prepare()
    async with house.opened() as app:
        told = heard(app)
        app.report("one", fail())
        app.report("two", fail_elsewhere())
        assert len([it for it in caplog.records if it.levelno == logging.ERROR]) == 2
        assert len(told) == 1
        house.clock.advance(TELL_AGAIN)
        app.report("three", TimeoutError("did not end"))
        assert len(told) == 2


async def test_a_key_in_a_mistake_reaches_no_screen(house: House) -> None:
    house.prepare()
    async with house.opened() as app:
        told: list[Notice] = heard(app)
        app.report("task", fail(f"key {KEY}"))
        assert KEY not in "".join(f"{it.title} {it.text}" for it in told)


# -- the end ------------------------------------------------------------------------------------------------


async def test_closing_drops_keys_writes_what_is_due_and_can_be_done_twice(house: House) -> None:
    async with upstream("llama") as url:
        account = at(GROQ, url)
        house.prepare(account, state=house.keyed(account))
        house.listed(account, "old")
        async with house.opened() as app:
            await app.catalog.refresh(app.accounts, force=True)
            app.catalog.invalidate("groq")  # the mark on the disk is under way
            began = time.perf_counter()
            await app.close()
            assert time.perf_counter() - began < 1.0
            assert json.loads((house.paths.listings / "groq.json").read_bytes())["doubtful"] is True
            assert not app.keychain.keys.session_only(slot_of(account))


async def test_closing_waits_for_no_task_that_will_not_end(house: House) -> None:
    house.prepare()
    async with house.opened() as app:
        app.tasks.start(asyncio.sleep(3600), name="sleeper")
        await asyncio.sleep(0)
        began = time.perf_counter()
        await app.close()
        assert time.perf_counter() - began < 0.5
