"""The two small files: read whatever they hold, written whole, and nothing of the user's lost."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
import tomllib
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.system.test_settings_text import SETTINGS, TEXT
from trayapp.core.accounts import Account
from trayapp.core.errors import Kind, ProviderError, UserError
from trayapp.core.models import ModelRef
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.system import files, paths
from trayapp.system.paths import Paths
from trayapp.system.store import LIMIT, Store

ROOT = Path(__file__).parent.parent.parent
SAMPLES = ROOT / "tests" / "samples"
OPENAI = Account("openai", "openai", "OpenAI – work")


@pytest.fixture
def here(tmp_path: Path) -> Paths:
    found = paths.find({"TRAYAPP_HOME": str(tmp_path)})
    found.config.mkdir()
    found.data.mkdir()
    return found


def names(folder: Path) -> list[str]:
    return sorted(it.name for it in folder.iterdir())


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


GARBAGE: dict[str, bytes] = {
    "noise": bytes(range(256)),
    "zeros": b"\0" * 1000,
    "half a line": b"version = 1\ntray_wait =",
    "another format": b"<?xml version='1.0'?><a/>",
    "deep": b"a = " + b"[" * 100_000,
    "a huge number": b"version = " + b"9" * 5000,
    "too large": b"#" * (LIMIT + 1),
    "utf-16": "version = 1\n".encode("utf-16"),
}


@pytest.mark.parametrize("kind", GARBAGE)
@pytest.mark.parametrize("which", ["settings_file", "state_file"])
def test_an_unreadable_file_is_set_aside_with_a_notice_and_the_launch_goes_on(
    kind: str, which: str, here: Paths
) -> None:
    path: Path = getattr(here, which)
    path.write_bytes(GARBAGE[kind])
    store = Store(here)
    loaded = store.load()
    assert (loaded.settings, loaded.state) == (Settings(), State())
    (notice,) = loaded.notices
    assert f"“{path.name}”" in notice
    assert f"“{path.name}.bad-1”" in notice
    assert "\n" not in notice
    assert len(notice) < 400
    assert path.with_name(f"{path.name}.bad-1").read_bytes() == GARBAGE[kind]
    assert not path.exists()
    store.save_settings(Settings(tray_wait=3))
    store.save_state(State(strategy="ram"))
    again = Store(here).load()
    assert (again.settings, again.state, again.notices) == (Settings(tray_wait=3), State(strategy="ram"), ())


@pytest.mark.parametrize("text", ["[]", "null", "7", '"x"', '{"version": 1', "", "NaN", '{"a": 1}{"b": 2}'])
def test_a_state_that_is_no_object_is_set_aside(text: str, here: Paths) -> None:
    here.state_file.write_text(text)
    assert Store(here).load().notices
    assert names(here.data) == ["state.json.bad-1"]


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", "\ufeff", "\ufeffversion = 1\r\n"])
def test_an_empty_file_of_settings_is_no_problem(text: str, here: Paths) -> None:
    here.settings_file.write_bytes(text.encode())
    store = Store(here)
    assert (store.load().settings, store.load().notices) == (Settings(), ())
    store.save_settings(Settings(tray_wait=3))
    assert Store(here).load().settings == Settings(tray_wait=3)
    assert here.settings_file.read_bytes().startswith(b"\xef\xbb\xbf") is text.startswith("\ufeff")


def test_a_byte_order_mark_does_not_hurt_the_state(here: Paths) -> None:
    here.state_file.write_bytes(b'\xef\xbb\xbf{"strategy": "ram"}')
    assert Store(here).load().state == State(strategy="ram")


def test_settings_in_latin_1_are_read_and_the_original_is_kept_when_they_are_written(here: Paths) -> None:
    original = 'version = 1 # gr\xfc\xdfe\n[[accounts]]\nid = "a"\nspec = "x"\nname = "B\xfcro"\n'.encode("latin-1")
    here.settings_file.write_bytes(original)
    store = Store(here)
    loaded = store.load()
    assert loaded.settings.accounts == (Account("a", "x", "Büro"),)
    assert "UTF-8" in loaded.notices[0]
    store.save_settings(msgspec.structs.replace(loaded.settings, tray_wait=3))
    assert (here.config / "settings.toml.bad-1").read_bytes() == original
    assert "grüße" in here.settings_file.read_text("utf-8")
    assert Store(here).load().notices == ()


def test_a_folder_in_a_files_place_is_set_aside(here: Paths) -> None:
    here.settings_file.mkdir()
    (here.settings_file / "x").write_text("dear")
    store = Store(here)
    assert "set aside" in store.load().notices[0]
    assert (here.config / "settings.toml.bad-1" / "x").read_text() == "dear"
    store.save_settings(Settings(tray_wait=3))


@pytest.mark.skipif(os.name != "posix", reason="no named pipes on this system")
def test_a_pipe_in_a_files_place_keeps_nobody_waiting(here: Paths) -> None:
    os.mkfifo(here.state_file)
    assert Store(here).load().notices


@pytest.mark.parametrize("which", ["settings", "state"])
def test_a_file_of_a_newer_version_is_left_untouched_byte_for_byte(which: str, here: Paths) -> None:
    contents = {
        here.settings_file: b"# new\r\nversion = 99\nshape = [1,\n 2]\n" if which == "settings" else b"tray_wait = 3\n",
        here.state_file: b'{"version" : 99, "x": 1}' if which == "state" else b'{"strategy": "ram"}',
    }
    for path, data in contents.items():
        path.write_bytes(data)
    newer = here.settings_file if which == "settings" else here.state_file
    store = Store(here)
    loaded = store.load()
    assert (loaded.settings_writable, loaded.state_writable) == (which != "settings", which != "state")
    assert loaded.settings == (Settings() if which == "settings" else Settings(tray_wait=3))
    assert loaded.state == (State() if which == "state" else State(strategy="ram"))
    assert "newer version" in loaded.notices[0]
    refused, taken = (
        (store.save_settings, store.save_state) if which == "settings" else (store.save_state, store.save_settings)
    )
    values: dict[Any, Any] = {store.save_settings: Settings(inline_models=1), store.save_state: State(strategy="ssd")}
    with pytest.raises(UserError, match="newer version"):
        refused(values[refused])
    taken(values[taken])
    assert newer.read_bytes() == contents[newer]
    assert names(here.config) == ["settings.toml"]
    assert names(here.data) == ["state.json"]


def test_a_newer_version_that_was_installed_while_we_run_is_left_alone_as_well(here: Paths) -> None:
    store = Store(here)
    store.save_settings(Settings(tray_wait=3))
    store.load()
    here.settings_file.write_bytes(b"version = 99\n")
    with pytest.raises(UserError, match="newer version"):
        store.save_settings(Settings(tray_wait=4))
    assert here.settings_file.read_bytes() == b"version = 99\n"


def test_parts_that_could_not_be_used_are_named_and_never_lost(here: Paths) -> None:
    original = 'tray_wait = "soon"\n\n[[accounts]]\nid = "half"\n\n[[accounts]]\nid = "a"\nspec = "x"\n'
    here.settings_file.write_text(original)
    store = Store(here)
    loaded = store.load()
    assert len(loaded.notices) == 2
    assert all(it.startswith("settings.toml: ") for it in loaded.notices)
    assert loaded.settings == Settings(accounts=(Account("a", "x"),))
    store.save_settings(msgspec.structs.replace(loaded.settings, inline_models=3))
    assert 'tray_wait = "soon"' in here.settings_file.read_text()
    assert 'id = "half"' in here.settings_file.read_text()
    store.save_settings(msgspec.structs.replace(loaded.settings, tray_wait=7))
    assert 'tray_wait = "soon"' in (here.config / "settings.toml.bad-1").read_text()
    assert Store(here).load().settings.tray_wait == 7


def test_a_state_with_an_unusable_part_is_copied_before_it_is_overwritten_and_only_then(here: Paths) -> None:
    original = b'{"version": 1, "active": ["openai"], "strategy": "ram"}'
    here.state_file.write_bytes(original)
    store = Store(here)
    loaded = store.load()
    assert loaded.state == State(strategy="ram")
    assert len(loaded.notices) == 1
    assert names(here.data) == ["state.json"]
    for _ in range(3):
        store.save_state(loaded.state)
    assert names(here.data) == ["state.json", "state.json.bad-1"]
    assert (here.data / "state.json.bad-1").read_bytes() == original


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
def test_a_disk_that_does_not_take_it_is_said_in_words_and_the_old_file_stays(
    code: int, here: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(here)
    store.save_settings(Settings(tray_wait=3))
    store.save_state(State(strategy="ram"))

    def fails(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(files, "write_private", fails)
    for save in (partial(store.save_settings, Settings(tray_wait=4)), partial(store.save_state, State())):
        with pytest.raises(ProviderError) as failed:
            save()
        assert failed.value.failure.kind is Kind.DISK
        assert os.strerror(code) in failed.value.failure.detail
        assert str(here.config.parent) in failed.value.failure.detail
    loaded = Store(here).load()
    assert (loaded.settings, loaded.state) == (Settings(tray_wait=3), State(strategy="ram"))


def test_after_a_failed_save_the_next_one_writes_all_that_changed(here: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    store = Store(here)
    store.load()
    with monkeypatch.context() as broken:
        broken.setattr(files, "write_private", full)
        with pytest.raises(ProviderError):
            store.save_settings(Settings(tray_wait=4))
    store.save_settings(Settings(tray_wait=4, inline_models=1))
    assert Store(here).load().settings == Settings(tray_wait=4, inline_models=1)


def test_a_file_that_cannot_be_read_is_neither_moved_nor_written(here: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    here.settings_file.write_text("tray_wait = 3")
    read = files.read_bytes

    def forbidden(path: Path, limit: int) -> bytes:
        if path == here.settings_file:
            raise PermissionError(errno.EACCES, "Permission denied")
        return read(path, limit)

    monkeypatch.setattr(files, "read_bytes", forbidden)
    store = Store(here)
    loaded = store.load()
    assert not loaded.settings_writable
    assert "Permission denied" in loaded.notices[0]
    with pytest.raises(UserError, match="could not be read"):
        store.save_settings(Settings())
    assert names(here.config) == ["settings.toml"]
    assert here.settings_file.read_text() == "tray_wait = 3"


def test_what_cannot_be_set_aside_is_left_and_not_written(here: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    here.settings_file.write_text("garbage")

    def fails(_path: Path) -> Path:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(files, "set_aside", fails)
    store = Store(here)
    loaded = store.load()
    assert not loaded.settings_writable
    assert "Read-only" in loaded.notices[0]
    with pytest.raises(UserError):
        store.save_settings(Settings())
    assert here.settings_file.read_text() == "garbage"


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


@pytest.mark.skipif(os.name != "posix", reason="no SIGKILL on this system")
@pytest.mark.timeout_s(120)
def test_fifty_saves_killed_at_any_moment_leave_the_old_or_the_new_choice_whole(here: Paths) -> None:
    code = (
        "import sys, os; from trayapp.system import paths; from trayapp.system.store import Store\n"
        "from trayapp.core.state import State; from trayapp.core.settings import Settings\n"
        "from trayapp.core.accounts import Account; from trayapp.core.models import ModelRef\n"
        "store = Store(paths.find({'TRAYAPP_HOME': sys.argv[1]})); loaded = store.load()\n"
        "n = int((loaded.state.strategy or '0').split('x')[0])\n"
        "print('go', flush=True)\n"
        "while True:\n"
        "    n += 1; mark = f'{n}x' * 5000\n"
        "    store.save_state(State(active=ModelRef('a', mark), strategy=mark))\n"
        "    store.save_settings(Settings(accounts=tuple(Account(f'a{i}', 'x', str(n)) for i in range(20))))\n"
    )
    chance = random.Random(3)

    def begin() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", code, str(here.config.parent)], stdout=subprocess.PIPE, cwd=ROOT)

    last = 0
    for _ in range(50):
        with begin() as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"go\n"
            time.sleep(chance.uniform(0, 0.06))
            writer.send_signal(signal.SIGKILL)
        loaded = Store(here).load()
        assert loaded.notices == ()
        if loaded.state.active is None:
            assert loaded.state == State()
            continue
        assert loaded.state.active.model == loaded.state.strategy
        now = int(loaded.state.strategy.split("x")[0])
        assert now >= last
        last = now
        assert len({it.name for it in loaded.settings.accounts}) <= 1
        assert len(loaded.settings.accounts) in (0, 20)
    assert last > 10
    tomllib.loads(here.settings_file.read_text())


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
