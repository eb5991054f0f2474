"""How much memory this computer has, and its graphics cards, where they say so without being waited for."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

Read: TypeAlias = Callable[[str], str]
"""A file's text; empty where it cannot be read."""
Run: TypeAlias = Callable[[Sequence[str]], str]
"""What a program prints; empty where it is missing or fails."""

PATIENCE = 3.0
"""Seconds for a program that is asked."""
_CARDS = "/sys/class/drm"
_NVIDIA = ("nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits")
_CGROUP = "/sys/fs/cgroup"


class Memory(Struct, frozen=True):
    """Bytes. Of a container it is the container's share."""

    total: int = 0
    """0: not known."""
    available: int = 0
    """What programs can get without pushing others out, file cache included."""
    vram: int | None = None
    """Of all graphics cards together; None: not known, or none."""
    unified: bool = False
    """The graphics card uses the same memory."""


async def look() -> Memory:
    """The machine's memory. Programs may be asked, so it is done in a thread."""
    import asyncio

    return await asyncio.to_thread(measured)


def measured(platform: str = sys.platform, read: Read | None = None, run: Run | None = None) -> Memory:
    """As ``look``, waiting. ``read`` and ``run`` stand in for the machine."""
    read, run = read or _text, run or _printed
    match platform:
        case "linux":
            total, available = _linux(read)
            return Memory(total, available, _amd(read) or _nvidia(run))
        case "darwin":
            return _macos(run)
        case "win32":
            total, available = _windows()
            return Memory(total, available, _nvidia(run))
    return Memory()


def available() -> int | None:
    """Bytes that can be had at this moment; None where that is not known. Quick, but it may run a program on macOS."""
    if sys.platform == "linux":
        return _linux(_text)[1] or None
    if sys.platform == "win32":
        return _windows()[1] or None
    return measured(sys.platform).available or None


def _linux(read: Read) -> tuple[int, int]:
    figures = {
        name: int(kib) * 1024 for name, kib in re.findall(r"^(\w+):\s+(\d+) kB$", read("/proc/meminfo"), re.MULTILINE)
    }
    total, available = figures.get("MemTotal", 0), figures.get("MemAvailable", 0)
    for folder in _groups(read("/proc/self/cgroup")):
        limit, used = (_number(read(f"{folder}/{name}")) for name in ("memory.max", "memory.current"))
        if limit is None or not 0 < limit < total:
            continue
        total = limit
        cached = re.search(r"^inactive_file (\d+)$", read(f"{folder}/memory.stat"), re.MULTILINE)
        available = min(available, max(0, limit - (used or 0) + (int(cached[1]) if cached else 0)))
    return total, available


def _groups(text: str) -> Iterable[str]:
    """The folders of our control group and of those around it: any of them may have a limit."""
    found = re.search(r"^0::(/.*)$", text, re.MULTILINE)
    path = found[1].rstrip("/") if found else ""
    while path:
        yield _CGROUP + path
        path = path.rpartition("/")[0]
    yield _CGROUP


def _amd(read: Read) -> int | None:
    cards = (_number(read(f"{_CARDS}/card{n}/device/mem_info_vram_total")) for n in range(16))
    return sum(size for size in cards if size) or None


def _nvidia(run: Run) -> int | None:
    """MiB, one line per card; cards that share the computer's memory say “[N/A]”."""
    sizes = (_number(line) for line in run(_NVIDIA).splitlines()[:16])
    return sum(size << 20 for size in sizes if size) or None


def _macos(run: Run) -> Memory:
    told = run(("sysctl", "-n", "hw.memsize", "hw.optional.arm64")).split()
    total = _number(told[0]) or 0 if told else 0
    pages = run(("vm_stat",))
    size = re.search(r"page size of (\d+) bytes", pages)
    free = re.findall(r"^Pages (?:free|inactive|speculative|purgeable):\s+(\d+)\.", pages, re.MULTILINE)
    unified = told[1:2] == ["1"]
    return Memory(
        total,
        min(total, sum(map(int, free)) * (int(size[1]) if size else 4096)),
        total or None if unified else None,
        unified,
    )


def _windows() -> tuple[int, int]:
    if sys.platform != "win32":
        return 0, 0
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "free", "page", "page_free", "virtual", "virtual_free")),
            ("extended", ctypes.c_ulonglong),
        )

    status = Status(length=ctypes.sizeof(Status))
    if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return 0, 0
    return status.total, status.free


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None


def _text(path: str) -> str:
    try:
        return Path(path).read_text("ascii", errors="replace")
    except OSError:
        return ""


def _printed(argv: Sequence[str]) -> str:
    from trayapp.system import command

    return (command.output(argv, seconds=PATIENCE, limit=1 << 16) or b"").decode("ascii", "replace")
