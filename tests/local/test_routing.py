"""Which model a request goes to: by its name, by the first rule that fits, or by what else holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayapp.core.models import ModelRef
from trayapp.core.rules import EXAMPLE_ROLES, EXAMPLES, ROLES, Role, Rule
from trayapp.local.routing import Problem, Routed, Why, last_text, named, problems, reads_text, route

CODER = ModelRef("ollama", "deepseek-coder-v2:16b")
SMALL = ModelRef("ollama", "qwen2.5:7b")
LARGE = ModelRef("ollama", "qwen2.5:32b")
CHOSEN = ModelRef("openai", "gpt-5")
ACCOUNTS = ("ollama", "openai")
LONG = "Tell me at length, with all that there is to be told about it, of the history of the town of Lucca, please."


def to(text: str, requested: str | None = None, **changes: Any) -> Routed:
    given: dict[str, Any] = {
        "rules": EXAMPLES["by role"],
        "roles": EXAMPLE_ROLES,
        "default": "primary",
        "chosen": CHOSEN,
        "accounts": ACCOUNTS,
    }
    return route(text, requested, **(given | changes))


def test_write_a_function_to_sort_an_array_goes_to_code() -> None:
    """S3-35, with the rules and roles of S3-30."""
    assert to("Write a function to sort an array") == Routed(CODER, Why.RULE, "code", "text", role="code")


def test_a_short_message_goes_to_the_fast_model_and_a_long_one_to_the_default() -> None:
    """S3-30"""
    assert to("Hello!") == Routed(SMALL, Why.RULE, "short", "text", role="fast")
    assert to(LONG) == Routed(LARGE, Why.DEFAULT, role="primary")


def test_a_rule_that_leads_nowhere_leads_to_the_default() -> None:
    rules = (Rule("lost", "code", "no such role"),)
    assert to("code", rules=rules) == Routed(LARGE, Why.RULE, "lost", "text", role="primary", instead=Why.DEFAULT)


def test_the_rules_that_go_to_models_decide_likewise() -> None:
    """S3-18, with C14: case does not matter."""
    rules = EXAMPLES["by model"]
    assert to("IMPLEMENT the\nCode of it", rules=rules).ref == CODER
    assert to("Hello!", rules=rules) == Routed(SMALL, Why.RULE, "short", "text")
    assert to(LONG, rules=rules, default="ollama/qwen2.5:32b") == Routed(LARGE, Why.DEFAULT)


def test_the_first_enabled_rule_that_fits_decides() -> None:
    """S3-17"""
    rules = (
        Rule("off", "code", "fast", enabled=False),
        Rule("first", "code", "code"),
        Rule("second", "code", "primary"),
    )
    assert to("code", "gpt-4", rules=rules).rule == "first"
    assert to("code", "gpt-4", rules=tuple(reversed(rules))).rule == "second"


@pytest.mark.parametrize("rules", [(), (Rule("no", "never said", "fast"),), (Rule("bad", "(", "fast"),)])
def test_where_no_rule_fits_the_tray_decides_unless_a_default_is_set(rules: tuple[Rule, ...]) -> None:
    """S3-17, S3-31"""
    assert to("Hello", rules=rules, default="") == Routed(CHOSEN, Why.CHOSEN)
    assert to("Hello", rules=rules, default="fast") == Routed(SMALL, Why.DEFAULT, role="fast")
    assert to("Hello", rules=rules, default="lab/x") == Routed(ModelRef("lab", "x"), Why.DEFAULT)
    assert to("Hello", rules=rules, default="", chosen=None) == Routed(None, Why.CHOSEN)


def test_a_role_that_is_not_set_leads_to_the_default_and_says_so() -> None:
    roles: dict[Role, str] = {"primary": str(LARGE)}
    assert to("a function", roles=roles) == Routed(
        LARGE, Why.RULE, "code", "text", role="primary", unset=("code",), instead=Why.DEFAULT
    )
    assert to("a function", roles={}, default="") == Routed(
        CHOSEN, Why.RULE, "code", "text", unset=("code",), instead=Why.CHOSEN
    )
    assert to("a function", roles={}) == Routed(
        CHOSEN, Why.RULE, "code", "text", unset=("code", "primary"), instead=Why.CHOSEN
    )
    assert to("a function", roles={}, default="code").unset == ("code",)
    assert to(LONG, roles={}) == Routed(CHOSEN, Why.CHOSEN, unset=("primary",))


def test_a_rule_may_look_at_the_name_that_was_asked_for() -> None:
    """C14"""
    rules = (Rule("haiku", "^claude-.*haiku", "fast", on="name"), Rule("any", "", "primary", on="name"))
    assert to("Hello", "claude-3-5-HAIKU-latest", rules=rules) == Routed(SMALL, Why.RULE, "haiku", "name", role="fast")
    assert to("Hello", "gpt-4o", rules=rules).rule == "any"
    assert to("Hello", None, rules=rules, default="") == Routed(CHOSEN, Why.CHOSEN), "nothing was asked for"


def test_a_rule_may_look_at_the_role_that_was_asked_for() -> None:
    """C14"""
    rules = (Rule("text", "", "primary"), Rule("no fast one", "^fast$", "code", on="role"))
    assert to("Hello", "fast", rules=rules) == Routed(CODER, Why.RULE, "no fast one", "role", role="code")
    assert to("Hello", "code", rules=rules) == Routed(CODER, Why.ROLE, role="code")
    assert to("Hello", "gpt-4o", rules=rules).rule == "text"


@pytest.mark.parametrize("name", ["code", "Code", " code ", "code:latest"])
def test_a_role_means_itself_whatever_is_said(name: str) -> None:
    assert to("Hello", name) == Routed(CODER, Why.ROLE, role="code")


def test_a_model_of_a_known_account_means_itself() -> None:
    assert to("a function", "openai/gpt-4o") == Routed(ModelRef("openai", "gpt-4o"), Why.MODEL)
    assert to("a function", "meta-llama/llama-3").ref == CODER, "an account's name it is not"


@pytest.mark.parametrize("name", ["short", "SHORT", "short:latest"])
def test_a_rule_that_is_asked_for_by_its_name_means_itself(name: str) -> None:
    assert to(LONG, name) == Routed(SMALL, Why.RULE_NAME, "short", "text", role="fast")


@pytest.mark.parametrize("name", [None, "", "current", "gpt-4o", "text-embedding-3-small", "qwen2.5:7b"])
def test_any_other_name_means_nothing_by_itself(name: str | None) -> None:
    given: dict[str, Any] = {"roles": EXAMPLE_ROLES, "default": "", "chosen": CHOSEN, "accounts": ACCOUNTS}
    assert named(name, rules=EXAMPLES["by role"], **given) is None
    assert to(LONG, name, default="") == Routed(CHOSEN, Why.CHOSEN)


def test_a_disabled_rule_is_not_found_by_its_name() -> None:
    assert to(LONG, "short", rules=(Rule("short", "", "fast", enabled=False),), default="").why is Why.CHOSEN


def test_nothing_stands_in_for_an_embedding_model() -> None:
    """Another model than the one before spoils a vector store without a word."""
    assert to("x", "embedding") == Routed(None, Why.ROLE, unset=("embedding",))
    roles: dict[Role, str] = {"embedding": "ollama/nomic-embed-text"}
    assert to("x", "embedding", roles=roles).ref == ModelRef("ollama", "nomic-embed-text")


TARGETS = st.sampled_from([*ROLES, "ollama/a", "openai/b", "rule", "x", ""])
RULES = st.builds(
    Rule,
    name=st.sampled_from(["rule", "x", "code", ""]),
    pattern=st.sampled_from(["", "a", "(", "^b$"]),
    to=TARGETS,
    on=st.sampled_from(["text", "name", "role"]),
    enabled=st.booleans(),
)
SET = st.dictionaries(st.sampled_from(ROLES), st.sampled_from(["ollama/a", "openai/b", "code", "", "x"]))


@given(
    st.sampled_from(["", "a", "b"]),
    st.none() | st.sampled_from(["", "a", "rule", "x/y", "ollama/a", *ROLES]),
    st.lists(RULES, max_size=4),
    SET,
    TARGETS,
    st.none() | st.just(CHOSEN),
)
def test_whatever_is_set_every_request_ends_somewhere(
    text: str, name: str | None, rules: list[Rule], roles: Any, default: str, chosen: ModelRef | None
) -> None:
    routed = route(text, name, rules=rules, roles=roles, default=default, chosen=chosen, accounts=ACCOUNTS)
    assert routed.ref is not None or chosen is None or "embedding" in routed.unset
    assert len(set(routed.unset)) == len(routed.unset)
    assert bool(routed.rule or routed.on) or routed.why not in (Why.RULE,)
    if routed.role:
        assert roles[routed.role] == str(routed.ref)
    if routed.instead is Why.CHOSEN:
        assert routed.ref == chosen


def test_the_message_is_looked_for_only_where_a_rule_reads_it() -> None:
    assert reads_text(EXAMPLES["by role"])
    assert not reads_text((Rule("a", "", "fast", on="name"), Rule("b", "", "fast", enabled=False)))


@pytest.mark.parametrize(
    ("messages", "text"),
    [
        ("a prompt", "a prompt"),
        (["first", "second"], "second"),
        ([{"role": "user", "content": "first"}, {"role": "user", "content": " second\n"}], "second"),
        ([{"role": "user", "content": "asked"}, {"role": "assistant", "content": "said"}], "asked"),
        (
            [
                {"role": "user", "content": "asked"},
                {"role": "assistant", "content": None, "tool_calls": []},
                {"role": "tool", "content": "a result"},
            ],
            "asked",
        ),
        (
            [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "look"},
                        {"type": "image_url", "image_url": {"url": "data:"}},
                        {"type": "text", "text": "here"},
                    ],
                }
            ],
            "look\nhere",
        ),
        (
            [
                {"role": "user", "content": "asked"},
                {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "f", "input": {}}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "a result"}]},
            ],
            "asked",
        ),
        ([{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}], "hello"),
        ([{"role": "user", "content": "asked"}, {"type": "function_call_output", "output": "1"}], "asked"),
        ([{"role": "user", "content": "what is it?", "images": ["aGk="]}], "what is it?"),
        ([{"role": "user", "content": ["look", "here"]}], "look\nhere"),
        ([{"role": "system", "content": "be kind"}], ""),
        ([], ""),
        (None, ""),
        (
            [7, None, {"role": "user"}, {"role": "user", "content": 7}, {"role": "user", "content": [7, {"text": 3}]}],
            "",
        ),
        ({"role": "user", "content": "no list"}, ""),
    ],
)
def test_the_last_word_of_the_user_is_found_in_every_dialect(messages: object, text: str) -> None:
    """S3-24"""
    assert last_text(messages) == text


def test_good_rules_have_no_problems() -> None:
    for rules in EXAMPLES.values():
        assert problems(rules, EXAMPLE_ROLES, ACCOUNTS) == ()


def test_what_is_wrong_with_rules_is_said_for_each() -> None:
    rules = (
        Rule("good", "a", "fast"),
        Rule("current", "(", "qwen"),
        Rule("Good", "", "code"),
        Rule("away", "", "lab/x"),
        Rule("a/b", "", "primary"),
    )
    found = problems(rules, {"fast": str(SMALL), "primary": str(LARGE)}, ACCOUNTS)
    assert [(it.at, it.rule, it.fatal) for it in found] == [
        (1, "current", True),
        (1, "current", True),
        (1, "current", True),
        (2, "Good", True),
        (2, "Good", False),
        (3, "away", False),
        (4, "a/b", True),
    ]
    assert "chosen in the tray" in found[0].text
    assert "“(” has no “)”" in found[1].text
    assert "neither a role" in found[2].text
    assert found[3:6] == (
        Problem(2, "Good", "Another rule has this name."),
        Problem(2, "Good", "Role code is not set, so what fits goes to the default.", False),
        Problem(3, "away", "There is no account “lab”.", False),
    )
