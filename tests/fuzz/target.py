"""What a target of hostile bytes is: a parser, where its samples are, and what it may raise."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tests.fuzz.bounds import SECONDS, Run


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One parser, or several that read the same kind of input: then its first line says which."""

    name: str
    make: Callable[[], Run]
    """Gives what is called with each input; whatever is costly to build is built here, once."""
    seeds: Callable[[], list[bytes]]
    declared: tuple[type[BaseException], ...] = ()
    """What the parser says it raises. Anything else is a finding."""
    seconds: float = SECONDS
    """Processor time of one call, where it is another than for input from the network."""
    about: str
    """Where the parser stands; the texts in that folder's code are what its inputs are made of."""


def headed(head: str, *bodies: bytes) -> list[bytes]:
    """These bodies below a first line that says what reads them."""
    return [head.encode() + b"\n" + body for body in bodies]


def split(data: bytes) -> tuple[list[str], bytes]:
    """The words of the first line, and what is below it."""
    head, _end, body = data.partition(b"\n")
    return head[:16_000].decode("latin-1").split(" "), body


def chosen(words: list[str], names: Sequence[str], at: int = 0) -> str:
    """The name that this word of the first line says; where it says none, one that depends on it all the same."""
    word = words[at] if at < len(words) else ""
    return word if word in names else names[sum(map(ord, word)) % len(names)]


def number(words: list[str], at: int, usual: int) -> int:
    """The number that this word of the first line says."""
    word = words[at] if at < len(words) else ""
    return int(word) if word.isascii() and word.isdigit() and len(word) < 5 else usual


@contextlib.contextmanager
def worded(*kinds: type[Exception]) -> Iterator[None]:
    """Whatever is raised of these kinds is expected, and says something."""
    try:
        yield
    except kinds as exc:
        if not str(exc).strip():
            raise AssertionError(f"{type(exc).__name__} without a word") from exc


class Loop:
    """A loop of this thread's own, so that time is counted where it is spent."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        _LOOPS.append(self._loop)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run_until_complete(work)


_count = itertools.count()
ROOM = "TEST_FUZZ_ROOM"
"""The variable that names the place for such folders: libFuzzer ends its process without tidying."""


def room() -> str | None:
    """A place in memory, where the system has one."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() else None


def folder(name: str) -> Path:
    """An empty folder, in memory where the system has such a place."""
    where = os.environ.get(ROOM) or room()
    made = Path(tempfile.mkdtemp(prefix=f"trayapp-{name}-{next(_count)}-", dir=where))
    _FOLDERS.append(made)
    return made


def emptied(place: Path) -> None:
    """Take out whatever a call left there."""
    for path in place.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def tidy() -> None:
    """Remove all folders and end all loops that targets used."""
    while _LOOPS:
        loop = _LOOPS.pop()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
    while _FOLDERS:
        shutil.rmtree(_FOLDERS.pop(), ignore_errors=True)


_FOLDERS: list[Path] = []
_LOOPS: list[asyncio.AbstractEventLoop] = []
