"""A wrong entry in the files costs only itself, and a sentence says so."""

from __future__ import annotations

import pytest

from trayapp.core import schema
from trayapp.core.models import ModelRef
from trayapp.core.rules import Rule
from trayapp.core.settings import Settings
from trayapp.core.state import State


def test_one_wrong_role_costs_only_itself() -> None:
    raw = {"roles": {"code": "ollama/a", "fast": "qwen", "primary": 7, "quick": "ollama/b"}}
    read, problems = schema.read_settings(raw)
    assert read == Settings(roles={"code": "ollama/a"})
    assert len(problems) == 3
    assert "“roles.primary” was not usable and is left out" in problems[0]
    assert "“roles.quick”" in problems[1]
    assert problems[2].startswith("“roles.fast” was not usable and is left out. “qwen” is not of the form")


def test_one_wrong_exception_costs_only_itself() -> None:
    raw = {"local_exceptions": {"a": "never", "b": "sometimes", "c": "always"}}
    read, problems = schema.read_settings(raw)
    assert read.local_exceptions == {"a": "never", "c": "always"}
    assert len(problems) == 1
    assert "local_exceptions.b" in problems[0]


def test_one_wrong_model_to_warm_up_costs_only_itself() -> None:
    read, problems = schema.read_settings({"warm_at_launch": ["ollama/a", 3, "b", "ollama/c"]})
    assert read.warm_at_launch == ("ollama/a", "ollama/c")
    assert problems[0].startswith("“warm_at_launch.2” was not usable and is left out: ")
    assert problems[1].startswith("An entry of “warm_at_launch” was not usable and is left out. “b” is not")
    assert schema.read_settings({"warm_at_launch": "ollama/a"})[0] == Settings()


@pytest.mark.parametrize("raw", [{"tray_wait": [1, 2]}, {"warm_at_launch": 7}, {"roles": ["code"]}, {"tray_wait": {}}])
def test_what_should_be_no_list_or_should_be_one_has_its_default(raw: dict[str, object]) -> None:
    read, problems = schema.read_settings(raw)
    assert read == Settings()
    (said,) = problems
    assert said.startswith(f"“{next(iter(raw))}” was not usable and has its default: ")


def test_what_follows_an_unknown_name_is_read() -> None:
    read, problems = schema.read_settings({"no_such": 1, "tray_wait": "soon", "nor_this": 2, "inline_models": 30})
    assert read == Settings(inline_models=30)
    assert len(problems) == 1


def test_a_default_that_is_nothing_is_left_out() -> None:
    read, problems = schema.read_settings({"default_route": "qwen", "tray_wait": 3})
    assert read == Settings(tray_wait=3)
    assert len(problems) == 1
    assert problems[0].startswith("“default_route” was not usable and is left out. “qwen” is neither a role")


def test_one_wrong_rule_costs_only_itself() -> None:
    good = {"name": "short", "pattern": "^.{0,100}$", "to": "fast"}
    raw = [
        good,
        {"name": "no target", "pattern": "a"},
        7,
        {"name": "bad target", "pattern": "a", "to": "qwen"},
        {"name": "SHORT", "pattern": "a", "to": "code"},
        {"name": "odd", "pattern": "a", "to": "code", "on": "weather"},
        {"name": "last", "pattern": "", "to": "ollama/a", "on": "name", "enabled": False, "confidence": 0.8},
    ]
    read, problems = schema.read_settings({"rules": raw, "tray_wait": 3})
    last = Rule("last", "", "ollama/a", on="name", enabled=False)
    assert read == Settings(tray_wait=3, rules=(Rule("short", "^.{0,100}$", "fast"), last))
    assert [it.partition(" was")[0].partition(" stands")[0] for it in problems] == [
        "Rule 2",
        "Rule 3",
        "Rule “bad target”",
        "Rule “SHORT”",
        "Rule 6",
    ]
    assert schema.read_settings(schema.dump(read)) == (read, ())


def test_a_pattern_that_the_engine_will_refuse_is_kept_to_be_corrected() -> None:
    read, problems = schema.read_settings({"rules": [{"name": "a", "pattern": "(", "to": "fast"}]})
    assert (read.rules, problems) == ((Rule("a", "(", "fast"),), ())


@pytest.mark.parametrize("raw", [7, "rules", {"name": "a"}])
def test_rules_that_are_no_list_are_none(raw: object) -> None:
    read, problems = schema.read_settings({"rules": raw, "inline_models": 3})
    assert read == Settings(inline_models=3)
    assert problems == ("The list of rules was not usable.",)


def test_one_wrong_pin_keeps_the_others() -> None:
    read, problems = schema.read_state({"pinned": [["a", "b"], ["only one"]], "kept": [["ollama", "q"]]})
    assert read == State(pinned=(ModelRef("a", "b"),), kept=(ModelRef("ollama", "q"),))
    assert len(problems) == 1
    assert "pinned.2" in problems[0]


def test_a_key_that_went_astray_is_not_repeated(canary: str) -> None:
    raw = {
        "roles": {"code": canary, canary: "ollama/a"},
        "local_exceptions": {"a": canary},
        "warm_at_launch": [canary],
        "default_route": canary,
        "rules": [
            {"name": canary, "pattern": "a", "to": canary},
            {"name": "a", "pattern": "", "to": "x", "on": canary},
        ],
    }
    _read, problems = schema.read_settings(raw)
    assert len(problems) >= 7
    assert canary not in " ".join(problems)
