"""The store on a disk that is full, closed or gone in the middle of a save."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
import tomllib
from functools import partial
from pathlib import Path

import pytest

from tests.system.stored import ROOT, names
from trayapp.core.errors import Kind, ProviderError, UserError
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.system import files
from trayapp.system.paths import Paths
from trayapp.system.store import Store


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
