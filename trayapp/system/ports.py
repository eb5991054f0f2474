"""Which program holds a port of this computer, where the system tells; else what answers there."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from trayapp.core.language import _

WITHIN = 0.5
"""Seconds for the whole look through the processes, and for each question to who answers."""
_LISTENS = "0A"
_LONGEST_ANSWER = 64 * 2**10


class Holder(Struct, frozen=True):
    """Who listens. ``name`` is a program's own name, or what its answers say that it is; empty: not known."""

    name: str = ""
    pid: int | None = None

    def __str__(self) -> str:
        """For a sentence: “ollama (process 4711)”."""
        if self.name and self.pid is not None:
            return _("{name} (process {pid})").format(name=self.name, pid=self.pid)
        if self.pid is not None:
            return _("process {pid}").format(pid=self.pid)
        return self.name or _("another program")


def holder(port: int, *, proc: Path = Path("/proc"), ask: Callable[[int], str] | None = None) -> Holder:
    """Who listens at this port on a loopback address. Blocks, at most a second and a half.

    Linux tells it of the user's own processes; of others, and elsewhere, the port itself is asked.
    """
    if sys.platform == "linux" and (found := _in_proc(proc, port)) is not None:
        return found
    return Holder((ask or answers)(port))


def answers(port: int) -> str:
    """What answers at the port, by its manners: Ollama, something OpenAI-like, another web server, or nothing."""
    status, text = _asked(port, "/api/version")
    if status == 200 and '"version"' in text:
        return "Ollama"
    if status == 0:
        return ""
    status, text = _asked(port, "/v1/models")
    if status in (200, 401) and text.lstrip().startswith("{"):
        return _("a server of language models")
    return _("a web server") if status else ""


def _asked(port: int, path: str) -> tuple[int, str]:
    """Status (0: none) and the beginning of the text."""
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection("127.0.0.1", port, timeout=WITHIN)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        answer = connection.getresponse()
        return answer.status, answer.read1(_LONGEST_ANSWER).decode("utf-8", "replace")
    except (OSError, HTTPException):
        return 0, ""
    finally:
        connection.close()


def _in_proc(proc: Path, port: int) -> Holder | None:
    inodes = _listening(proc, port)
    if not inodes:
        return None
    sockets = {f"socket:[{inode}]" for inode in inodes}
    until = time.monotonic() + WITHIN
    for process in proc.iterdir():
        if time.monotonic() > until:
            return None
        if process.name.isdecimal() and _has_one(process / "fd", sockets):
            return Holder(_name(process), int(process.name))
    return None


def _listening(proc: Path, port: int) -> set[str]:
    """Inodes of the sockets that listen at the port on any address."""
    found = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / table).read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            columns = line.split()
            if len(columns) > 9 and columns[3] == _LISTENS and int(columns[1].rpartition(":")[2], 16) == port:
                found.add(columns[9])
    return found


def _has_one(folder: Path, sockets: set[str]) -> bool:
    try:
        return any(str(entry.readlink()) in sockets for entry in folder.iterdir())
    except OSError:  # another user's, or just ended
        return False


def _name(process: Path) -> str:
    """The program's file name; for an interpreter, the script's that it runs."""
    try:
        line = (process / "cmdline").read_bytes().split(b"\0")
        words = [Path(word.decode("utf-8", "replace")).name for word in line if word]
        if len(words) > 1 and words[0].startswith(("python", "node", "ruby", "perl", "java")):
            script = next((word for word in words[1:] if not word.startswith("-")), "")
            return f"{words[0]} {script}".strip()
        return words[0] if words else (process / "comm").read_text("utf-8", "replace").strip()
    except OSError:
        return ""
