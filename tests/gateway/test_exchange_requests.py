"""Requests pass between all dialects: conversations, tools, pictures, forms of answers, each in its own words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gateway.asking import HI, LOOK, PICTURE, PIXEL, SCHEMA, chat, messages, read, turns, written
from trayapp.gateway.dialects import OUT, Spoken
from trayapp.gateway.exchange import CannotCarryError, Target
from trayapp.providers.spec import Dialect

CONVERSATION = chat(
    messages=[
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "What is it?"}, PICTURE]},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"z": 1}'}},
            {"id": "c2", "type": "function", "function": {"name": "look", "arguments": ""}},
        ], "refusal": None, "annotations": []},
        {"role": "tool", "tool_call_id": "c1", "content": "a cat"},
        {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "a dog"}]},
        {"role": "user", "content": "And?"},
    ],
    tools=[LOOK],
    max_completion_tokens=99,
    temperature=0.5,
    stop="END",
)  # fmt: skip


def test_a_conversation_with_tools_and_a_picture_for_openai() -> None:
    body = written(CONVERSATION, Dialect.OPENAI)
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "What is it?"}, PICTURE]},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"z": 1}'}},
            {"id": "c2", "type": "function", "function": {"name": "look", "arguments": "{}"}},
        ]},
        {"role": "tool", "tool_call_id": "c1", "content": "a cat"},
        {"role": "tool", "tool_call_id": "c2", "content": "a dog"},
        {"role": "user", "content": "And?"},
    ]  # fmt: skip
    assert (body["max_tokens"], body["temperature"], body["stop"]) == (99, 0.5, ["END"])
    assert body["tools"] == [LOOK]


def test_a_conversation_with_tools_and_a_picture_for_anthropic() -> None:
    body = written(CONVERSATION, Dialect.ANTHROPIC)
    assert body == {
        "system": "Be brief.",
        "max_tokens": 99,
        "temperature": 0.5,
        "stop_sequences": ["END"],
        "tools": [{"name": "look", "description": "Looks.", "input_schema": SCHEMA}],
        "messages": [
            {"role": "user", "content": [
                {"type": "text", "text": "What is it?"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": PIXEL}},
            ]},
            {"role": "assistant", "content": [
                {"type": "tool_use", "id": "c1", "name": "look", "input": {"z": 1}},
                {"type": "tool_use", "id": "c2", "name": "look", "input": {}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": "a cat"},
                {"type": "tool_result", "tool_use_id": "c2", "content": "a dog"},
                {"type": "text", "text": "And?"},
            ]},
        ],
    }  # fmt: skip


def test_a_conversation_with_tools_and_a_picture_for_ollama() -> None:
    body = written(CONVERSATION, Dialect.OLLAMA)
    assert body == {
        "stream": False,
        "options": {"num_predict": 99, "temperature": 0.5, "stop": ["END"]},
        "tools": [LOOK],
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "What is it?", "images": [PIXEL]},
            {"role": "assistant", "content": "", "tool_calls": [
                {"id": "c1", "function": {"name": "look", "arguments": {"z": 1}}},
                {"id": "c2", "function": {"name": "look", "arguments": {}}},
            ]},
            {"role": "tool", "content": "a cat", "tool_call_id": "c1", "tool_name": "look"},
            {"role": "tool", "content": "a dog", "tool_call_id": "c2", "tool_name": "look"},
            {"role": "user", "content": "And?"},
        ],
    }  # fmt: skip


@pytest.mark.parametrize("dialect", list(OUT))
def test_a_schema_keeps_its_order_for_models_write_in_it(dialect: Dialect) -> None:
    body = OUT[dialect].write_request(CONVERSATION, "big")
    assert body.index(b'"z"') < body.index(b'"a"')


def test_openai_itself_has_a_newer_word_for_the_limit() -> None:
    body = written(CONVERSATION, Dialect.OPENAI, Target(own=True))
    assert body["max_completion_tokens"] == 99
    assert "max_tokens" not in body


@pytest.mark.parametrize(("asked", "sent"), [(True, {"include_usage": True}), (False, None)])
def test_an_openai_upstream_is_asked_for_tokens_where_it_knows_the_question(asked: bool, sent: Any) -> None:
    body = written(chat(stream=True), Dialect.OPENAI, Target(ask_usage=asked))
    assert body.get("stream_options") == sent
    assert "stream_options" not in written(chat(), Dialect.OPENAI)


@pytest.mark.parametrize(
    ("asked", "known", "limit"), [(77, None, 77), (None, 64_000, 64_000), (None, None, 4096), (77, 64_000, 77)]
)
def test_anthropic_is_always_given_a_limit(asked: int | None, known: int | None, limit: int) -> None:
    body = written(chat(max_tokens=asked), Dialect.ANTHROPIC, Target(max_output=known))
    assert body["max_tokens"] == limit


def test_openais_callers_have_openais_defaults_at_ollama() -> None:
    """local-servers 2.5: Ollama's own OpenAI routes set both to one."""
    assert written(chat(), Dialect.OLLAMA, Target(openai_caller=True))["options"] == {"temperature": 1.0, "top_p": 1.0}
    body = written(chat(temperature=0), Dialect.OLLAMA, Target(openai_caller=True))
    assert body["options"] == {"temperature": 0, "top_p": 1.0}
    assert "temperature" not in written(messages(), Dialect.OLLAMA)["options"]


def test_no_keep_alive_reaches_ollama() -> None:
    for request in (chat(keep_alive="1h"), read(Spoken.OLLAMA_CHAT, messages=HI, keep_alive=-1)):
        assert b"keep_alive" not in OUT[Dialect.OLLAMA].write_request(request, "m")


# Anthropic's form


def test_turns_for_anthropic_alternate() -> None:
    said = turns(("user", "a"), ("user", "b"), ("assistant", "c"), ("assistant", "d"), ("user", "e"))
    body = written(chat(messages=said), Dialect.ANTHROPIC)
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
    assert [block["text"] for block in body["messages"][1]["content"]] == ["c", "d"]


def test_a_turn_of_the_model_does_not_open_the_conversation_at_anthropic() -> None:
    body = written(chat(messages=turns(("assistant", "Welcome."), ("user", "Hi"))), Dialect.ANTHROPIC)
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]


def test_a_system_message_alone_is_the_question() -> None:
    body = written(chat(messages=turns(("system", "Say hello."))), Dialect.ANTHROPIC)
    assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": "Say hello."}]}]
    assert "system" not in body


def test_a_later_system_message_joins_the_first_at_anthropic_and_stays_elsewhere() -> None:
    said = turns(("system", "A."), ("user", "Hi"), ("system", "B."), ("user", "Go"))
    assert written(chat(messages=said), Dialect.ANTHROPIC)["system"] == "A.\n\nB."
    for dialect in (Dialect.OPENAI, Dialect.OLLAMA):
        assert [turn["content"] for turn in written(chat(messages=said), dialect)["messages"]] == [
            "A.",
            "Hi",
            "B.",
            "Go",
        ]


def test_blocks_that_anthropic_would_refuse_as_empty_are_not_sent() -> None:
    said = turns(("user", "a"), ("assistant", ""), ("user", "  "), ("user", "b"), ("assistant", "{ "))
    body = written(chat(messages=said), Dialect.ANTHROPIC)
    assert body["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "{"}]},
    ]


def test_results_stand_before_words_and_an_odd_id_is_changed_alike_in_both_places() -> None:
    call = {"id": "fn:1/x", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    said = [*HI, {"role": "assistant", "content": "", "tool_calls": [call]}, {"role": "user", "content": "Wait."}]
    said.append({"role": "tool", "tool_call_id": "fn:1/x", "content": "ok"})
    _, model, user = written(chat(messages=said), Dialect.ANTHROPIC)["messages"]
    assert [block["type"] for block in user["content"]] == ["tool_result", "text"]
    assert model["content"][0]["id"] == user["content"][0]["tool_use_id"]
    assert model["content"][0]["id"].startswith("fn_1_x_")


FAILED = messages(
    messages=[
        {"role": "user", "content": "Go"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "run", "input": {"a": 1}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t1", "is_error": True, "content": [
                {"type": "text", "text": "no such file"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}},
            ]},
            {"type": "text", "text": "Hm?"},
        ]},
    ]
)  # fmt: skip


def test_a_failed_tool_with_a_picture_for_openai() -> None:
    said = written(FAILED, Dialect.OPENAI)["messages"][2:]
    assert said == [
        {"role": "tool", "tool_call_id": "t1", "content": "Error: no such file"},
        {"role": "user", "content": [
            {"type": "text", "text": "[tool result t1]"},
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
            {"type": "text", "text": "Hm?"},
        ]},
    ]  # fmt: skip


def test_a_failed_tool_with_a_picture_for_ollama_and_for_anthropic() -> None:
    result = {"role": "tool", "content": "Error: no such file", "tool_call_id": "t1", "tool_name": "run"}
    assert written(FAILED, Dialect.OLLAMA)["messages"][2:] == [
        result | {"images": [PIXEL]},
        {"role": "user", "content": "Hm?"},
    ]
    block = written(FAILED, Dialect.ANTHROPIC)["messages"][2]["content"][0]
    assert block["is_error"] is True
    assert [part["type"] for part in block["content"]] == ["text", "image"]


# structured output, tool choice


def test_json_by_schema_is_carried_everywhere() -> None:
    form = {"type": "json_schema", "json_schema": {"name": "person", "schema": SCHEMA, "strict": True}}
    request = chat(response_format=form)
    assert written(request, Dialect.OPENAI)["response_format"] == form
    assert written(request, Dialect.OLLAMA)["format"] == SCHEMA
    assert written(request, Dialect.ANTHROPIC)["output_config"]["format"] == {"type": "json_schema", "schema": SCHEMA}
    for other in (
        messages(output_config={"format": {"type": "json_schema", "schema": SCHEMA}}),
        read(Spoken.OLLAMA_CHAT, messages=HI, format=SCHEMA),
        read(Spoken.RESPONSES, input="x", text={"format": {"type": "json_schema", "name": "person", "schema": SCHEMA}}),
    ):
        assert written(other, Dialect.OPENAI)["response_format"]["json_schema"]["schema"] == SCHEMA


def test_any_json_is_carried_where_there_is_a_word_for_it() -> None:
    request = chat(response_format={"type": "json_object"})
    assert written(request, Dialect.OPENAI)["response_format"] == {"type": "json_object"}
    assert written(request, Dialect.OLLAMA)["format"] == "json"
    assert written(chat(response_format={"type": "text"}), Dialect.ANTHROPIC).get("output_config") is None


@pytest.mark.parametrize(
    ("said", "parallel", "openai", "anthropic"),
    [
        ("auto", None, "auto", None),
        ("none", None, "none", {"type": "none"}),
        ("required", None, "required", {"type": "any"}),
        ("auto", False, "auto", {"type": "auto", "disable_parallel_tool_use": True}),
        ("required", True, "required", {"type": "any", "disable_parallel_tool_use": False}),
        (
            {"type": "function", "function": {"name": "look"}},
            None,
            {"type": "function", "function": {"name": "look"}},
            {"type": "tool", "name": "look"},
        ),
    ],
)
def test_tool_choice(said: Any, parallel: bool | None, openai: Any, anthropic: Any) -> None:
    request = chat(tools=[LOOK], tool_choice=said, parallel_tool_calls=parallel)
    assert written(request, Dialect.OPENAI).get("tool_choice", "auto") == openai
    assert written(request, Dialect.ANTHROPIC).get("tool_choice") == anthropic
    if anthropic is not None:
        back = messages(tools=[{"name": "look", "input_schema": {}}], tool_choice=anthropic)
        assert (back.tool_choice, back.parallel) == (request.tool_choice, parallel)


def test_ollama_is_given_no_tools_where_none_may_be_called() -> None:
    assert "tools" not in written(chat(tools=[LOOK], tool_choice="none"), Dialect.OLLAMA)


# what is rarely said


def test_how_strict_a_tool_is_meant_is_told_where_somebody_listens() -> None:
    function: dict[str, Any] = {"name": "look", "description": "Looks.", "parameters": SCHEMA, "strict": True}
    strict = {"type": "function", "function": function}
    request = chat(tools=[strict])
    assert written(request, Dialect.OPENAI)["tools"] == [strict]
    assert written(request, Dialect.ANTHROPIC)["tools"][0]["strict"] is True
    assert written(request, Dialect.OLLAMA)["tools"] == [LOOK]


def test_a_tool_without_a_word_about_it_is_a_tool_all_the_same() -> None:
    bare = {"type": "function", "function": {"name": "look", "parameters": SCHEMA}}
    request = chat(tools=[bare])
    assert written(request, Dialect.OPENAI)["tools"] == written(request, Dialect.OLLAMA)["tools"] == [bare]
    assert written(request, Dialect.ANTHROPIC)["tools"] == [{"name": "look", "input_schema": SCHEMA}]


def test_words_about_a_form_of_answer_go_along_with_it() -> None:
    form = {"type": "json_schema", "json_schema": {"name": "person", "description": "Somebody.", "schema": SCHEMA}}
    assert written(chat(response_format=form), Dialect.OPENAI)["response_format"] == form


def test_how_much_is_said_and_how_likely_each_word_was_is_asked_in_the_same_words() -> None:
    asked = {"verbosity": "low", "logprobs": True, "top_logprobs": 3}
    body = written(chat(**asked), Dialect.OPENAI)
    assert {name: body[name] for name in asked} == asked
    native = written(chat(logprobs=True, top_logprobs=3), Dialect.OLLAMA)
    assert (native["logprobs"], native["top_logprobs"]) == (True, 3)
    alone = written(chat(logprobs=True), Dialect.OLLAMA)
    assert (alone["logprobs"], "top_logprobs" in alone) == (True, False)


def test_an_earlier_refusal_and_the_models_name_go_back_to_openai() -> None:
    said = {"role": "assistant", "name": "Ada", "content": None, "refusal": "No."}
    body = written(chat(messages=[*HI, said, *HI]), Dialect.OPENAI)
    assert body["messages"][1] == {"role": "assistant", "name": "Ada", "refusal": "No."}


@pytest.mark.parametrize(
    "block", [{"type": "thinking", "thinking": "Hm", "signature": "s"}, {"type": "tool_use", "id": "t", "name": "f"}]
)
def test_what_only_a_model_says_cannot_stand_in_a_users_message_at_openai(block: dict[str, Any]) -> None:
    with pytest.raises(CannotCarryError, match="what only a model says") as refused:
        written(messages(messages=[{"role": "user", "content": [block]}]), Dialect.OPENAI)
    assert refused.value.parameter == "messages"


def test_a_result_without_words_is_a_result_all_the_same() -> None:
    call = {"type": "tool_use", "id": "t1", "name": "run", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": ""}
    said = [*HI, {"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    request = messages(messages=said)
    empty = {"type": "tool_result", "tool_use_id": "t1"}
    assert written(request, Dialect.ANTHROPIC)["messages"][2]["content"] == [empty]
    assert written(request, Dialect.OPENAI)["messages"][2] == {"role": "tool", "tool_call_id": "t1", "content": ""}
    unknown = {"role": "user", "content": [result | {"tool_use_id": "t2"}]}
    lost = written(messages(messages=[unknown]), Dialect.OLLAMA)["messages"]
    assert lost == [{"role": "tool", "content": "", "tool_call_id": "t2"}]


def test_a_conversation_may_end_with_the_models_call() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    said = [*HI, {"role": "assistant", "content": "Look ", "tool_calls": [call]}]
    last = written(chat(messages=said), Dialect.ANTHROPIC)["messages"][-1]["content"]
    assert last == [
        {"type": "text", "text": "Look "},
        {"type": "tool_use", "id": "c", "name": "look", "input": {}},
    ]


def test_parts_without_words_are_left_out() -> None:
    parts = [{"type": "text", "text": ""}, {"type": "text", "text": "Hi"}]
    assert chat(messages=[{"role": "user", "content": parts}]) == chat(messages=HI)
