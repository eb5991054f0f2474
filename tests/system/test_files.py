"""A file is replaced whole or not at all, and is its user's alone."""

from __future__ import annotations

import errno
import os
import random
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from trayapp.system import files

posix = pytest.mark.skipif(os.name != "posix", reason="no POSIX permissions on this system")


def names(folder: Path) -> list[str]:
    return sorted(it.name for it in folder.iterdir())


def test_what_is_written_is_read_again_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    for data in (b"", b"one", b"x" * 3_000_000, b"two"):
        files.write_private(path, data)
        assert files.read_bytes(path, 1 << 22) == data
        assert names(path.parent) == ["file"]


@posix
def test_file_and_new_folders_are_open_to_their_user_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    old = os.umask(0)
    try:
        files.write_private(tmp_path / "a" / "b" / "file", b"x")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a" / "b" / "file").stat().st_mode) == 0o600
    assert [stat.S_IMODE((tmp_path / it).stat().st_mode) for it in ("a", "a/b", ".")] == [0o700, 0o700, 0o755]


@posix
def test_a_file_that_others_could_read_is_private_once_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o644)
    files.write_private(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_stays_and_the_file_it_names_is_replaced(tmp_path: Path) -> None:
    dotfiles, config = tmp_path / "dotfiles", tmp_path / "config"
    dotfiles.mkdir()
    config.mkdir()
    (dotfiles / "trayapp.toml").write_bytes(b"old")
    (config / "settings.toml").symlink_to(Path("..") / "dotfiles" / "trayapp.toml")
    files.write_private(config / "settings.toml", b"new")
    assert (config / "settings.toml").is_symlink()
    assert (dotfiles / "trayapp.toml").read_bytes() == b"new"
    assert names(dotfiles) == ["trayapp.toml"]


def test_a_link_to_what_is_not_there_yet_makes_it(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "later" / "file")
    files.write_private(tmp_path / "link", b"x")
    assert (tmp_path / "later" / "file").read_bytes() == b"x"


@pytest.mark.parametrize("step", ["write", "fsync", "rename"])
def test_what_fails_leaves_the_old_file_and_nothing_beside_it(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "file"
    path.write_bytes(b"old")
    if step == "rename":
        monkeypatch.setattr(Path, "replace", full)
    else:
        monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="No space left"):
        files.write_private(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_the_content_is_on_the_disk_before_its_name_and_the_name_before_the_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def noted(handle: int) -> None:
        order.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    def renamed(self: Path, target: Path) -> Path:
        order.append("rename")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", noted)
    monkeypatch.setattr(Path, "replace", renamed)
    files.write_private(tmp_path / "file", b"x")
    assert order == ["file", "rename", "folder"]


def test_a_file_system_that_cannot_sync_folders_is_good_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fsync = os.fsync

    def picky(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", picky)
    files.write_private(tmp_path / "file", b"x")
    assert (tmp_path / "file").read_bytes() == b"x"


@posix
def test_what_its_user_made_read_only_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"mine")
    path.chmod(0o400)
    with pytest.raises(PermissionError):
        files.write_private(path, b"new")
    assert path.read_bytes() == b"mine"
    assert names(tmp_path) == ["file"]


def test_a_folder_of_that_name_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(IsADirectoryError):
        files.write_private(tmp_path / "file", b"x")
    assert names(tmp_path) == ["file"]


def test_writers_side_by_side_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [bytes([65 + n]) * 200_000 for n in range(8)]

    def write(data: bytes) -> None:
        for _ in range(5):
            files.write_private(path, data)

    writers = [threading.Thread(target=write, args=(data,)) for data in contents]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        if path.exists():
            assert files.read_bytes(path, 1 << 20) in contents
    assert files.read_bytes(path, 1 << 20) in contents
    assert names(tmp_path) == ["file"]


@posix
def test_fifty_writers_killed_at_any_moment_leave_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    files.write_private(path, b"0" * 400_000)
    code = (
        "import sys; from pathlib import Path; from trayapp.system import files\n"
        "n = 1\n"
        "print('go', flush=True)\n"
        "while True: files.write_private(Path(sys.argv[1]), str(n % 10).encode() * 400_000); n += 1"
    )
    chance = random.Random(7)
    writer_of: Callable[[], subprocess.Popen[bytes]] = lambda: subprocess.Popen(  # noqa: E731
        [sys.executable, "-S", "-c", code, str(path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    waiting = [writer_of() for _ in range(4)]
    for number in range(50):
        writer = waiting.pop(0)
        if number < 46:
            waiting.append(writer_of())
        with writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(chance.uniform(0, 0.02))
            writer.send_signal(signal.SIGKILL)
        data = files.read_bytes(path, 1 << 20)
        assert len(data) == 400_000
        assert len(set(data)) == 1
    for left in tmp_path.glob(".*.tmp"):
        os.utime(left, (1, 1))
    files.write_private(path, b"end")
    assert names(tmp_path) == ["file"], "what the killed ones left is swept up by a later write"


def test_a_temporary_file_in_use_is_not_swept_up(tmp_path: Path) -> None:
    other = tmp_path / ".file.123-abc.tmp"
    other.write_bytes(b"half")
    files.write_private(tmp_path / "file", b"x")
    assert other.exists()


def test_reading_stops_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100)
    assert len(files.read_bytes(path, 100)) == 100
    with pytest.raises(OSError, match="File too large"):
        files.read_bytes(path, 99)


def test_what_grows_while_it_is_read_is_too_large_as_well() -> None:
    if not Path("/proc/self/maps").exists():
        pytest.skip("no /proc on this system")
    with pytest.raises(OSError, match="File too large"):
        files.read_bytes(Path("/proc/self/maps"), 10)  # says that its size is 0


@posix
def test_a_pipe_or_a_folder_is_no_file_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is no file"):
        files.read_bytes(tmp_path / "pipe", 10)
    with pytest.raises(IsADirectoryError):
        files.read_bytes(tmp_path, 10)
    with pytest.raises(FileNotFoundError):
        files.read_bytes(tmp_path / "none", 10)


@posix
def test_the_beginning_of_a_file_is_read_without_the_rest_and_without_waiting(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100)
    assert files.read_start(path, 10) == b"x" * 10
    assert files.read_start(path, 1000) == b"x" * 100
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is no file"):
        files.read_start(tmp_path / "pipe", 10)


def test_what_is_set_aside_is_numbered_and_the_newest_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    (tmp_path / "state.json.bad-x").write_bytes(b"not ours")
    for n in range(1, 9):
        path.write_bytes(b"%d" % n)
        assert files.set_aside(path).name == f"state.json.bad-{n}"
        assert not path.exists()
    kept = [f"state.json.bad-{n}" for n in range(4, 9)]
    assert names(tmp_path) == [*kept, "state.json.bad-x"]
    assert [(tmp_path / it).read_bytes() for it in kept] == [b"4", b"5", b"6", b"7", b"8"]


def test_a_copy_aside_leaves_the_file_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(b"dear")
    aside = files.copy_aside(path, 100)
    assert (aside.name, aside.read_bytes(), path.read_bytes()) == ("settings.toml.bad-1", b"dear", b"dear")


@posix
@pytest.mark.parametrize("what", ["a pipe", "a folder", "nothing"])
def test_a_link_to_what_is_no_file_is_set_aside_itself_and_what_it_names_is_left_alone(
    what: str, tmp_path: Path
) -> None:
    own, link = tmp_path / "own", tmp_path / "own" / "settings.toml"
    somebodys = tmp_path / "elsewhere" / "thing"
    own.mkdir()
    somebodys.parent.mkdir()
    if what == "a pipe":
        os.mkfifo(somebodys)
    elif what == "a folder":
        somebodys.mkdir()
    link.symlink_to(somebodys)
    before = somebodys.lstat() if what != "nothing" else None
    if before is not None:
        with pytest.raises(OSError, match=r"it is no file|Is a directory"):
            files.write_private(link, b"new")
    assert files.set_aside(link) == own / "settings.toml.bad-1"
    assert sorted(it.name for it in own.iterdir()) == ["settings.toml.bad-1"]
    assert sorted(it.name for it in somebodys.parent.iterdir()) == (["thing"] if before else [])
    if before is not None:
        assert (somebodys.lstat().st_mode, somebodys.lstat().st_ino) == (before.st_mode, before.st_ino)
    files.write_private(link, b"new")
    assert (link.read_bytes(), link.is_symlink()) == (b"new", False)


def test_of_a_link_the_file_it_names_is_set_aside_and_a_later_write_goes_there(tmp_path: Path) -> None:
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "s").write_bytes(b"bad")
    (tmp_path / "link").symlink_to(tmp_path / "repo" / "s")
    assert files.set_aside(tmp_path / "link") == tmp_path / "repo" / "s.bad-1"
    files.write_private(tmp_path / "link", b"good")
    assert (tmp_path / "repo" / "s").read_bytes() == b"good"
