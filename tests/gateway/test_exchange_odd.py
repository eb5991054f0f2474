"""What is rare in an answer or does not belong there: empty and late pieces, sealed thinking, vendors' slips."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.gateway.wire import STAMP, USAGE, line, openai_chunk, sse
from trayapp.gateway.dialects import IN, OUT, Spoken
from trayapp.gateway.exchange import (
    Answer,
    Event,
    Fault,
    Format,
    GarbledError,
    PartEnd,
    Ping,
    Refusal,
    RefusalDelta,
    Request,
    Start,
    Stop,
    StopReason,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCall,
    ToolChoice,
    ToolDelta,
    ToolStart,
)
from trayapp.gateway.exchange import Choice as Mode
from trayapp.gateway.framing import Frames
from trayapp.gateway.streams import events_of, gathered
from trayapp.providers.spec import Dialect

LOGPROBS = ({"token": "a", "logprob": -0.5},)
SAID = Answer((Text("a"),), StopReason.END, usage=USAGE, model="big", logprobs=LOGPROBS)


def read(dialect: Dialect, *bodies: dict[str, Any]) -> list[Event]:
    """The events that these bodies give, of a stream that goes on."""
    framed = map(line if dialect is Dialect.OLLAMA else sse, bodies)
    return OUT[dialect].stream_reader("seed").feed(b"".join(framed))


def whole(dialect: Dialect, **body: Any) -> Answer:
    return OUT[dialect].read_answer(json.dumps(body).encode(), "seed")


def written(spoken: Spoken, *events: Event, request: Request | None = None) -> bytes:
    writer = IN[spoken].stream_writer(STAMP, request or Request("m"))
    return b"".join(map(writer.write, events))


def told(body: bytes) -> list[dict[str, Any]]:
    """The objects of a stream's named events."""
    return [json.loads(data) for _name, data in Frames().feed(body)]


# Anthropic answers


def begins(**block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": 0, "content_block": block}


def goes_on(**delta: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": 0, "delta": delta}


@pytest.mark.parametrize(
    "body",
    [
        begins(type="text", text=""),
        begins(type="thinking", thinking="", signature=""),
        begins(type="server_tool_use", id="s1", name="web_search", input={}),
        {"type": "content_block_start", "index": "first", "content_block": {"type": "tool_use", "id": "t1"}},
        {"type": "content_block_start", "index": 0},
        goes_on(type="text_delta", text=""),
        goes_on(type="thinking_delta", thinking=""),
        goes_on(type="signature_delta", signature=""),
        goes_on(type="citations_delta", citation={}),
        goes_on(type="input_json_delta", partial_json="{}"),
        {"type": "message_start"},
        {"type": "message_delta", "usage": {"output_tokens": 3}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_details": None}},
        {"type": "of_the_future"},
    ],
)
def test_what_says_nothing_in_a_stream_of_anthropics_is_no_event(body: dict[str, Any]) -> None:
    assert read(Dialect.ANTHROPIC, body) == []


def test_a_block_of_anthropics_may_begin_with_its_words_and_comments_are_signs_of_life() -> None:
    assert read(Dialect.ANTHROPIC, begins(type="text", text="Hi")) == [TextDelta("Hi")]
    sealed = begins(type="thinking", thinking="Hm", signature="s")
    assert read(Dialect.ANTHROPIC, sealed) == [ThinkingDelta("Hm", "s")]
    assert OUT[Dialect.ANTHROPIC].stream_reader().feed(b": still here\n\n") == [Ping()]


def test_a_whole_answer_of_anthropics_keeps_its_seals_and_leaves_out_its_own_tools() -> None:
    blocks = [
        {"type": "redacted_thinking", "data": "d"},
        {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}},
        {"type": "tool_use", "name": "f", "input": "odd"},
        {"type": "text", "text": 5},
    ]
    answer = whole(Dialect.ANTHROPIC, content=blocks, stop_reason=["odd"])
    assert answer.parts == (Thinking(redacted="d"), ToolCall("toolu_seed_2", "f", "{}"), Text(""))
    assert answer.stop is StopReason.END


@pytest.mark.parametrize("dialect", [Dialect.OPENAI, Dialect.ANTHROPIC])
def test_no_answer_is_told_in_the_providers_words_where_it_has_some(dialect: Dialect) -> None:
    with pytest.raises(GarbledError, match=r"^Too busy$"):
        whole(dialect, error={"message": "Too busy"})
    with pytest.raises(GarbledError, match="sent no answer"):
        whole(dialect)


# OpenAI's answers


def test_thinking_and_words_in_a_list_are_told_apart_in_a_whole_answer_too() -> None:
    said = [{"type": "thinking", "thinking": [{"text": "Hm."}, 5]}, "odd", {"type": "text", "text": "Yes."}]
    answer = whole(Dialect.OPENAI, choices=[{"message": {"content": said}, "finish_reason": "stop"}])
    assert answer.parts == (Thinking("Hm."), Text("Yes."))


def test_arguments_that_are_an_object_already_are_taken_as_text() -> None:
    call = {"id": "c1", "function": {"name": "f", "arguments": {"a": 1}}}
    answer = whole(Dialect.OPENAI, choices=[{"message": {"tool_calls": [call, {}]}, "finish_reason": "stop"}])
    assert answer.parts == (ToolCall("c1", "f", '{"a":1}'), ToolCall("call_seed_1", "", ""))
    assert answer.stop is StopReason.TOOLS


def test_a_choice_without_words_may_still_end_the_stream_and_say_that_it_failed() -> None:
    reader = OUT[Dialect.OPENAI].stream_reader()
    assert reader.feed(sse({"choices": [{"finish_reason": "stop"}]})) == [Start("")]
    assert reader.end() == [Stop(StopReason.END)]
    failed = Fault("The provider broke off the answer with an error.", 502)
    assert OUT[Dialect.OPENAI].stream_reader().feed(openai_chunk({"content": "a"}, "error"))[-1] == failed


# Ollama's answers


@pytest.mark.parametrize("said", ["model runner has stopped", {"message": "model runner has stopped"}])
def test_an_error_of_ollamas_in_a_good_answer_is_none(said: object) -> None:
    with pytest.raises(GarbledError, match=r"^model runner has stopped$"):
        whole(Dialect.OLLAMA, error=said)


def test_ollamas_empty_lines_and_calls_without_arguments_are_passed_over() -> None:
    reader = OUT[Dialect.OLLAMA].stream_reader("seed")
    call = line({"model": "m", "message": {"tool_calls": [{"function": {"name": "f"}}]}, "done": False})
    assert reader.feed(b"\n  \r\n" + call) == [Start("m"), ToolStart(0, "call_seed_0", "f")]
    assert reader.feed(line({"model": "m"}) + line({"done": True})) == [Stop(StopReason.TOOLS)]
    assert whole(Dialect.OLLAMA, message={"content": "a"}, done=True).usage is None
    with pytest.raises(GarbledError, match="before it was complete"):
        whole(Dialect.OLLAMA, message={"content": "a"}, done=False)


# Written for Anthropic's callers


def test_sealed_thinking_reaches_anthropics_callers_as_blocks_of_its_own() -> None:
    answer = Answer((Thinking("Hm", "s"), Thinking(redacted="d"), Text("Yes")))
    body = json.loads(IN[Spoken.MESSAGES].write_answer(answer, STAMP, Request("m")))
    blocks = [
        {"type": "thinking", "thinking": "Hm", "signature": "s"},
        {"type": "redacted_thinking", "data": "d"},
        {"type": "text", "text": "Yes"},
    ]
    assert body["content"] == blocks
    events = told(written(Spoken.MESSAGES, *events_of(answer)))
    assert [it["content_block"]["type"] for it in events if it["type"] == "content_block_start"] == [
        "thinking",
        "redacted_thinking",
        "text",
    ]
    assert [it["delta"]["type"] for it in events if it["type"] == "content_block_delta"] == [
        "thinking_delta",
        "signature_delta",
        "text_delta",
    ]
    assert [it["index"] for it in events if it["type"] == "content_block_stop"] == [0, 1, 2]


@pytest.mark.parametrize("event", [TextDelta("", LOGPROBS), RefusalDelta(""), ThinkingDelta()])
def test_empty_pieces_open_no_block(event: Event) -> None:
    assert written(Spoken.MESSAGES, event) == b""


def test_a_piece_for_a_call_that_is_closed_already_comes_too_late() -> None:
    writer = IN[Spoken.MESSAGES].stream_writer(STAMP, Request("m"))
    for event in (ToolStart(0, "a", "f"), ToolDelta(0, "{}"), ToolStart(1, "b", "g")):
        writer.write(event)
    assert writer.write(ToolDelta(0, " ")) == b""
    assert b'"partial_json":"{"' in writer.write(ToolDelta(1, "{"))


# Written for the others


@pytest.mark.parametrize("spoken", [Spoken.CHAT, Spoken.OLLAMA_CHAT, Spoken.OLLAMA_GENERATE])
def test_how_likely_each_word_was_reaches_whoever_can_hear_it(spoken: Spoken) -> None:
    body = json.loads(IN[spoken].write_answer(SAID, STAMP, Request("m")))
    found = body["choices"][0]["logprobs"]["content"] if spoken is Spoken.CHAT else body["logprobs"]
    assert found == list(LOGPROBS)
    assert written(spoken, *events_of(SAID)).count(b'"logprob":-0.5') == 1
    assert gathered(events_of(SAID)) == SAID


@pytest.mark.parametrize(
    ("asked", "field", "repeated"),
    [
        (Request("m"), "text", {"format": {"type": "text"}}),
        (Request("m", format=Format()), "text", {"format": {"type": "json_object"}}),
        (
            Request("m", format=Format({"type": "object"}, strict=True)),
            "text",
            {"format": {"type": "json_schema", "name": "answer", "schema": {"type": "object"}, "strict": True}},
        ),
        (
            Request("m", tool_choice=ToolChoice(Mode.REQUIRED, "look")),
            "tool_choice",
            {"type": "function", "name": "look"},
        ),
        (Request("m", tool_choice=ToolChoice(Mode.NONE)), "tool_choice", "none"),
    ],
)
def test_a_response_repeats_what_was_asked(asked: Request, field: str, repeated: object) -> None:
    assert json.loads(IN[Spoken.RESPONSES].write_answer(SAID, STAMP, asked))[field] == repeated


def test_responses_say_nothing_of_empty_pieces_and_show_signs_of_life() -> None:
    assert written(Spoken.RESPONSES, TextDelta("")) == b""
    assert written(Spoken.RESPONSES, Ping()) == b": ping\n\n"
    assert json.loads(IN[Spoken.RESPONSES].write_error(Fault("No.", 404)))["error"]["message"] == "No."


def test_old_completions_are_silent_about_thinking_and_calls() -> None:
    events: tuple[Event, ...] = (Start(), ThinkingDelta("Hm"), ToolStart(0, "a", "f"), ToolDelta(0, "{}"), PartEnd())
    assert written(Spoken.COMPLETIONS, *events) == b""
    assert written(Spoken.COMPLETIONS, Ping()) == b": ping\n\n"
    assert json.loads(IN[Spoken.COMPLETIONS].write_error(Fault("No.", 404)))["error"]["message"] == "No."


@pytest.mark.parametrize("spoken", list(Spoken))
def test_tokens_that_nobody_told_are_told_to_nobody(spoken: Spoken) -> None:
    answer = Answer((Text("a"),), StopReason.END)
    body = json.loads(IN[spoken].write_answer(answer, STAMP, Request("m")))
    if spoken is Spoken.MESSAGES:  # which cannot do without
        assert (body["usage"]["input_tokens"], body["usage"]["output_tokens"]) == (0, 0)
    else:
        assert body.get("usage") is None
        assert "eval_count" not in body
        streamed = written(spoken, *events_of(answer))
        assert b'"total_tokens"' not in streamed
        assert b'"eval_count"' not in streamed


# Between


def test_a_whole_answer_becomes_events_and_a_failed_stream_no_answer() -> None:
    answer = Answer((ToolCall("a", "f", ""), Refusal("No."), Thinking(redacted="d"), Thinking(redacted="e")))
    assert ToolDelta(0, "") not in list(events_of(answer))
    assert gathered(events_of(answer)) == answer
    fault = Fault("Broken.", 502)
    assert gathered([Start("m"), TextDelta("a"), fault]) == fault


def test_calls_that_interleave_are_gathered_each_for_itself() -> None:
    events: list[Event] = [
        ToolStart(0, "a", "f"),
        ToolStart(1, "b", "g"),
        ToolDelta(1, '{"y":'),
        ToolDelta(0, "{}"),
        ToolDelta(1, "2}"),
        Stop(StopReason.TOOLS),
    ]
    answer = gathered(events)
    assert isinstance(answer, Answer)
    assert answer.parts == (ToolCall("a", "f", "{}"), ToolCall("b", "g", '{"y":2}'))
