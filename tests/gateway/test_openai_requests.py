"""What OpenAI's callers may ask in each of their three ways, and which fields are refused by their path."""

from __future__ import annotations

import json
from typing import Any

import pytest

from trayapp.gateway.dialects import IN, Spoken
from trayapp.gateway.exchange import (
    BadRequestError,
    CannotCarryError,
    Effort,
    Image,
    Message,
    Reasoning,
    Refusal,
    Request,
    Role,
    Sampling,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from trayapp.gateway.exchange import Choice as Mode

HI = [{"role": "user", "content": "Hi"}]


def read(spoken: Spoken, **fields: Any) -> Request:
    return IN[spoken].read_request(json.dumps({"model": "m", **fields}).encode())


def chat(**fields: Any) -> Request:
    return read(Spoken.CHAT, **({"messages": HI} | fields))


def responses(**fields: Any) -> Request:
    return read(Spoken.RESPONSES, **({"input": "Hi"} | fields))


def completions(**fields: Any) -> Request:
    return read(Spoken.COMPLETIONS, **({"prompt": "Hi"} | fields))


def test_book_keeping_is_left_out_everywhere() -> None:
    harmless = {
        "metadata": {"a": "b"}, "store": True, "service_tier": "flex", "safety_identifier": "x",
        "prompt_cache_key": "k", "prompt_cache_retention": "24h", "keep_alive": "5m",
        "prediction": {"type": "content", "content": "x"},
    }  # fmt: skip
    assert chat(**harmless) == chat()
    assert completions(**harmless) == completions()
    assert (
        responses(**harmless, truncation="auto", max_tool_calls=3, include=["reasoning.encrypted_content"])
        == responses()
    )


CHAT_REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"n": 2}, "n"),
    ({"audio": {"voice": "alloy"}}, "audio"),
    ({"modalities": ["text", "audio"]}, "modalities"),
    ({"web_search_options": {}}, "web_search_options"),
    ({"functions": [{"name": "f"}]}, "functions"),
    ({"moderation": {"model": "x"}}, "moderation"),
    ({"nobody_knows": 1}, "nobody_knows"),
    ({"stream_options": {"odd": 1}}, "stream_options.odd"),
    ({"messages": [{"role": "user", "content": "x", "odd": 1}]}, "messages[0].odd"),
    ({"messages": [*HI, {"role": "function", "name": "f", "content": "x"}]}, "messages[1].role"),
    ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "messages[0].content[0].type"),
    ({"messages": [{"role": "user", "content": [{"type": "file", "file": {}}]}]}, "messages[0].content[0].type"),
    ({"messages": [{"role": "assistant", "tool_calls": [{"type": "custom"}]}]}, "messages[0].tool_calls[0].type"),
    ({"messages": [{"role": "assistant", "audio": {"id": "x"}}]}, "messages[0].audio"),
    ({"tools": [{"type": "custom", "custom": {"name": "x"}}]}, "tools[0].type"),
    ({"tools": [{"type": "function", "function": {"name": "f", "odd": 1}}]}, "tools[0].function.odd"),
    ({"tool_choice": {"type": "allowed_tools"}}, "tool_choice.type"),
]


@pytest.mark.parametrize(("fields", "path"), CHAT_REFUSED)
def test_what_chat_cannot_hand_on_is_refused_by_its_path(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(CannotCarryError) as refused:
        chat(**fields)
    assert refused.value.parameter == path
    assert f"“{path}”" in str(refused.value)
    assert str(refused.value).endswith(".")


CHAT_WRONG: list[tuple[dict[str, Any], str]] = [
    ({"model": 5}, "model"),
    ({"model": ""}, "model"),
    ({"messages": "Hi"}, "messages"),
    ({"messages": ["Hi"]}, "messages[0]"),
    ({"messages": [{"role": "owner", "content": "x"}]}, "messages[0].role"),
    ({"messages": [{"content": "x"}]}, "messages[0].role"),
    ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": [{"type": "text", "text": 5}]}]}, "messages[0].content[0].text"),
    ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id"),
    ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content[0].image_url"),
    ({"temperature": "hot"}, "temperature"),
    ({"temperature": True}, "temperature"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"max_tokens": 1.5}, "max_tokens"),
    ({"stop": [1]}, "stop"),
    ({"stream": "yes"}, "stream"),
    ({"logit_bias": {"1": "x"}}, "logit_bias"),
    ({"response_format": {"type": "xml"}}, "response_format.type"),
    ({"reasoning_effort": "some"}, "reasoning_effort"),
    ({"tool_choice": "maybe"}, "tool_choice"),
]


@pytest.mark.parametrize(("fields", "path"), CHAT_WRONG)
def test_nonsense_in_chat_is_told_by_its_path(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(BadRequestError) as wrong:
        chat(**fields)
    assert not isinstance(wrong.value, CannotCarryError)
    assert (wrong.value.parameter, wrong.value.status) == (path, 400)


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b'"x"', b"\xff", b'{"a":' * 100_000])
@pytest.mark.parametrize("spoken", list(Spoken))
def test_a_body_that_is_no_object_is_told_in_a_sentence(spoken: Spoken, body: bytes) -> None:
    with pytest.raises(BadRequestError, match="body"):
        IN[spoken].read_request(body)


@pytest.mark.parametrize(
    "url", ["data:image/png,abc", "file:///etc/passwd", "data:;base64,AA", "javascript:1", "ftp://x/y"]
)
def test_addresses_that_are_no_pictures_are_refused(url: str) -> None:
    part = {"type": "image_url", "image_url": {"url": url}}
    with pytest.raises(BadRequestError) as wrong:
        chat(messages=[{"role": "user", "content": [part]}])
    assert wrong.value.parameter == "messages[0].content[0].image_url.url"


def test_an_earlier_answer_may_be_sent_back_with_all_it_held() -> None:
    said = {
        "role": "assistant", "content": "Yes.", "refusal": "But no more.", "annotations": [], "audio": None,
        "function_call": None, "reasoning_content": "Hm.", "reasoning_details": [{"type": "x"}], "index": 0,
        "tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
    }  # fmt: skip
    parts = (Thinking("Hm."), Text("Yes."), Refusal("But no more."), ToolCall("c", "f", "{}"))
    assert chat(messages=[*HI, said]).messages[1] == Message(Role.ASSISTANT, parts)


def test_thinking_may_be_asked_for_in_the_imitators_ways() -> None:
    assert chat(reasoning={"effort": "high", "exclude": True}).reasoning == Reasoning(Effort.HIGH)
    assert chat(reasoning={"max_tokens": 2000, "enabled": True}).reasoning == Reasoning(None, 2000, True)
    assert chat(thinking={"type": "disabled"}).reasoning == Reasoning(wanted=False)


def test_usage_is_told_at_the_end_of_a_stream_only_if_asked() -> None:
    assert not chat(stream=True).include_usage
    assert chat(stream=True, stream_options={"include_usage": True, "include_obfuscation": False}).include_usage
    assert responses(stream=True).include_usage


def test_the_newer_name_of_the_limit_counts() -> None:
    assert chat(max_tokens=5, max_completion_tokens=7).max_tokens == 7


# responses


def test_a_conversation_in_items() -> None:
    request = responses(
        instructions="Be brief.",
        input=[
            {"role": "developer", "content": "Use tools."},
            {"type": "message", "role": "user", "content": [
                {"type": "input_text", "text": "Look."},
                {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "auto"},
            ]},
            {"type": "reasoning", "id": "rs_1", "encrypted_content": "e", "summary": [
                {"type": "summary_text", "text": "Hm."},
            ]},
            {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [
                {"type": "output_text", "text": "Yes.", "annotations": [], "logprobs": []},
                {"type": "refusal", "refusal": "No."},
            ]},
            {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}", "status": "done"},
            {"type": "function_call_output", "call_id": "c1", "output": [{"type": "input_text", "text": "ok"}]},
        ],
        tools=[{"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True}],
        tool_choice={"type": "function", "name": "f"},
        reasoning={"effort": "medium", "summary": "auto"},
        text={"verbosity": "low"},
        max_output_tokens=9,
    )  # fmt: skip
    assert request == Request(
        "m",
        (
            Message(Role.USER, (Text("Look."), Image(data="AA==", media_type="image/png", detail="auto"))),
            Message(Role.ASSISTANT, (Thinking("Hm."), Text("Yes."), Refusal("No."), ToolCall("c1", "f", "{}"))),
            Message(Role.USER, (ToolResult("c1", (Text("ok"),)),)),
        ),
        (Text("Be brief."), Text("Use tools.")),
        tools=(Tool("f", "", {"type": "object"}, True),),
        tool_choice=ToolChoice(Mode.REQUIRED, "f"),
        max_tokens=9,
        reasoning=Reasoning(Effort.MEDIUM),
        verbosity="low",
    )


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"prompt": {"id": "p"}}, "prompt"),
        ({"background": True}, "background"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"include": ["message.output_text.logprobs"]}, "include[0]"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"type": "function", "name": "f", "defer_loading": True}]}, "tools[0].defer_loading"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input[0].type"),
        ({"input": [{"role": "user", "content": [{"type": "input_file"}]}]}, "input[0].content[0].type"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}]},
            "input[0].content[0].file_id",
        ),
        ({"reasoning": {"mode": "pro"}}, "reasoning.mode"),
        ({"odd": 1}, "odd"),
    ],
)
def test_what_responses_cannot_hand_on_is_refused_by_its_path(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(CannotCarryError) as refused:
        responses(**fields)
    assert refused.value.parameter == path


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"input": 5}, "input"),
        ({"input": ["Hi"]}, "input[0]"),
        ({"input": [{"role": "owner", "content": "x"}]}, "input[0].role"),
        ({"input": [{"content": "x"}]}, "input[0].role"),
        (
            {
                "input": [
                    {"type": "function_call_output", "call_id": "c", "output": [{"type": "refusal", "refusal": "No"}]}
                ]
            },
            "input[0].output",
        ),
    ],
)
def test_nonsense_in_responses_is_told_by_its_path(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(BadRequestError) as wrong:
        responses(**fields)
    assert not isinstance(wrong.value, CannotCarryError)
    assert wrong.value.parameter == path


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_response_may_be_asked_for_by_instructions_alone(nothing: str | None) -> None:
    assert responses(input=nothing, instructions="Say hi.") == Request("m", system=(Text("Say hi."),))


# completions


def test_a_completion_is_a_users_message() -> None:
    request = completions(max_tokens=5, temperature=0.1, stop="x", echo=False, n=1, best_of=1, logprobs=None, suffix="")
    assert request == Request(
        "m",
        (Message(Role.USER, (Text("Hi"),)),),
        max_tokens=5,
        sampling=Sampling(temperature=0.1, stop=("x",)),
        include_usage=False,
    )
    assert completions(prompt=["Hi"]) == completions()


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"suffix": "}"}, "suffix"),
        ({"echo": True}, "echo"),
        ({"best_of": 3}, "best_of"),
        ({"logprobs": 2}, "logprobs"),
        ({"prompt": ["a", "b"]}, "prompt"),
        ({"prompt": [1, 2]}, "prompt"),
        ({"prompt": [[1, 2]]}, "prompt"),
        ({"prompt": ""}, "prompt"),
    ],
)
def test_what_completions_cannot_hand_on_is_refused_by_its_path(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(BadRequestError) as refused:
        completions(**fields)
    assert refused.value.parameter == path
