"""Keys that are pressed together, as text such as ``Ctrl+Alt+M``: read, checked, and written in one way."""

from __future__ import annotations

from typing import NamedTuple

from trayapp.core.language import _

MODIFIERS = {
    "ctrl": "Ctrl",
    "control": "Ctrl",
    "strg": "Ctrl",
    "alt": "Alt",
    "option": "Alt",
    "shift": "Shift",
    "meta": "Meta",
    "super": "Meta",
    "win": "Meta",
    "cmd": "Meta",
    "command": "Meta",
}
"""What people call them, and what they are called here: Meta is the Windows key, and Command on a Mac."""
_NAMED = [
    "Space",
    "Tab",
    "Insert",
    "Delete",
    "Home",
    "End",
    "PageUp",
    "PageDown",
    "Up",
    "Down",
    "Left",
    "Right",
    "Pause",
]
_ORDER = ("Ctrl", "Alt", "Shift", "Meta")
_FUNCTION = {f"F{number}" for number in range(1, 25)}


class Shortcut(NamedTuple):
    """One key and the modifiers that are held with it, in the order in which they are written."""

    modifiers: tuple[str, ...]
    key: str

    def __str__(self) -> str:
        return "+".join((*self.modifiers, self.key))


def parsed(text: str) -> Shortcut:
    """``ctrl + alt + m`` as a Shortcut. Raises ValueError, in words: a letter alone would be lost to all programs."""
    parts = [part.strip() for part in text.split("+")]
    *before, last = parts
    held = {MODIFIERS[part.casefold()] for part in before if part.casefold() in MODIFIERS}
    key = _key(last)
    function = key in _FUNCTION
    if not key or len(held) != len(before) or not (function or held - {"Shift"}):
        raise ValueError(_("Keys are written as Ctrl+Alt+M: Ctrl, Alt or Meta, and one letter, digit or named key."))
    return Shortcut(tuple(it for it in _ORDER if it in held), key)


def no_shortcut(text: str) -> str:
    """Why ``text`` is none, in a sentence that does not repeat it; empty where it is, or is empty."""
    try:
        if text.strip():
            parsed(text)
    except ValueError as exc:
        return str(exc)
    return ""


def _key(text: str) -> str:
    if len(text) == 1 and text.isascii() and text.isalnum():
        return text.upper()
    upper = text.upper()
    if upper in _FUNCTION:
        return upper
    return next((it for it in _NAMED if it.upper() == upper), "")
