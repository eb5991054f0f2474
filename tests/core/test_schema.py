"""Settings and state as they were stored: lenient with parts, strict with versions."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayapp.core import schema, settings, state
from trayapp.core.accounts import Account, KeyFrom
from trayapp.core.models import ModelRef
from trayapp.core.settings import Settings
from trayapp.core.state import State

SAMPLES = Path(__file__).parent.parent / "samples"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def test_settings_of_version_1_are_read_whole() -> None:
    read, problems = schema.read_settings(tomllib.loads((SAMPLES / "settings/v1.toml").read_text()))
    assert problems == ()
    assert read == Settings(
        notify_switch=False,
        confirm_switch=True,
        inline_models=30,
        default_ttl_seconds=7200,
        model_cache_strategy="aggressive",
        provider_ttl_overrides={"openai": 600, "ollama": 60},
        accounts=(
            Account("openai", "openai", "OpenAI – work"),
            Account("openai-private", "openai", enabled=False, key_from=KeyFrom.ENVIRONMENT),
            Account("azure", "azure-openai", values={"resource": "contoso"}, timeouts="slow", ttl=300),
            Account("lab", "openai-compatible", base_url="http://192.168.15.14:8000/v1", strategy="fresh"),
        ),
    )


def test_state_of_version_1_is_read_whole() -> None:
    read, problems = schema.read_state(json.loads((SAMPLES / "state/v1.json").read_text()))
    assert problems == ()
    assert read == State(
        active=ModelRef("openai", "gpt-5"),
        keyed=("openai@https://api.openai.com:443",),
        strategy="ram",
        pinned=(ModelRef("lab", "org/model:7b"),),
        recent=(ModelRef("openai", "gpt-5"), ModelRef("lab", "org/model:7b")),
        seen=("ollama",),
        told=("no-keyring",),
    )


def test_every_version_so_far_has_a_stored_example() -> None:
    for version in range(1, settings.VERSION + 1):
        raw = tomllib.loads((SAMPLES / f"settings/v{version}.toml").read_text())
        assert raw["version"] == version
        assert schema.read_settings(raw)[1] == ()
    for version in range(1, state.VERSION + 1):
        raw = json.loads((SAMPLES / f"state/v{version}.json").read_text())
        assert raw["version"] == version
        assert schema.read_state(raw)[1] == ()


def test_every_older_version_has_a_way_to_the_next() -> None:
    assert sorted(schema.SETTINGS_MIGRATIONS) == list(range(1, settings.VERSION))
    assert sorted(schema.STATE_MIGRATIONS) == list(range(1, state.VERSION))


def test_versions_are_migrated_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []

    def step(version: int) -> schema.Migration:
        def migrate(raw: schema.Raw) -> schema.Raw:
            steps.append(version)
            return {**raw, "inline_models": raw.pop(f"inline_v{version}", raw.get("inline_models", 0)) + 1}

        return migrate

    monkeypatch.setattr(settings, "VERSION", 3)
    monkeypatch.setattr(schema, "SETTINGS_MIGRATIONS", {1: step(1), 2: step(2)})
    raw = {"version": 1, "inline_v1": 7}
    read, problems = schema.read_settings(raw)
    assert (read.inline_models, problems, steps) == (9, (), [1, 2])
    assert raw == {"version": 1, "inline_v1": 7}, "what was read is not changed under its reader"


@pytest.mark.parametrize("read", [schema.read_settings, schema.read_state])
def test_a_newer_version_is_not_guessed_at(read: Any) -> None:
    with pytest.raises(schema.NewerVersionError):
        read({"version": 999})


@pytest.mark.parametrize("version", [None, "1", 0, -1, 1.5, True, []])
def test_a_version_that_is_none_counts_as_the_first(version: Any) -> None:
    assert schema.read_settings({"version": version, "tray_wait": 20})[0].tray_wait == 20


def test_one_bad_part_costs_only_itself_and_is_named() -> None:
    read, problems = schema.read_settings({"tray_wait": "soon", "inline_models": 30, "submenu_models": 5})
    assert read == Settings(inline_models=30)
    assert len(problems) == 2
    assert "tray_wait" in problems[0]
    assert "submenu_models" in problems[1]


def test_one_bad_account_costs_only_itself() -> None:
    raw = [{"id": "a", "spec": "x"}, {"id": "b"}, 7, {"id": "a", "spec": "y"}, {"id": "c", "spec": "z"}]
    read, problems = schema.read_settings({"accounts": raw})
    assert [(it.id, it.spec) for it in read.accounts] == [("a", "x"), ("c", "z")]
    assert len(problems) == 3
    assert "Account 2" in problems[0]
    assert "“a”" in problems[2]


def test_one_bad_part_of_the_state_keeps_the_choice() -> None:
    read, problems = schema.read_state({"active": ["a", "b/c"], "pinned": [["only one"]], "strategy": 4})
    assert read == State(active=ModelRef("a", "b/c"))
    assert len(problems) == 2


@given(st.dictionaries(st.sampled_from([*Settings.__struct_fields__, "unknown"]), JSON))
def test_whatever_stands_in_the_settings_they_can_be_read(raw: dict[str, Any]) -> None:
    try:
        read, _problems = schema.read_settings(raw)
    except schema.NewerVersionError:
        return
    again, problems = schema.read_settings(schema.dump(read))
    assert (again, problems) == (read, ())


@given(st.dictionaries(st.sampled_from([*State.__struct_fields__, "unknown"]), JSON))
def test_whatever_stands_in_the_state_it_can_be_read(raw: dict[str, Any]) -> None:
    try:
        read, _problems = schema.read_state(raw)
    except schema.NewerVersionError:
        return
    again, problems = schema.read_state(json.loads(msgspec.json.encode(schema.dump(read))))
    assert (again, problems) == (read, ())


def test_only_what_differs_from_the_defaults_is_written() -> None:
    assert schema.dump(Settings()) == {"version": settings.VERSION}
    assert schema.dump(Settings(tray_wait=3)) == {"version": settings.VERSION, "tray_wait": 3}
    assert schema.dump(State(active=ModelRef("a", "b"))) == {"version": state.VERSION, "active": ["a", "b"]}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("notify_switch", "off", False),
        ("notify_switch", " YES ", True),
        ("confirm_switch", "1", True),
        ("tray_wait", "600", 600),
        ("inline_models", "0", 0),
        ("model_cache_strategy", "fresh", "fresh"),
    ],
)
def test_a_preference_is_set_from_what_was_typed(name: str, text: str, value: object) -> None:
    assert getattr(schema.change(Settings(), name, text), name) == value


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("notify_switch", "maybe", "neither on nor off"),
        ("tray_wait", "601", "from 0 to 600"),
        ("tray_wait", "-1", "from 0 to 600"),
        ("tray_wait", "soon", "from 0 to 600"),
        ("tray_wait", "1.5", "from 0 to 600"),
        ("model_cache_strategy", "sometimes", "moderate"),
        ("model_cache_strategy", "fresher", "moderate"),
    ],
)
def test_what_cannot_be_taken_is_answered_with_the_limits(name: str, text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        schema.change(Settings(), name, text)


@pytest.mark.parametrize("name", ["version", "accounts", "provider_ttl_overrides", "no_such"])
def test_what_is_no_preference_cannot_be_set(name: str) -> None:
    with pytest.raises(KeyError):
        schema.change(Settings(), name, "1")
