"""Keys taken from a real X server, pressed by a real keyboard's events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.support.desktop import MissingProgramError, need
from tests.support.pointer import Pointer
from tests.system.keys_heard import Heard
from trayapp.core.shortcuts import parsed
from trayapp.system.hotkey_x11 import Keyboard, XKeys, keycodes, masks

QWERTZ = Keyboard(10, 4, [ord("1"), ord("!"), 0, 0, ord("m"), ord("M"), 0x6CD, 0x6ED, 0xFF7F, 0, 0, 0], [[]] * 8)


def test_a_key_is_found_by_what_it_means_plainly_before_with_shift() -> None:
    assert keycodes(QWERTZ, ord("m")) == (11,)
    assert keycodes(QWERTZ, ord("!")) == (10,)
    assert keycodes(QWERTZ, ord("x")) == ()


def test_in_another_layout_the_latin_letter_is_on_the_same_key() -> None:
    russian = Keyboard(10, 4, [0x6CD, 0x6ED, ord("m"), ord("M")], [[]] * 8)
    assert keycodes(russian, ord("m")) == (10,)


def test_the_locks_make_no_difference_whichever_modifier_they_are() -> None:
    numlock = Keyboard(10, 4, QWERTZ.keysyms, [[], [], [], [], [12], [], [], []])
    shortcut = parsed("Ctrl+Alt+M")
    assert set(masks(QWERTZ, shortcut)) == {0x0C, 0x0E}
    assert set(masks(numlock, shortcut)) == {0x0C, 0x0E, 0x1C, 0x1E}


@asynccontextmanager
async def xkeys(desk: dict[str, str], text: str) -> AsyncIterator[tuple[XKeys, Heard]]:
    heard = Heard()
    made = XKeys(heard.press, heard.said.append, display=desk["DISPLAY"])
    made.take(parsed(text))
    try:
        yield made, heard
    finally:
        made.close()


async def test_keys_pressed_on_the_screen_are_heard(desk: dict[str, str], pointer: Pointer) -> None:
    async with xkeys(desk, "Ctrl+Alt+M") as (_keys, heard):
        assert heard.said == [""]
        await asyncio.to_thread(pointer.keys, "ctrl+alt+m")
        await heard.until(lambda: heard.pressed == 1)
        await asyncio.to_thread(pointer.keys, "ctrl+m", "alt+m", "m", "ctrl+alt+shift+m")
        await asyncio.to_thread(pointer.keys, "ctrl+alt+m")
        await heard.until(lambda: heard.pressed == 2)


@pytest.mark.parametrize("lock", ["Num_Lock", "Caps_Lock"])
async def test_a_lock_that_is_on_makes_no_difference(desk: dict[str, str], pointer: Pointer, lock: str) -> None:
    async with xkeys(desk, "Meta+F5") as (_keys, heard):
        await asyncio.to_thread(pointer.keys, lock, "super+F5", lock)
        await heard.until(lambda: heard.pressed == 1)


async def test_a_key_that_is_held_counts_once(desk: dict[str, str], pointer: Pointer) -> None:
    async with xkeys(desk, "Ctrl+K") as (_keys, heard):
        await asyncio.to_thread(pointer._xdotool, "keydown", "ctrl", "keydown", "k")
        await asyncio.sleep(1.2)  # the server repeats after two thirds of a second
        assert heard.pressed == 1
        await asyncio.to_thread(pointer._xdotool, "keyup", "k", "keyup", "ctrl")
        await asyncio.to_thread(pointer.keys, "ctrl+k")
        await heard.until(lambda: heard.pressed == 2)


async def test_keys_that_another_program_has_are_said_to_be_taken(desk: dict[str, str], pointer: Pointer) -> None:
    async with xkeys(desk, "Ctrl+Alt+M") as (first, held):
        async with xkeys(desk, "Ctrl+Alt+M") as (_second, heard):
            assert heard.said == [
                "Another program has taken Ctrl+Alt+M for itself. Choose other keys, or free them there."
            ]
        first.close()
        async with xkeys(desk, "Ctrl+Alt+M") as (_third, free):
            assert free.said == [""]
            await asyncio.to_thread(pointer.keys, "ctrl+alt+m")
            await free.until(lambda: free.pressed == 1)
    assert (held.pressed, heard.pressed) == (0, 0)


async def test_a_key_that_the_keyboard_lacks_is_named(desk: dict[str, str], pointer: Pointer) -> None:
    async with xkeys(desk, "Ctrl+F24") as (_keys, heard):
        assert heard.said == ["This keyboard has no key “F24”. Choose another one."]


async def test_with_another_layout_the_keys_are_taken_where_they_are_then(
    desk: dict[str, str], pointer: Pointer
) -> None:
    try:
        need("setxkbmap")
    except MissingProgramError as missing:
        pytest.skip(str(missing))  # “setxkbmap is not installed”
    async with xkeys(desk, "Ctrl+Alt+Y") as (_keys, heard):
        process = await asyncio.create_subprocess_exec("setxkbmap", "de", env=desk)
        assert await process.wait() == 0
        await heard.until(lambda: len(heard.said) > 1)
        assert set(heard.said) == {""}
        await asyncio.to_thread(pointer.keys, "ctrl+alt+y")
        await heard.until(lambda: heard.pressed == 1)


async def test_a_screen_that_goes_takes_nothing_with_it(desk: dict[str, str]) -> None:
    heard = Heard()
    XKeys(heard.press, heard.said.append, display=":7919").take(parsed("Ctrl+M"))
    assert "trayapp open --finder" in heard.said[0]
