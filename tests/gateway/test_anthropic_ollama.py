"""What Anthropic's and Ollama's callers may ask, what is refused by its path, and how tokens are guessed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.gateway.wire import STAMP
from trayapp.gateway import anthropic_in, ollama_in, ollama_in_answer
from trayapp.gateway.exchange import (
    BadRequestError,
    CannotCarryError,
    Effort,
    Format,
    Image,
    Message,
    Reasoning,
    Request,
    Role,
    Sampling,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
)

HI = [{"role": "user", "content": "Hi"}]
CACHED = {"type": "ephemeral"}


def messages(**fields: Any) -> Request:
    body = {"model": "m", "max_tokens": 9, "messages": HI} | fields
    return anthropic_in.read_request(json.dumps(body).encode())


def chat(**fields: Any) -> Request:
    return ollama_in.read_chat(json.dumps({"model": "m", "messages": HI} | fields).encode())


def generate(**fields: Any) -> Request:
    return ollama_in.read_generate(json.dumps({"model": "m", "prompt": "Hi"} | fields).encode())


# Anthropic


def test_what_claude_code_sends_is_understood() -> None:
    request = messages(
        system=[
            {"type": "text", "text": "You are a tool.", "cache_control": CACHED},
            {"type": "text", "text": "Be brief."},
        ],
        messages=[{"role": "user", "content": [{"type": "text", "text": "Hi", "cache_control": CACHED}]}],
        tools=[
            {"name": "Bash", "description": "Runs.", "input_schema": {"type": "object"}, "eager_input_streaming": True}
        ],
        metadata={"user_id": "u"},
        thinking={"type": "adaptive", "display": "summarized"},
        output_config={"effort": "high"},
        context_management={"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        stream=True,
        temperature=1,
    )  # fmt: skip
    assert request == Request(
        "m",
        (Message(Role.USER, (Text("Hi"),)),),
        (Text("You are a tool."), Text("Be brief.")),
        tools=(Tool("Bash", "Runs.", {"type": "object"}),),
        max_tokens=9,
        sampling=Sampling(temperature=1),
        reasoning=Reasoning(Effort.HIGH, wanted=True),
        user="u",
        stream=True,
    )


def test_anthropics_tiers_and_accounts_are_left_out() -> None:
    harmless = {"service_tier": "auto", "speed": "fast", "diagnostics": {}, "workspace_id": "w", "mcp_servers": []}
    assert messages(**harmless, cache_control=CACHED) == messages()


def block(**fields: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [fields]}]}


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"container": "c"}, "container"),
        ({"mcp_servers": [{"url": "x"}]}, "mcp_servers"),
        ({"inference_geo": "eu"}, "inference_geo"),
        ({"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}}, "context_management.edits[0].type"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"name": "f", "input_schema": {}, "defer_loading": True}]}, "tools[0].defer_loading"),
        (block(type="document", source={}), "messages[0].content[0].type"),
        (block(type="image", source={"type": "file", "file_id": "f"}), "messages[0].content[0].source.type"),
        (block(type="server_tool_use", id="x"), "messages[0].content[0].type"),
        (block(type="text", text="x", odd=1), "messages[0].content[0].odd"),
        (
            block(type="tool_result", tool_use_id="t", content=[{"type": "thinking", "thinking": "x"}]),
            "messages[0].content[0].content[0].type",
        ),
        ({"odd": 1}, "odd"),
    ],
)
def test_what_messages_cannot_hand_on_is_refused_by_its_path(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(CannotCarryError) as refused:
        messages(**fields)
    assert refused.value.parameter == path


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"system": 5}, "system"),
        ({"system": [{"type": "image", "source": {"type": "url", "url": "x"}}]}, "system[0].type"),
        ({"thinking": {"type": "enabled", "budget_tokens": "many"}}, "thinking.budget_tokens"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.name"),
        (block(type="tool_use", id="t", name="f", input="x"), "messages[0].content[0].input"),
        (block(type="tool_result", tool_use_id="t", content=5), "messages[0].content[0].content"),
    ],
)
def test_nonsense_in_messages_is_told_by_its_path(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(BadRequestError) as wrong:
        messages(**fields)
    assert wrong.value.parameter == path


def test_tokens_are_guessed_from_letters_tools_and_pictures() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "x" * 4000}]}
    plain = anthropic_in.estimated_tokens(anthropic_in.read_request(json.dumps(body).encode(), counting=True))
    assert 1000 <= plain <= 1010
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 100_000}}
    tool = {"name": "f", "description": "d" * 400, "input_schema": {"type": "object"}}
    more = body | {"messages": [{"role": "user", "content": [picture]}], "tools": [tool], "system": "s" * 400}
    guessed = anthropic_in.estimated_tokens(anthropic_in.read_request(json.dumps(more).encode(), counting=True))
    assert 1700 <= guessed <= 1750


def test_thinking_of_another_vendor_is_taken_out_before_it_reaches_anthropic() -> None:
    body = {
        "model": "m",
        "odd": 12345678901234567890123,
        "messages": [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "not signed", "signature": ""},
                {"type": "text", "text": "b"},
            ]},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "alone", "signature": ""}]},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "signed", "signature": "s"}]},
        ],
    }  # fmt: skip
    for separators in ((",", ":"), (", ", ": ")):
        left = json.loads(anthropic_in.without_unsigned_thinking(json.dumps(body, separators=separators).encode()))
        assert left == body | {
            "messages": [
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": [{"type": "text", "text": "b"}]},
                {"role": "assistant", "content": [{"type": "thinking", "thinking": "signed", "signature": "s"}]},
            ]
        }


@pytest.mark.parametrize("body", [b'{"a":1}', b"no json", b'{"signature":""', b'{"messages":5,"signature":""}'])
def test_what_holds_no_foreign_thinking_stays_as_it_is(body: bytes) -> None:
    assert anthropic_in.without_unsigned_thinking(body) == body


# Ollama


def test_a_conversation_with_tools_from_ollama_gets_ids() -> None:
    request = chat(
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Look.", "images": ["data:image/png;base64,AAAA"]},
            {"role": "assistant", "content": "", "thinking": "Hm.", "tool_calls": [
                {"function": {"name": "f", "arguments": {"a": 1}}},
                {"function": {"index": 1, "name": "g", "arguments": "{}"}},  # as OpenAI writes them
            ]},
            {"role": "tool", "tool_name": "g", "content": "two"},
            {"role": "tool", "content": "one"},
        ],
        tools=[{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
        options={"num_ctx": 8192, "num_predict": 50, "top_k": 4, "seed": 1, "mirostat": 0, "num_gpu": 1},
        format="json",
        think="high",
        keep_alive=-1,
    )  # fmt: skip
    assert request == Request(
        "m",
        (
            Message(Role.USER, (Text("Look."), Image(data="AAAA"))),
            Message(
                Role.ASSISTANT, (Thinking("Hm."), ToolCall("call_0", "f", '{"a":1}'), ToolCall("call_1", "g", "{}"))
            ),
            Message(Role.USER, (ToolResult("call_1", (Text("two"),), name="g"),)),
            Message(Role.USER, (ToolResult("call_0", (Text("one"),), name="f"),)),
        ),
        (Text("Be brief."),),
        tools=(Tool("f", "", {"type": "object"}),),
        max_tokens=50,
        sampling=Sampling(top_k=4, seed=1),
        format=Format(),
        reasoning=Reasoning(Effort.HIGH),
        stream=True,
    )


@pytest.mark.parametrize(
    ("data", "kind"),
    [("/9j/4AAQ", "jpeg"), ("R0lGODlh", "gif"), ("UklGRg==", "webp"), ("iVBORw0K", "png"), ("", "png")],
)
def test_a_picture_without_a_type_is_known_by_its_first_letters(data: str, kind: str) -> None:
    assert Image(data=data).kind == f"image/{kind}"


def test_ollama_streams_unless_told_not_to() -> None:
    assert chat().stream
    assert not chat(stream=False).stream


def test_a_prompt_from_ollama_is_a_users_message() -> None:
    request = generate(system="Be brief.", images=["AAAA"], context=[], raw=False, suffix="", template="")
    assert request.messages == (Message(Role.USER, (Text("Hi"), Image(data="AAAA"))),)
    assert request.system == (Text("Be brief."),)


def test_a_request_without_a_prompt_only_loads() -> None:
    assert generate(prompt="").messages == ()
    assert chat(messages=[]).messages == ()
    loaded = json.loads(ollama_in_answer.write_loaded(STAMP, chat=False))
    assert (loaded["response"], loaded["done"], loaded["done_reason"]) == ("", True, "load")
    assert json.loads(ollama_in_answer.write_loaded(STAMP, chat=True))["message"] == {
        "role": "assistant",
        "content": "",
    }


@pytest.mark.parametrize("limit", [-1, -2, 0])
def test_no_limit_in_ollamas_words_is_no_limit(limit: int) -> None:
    assert chat(options={"num_predict": limit}).max_tokens is None


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"options": {"mirostat": 1}}, "options.mirostat"),
        ({"options": {"typical_p": 0.5}}, "options.typical_p"),
        ({"options": {"odd": 1}}, "options.odd"),
        ({"messages": [{"role": "system", "content": "x", "images": ["AA"]}]}, "messages[0].images"),
        ({"tools": [{"type": "odd", "function": {"name": "f"}}]}, "tools[0].type"),
        ({"odd": 1}, "odd"),
    ],
)
def test_what_ollamas_chat_cannot_hand_on_is_refused_by_its_path(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(CannotCarryError) as refused:
        chat(**fields)
    assert refused.value.parameter == path


@pytest.mark.parametrize("fields", [{"suffix": "x"}, {"template": "x"}, {"raw": True}, {"context": [1, 2]}])
def test_what_ollamas_generate_cannot_hand_on_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(CannotCarryError):
        generate(**fields)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0]"),
        ({"messages": [*HI, {"role": "tool", "tool_name": "nobody", "content": "x"}]}, "messages[1]"),
        ({"messages": [{"role": "owner", "content": "x"}]}, "messages[0].role"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": 5}}]}]},
            "messages[0].tool_calls[0].function.arguments",
        ),
        ({"format": "xml"}, "format"),
        ({"think": "deeply"}, "think"),
        ({"options": {"temperature": "hot"}}, "options.temperature"),
    ],
)
def test_nonsense_in_ollamas_chat_is_told_by_its_path(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(BadRequestError) as wrong:
        chat(**fields)
    assert wrong.value.parameter == path
