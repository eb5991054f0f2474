"""Ollama on both sides: who keeps a model loaded, what is kept from it, and errors that it hides in a good answer."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import anthropic
import ollama
import openai
import pytest
from msgspec.structs import replace

from tests.gateway.gateways import CLAUDE, Served, World, accounts, gateway, upstream
from tests.support.clock import FakeClock
from tests.support.ollama import FakeModel, FakeOllama, cloud
from tests.support.upstream import Reply, Sent, Upstream
from trayapp.core.accounts import Account
from trayapp.core.models import ModelRef
from trayapp.core.settings import Settings

HI: Any = [{"role": "user", "content": "Hi"}]
LLAMA = ModelRef("ollama", "llama3.2")
HONOUR = Settings(gateway_keep_alive="honour")
PATHS = ("/v1/chat/completions", "/v1/responses", "/v1/messages", "/api/chat", "/api/generate")


def model(**more: Any) -> FakeModel:
    return FakeModel(name="llama3.2", load=0.01, prompt=0.01, **{"answer": 0.04, **more})


def at(server: FakeOllama, **more: Any) -> World:
    return World(accounts={"ollama": Account("ollama", "ollama", "", server.url)}, chosen=LLAMA, **more)


async def asked(served: Served, path: str, **more: Any) -> Any:
    words = {"/api/generate": {"prompt": "Hi"}, "/v1/responses": {"input": "Hi"}}.get(path, {"messages": HI})
    return await served.post(
        path,
        {"model": "x", "max_tokens": 9, **words, **more} if "messages" in path else {"model": "x", **words, **more},
    )


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", PATHS)
async def test_every_request_is_made_room_for_and_counted_as_busy_until_it_ends(path: str, stream: bool) -> None:
    async with FakeOllama(model()) as server, gateway(at(server)) as served:
        answer = await asked(served, path, stream=stream)
        assert answer.status_code == 200, answer.text
        figures = await served.last()
        assert served.world.was_busy == ["ollama/llama3.2"]
        assert (figures.outcome, figures.streamed) == ("ok", stream)
        # the fake does not tell the tokens of this stream
        assert figures.output or (stream and path == PATHS[0])
        # asked for in the caller's own dialect: Ollama speaks all of them
        assert [it.path for it in server.log] == [path]


@pytest.mark.parametrize(("settings", "kept"), [(Settings(), None), (HONOUR, "10m")])
@pytest.mark.parametrize("path", PATHS[3:])
async def test_a_tools_own_time_is_left_out_or_passed_on_as_set(
    path: str, settings: Settings, kept: str | None
) -> None:
    async with FakeOllama(model()) as server, gateway(at(server, settings=settings)) as served:
        await asked(served, path, keep_alive="10m", stream=False, options={"num_ctx": 512}, odd=[10**30])
        body = server.log[-1].json
        assert body.get("keep_alive") == kept
        assert (body["options"], body["odd"]) == ({"num_ctx": 512}, [10**30])  # everything else passes


@pytest.mark.parametrize("path", PATHS[3:])
async def test_a_request_without_a_prompt_loads_through_us_and_never_sets_a_time(path: str) -> None:
    async with FakeOllama(model()) as server, gateway(at(server)) as served:
        answer = await served.post(path, {"model": "x", "keep_alive": -1})
        assert (answer.status_code, answer.json()["done_reason"]) == (200, "load")
        assert served.world.was_busy == ["ollama/llama3.2"]
        assert server.loaded == ["llama3.2:latest"]
        assert "keep_alive" not in server.log[-1].json


@pytest.mark.parametrize("keep", [0, "0", "0s", "0m", 0.0])
async def test_one_that_asks_to_unload_changes_nothing_unless_tools_may(keep: Any) -> None:
    async with FakeOllama(model()) as server, gateway(at(server)) as served:
        answer = await served.post("/api/generate", {"model": "x", "keep_alive": keep})
        assert (answer.status_code, answer.json()["done_reason"]) == (200, "unload")
        assert server.log == []
        served.world.settings = HONOUR
        await served.post("/api/generate", {"model": "x", "keep_alive": keep})
        assert server.log[-1].json["keep_alive"] == keep


async def test_models_elsewhere_need_no_loading() -> None:
    server = Upstream(upstream())
    async with server as url, gateway(World(accounts=accounts(url), chosen=CLAUDE)) as served:
        for path in ("/api/chat", "/api/generate"):
            answer = await served.post(path, {"model": "llama3", "keep_alive": "5m"})
            assert (answer.json()["done_reason"], answer.json()["model"]) == ("load", "llama3")
        answer = await served.post("/api/embed", {"model": "openai/text-embed"})
        assert answer.json()["embeddings"] == []
        assert server.requests == []
        assert [it.outcome for it in await served.quiet()] == ["ok"] * 3


async def test_nothing_that_a_caller_sends_besides_its_question_reaches_it() -> None:
    async with FakeOllama(model()) as server, gateway(at(server)) as served:
        await served.post(
            "/api/chat",
            {"model": "x", "messages": HI, "stream": False},
            **{
                "x-api-key": "sk-ant-secret-1",
                "cookie": "a=b",
                "x-odd": "1",
                "openai-organization": "o",
                "user-agent": "Zed/1",
            },
        )
        sent = server.log[-1].headers
        assert not {"authorization", "x-api-key", "cookie", "x-odd", "openai-organization"} & set(sent)
        assert sent["user-agent"].startswith("trayapp/")
        assert sent["accept-encoding"] == "identity"
        assert "sk-" not in json.dumps(sent)


@pytest.mark.parametrize("clean", [False, True])
async def test_a_model_that_dies_in_mid_stream_is_told_in_every_dialect(clean: bool) -> None:
    async with FakeOllama(model(answer=2.0, tokens=20)) as server, gateway(at(server)) as served:

        async def killed(stream: Any, error: type[Exception]) -> str:
            number, told = 0, ""
            try:
                async for _ in stream:
                    number += 1
                    if number == 3:
                        server.kill_runner("llama3.2", clean=clean)
            except error as exc:
                told = str(exc)
            await asyncio.sleep(0)
            return told

        async with await served.openai.chat.completions.create(model="x", messages=HI, stream=True) as chunks:
            assert "before it was complete" in await killed(chunks, openai.APIError)
        made = await served.anthropic.messages.create(model="x", messages=HI, max_tokens=99, stream=True)
        async with made as events:
            assert "before it was complete" in await killed(events, anthropic.APIStatusError)
        lines = await served.ollama.chat(model="x", messages=HI, stream=True)
        told = await killed(lines, ollama.ResponseError)
        assert ("before it was complete" if clean else "while running the model") in told
        assert [it.outcome for it in await served.quiet()] == ["cut"] * 3


async def test_a_model_that_dies_before_a_whole_answer_is_told_with_its_words() -> None:
    async with FakeOllama(model(oom=True)) as server, gateway(at(server)) as served:
        for path in PATHS:
            answer = await asked(served, path, stream=False)
            assert answer.status_code == 500
            assert "out of memory" in answer.text
        assert {it.outcome for it in await served.quiet()} == {"unreachable"}


@pytest.mark.parametrize("stream", [False, True])
async def test_an_older_server_is_translated_for_where_it_lacks_a_route(stream: bool) -> None:
    async with FakeOllama(model(), version="0.9.0") as server, gateway(at(server)) as served:
        for path, route in (("/v1/responses", "/v1/responses"), ("/v1/messages", "/v1/messages")):
            server.log.clear()
            for _ in range(2):
                answer = await asked(served, path, stream=stream)
                assert answer.status_code == 200, answer.text
                assert (await served.last()).outcome == "ok"
            # found out once, remembered for a while
            assert [it.path for it in server.log] == [route, "/api/chat", "/api/chat"]


async def test_a_route_that_was_missing_is_asked_for_again_when_the_server_may_be_a_newer_one(
    clock: FakeClock,
) -> None:
    async with FakeOllama(model(), version="0.9.0") as server, gateway(at(server), clock=clock) as served:
        for seconds, asked_for in ((0, ["/v1/messages", "/api/chat"]), (599, ["/api/chat"]), (2, ["/v1/messages"])):
            clock.advance(seconds)
            server.log.clear()
            assert (await asked(served, "/v1/messages")).status_code == 200
            assert [it.path for it in server.log][: len(asked_for)] == asked_for


async def test_a_model_that_is_not_there_is_said_with_ollamas_words() -> None:
    async with FakeOllama(model()) as server:
        world = at(server)
        world.chosen = replace(LLAMA, model="nope")
        async with gateway(world) as served:
            for path in PATHS:
                answer = await asked(served, path, stream=False)
                assert answer.status_code == 404
                assert "Ollama has no model “nope” (model 'nope' not found)" in answer.text
            assert {it.path for it in server.log} == set(PATHS)


async def test_a_cloud_model_that_nobody_is_signed_in_for_is_no_refused_key() -> None:
    async with FakeOllama(cloud("gpt-oss:cloud"), cloud="signed-out") as server:
        world = at(server)
        world.chosen = ModelRef("ollama", "gpt-oss:cloud")
        async with gateway(world) as served:
            answer = await asked(served, "/v1/chat/completions", stream=False)
            assert answer.status_code == 401
            assert "does not allow this" in answer.json()["error"]["message"]
            assert world.failed == []


@pytest.mark.parametrize("path", ["/v1/responses", "/v1/messages"])
async def test_an_older_lm_studio_that_hides_a_missing_route_is_translated_for(path: str) -> None:
    def answer(sent: Sent) -> Reply:
        if sent.path != "/v1/chat/completions":
            return Reply(body={"error": f"Unexpected endpoint or method. (POST {sent.path})"})
        return upstream()(sent)

    server = Upstream(answer)
    async with server as url:
        world = World(accounts={"lms": Account("lms", "lmstudio", "", url)}, chosen=ModelRef("lms", "qwen"))
        async with gateway(world) as served:
            for _ in range(2):
                assert (await asked(served, path)).status_code == 200
            assert server.paths() == [path, "/v1/chat/completions", "/v1/chat/completions"]
