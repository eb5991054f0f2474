"""Takes keys on macOS: Carbon's RegisterEventHotKey, which needs no permission and is heard in the main thread.

Written by Apple's headers (CarbonEvents.h, Events.h) and tried with a stand-in for the library only.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

from trayapp.core.shortcuts import Shortcut
from trayapp.system.hotkey import Pressed, Say, not_here, taken

MODIFIERS = {"Meta": 0x0100, "Shift": 0x0200, "Alt": 0x0800, "Ctrl": 0x1000}
"""cmdKey, shiftKey, optionKey, controlKey."""
_LETTERS = dict(zip("ASDFHGZXCVBQWERYT", (*range(10), *range(11, 18)), strict=True))
_REST = {"O": 31, "U": 32, "I": 34, "P": 35, "L": 37, "J": 38, "K": 40, "N": 45, "M": 46}
_DIGITS = dict(zip("1234657980", (18, 19, 20, 21, 22, 23, 26, 25, 28, 29), strict=True))
_NAMED = {
    "Space": 49,
    "Tab": 48,
    "Insert": 114,
    "Delete": 117,
    "Home": 115,
    "End": 119,
    "PageUp": 116,
    "PageDown": 121,
    "Up": 126,
    "Down": 125,
    "Left": 123,
    "Right": 124,
}
_FUNCTION = dict(
    zip(
        (f"F{number}" for number in range(1, 21)),
        (122, 120, 99, 118, 96, 97, 98, 100, 101, 109, 103, 111, 105, 107, 113, 106, 64, 79, 80, 90),
        strict=True,
    )
)
KEYS = {**_LETTERS, **_REST, **_DIGITS, **_NAMED, **_FUNCTION}
"""Virtual key codes: places on an American keyboard, whatever is printed there."""
EXISTS = -9878
"""eventHotKeyExistsErr."""
_KEYBOARD, _HOTKEY_PRESSED = int.from_bytes(b"keyb", "big"), 5
_SIGNATURE = int.from_bytes(b"tray", "big")


class _Id(ctypes.Structure):
    _fields_ = (("signature", ctypes.c_uint32), ("id", ctypes.c_uint32))


class _Type(ctypes.Structure):
    _fields_ = (("eventClass", ctypes.c_uint32), ("eventKind", ctypes.c_uint32))


_HANDLER = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


class MacKeys:
    """The keys of one shortcut."""

    def __init__(self, pressed: Pressed, problem: Say, *, carbon: Any = None) -> None:
        """``carbon`` stands in for the framework."""
        self._pressed = pressed
        self._problem = problem
        self._carbon = carbon
        self._handler = _HANDLER(self._heard)
        self._taken = ctypes.c_void_p()
        self._installed = ctypes.c_void_p()

    def take(self, shortcut: Shortcut) -> None:
        """Take these keys."""
        if shortcut.key not in KEYS:
            self._problem(not_here(shortcut))
            return
        carbon = self._carbon = self._carbon or _framework()
        target = carbon.GetApplicationEventTarget()
        kind = _Type(_KEYBOARD, _HOTKEY_PRESSED)
        carbon.InstallEventHandler(target, self._handler, 1, ctypes.byref(kind), None, ctypes.byref(self._installed))
        modifiers = sum(MODIFIERS[it] for it in shortcut.modifiers)
        failed = carbon.RegisterEventHotKey(
            KEYS[shortcut.key], modifiers, _Id(_SIGNATURE, 1), target, 0, ctypes.byref(self._taken)
        )
        if failed:
            self.close()
        self._problem("" if not failed else taken(shortcut) if failed == EXISTS else not_here(shortcut))

    def close(self) -> None:
        """Give them back."""
        if self._carbon is None:
            return
        if self._taken:
            self._carbon.UnregisterEventHotKey(self._taken)
        if self._installed:
            self._carbon.RemoveEventHandler(self._installed)
        self._taken, self._installed = ctypes.c_void_p(), ctypes.c_void_p()

    def _heard(self, _next: object, _event: object, _data: object) -> int:
        self._pressed()
        return 0


def _framework() -> Any:
    if sys.platform != "darwin":
        raise OSError("Carbon is a part of macOS")
    carbon = ctypes.CDLL("/System/Library/Frameworks/Carbon.framework/Carbon")
    carbon.GetApplicationEventTarget.restype = ctypes.c_void_p
    pointer = ctypes.c_void_p
    carbon.InstallEventHandler.argtypes = [pointer, _HANDLER, ctypes.c_ulong, pointer, pointer, pointer]
    carbon.RegisterEventHotKey.argtypes = [ctypes.c_uint32, ctypes.c_uint32, _Id, pointer, ctypes.c_uint32, pointer]
    carbon.UnregisterEventHotKey.argtypes = [pointer]
    carbon.RemoveEventHandler.argtypes = [pointer]
    return carbon
