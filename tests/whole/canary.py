"""Looks for keys wherever a program leaves traces: files, children, the bus, mapped files, and what it said.

What is found is named by its place and never quoted.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import open_dbus_connection

from tests.support.canary import forms

CHILDREN = "children"
"""The folder below a home where the stand-ins for other programs leave what they were given."""
_STAND_IN = """#!/bin/sh
me="$HOME/{folder}/$(basename "$0")-$$"
tr '\\0' '\\n' < "/proc/$$/environ" > "$me"
for word in "$@"; do printf '%s\\n' "$word" >> "$me"; done
{says}
"""
_PIECE = 1 << 20


class Places:
    """All that was collected, by where it came from, and which of it holds one of ``keys`` in any form."""

    def __init__(self, *keys: str) -> None:
        self._forms = {form for key in keys for form in forms(key)}
        self._keys = keys
        self.found: list[str] = []
        self.searched: dict[str, int] = {}
        """Bytes by kind of place."""
        self.things: dict[str, int] = {}
        """Files, processes, texts by kind of place."""

    def look(self, kind: str, name: str, data: bytes | str) -> None:
        """Search this, and remember where it was found."""
        raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
        self.searched[kind] = self.searched.get(kind, 0) + len(raw)
        self.things[kind] = self.things.get(kind, 0) + 1
        if any(form in raw for form in self._forms):
            self.found.append(f"{kind}: {name}")

    def look_below(self, kind: str, *folders: Path) -> None:
        """Search names and bytes of every file there; sockets and pipes are looked at by name."""
        for folder in folders:
            for path in sorted(folder.rglob("*")):
                with contextlib.suppress(FileNotFoundError):  # gone meanwhile
                    regular = stat.S_ISREG(path.lstat().st_mode)
                    self.look(kind, str(path.name).replace(str(self._keys), "…"), str(path))
                    if regular:
                        self.look(kind, str(path.relative_to(folder)), path.read_bytes())

    def look_mapped(self, pid: int) -> None:
        """Search every region of a process that belongs to a file, shared memory and deleted files among them."""
        regions = list(_of_files(pid))
        with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
            for start, end, name in regions:
                with contextlib.suppress(OSError, ValueError):  # beyond the file's end, or [vsyscall]
                    memory.seek(start)
                    self.look("mapped", name, memory.read(end - start))

    def __str__(self) -> str:
        return ", ".join(f"{kind}: {self.things[kind]} with {self.searched[kind]} bytes" for kind in self.things)


class BusTap:
    """Hears every message on a session bus from now on, as ``dbus-monitor`` does; ``heard`` is their bytes."""

    def __init__(self, address: str) -> None:
        self._bus = open_dbus_connection(address)
        self._stop = threading.Event()
        self._pieces: list[bytes] = []
        self._thread = threading.Thread(target=self._listen, name="bus tap", daemon=True)

    @property
    def heard(self) -> bytes:
        return b"".join(self._pieces)

    def __enter__(self) -> BusTap:
        monitoring = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus.Monitoring")
        self._bus.send_and_get_reply(new_method_call(monitoring, "BecomeMonitor", "asu", ([], 0)), timeout=10)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._thread.join(5)
        self._bus.close()

    def _listen(self) -> None:
        line: socket.socket = self._bus.sock
        line.settimeout(0.1)
        while not self._stop.is_set():
            try:
                piece = line.recv(_PIECE)
            except TimeoutError:
                continue
            if not piece:
                return
            self._pieces.append(piece)


class Family:
    """Reads arguments and environment of a process and of all that descends from it, again and again."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._own = b""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="family", daemon=True)
        self.seen: dict[tuple[int, str], bytes] = {}

    def __enter__(self) -> Family:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._thread.join(5)

    def arguments(self) -> Iterator[tuple[str, bytes]]:
        """Of everybody."""
        return ((f"{pid}/{what}", data) for (pid, what), data in sorted(self.seen.items()) if what == "cmdline")

    def environments(self) -> Iterator[tuple[str, bytes]]:
        """Of the children: the process's own is its user's."""
        return (
            (f"{pid}/{what}", data)
            for (pid, what), data in sorted(self.seen.items())
            if what == "environ" and pid != self._pid
        )

    def _watch(self) -> None:
        while not self._stop.wait(0.005):
            for pid in (self._pid, *_descendants(self._pid)):
                with contextlib.suppress(OSError):
                    arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
                    if pid == self._pid:
                        self._own = arguments
                    elif arguments == self._own:
                        continue  # until it has become another program a child is its parent, environment and all
                    self.seen[pid, "cmdline"] = arguments
                    self.seen[pid, "environ"] = Path(f"/proc/{pid}/environ").read_bytes()


def stand_ins(env: Mapping[str, str], **programs: str) -> str:
    """Programs that leave their arguments and environment below the home, and say this; the PATH to find them by."""
    home = Path(env["HOME"])
    (home / CHILDREN).mkdir(exist_ok=True)
    folder = home / "stand-ins"
    folder.mkdir(exist_ok=True)
    for name, says in programs.items():
        path = folder / name.replace("_", "-")
        path.write_text(_STAND_IN.format(folder=CHILDREN, says=says), "utf-8")
        path.chmod(0o700)
    return f"{folder}{os.pathsep}{env.get('PATH', os.defpath)}"


def called(env: Mapping[str, str], program: str) -> list[str]:
    """What each run of a stand-in was given."""
    return [path.read_text("utf-8") for path in sorted(Path(env["HOME"], CHILDREN).glob(f"{program}-*"))]


def _of_files(pid: int) -> Iterable[tuple[int, int, str]]:
    """Start, end and name of every region that is a file's; ``[heap]`` and nameless memory are none."""
    for line in Path(f"/proc/{pid}/maps").read_text("utf-8", "replace").splitlines():
        columns = line.split(maxsplit=5)
        readable = columns[1].startswith("r")
        if len(columns) == 6 and readable and not columns[5].startswith("["):
            start, end = (int(it, 16) for it in columns[0].split("-"))
            yield start, end, Path(columns[5]).name


def _descendants(pid: int) -> Iterator[int]:
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                for child in map(int, (task / "children").read_text("ascii").split()):
                    yield child
                    yield from _descendants(child)
