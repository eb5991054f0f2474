"""``route``: says where a text would go and why, from the files alone."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.cli.conftest import Shell
from trayapp.core.accounts import Account
from trayapp.core.models import ModelRef

OLLAMA = Account("ollama", "ollama")
BY_HAND = """
version = 1
default_route = "primary"

[roles]  # mine
primary = "ollama/qwen2.5:32b"
code = "ollama/deepseek-coder-v2:16b"
fast = "ollama/qwen2.5:7b"

[[rules]]
name = "code"
pattern = "(code|function|class|implement)"
to = "code"

# greetings and the like
[[rules]]
name = "short"
pattern = "^.{0,100}$"
to = "fast"
"""


@pytest.fixture
def ruled(shell: Shell) -> Shell:
    shell.paths.config.mkdir(parents=True, exist_ok=True)
    shell.paths.settings_file.write_text(BY_HAND)
    return shell


def test_write_a_function_to_sort_an_array_goes_to_code(ruled: Shell) -> None:
    """S3-30, S3-35, with rules written by hand."""
    ran = ruled.run("route", "Write a function to sort an array")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "“Write a function to sort an array” fits rule “code”, which goes to role code: ollama/deepseek-coder-v2:16b.\n"
    )
    assert (ruled.alone, ruled.handed) == ([], []), "nobody is asked"


def test_it_can_be_read_by_a_program(ruled: Shell) -> None:
    found: dict[str, Any] = msgspec.json.decode(ruled.run("route", "Hello", "--json").out)
    assert found.pop("text").startswith("“Hello” fits rule “short”")
    assert found == {
        "provider": "ollama",
        "model": "qwen2.5:7b",
        "why": "rule",
        "rule": "short",
        "role": "fast",
        "roles_not_set": [],
    }


def test_the_name_that_is_asked_for_counts(ruled: Shell) -> None:
    assert ruled.run("route", "Hello", "--name", "code").out.startswith("The request names role code: ollama/deepseek")
    assert "names a model: ollama/llama3" in ruled.run("route", "Hello", "--name=ollama/llama3").out
    assert "fits rule “short”" in ruled.run("route", "Hello", "--name", "gpt-4o").out


def test_without_rules_the_choice_in_the_tray_is_named(shell: Shell) -> None:
    shell.remember(active=ModelRef("ollama", "x"))
    ran = shell.run("route", "Hello")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "“Hello” fits no rule, so it goes to the model chosen in the tray: ollama/x.\n"


def test_where_nothing_is_chosen_the_code_is_one(shell: Shell) -> None:
    ran = shell.run("route", "Hello")
    assert (ran.code, ran.out) == (1, "")
    assert "“Hello” fits no rule, and no model is chosen in the tray." in ran.err
    ran = shell.run("route", "Hello", "--json")
    assert ran.code == 1
    assert msgspec.json.decode(ran.out)["model"] is None


def test_what_the_environment_sets_holds(ruled: Shell) -> None:
    ruled.env["TRAYAPP_ROLES"] = "fast=ollama/tiny"
    assert ruled.run("route", "Hello").out.endswith("role fast: ollama/tiny.\n")


def test_what_is_wrong_with_a_rule_is_complained_about_and_the_others_hold(ruled: Shell) -> None:
    wrong = '[[rules]]\nname = "bad"\npattern = "(?=a)"\nto = "fast"\n[[rules]]\nname = "none"\n'
    ruled.paths.settings_file.write_text(BY_HAND + wrong)
    ran = ruled.run("route", "Hello")
    assert ran.code == 0
    assert "fits rule “short”" in ran.out
    assert "Rule “bad”: Look-ahead" in ran.err
    assert "Rule 4 was not usable" in ran.err


def test_a_model_of_no_account_is_said_to_be_one(ruled: Shell) -> None:
    ruled.env["TRAYAPP_ROLES"] = "fast=olama/x"
    ran = ruled.run("route", "Hello")
    assert ran.code == 1
    assert "olama/x" in ran.out
    assert "There is no account “olama”. Did you mean ollama" in ran.err


def test_a_key_among_the_words_is_not_repeated(shell: Shell, canary: str) -> None:
    ran = shell.run("route", f"my key is {canary}", "--name", canary)
    assert canary not in ran.out + ran.err


def test_a_text_that_never_ends_is_answered_at_once(ruled: Shell) -> None:
    ruled.paths.settings_file.write_text(BY_HAND.replace("(code|function|class|implement)", "(a+)+$"))
    assert "fits no rule" in ruled.run("route", "a" * 100_000 + "b").out
