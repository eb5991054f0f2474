"""A disk that is full, read-only, gone or somebody else's: each is said in a sentence, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.app.gateway_scene import CHAT, free_port
from tests.support import other_user
from tests.support.desktop import ROOT, until
from tests.support.upstream import Reply
from tests.whole.program import COMMAND, Served, Trayapp, answer, cli, listing, remembered, server, set_up
from trayapp.core.models import ModelRef
from trayapp.core.state import State, Token
from trayapp.gateway import tokens
from trayapp.system import instance
from trayapp.system.paths import Paths, find

posix = pytest.mark.skipif(os.name != "posix", reason="no POSIX permissions on this system")
WHOLE = Reply(body={"id": "x", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello."}}]})
BEFORE = ["lab", "before"]
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
from trayapp.__main__ import main
sys.exit(main())
"""
"""The program where no file may grow beyond so many bytes, as on a full disk."""
TOO_LARGE = "could not be written: File too large"


def furnish(url: str = "http://127.0.0.1:9/v1") -> None:
    set_up(server("lab", url), lists=[listing("lab", "before", "m")], state=State(active=ModelRef("lab", "before")))


def limited(*words: str, limit: int = 0) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("resource", reason="this system has no limits for one process")
    return subprocess.run(
        [sys.executable, "-c", LIMITED.format(limit=limit), *words],
        env=os.environ,
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )


def every_file(folder: Path) -> dict[str, bytes]:
    return {str(it.relative_to(folder)): it.read_bytes() for it in sorted(folder.rglob("*")) if it.is_file()}


def files_of(paths: Paths) -> dict[str, bytes]:
    found = [it for folder in (paths.config, paths.data, paths.cache) for it in every_file(folder).items()]
    return dict(found)


# -- full -------------------------------------------------------------------------------------------


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    "words",
    [
        ("use", "lab/m"),
        ("settings", "set", "tray_wait", "7"),
        ("pin", "lab/m"),
        ("providers", "add", "groq"),
        ("providers", "disable", "lab"),
        ("profile", "save", "work"),
        ("local", "strategy", "ram"),
        ("gateway", "on"),
    ],
    ids=" ".join,
)
def test_on_a_full_disk_a_command_says_which_file_could_not_be_written_and_changes_nothing(
    words: tuple[str, ...],
) -> None:
    furnish()
    before = files_of(find())
    ran = limited(*words)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert TOO_LARGE in ran.stderr
    assert "Check space and permissions." in ran.stderr
    assert "Traceback" not in ran.stderr
    assert files_of(find()) == before


def test_on_a_full_disk_an_import_changes_nothing() -> None:
    furnish()
    document = Path(os.environ["HOME"], "export.json")
    document.write_text(cli(dict(os.environ), "export").replace('"before"', '"m"'))
    before = files_of(find())
    ran = limited("import", str(document))
    assert ran.returncode == 1
    assert "could not be copied aside: File too large. Nothing was imported." in ran.stderr
    assert files_of(find()) == before


@pytest.mark.unmeasured
def test_on_a_full_disk_lists_are_shown_and_said_not_to_be_kept() -> None:
    with Served({"/v1/models": answer("one", "two")}) as served:
        furnish(f"{served.url}/v1")
        before = files_of(find())
        ran = limited("models", "--refresh")
        assert "Traceback" not in ran.stderr
        assert files_of(find()) == before


def test_on_a_full_disk_the_program_serves_on_says_why_it_cannot_remember_and_does_so_again_when_there_is_space() -> (
    None
):
    env, port = dict(os.environ), free_port()
    token = tokens.new()
    with Served({CHAT: WHOLE, "/v1/models": answer("one", "m")}) as served:
        furnish(f"{served.url}/v1")
        set_up(
            server("lab", f"{served.url}/v1"),
            lists=[listing("lab", "before", "m")],
            state=State(active=ModelRef("lab", "before"), tokens=(Token("t", tokens.digest(token)),)),
        )
        command = (sys.executable, "-c", LIMITED.format(limit=0))
        # its own words must not need a file: that would be full as well
        with subprocess.Popen(
            [*command, "serve", "--port", str(port)],
            env=env,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as program:
            assert program.stdout is not None
            try:
                assert program.stdout.readline().startswith(b"trayapp listens at ")
                ask = {"model": "current", "messages": [{"role": "user", "content": "Hi"}]}
                for _ in range(3):
                    got = httpx.post(
                        f"http://127.0.0.1:{port}{CHAT}",
                        json=ask,
                        headers={"Authorization": f"Bearer {token}"},
                        trust_env=False,
                    )
                    assert got.status_code == 200
                ran = subprocess.run(
                    [*COMMAND, "use", "lab/m"], env=env, cwd=ROOT, capture_output=True, encoding="utf-8"
                )
                assert (ran.returncode, TOO_LARGE in ran.stderr) == (1, True)
                assert cli(env, "current") == "lab/before\n"
                assert remembered()["active"] == BEFORE
                import resource

                hard = resource.prlimit(program.pid, resource.RLIMIT_FSIZE)[1]
                resource.prlimit(program.pid, resource.RLIMIT_FSIZE, (hard, hard))
                assert "Switched" in cli(env, "use", "lab/m")
                assert remembered()["active"] == ["lab", "m"]
                cli(env, "quit")
                assert program.wait(20) == 0
                assert b"Traceback" not in program.stdout.read()
            finally:
                program.kill()


def test_a_real_disk_that_is_full_loses_nothing_and_takes_the_next_choice_once_there_is_space(home: Path) -> None:
    disk = home / "disk"
    run = f"{sys.executable} -m trayapp"
    script = f"""
        {run} providers add openai-compatible --id lab --base-url http://127.0.0.1:9/v1 || exit 1
        {run} use --unlisted lab/before || exit 1
        head -c 10000000 /dev/zero > {disk}/big 2>/dev/null
        {run} use --unlisted lab/after && exit 2
        {run} settings set tray_wait 7 && exit 3
        {run} current || exit 4
        find {disk} -name '*.tmp' -o -name '*.bad-*'
        rm {disk}/big
        {run} use --unlisted lab/after || exit 5
        {run} current
    """
    ran = other_user.own_disk(script, disk, "256k", {**os.environ, "TRAYAPP_HOME": str(disk / "t")})
    assert ran.returncode == 0, ran.stdout + ran.stderr
    lines = ran.stdout.splitlines()
    assert lines[-3:] == ["lab/before", "Switched to model: after on provider: openai-compatible", "lab/after"] or (
        lines[-3],
        lines[-1],
    ) == ("lab/before", "lab/after")
    assert ran.stderr.count("could not be written: No space left on device") == 2
    assert "Traceback" not in ran.stderr


def test_a_read_only_file_system_is_said_and_what_can_be_read_is_shown(home: Path) -> None:
    disk = home / "disk"
    run = f"{sys.executable} -m trayapp"
    script = f"""
        {run} providers add openai-compatible --id lab --base-url http://127.0.0.1:9/v1 || exit 1
        {run} use --unlisted lab/before || exit 1
        mount -o remount,ro {disk} || exit 77
        {run} use --unlisted lab/after && exit 2
        {run} serve --port {free_port()} && exit 3
        {run} current
    """
    ran = other_user.own_disk(script, disk, "256k", {**os.environ, "TRAYAPP_HOME": str(disk / "t")})
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.splitlines()[-1] == "lab/before"
    assert ran.stderr.count("Read-only file system") == 2, ran.stderr
    assert "Traceback" not in ran.stderr


# -- gone ---------------------------------------------------------------------------------------------


@posix
def test_folders_that_vanish_under_a_running_program_are_made_again(home: Path) -> None:
    with Served({"/v1/models": answer("one", "m")}) as served:
        furnish(f"{served.url}/v1")
        env, paths, port = dict(os.environ), find(), free_port()
        with Trayapp(env, "serve", "--port", str(port)) as program:
            until(lambda: program.said().count("\n") >= 2, "its address", 20)
            for folder in (paths.config, paths.data, paths.cache, paths.logs):
                shutil.rmtree(folder)
            cli(env, "settings", "set", "tray_wait", "7")  # as a command reads it, there are no accounts now
            reply = told(paths, b'{"intent":{"type":"PickModel","ref":["lab","m"],"confirmed":true}}')
            assert reply.get("ok", True), reply
            told(paths, b'{"intent":{"type":"Refresh","provider":"lab"}}')
            assert remembered()["active"] == ["lab", "m"]
            until(lambda: (paths.listings / "lab.json").exists(), "the list on the disk again")
            assert {folder.stat().st_mode & 0o777 for folder in (paths.config, paths.data, paths.listings)} == {0o700}
            assert "tray_wait = 7" in paths.settings_file.read_text()
            assert 'id = "lab"' in paths.settings_file.read_text()
            cli(env, "quit")
            assert program.wait_end() == 0


def told(paths: Paths, line: bytes) -> dict[str, object]:
    found: dict[str, object] = msgspec.json.decode(instance.hand_over(paths.runtime, line, 20) or b"{}")
    return found


# -- somebody else's -------------------------------------------------------------------------------------


def spoil(path: str, *, mode: int | None = None, owner: int = other_user.NOBODY) -> Callable[[Path], None]:
    def change(home: Path) -> None:
        place = home / "t" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            place.write_bytes(b"x")
        os.chown(place, owner, owner)
        place.chmod((0o700 if place.is_dir() else 0o600) if mode is None else mode)

    return change


CLOSED = "could not be read, so it is not written either: Permission denied. Defaults are used."
UNWRITTEN = "could not be written: Permission denied"
USE, SET, LIST = ("use", "--unlisted", "lab/x"), ("settings", "set", "tray_wait", "7"), ("models",)
REFRESH, SERVE, USAGE = ("models", "--refresh"), ("serve", "--port", "PORT"), ("usage",)
FAULTS: dict[str, tuple[Callable[[Path], None], tuple[str, ...], int, str]] = {
    "read-only settings folder": (spoil("config", mode=0o500), SET, 1, UNWRITTEN),
    "read-only data folder": (spoil("data", mode=0o500), USE, 1, UNWRITTEN),
    "read-only settings": (spoil("config/settings.toml", mode=0o400), SET, 1, UNWRITTEN),
    "read-only lists": (spoil("cache/models", mode=0o500), REFRESH, 0, ""),
    "read-only runtime folder": (
        spoil("run", mode=0o500),
        SERVE,
        1,
        "trayapp.lock” cannot be used: Permission denied.",
    ),
    "read-only log folder": (spoil("logs", mode=0o500), USE, 0, ""),
    "settings of another user": (spoil("config/settings.toml", owner=0), LIST, 0, CLOSED),
    "state of another user": (spoil("data/state.json", owner=0), USE, 1, CLOSED),
    "settings folder of another user": (spoil("config", owner=0), SET, 1, CLOSED),
    "data folder of another user": (spoil("data", owner=0), USE, 1, CLOSED),
    "list of another user": (spoil("cache/models/lab.json", owner=0), LIST, 0, "could not be read: Permission denied."),
    "lock of another user": (spoil("run/trayapp.lock", owner=0), USE, 1, "trayapp.lock” cannot be used: Permission"),
    "write lock of another user": (spoil("run/write.lock", owner=0), USE, 1, "Make it yours, or remove it while"),
    "runtime folder of another user": (spoil("run", owner=0), USE, 1, "is not a folder of this user"),
    "runtime folder open to others": (spoil("run", mode=0o777), USE, 1, "can be written by others: chmod 700"),
    "figures of another user": (spoil("data/usage.sqlite", owner=0), USAGE, 1, "could not be read: "),
}


@pytest.fixture(scope="module")
def theirs() -> Iterator[Path]:
    """All that another user’s program has written: an account and a choice."""
    other_user.need_root()
    run = (other_user.python(), "-m", "trayapp")
    with other_user.other_home() as home:
        for before in (
            ("providers", "add", "openai-compatible", "--id", "lab", "--base-url", "http://127.0.0.1:9/v1"),
            ("use", "--unlisted", "lab/before"),
        ):
            made = other_user.as_nobody((*run, *before), home)
            assert made is not None
            assert made.returncode == 0, made.stderr
        for name in ("cache/models", "logs", "run"):
            (home / "t" / name).mkdir(parents=True, exist_ok=True)
        yield home / "t"


@posix
@pytest.mark.parametrize("fault", FAULTS)
def test_what_belongs_to_somebody_else_or_may_not_be_written_is_named_and_left_alone(fault: str, theirs: Path) -> None:
    spoiling, words, code, sentence = FAULTS[fault]
    run = (other_user.python(), "-m", "trayapp")
    with other_user.other_home() as home:
        shutil.copytree(theirs, home / "t")
        for each in (home / "t", *(home / "t").rglob("*")):
            os.chown(each, other_user.NOBODY, other_user.NOBODY)
        spoiling(home)
        there = every_file(home / "t")
        ran = other_user.as_nobody((*run, *(str(free_port()) if it == "PORT" else it for it in words)), home)
        assert ran is not None
        assert ran.returncode == code, ran.stdout + ran.stderr
        assert sentence in ran.stderr
        assert "Traceback" not in ran.stderr
        if code or sentence:
            assert every_file(home / "t") == {**there, **only_locks(home / "t", there)}
        assert not list(home.rglob("*.bad-*"))


def only_locks(folder: Path, there: dict[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in every_file(folder).items() if name.startswith("run/") and name not in there}


# -- links ------------------------------------------------------------------------------------------------


@posix
def test_settings_that_are_a_link_stay_one_and_the_file_it_names_is_written(home: Path) -> None:
    furnish()
    paths, dotfiles = find(), home / "dotfiles"
    dotfiles.mkdir()
    (dotfiles / "trayapp.toml").write_bytes(b"# mine\n" + paths.settings_file.read_bytes())
    paths.settings_file.unlink()
    paths.settings_file.symlink_to(os.path.relpath(dotfiles / "trayapp.toml", paths.config))
    cli(dict(os.environ), "settings", "set", "tray_wait", "7")
    assert paths.settings_file.is_symlink()
    text = (dotfiles / "trayapp.toml").read_text()
    assert text.startswith("# mine\n")
    assert "tray_wait = 7" in text
    assert sorted(it.name for it in dotfiles.iterdir()) == ["trayapp.toml"]


@posix
@pytest.mark.parametrize("which", ["config", "data", "cache"])
def test_a_folder_that_is_a_link_is_used_as_any_other(which: str, home: Path) -> None:
    furnish()
    folder: Path = getattr(find(), which)
    moved = home / "elsewhere"
    folder.rename(moved)
    folder.symlink_to(moved)
    env = dict(os.environ)
    cli(env, "use", "lab/m")
    cli(env, "settings", "set", "tray_wait", "7")
    assert folder.is_symlink()
    assert cli(env, "current") == "lab/m\n"


@posix
def test_links_that_lead_round_in_circles_or_nowhere_are_said_or_made(home: Path) -> None:
    furnish()
    paths, env = find(), dict(os.environ)
    paths.state_file.unlink()
    paths.state_file.symlink_to(home / "later" / "state.json")
    cli(env, "use", "lab/m")
    assert (home / "later" / "state.json").exists()
    paths.settings_file.unlink()
    paths.settings_file.symlink_to(paths.settings_file)
    ran = subprocess.run([*COMMAND, "settings", "list"], env=env, cwd=ROOT, capture_output=True, encoding="utf-8")
    assert ran.returncode == 0
    assert "Too many levels of symbolic links" in ran.stderr
    assert "Traceback" not in ran.stderr


@posix
def test_a_runtime_folder_that_is_a_link_to_somebody_elses_is_refused() -> None:
    other_user.need_root()
    run = (other_user.python(), "-m", "trayapp")
    with other_user.other_home() as home:
        theirs = home.parent / "theirs"
        theirs.mkdir(mode=0o777)
        theirs.chmod(0o777)
        (home / "t").mkdir()
        os.chown(home / "t", other_user.NOBODY, other_user.NOBODY)
        (home / "t" / "run").symlink_to(theirs)
        for words in (("settings", "set", "tray_wait", "7"), ("serve", "--port", str(free_port())), ("quit",)):
            ran = other_user.as_nobody((*run, *words), home)
            assert ran is not None
            assert ran.returncode == 1, ran.stdout + ran.stderr
            assert "Traceback" not in ran.stderr
            assert "is not a folder of this user" in ran.stderr
        assert not [it for it in theirs.iterdir() if it.suffix != ".lock"]
