"""Imports Qt sooner: keeps the compiled form of the modules that PySide6 compiles from source at every start.

PySide6 carries some fifteen support modules as text inside a library and compiles them whenever it is
imported: a fifth of its import time (6.11: 20 of 105 ms). Python's own cache cannot hold them, since they
are no files. Their regular expressions take another 8 ms, and serve for nothing but messages about wrong calls:
they are compiled when one is needed. Whatever goes wrong here costs that time and nothing else.
"""

from __future__ import annotations

import builtins
import marshal
import os
import re
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any, TypeAlias

from trayapp.system import files

NAME = "qt-support.bin"
_THEIRS = ("shibokensupport/", "signature_bootstrap.py")
"""How the names of those modules begin."""
_LARGEST = 8 * 2**20
"""Bytes; the code of today's version takes 0.3 MB."""

_Kept: TypeAlias = dict[tuple[str, int, int], CodeType]
"""Compiled modules by name, length and checksum of their source, so that no other version's is taken."""


def import_qt(folder: Path) -> None:
    """Import PySide6 with what an earlier start left in ``folder``, and leave it there for the next."""
    if "PySide6" in sys.modules:
        return
    path = folder / NAME
    kept = _read(path)
    used: _Kept = {}
    compile_, pattern = builtins.compile, re.compile
    replaced: Any = builtins
    expressions: Any = re
    replaced.compile = _remembering(compile_, kept, used)
    expressions.compile = _postponing(pattern)
    try:
        import PySide6.QtCore  # noqa: F401 - its import is what all this is for
    finally:
        replaced.compile = compile_
        expressions.compile = pattern
    if used.keys() - kept.keys():
        _write(path, used)


def _remembering(compile_: Callable[..., Any], kept: _Kept, used: _Kept) -> Callable[..., Any]:
    """Python's ``compile``, but for PySide6's support modules: those come from ``kept`` and go into ``used``."""

    def compile_once(source: Any, filename: Any, mode: str, *args: Any, **named: Any) -> Any:
        theirs = isinstance(filename, str) and filename.startswith(_THEIRS) and isinstance(source, (bytes, str))
        if args or named or mode != "exec" or not theirs:
            return compile_(source, filename, mode, *args, **named)
        text = source.encode() if isinstance(source, str) else source
        key = (filename, len(text), zlib.crc32(text))
        code = kept.get(key)
        if code is None:
            # not to be compiled with the future features of this module
            code = compile_(source, filename, mode, dont_inherit=True)
        used[key] = code
        return code

    return compile_once


class _Later:
    """A regular expression that is compiled when it is first used."""

    def __init__(self, compiled: Callable[[], Any]) -> None:
        self._compiled = compiled
        self._pattern: Any = None

    def __getattr__(self, name: str) -> Any:
        """Methods are taken long before they are called, and classes look for marks that no expression has."""
        if name.startswith("__"):
            raise AttributeError(name)
        if not callable(getattr(re.Pattern, name, None)):
            return getattr(self._made(), name)
        return lambda *args, **named: getattr(self._made(), name)(*args, **named)

    def _made(self) -> Any:
        self._pattern = self._pattern or self._compiled()
        return self._pattern


def _postponing(compile_: Callable[..., Any]) -> Callable[..., Any]:
    """``re.compile``, but for PySide6's support modules."""

    def compile_later(pattern: Any, flags: Any = 0) -> Any:
        caller = sys._getframe(1).f_code.co_filename
        if caller.startswith(_THEIRS):
            return _Later(lambda: compile_(pattern, flags))
        return compile_(pattern, flags)

    return compile_later


def _tag() -> bytes:
    """The beginning of a file that this very Python can use; marshal's form is its own affair."""
    return f"{sys.implementation.cache_tag} {sys.version} -O{sys.flags.optimize}\n".encode()


def _read(path: Path) -> _Kept:
    """What an earlier start kept; nothing if there is no file, or any doubt about it."""
    try:
        if not _private(path):
            return {}
        data, tag = files.read_bytes(path, _LARGEST), _tag()
        body = data[len(tag) + 4 :]
        # marshal trusts what it reads: a file that is torn or not of this Python could end the process
        if not data.startswith(tag) or data[len(tag) : len(tag) + 4] != zlib.crc32(body).to_bytes(4, "big"):
            return {}
        kept: _Kept = marshal.loads(body)  # noqa: S302 - the user's own file, checked above
    except (OSError, ValueError, EOFError, TypeError):
        return {}
    return kept


def _private(path: Path) -> bool:
    """Nobody but this user can have written it: it holds code."""
    if not hasattr(os, "getuid"):
        return True  # Windows keeps others out of the profile's folders
    return all(
        status.st_uid == os.getuid() and not status.st_mode & 0o022 for status in (path.lstat(), path.parent.stat())
    )


def _write(path: Path, used: _Kept) -> None:
    body = marshal.dumps(used)
    try:
        files.write_private(path, _tag() + zlib.crc32(body).to_bytes(4, "big") + body)
    except OSError:
        return  # the next start compiles again
