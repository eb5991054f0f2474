"""Keeps keys where they are: this process's memory out of core dumps, and its environment out of what it starts.

A key has to stand in memory to be sent. A crash must not write that memory to the disk or to a crash reporter, and
a key in an environment variable is nobody's business but ours: not the web browser's, not LM Studio's.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

NO_CORE = 1
"""Bytes of a core dump. Linux takes 1 for “none at all” also where crash reports go to a program, such as apport's or
systemd's: there 0 is no limit (fs/coredump.c). No file is written either, for no dump is so short."""
NO_MEMORY = "0x0"
"""Which kinds of memory go into a core dump that is written all the same: none (core(5), coredump_filter)."""
_PR_SET_DUMPABLE = 4
_NO_HEAP = 1
"""WER_FAULT_REPORTING_FLAG_NOHEAP of werapi.h."""
_MEANS_KEY = frozenset({"KEY", "APIKEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIALS"})


def begin(
    env: MutableMapping[str, str] = os.environ, *, unreadable: bool = False, platform: str = sys.platform
) -> dict[str, str]:
    """No core dumps from here on, and no keys for children. Gives the environment as it was.

    ``unreadable``: other programs of this user may not read this process's memory and environment either. On a
    desktop that has a price: its portals, which read ``/proc/PID/root`` of whoever asks, refuse such a process
    everything, keyboard shortcuts on Wayland and file dialogs among it (flatpak/xdg-desktop-portal issue 1490).
    """
    no_dumps(platform=platform)
    if unreadable and platform == "linux":
        _unreadable()
    before = dict(env)
    for name in [name for name in env if named_like_a_key(name)]:
        del env[name]
    return before


def named_like_a_key(name: str) -> bool:
    """Whether a variable of this name holds a key, by its words; a desktop's own tokens for windows are none."""
    words = name.upper().split("_")
    return words[0] != "XDG" and not _MEANS_KEY.isdisjoint(words)


def for_children(env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment for a program that is started from here: without what is named like a key."""
    return {name: value for name, value in env.items() if not named_like_a_key(name)}


def no_dumps(*, platform: str = sys.platform, proc: Path = Path("/proc/self"), kernel32: Any = None) -> None:
    """Have no crash of this process, or of what it starts, write down its memory. What refuses is left as it is."""
    if platform == "win32":
        _no_heap(kernel32)
        return
    import resource

    _soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    wanted = NO_CORE if platform == "linux" else 0
    resource.setrlimit(resource.RLIMIT_CORE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
    if platform == "linux":
        try:
            (proc / "coredump_filter").write_text(NO_MEMORY, "ascii")
        except OSError:  # a kernel without core dumps, or a sandbox without /proc
            return


def _unreadable() -> None:
    """prctl(2): /proc/PID/mem, environ and maps become root's, and nobody of this user may attach a debugger."""
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _no_heap(kernel32: Any) -> None:
    """Windows' error reports may tell that there was a crash, and not what stood in memory."""
    if kernel32 is None:
        import ctypes

        kernel32 = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined,unused-ignore]
    kernel32.WerSetFlags(_NO_HEAP)
