"""Keys that are pressed together, as people write them."""

from __future__ import annotations

import pytest

from trayapp.core.shortcuts import no_shortcut, parsed


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("ctrl+alt+m", "Ctrl+Alt+M"),
        (" Alt + Control + space ", "Ctrl+Alt+Space"),
        ("Cmd+Shift+7", "Shift+Meta+7"),
        ("super+pageup", "Meta+PageUp"),
        ("F9", "F9"),
        ("shift+f24", "Shift+F24"),
    ],
)
def test_it_is_written_in_one_way(typed: str, written: str) -> None:
    assert str(parsed(typed)) == written
    assert str(parsed(written)) == written
    assert no_shortcut(typed) == ""


@pytest.mark.parametrize(
    "typed", ["m", "Shift+M", "Ctrl", "Ctrl+", "Ctrl+Ctrl+M", "Ctrl+MM", "Hyper+M", "Ctrl+ä", "F25", "+"]
)
def test_what_would_take_a_letter_from_every_program_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="written as Ctrl"):
        parsed(typed)


def test_none_at_all_is_allowed() -> None:
    assert no_shortcut(" ") == ""


def test_what_was_typed_is_not_repeated(canary: str) -> None:
    assert canary not in no_shortcut(canary)
    assert no_shortcut(canary)
