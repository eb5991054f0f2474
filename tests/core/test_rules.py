"""What a rule may be called, and where it may lead."""

from __future__ import annotations

import pytest

from trayapp.core.models import ModelRef
from trayapp.core.rules import EXAMPLE_ROLES, EXAMPLES, ROLES, Rule, no_model, no_name, no_target, target


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("code", "code"),
        (" fast ", "fast"),
        ("ollama/qwen2.5:7b", ModelRef("ollama", "qwen2.5:7b")),
        ("lab/org/model", ModelRef("lab", "org/model")),
        ("qwen", None),
        ("", None),
        ("/a", None),
        ("ollama/", None),
    ],
)
def test_a_target_is_a_role_or_a_model(text: str, meant: object) -> None:
    assert target(text) == meant
    assert bool(no_target(text)) is (meant is None)
    assert bool(no_model(text)) is not isinstance(meant, ModelRef)


@pytest.mark.parametrize("name", ["short", "writing-code", "Grüße", "a b", " padded "])
def test_a_rule_may_have_any_name_that_means_nothing_else(name: str) -> None:
    assert no_name(Rule(name, "", "fast")) == ""


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "Give the rule a name"),
        ("  ", "Give the rule a name"),
        ("fast", "name of a role"),
        ("Primary", "name of a role"),
        ("current", "chosen in the tray"),
        ("ollama/a", "slash"),
        ("x" * 65, "at most 64"),
        ("two\nlines", "one line"),
    ],
)
def test_a_name_that_means_something_else_is_refused(name: str, why: str) -> None:
    assert why in no_name(Rule(name, "", "code"))


def test_a_rule_may_be_called_like_the_role_that_it_goes_to() -> None:
    assert no_name(Rule("code", "function", "code")) == ""


def test_the_examples_can_be_used_as_they_are() -> None:
    for rules in EXAMPLES.values():
        for rule in rules:
            assert no_name(rule) == no_target(rule.to) == ""
    assert set(EXAMPLE_ROLES) < set(ROLES)
    assert not any(map(no_model, EXAMPLE_ROLES.values()))
