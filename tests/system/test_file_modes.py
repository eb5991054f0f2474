"""Every file is its user’s alone and on the disk before its name is; what a killed program left half written goes."""

from __future__ import annotations

import ast
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.app.gateway_scene import CHAT, free_port
from tests.catalog.scene import models
from tests.support.clock import FakeClock
from tests.support.desktop import ROOT, until
from tests.support.upstream import Reply
from tests.whole.killed_files import check_private
from tests.whole.program import Served, Trayapp, answer, cli, server, set_up
from trayapp.app.build import build
from trayapp.app.start import Started
from trayapp.catalog.cache import Shelf
from trayapp.core.listings import Listing
from trayapp.core.models import ModelRef
from trayapp.core.settings import Settings
from trayapp.core.state import State, Token
from trayapp.gateway import tokens
from trayapp.local.stats import Measurements
from trayapp.system import files
from trayapp.system.login import Login
from trayapp.system.paths import Paths, find
from trayapp.system.store import Store

posix = pytest.mark.skipif(os.name != "posix", reason="no POSIX permissions on this system")
WHOLE = Reply(body={"id": "x", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello."}}]})
MASKED = """
import os, sys
os.umask({umask})
from trayapp.__main__ import main
sys.exit(main())
"""
UMASKS = [0o000, 0o022, 0o077, 0o177]
ENDS = [UMASKS[0], UMASKS[-1]]
"""What hides nothing, and what closes a new folder even to its owner: a whole program is started with these alone."""


def used_hard(env: dict[str, str], umask: int, *start: str) -> None:
    """Everything that writes: settings, state, lists, figures, log, locks, socket, exports, the entry for login."""
    command = (sys.executable, "-c", MASKED.format(umask=umask))
    token, port = tokens.new(), free_port()
    with Served({CHAT: WHOLE, "/v1/models": answer("one", "two")}) as served:
        assert subprocess.run([*command, "providers", "add", "groq"], env=env, cwd=ROOT).returncode == 0
        set_up(
            server("lab", f"{served.url}/v1"),
            state=State(active=ModelRef("lab", "one"), tokens=(Token("t", tokens.digest(token)),)),
            gateway=True,
            gateway_port=port,
        )
        with Trayapp(env, *start, command=command):
            until(lambda: '"listening"' in asked(env), "the gateway", 60)
            cli(env, "use", "lab/two")
            cli(env, "settings", "set", "tray_wait", "7")
            cli(env, "refresh", "lab")
            cli(env, "login", "on")
            for _ in range(3):
                ask = {"model": "current", "messages": [{"role": "user", "content": "Hi"}]}
                head = {"Authorization": f"Bearer {token}"}
                got = httpx.post(f"http://127.0.0.1:{port}{CHAT}", json=ask, headers=head, trust_env=False)
                assert got.status_code == 200
            until(lambda: (find().data / "usage.sqlite").exists(), "the figures")
            check_private(Path(env["TRAYAPP_HOME"]))
            cli(env, "quit")
    for words in (("export", str(Path(env["TRAYAPP_HOME"], "export.json"))), ("use", "lab/one"), ("refresh",)):
        ran = subprocess.run([*command, *words], env=env, cwd=ROOT, capture_output=True, encoding="utf-8")
        assert ran.returncode == 0, ran.stderr


def asked(env: dict[str, str]) -> str:
    """How the gateway stands; whatever else is said while the program starts."""
    command = [sys.executable, "-m", "trayapp", "gateway", "status", "--json"]
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, encoding="utf-8").stdout


@posix
@pytest.mark.parametrize("umask", ENDS, ids=oct)
def test_all_that_a_program_without_a_face_writes_is_private_whatever_the_umask(
    umask: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAYAPP_HOME", str(home / "t"))
    used_hard(dict(os.environ), umask, "serve")
    check_private(home / "t")
    names = {it.name for it in (home / "t").rglob("*")}
    assert {
        "settings.toml",
        "state.json",
        "lab.json",
        "usage.sqlite",
        "trayapp.log",
        "export.json",
        "write.lock",
    } <= names
    (entry,) = (home / "config" / "autostart").iterdir()
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600


@posix
def test_all_that_the_tray_writes_is_private_where_the_umask_hides_nothing(
    home: Path, desk: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk["TRAYAPP_HOME"] = str(home / "t")
    monkeypatch.setenv("TRAYAPP_HOME", str(home / "t"))
    used_hard(desk, 0o000, "--silent")
    check_private(home / "t")


# -- the order in which it reaches the disk ------------------------------------------------------------


def _settings(here: Paths) -> Path:
    Store(here).save_settings(Settings(tray_wait=3))
    return here.settings_file


def _state(here: Paths) -> Path:
    Store(here).save_state(State(strategy="ram"))
    return here.state_file


def _list(here: Paths) -> Path:
    Shelf(here.listings).put(Listing("groq", models("groq", "a")))
    return here.listings / "groq.json"


def _measured(here: Paths) -> Path:
    it = Measurements(here.data / "local.json", clock=FakeClock())
    it.hit("x")
    it.save()
    return here.data / "local.json"


def _aside(here: Paths) -> Path:
    (here.data / "x").write_bytes(b"x")
    return files.copy_aside(here.data / "x", 10)


def _login(here: Paths) -> Path:
    Login([sys.executable]).set(True)
    return Path(os.environ["XDG_CONFIG_HOME"], "autostart", "trayapp.desktop")


@posix
@pytest.mark.parametrize("umask", UMASKS, ids=oct)
@pytest.mark.parametrize("write", [_settings, _state, _list, _measured, _login])
def test_a_file_and_the_folders_that_are_made_for_it_are_private_whatever_the_umask(
    write: Callable[[Paths], Path], umask: int, home: Path
) -> None:
    if write is _login and not sys.platform.startswith("linux"):
        pytest.skip("the entry for login as a file of this form needs Linux")
    before = os.umask(umask)
    try:
        target = write(find({"TRAYAPP_HOME": str(home / "t")}))
    finally:
        os.umask(before)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    check_private(target.parent)
    if write is not _login:
        check_private(home / "t")


@posix
@pytest.mark.parametrize("write", [_settings, _state, _list, _measured, _aside, _login])
def test_content_reaches_the_disk_then_the_name_then_the_folder(
    write: Callable[[Paths], Path], here: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    if write is _login and not sys.platform.startswith("linux"):
        pytest.skip("the entry for login as a file of this form needs Linux")
    order: list[tuple[str, str]] = []
    fsync, replace = os.fsync, Path.replace

    def noted(handle: int) -> None:
        status = os.fstat(handle)
        order.append(("folder", "") if stat.S_ISDIR(status.st_mode) else ("content", str(status.st_size)))
        fsync(handle)

    def renamed(self: Path, target: Path) -> Path:
        order.append(("name", self.name))
        assert stat.S_IMODE(self.stat().st_mode) == 0o600
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", noted)
    monkeypatch.setattr(Path, "replace", renamed)
    target = write(here)
    new_folders = [it for it, _ in order].index("content")
    assert [it for it, _ in order[:new_folders]] == ["folder"] * new_folders
    assert [it for it, _ in order[new_folders:]] == ["content", "name", "folder"]
    assert order[new_folders][1] == str(target.stat().st_size)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


TRACED = "trace=openat,write,fsync,rename,renameat,renameat2"
USE = ("use", "--unlisted", "lab/x")


def test_a_command_asks_the_system_in_this_order(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not shutil.which("strace"):
        pytest.skip("the program strace is not installed")
    monkeypatch.setenv("TRAYAPP_HOME", str(home / "t"))
    set_up(server("lab", "http://127.0.0.1:9/v1"))
    calls = home / "calls"
    ran = subprocess.run(
        ["strace", "-f", "-y", "-o", str(calls), "-e", TRACED, sys.executable, "-m", "trayapp", *USE],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
    )
    if "ptrace" in ran.stderr:
        pytest.skip(f"strace needs leave to look: {ran.stderr.strip()}")
    assert ran.returncode == 0, ran.stderr
    seen = []
    for line in calls.read_text(encoding="utf-8").splitlines():
        call = re.search(r"\b(openat|write|fsync|rename\w*)\((.*)", line)
        if call and ".state.json." in call[2]:
            seen.append(call[1].rstrip("at2"))
            if call[1] == "openat":
                assert "O_EXCL" in call[2]
                assert "0600" in call[2]
        elif call and call[1] == "fsync" and f"<{home / 't' / 'data'}>" in call[2]:
            seen.append("fsync of the folder")
    assert seen == ["open", "write", "fsync", "rename", "fsync of the folder"]


WRITERS = {
    "system/files.py": "it is the one",
    "system/lock.py": "empty for ever",
    "system/logs.py": "grows line by line, private from its first byte",
    "gateway/usage_file.py": "SQLite writes it; made empty and private before that",
    "cli/entry.py": "the null device",
    "system/hardening.py": "what the kernel keeps of this process, below /proc",
}


WAYS = {"write_text", "write_bytes", "touch", "NamedTemporaryFile", "mkstemp", "open"}


def test_no_other_module_writes_a_file_by_itself() -> None:
    found = set()
    for path in sorted((ROOT / "trayapp").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and _writes(node):
                found.add(path.relative_to(ROOT / "trayapp").as_posix())
    assert found == set(WRITERS)


def _writes(call: ast.Call) -> bool:
    func = call.func
    if getattr(func, "attr", getattr(func, "id", "")) not in WAYS:
        return False
    name, words = ast.unparse(func), " ".join(ast.unparse(it) for it in [*call.args, *call.keywords])
    if name.endswith((".write_text", ".write_bytes", ".touch", "NamedTemporaryFile", "mkstemp")):
        return True
    if name == "os.open":
        return "O_WRONLY" in words or "O_RDWR" in words or "O_CREAT" in words or "_FLAGS" in words
    return name.rpartition(".")[2] == "open" and bool(re.search(r"'[rbt]*[wax+][bt+]*'", words))


# -- what was left half written ----------------------------------------------------------------------------


def left_by(process: int, folder: Path, name: str = "state.json", age: float = 0.0) -> Path:
    path = folder / f".{name}.{process}-0123456789ab.tmp"
    path.write_bytes(b"half")
    if age:
        then = path.stat().st_mtime - age
        os.utime(path, (then, then))
    return path


def dead() -> int:
    """The number of a process that was there a moment ago."""
    with subprocess.Popen([sys.executable, "-S", "-c", ""]) as gone:
        pass
    return gone.pid


@posix
def test_only_what_nobody_writes_any_more_is_swept_up(tmp_path: Path) -> None:
    mine = left_by(os.getpid(), tmp_path, "mine.json")
    files._under_way.add(mine.name)
    with subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE) as alive:
        kept = [mine, left_by(alive.pid, tmp_path), tmp_path / ".state.json.tmp", tmp_path / "x.1-0123456789ab.tmp"]
        for it in kept[2:]:
            it.write_bytes(b"somebody else's")
        gone = [
            left_by(dead(), tmp_path),
            left_by(os.getpid(), tmp_path),
            left_by(alive.pid, tmp_path, "old.json", 700),
        ]
        gone.append(left_by(dead(), tmp_path, "n" * 100))
        assert files.sweep(tmp_path) == len(gone)
        assert [it for it in gone if it.exists()] == []
        assert [it for it in kept if not it.exists()] == []
        alive.communicate(b"\n")
    files._under_way.discard(mine.name)
    assert files.sweep(tmp_path / "nowhere") == 0


@posix
def test_writing_a_file_sweeps_up_what_was_left_of_it_and_of_no_other(tmp_path: Path) -> None:
    gone, kept = left_by(dead(), tmp_path), left_by(dead(), tmp_path, "other.json")
    files.write_private(tmp_path / "state.json", b"x")
    assert (gone.exists(), kept.exists()) == (False, True)


@posix
def test_a_file_that_is_swept_up_while_its_writer_sleeps_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, turns = Path.replace, []

    def gone(self: Path, target: Path) -> Path:
        turns.append(self)
        if len(turns) == 1:
            self.unlink()
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", gone)
    files.write_private(tmp_path / "a" / "state.json", b"x")
    assert (tmp_path / "a" / "state.json").read_bytes() == b"x"
    assert len(turns) == 2
    assert [it.name for it in (tmp_path / "a").iterdir()] == ["state.json"]
    assert files._under_way == set()


@posix
async def test_a_start_removes_all_that_a_killed_program_left(here: Paths, tmp_path: Path) -> None:
    here.listings.mkdir(parents=True)
    dotfiles = tmp_path / "dotfiles"
    dotfiles.mkdir()
    (dotfiles / "s.toml").write_text("version = 1\n")
    here.settings_file.symlink_to(dotfiles / "s.toml")
    gone = [left_by(dead(), it) for it in (here.config, here.data, here.cache, here.listings)]
    gone.append(left_by(dead(), dotfiles, "s.toml"))
    (here.data / "usage.sqlite").touch()
    gone.append(here.data / "usage.sqlite-journal")
    gone[-1].write_bytes(b"\0" * 512)
    app = build(here, clock=FakeClock(), env={"TRAYAPP_HOME": str(tmp_path)})

    async def silent(*_: Any) -> None:
        pass

    started = Started(app, None, watch=silent)
    await started._tidy()
    assert [it for it in gone if it.exists()] == []
    await app.close()


# -- other systems --------------------------------------------------------------------------------------------


def test_on_windows_a_file_is_replaced_as_well_and_its_privacy_is_that_of_the_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There folders of a profile are closed to other users by the system's own lists, which new files inherit."""
    synced: list[int] = []
    fsync = os.fsync

    def noted(handle: int) -> None:
        synced.append(handle)
        fsync(handle)

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(os, "fsync", noted)
    monkeypatch.setattr(os, "kill", lambda *_: pytest.fail("to ask for a process there is to end it"))
    left = left_by(os.getpid() + 1, tmp_path)
    files.write_private(tmp_path / "a" / "state.json", b"x")
    files.sweep(tmp_path)
    assert (tmp_path / "a" / "state.json").read_bytes() == b"x"
    assert len(synced) == 1
    assert left.exists()
