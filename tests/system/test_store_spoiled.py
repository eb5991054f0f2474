"""Files the store cannot read, or not wholly: set aside or left alone, told of, and never lost."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.system.stored import names
from trayapp.core.accounts import Account
from trayapp.core.errors import UserError
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.system.paths import Paths
from trayapp.system.store import LIMIT, Store

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
