"""The two small files: read as they were saved, written whole, and nothing of the user's lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.system.stored import OPENAI, ROOT, SAMPLES, names
from tests.system.test_settings_text import SETTINGS, TEXT
from trayapp.core.accounts import Account
from trayapp.core.errors import UserError
from trayapp.core.models import ModelRef
from trayapp.core.profiles import Profile
from trayapp.core.rules import Rule
from trayapp.core.settings import Settings
from trayapp.core.state import State, Token
from trayapp.system import paths
from trayapp.system.paths import Paths
from trayapp.system.store import Store


def test_the_first_start_finds_nothing_and_says_nothing(here: Paths) -> None:
    loaded = Store(here).load()
    assert (loaded.settings, loaded.state, loaded.notices) == (Settings(), State(), ())
    assert loaded.settings_writable
    assert loaded.state_writable
    assert names(here.config) == names(here.data) == []


def test_stored_examples_are_loaded_and_saved_as_they_were(here: Paths) -> None:
    here.settings_file.write_bytes((SAMPLES / "settings/v1.toml").read_bytes())
    here.state_file.write_bytes((SAMPLES / "state/v1.json").read_bytes())
    store = Store(here)
    loaded = store.load()
    assert loaded.notices == ()
    store.save_settings(loaded.settings)
    store.save_state(loaded.state)
    assert here.settings_file.read_bytes() == (SAMPLES / "settings/v1.toml").read_bytes()
    assert json.loads(here.state_file.read_bytes()) == json.loads((SAMPLES / "state/v1.json").read_bytes())
    assert Store(here).load() == loaded


@given(st.lists(SETTINGS, min_size=1, max_size=3))
@hypothesis_settings(max_examples=40, deadline=None)
def test_settings_saved_are_settings_loaded(saved: list[Settings]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        found = paths.find({"TRAYAPP_HOME": folder})
        store = Store(found)
        store.load()
        for it in saved:
            store.save_settings(it)
            loaded = Store(found).load()
            assert (loaded.settings, loaded.notices) == (it, ())
        assert names(found.config) == ["settings.toml"]


REFS = st.builds(ModelRef, TEXT, TEXT)
STATES = st.builds(
    State,
    active=st.none() | REFS,
    keyed=st.lists(TEXT, max_size=3).map(tuple),
    strategy=st.none() | TEXT,
    pinned=st.lists(REFS, max_size=3).map(tuple),
)


@given(STATES)
@hypothesis_settings(max_examples=40, deadline=None)
def test_state_saved_is_state_loaded(state: State) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        found = paths.find({"TRAYAPP_HOME": folder})
        Store(found).save_state(state)
        loaded = Store(found).load()
        assert (loaded.state, loaded.notices) == (state, ())


def test_a_store_that_was_never_loaded_writes_what_it_is_given(here: Paths) -> None:
    here.settings_file.write_text("tray_wait = 9 # mine\ninline_models = 3\n")
    Store(here).save_settings(Settings(tray_wait=4))
    assert Store(here).load().settings == Settings(tray_wait=4)
    assert "# mine" in here.settings_file.read_text()


def test_unknown_names_are_kept_in_both_files(here: Paths) -> None:
    here.settings_file.write_text('# hello\nfuture = "x"\n[table]\na = 1 # b\n')
    here.state_file.write_text('{"version": 1, "future": {"a": [1]}}')
    store = Store(here)
    assert store.load().notices == ()
    store.save_settings(Settings(tray_wait=3, accounts=(OPENAI,)))
    store.save_state(State(strategy="ram"))
    text = here.settings_file.read_text()
    assert "# hello" in text
    assert 'future = "x"' in text
    assert "a = 1 # b" in text
    assert json.loads(here.state_file.read_bytes())["future"] == {"a": [1]}


def test_unknown_names_inside_of_what_we_know_are_kept(here: Paths) -> None:
    here.settings_file.write_text('[[accounts]]\nid = "openai"\nspec = "openai"\nfuture = "x"\n')
    held = {"profiles": [{"name": "Work", "colour": "red"}, {"name": "Off"}, 7], "tokens": "none"}
    here.state_file.write_text(json.dumps(held))
    store = Store(here)
    loaded = store.load()
    store.save_settings(msgspec.structs.replace(loaded.settings, inline_models=3))
    profiles = (Profile("Off"), Profile("Work", strategy="ram"), Profile("New"))
    store.save_state(State(profiles=profiles, tokens=(Token("t", "00"),)))
    assert 'future = "x"' in here.settings_file.read_text()
    assert json.loads(here.state_file.read_bytes())["profiles"] == [
        {"name": "Off"},
        {"name": "Work", "strategy": "ram", "colour": "red"},
        {"name": "New"},
    ]


def test_models_by_their_name_alone_are_told_and_stay_in_the_settings(here: Paths) -> None:
    text = 'default_route = "gpt-4.1"\n[roles]\nfast = "gpt-4.1"\ncode = "a/b"\n'
    text += '[[rules]]\nname = "short"\npattern = ""\nto = "gpt-4.1"\n'
    here.settings_file.write_text(text)
    store = Store(here)
    loaded = store.load()
    assert [it for it in loaded.notices if "“gpt-4.1” is" in it] == list(loaded.notices)
    assert len(loaded.notices) == 3
    store.save_settings(msgspec.structs.replace(loaded.settings, inline_models=3))
    assert here.settings_file.read_text().count("gpt-4.1") == 3
    store.save_settings(msgspec.structs.replace(loaded.settings, roles={}, rules=(Rule("new", "", "a/b"),)))
    kept = [path.read_text() for path in here.config.iterdir() if path != here.settings_file]
    assert [it.count("gpt-4.1") for it in kept] == [3]


def test_what_is_edited_while_the_program_runs_survives_a_save(here: Paths) -> None:
    store = Store(here)
    store.save_settings(Settings(accounts=(OPENAI,)))
    loaded = store.load().settings
    text = here.settings_file.read_text().replace("version = 1\n", "version = 1\ntray_wait = 44 # by hand\n")
    here.settings_file.write_text(text)
    store.save_settings(msgspec.structs.replace(loaded, inline_models=3))
    assert Store(here).load().settings == Settings(tray_wait=44, inline_models=3, accounts=(OPENAI,))
    assert "# by hand" in here.settings_file.read_text()


def test_a_file_removed_while_the_program_runs_is_written_whole_again(here: Paths) -> None:
    store = Store(here)
    settings = Settings(tray_wait=3, accounts=(OPENAI,))
    store.save_settings(settings)
    store.load()
    here.settings_file.unlink()
    store.save_settings(msgspec.structs.replace(settings, inline_models=3))
    assert Store(here).load().settings == Settings(tray_wait=3, inline_models=3, accounts=(OPENAI,))


def test_a_file_that_is_half_edited_when_we_save_is_kept_beside_it(here: Paths) -> None:
    store = Store(here)
    settings = Settings(accounts=(OPENAI,))
    store.save_settings(settings)
    store.load()
    here.settings_file.write_text("tray_wait = \n# my long work")
    store.save_settings(msgspec.structs.replace(settings, inline_models=3))
    assert Store(here).load().settings == Settings(inline_models=3, accounts=(OPENAI,))
    assert (here.config / "settings.toml.bad-1").read_text() == "tray_wait = \n# my long work"


def test_settings_in_a_repository_of_dotfiles_are_written_there(here: Paths, tmp_path: Path) -> None:
    repository = tmp_path / "dotfiles"
    repository.mkdir()
    (repository / "trayapp.toml").write_text("# shared\nversion = 1\n")
    here.settings_file.symlink_to(repository / "trayapp.toml")
    store = Store(here)
    store.load()
    store.save_settings(Settings(tray_wait=3))
    assert here.settings_file.is_symlink()
    assert (repository / "trayapp.toml").read_text() == "# shared\nversion = 1\ntray_wait = 3\n"


def test_text_that_no_file_can_hold_is_refused_and_changes_nothing(here: Paths) -> None:
    store = Store(here)
    store.save_settings(Settings(tray_wait=3))
    with pytest.raises(UserError, match="characters"):
        store.save_settings(Settings(accounts=(Account("a", "x", "\udcff"),)))
    with pytest.raises(UserError, match="characters"):
        store.save_state(State(strategy="\udcff"))
    assert Store(here).load().settings == Settings(tray_wait=3)


@pytest.mark.unmeasured
def test_reading_imports_no_writer() -> None:
    code = (
        "import sys; import trayapp.system.store as s, trayapp.system.paths as p\n"
        "s.Store(p.find()).load()\n"
        "heavy = {'tomlkit', 'asyncio', 'httpx', 'keyring', 'socket', 'dataclasses', 'tempfile', 'logging'}\n"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    env = {**os.environ, "TRAYAPP_HOME": "/nonexistent/home"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, env=env)
    assert done.stdout.strip() == ""
