"""Takes keys on Windows: RegisterHotKey, in a thread of its own, since the messages go to the thread that registered.

https://learn.microsoft.com/windows/win32/api/winuser/nf-winuser-registerhotkey
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable
from ctypes import wintypes
from typing import Any

from trayapp.core.shortcuts import Shortcut
from trayapp.system.hotkey import Pressed, Say, loop_call, not_here, taken

MODIFIERS = {"Alt": 0x1, "Ctrl": 0x2, "Shift": 0x4, "Meta": 0x8}
NO_REPEAT = 0x4000
KEYS = {
    "Space": 0x20,
    "Tab": 0x09,
    "Insert": 0x2D,
    "Delete": 0x2E,
    "Home": 0x24,
    "End": 0x23,
    "PageUp": 0x21,
    "PageDown": 0x22,
    "Up": 0x26,
    "Down": 0x28,
    "Left": 0x25,
    "Right": 0x27,
    "Pause": 0x13,
}
"""Virtual keys; letters and digits are their own ASCII numbers, F1 is 0x70."""
ALREADY_REGISTERED = 1409
_QUIT, _HOTKEY = 0x0012, 0x0312
_ID = 1
_PATIENCE = 1.0
"""Seconds for the thread to begin, and to end."""


class WindowsKeys:
    """The keys of one shortcut."""

    def __init__(self, pressed: Pressed, problem: Say, *, api: Any = None) -> None:
        """``api`` stands in for user32, with ``GetCurrentThreadId`` and ``last_error`` besides."""
        self._pressed = pressed
        self._problem = problem
        self._api = api
        self._call: Callable[..., object] = loop_call()
        self._thread: threading.Thread | None = None
        self._number = 0
        self._ready = threading.Event()

    def take(self, shortcut: Shortcut) -> None:
        """Take these keys; what comes of it is said from the thread, in the loop."""
        api = self._api or _user32()
        self._thread = threading.Thread(target=self._serve, args=(api, shortcut), name="hotkey", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let the thread give the keys back, and end."""
        thread, self._thread = self._thread, None
        if thread is not None and self._ready.wait(_PATIENCE):
            (self._api or _user32()).PostThreadMessageW(self._number, _QUIT, 0, 0)
            thread.join(_PATIENCE)

    def _serve(self, api: Any, shortcut: Shortcut) -> None:
        message = wintypes.MSG()
        api.PeekMessageW(ctypes.byref(message), None, 0, 0, 0)  # now it has a queue that can be posted to
        self._number = api.GetCurrentThreadId()
        self._ready.set()
        modifiers = sum(MODIFIERS[it] for it in shortcut.modifiers) | NO_REPEAT
        if not api.RegisterHotKey(None, _ID, modifiers, virtual_key(shortcut.key)):
            held = api.last_error() == ALREADY_REGISTERED
            self._call(self._problem, taken(shortcut) if held else not_here(shortcut))
            return
        self._call(self._problem, "")
        try:
            while api.GetMessageW(ctypes.byref(message), None, 0, 0) > 0:
                if message.message == _HOTKEY:
                    self._call(self._pressed)
        finally:
            api.UnregisterHotKey(None, _ID)


def virtual_key(key: str) -> int:
    """The number that Windows has for a key."""
    if len(key) == 1:
        return ord(key)
    return KEYS[key] if key in KEYS else 0x70 - 1 + int(key[1:])


def _user32() -> Any:
    if sys.platform != "win32":
        raise OSError("user32 is a part of Windows")
    user32 = ctypes.WinDLL("user32", use_last_error=True)
    user32.GetCurrentThreadId = ctypes.WinDLL("kernel32").GetCurrentThreadId
    user32.last_error = ctypes.get_last_error
    return user32
