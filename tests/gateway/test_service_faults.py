"""Everything that can go wrong behind the gateway, in a sentence of the caller's dialect that says what to do."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
from typing import Any

import anthropic
import ollama
import openai
import pytest

from tests.gateway import wire
from tests.gateway.gateways import (
    AT,
    CLAUDE,
    OPENAI,
    SSE,
    World,
    accounts,
    cut,
    ended,
    gateway,
    said,
    streaming,
    upstream,
    words,
)
from tests.support.upstream import Reply, Upstream
from trayapp.core.accounts import Account
from trayapp.core.errors import Failure, Kind, ProviderError, UserError
from trayapp.core.models import ModelRef
from trayapp.gateway.limits import Patience
from trayapp.gateway.sentences import sentence
from trayapp.providers.spec import Dialect

HI: Any = [{"role": "user", "content": "Hi"}]
ROUTES = {
    "/v1/chat/completions": {"messages": HI},
    "/v1/completions": {"prompt": "Hi"},
    "/v1/responses": {"input": "Hi"},
    "/v1/messages": {"messages": HI, "max_tokens": 9},
    "/api/chat": {"messages": HI, "stream": False},
    "/api/generate": {"prompt": "Hi", "stream": False},
}
STREAMED = {path: body | {"stream": True} for path, body in ROUTES.items()}
NOWHERE = "http://127.0.0.1:9"


async def broken(stream: Any, error: type[Exception]) -> str:
    """What a client raises in the midst of a stream. Nothing of it is left behind: a traceback would hold it."""
    told = ""
    try:
        async for _ in stream:
            pass
    except error as exc:
        told = str(exc)
    await asyncio.sleep(0)
    return told


def message(path: str, body: Any) -> str:
    """The sentence, where the dialect of this path has it; nothing else may stand around it."""
    if path.startswith("/api/"):
        assert set(body) == {"error"}
        return str(body["error"])
    if path == "/v1/messages":
        assert body["type"] == "error"
        assert isinstance(body["error"]["type"], str)
    else:
        assert set(body["error"]) == {"message", "type", "param", "code"}
    return str(body["error"]["message"])


@pytest.mark.parametrize("path", list(ROUTES))
async def test_where_nothing_is_chosen_the_caller_is_told_to_click(path: str) -> None:
    async with gateway(World(accounts=accounts(NOWHERE))) as served:
        answer = await served.post(path, ROUTES[path])
        assert answer.status_code == 503
        assert message(path, answer.json()) == (
            "No model is chosen. Click one in trayapp's menu, or run “trayapp use”."
        )
        assert await served.quiet() == []


TROUBLES = [
    (Kind.LOCKED, 503, "“Keyring locked – unlock…” in trayapp's menu"),
    (Kind.DENIED, 503, "“Keyring locked – unlock…” in trayapp's menu"),
    (Kind.NO_KEYRING, 503, "such as GNOME Keyring or KWallet"),
    (Kind.NO_KEY, 401, "Settings… → Providers, or “trayapp key set openai”"),
]


@pytest.mark.parametrize(("kind", "status", "words"), TROUBLES)
@pytest.mark.parametrize("path", list(ROUTES))
async def test_a_key_that_cannot_be_read_is_said_with_what_to_do(
    path: str, kind: Kind, status: int, words: str
) -> None:
    trouble = ProviderError(Failure(kind, "openai"))
    async with gateway(World(accounts=accounts(NOWHERE), chosen=OPENAI, trouble=trouble)) as served:
        answer = await served.post(path, ROUTES[path])
        assert answer.status_code == status
        assert "OpenAI – work" in message(path, answer.json())
        assert words in message(path, answer.json())
        assert answer.headers["x-trayapp-model"] == "openai/big"
        assert (await served.last()).outcome == kind.value


async def test_an_account_that_is_not_complete_is_said_as_it_is() -> None:
    trouble = UserError("OpenAI needs “Resource”: set it in the settings.")
    async with gateway(World(accounts=accounts(NOWHERE), chosen=OPENAI, trouble=trouble)) as served:
        answer = await served.post("/v1/chat/completions", {"messages": HI})
        assert (answer.status_code, message("/v1/chat/completions", answer.json())) == (400, str(trouble))
        assert (await served.last()).outcome == "bad-input"


@pytest.mark.parametrize("path", list(ROUTES))
@pytest.mark.parametrize("dialect", [Dialect.OPENAI, Dialect.ANTHROPIC])
async def test_a_refused_key_is_told_to_the_caller_and_to_the_menu_and_quoted_to_nobody(
    path: str, dialect: Dialect, canary: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    body = {"type": "error", "error": {"type": "authentication_error", "message": f"Incorrect API key: {canary}."}}
    async with Upstream(lambda _: Reply(status=401, body=body)) as url:
        world = World(accounts=accounts(url), chosen=AT[dialect], key=canary)
        async with gateway(world) as served:
            answer = await served.post(path, ROUTES[path])
            assert answer.status_code == 401
            sentence = message(path, answer.json())
            assert "refused the key that trayapp holds for it" in sentence
            assert f"trayapp key set {AT[dialect].provider}" in sentence
            assert canary not in answer.text + str(answer.headers)
            assert [(it.kind, it.provider, it.detail) for it in world.failed] == [
                (Kind.REFUSED, AT[dialect].provider, "")
            ]
            assert (await served.last()).outcome == "refused"
    assert canary not in caplog.text


async def test_a_key_that_any_error_quotes_is_struck_out(canary: str) -> None:
    body = {"error": {"message": f"Header Authorization: Bearer {canary} is too odd", "type": "x"}}
    async with Upstream(lambda _: Reply(status=400, body=body)) as url:
        for chosen in (OPENAI, CLAUDE):
            async with gateway(World(accounts=accounts(url), chosen=chosen, key=canary)) as served:
                answer = await served.post("/v1/chat/completions", {"messages": HI})
                assert answer.status_code == 400
                assert "is too odd" in answer.text
                assert canary not in answer.text


@pytest.mark.parametrize("status", [200, 400, 429])
@pytest.mark.parametrize("path", list(ROUTES))
async def test_a_header_that_quotes_the_key_goes_to_no_tool(path: str, status: int, canary: str) -> None:
    body = wire.WHOLE[Dialect.OPENAI](wire.ANSWERS["text"]) if status == 200 else {"error": {"message": "Slow down."}}
    echo = {"retry-after": canary, "x-request-id": f"r-{canary}", "x-ratelimit-limit": "7"}
    async with Upstream(lambda _: Reply(status=status, body=body, headers=echo)) as url:
        async with gateway(World(accounts=accounts(url), chosen=OPENAI, key=canary)) as served:
            answer = await served.post(path, ROUTES[path])
            assert answer.status_code == status
            assert canary not in str(answer.headers) + answer.text


@pytest.mark.parametrize("path", list(ROUTES))
@pytest.mark.parametrize("dialect", list(AT))
async def test_a_model_that_is_gone_is_said_with_what_to_click(path: str, dialect: Dialect) -> None:
    gone = Reply(status=404, body={"error": {"message": "model 'big' not found", "code": "model_not_found"}})
    async with Upstream(lambda _: gone) as url, gateway(World(accounts=accounts(url), chosen=AT[dialect])) as served:
        answer = await served.post(path, ROUTES[path])
        assert answer.status_code == 404
        assert message(path, answer.json()).endswith(
            "has no model “big” (model 'big' not found). Click another in trayapp's menu."
        )
        assert (await served.last()).outcome == "gone"


async def test_a_limit_passes_as_it_comes_with_the_time_to_wait() -> None:
    body = b'{"error": {"message": "Slow down.",  "type": "tokens", "param": null, "code": "rate_limit_exceeded"}}'
    limited = Reply(status=429, body=body, headers={"retry-after": "7", "x-request-id": "r1", "set-cookie": "a=b"})
    async with Upstream(lambda _: limited) as url, gateway(World(accounts=accounts(url), chosen=OPENAI)) as served:
        same = await served.post("/v1/chat/completions", {"messages": HI})
        assert (same.status_code, same.content, same.headers["retry-after"]) == (429, body, "7")
        assert same.headers["x-request-id"] == "r1"
        assert "set-cookie" not in same.headers
        with pytest.raises(anthropic.RateLimitError, match="Slow down") as caught:
            await served.anthropic.messages.create(model="m", max_tokens=9, messages=HI)
        assert caught.value.response.headers["retry-after"] == "7"
        with pytest.raises(ollama.ResponseError, match="Slow down") as told:
            await served.ollama.chat(model="m", messages=HI)
        assert told.value.status_code == 429
        assert {it.outcome for it in await served.quiet()} == {"limited"}


@pytest.mark.parametrize("path", list(ROUTES))
async def test_a_page_instead_of_an_error_becomes_a_sentence(path: str) -> None:
    page = Reply(status=502, body=b"<html>Bad gateway</html>", headers={"content-type": "text/html"})
    async with Upstream(lambda _: page) as url, gateway(World(accounts=accounts(url), chosen=OPENAI)) as served:
        answer = await served.post(path, ROUTES[path])
        assert answer.status_code == 502
        assert message(path, answer.json()) == "The provider answered with status 502."
        assert (await served.last()).outcome == "unreachable"


@pytest.mark.parametrize("path", list(ROUTES))
async def test_a_server_that_does_not_run_is_said_to_be_started(path: str) -> None:
    async with gateway(World(accounts=accounts(NOWHERE), chosen=AT[Dialect.OLLAMA])) as served:
        answer = await served.post(path, ROUTES[path])
        assert answer.status_code == 503
        sentence = message(path, answer.json())
        assert sentence.startswith("Ollama is not running (Nothing answers at 127.0.0.1:9). Start it, or click")
        assert (await served.last()).outcome == "not-running"


async def test_one_that_says_nothing_is_given_up_with_504() -> None:
    async with Upstream(lambda _: Reply(delay=60)) as url:
        world = World(accounts=accounts(url), chosen=OPENAI)
        async with gateway(world, patience=Patience(silence=0.2)) as served:
            answer = await served.post("/v1/chat/completions", {"messages": HI})
            assert answer.status_code == 504
            assert "OpenAI – work does not answer (127.0.0.1:" in answer.json()["error"]["message"]


async def test_our_own_address_is_never_asked() -> None:
    world = World(accounts={}, chosen=ModelRef("self", "x"))
    async with gateway(world) as served:
        for host in ("127.0.0.1", "localhost", "[::1]"):
            world.accounts = {"self": Account("self", "openai-compatible", "", f"http://{host}:{served.door.port}/v1")}
            answer = await served.post("/v1/chat/completions", {"messages": HI})
            assert answer.status_code == 400
            assert "points at trayapp itself" in answer.text


async def test_a_provider_of_another_language_is_said_to_be_out_of_reach() -> None:
    world = World(accounts={"copy": Account("copy", "replicate")}, chosen=ModelRef("copy", "meta/llama"))
    async with gateway(world) as served:
        with pytest.raises(openai.BadRequestError, match="cannot be reached through the gateway"):
            await served.openai.chat.completions.create(model="m", messages=HI)


async def test_what_cannot_be_carried_is_refused_with_its_field() -> None:
    async with Upstream(upstream()) as url, gateway(World(accounts=accounts(url), chosen=CLAUDE)) as served:
        with pytest.raises(openai.BadRequestError) as caught:
            await served.openai.chat.completions.create(model="m", messages=HI, extra_body={"modalities": ["audio"]})
        assert caught.value.param == "modalities"
        assert "cannot be carried to the chosen model" in caught.value.message
        assert (await served.last()).outcome == "bad-input"


async def test_an_earlier_response_is_only_known_to_who_gave_it() -> None:
    server = Upstream(upstream())
    async with server as url, gateway(World(accounts=accounts(url), chosen=OPENAI)) as served:
        await served.openai.responses.create(model="m", input="Hi", previous_response_id="resp_1")
        assert said(server.requests[-1])["previous_response_id"] == "resp_1"
        served.world.chosen = CLAUDE
        with pytest.raises(openai.BadRequestError, match="send the whole conversation"):
            await served.openai.responses.create(model="m", input="Hi", previous_response_id="resp_1")


@pytest.mark.parametrize("path", list(ROUTES))
async def test_a_body_that_is_no_request_is_refused_in_words(path: str) -> None:
    async with gateway(World(accounts=accounts(NOWHERE), chosen=OPENAI)) as served:
        for body in (b"", b"{", b"[]", b'{"model": 3}', b'{"model": "a", "model": "b"}', b'{"stream": "yes"}'):
            answer = await served.post(path, body)
            assert answer.status_code == 400, body
            assert message(path, answer.json()).endswith(".")


async def test_a_compressed_request_is_read_and_an_unknown_coding_refused() -> None:
    async with Upstream(upstream()) as url, gateway(World(accounts=accounts(url), chosen=OPENAI)) as served:
        packed = gzip.compress(json.dumps({"messages": HI}).encode())
        good = await served.post("/v1/chat/completions", packed, **{"content-encoding": "gzip"})
        assert good.status_code == 200
        bad = await served.post("/v1/chat/completions", packed, **{"content-encoding": "br"})
        assert (bad.status_code, bad.headers["accept-encoding"]) == (415, "gzip, deflate, identity")


async def test_a_compressed_answer_passes_unread_and_its_tokens_are_unknown() -> None:
    body = wire.WHOLE[Dialect.OPENAI](wire.ANSWERS["text"])
    async with Upstream(lambda _: Reply(body=body, gzip=True)) as url:
        async with gateway(World(accounts=accounts(url), chosen=OPENAI)) as served:
            answer = await served.post("/v1/chat/completions", {"messages": HI})
            assert (answer.headers["content-encoding"], answer.content) == ("gzip", body)
            last = await served.last()
            assert (last.input, last.output, last.cost, last.outcome) == (None, None, None, "ok")
            translated = await served.post("/v1/messages", {"messages": HI, "max_tokens": 5})
            assert translated.status_code == 502
            assert (await served.last()).outcome == "garbled"


# In mid-stream


@pytest.mark.parametrize("how", [cut, ended])
@pytest.mark.parametrize("path", list(STREAMED))
@pytest.mark.parametrize("dialect", list(AT))
async def test_an_answer_that_breaks_off_ends_with_an_error_of_the_callers_dialect(
    path: str, dialect: Dialect, how: Any
) -> None:
    if path == "/v1/completions" and dialect is Dialect.OLLAMA:
        return  # one event only: there is no half of it
    async with streaming(how) as front, gateway(World(accounts=accounts(front.url), chosen=AT[dialect])) as served:
        body = json.dumps(STREAMED[path]).encode()
        answer = await served.door.says(served.door.request(path=path, body=body))
        assert answer.startswith(b"HTTP/1.1 200")
        assert not answer.endswith(b"0\r\n\r\n")  # nobody takes it for whole
        *_, last = [it for it in answer.split(b"\n") if b"{" in it]
        told = json.loads(last[last.index(b"{") :])
        if path == "/v1/responses":
            assert told["type"] in ("error", "response.failed")
        elif path == "/v1/messages":
            assert told["error"]["type"] == "api_error"
        assert "The provider ended the answer before it was complete." in last.decode()
        figures = await served.last()
        assert (figures.outcome, figures.streamed) == ("cut", True)


@pytest.mark.parametrize("how", [cut, ended])
@pytest.mark.parametrize("dialect", list(AT))
async def test_the_clients_raise_what_broke_off(dialect: Dialect, how: Any) -> None:
    async with streaming(how) as front, gateway(World(accounts=accounts(front.url), chosen=AT[dialect])) as served:
        async with await served.openai.chat.completions.create(model="m", messages=HI, stream=True) as chunks:
            assert "before it was complete" in await broken(chunks, openai.APIError)
        made = await served.anthropic.messages.create(model="m", messages=HI, max_tokens=9, stream=True)
        async with made as events:
            assert "before it was complete" in await broken(events, anthropic.APIStatusError)
        lines = await served.ollama.chat(model="m", messages=HI, stream=True)
        assert "before it was complete" in await broken(lines, ollama.ResponseError)


async def test_an_error_before_the_first_word_is_told_with_its_status() -> None:
    failed = wire.sse({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "error")
    async with Upstream(lambda _: Reply(body=failed, headers=SSE)) as url:
        async with gateway(World(accounts=accounts(url), chosen=CLAUDE)) as served:
            answer = await served.post("/v1/chat/completions", {"messages": HI, "stream": True})
            assert (answer.status_code, answer.json()["error"]["message"]) == (529, "Overloaded")
            same = await served.post("/v1/messages", {"messages": HI, "stream": True, "max_tokens": 9})
            assert (same.status_code, same.content) == (200, failed)
            assert (await served.last()).outcome == "cut"


async def test_a_whole_answer_in_place_of_a_stream_and_the_reverse_are_understood() -> None:
    async with Upstream(lambda _: words(Dialect.OPENAI, "text", False)) as url:
        async with gateway(World(accounts=accounts(url), chosen=OPENAI)) as served:
            stream = await served.anthropic.messages.create(model="m", messages=HI, max_tokens=9, stream=True)
            kinds = [event.type async for event in stream]
            assert kinds[-1] == "message_stop"
    async with Upstream(lambda _: words(Dialect.OPENAI, "text", True)) as url:
        async with gateway(World(accounts=accounts(url), chosen=OPENAI)) as served:
            answer = await served.anthropic.messages.create(model="m", messages=HI, max_tokens=9)
            assert answer.content[0].type == "text"
            assert answer.usage.output_tokens == 7


async def test_an_answer_that_cannot_be_read_is_said_to_be_so() -> None:
    async with Upstream(lambda _: Reply(body=b"It works!")) as url:
        async with gateway(World(accounts=accounts(url), chosen=CLAUDE)) as served:
            answer = await served.post("/v1/chat/completions", {"messages": HI})
            assert answer.status_code == 502
            assert "cannot be read" in answer.json()["error"]["message"]


def test_what_is_wrong_with_a_key_is_said_once() -> None:
    failure = Failure(Kind.NO_KEY, "up", "Up has no key yet. Add one in the settings.")
    assert sentence(failure, "Up").count("no key") == 1
