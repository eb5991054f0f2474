"""Round trips: what a dialect can say, it says again after the exchange; whatever comes, nothing else is raised."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.gateway.test_exchange_streams import JSON
from tests.gateway.wire import STAMP
from trayapp.gateway import embeddings
from trayapp.gateway.dialects import IN, OUT, Spoken
from trayapp.gateway.exchange import (
    Answer,
    BadRequestError,
    Choice,
    Effort,
    Format,
    Image,
    Message,
    Reasoning,
    Refusal,
    Request,
    Role,
    Sampling,
    StopReason,
    Target,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Usage,
)
from trayapp.gateway.streams import events_of, gathered
from trayapp.providers.spec import Dialect

MANY = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])

WORDS = st.text(min_size=1, max_size=12).filter(lambda text: text == text.strip())
NAMES = st.text("abcdefgh_", min_size=1, max_size=8)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=5,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=3)
ARGUMENTS = OBJECTS.map(lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False))
PICTURES = st.sampled_from(
    [Image(data="iVBORw0KGgo=", media_type="image/png"), Image(data="/9j/AA==", media_type="image/jpeg")]
)
SCHEMAS = st.fixed_dictionaries({"type": st.just("object"), "properties": st.dictionaries(NAMES, OBJECTS, max_size=2)})
TOOLS = st.builds(Tool, NAMES, st.one_of(st.just(""), WORDS), SCHEMAS)


@st.composite
def conversations(draw: st.DrawFn) -> tuple[Message, ...]:
    """Turns as every dialect can say them: alternating, each call answered at once, nothing empty."""
    turns: list[Message] = []
    calls = 0
    for _ in range(draw(st.integers(1, 3))):
        turns.append(Message(Role.USER, (Text(draw(WORDS)), *draw(st.lists(PICTURES, max_size=1)))))
        made = [ToolCall(f"c{calls + n}", draw(NAMES), draw(ARGUMENTS)) for n in range(draw(st.integers(0, 2)))]
        calls += len(made)
        words = draw(st.lists(WORDS.map(Text), max_size=1)) if made else [Text(draw(WORDS))]
        turns.append(Message(Role.ASSISTANT, (*words, *made)))
        turns += [Message(Role.USER, (ToolResult(call.id, (Text(draw(WORDS)),), name=call.name),)) for call in made]
        if made:
            turns.append(Message(Role.ASSISTANT, (Text(draw(WORDS)),)))
    turns.append(Message(Role.USER, (Text(draw(WORDS)),)))
    return tuple(turns)


FIGURES = st.floats(0, 1, allow_nan=False)
REQUESTS = st.builds(
    Request,
    model=st.just("m"),
    messages=conversations(),
    system=st.one_of(st.just(()), st.tuples(WORDS.map(Text))),
    tools=st.lists(TOOLS, max_size=2).map(tuple),
    max_tokens=st.integers(1, 10_000),
    sampling=st.builds(
        Sampling,
        temperature=st.none() | FIGURES,
        top_p=st.none() | FIGURES,
        top_k=st.none() | st.integers(1, 99),
        stop=st.lists(WORDS, max_size=2).map(tuple),
    ),
    format=st.none() | st.builds(Format, SCHEMAS, strict=st.just(True)),
    stream=st.booleans(),
)


def again(request: Request, spoken: Spoken, model: str = "m", target: Target | None = None) -> Request:
    """The request after a trip through the dialect that this route speaks."""
    body = OUT[IN[spoken].dialect].write_request(request, model, target or Target())
    return IN[spoken].read_request(body)


def told_apart(request: Request) -> Request:
    """Without what is spelled differently and means the same: names at results, JSON's blanks, the format's name."""
    messages: list[Message] = []
    for message in request.messages:
        parts = tuple(
            ToolCall(part.id, part.name, json.dumps(json.loads(part.arguments or "{}"), sort_keys=True))
            if isinstance(part, ToolCall)
            else replace(part, name="")
            if isinstance(part, ToolResult)
            else replace(part, media_type="")
            if isinstance(part, Image)
            else part
            for part in message.parts
        )
        before = messages[-1] if messages else None
        if before is not None and before.role is message.role:
            messages[-1] = replace(before, parts=(*before.parts, *parts))
        else:
            messages.append(replace(message, parts=parts))
    form = None if request.format is None else Format(request.format.schema)
    return replace(request, messages=tuple(messages), format=form, include_usage=True)


@pytest.mark.parametrize("spoken", [Spoken.CHAT, Spoken.MESSAGES, Spoken.OLLAMA_CHAT])
@given(request=REQUESTS)
@MANY
def test_a_request_comes_back_as_it_went(spoken: Spoken, request: Request) -> None:
    assert told_apart(again(request, spoken)) == told_apart(request)


@given(request=REQUESTS)
@MANY
def test_a_request_survives_a_trip_through_all_three(request: Request) -> None:
    there = again(again(again(request, Spoken.CHAT), Spoken.MESSAGES), Spoken.OLLAMA_CHAT)
    assert told_apart(there) == told_apart(request)


@given(
    choice=st.sampled_from([ToolChoice(mode) for mode in Choice] + [ToolChoice(Choice.REQUIRED, "f")]),
    parallel=st.none() | st.booleans(),
    effort=st.none() | st.sampled_from([Effort.LOW, Effort.MEDIUM, Effort.HIGH, Effort.XHIGH, Effort.MAX]),
    user=st.sampled_from(["", "u"]),
    failed=st.booleans(),
    signature=st.sampled_from(["", "s"]),
)
@MANY
def test_what_openai_and_anthropic_can_both_say_comes_back(
    choice: ToolChoice, parallel: bool | None, effort: Effort | None, user: str, failed: bool, signature: str
) -> None:
    if choice.mode is Choice.NONE:
        parallel = None
    call = ToolCall("c", "f", "{}")
    thought = (Thinking("Hm.", signature),) if signature else ()
    messages = (
        Message(Role.USER, (Text("a"),)),
        Message(Role.ASSISTANT, (*thought, call)),
        Message(Role.USER, (ToolResult("c", (Text("b"),), is_error=failed),)),
    )
    request = Request(
        "claude-opus-5", messages, tools=(Tool("f", "", {"type": "object"}),), tool_choice=choice, parallel=parallel,
        max_tokens=9, reasoning=Reasoning(effort, wanted=None if effort is None else True), user=user,
    )  # fmt: skip
    assert told_apart(again(request, Spoken.MESSAGES, "claude-opus-5")) == told_apart(request)
    bare = replace(request, reasoning=Reasoning(effort), messages=(messages[0], Message(Role.ASSISTANT, (call,))))
    assert told_apart(again(bare, Spoken.CHAT, "claude-opus-5", Target(own=True))) == told_apart(bare)


PARTS = st.lists(
    WORDS.map(Text) | WORDS.map(Thinking) | st.builds(ToolCall, NAMES, NAMES, ARGUMENTS), min_size=0, max_size=4
)
USAGES = st.builds(
    lambda fresh, read, write, out, think: Usage(fresh + read + write, out + think, read, write, think),
    *[st.integers(0, 999)] * 5,
)


def in_order(answer: Answer) -> Answer:
    """OpenAI's and Ollama's form: thinking, words, refusals and calls each together."""
    thinking = "".join(part.text for part in answer.parts if isinstance(part, Thinking))
    text = "".join(part.text for part in answer.parts if isinstance(part, Text))
    refusal = "".join(part.text for part in answer.parts if isinstance(part, Refusal))
    calls = tuple(part for part in answer.parts if isinstance(part, ToolCall))
    parts: list[Any] = (
        [Thinking(thinking)] * bool(thinking) + [Text(text)] * bool(text) + [Refusal(refusal)] * bool(refusal)
    )
    return replace(answer, parts=(*parts, *calls))


@pytest.mark.parametrize("spoken", [Spoken.CHAT, Spoken.MESSAGES, Spoken.OLLAMA_CHAT])
@given(parts=PARTS, usage=USAGES, length=st.booleans())
@MANY
def test_an_answer_comes_back_as_it_went_whole_and_streamed(
    spoken: Spoken, parts: list[Any], usage: Usage, length: bool
) -> None:
    calls = any(isinstance(part, ToolCall) for part in parts)
    stop = StopReason.LENGTH if length else StopReason.TOOLS if calls else StopReason.END
    if spoken is Spoken.OLLAMA_CHAT:
        usage = Usage(usage.input, usage.output)
    # ids and numbers are new for every call
    parts = [replace(part, id=f"c{n}") if isinstance(part, ToolCall) else part for n, part in enumerate(parts)]
    answer = Answer(tuple(parts), stop, usage=usage, model=STAMP.model)
    dialect = OUT[IN[spoken].dialect]
    asked = Request("m", stream=True)
    whole = dialect.read_answer(IN[spoken].write_answer(answer, STAMP, asked), "")
    writer, reader = IN[spoken].stream_writer(STAMP, asked), dialect.stream_reader()
    streamed = gathered(reader.feed(b"".join(writer.write(event) for event in events_of(answer))))
    assert isinstance(streamed, Answer)
    if spoken is Spoken.MESSAGES:
        assert whole == answer
        assert streamed == replace(answer, parts=tuple(parts))
    else:
        assert in_order(whole) == in_order(answer)
        assert in_order(streamed) == in_order(answer)


FIELDS = (
    "model messages input prompt role content type text image_url url source data media_type tools tool_calls function "
    "name arguments parameters tool_choice stop stream format options think thinking output_config reasoning metadata "
    "system instructions max_tokens response_format stream_options include n tool_call_id tool_use_id id images"
)
ASKED: st.SearchStrategy[Any] = st.recursive(
    JSON
    | st.sampled_from(["user", "assistant", "tool", "system", "text", "image", "function", "tool_use", "m", "auto"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS.split()), inner, max_size=6),
    max_leaves=16,
)
READERS = [
    *(inward.read_request for inward in IN.values()),
    embeddings.read_ollama,
]


@pytest.mark.parametrize("reader", READERS)
@given(body=ASKED, raw=st.binary(max_size=20))
@MANY
def test_hostile_requests_are_read_or_refused_with_a_sentence(reader: Any, body: Any, raw: bytes) -> None:
    if isinstance(body, dict):
        body = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "x"}]} | body
    for given_body in (json.dumps(body).encode(), raw, b'{"model":"m","x":' + b"[" * 100_000):
        with suppress(BadRequestError):
            request = reader(given_body)
            if isinstance(request, Request):
                for dialect in Dialect:
                    if dialect in OUT:
                        with suppress(BadRequestError):
                            OUT[dialect].write_request(request, "m")
