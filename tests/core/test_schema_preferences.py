"""What is said of each preference: its words, its limits, and its value as it is typed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from trayapp.core import schema
from trayapp.core.preference import DESKTOP, GATEWAY, GENERAL, LOCAL, MODELS
from trayapp.core.settings import Settings, Waits


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "on"),
        (False, "off"),
        (600, "600"),
        (0.5, "0.5"),
        ("fresh", "fresh"),
        ("", ""),
        (("ollama/a:7b", "ollama/b"), "ollama/a:7b,ollama/b"),
        ((), ""),
        ({"ollama": 300}, "ollama=300"),
        ({"fast": Waits(receive=30)}, "fast.receive=30"),
        ({}, ""),
    ],
)
def test_a_value_is_shown_as_it_is_typed(value: object, text: str) -> None:
    assert schema.typed(value) == text


def test_each_preference_is_described_as_it_was_declared() -> None:
    found = schema.preferences()
    for name, it in found.items():
        assert it.default == getattr(Settings(), name)
        assert it.label
        assert it.label != name
    wait, overrides = found["tray_wait"], found["provider_ttl_overrides"]
    assert (wait.label, wait.page, wait.type, wait.unit) == ("Wait for a tray", DESKTOP, int, "seconds")
    assert (wait.minimum, wait.maximum, wait.choices, wait.form, wait.restart) == (0, 600, {}, "", False)
    assert wait.help.startswith("How long to look for a place in a tray")
    assert (overrides.type, overrides.minimum) == (dict, None)
    assert overrides.form.startswith("NAME=SECONDS")
    pages = [it.page for it in found.values()]
    assert pages == sorted(pages, key=[GENERAL, DESKTOP, MODELS, LOCAL, GATEWAY].index)


def test_what_is_said_of_a_preference_cannot_be_edited() -> None:
    with pytest.raises(AttributeError):
        schema.preferences()["tray_wait"].label = "x"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "A whole number from 0 to 600."),
        ({"minimum": 1, "maximum": 1}, "A whole number from 1 to 1."),
        ({"minimum": None}, ""),
        ({"maximum": None}, ""),
        ({"minimum": None, "maximum": None, "form": "NAME=NUMBER"}, "NAME=NUMBER"),
        ({"choices": {"b": "Bee", "a": "Ay"}}, "One of: b, a."),
    ],
)
def test_the_limits_of_a_preference_are_said_in_words(changes: dict[str, Any], words: str) -> None:
    wait = msgspec.structs.replace(schema.preferences()["tray_wait"], **changes)
    assert schema.limits(wait) == words
