"""Answers pass between all dialects, whole and streamed, and the vendors' own clients understand them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec import Struct
from openai.types.responses import ResponseCompletedEvent, ResponseIncompleteEvent

from tests.gateway import listeners
from tests.gateway.wire import ANSWERS, CASES, SAYS, STAMP, STREAM, WHOLE, plainly
from trayapp.gateway.dialects import IN, OUT, Spoken
from trayapp.gateway.exchange import Answer, Refusal, Request, StopReason, Text, Thinking, ToolCall
from trayapp.gateway.streams import events_of, gathered
from trayapp.providers.spec import Dialect

ASKED = Request("current", stream=True)


class Heard(Struct):
    """What a program has of an answer, from whatever client."""

    text: str = ""
    thinking: str = ""
    refusal: str = ""
    calls: list[tuple[str, dict[str, Any]]] = []
    ids: list[str] = []
    stop: str = ""
    tokens: tuple[int, int] = (0, 0)


def said(answer: Answer) -> Heard:
    heard = Heard()
    for part in answer.parts:
        match part:
            case Text(text):
                heard.text += text
            case Thinking(text):
                heard.thinking += text
            case Refusal(text):
                heard.refusal += text
            case ToolCall(id_, name, arguments):
                heard.calls = [*heard.calls, (name, json.loads(arguments))]
                heard.ids = [*heard.ids, id_]
    if answer.usage is not None:
        heard.tokens = (answer.usage.input, answer.usage.output)
    return heard


def chat_whole(body: bytes) -> Heard:
    answer = listeners.of_openai(body).chat.completions.create(model="m", messages=[])
    (choice,) = answer.choices
    calls = choice.message.tool_calls or []
    assert answer.usage is not None
    return Heard(
        choice.message.content or "",
        getattr(choice.message, "reasoning_content", ""),
        choice.message.refusal or "",
        [(call.function.name, json.loads(call.function.arguments)) for call in calls if call.type == "function"],
        [call.id for call in calls],
        choice.finish_reason,
        (answer.usage.prompt_tokens, answer.usage.completion_tokens),
    )


def chat_streamed(body: bytes) -> Heard:
    heard = Heard()
    names: dict[int, str] = {}
    arguments: dict[int, str] = {}
    for chunk in listeners.of_openai(body, stream=True).chat.completions.create(model="m", messages=[], stream=True):
        if chunk.usage is not None:
            heard.tokens = (chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
        for choice in chunk.choices:
            heard.text += choice.delta.content or ""
            heard.thinking += getattr(choice.delta, "reasoning_content", "")
            heard.refusal += choice.delta.refusal or ""
            heard.stop = choice.finish_reason or heard.stop
            for call in choice.delta.tool_calls or []:
                assert call.function is not None
                if call.id:
                    heard.ids = [*heard.ids, call.id]
                    names[call.index] = call.function.name or ""
                arguments[call.index] = arguments.get(call.index, "") + (call.function.arguments or "")
    heard.calls = [(names[index], json.loads(arguments[index])) for index in sorted(names)]
    return heard


def responses_of(answer: Any) -> Heard:
    heard = Heard(text=answer.output_text)
    for item in answer.output:
        if item.type == "reasoning":
            heard.thinking += "".join(part.text for part in item.summary)
        elif item.type == "function_call":
            heard.calls = [*heard.calls, (item.name, json.loads(item.arguments))]
            heard.ids = [*heard.ids, item.call_id]
        else:
            heard.refusal += "".join(part.refusal for part in item.content if part.type == "refusal")
    heard.tokens = (answer.usage.input_tokens, answer.usage.output_tokens)
    heard.stop = answer.incomplete_details.reason if answer.incomplete_details else answer.status
    return heard


def responses_whole(body: bytes) -> Heard:
    return responses_of(listeners.of_openai(body, Spoken.RESPONSES).responses.create(model="m", input="x"))


def responses_streamed(body: bytes) -> Heard:
    client = listeners.of_openai(body, Spoken.RESPONSES, stream=True)
    with client.responses.stream(model="m", input="x") as stream:
        events = list(stream)
    assert [event.sequence_number for event in events] == list(range(len(events)))
    last = events[-1]
    assert isinstance(last, ResponseCompletedEvent | ResponseIncompleteEvent)
    deltas = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    heard = responses_of(last.response)
    assert deltas == heard.text
    return heard


def completions_whole(body: bytes) -> Heard:
    answer = listeners.of_openai(body, Spoken.COMPLETIONS).completions.create(model="m", prompt="x")
    assert answer.usage is not None
    tokens = (answer.usage.prompt_tokens, answer.usage.completion_tokens)
    return Heard(answer.choices[0].text, stop=answer.choices[0].finish_reason, tokens=tokens)


def completions_streamed(body: bytes) -> Heard:
    heard = Heard()
    client = listeners.of_openai(body, Spoken.COMPLETIONS, stream=True)
    for chunk in client.completions.create(model="m", prompt="x", stream=True):
        if chunk.usage is not None:
            heard.tokens = (chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
        for choice in chunk.choices:
            heard.text += choice.text
            heard.stop = choice.finish_reason or heard.stop
    return heard


def messages_of(answer: Any) -> Heard:
    heard = Heard(stop=answer.stop_reason)
    for block in answer.content:
        match block.type:
            case "text":
                heard.text += block.text
            case "thinking":
                heard.thinking += block.thinking
            case "tool_use":
                heard.calls = [*heard.calls, (block.name, block.input)]
                heard.ids = [*heard.ids, block.id]
    usage = answer.usage
    into = usage.input_tokens + (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
    heard.tokens = (into, usage.output_tokens)
    return heard


def messages_whole(body: bytes) -> Heard:
    client = listeners.of_anthropic(body)
    return messages_of(client.messages.create(model="m", max_tokens=9, messages=[]))


def messages_streamed(body: bytes) -> Heard:
    client = listeners.of_anthropic(body, stream=True)
    with client.messages.stream(model="m", max_tokens=9, messages=[]) as stream:
        return messages_of(stream.get_final_message())


def ollama_of(lines: list[Any]) -> Heard:
    heard = Heard()
    for one in lines:
        heard.text += one.message.content or ""
        heard.thinking += one.message.thinking or ""
        for call in one.message.tool_calls or []:
            heard.calls = [*heard.calls, (call.function.name, dict(call.function.arguments))]
    assert [one.done for one in lines] == [False] * (len(lines) - 1) + [True]
    heard.stop = lines[-1].done_reason
    heard.tokens = (lines[-1].prompt_eval_count, lines[-1].eval_count)
    return heard


def ollama_whole(body: bytes) -> Heard:
    return ollama_of([listeners.of_ollama(body).chat("m", [])])


def ollama_streamed(body: bytes) -> Heard:
    return ollama_of(list(listeners.of_ollama(body, stream=True).chat("m", [], stream=True)))


def generate_of(lines: list[Any]) -> Heard:
    heard = Heard("".join(one.response for one in lines), "".join(one.thinking or "" for one in lines))
    heard.stop = lines[-1].done_reason
    heard.tokens = (lines[-1].prompt_eval_count, lines[-1].eval_count)
    return heard


def generate_whole(body: bytes) -> Heard:
    return generate_of([listeners.of_ollama(body, Spoken.OLLAMA_GENERATE).generate("m", "x")])


def generate_streamed(body: bytes) -> Heard:
    client = listeners.of_ollama(body, Spoken.OLLAMA_GENERATE, stream=True)
    return generate_of(list(client.generate("m", "x", stream=True)))


HEARING: dict[Spoken, tuple[Callable[[bytes], Heard], Callable[[bytes], Heard]]] = {
    Spoken.CHAT: (chat_whole, chat_streamed),
    Spoken.RESPONSES: (responses_whole, responses_streamed),
    Spoken.COMPLETIONS: (completions_whole, completions_streamed),
    Spoken.MESSAGES: (messages_whole, messages_streamed),
    Spoken.OLLAMA_CHAT: (ollama_whole, ollama_streamed),
    Spoken.OLLAMA_GENERATE: (generate_whole, generate_streamed),
}
STOPS: dict[Spoken, dict[StopReason, str]] = {
    Spoken.CHAT: {StopReason.LENGTH: "length", StopReason.TOOLS: "tool_calls", StopReason.REFUSAL: "content_filter"},
    Spoken.RESPONSES: {StopReason.LENGTH: "max_output_tokens"},
    Spoken.COMPLETIONS: {StopReason.LENGTH: "length", StopReason.REFUSAL: "content_filter"},
    Spoken.MESSAGES: {StopReason.LENGTH: "max_tokens", StopReason.TOOLS: "tool_use", StopReason.REFUSAL: "refusal"},
    Spoken.OLLAMA_CHAT: {StopReason.LENGTH: "length"},
    Spoken.OLLAMA_GENERATE: {StopReason.LENGTH: "length"},
}
ELSE = {Spoken.RESPONSES: "completed", Spoken.MESSAGES: "end_turn"}
WITHOUT_TOOLS = (Spoken.COMPLETIONS, Spoken.OLLAMA_GENERATE)
MEETINGS = [
    (*said_by, spoken) for said_by in CASES for spoken in Spoken if said_by[1] != "tools" or spoken not in WITHOUT_TOOLS
]
REFUSES_APART = (Spoken.CHAT, Spoken.RESPONSES)


def expected(answer: Answer, spoken: Spoken) -> Heard:
    """What a client of this dialect can hear of an answer."""
    heard = said(answer)
    heard.stop = STOPS[spoken].get(answer.stop, ELSE.get(spoken, "stop"))
    if spoken not in REFUSES_APART:  # a refusal is words like all others
        heard.text, heard.refusal = heard.text + heard.refusal, ""
    if spoken is Spoken.COMPLETIONS:
        heard.thinking = ""
    if spoken is Spoken.OLLAMA_CHAT:  # its client keeps no ids
        heard.ids = []
    return heard


@pytest.mark.parametrize(("dialect", "case"), CASES)
def test_a_whole_answer_is_read_as_it_was_meant(dialect: Dialect, case: str) -> None:
    read = OUT[dialect].read_answer(WHOLE[dialect](ANSWERS[case]), "seed")
    assert plainly(read) == plainly(ANSWERS[case])


@pytest.mark.parametrize(("dialect", "case"), CASES)
def test_a_stream_says_what_the_whole_answer_says(dialect: Dialect, case: str) -> None:
    reader = OUT[dialect].stream_reader("seed")
    events = [*reader.feed(STREAM[dialect](ANSWERS[case])), *reader.end()]
    answer = gathered(events)
    assert isinstance(answer, Answer)
    assert plainly(answer) == plainly(ANSWERS[case])


@pytest.mark.parametrize(("dialect", "case", "spoken"), MEETINGS)
def test_every_client_hears_every_upstream_whole(dialect: Dialect, case: str, spoken: Spoken) -> None:
    answer = OUT[dialect].read_answer(WHOLE[dialect](ANSWERS[case]), "seed")
    body = IN[spoken].write_answer(answer, STAMP, ASKED)
    assert HEARING[spoken][0](body) == expected(ANSWERS[case], spoken)


@pytest.mark.parametrize(("dialect", "case", "spoken"), MEETINGS)
def test_every_client_hears_every_upstream_streamed(dialect: Dialect, case: str, spoken: Spoken) -> None:
    reader = OUT[dialect].stream_reader("seed")
    writer = IN[spoken].stream_writer(STAMP, ASKED)
    body = b"".join(writer.write(event) for event in reader.feed(STREAM[dialect](ANSWERS[case])))
    assert HEARING[spoken][1](body) == expected(ANSWERS[case], spoken)


@pytest.mark.parametrize("case", sorted(ANSWERS))
def test_a_whole_answer_and_its_events_are_the_same(case: str) -> None:
    assert gathered(events_of(ANSWERS[case])) == ANSWERS[case]


def test_the_table_has_every_case_for_every_dialect_that_can_say_it() -> None:
    assert {dialect for dialect, _ in CASES} == set(OUT)
    assert all(len(cases) >= 5 for cases in SAYS.values())


@pytest.mark.parametrize("spoken", [Spoken.OLLAMA_CHAT, Spoken.OLLAMA_GENERATE])
def test_ollamas_clients_are_told_times_that_they_may_divide_by(spoken: Spoken) -> None:
    body = json.loads(IN[spoken].write_answer(ANSWERS["text"], STAMP, ASKED))
    assert body["total_duration"] == 1_500_000_000
    assert body["eval_duration"] > 0
    assert body["prompt_eval_duration"] > 0
    assert body["created_at"] == "2023-11-14T22:13:20.500000Z"
