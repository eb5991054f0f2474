"""Streams are read alike wherever they are cut, and whatever bytes come, nothing is raised."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gateway.wire import ANSWERS, CASES, STAMP, STREAM, line, openai_chunk, sse
from trayapp.core.secret import Secret
from trayapp.gateway import framing
from trayapp.gateway.dialects import IN, OUT, Spoken
from trayapp.gateway.exchange import (
    Answer,
    Event,
    Fault,
    GarbledError,
    PartEnd,
    Ping,
    Request,
    Start,
    Stop,
    StopReason,
    Text,
    TextDelta,
    ThinkingDelta,
    ToolCall,
    ToolDelta,
    ToolStart,
    Usage,
)
from trayapp.gateway.framing import Frames, Lines
from trayapp.gateway.streams import StreamReader, gathered
from trayapp.providers.spec import Dialect

MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read(dialect: Dialect, *chunks: bytes) -> list[Event]:
    reader = OUT[dialect].stream_reader("seed")
    events = [event for chunk in chunks for event in reader.feed(chunk)]
    return [*events, *reader.end()]


def cut(body: bytes, places: list[int]) -> list[bytes]:
    marks = sorted({place % (len(body) + 1) for place in places})
    return [body[start:end] for start, end in zip([0, *marks], [*marks, len(body)], strict=True)]


@given(st.sampled_from(CASES), st.lists(st.integers(0, 10_000), max_size=40), st.booleans())
@MANY
def test_it_does_not_matter_where_a_stream_is_cut(
    said: tuple[Dialect, str], places: list[int], carriage_returns: bool
) -> None:
    dialect, case = said
    body = STREAM[dialect](ANSWERS[case])
    whole = read(dialect, body)
    if carriage_returns:
        body = body.replace(b"\n", b"\r\n")
    assert read(dialect, *cut(body, places)) == whole


@pytest.mark.parametrize(("dialect", "case"), CASES)
def test_a_stream_may_come_byte_by_byte(dialect: Dialect, case: str) -> None:
    body = STREAM[dialect](ANSWERS[case])
    assert read(dialect, *(body[n : n + 1] for n in range(len(body)))) == read(dialect, body)


@pytest.mark.parametrize("dialect", list(OUT))
@pytest.mark.parametrize("case", ["text", "tools"])
def test_a_stream_cut_off_anywhere_ends_with_a_fault(dialect: Dialect, case: str) -> None:
    body = STREAM[dialect](ANSWERS[case])
    full = read(dialect, body)
    assert isinstance(full[-1], Stop)
    for length in range(0, len(body), 7):
        events = read(dialect, body[:length])
        ended = isinstance(events[-1], Stop)
        assert isinstance(events[-1], Fault) or ended
        if ended:  # all was said but for the very last mark
            assert gathered(events) in (gathered(full), _untold(gathered(full)))


def _untold(answer: Answer | Fault) -> Answer:
    assert isinstance(answer, Answer)
    return Answer(answer.parts, answer.stop, answer.sequence, None, answer.model)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = [
    *("choices", "delta", "message", "content", "tool_calls", "index", "id", "function", "name", "arguments"),
    *("finish_reason", "usage", "error", "type", "content_block", "text", "thinking", "input", "partial_json"),
    *("stop_reason", "done", "done_reason", "model", "reasoning_content", "refusal", "logprobs", "data", "code"),
    *("prompt_eval_count", "signature", "stop_details", "explanation", "prompt_tokens_details"),
]
TYPES = [
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
    "error",
    "text_delta",
    "input_json_delta",
    "tool_use",
    "thinking",
    "redacted_thinking",
    "signature_delta",
]
NEAR: st.SearchStrategy[Any] = st.recursive(
    JSON | st.sampled_from([*TYPES, "stop", "tool_calls", "{}", '{"a":', 0, 1, True]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=14,
)


def framed(dialect: Dialect, bodies: list[Any]) -> bytes:
    if dialect is Dialect.OLLAMA:
        return b"".join(line(body) for body in bodies)
    return b"".join(sse(body) for body in bodies)


def shown(events: list[Event]) -> None:
    """Writes the events in every dialect, as the gateway would."""
    for spoken in Spoken:
        writer = IN[spoken].stream_writer(STAMP, Request("m", stream=True))
        for event in events:
            assert isinstance(writer.write(event), bytes)


@pytest.mark.parametrize("dialect", list(OUT))
@given(bodies=st.lists(NEAR, max_size=6), places=st.lists(st.integers(0, 500), max_size=4))
@MANY
def test_hostile_streams_end_with_a_stop_or_a_fault(dialect: Dialect, bodies: list[Any], places: list[int]) -> None:
    events = read(dialect, *cut(framed(dialect, bodies), places))
    assert isinstance(events[-1], Stop | Fault)
    assert sum(isinstance(event, Stop | Fault) for event in events) == 1
    shown(events)


@pytest.mark.parametrize("dialect", list(OUT))
@given(chunks=st.lists(st.binary(max_size=60), max_size=6))
@MANY
def test_bytes_that_are_nothing_end_with_a_fault(dialect: Dialect, chunks: list[bytes]) -> None:
    events = read(dialect, *chunks)
    assert isinstance(events[-1], Fault)


@pytest.mark.parametrize("dialect", list(OUT))
@given(body=NEAR, raw=st.binary(max_size=30))
@MANY
def test_hostile_answers_are_read_or_called_garbled(dialect: Dialect, body: Any, raw: bytes) -> None:
    for given_body in (json.dumps(body).encode(), raw, b'{"a":' + raw):
        with suppress(GarbledError):
            answer = OUT[dialect].read_answer(given_body, "seed")
            for spoken in Spoken:
                with suppress(GarbledError):
                    assert isinstance(IN[spoken].write_answer(answer, STAMP, Request("m")), bytes)


@pytest.mark.parametrize("dialect", list(OUT))
def test_an_abyss_of_brackets_is_a_fault_and_no_crash(dialect: Dialect) -> None:
    deep = b'{"choices":' + b"[" * 200_000
    events = read(dialect, b"data: " + deep + b"\n\n" if dialect is not Dialect.OLLAMA else deep + b"\n")
    assert isinstance(events[-1], Fault)
    with pytest.raises(GarbledError):
        OUT[dialect].read_answer(deep, "")


@pytest.mark.parametrize("cutter", [Lines, Frames])
def test_what_never_ends_is_not_collected_for_ever(
    cutter: type[Lines] | type[Frames], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(framing, "LONGEST", 1_000)
    reader = StreamReader(cutter())
    chunks = 0
    while not reader.over and chunks < 100:
        chunks += 1
        events = reader.feed(b"data: " + b"x" * 100)
    assert chunks < 12
    assert isinstance(events[-1], Fault)


def test_data_of_many_lines_that_never_ends_is_not_collected_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "LONGEST", 1_000)
    reader = StreamReader(Frames())
    for _ in range(30):
        reader.feed(b"data: " + b"x" * 100 + b"\n")
    assert reader.over


def test_frames_are_read_as_the_standard_says() -> None:
    frames = Frames()
    assert frames.feed(b"event: a\ndata:one\ndata: two\n\n: hm\ndata\nid: 7\nretry: 1\n\ndata:  x\n\n") == [
        (b"a", b"one\ntwo"),
        (b":", b""),
        (b"", b" x"),
    ]
    assert frames.feed(b"data: last") == []
    assert frames.end() == [(b"", b"last")]


def test_nothing_is_read_after_the_end() -> None:
    reader = OUT[Dialect.OLLAMA].stream_reader()
    body = STREAM[Dialect.OLLAMA](ANSWERS["text"])
    assert isinstance(reader.feed(body + body)[-1], Stop)
    assert reader.feed(body) == []
    assert reader.end() == []


def test_ollamas_error_in_a_stream_that_began_well() -> None:
    said = "an error was encountered while running the model: unexpected EOF"
    good = line({"model": "m", "message": {"role": "assistant", "content": "Hi"}, "done": False})
    events = read(Dialect.OLLAMA, good + line({"error": said}))
    assert events == [Start("m"), TextDelta("Hi"), Fault(said, 502)]


def test_ollamas_empty_chunk_on_its_openai_route_becomes_a_fault() -> None:
    """local-servers 1.4: a chunk without model, no finish reason, no [DONE], status 200."""
    choice = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
    empty = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "", "choices": [choice]}
    events = read(Dialect.OPENAI, openai_chunk({"content": "Hi"}), sse(empty))
    assert events[-1] == Fault("The provider ended the answer before it was complete.", 502)


def test_a_finish_reason_without_done_is_good_and_done_without_a_finish_reason_is_not() -> None:
    assert read(Dialect.OPENAI, openai_chunk({"content": "a"}, "stop"))[-1] == Stop(StopReason.END)
    assert isinstance(read(Dialect.OPENAI, openai_chunk({"content": "a"}), b"data: [DONE]\n\n")[-1], Fault)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (sse({"error": {"message": "Slow down.", "type": "rate_limit_error"}}), Fault("Slow down.", 429)),
        (sse({"error": {"message": "Gone.", "code": 502}, "choices": []}), Fault("Gone.", 502)),
        (sse({"error": "just words"}), Fault("just words", 502)),
        (sse({"message": "x"}, "error"), Fault("The provider broke off the answer with an error.", 502)),
    ],
)
def test_errors_in_an_openai_stream(body: bytes, fault: Fault) -> None:
    assert read(Dialect.OPENAI, openai_chunk({"content": "a"}) + body)[-1] == fault


def test_errors_in_an_anthropic_stream() -> None:
    body = sse({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "error")
    assert read(Dialect.ANTHROPIC, body) == [Fault("Overloaded", 529)]


def test_a_key_in_an_error_of_a_stream_is_struck_out() -> None:
    reader = OUT[Dialect.OPENAI].stream_reader("", Secret("plain-words-as-key"))
    (fault,) = reader.feed(sse({"error": {"message": "bad key plain-words-as-key or sk-abcdefghijkl"}}))
    assert fault == Fault("bad key … or …", 502)


def test_comments_and_pings_are_passed_on_as_signs_of_life() -> None:
    assert read(Dialect.OPENAI, b": OPENROUTER PROCESSING\n\n")[0] == Ping()
    assert read(Dialect.ANTHROPIC, sse({"type": "ping"}, "ping"))[0] == Ping()


def test_a_call_may_come_without_id_and_name_late_and_twice() -> None:
    body = b"".join(
        (
            openai_chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"a"'}}]}),
            openai_chunk({"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": ":1"}}]}),
            openai_chunk({"tool_calls": [{"index": 0, "id": "late", "function": {"name": "f", "arguments": "}"}}]}),
        )
    )
    events = read(Dialect.OPENAI, body, openai_chunk({}, "stop"))
    assert events[1:4] == [ToolStart(0, "call_seed_0", "f"), ToolDelta(0, '{"a":1'), ToolDelta(0, "}")]


def test_google_numbers_every_call_nought() -> None:
    calls = [{"index": 0, "id": f"g{n}", "function": {"name": "f", "arguments": f'{{"n":{n}}}'}} for n in (1, 2)]
    body = b"".join(openai_chunk({"tool_calls": [call]}) for call in calls) + openai_chunk({}, "stop")
    answer = gathered(read(Dialect.OPENAI, body))
    assert isinstance(answer, Answer)
    assert answer.parts == (ToolCall("g1", "f", '{"n":1}'), ToolCall("g2", "f", '{"n":2}'))
    assert answer.stop is StopReason.TOOLS


def test_mistral_sends_thinking_and_words_in_a_list() -> None:
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, {"type": "text", "text": "Yes."}]
    events = read(Dialect.OPENAI, openai_chunk({"content": parts}, "stop"))
    assert events[1:] == [ThinkingDelta("Hm."), TextDelta("Yes."), Stop(StopReason.END)]


def test_an_anthropic_imitation_may_put_arguments_into_the_start() -> None:
    block = {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}}
    body = sse({"type": "content_block_start", "index": 0, "content_block": block})
    events = read(Dialect.ANTHROPIC, body, sse({"type": "content_block_stop", "index": 0}))
    assert events[:3] == [ToolStart(0, "t1", "f"), ToolDelta(0, '{"a":1}'), PartEnd()]


def test_anthropics_sealed_thinking_keeps_its_seal() -> None:
    body = b"".join(
        (
            sse({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}}),
            sse({"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm"}}),
            sse({"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "s"}}),
            sse({"type": "content_block_stop", "index": 0}),
            sse(
                {"type": "content_block_start", "index": 1, "content_block": {"type": "redacted_thinking", "data": "d"}}
            ),
        )
    )
    events = read(Dialect.ANTHROPIC, body)
    assert events[:4] == [ThinkingDelta("Hm"), ThinkingDelta(signature="s"), PartEnd(), ThinkingDelta(redacted="d")]


def test_interleaved_calls_become_blocks_one_after_another_for_anthropics_clients() -> None:
    writer = IN[Spoken.MESSAGES].stream_writer(STAMP, Request("m"))
    events: list[Event] = [
        ToolStart(0, "a", "f"),
        ToolStart(1, "b", "g"),
        ToolDelta(1, '{"y"'),
        ToolDelta(0, '{"x":1}'),
        ToolDelta(1, ":2}"),
        Stop(StopReason.TOOLS, usage=Usage(1, 2)),
    ]
    frames = Frames().feed(b"".join(writer.write(event) for event in events))
    told = [json.loads(data) for name, data in frames if name.startswith(b"content_block")]
    assert [(one["type"].removeprefix("content_block_"), one["index"]) for one in told] == [
        ("start", 0),
        ("delta", 0),
        ("stop", 0),
        ("start", 1),
        ("delta", 1),
        ("delta", 1),
        ("stop", 1),
    ]
    assert "".join(one["delta"]["partial_json"] for one in told if one["index"] == 1 and "delta" in one) == '{"y":2}'


def test_a_call_that_is_complete_does_not_hold_up_the_next() -> None:
    writer = IN[Spoken.MESSAGES].stream_writer(STAMP, Request("m"))
    for event in (ToolStart(0, "a", "f"), ToolDelta(0, "{}")):
        writer.write(event)
    assert b"tool_use" in writer.write(ToolStart(1, "b", "g"))
    assert b"partial_json" in writer.write(ToolDelta(1, "{"))


def test_arguments_that_are_no_object_are_an_error_for_those_who_need_one() -> None:
    answer = Answer((Text("x"), ToolCall("c", "f", "no json")), StopReason.TOOLS)
    for spoken in (Spoken.MESSAGES, Spoken.OLLAMA_CHAT):
        with pytest.raises(GarbledError, match="“f”"):
            IN[spoken].write_answer(answer, STAMP, Request("m"))
    writer = IN[Spoken.OLLAMA_CHAT].stream_writer(STAMP, Request("m"))
    events: list[Event] = [ToolStart(0, "c", "f"), ToolDelta(0, "no json"), Stop(StopReason.TOOLS)]
    assert "error" in json.loads(b"".join(writer.write(event) for event in events))
    assert b"no json" in IN[Spoken.CHAT].write_answer(answer, STAMP, Request("m"))
