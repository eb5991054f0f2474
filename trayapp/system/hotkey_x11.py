"""Takes keys from an X server, through the libxcb that Qt brings, on a connection of its own and without a thread.

The X protocol, by its own words (X11R7.7, “Grabs”): a passive grab names a key and the exact modifiers, so it is made
once for each state of the locks; BadAccess says that another client has it. While a key is held, releases and presses
of the same instant alternate, which is the server's repetition and no second press.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

from msgspec import Struct

from trayapp.core.shortcuts import Shortcut
from trayapp.system.hotkey import Pressed, Say, no_key, not_here, taken

KEYSYMS = {
    "Space": 0x20,
    "Tab": 0xFF09,
    "Insert": 0xFF63,
    "Delete": 0xFFFF,
    "Home": 0xFF50,
    "End": 0xFF57,
    "PageUp": 0xFF55,
    "PageDown": 0xFF56,
    "Up": 0xFF52,
    "Down": 0xFF54,
    "Left": 0xFF51,
    "Right": 0xFF53,
    "Pause": 0xFF13,
}
"""From X11/keysymdef.h; letters and digits are their own Latin-1 numbers, F1 is 0xFFBE."""
_SHIFT, _LOCK, _CONTROL, _MOD1, _MOD4 = 0x01, 0x02, 0x04, 0x08, 0x40
_ALT, _SUPER, _LOCKS = (0xFFE9, 0xFFEA), (0xFFEB, 0xFFEC), ((0xFF7F,), (0xFF14,))
_PRESS, _RELEASE, _MAPPING = 2, 3, 34
_ASYNC = 1
_BAD_ACCESS = 10
_INSTANT = 2
"""Milliseconds between a release and a press that belong to one repetition; servers give both the same time."""


class Keyboard(Struct, frozen=True):
    """What the server's keys mean."""

    first: int
    """The lowest key code."""
    width: int
    """Keysyms of each key: without and with Shift, then the same of further layouts."""
    keysyms: Sequence[int]
    modifiers: Sequence[Sequence[int]]
    """Key codes of Shift, Lock, Control and Mod1 to Mod5."""


class _Screens(ctypes.Structure):
    _fields_ = (("data", ctypes.c_void_p), ("rem", ctypes.c_int), ("index", ctypes.c_int))


class _Cookie(ctypes.Structure):
    _fields_ = (("sequence", ctypes.c_uint),)


class XKeys:
    """The keys of one shortcut, on every screen of the server that ``DISPLAY`` names, or ``display``."""

    def __init__(self, pressed: Pressed, problem: Say, *, display: str | None = None) -> None:
        self._pressed = pressed
        self._problem = problem
        self._display = display.encode() if display is not None else None
        self._shortcut: Shortcut | None = None
        self._server: _Server | None = None
        self._held = False
        self._released = -_INSTANT - 1

    def take(self, shortcut: Shortcut) -> None:
        """Take these keys, now and whenever the keyboard's layout changes."""
        self._shortcut = shortcut
        try:
            self._server = _Server(self._display)
            self._problem(self._grab())
        except OSError:
            self.close()
            self._problem(not_here(shortcut))
            return
        asyncio.get_running_loop().add_reader(self._server.fd, self._read)
        self._read()  # what came while answers were waited for is in memory already, and wakes nobody

    def close(self) -> None:
        """Hang up: the server gives everything back."""
        server, self._server = self._server, None
        if server is not None:
            asyncio.get_running_loop().remove_reader(server.fd)
            server.close()

    def _grab(self) -> str:
        if self._server is None or self._shortcut is None:
            return ""
        keyboard = self._server.keyboard()
        codes = keycodes(keyboard, keysym(self._shortcut.key))
        if not codes:
            return no_key(self._shortcut)
        errors = [self._server.grab(code, state) for code in codes for state in masks(keyboard, self._shortcut)]
        if any(error == _BAD_ACCESS for error in errors):
            self._server.release()  # some states of the locks alone would be worse than none
            return taken(self._shortcut)
        return not_here(self._shortcut) if any(errors) else ""

    def _read(self) -> None:
        while self._server is not None and (event := self._server.event()) is not None:
            kind, time = event
            if kind == _MAPPING:
                self._mapped()
            elif kind == _RELEASE:
                self._held, self._released = False, time
            elif kind == _PRESS:
                repeated = self._held or 0 <= time - self._released <= _INSTANT
                self._held = True
                if not repeated:
                    self._pressed()
        if self._server is not None and self._server.gone:
            self.close()

    def _mapped(self) -> None:
        """The keyboard has another layout: the keys may be elsewhere on it."""
        if self._server is None:
            return
        self._server.release()
        with contextlib.suppress(OSError):  # then it has gone, which is noticed where we came from
            self._problem(self._grab())


class _Server:
    """A connection to an X server. Answers come from this computer, and Qt waits for the same ones."""

    def __init__(self, display: bytes | None) -> None:
        """Raises OSError where there is no server, or no library."""
        self._xcb = _library()
        number = ctypes.c_int()
        self._at = ctypes.c_void_p(self._xcb.xcb_connect(display, ctypes.byref(number)))
        if self._xcb.xcb_connection_has_error(self._at):
            self._xcb.xcb_disconnect(self._at)
            raise ConnectionError("no X server")
        setup = self._xcb.xcb_get_setup(self._at)
        head = ctypes.string_at(setup, 40)
        self._first, self._last = head[34], head[35]
        self._roots = []
        screens = self._xcb.xcb_setup_roots_iterator(ctypes.c_void_p(setup))
        while screens.rem:
            self._roots.append(ctypes.c_uint32.from_address(screens.data).value)
            self._xcb.xcb_screen_next(ctypes.byref(screens))
        self.fd: int = self._xcb.xcb_get_file_descriptor(self._at)

    @property
    def gone(self) -> bool:
        """The server has ended, or thrown us out."""
        return bool(self._xcb.xcb_connection_has_error(self._at))

    def keyboard(self) -> Keyboard:
        """What its keys mean now."""
        count = self._last - self._first + 1
        width, keysyms = self._table("keyboard", ctypes.c_uint8(self._first), ctypes.c_uint8(count))
        per, codes = self._table("modifier")
        symbols = memoryview(keysyms).cast("I")
        return Keyboard(self._first, width, symbols, [codes[at * per : (at + 1) * per] for at in range(8)])

    def grab(self, code: int, state: int) -> int:
        """Take a key with these modifiers on every screen; the first error's number, or 0."""
        errors = [
            self._error(
                self._xcb.xcb_grab_key_checked(
                    self._at,
                    ctypes.c_uint8(0),
                    ctypes.c_uint32(root),
                    ctypes.c_uint16(state),
                    ctypes.c_uint8(code),
                    ctypes.c_uint8(_ASYNC),
                    ctypes.c_uint8(_ASYNC),
                )
            )
            for root in self._roots
        ]
        return next(filter(None, errors), 0)

    def release(self) -> None:
        """Give all keys back: 0 is any key, 0x8000 any modifiers."""
        for root in self._roots:
            self._xcb.xcb_ungrab_key(self._at, ctypes.c_uint8(0), ctypes.c_uint32(root), ctypes.c_uint16(0x8000))
        self._xcb.xcb_flush(self._at)

    def event(self) -> tuple[int, int] | None:
        """The next event's kind, and its time in milliseconds."""
        found = self._xcb.xcb_poll_for_event(self._at)
        if not found:
            return None
        head = ctypes.string_at(found, 8)
        _free(found)
        return head[0] & 0x7F, int.from_bytes(head[4:8], _order())

    def close(self) -> None:
        self._xcb.xcb_disconnect(self._at)

    def _error(self, cookie: _Cookie) -> int:
        found = self._xcb.xcb_request_check(self._at, cookie)
        if not found:
            return 0
        code = ctypes.string_at(found, 2)[1]
        _free(found)
        return code

    def _table(self, which: str, *args: Any) -> tuple[int, bytes]:
        """The answer to one of two requests that look the same: entries of each row, and the rows."""
        cookie = getattr(self._xcb, f"xcb_get_{which}_mapping")(self._at, *args)
        found = getattr(self._xcb, f"xcb_get_{which}_mapping_reply")(self._at, cookie, None)
        if not found:
            raise ConnectionError("the X server has gone")
        head = ctypes.string_at(found, 8)
        data = ctypes.string_at(found + 32, 4 * int.from_bytes(head[4:8], _order()))
        _free(found)
        return head[1], data


def keysym(key: str) -> int:
    """The number of a key's meaning."""
    if len(key) == 1:
        return ord(key.lower())
    return KEYSYMS[key] if key in KEYSYMS else 0xFFBE - 1 + int(key[1:])


def keycodes(keyboard: Keyboard, meaning: int) -> tuple[int, ...]:
    """The keys with this meaning: plainly, else with Shift or in another of the layouts."""
    rows = range(len(keyboard.keysyms) // keyboard.width)
    for column in range(keyboard.width):
        found = [at for at in rows if keyboard.keysyms[at * keyboard.width + column] == meaning]
        if found:
            return tuple(keyboard.first + at for at in found)
    return ()


def masks(keyboard: Keyboard, shortcut: Shortcut) -> tuple[int, ...]:
    """The modifiers as the server has them, once for each state of CapsLock, NumLock and ScrollLock."""
    bits = {
        "Shift": _SHIFT,
        "Ctrl": _CONTROL,
        "Alt": _bit(keyboard, _ALT) or _MOD1,
        "Meta": _bit(keyboard, _SUPER) or _MOD4,
    }
    held = sum({bits[it] for it in shortcut.modifiers})
    locks = sorted({_LOCK, *(_bit(keyboard, it) for it in _LOCKS)} - {0})
    states = [sum(some) for count in range(len(locks) + 1) for some in combinations(locks, count)]
    return tuple(dict.fromkeys(held | it for it in states))


def _bit(keyboard: Keyboard, meanings: Iterable[int]) -> int:
    """Which of Mod1 to Mod5 these keys are; 0: none."""
    codes = {code for meaning in meanings for code in keycodes(keyboard, meaning)}
    return next((1 << at for at in range(3, 8) if codes & set(keyboard.modifiers[at])), 0)


def _order() -> Any:
    import sys

    return sys.byteorder


def _free(address: int) -> None:
    free = ctypes.CDLL(None).free
    free.argtypes = [ctypes.c_void_p]
    free(address)


def _library() -> Any:
    """libxcb with what its functions give and take. OSError where it is not installed."""
    xcb = ctypes.CDLL("libxcb.so.1")
    for name in ("connect", "get_setup", "poll_for_event", "request_check"):
        getattr(xcb, f"xcb_{name}").restype = ctypes.c_void_p
    for name in ("get_keyboard_mapping", "get_modifier_mapping"):
        getattr(xcb, f"xcb_{name}").restype = _Cookie
        getattr(xcb, f"xcb_{name}_reply").restype = ctypes.c_void_p
        getattr(xcb, f"xcb_{name}_reply").argtypes = [ctypes.c_void_p, _Cookie, ctypes.c_void_p]
    xcb.xcb_grab_key_checked.restype = _Cookie
    xcb.xcb_request_check.argtypes = [ctypes.c_void_p, _Cookie]
    xcb.xcb_setup_roots_iterator.restype = _Screens
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    return xcb
