"""Errors are told in the caller's dialect, before an answer and in mid-stream, however upstream wrote them."""

from __future__ import annotations

import json

import anthropic
import ollama
import openai
import pytest

from tests.gateway import listeners
from tests.gateway.wire import STAMP
from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.secret import Secret
from trayapp.gateway.dialects import IN, Spoken
from trayapp.gateway.exchange import BadRequestError, Event, Fault, Request, Start, TextDelta
from trayapp.gateway.faults import anthropic_error, openai_error, read_error
from trayapp.gateway.plan import Route
from trayapp.gateway.sentences import error_frame, of_error

BUSY = Fault("The provider is busy. Try again in a minute.", 503)
OPENAI = (Spoken.CHAT, Spoken.COMPLETIONS)


@pytest.mark.parametrize(
    ("status", "of_openai", "of_anthropic"),
    [
        (400, "invalid_request_error", "invalid_request_error"),
        (401, "authentication_error", "authentication_error"),
        (402, "invalid_request_error", "billing_error"),
        (403, "permission_error", "permission_error"),
        (404, "not_found_error", "not_found_error"),
        (413, "invalid_request_error", "request_too_large"),
        (415, "invalid_request_error", "invalid_request_error"),
        (429, "rate_limit_error", "rate_limit_error"),
        (500, "server_error", "api_error"),
        (502, "server_error", "api_error"),
        (503, "overloaded_error", "overloaded_error"),
        (504, "server_error", "timeout_error"),
        (529, "overloaded_error", "overloaded_error"),
    ],
)
def test_each_status_has_the_vendors_word(status: int, of_openai: str, of_anthropic: str) -> None:
    fault = Fault("No.", status)
    assert json.loads(openai_error(fault))["error"]["type"] == of_openai
    assert json.loads(anthropic_error(fault))["error"]["type"] == of_anthropic


def test_the_clients_raise_what_they_should() -> None:
    unknown = Fault("There is no model “x”.", 404, "model", "model_not_found")
    with pytest.raises(openai.NotFoundError) as of_openai:
        listeners.of_openai(IN[Spoken.CHAT].write_error(unknown), status=404).chat.completions.create(
            model="x", messages=[]
        )
    assert (of_openai.value.code, of_openai.value.param) == ("model_not_found", "model")
    with pytest.raises(anthropic.NotFoundError, match="no model"):
        listeners.of_anthropic(IN[Spoken.MESSAGES].write_error(unknown), status=404).messages.create(
            model="x", max_tokens=1, messages=[]
        )
    with pytest.raises(ollama.ResponseError) as of_ollama:
        listeners.of_ollama(IN[Spoken.OLLAMA_CHAT].write_error(unknown), status=404).chat("x", [])
    assert (of_ollama.value.error, of_ollama.value.status_code) == (unknown.message, 404)


def streamed(spoken: Spoken) -> bytes:
    writer = IN[spoken].stream_writer(STAMP, Request("m", stream=True))
    events: list[Event] = [Start(), TextDelta("Hi"), BUSY]
    return b"".join(writer.write(event) for event in events)


def test_openais_client_raises_in_mid_stream() -> None:
    stream = listeners.of_openai(streamed(Spoken.CHAT), stream=True).chat.completions.create(
        model="m", messages=[], stream=True
    )
    with pytest.raises(openai.APIError, match="busy"):
        list(stream)
    done = listeners.of_openai(streamed(Spoken.COMPLETIONS), Spoken.COMPLETIONS, stream=True)
    with pytest.raises(openai.APIError, match="busy"):
        list(done.completions.create(model="m", prompt="x", stream=True))


def test_openais_client_is_told_that_a_response_failed() -> None:
    client = listeners.of_openai(streamed(Spoken.RESPONSES), Spoken.RESPONSES, stream=True)
    events = list(client.responses.create(model="m", input="x", stream=True))
    assert [event.type for event in events[-2:]] == ["error", "response.failed"]
    last = events[-1]
    assert last.type == "response.failed"
    assert last.response.error is not None
    assert last.response.error.message == BUSY.message


def test_anthropics_client_raises_in_mid_stream() -> None:
    client = listeners.of_anthropic(streamed(Spoken.MESSAGES), stream=True)
    with (
        pytest.raises(anthropic.APIStatusError, match="busy"),
        client.messages.stream(model="m", max_tokens=1, messages=[]) as stream,
    ):
        stream.get_final_message()


def test_ollamas_client_raises_in_mid_stream() -> None:
    chat = listeners.of_ollama(streamed(Spoken.OLLAMA_CHAT), stream=True).chat("m", [], stream=True)
    with pytest.raises(ollama.ResponseError, match="busy"):
        list(chat)
    spoken = Spoken.OLLAMA_GENERATE
    generated = listeners.of_ollama(streamed(spoken), spoken, stream=True).generate("m", "x", stream=True)
    with pytest.raises(ollama.ResponseError, match="busy"):
        list(generated)


@pytest.mark.parametrize("spoken", OPENAI)
def test_a_stream_that_failed_does_not_say_done(spoken: Spoken) -> None:
    assert b"[DONE]" not in streamed(spoken)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b'{"error":{"message":"Bad.\\nVery bad.","type":"x"}}', "Bad. Very bad."),
        (b'{"error":"model \'nope\' not found"}', "model 'nope' not found"),
        (b'[{"error":{"code":400,"message":"From Google."}}]', "From Google."),
        (b'{"detail":[{"msg":"field required","loc":["body"]}]}', "field required"),
        (b'{"detail":"Not here."}', "Not here."),
        (b'{"message":"No."}', "No."),
        (b"404 page not found", "404 page not found"),
        (b"<html><title>502</title></html>", "The provider answered with status 418."),
        (b"", "The provider answered with status 418."),
        (b"{}", "The provider answered with status 418."),
        (b'{"error":{"message":{"deep":1}}}', "The provider answered with status 418."),
        (b'{"error":' * 6 + b'"deep"' + b"}" * 6, "The provider answered with status 418."),
        (b"\xff\xfe\x00", "The provider answered with status 418."),
        (b"[" * 100_000, "The provider answered with status 418."),
    ],
)
def test_errors_of_every_form_are_read(body: bytes, sentence: str) -> None:
    fault = read_error(418, body)
    assert fault == Fault(sentence, 418)


def test_a_key_in_an_error_is_struck_out() -> None:
    body = b'{"error":{"message":"Incorrect key: my-own-key, or sk-proj-abcdefgh12345678","code":"invalid_api_key"}}'
    fault = read_error(401, body, Secret("my-own-key"))
    assert fault == Fault("Incorrect key: …, or …", 401, code="invalid_api_key")


@pytest.mark.parametrize("between", [True, False])
@pytest.mark.parametrize(
    ("route", "half", "frame"),
    [
        (Route.CHAT, b"\n\n", b"data: {"),
        (Route.RESPONSES, b"\n\n", b"event: error\ndata: {"),
        (Route.OLLAMA_CHAT, b"\n", b"{"),
        (Route.EMBEDDINGS, b"", b""),
    ],
)
def test_half_an_event_is_ended_before_the_error_where_the_route_streams(
    route: Route, half: bytes, frame: bytes, between: bool
) -> None:
    told = error_frame(route, BUSY, between=between)
    assert told.startswith(frame if between else half + frame)
    assert bool(told) == (BUSY.message.encode() in told)


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (Failure(Kind.BAD_INPUT, "up", "“x” is not an address."), "“x” is not an address."),
        (Failure(Kind.BAD_INPUT, "up"), "Up could not be asked."),
    ],
)
def test_a_cause_without_words_of_its_own_is_told_as_it_came(failure: Failure, sentence: str) -> None:
    assert of_error(ProviderError(failure), "Up") == Fault(sentence, 502, code="bad-input")


def test_the_callers_mistake_names_its_field() -> None:
    fault = of_error(BadRequestError("“n” must be a number.", "n"))
    assert json.loads(openai_error(fault))["error"] == {
        "message": "“n” must be a number.",
        "type": "invalid_request_error",
        "param": "n",
        "code": None,
    }
