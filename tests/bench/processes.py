"""What Linux knows about a running process: its memory, and how often it was woken."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Memory(NamedTuple):
    """In MB; ``pss`` counts what is shared with others in parts."""

    rss: float
    pss: float


def memory(pid: int) -> Memory:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()
    sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.endswith("kB")}
    return Memory(sizes["Rss"], sizes["Pss"])


class Work(NamedTuple):
    """Since the process started: times it woke by itself, and seconds of CPU."""

    switches: int
    cpu: float
    threads: tuple[str, ...]


def work(pid: int) -> Work:
    """Voluntary context switches of all threads that live now, and CPU of all that ever did."""
    import os

    switches = 0
    names = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        status = (task / "status").read_text("utf-8")
        switches += int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])
        names.append((task / "comm").read_text("utf-8").strip())
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return Work(switches, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), tuple(sorted(names)))
