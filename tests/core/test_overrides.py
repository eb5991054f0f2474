"""Preferences from the environment hold above those of the file, and are told apart from them."""

from __future__ import annotations

import msgspec
import pytest

from trayapp.core import schema
from trayapp.core.overrides import PREFIX, overlay
from trayapp.core.settings import Settings, Waits

EXAMPLES = {"default_route": "primary", "shortcut": "Ctrl+Alt+M"}
"""What a preference may hold that is empty otherwise."""
ALL = list(schema.preferences().values())
STORED = Settings(default_ttl_seconds=7200, tray_wait=30)


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("TRAYAPP_DEFAULT_TTL_SECONDS", "60", "default_ttl_seconds", 60),
        ("TRAYAPP_MODEL_CACHE_STRATEGY", "fresh", "model_cache_strategy", "fresh"),
        ("TRAYAPP_USE_CATALOG_FALLBACK", "off", "use_catalog_fallback", False),
        ("TRAYAPP_WAIT_FOR_NEW", "1", "wait_for_new", True),
        ("TRAYAPP_MAX_IN_FLIGHT", " 25 ", "max_in_flight", 25),
        ("TRAYAPP_PROVIDER_TTL_OVERRIDES", "ollama=300", "provider_ttl_overrides", {"ollama": 300}),
        ("TRAYAPP_TIMEOUTS", "fast.receive=20", "timeouts", {"fast": Waits(receive=20)}),
        ("TRAYAPP_RAM_KEEP_SECONDS", "60", "ram_keep_seconds", 60),
        ("TRAYAPP_LOCAL_EXCEPTIONS", "qwen2.5:7b=never", "local_exceptions", {"qwen2.5:7b": "never"}),
        ("TRAYAPP_WARM_AT_LAUNCH", "ollama/a, ollama/b:7b", "warm_at_launch", ("ollama/a", "ollama/b:7b")),
        ("TRAYAPP_ROLES", "code=ollama/a", "roles", {"code": "ollama/a"}),
        ("TRAYAPP_DEFAULT_ROUTE", "code", "default_route", "code"),
    ],
)
def test_a_variable_sets_the_preference_of_its_name(variable: str, text: str, name: str, value: object) -> None:
    settings, names, problems = overlay(STORED, {variable: text})
    assert getattr(settings, name) == value
    assert (names, problems) == ({name: variable}, ())
    assert settings == msgspec.structs.replace(STORED, **{name: value})


@pytest.mark.parametrize("preference", ALL, ids=lambda it: it.name)
def test_every_preference_has_its_variable(preference: schema.Preference) -> None:
    variable = PREFIX + preference.name.upper()
    text = schema.typed(preference.default) or EXAMPLES.get(preference.name, ",")
    assert overlay(Settings(), {variable: text}).names == {preference.name: variable}


def test_nothing_set_changes_nothing() -> None:
    for env in ({}, {"PATH": "/bin", "TRAYAPP_HOME": "/home", "TRAYAPP_TRAY_WAIT": " "}):
        assert overlay(STORED, env) == (STORED, {}, ())
        assert overlay(STORED, env).settings is STORED


def test_a_table_from_the_environment_stands_in_the_place_of_the_stored_one() -> None:
    stored = Settings(provider_ttl_overrides={"groq": 5})
    assert overlay(stored, {"TRAYAPP_PROVIDER_TTL_OVERRIDES": "ollama=300"}).settings.provider_ttl_overrides == {
        "ollama": 300
    }


def test_a_bad_value_is_said_in_a_sentence_and_ignored() -> None:
    env = {"TRAYAPP_TRAY_WAIT": "soon", "TRAYAPP_TIMEOUTS": "fast=1", "TRAYAPP_INLINE_MODELS": "7"}
    settings, names, problems = overlay(STORED, env)
    assert (settings.tray_wait, settings.inline_models, names) == (30, 7, {"inline_models": "TRAYAPP_INLINE_MODELS"})
    assert problems[0] == "TRAYAPP_TRAY_WAIT is ignored: A whole number from 0 to 600."
    assert problems[1].startswith("TRAYAPP_TIMEOUTS is ignored: ")


def test_what_is_no_preference_is_not_set_from_outside() -> None:
    env = {"TRAYAPP_VERSION": "99", "TRAYAPP_ACCOUNTS": "[]", "TRAYAPP_RULES": "[]", "trayapp_tray_wait": "3"}
    assert overlay(STORED, env) == (STORED, {}, ())


def test_no_preference_is_called_like_a_variable_with_another_meaning() -> None:
    assert not {"home", "program"} & set(schema.preferences())


def test_a_key_in_the_wrong_variable_is_not_repeated(canary: str) -> None:
    env = {PREFIX + it.name.upper(): canary for it in ALL}
    _settings, names, problems = overlay(STORED, env)
    assert not names
    assert len(problems) == len(ALL)
    assert canary not in " ".join(problems)
