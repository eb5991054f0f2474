"""Private files, written whole or not at all, and a way to put an unreadable one aside."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path

from trayapp.core.language import _

KEPT_ASIDE = 5
"""So many unreadable predecessors of a file are kept, the newest."""
_ABANDONED = 600.0
"""Seconds after which a temporary file can only be what a killed process left, whatever its name says."""
_OURS = re.compile(r"\.(.{1,100})\.(\d{1,10})-[0-9a-f]{12}\.tmp\Z", re.DOTALL)
"""The name of a temporary file: what it is to become, and the process that writes it."""
_under_way: set[str] = set()
"""Names of the temporary files that this process is writing now."""
_FLAGS = os.O_CLOEXEC if hasattr(os, "O_CLOEXEC") else 0
_BINARY = getattr(os, "O_BINARY", 0)


def write_private(path: Path, data: bytes) -> None:
    """Replace the file by ``data``, readable by its user alone and on the disk when this returns.

    Where ``path`` is a symbolic link, the file it names is replaced and the link stays: settings may live in
    a repository of dotfiles. Whoever reads meanwhile sees the old or the new content whole. Raises OSError,
    with the old file as it was and nothing left beside it.
    """
    target = Path(os.path.realpath(path))
    _check_writable(target, linked=path.is_symlink())
    for again in (True, False):
        make_private(target.parent)
        _sweep(target)
        try:
            _replace(target, data)
            break
        except FileNotFoundError:
            # somebody removed the folder, or took our file for a dead process's while we were suspended
            if not again:
                raise
    _sync_folder(target.parent)


def sweep(folder: Path) -> int:
    """Remove what killed processes left half written in this folder; gives how many files went. Never raises."""
    gone = 0
    try:
        with os.scandir(folder) as entries:
            left = [entry.name for entry in entries if _OURS.match(entry.name)]
    except OSError:
        return 0
    for name in left:
        if _abandoned(folder / name):
            gone += _unlink(folder / name)
    return gone


def make_private(folder: Path) -> None:
    """Make the folder and what is missing above it, open to the user alone. What exists is left as it is.

    Whatever the umask, and on the disk when this returns. On Windows it inherits the access list of the folder above
    it, and in a profile that is the user's own. Raises OSError.
    """
    missing: list[Path] = []
    while not folder.is_dir():
        missing.append(folder)
        if folder.parent == folder:
            break
        folder = folder.parent
    for each in reversed(missing):
        try:
            each.mkdir(mode=0o700)
        except FileExistsError:
            if not each.is_dir():
                raise
            continue
        _open_to_us(each, 0o700)
        _sync_folder(each.parent)


def read_bytes(path: Path, limit: int) -> bytes:
    """The whole file. Raises OSError: EFBIG past ``limit`` bytes, EISDIR or EINVAL for what is no file.

    Never waits, as opening a named pipe would.
    """
    handle = _opened(path)
    try:
        if os.fstat(handle).st_size > limit:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
        parts: list[bytes] = []
        left = limit + 1
        while left and (part := os.read(handle, min(left, 1 << 20))):
            parts.append(part)
            left -= len(part)
    finally:
        os.close(handle)
    if not left:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return b"".join(parts)


def read_start(path: Path, most: int) -> bytes:
    """The beginning of the file, so many bytes at most. Raises OSError as ``read_bytes`` does, and never waits."""
    handle = _opened(path)
    try:
        return os.read(handle, most)
    finally:
        os.close(handle)


def set_aside(path: Path) -> Path:
    """Rename to ``NAME.bad-N`` and say which; of several the newest are kept. Raises OSError.

    Of a symbolic link the file it names is renamed, in its own folder. What it names that is no file belongs to
    somebody else, and may be a device of the whole computer: then the link itself is renamed.
    """
    target = Path(os.path.realpath(path))
    if path.is_symlink() and not target.is_file():
        target = Path(os.path.realpath(path.parent)) / path.name
    aside = _next_aside(target)
    _patiently(lambda: target.rename(aside))
    _sync_folder(target.parent)
    return aside


def copy_aside(path: Path, limit: int) -> Path:
    """As ``set_aside``, but the file stays where it is."""
    target = Path(os.path.realpath(path))
    data = read_bytes(target, limit)
    aside = _next_aside(target)
    write_private(aside, data)
    return aside


def _opened(path: Path) -> int:
    """A handle for reading a file that is one. Raises OSError: EISDIR or EINVAL for what is none."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _FLAGS | _BINARY)
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, _("it is a folder"), str(path))
        raise OSError(errno.EINVAL, _("it is no file"), str(path))
    return handle


def _replace(target: Path, data: bytes) -> None:
    """Write a temporary file and give it the target's name; where that fails, nothing of it is left."""
    temporary = target.with_name(f".{target.name[:100]}.{os.getpid()}-{os.urandom(6).hex()}.tmp")
    done = False
    _under_way.add(temporary.name)
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS | _BINARY, 0o600)
        try:
            _open_to_us(temporary, 0o600)
            _write_all(handle, data)
            os.fsync(handle)
        finally:
            os.close(handle)
        _patiently(lambda: temporary.replace(target))
        done = True
    finally:
        if not done:
            _unlink(temporary)
        _under_way.discard(temporary.name)


def _open_to_us(made: Path, mode: int) -> None:
    """Undo what a strict umask took away from its owner, who could not use it otherwise."""
    if sys.platform != "win32" and made.lstat().st_mode & 0o700 != mode:
        made.chmod(mode)


def _next_aside(target: Path) -> Path:
    """A name that is free; the oldest predecessors are removed to make room."""
    pattern = re.compile(re.escape(target.name) + r"\.bad-(\d{1,9})\Z")
    taken = sorted(int(match[1]) for it in target.parent.iterdir() if (match := pattern.match(it.name)))
    for number in taken[: max(0, len(taken) - KEPT_ASIDE + 1)]:
        _unlink(target.with_name(f"{target.name}.bad-{number}"))
    return target.with_name(f"{target.name}.bad-{taken[-1] + 1 if taken else 1}")


def _check_writable(target: Path, *, linked: bool) -> None:
    """A rename would replace even what its user has made read-only on purpose."""
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    if linked and not stat.S_ISREG(mode):  # somebody else's pipe, or a device of the whole computer
        raise OSError(errno.EINVAL, _("it is no file"), str(target))
    if not mode & stat.S_IWUSR:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))


def _write_all(handle: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(handle, left) :]


def _patiently(rename: Callable[[], object]) -> None:
    """On Windows a virus scanner that has just opened the file makes renaming fail for a moment."""
    for pause in (0.01, 0.02, 0.05, 0.1, 0.2) if sys.platform == "win32" else ():
        try:
            rename()
        except PermissionError:
            time.sleep(pause)
        else:
            return
    rename()


def _sync_folder(folder: Path) -> None:
    """The new name itself must reach the disk; some file systems cannot do that, and Windows has no such call."""
    if sys.platform == "win32":
        return
    try:
        handle = os.open(folder, os.O_RDONLY | _FLAGS)
    except PermissionError:
        return  # others may be made in a folder that cannot be listed
    try:
        os.fsync(handle)
    except OSError as exc:
        if exc.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EROFS):
            raise
    finally:
        os.close(handle)


def _sweep(target: Path) -> None:
    """Remove what a killed process left half written of this very file."""
    for left in target.parent.iterdir():
        ours = _OURS.match(left.name)
        if ours is not None and ours[1] == target.name[:100] and _abandoned(left):
            _unlink(left)


def _abandoned(temporary: Path) -> bool:
    """Whether nobody is writing this temporary file any more."""
    ours = _OURS.match(temporary.name)
    if ours is None:
        return False
    process = int(ours[2])
    if process == os.getpid():  # in a sandbox every start may have the same number
        return temporary.name not in _under_way
    try:
        if abs(time.time() - temporary.lstat().st_mtime) > _ABANDONED:
            return True
        if sys.platform != "win32":  # there to ask for a process is to end it
            os.kill(process, 0)
    except (ProcessLookupError, PermissionError, OverflowError):
        return True  # no such process, or none of this user's
    except OSError:
        pass
    return False


def _unlink(path: Path) -> bool:
    """Whether it was there and is gone."""
    try:
        path.unlink()
    except OSError:
        return False
    return True
