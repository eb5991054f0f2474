"""What a dialect has no word for is refused by name; what means nothing is no reason to refuse."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gateway.asking import HI, LOOK, chat, messages, written
from trayapp.gateway.dialects import OUT
from trayapp.gateway.exchange import BadRequestError, CannotCarryError, Target
from trayapp.providers.spec import Dialect

CANNOT: list[tuple[dict[str, Any], Dialect, Target, str]] = [
    ({"seed": 1}, Dialect.ANTHROPIC, Target(), "seed"),
    ({"frequency_penalty": 0.1}, Dialect.ANTHROPIC, Target(), "frequency_penalty"),
    ({"presence_penalty": 0.1}, Dialect.ANTHROPIC, Target(), "presence_penalty"),
    ({"logit_bias": {"1": 5}}, Dialect.ANTHROPIC, Target(), "logit_bias"),
    ({"logprobs": True}, Dialect.ANTHROPIC, Target(), "logprobs"),
    ({"min_p": 0.1}, Dialect.ANTHROPIC, Target(), "min_p"),
    ({"repetition_penalty": 1.1}, Dialect.ANTHROPIC, Target(), "repeat_penalty"),
    ({"temperature": 1.5}, Dialect.ANTHROPIC, Target(), "temperature"),
    ({"stop": ["\n"]}, Dialect.ANTHROPIC, Target(), "stop"),
    ({"verbosity": "low"}, Dialect.ANTHROPIC, Target(), "verbosity"),
    ({"response_format": {"type": "json_object"}}, Dialect.ANTHROPIC, Target(), "response_format"),
    ({"logit_bias": {"1": 5}}, Dialect.OLLAMA, Target(), "logit_bias"),
    ({"verbosity": "high"}, Dialect.OLLAMA, Target(), "verbosity"),
    ({"tools": [LOOK], "tool_choice": "required"}, Dialect.OLLAMA, Target(), "tool_choice"),
    ({"tools": [LOOK], "parallel_tool_calls": False}, Dialect.OLLAMA, Target(), "parallel_tool_calls"),
    ({"top_k": 5}, Dialect.OPENAI, Target(own=True), "top_k"),
    ({"min_p": 0.1}, Dialect.OPENAI, Target(own=True), "min_p"),
    ({"repetition_penalty": 1.1}, Dialect.OPENAI, Target(own=True), "repetition_penalty"),
]


@pytest.mark.parametrize(("fields", "dialect", "target", "parameter"), CANNOT)
def test_what_a_dialect_has_no_word_for_is_refused_by_name(
    fields: dict[str, Any], dialect: Dialect, target: Target, parameter: str
) -> None:
    with pytest.raises(CannotCarryError) as refused:
        OUT[dialect].write_request(chat(**fields), "m", target)
    assert refused.value.parameter == parameter
    assert f"“{parameter}” cannot be carried to the chosen model." in str(refused.value)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("dialect", list(OUT))
def test_neutral_figures_are_no_reason_to_refuse(dialect: Dialect) -> None:
    request = chat(
        frequency_penalty=0, presence_penalty=0, logit_bias={}, n=1, logprobs=False, repetition_penalty=1, min_p=0,
        verbosity="medium", modalities=["text"], tool_choice="auto", response_format={"type": "text"}, seed=None,
    )  # fmt: skip
    written(request, dialect, Target(own=True))


def test_the_imitators_own_figures_are_carried_to_them_and_to_ollama() -> None:
    request = chat(top_k=5, min_p=0.1, repetition_penalty=1.1)
    body = written(request, Dialect.OPENAI)
    assert (body["top_k"], body["min_p"], body["repetition_penalty"]) == (5, 0.1, 1.1)
    assert written(request, Dialect.OLLAMA)["options"] == {"top_k": 5, "min_p": 0.1, "repeat_penalty": 1.1}


def test_a_picture_by_address_is_refused_for_ollama_only() -> None:
    part = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    request = chat(messages=[{"role": "user", "content": [part]}])
    with pytest.raises(CannotCarryError, match="send the picture itself") as refused:
        OUT[Dialect.OLLAMA].write_request(request, "m")
    assert refused.value.parameter == "messages[0]"
    source = written(request, Dialect.ANTHROPIC)["messages"][0]["content"][0]["source"]
    assert source == {"type": "url", "url": "https://example.org/a.png"}


@pytest.mark.parametrize("dialect", [Dialect.ANTHROPIC, Dialect.OLLAMA])
def test_earlier_arguments_that_are_no_object_are_refused_where_an_object_is_needed(dialect: Dialect) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "look", "arguments": "{broken"}}
    request = chat(messages=[*HI, {"role": "assistant", "content": "", "tool_calls": [call]}])
    with pytest.raises(BadRequestError, match="“look”"):
        OUT[dialect].write_request(request, "m")
    assert written(request, Dialect.OPENAI)["messages"][1]["tool_calls"][0]["function"]["arguments"] == "{broken"


def test_participants_names_are_carried() -> None:
    request = chat(messages=[{"role": "user", "name": "Ada", "content": "Hi"}])
    assert written(request, Dialect.OPENAI)["messages"][0]["name"] == "Ada"
    assert written(request, Dialect.OLLAMA)["messages"][0]["content"] == "Ada: Hi"
    assert written(request, Dialect.ANTHROPIC)["messages"][0]["content"][0]["text"] == "Ada:"


def test_the_callers_user_is_carried_where_there_is_a_place() -> None:
    request = chat(user="u1")
    assert written(request, Dialect.OPENAI, Target(own=True))["user"] == "u1"
    assert "user" not in written(request, Dialect.OPENAI)
    assert "user" not in written(chat(user="u" * 65), Dialect.OPENAI, Target(own=True))
    assert written(request, Dialect.ANTHROPIC)["metadata"] == {"user_id": "u1"}
    assert messages(metadata={"user_id": "u2"}).user == "u2"
