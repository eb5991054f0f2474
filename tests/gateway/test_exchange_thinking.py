"""Thinking is asked for as each model knows it, and earlier thinking goes where it is understood."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gateway.asking import HI, chat, messages, turns, written
from trayapp.gateway.dialects import OUT
from trayapp.gateway.exchange import Target
from trayapp.providers.spec import Dialect


def test_earlier_thinking_goes_where_it_is_understood() -> None:
    said: list[dict[str, Any]] = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "sig"},
            {"type": "redacted_thinking", "data": "xyz"},
            {"type": "text", "text": "b"},
        ]},
        {"role": "user", "content": "c"},
    ]  # fmt: skip
    request = messages(messages=said)
    assert written(request, Dialect.ANTHROPIC)["messages"][1]["content"] == said[1]["content"]
    assert written(request, Dialect.OLLAMA)["messages"][1] == {"role": "assistant", "content": "b", "thinking": "Hm."}
    assert written(request, Dialect.OPENAI)["messages"][1] == {"role": "assistant", "content": "b"}
    unsigned = chat(messages=[*HI, {"role": "assistant", "content": "b", "reasoning_content": "Hm."}, *HI])
    assert written(unsigned, Dialect.ANTHROPIC)["messages"][1]["content"] == [{"type": "text", "text": "b"}]


def test_thinking_goes_back_to_those_who_want_it() -> None:
    said = [*HI, {"role": "assistant", "content": "b", "reasoning_content": "Hm."}, *HI]
    body = written(chat(messages=said), Dialect.OPENAI, Target(thinking_back=True))
    assert body["messages"][1] == said[1]


NEW, OLD = "claude-opus-4-8", "claude-sonnet-4-5-20250929"


ADAPTIVE = {"type": "adaptive"}


def budget(tokens: int) -> dict[str, Any]:
    return {"thinking": {"type": "enabled", "budget_tokens": tokens}}


@pytest.mark.parametrize(
    ("model", "fields", "sent"),
    [
        (NEW, {"reasoning_effort": "high"}, {"thinking": ADAPTIVE, "output_config": {"effort": "high"}}),
        (NEW, {"reasoning_effort": "minimal"}, {"thinking": ADAPTIVE, "output_config": {"effort": "low"}}),
        (NEW, {"reasoning_effort": "none"}, {"thinking": {"type": "disabled"}}),
        (NEW, {"reasoning": {"max_tokens": 9000}}, {"thinking": ADAPTIVE, "output_config": {"effort": "medium"}}),
        (NEW, {"thinking": {"type": "enabled"}}, {"thinking": ADAPTIVE}),
        (OLD, {"reasoning_effort": "low", "max_tokens": 9000}, budget(2048)),
        (OLD, {"reasoning_effort": "high", "max_tokens": 3000}, budget(2999)),
        (OLD, {"reasoning_effort": "high", "max_tokens": 500}, {}),
        (OLD, {}, {}),
        ("glm-5", {"reasoning_effort": "medium"}, budget(8192)),
    ],
)
def test_thinking_is_asked_of_claude_as_it_knows_it(model: str, fields: dict[str, Any], sent: dict[str, Any]) -> None:
    body = written(chat(**fields), Dialect.ANTHROPIC, model=model)
    assert {name: body[name] for name in ("thinking", "output_config") if name in body} == sent
    if "budget_tokens" in body.get("thinking", {}):
        assert body["max_tokens"] > body["thinking"]["budget_tokens"]


@pytest.mark.parametrize(
    ("model", "adaptive"),
    [
        ("claude-3-7-sonnet-20250219", False),
        ("claude-sonnet-4-20250514", False),
        ("claude-sonnet-4-0", False),
        ("claude-opus-4-1-20250805", False),
        ("anthropic.claude-haiku-4-5-20251001-v1:0", False),
        ("claude-opus-4-5@20251101", False),
        ("claude-opus-4-6", True),
        ("claude-sonnet-5", True),
        ("claude-opus-5-1-20260801", True),
        ("claude-opus-4-10", True),
        ("kimi-k3", False),
    ],
)
def test_later_claudes_decide_by_themselves(model: str, adaptive: bool) -> None:
    body = written(chat(reasoning_effort="low", max_tokens=9000), Dialect.ANTHROPIC, model=model)
    assert (body["thinking"]["type"] == "adaptive") is adaptive


def test_a_claude_with_a_budget_does_not_think_on_in_a_turn_whose_thinking_was_lost() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    said = [*HI, {"role": "assistant", "content": "", "tool_calls": [call]}]
    said.append({"role": "tool", "tool_call_id": "c1", "content": "ok"})
    request = chat(messages=said, reasoning_effort="low", max_tokens=9000)
    assert "thinking" not in written(request, Dialect.ANTHROPIC, model=OLD)
    assert "thinking" in written(request, Dialect.ANTHROPIC, model=NEW)
    for other in ([*said, *turns(("user", "Next."))], said[2:]):  # a new turn; a result of nobody knows what
        again = chat(messages=other, reasoning_effort="low", max_tokens=9000)
        assert "thinking" in written(again, Dialect.ANTHROPIC, model=OLD)


@pytest.mark.parametrize(
    ("fields", "effort", "think"),
    [
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, "low", True),
        ({"thinking": {"type": "enabled", "budget_tokens": 9000}}, "medium", True),
        ({"thinking": {"type": "enabled", "budget_tokens": 31999}}, "high", True),
        ({"thinking": {"type": "adaptive"}}, None, True),
        ({"thinking": {"type": "disabled"}}, None, False),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}}, "max", "max"),
        ({"output_config": {"effort": "low"}}, "low", "low"),
        ({}, None, None),
    ],
)
def test_anthropics_callers_ask_others_to_think(fields: dict[str, Any], effort: Any, think: Any) -> None:
    request = messages(**fields)
    assert written(request, Dialect.OPENAI).get("reasoning_effort") == effort
    assert written(request, Dialect.OLLAMA).get("think") == think


def test_thinking_that_is_switched_off_by_openais_word_is_off_at_ollama() -> None:
    assert written(chat(reasoning_effort="none"), Dialect.OLLAMA)["think"] is False


@pytest.mark.parametrize("dialect", list(OUT))
def test_a_model_that_cannot_think_is_not_asked_to(dialect: Dialect) -> None:
    request = chat(reasoning_effort="high")
    body = written(request, dialect, Target(thinks=False))
    assert not {"think", "thinking", "reasoning_effort", "output_config"} & set(body)
    assert body == written(chat(), dialect)
