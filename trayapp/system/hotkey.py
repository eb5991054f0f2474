"""Keys that reach the program whatever other program is in front: four systems, one face.

X11 and Windows let a program take keys for itself, macOS as well; under Wayland the desktop decides, through a
portal where it has one. Where it has none, a sentence says which command to bind in the desktop's own settings.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

from trayapp.core.language import _
from trayapp.core.shortcuts import Shortcut, parsed

Pressed: TypeAlias = Callable[[], object]
Say: TypeAlias = Callable[[str], object]
COMMAND = "trayapp open --finder"


class Keys(Protocol):
    """One system's way. Everything is called in the loop in which it was made, and comes back there."""

    def take(self, shortcut: Shortcut) -> None:
        """Take these keys. What is wrong is said once it is known; empty: they are taken."""

    def close(self) -> None:
        """Give back what was taken."""


Make: TypeAlias = Callable[[Pressed, Say], Keys]


class Hotkeys:
    """Takes the keys that the settings name, and gives back those that they named before."""

    def __init__(
        self,
        pressed: Pressed,
        problem: Say,
        *,
        env: Mapping[str, str] = os.environ,
        platform: str = sys.platform,
        ways: Callable[[str], Make | None] | None = None,
    ) -> None:
        """``problem`` is called after each ``set``, once it is known: with a sentence, or empty where all is well."""
        self._pressed = pressed
        self._problem = problem
        self._way = way(env, platform)
        self._ways = ways or made
        self._keys: Keys | None = None
        self._turn = 0

    def set(self, text: str) -> None:
        """Take these keys from now on, such as ``Ctrl+Alt+M``; empty: none."""
        self.close()
        if not text.strip():
            self._problem("")
            return
        try:
            shortcut = parsed(text)
        except ValueError as exc:
            self._problem(str(exc))
            return
        found = self._ways(self._way)
        if found is None:
            self._problem(not_here(shortcut))
            return
        turn = self._turn

        def say(sentence: str) -> None:
            if turn == self._turn:  # else other keys were set meanwhile
                self._problem(sentence)

        def pressed() -> None:
            if turn == self._turn:
                self._pressed()

        self._keys = found(pressed, say)
        self._keys.take(shortcut)

    def close(self) -> None:
        """Give back what was taken."""
        self._turn += 1
        keys, self._keys = self._keys, None
        if keys is not None:
            keys.close()


def way(env: Mapping[str, str], platform: str = sys.platform) -> str:
    """``windows``, ``macos``, ``portal`` (Wayland), ``x11``, or empty where there is no screen.

    A Wayland desktop also runs an X server, but that one knows only of keys pressed in its own windows.
    """
    if platform in ("win32", "darwin"):
        return {"win32": "windows", "darwin": "macos"}[platform]
    if env.get("WAYLAND_DISPLAY") or env.get("XDG_SESSION_TYPE") == "wayland":
        return "portal"
    return "x11" if env.get("DISPLAY") else ""


def made(way: str) -> Make | None:
    """What makes the keys of a way, imported only where it is needed."""
    match way:
        case "x11":
            from trayapp.system.hotkey_x11 import XKeys

            return XKeys
        case "portal":
            from trayapp.system.hotkey_portal import PortalKeys

            return PortalKeys
        case "windows":
            from trayapp.system.hotkey_windows import WindowsKeys

            return WindowsKeys
        case "macos":
            from trayapp.system.hotkey_macos import MacKeys

            return MacKeys
    return None


def taken(shortcut: Shortcut) -> str:
    """Somebody else has them."""
    return _("Another program has taken {keys} for itself. Choose other keys, or free them there.").format(
        keys=shortcut
    )


def no_key(shortcut: Shortcut) -> str:
    """The keyboard lacks it."""
    return _("This keyboard has no key “{key}”. Choose another one.").format(key=shortcut.key)


def not_here(shortcut: Shortcut) -> str:
    """The desktop gives keys to no program; the user can do it by hand."""
    return _(
        "This desktop does not let programs take keys. In its own keyboard settings, bind {keys} to the command"
        " “{command}”."
    ).format(keys=shortcut, command=COMMAND)


def loop_call() -> Callable[..., object]:
    """For threads: has a function called in the loop that runs now. A loop that has ended calls nothing."""
    loop = asyncio.get_running_loop()

    def call(function: Callable[..., object], *args: object) -> None:
        try:
            loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            return

    return call
