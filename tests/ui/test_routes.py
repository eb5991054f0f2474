"""Where a request goes is said in one sentence, with the reason."""

from __future__ import annotations

import pytest

from trayapp.core.models import ModelRef
from trayapp.core.rules import EXAMPLE_ROLES, EXAMPLES, Rule
from trayapp.local.routing import Problem, Routed, Why, route
from trayapp.ui.routes import complaints, excerpt, sentence

X = ModelRef("ollama", "x")


def test_a_function_to_sort_an_array_goes_to_code() -> None:
    """S3-35"""
    text = "Write a function to sort an array"
    routed = route(text, rules=EXAMPLES["by role"], roles=EXAMPLE_ROLES, default="primary", chosen=None)
    assert sentence(routed, text) == (
        "“Write a function to sort an array” fits rule “code”, which goes to role code: ollama/deepseek-coder-v2:16b."
    )


@pytest.mark.parametrize(
    ("routed", "said"),
    [
        (Routed(X, Why.MODEL), "The request names a model: ollama/x."),
        (Routed(X, Why.ROLE, role="fast"), "The request names role fast: ollama/x."),
        (
            Routed(X, Why.ROLE, unset=("fast",), instead=Why.CHOSEN),
            "The request names role fast. Role fast is not set, so it goes to the model chosen in the tray: ollama/x.",
        ),
        (
            Routed(None, Why.ROLE, unset=("embedding",)),
            "The request names role embedding. That role is not set, and nothing stands in for it.",
        ),
        (Routed(X, Why.RULE_NAME, "r", "text"), "The request names rule “r”, which goes to ollama/x."),
        (
            Routed(X, Why.RULE_NAME, "r", "name", role="fast"),
            "The request names rule “r”, which goes to role fast: ollama/x.",
        ),
        (Routed(X, Why.RULE, "r", "text"), "“Hi” fits rule “r”, which goes to ollama/x."),
        (Routed(X, Why.RULE, "r", "name"), "The name “gpt” fits rule “r”, which goes to ollama/x."),
        (Routed(X, Why.RULE, "r", "role", role="code"), "Role gpt fits rule “r”, which goes to role code: ollama/x."),
        (
            Routed(X, Why.RULE, "r", "text", role="primary", unset=("code",), instead=Why.DEFAULT),
            "“Hi” fits rule “r”, which goes to role code. Role code is not set, so it goes to the default, role"
            " primary: ollama/x.",
        ),
        (
            Routed(X, Why.RULE, "r", "text", unset=("code",), instead=Why.DEFAULT),
            "“Hi” fits rule “r”, which goes to role code. Role code is not set, so it goes to the default: ollama/x.",
        ),
        (
            Routed(None, Why.RULE, "r", "text", unset=("code", "primary"), instead=Why.CHOSEN),
            "“Hi” fits rule “r”, which goes to role code. Roles code, primary are not set, and no model is chosen in"
            " the tray.",
        ),
        (Routed(X, Why.DEFAULT), "“Hi” fits no rule, so it goes to the default: ollama/x."),
        (Routed(X, Why.DEFAULT, role="fast"), "“Hi” fits no rule, so it goes to the default, role fast: ollama/x."),
        (Routed(X, Why.CHOSEN), "“Hi” fits no rule, so it goes to the model chosen in the tray: ollama/x."),
        (Routed(None, Why.CHOSEN), "“Hi” fits no rule, and no model is chosen in the tray."),
        (
            Routed(X, Why.CHOSEN, unset=("primary",)),
            "“Hi” fits no rule. Role primary is not set, so it goes to the model chosen in the tray: ollama/x.",
        ),
    ],
)
def test_every_way_has_its_words(routed: Routed, said: str) -> None:
    assert sentence(routed, "Hi", "gpt") == said


def test_a_rule_that_leads_to_an_embedding_model_which_is_not_set_has_words_too() -> None:
    routed = route("Hi", rules=(Rule("r", "", "embedding"),), roles={}, default="", chosen=X)
    assert sentence(routed, "Hi").endswith("role embedding. That role is not set, and nothing stands in for it.")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Hi", "“Hi”"),
        ("  two\n\tlines ", "“two lines”"),
        ("x" * 40, "“" + "x" * 40 + "”"),
        ("word " * 20, "“word word word word word word word word…”"),
        (" \n", "A message without text"),
    ],
)
def test_of_a_message_its_beginning_is_repeated(text: str, shown: str) -> None:
    assert excerpt(text) == shown


def test_a_key_in_a_message_or_a_name_is_not_repeated(canary: str) -> None:
    for routed in (Routed(X, Why.CHOSEN), Routed(X, Why.RULE, "r", "name"), Routed(X, Why.RULE, "r", "role")):
        assert canary not in sentence(routed, f"use {canary}", canary)
    assert canary not in " ".join(complaints([Problem(0, canary, "Wrong.")]))


def test_what_is_wrong_with_a_rule_is_said_with_its_name() -> None:
    assert complaints([Problem(3, "short", "The pattern is too long.")]) == ("Rule “short”: The pattern is too long.",)
