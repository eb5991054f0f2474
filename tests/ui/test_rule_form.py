"""Roles and rules as the settings show them: what may be typed, the examples, and where a text goes."""

from __future__ import annotations

import msgspec
import pytest

from trayapp.core.accounts import Account
from trayapp.core.models import ModelRef
from trayapp.core.rules import EXAMPLES, ROLES, Rule
from trayapp.core.settings import Settings
from trayapp.ui import rule_form


@pytest.mark.parametrize("text", ["", " ", "ollama/qwen2.5:7b", "openrouter/openai/gpt-5"])
def test_a_model_or_nothing_may_be_entered_for_a_role(text: str) -> None:
    assert rule_form.model_problem(text) == ""
    assert rule_form.target_problem(text) == ""


@pytest.mark.parametrize("text", ["qwen", "/qwen", "ollama/"])
def test_anything_else_is_said_in_words(text: str) -> None:
    assert "ACCOUNT/MODEL" in rule_form.model_problem(text)
    assert "ACCOUNT/MODEL" in rule_form.target_problem(text)


def test_a_role_is_a_place_to_go_but_no_model() -> None:
    for role in ROLES:
        assert rule_form.target_problem(role) == ""
        assert rule_form.model_problem(role)


def test_what_leads_nowhere_yet_is_a_note_and_no_mistake() -> None:
    settings = Settings(accounts=(Account("work", "openai"),), roles={"code": "work/gpt"})
    known = ("work/gpt", "ollama/qwen2.5:latest")
    assert "no account “home”" in rule_form.model_note("home/x", settings, known)
    assert "“work” does not list" in rule_form.model_note("work/other", settings, known)
    assert "stands for no model" in rule_form.model_note("fast", settings, known)
    for fine in ("work/gpt", "ollama/qwen2.5", "lmstudio/anything", "code", "", "qwen"):
        assert rule_form.model_note(fine, settings, known) == ""


def test_a_rule_says_what_is_wrong_field_by_field() -> None:
    others = (Rule("short", "^.{0,100}$", "fast"),)
    assert rule_form.rule_problems(Rule("new", "a|b", "code"), others) == {}
    assert rule_form.rule_problems(Rule("new", "", "ollama/x"), others) == {}
    told = rule_form.rule_problems(Rule("Short", "(a", "nowhere"), others)
    assert set(told) == {"name", "pattern", "to"}
    assert told["name"] == "Another rule has this name."
    assert set(rule_form.rule_problems(Rule("", "", ""), others)) == {"name", "to"}


def test_a_rule_in_the_list_is_told_in_words() -> None:
    assert rule_form.rule_cells(EXAMPLES["by role"][1]) == ("short", "the last message", "^.{0,100}$", "Fast")
    assert rule_form.rule_cells(Rule("all", "", "ollama/x", on="name"))[1:] == (
        "the model’s name that was asked for",
        "(anything)",
        "ollama/x",
    )


def test_the_examples_by_role_bring_their_roles_and_default_and_leave_what_is_chosen() -> None:
    made = rule_form.with_examples(Settings(roles={"code": "openai/gpt-5"}), "by role")
    assert made.rules == EXAMPLES["by role"]
    assert made.roles == {"primary": "ollama/qwen2.5:32b", "code": "openai/gpt-5", "fast": "ollama/qwen2.5:7b"}
    assert made.default_route == "primary"
    assert rule_form.with_examples(made, "by role") == made


def test_the_examples_by_model_stand_behind_what_is_there() -> None:
    own = Rule("short", "^hi$", "openai/gpt-5")
    made = rule_form.with_examples(Settings(rules=(own,), default_route="fast"), "by model")
    assert made.rules == (own, EXAMPLES["by model"][0])
    assert (made.default_route, made.roles) == ("fast", {})
    assert rule_form.with_examples(Settings(), "by model").default_route == "ollama/qwen2.5:32b"


def test_what_is_tried_out_says_where_it_goes_and_why() -> None:
    settings = rule_form.with_examples(Settings(), "by role")
    told = rule_form.tried(settings, None, "Write a function to sort an array", "")
    assert "ollama/deepseek-coder-v2:16b" in told
    assert "code" in told
    assert "openai/gpt-5" in rule_form.tried(Settings(), ModelRef("openai", "gpt-5"), "hello", "")
    assert "short" in rule_form.rule_notes(msgspec.structs.replace(settings, roles={"code": "ollama/x"}))
    assert rule_form.rule_notes(settings) == ""
