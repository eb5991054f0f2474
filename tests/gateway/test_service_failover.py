"""Another model stands in where the first fails: when, when not, for how long, and how it shows."""

from __future__ import annotations

from typing import Any

import anthropic
import openai
import pytest

from tests.gateway import wire
from tests.gateway.gateways import CLAUDE, OLLAMA, OPENAI, SSE, World, accounts, cut, gateway, streaming, upstream
from tests.support.clock import FakeClock
from tests.support.upstream import Reply, Sent, Upstream
from trayapp.core.accounts import Account
from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.models import ModelRef
from trayapp.core.settings import Settings
from trayapp.gateway.resolve import Routed

HI: Any = [{"role": "user", "content": "Hi"}]
SECOND = ModelRef("second", "other")
OTHERS = Settings(gateway_failover=("claude/big", "second/other"), gateway_cooldown=30)


def world(url: str, settings: Settings = OTHERS, **more: Any) -> World:
    made = World(accounts=accounts(url), chosen=OPENAI, settings=settings, **more)
    made.accounts["second"] = Account("second", "openai-compatible", "", f"{url}/second/v1")
    return made


def failing(status: int, *paths: str, body: Any = None, **headers: str) -> Any:
    """Answers well but for these paths."""

    def answer(sent: Sent) -> Reply:
        if sent.path in paths:
            said = body or {"error": {"message": "Not now."}}
            return Reply(status=status, body=said, headers=headers)
        return upstream()(Sent(sent.method, sent.target.removeprefix("/second"), sent.headers, sent.body))

    return answer


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", [401, 402, 429, 500, 502, 503, 529])
async def test_the_next_in_the_list_answers_and_it_shows(status: int, stream: bool) -> None:
    server = Upstream(failing(status, "/v1/chat/completions"))
    async with server as url, gateway(world(url)) as served:
        body = {"model": "gpt-x", "messages": HI, "stream": stream}
        answer = await served.post("/v1/chat/completions", body)
        assert answer.status_code == 200
        assert answer.headers["x-trayapp-model"] == str(CLAUDE)
        assert server.paths() == ["/v1/chat/completions", "/v1/messages"]
        assert served.world.served == [(str(CLAUDE), "failover")]
        (figures,) = await served.quiet()  # one request of the caller is one line
        assert (figures.provider, figures.model, figures.outcome, figures.input) == ("claude", "big", "ok", 20)
        assert bool(served.world.failed) is (status == 401)


@pytest.mark.parametrize("status", [400, 404, 413, 422])
async def test_what_the_caller_did_wrong_is_told_and_nobody_else_asked(status: int) -> None:
    server = Upstream(failing(status, "/v1/chat/completions"))
    async with server as url, gateway(world(url)) as served:
        answer = await served.post("/v1/chat/completions", {"model": "gpt-x", "messages": HI})
        assert (answer.status_code, answer.headers["x-trayapp-model"]) == (status, str(OPENAI))
        assert len(server.requests) == 1


async def test_a_model_asked_for_by_its_name_never_changes() -> None:
    server = Upstream(failing(503, "/v1/chat/completions"))
    async with server as url, gateway(world(url)) as served:
        with pytest.raises(openai.InternalServerError, match="Not now"):
            await served.openai.chat.completions.create(model="openai/big", messages=HI)
        assert len(server.requests) == 1


async def test_nothing_stands_in_unless_the_user_says_so() -> None:
    server = Upstream(failing(503, "/v1/chat/completions"))
    async with server as url, gateway(world(url, Settings())) as served:
        with pytest.raises(openai.InternalServerError, match="Not now"):
            await served.openai.chat.completions.create(model="gpt-x", messages=HI)
        assert len(server.requests) == 1


async def test_embeddings_never_change_their_model() -> None:
    server = Upstream(failing(503, "/v1/embeddings"))
    async with server as url, gateway(world(url, named={"embedding": Routed(OPENAI, "role embedding")})) as served:
        answer = await served.post("/v1/embeddings", {"model": "embedding", "input": "Hi"})
        assert answer.status_code == 503
        assert len(server.requests) == 1


async def test_a_role_in_the_list_stands_for_its_model_and_what_is_no_model_is_passed_over() -> None:
    settings = Settings(gateway_failover=("gone/x", "nonsense", "fast", "openai/big"))
    named = {"fast": Routed(OLLAMA, "role fast")}
    async with Upstream(failing(503, "/v1/chat/completions")) as url:
        async with gateway(world(url, settings, named=named)) as served:
            answer = await served.post("/v1/chat/completions", {"model": "gpt-x", "messages": HI})
            # Ollama has OpenAI's route at the same path, which fails as well
            assert answer.status_code == 503
            assert answer.headers["x-trayapp-model"] == str(OLLAMA)


async def test_where_all_fail_the_last_ones_words_are_told() -> None:
    everywhere = ("/v1/chat/completions", "/v1/messages", "/second/v1/chat/completions")
    server = Upstream(failing(503, *everywhere))
    async with server as url, gateway(world(url)) as served:
        answer = await served.post("/v1/chat/completions", {"model": "gpt-x", "messages": HI})
        assert (answer.status_code, answer.headers["x-trayapp-model"]) == (503, str(SECOND))
        assert answer.json() == {"error": {"message": "Not now."}}
        assert server.paths() == list(everywhere)
        (figures,) = await served.quiet()
        assert (figures.provider, figures.outcome) == ("second", "unreachable")


async def test_one_that_cannot_carry_the_request_is_passed_over() -> None:
    server = Upstream(failing(503, "/v1/chat/completions"))
    async with server as url, gateway(world(url)) as served:
        body = {"model": "gpt-x", "messages": HI, "modalities": ["text"], "audio": {"voice": "x"}}
        answer = await served.post("/v1/chat/completions", body)
        assert (answer.status_code, answer.headers["x-trayapp-model"]) == (200, str(SECOND))


async def test_an_account_that_failed_is_left_alone_for_a_while(clock: FakeClock) -> None:
    server = Upstream(failing(503, "/v1/chat/completions"))
    async with server as url, gateway(world(url), clock=clock) as served:
        body = {"model": "gpt-x", "messages": HI}
        for _ in range(3):
            assert (await served.post("/v1/chat/completions", body)).headers["x-trayapp-model"] == str(CLAUDE)
        assert server.paths().count("/v1/chat/completions") == 1
        clock.advance(31)
        await served.post("/v1/chat/completions", body)
        assert server.paths().count("/v1/chat/completions") == 2


async def test_the_provider_may_ask_for_a_longer_while(clock: FakeClock) -> None:
    limits = {"retry-after": "90"}
    server = Upstream(failing(429, "/v1/chat/completions", **limits))
    async with server as url, gateway(world(url), clock=clock) as served:
        for seconds in (0, 60, 31):
            clock.advance(seconds)
            await served.post("/v1/chat/completions", {"model": "gpt-x", "messages": HI})
        assert server.paths().count("/v1/chat/completions") == 2


async def test_while_all_are_left_alone_the_first_is_asked() -> None:
    everywhere = ("/v1/chat/completions", "/v1/messages", "/second/v1/chat/completions")
    server = Upstream(failing(503, *everywhere))
    async with server as url, gateway(world(url)) as served:
        for _ in range(2):
            await served.post("/v1/chat/completions", {"model": "gpt-x", "messages": HI})
        assert server.paths() == [*everywhere, "/v1/chat/completions"]


async def test_a_key_that_cannot_be_read_is_no_reason_to_stop() -> None:
    async with Upstream(upstream()) as url:
        made = world(url, Settings(gateway_failover=("ollama/big",)))
        made.trouble = ProviderError(Failure(Kind.LOCKED, "openai"))
        async with gateway(made) as served:
            answer = await served.post("/v1/chat/completions", {"model": "gpt-x", "messages": HI})
            assert (answer.status_code, answer.headers["x-trayapp-model"]) == (200, str(OLLAMA))


async def test_an_error_before_the_first_word_of_a_stream_may_still_pass_on() -> None:
    failed = wire.sse({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "error")

    def answer(sent: Sent) -> Reply:
        return Reply(body=failed, headers=SSE) if sent.path == "/v1/messages" else upstream()(sent)

    async with Upstream(answer) as url:
        made = world(url, Settings(gateway_failover=("ollama/big",)))
        made.chosen = CLAUDE
        async with gateway(made) as served:
            answer_ = await served.post("/v1/chat/completions", {"model": "x", "messages": HI, "stream": True})
            assert (answer_.status_code, answer_.headers["x-trayapp-model"]) == (200, str(OLLAMA))


async def test_after_the_first_byte_nobody_else_is_asked() -> None:
    async with streaming(cut) as front:
        async with gateway(world(front.url)) as served:
            async with await served.anthropic.messages.create(
                model="gpt-x", messages=HI, max_tokens=9, stream=True
            ) as stream:
                with pytest.raises(anthropic.APIStatusError, match="before it was complete"):
                    [_ async for _ in stream]
            assert len(front.log) == 1
            assert served.world.served == [(str(OPENAI), "tray")]


async def test_an_account_that_is_switched_off_or_unknown_stands_in_for_nobody() -> None:
    settings = Settings(gateway_failover=("off/x", "future/x", "claude/big"))
    async with Upstream(failing(503, "/v1/chat/completions")) as url:
        made = world(url, settings)
        made.accounts["off"] = Account("off", "openai-compatible", "", f"{url}/v1", enabled=False)
        made.accounts["future"] = Account("future", "of-the-future")
        async with gateway(made) as served:
            answer = await served.post("/v1/chat/completions", {"model": "gpt-x", "messages": HI})
            assert (answer.status_code, answer.headers["x-trayapp-model"]) == (200, str(CLAUDE))


async def test_where_the_others_cannot_be_asked_the_first_ones_trouble_is_told() -> None:
    async with Upstream(failing(503, "/v1/chat/completions")) as url:
        made = world(url, Settings(gateway_failover=("future/x",)))
        made.accounts["future"] = Account("future", "of-the-future")
        async with gateway(made) as served:
            answer = await served.post("/v1/chat/completions", {"model": "gpt-x", "messages": HI})
            assert (answer.status_code, answer.headers["x-trayapp-model"]) == (503, str(OPENAI))
            assert answer.json() == {"error": {"message": "Not now."}}


async def test_a_key_that_is_refused_with_another_status_than_401_is_refused_all_the_same() -> None:
    # xAI says 400, and what it says is in its row
    refusal = {"code": "invalid argument", "error": "Incorrect API key provided: xa***cd."}
    server = Upstream(failing(400, "/v1/chat/completions", body=refusal))
    async with server as url:
        made = world(url, Settings(gateway_failover=("claude/big",)))
        made.accounts["openai"] = Account("openai", "xai", "", f"{url}/v1")
        async with gateway(made) as served:
            answer = await served.post("/v1/chat/completions", {"model": "gpt-x", "messages": HI})
            assert (answer.status_code, answer.headers["x-trayapp-model"]) == (200, str(CLAUDE))
            assert [(it.kind, it.provider) for it in made.failed] == [(Kind.REFUSED, "openai")]
