"""Keys from anywhere: which way a system takes, what Windows and macOS are asked, and what is said where it fails."""

from __future__ import annotations

import ctypes
import queue
import sys
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from tests.system.keys_heard import Heard
from trayapp.core.shortcuts import Shortcut, parsed
from trayapp.system import hotkey, hotkey_macos, hotkey_windows, hotkey_x11
from trayapp.system.hotkey import Hotkeys, Keys, way
from trayapp.system.hotkey_macos import MacKeys
from trayapp.system.hotkey_portal import trigger
from trayapp.system.hotkey_windows import WindowsKeys
from trayapp.system.hotkey_x11 import keysym

EVERY = [
    *(f"Ctrl+{key}" for key in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
    *(f"Alt+{key}" for key in ("Space", "Tab", "Insert", "Delete", "Home", "End", "PageUp", "PageDown")),
    *(f"Meta+{key}" for key in ("Up", "Down", "Left", "Right", "Pause")),
    *(f"F{number}" for number in range(1, 25)),
]


# -- one face -------------------------------------------------------------------------------------


class Way:
    """A system that gives every key, or says why not when it is told to."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.press: Callable[[], object] = lambda: None
        self.say: Callable[[str], object] = lambda _text: None

    def __call__(self, pressed: Callable[[], object], problem: Callable[[str], object]) -> Keys:
        self.press, self.say = pressed, problem
        return self

    def take(self, shortcut: Shortcut) -> None:
        self.taken.append(str(shortcut))

    def close(self) -> None:
        self.taken.append("closed")


def face(heard: Heard, one: Way | None) -> Hotkeys:
    return Hotkeys(heard.press, heard.said.append, env={"DISPLAY": ":1"}, platform="linux", ways=lambda _way: one)


def test_other_keys_take_the_place_of_those_before() -> None:
    heard, one = Heard(), Way()
    hotkeys = face(heard, one)
    hotkeys.set("ctrl + alt + m")
    late = one.say
    hotkeys.set("Meta+Space")
    late("too late to matter")
    one.say("")
    one.press()
    hotkeys.set("")
    one.press()
    assert one.taken == ["Ctrl+Alt+M", "closed", "Meta+Space", "closed"]
    assert (heard.said, heard.pressed) == (["", ""], 1)


def test_what_are_no_keys_is_said_and_nothing_is_taken() -> None:
    heard, one = Heard(), Way()
    face(heard, one).set("M")
    assert one.taken == []
    assert heard.said[0].startswith("Keys are written as Ctrl+Alt+M")


def test_where_no_program_can_take_keys_the_command_to_bind_is_said() -> None:
    heard = Heard()
    face(heard, None).set("Ctrl+Alt+M")
    assert "bind Ctrl+Alt+M to the command “trayapp open --finder”" in heard.said[0]


@pytest.mark.parametrize(
    ("env", "platform", "expected"),
    [
        ({"DISPLAY": ":0"}, "linux", "x11"),
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, "linux", "portal"),
        ({"DISPLAY": ":0", "XDG_SESSION_TYPE": "wayland"}, "linux", "portal"),
        ({}, "linux", ""),
        ({}, "win32", "windows"),
        ({"DISPLAY": ":0"}, "darwin", "macos"),
    ],
)
def test_the_system_decides_the_way(env: dict[str, str], platform: str, expected: str) -> None:
    assert way(env, platform) == expected
    assert (hotkey.made(expected) is None) is (expected == "")


@pytest.mark.parametrize("text", EVERY)
def test_every_key_that_can_be_named_has_a_number_on_each_system(text: str) -> None:
    key = parsed(text).key
    assert keysym(key) > 0
    assert 0 < hotkey_windows.virtual_key(key) < 256
    assert trigger(parsed(text))
    assert key in hotkey_macos.KEYS or key in ("Pause", "F21", "F22", "F23", "F24")  # no Mac has them


# -- Windows --------------------------------------------------------------------------------------


class User32:
    """The functions of user32 that are called, and the queue of the one thread that calls them."""

    def __init__(self, held: bool = False) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.held = held
        self.messages: queue.Queue[int] = queue.Queue()

    def PeekMessageW(self, *_args: Any) -> int:
        return 0

    def GetCurrentThreadId(self) -> int:
        return 77

    def RegisterHotKey(self, _window: None, number: int, modifiers: int, key: int) -> int:
        self.calls.append(("register", number, modifiers, key))
        return 0 if self.held else 1

    def UnregisterHotKey(self, _window: None, number: int) -> int:
        self.calls.append(("unregister", number))
        return 1

    def PostThreadMessageW(self, thread: int, message: int, _w: int, _l: int) -> int:
        assert thread == 77
        self.messages.put(message)
        return 1

    def GetMessageW(self, into: Any, *_args: Any) -> int:
        into._obj.message = self.messages.get(timeout=5)
        return int(into._obj.message != 0x12)

    def last_error(self) -> int:
        return 1409


async def test_windows_registers_the_keys_in_a_thread_and_gives_them_back() -> None:
    heard, api = Heard(), User32()
    keys = WindowsKeys(heard.press, heard.said.append, api=api)
    keys.take(parsed("Ctrl+Alt+M"))
    await heard.until(lambda: heard.said == [""])
    api.messages.put(0x312)
    api.messages.put(0x400)  # somebody else's
    await heard.until(lambda: heard.pressed == 1)
    keys.close()
    assert api.calls == [("register", 1, 0x4003, ord("M")), ("unregister", 1)]
    assert heard.pressed == 1


async def test_windows_says_when_another_program_has_them() -> None:
    heard, api = Heard(), User32(held=True)
    keys = WindowsKeys(heard.press, heard.said.append, api=api)
    keys.take(parsed("Meta+F1"))
    await heard.until(lambda: heard.said)
    assert heard.said[0].startswith("Another program has taken Meta+F1")
    keys.close()
    assert api.calls == [("register", 1, 0x4008, 0x70)]


async def test_keys_that_were_never_taken_are_given_back_for_nothing() -> None:
    heard, api = Heard(), User32()
    WindowsKeys(heard.press, heard.said.append, api=api).close()
    assert (api.calls, api.messages.empty()) == ([], True)


async def test_windows_is_asked_by_its_own_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    heard, api = Heard(), User32()
    libraries = {"user32": api, "kernel32": SimpleNamespace(GetCurrentThreadId=api.GetCurrentThreadId)}
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(ctypes, "WinDLL", lambda name, **_named: libraries[name], raising=False)
    monkeypatch.setattr(ctypes, "get_last_error", api.last_error, raising=False)
    keys = WindowsKeys(heard.press, heard.said.append)
    keys.take(parsed("Ctrl+Alt+M"))
    await heard.until(lambda: heard.said == [""])
    keys.close()
    assert api.calls == [("register", 1, 0x4003, ord("M")), ("unregister", 1)]


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="needs a system without either library")
async def test_what_is_not_there_is_not_called() -> None:
    heard = Heard()
    for keys in (WindowsKeys(heard.press, heard.said.append), MacKeys(heard.press, heard.said.append)):
        with pytest.raises(OSError, match="is a part of"):
            keys.take(parsed("Ctrl+Alt+M"))
        keys.close()


# -- macOS ----------------------------------------------------------------------------------------


class Carbon:
    """The functions of Carbon that are called."""

    def __init__(self, answer: int = 0) -> None:
        self.answer = answer
        self.calls: list[tuple[Any, ...]] = []
        self.handler: Any = None

    def GetApplicationEventTarget(self) -> int:
        return 5

    def InstallEventHandler(self, target: int, handler: Any, _count: int, kind: Any, _data: None, into: Any) -> int:
        self.handler = handler
        into._obj.value = 6
        self.calls.append(("install", target, kind._obj.eventClass, kind._obj.eventKind))
        return 0

    def RegisterEventHotKey(
        self, code: int, modifiers: int, number: Any, _target: int, _options: int, into: Any
    ) -> int:
        self.calls.append(("register", code, modifiers, number.id))
        into._obj.value = None if self.answer else 7
        return self.answer

    def UnregisterEventHotKey(self, taken: ctypes.c_void_p) -> int:
        self.calls.append(("unregister", taken.value))
        return 0

    def RemoveEventHandler(self, installed: ctypes.c_void_p) -> int:
        self.calls.append(("remove", installed.value))
        return 0


def test_a_mac_registers_the_keys_and_gives_them_back() -> None:
    heard, carbon = Heard(), Carbon()
    keys = MacKeys(heard.press, heard.said.append, carbon=carbon)
    keys.take(parsed("Cmd+Shift+M"))
    assert carbon.handler(None, None, None) == 0
    keys.close()
    keys.close()
    assert (heard.said, heard.pressed) == ([""], 1)
    keyb = int.from_bytes(b"keyb", "big")
    assert carbon.calls == [
        ("install", 5, keyb, 5),
        ("register", 46, 0x0300, 1),
        ("unregister", 7),
        ("remove", 6),
    ]


def test_a_mac_is_asked_by_its_own_framework(monkeypatch: pytest.MonkeyPatch) -> None:
    heard, carbon = Heard(), Carbon()
    names = ("GetApplicationEventTarget", "InstallEventHandler", "RegisterEventHotKey")
    framework = SimpleNamespace(
        **{name: partial(getattr(carbon, name)) for name in (*names, "UnregisterEventHotKey", "RemoveEventHandler")}
    )
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", lambda path: framework if path.endswith("/Carbon") else None)
    keys = MacKeys(heard.press, heard.said.append)
    keys.take(parsed("Cmd+Shift+M"))
    keys.close()
    assert [name for name, *_ in carbon.calls] == ["install", "register", "unregister", "remove"]
    assert framework.GetApplicationEventTarget.restype is ctypes.c_void_p, "a pointer has more bits than an int"


def test_a_mac_says_when_another_program_has_them_or_lacks_the_key() -> None:
    heard, carbon = Heard(), Carbon(hotkey_macos.EXISTS)
    MacKeys(heard.press, heard.said.append, carbon=carbon).take(parsed("Ctrl+Space"))
    assert heard.said[0].startswith("Another program has taken Ctrl+Space")
    assert carbon.calls[-1] == ("remove", 6)
    MacKeys(heard.press, heard.said.append, carbon=carbon).take(parsed("F24"))
    assert "bind F24" in heard.said[1]


def test_the_numbers_of_x11_and_windows_are_those_of_their_headers() -> None:
    assert hotkey_x11.keysym("F1") == 0xFFBE
    assert hotkey_x11.keysym("F24") == 0xFFD5
    assert hotkey_windows.virtual_key("F24") == 0x87
