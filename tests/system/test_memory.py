"""Memory is read as each system tells it, a container's as its own."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from trayapp.system import command, memory
from trayapp.system.memory import Memory, measured

GIB = 2**30
MEMINFO = (
    "MemTotal:       32611336 kB\nMemFree:         1000000 kB\nMemAvailable:   20000000 kB\nHugePages_Total:       0\n"
)
TOTAL, AVAILABLE = 32611336 * 1024, 20000000 * 1024
NVIDIA = "nvidia-smi"


def linux(files: Mapping[str, str] | None = None, says: Mapping[str, str] | None = None) -> Memory:
    given = {"/proc/meminfo": MEMINFO, **(files or {})}
    return measured("linux", lambda path: given.get(path, ""), lambda argv: (says or {}).get(argv[0], ""))


def test_linux_says_what_there_is_and_what_can_be_had() -> None:
    assert linux() == Memory(TOTAL, AVAILABLE)


def test_a_container_has_what_its_group_may_use() -> None:
    files = {
        "/proc/self/cgroup": "0::/box/inner\n",
        "/sys/fs/cgroup/box/inner/memory.max": "max\n",
        "/sys/fs/cgroup/box/memory.max": f"{8 * GIB}\n",
        "/sys/fs/cgroup/box/memory.current": f"{6 * GIB}\n",
        "/sys/fs/cgroup/box/memory.stat": f"anon 5\ninactive_file {GIB}\n",
    }
    assert linux(files) == Memory(8 * GIB, 3 * GIB)
    assert linux({**files, "/sys/fs/cgroup/box/memory.max": f"{64 * GIB}"}) == Memory(TOTAL, AVAILABLE)


def test_cards_of_amd_are_added_up() -> None:
    card = "/sys/class/drm/card{}/device/mem_info_vram_total"
    assert linux({card.format(0): f"{16 * GIB}\n", card.format(1): f"{8 * GIB}\n"}).vram == 24 * GIB


@pytest.mark.parametrize(
    ("printed", "vram"),
    [
        ("24564\n", 24564 << 20),
        ("8192\n8192\n", 16 * GIB),
        ("[N/A]\n", None),
        ("No devices were found\n", None),
        ("", None),
    ],
)
def test_cards_of_nvidia_are_asked_of_their_tool(printed: str, vram: int | None) -> None:
    assert linux(says={NVIDIA: printed}).vram == vram


@pytest.mark.parametrize(("arm", "vram"), [("1", 16 * GIB), ("0", None)])
def test_a_mac_with_apple_s_processor_shares_its_memory(arm: str, vram: int | None) -> None:
    says = {
        "sysctl": f"{16 * GIB}\n{arm}\n",
        "vm_stat": "Mach Virtual Memory Statistics: (page size of 16384 bytes)\n"
        "Pages free:      100000.\nPages active:    5.\nPages inactive:  50000.\nPages speculative: 1000.\n",
    }
    found = measured("darwin", lambda _: "", lambda argv: says[argv[0]])
    assert found == Memory(16 * GIB, 151000 * 16384, vram, unified=arm == "1")


def test_a_mac_of_intel_s_has_no_such_word() -> None:
    def run(argv: Sequence[str]) -> str:
        return f"{8 * GIB}\n" if argv[0] == "sysctl" else ""

    assert measured("darwin", lambda _: "", run) == Memory(8 * GIB, 0)


class Kernel32:
    """Windows, where it tells what there is, or does not."""

    def __init__(self, tells: bool) -> None:
        self.tells = tells

    def GlobalMemoryStatusEx(self, status: Any) -> int:
        assert status._obj.length == ctypes.sizeof(status._obj)
        status._obj.total, status._obj.free = 16 * GIB, 9 * GIB
        return int(self.tells)


@pytest.mark.parametrize(("tells", "total", "free"), [(True, 16 * GIB, 9 * GIB), (False, 0, 0)])
def test_windows_is_asked_of_its_kernel(tells: bool, total: int, free: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=Kernel32(tells)), raising=False)
    assert measured("win32", run=lambda _: "8192\n") == Memory(total, free, 8 * GIB)
    assert memory.available() == (free or None)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a system without that kernel")
def test_windows_is_not_asked_elsewhere() -> None:
    assert measured("win32", run=lambda _: "") == Memory()


def test_what_a_mac_has_left_is_asked_of_its_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def output(argv: Sequence[str], **_bounds: object) -> bytes:
        asked.append(argv[0])
        return f"{16 * GIB}\n1\n".encode() if argv[0] == "sysctl" else b"Pages free:      1000.\n"

    monkeypatch.setattr(command, "output", output)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert memory.available() == 1000 * 4096
    assert asked == ["sysctl", "vm_stat"]


def test_nothing_is_known_of_a_system_that_says_nothing() -> None:
    assert measured("linux", lambda _: "", lambda _: "") == Memory()
    assert measured("plan9", lambda _: "", lambda _: "") == Memory()


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
async def test_this_computer_has_memory() -> None:
    found = await memory.look()
    assert 0 < found.available <= found.total
    assert (memory.available() or 0) > 0
