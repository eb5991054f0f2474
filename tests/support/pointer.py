"""A real pointer and keyboard on a private screen (xdotool), and pictures of that screen."""

from __future__ import annotations

import re
import struct
import subprocess
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.support.desktop import FRAMEBUFFER, need, until


class Window(NamedTuple):
    """A visible window: its number and where it is, in pixels."""

    number: int
    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> tuple[int, int]:
        return self.x + self.width // 2, self.y + self.height // 2


class Pointer:
    """Moves, clicks and types on the screen of ``env``. MissingProgramError where xdotool is not installed."""

    def __init__(self, env: Mapping[str, str]) -> None:
        need("xdotool")
        self._env = dict(env)

    def move(self, x: int, y: int) -> None:
        self._xdotool("mousemove", x, y)

    def click(self, x: int, y: int, button: int = 1) -> None:
        """Button 1 is left, 2 middle, 3 right."""
        self._xdotool("mousemove", x, y, "click", button)

    def scroll(self, steps: int) -> None:
        """Down where ``steps`` is positive, up where it is negative."""
        self._xdotool("click", "--repeat", abs(steps), "--delay", 5, 5 if steps > 0 else 4)

    def keys(self, *names: str) -> None:
        """Press keys one after another, by their X names: ``Down Return ctrl+a``."""
        self._xdotool("key", *names)

    def type(self, text: str) -> None:
        """Type text; through standard input, since an argument list is public."""
        self._xdotool("type", "--delay", 1, "--file", "-", typed=text)

    def focus(self, window: Window) -> None:
        """Give the window the keyboard: without a window manager nobody else does."""
        self._xdotool("windowfocus", window.number)

    def windows(self, pattern: str, by: str = "class", smallest: int = 1) -> list[Window]:
        """The visible windows whose ``class`` or ``name`` matches the pattern, at least that many pixels high."""
        found = []
        for number in self._xdotool("search", "--onlyvisible", f"--{by}", pattern).split():
            # It may be gone by now; then there is no geometry.
            told = dict(re.findall(r"(\w+)=(-?\d+)", self._xdotool("getwindowgeometry", "--shell", number)))
            if told and int(told["HEIGHT"]) >= smallest:
                found.append(Window(int(number), *(int(told[name]) for name in ("X", "Y", "WIDTH", "HEIGHT"))))
        return found

    def wait_window(self, pattern: str, by: str = "class", smallest: int = 1, timeout: float = 10.0) -> Window:
        """The first such window, once it has stood still: trays and menus move new windows about."""
        seen: list[Window] = []

        def settled() -> Window | None:
            nonlocal seen
            before, seen = seen, self.windows(pattern, by, smallest)
            return next((window for window in seen if window in before), None)

        return until(settled, f"a window with {by} {pattern}", timeout, pause=0.05)

    def wait_no_window(self, pattern: str, by: str = "class", smallest: int = 1, timeout: float = 10.0) -> None:
        until(lambda: not self.windows(pattern, by, smallest), f"no window with {by} {pattern}", timeout, pause=0.05)

    def _xdotool(self, *args: object, typed: str = "") -> str:
        command = ["xdotool", *map(str, args)]
        done = subprocess.run(command, env=self._env, input=typed, capture_output=True, text=True, timeout=15)
        return done.stdout


class Picture(NamedTuple):
    """What the screen showed: three bytes a pixel (red, green, blue), row by row."""

    width: int
    height: int
    rows: tuple[bytes, ...]

    def pixel(self, x: int, y: int) -> tuple[int, int, int]:
        red, green, blue = self.rows[y][3 * x : 3 * x + 3]
        return red, green, blue

    def cut(self, x: int, y: int, width: int, height: int) -> Picture:
        """A part of it; what lies beyond the edge is left out."""
        left, top = max(x, 0), max(y, 0)
        right, bottom = min(x + width, self.width), min(y + height, self.height)
        return Picture(right - left, bottom - top, tuple(row[3 * left : 3 * right] for row in self.rows[top:bottom]))

    def colours(self) -> int:
        """How many different colours there are: one means that nothing was drawn."""
        return len({row[at : at + 3] for row in self.rows for at in range(0, len(row), 3)})

    def save(self, path: Path) -> None:
        """As PNG."""

        def chunk(kind: bytes, data: bytes) -> bytes:
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        pixels = zlib.compress(b"".join(b"\0" + row for row in self.rows), 9)
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))


def screenshot(env: Mapping[str, str]) -> Picture:
    """The private screen as it is, read from the memory that Xvfb shares as a file in xwd's format.

    No program takes part that would itself have to open a window or be installed. XWDFile.h of X.Org
    describes the header: 25 numbers of four bytes, then a name, then the colour map.
    """
    data = Path(env[FRAMEBUFFER]).read_bytes()
    header = struct.unpack(">25I", data[:100])
    header_size, width, height, bits, line, colours = (header[at] for at in (0, 4, 5, 11, 12, 19))
    if bits != 32:
        raise RuntimeError(f"the screen has {bits} bits a pixel, not 32")
    start = header_size + 12 * colours
    rows = []
    for y in range(height):
        raw = data[start + y * line : start + y * line + 4 * width]  # blue, green, red, nothing
        row = bytearray(3 * width)
        row[0::3], row[1::3], row[2::3] = raw[2::4], raw[1::4], raw[0::4]
        rows.append(bytes(row))
    return Picture(width, height, tuple(rows))
