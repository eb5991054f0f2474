"""The log: a private file that starts over at a megabyte, with every key struck out."""

from __future__ import annotations

import errno
import logging
import os
import stat
import weakref
from io import TextIOWrapper
from pathlib import Path

from trayapp.core import redaction
from trayapp.core.secret import Secret
from trayapp.system import files
from trayapp.system.paths import Paths

SIZE = 1_000_000
"""Bytes of one file; there are three at most: trayapp.log, .1 and .2."""
_QUIET = ("httpx", "httpcore", "hpack", "asyncio", "keyring", "qasync", "PIL")
"""httpx writes whole addresses at INFO and masks the headers of its own choice only."""

_known: dict[int, weakref.ref[Secret]] = {}


def set_up(paths: Paths, *, debug: bool = False) -> None:
    """Send what is logged to the file: from INFO on, or everything of ours. A second call replaces the first.

    Where the file cannot be opened, warnings go to standard error instead.
    """
    root = logging.getLogger()
    tear_down()
    handler: logging.Handler
    try:
        handler = _PrivateFile(paths.log_file)
    except OSError:
        handler = logging.StreamHandler()
        handler.setLevel(logging.WARNING)
    handler.set_name("trayapp")
    handler.setFormatter(_Struck("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.getLogger("trayapp").setLevel(logging.DEBUG if debug else logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def tear_down() -> None:
    """Close the file and log no more."""
    root = logging.getLogger()
    for handler in [it for it in root.handlers if it.get_name() == "trayapp"]:
        root.removeHandler(handler)
        handler.close()


def know(secret: Secret) -> None:
    """Strike this key out of every later line, for as long as somebody holds the Secret."""
    number = id(secret)
    _known[number] = weakref.ref(secret, lambda _gone: _known.pop(number, None))


def clean(text: str) -> str:
    """``text`` without the keys in use and without anything key-shaped: for dialogs about bugs."""
    return redaction.struck(text, *(it() for it in tuple(_known.values())))


class _Struck(logging.Formatter):
    """Strikes keys out of the finished line: message, arguments, exception and stack at once."""

    def format(self, record: logging.LogRecord) -> str:
        return clean(super().format(record))


class _PrivateFile(logging.FileHandler):
    """A log file for its user alone. logging.handlers has one that rotates, and takes 12 ms to import."""

    def __init__(self, path: Path) -> None:
        files.make_private(path.parent)
        self._path = path
        super().__init__(path, encoding="utf-8", errors="backslashreplace")

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if self.stream is not None and self.stream.tell() >= SIZE:
                self._start_over()
            super().emit(record)
        except OSError:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """What cannot be written is lost. logging's own way prints message and arguments, keys and all."""

    def _start_over(self) -> None:
        if self.stream is not None:
            self.stream.close()
            self.stream = None
        first, second = self._path.with_name(f"{self._path.name}.1"), self._path.with_name(f"{self._path.name}.2")
        if first.exists():
            first.replace(second)
        self._path.replace(first)

    def _open(self) -> TextIOWrapper:
        return open(  # Path.open takes no opener
            self._path,
            "a",
            encoding="utf-8",
            errors="backslashreplace",
            opener=_opened,
        )


def _opened(name: str, flags: int) -> int:
    """A handle of the file. Raises OSError for what is none, and waits for nobody at the other end of a pipe."""
    handle = os.open(name, flags | getattr(os, "O_NONBLOCK", 0), 0o600)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), name)
    return handle
