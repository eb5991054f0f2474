"""LM Studio is asked by the routes that its version has, and its answers are not taken at their word."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.support.clock import FakeClock
from tests.support.tls import tls
from tests.support.upstream import Answering, Reply, Sent, Upstream
from trayapp.core.errors import Kind, ProviderError
from trayapp.local.lmstudio import LMStudio, same
from trayapp.local.residency import NEVER, Installed, Seen, ServerState, Standing
from trayapp.system.lms import Use

GEMMA = "google/gemma-4-26b-a4b"
ROW = {
    "type": "llm",
    "key": GEMMA,
    "size_bytes": 17990911801,
    "loaded_instances": [
        {"id": GEMMA, "config": {"context_length": 4096}},
        {"id": f"{GEMMA}:2", "config": {"context_length": 8192}},
    ],
}
EMBED = {"type": "embedding", "key": "nomic", "size_bytes": 84, "loaded_instances": []}
V1 = Reply(body={"models": [ROW, EMBED]})
DOWNLOADED: Mapping[str, Answering] = {
    "/api/v1/models": Reply(body={"models": [{**ROW, "loaded_instances": []}, EMBED]})
}
V0 = Reply(
    body={
        "object": "list",
        "data": [
            {"id": "qwen2-vl-7b", "type": "vlm", "state": "not-loaded"},
            {"id": "llama-3.1-8b", "type": "llm", "state": "loaded", "max_context_length": 131072},
            {"id": "nomic", "type": "embeddings", "state": "not-loaded"},
        ],
    }
)
NO_ROUTE = Reply(body={"error": "Unexpected endpoint or method. (GET /x)"})
SEEN = Seen(GEMMA, f"{GEMMA}:2")
MODEL = Installed(GEMMA, GEMMA)


class Tool:
    """Stands in for the command line tool."""

    def __init__(self, *says: Mapping[str, Use] | None) -> None:
        self.says = list(says)
        self.asked = 0

    async def __call__(self) -> Mapping[str, Use] | None:
        self.asked += 1
        return self.says[min(self.asked, len(self.says)) - 1]


@asynccontextmanager
async def server(
    routes: Mapping[str, Answering], clock: FakeClock, tool: Tool | None = None
) -> AsyncIterator[tuple[LMStudio, Upstream]]:
    upstream = Upstream(lambda sent: _answer(routes, sent))
    async with upstream as url, httpx.AsyncClient(verify=tls()) as http:

        async def client() -> httpx.AsyncClient:
            return http

        yield LMStudio(client, url, clock, uses=tool), upstream


def _answer(routes: Mapping[str, Answering], sent: Sent) -> Reply:
    """As LM Studio does it: what it does not know is answered with 200."""
    answering = routes.get(sent.path, NO_ROUTE)
    if callable(answering):
        return answering(sent)
    return answering if isinstance(answering, Reply) else answering[0]


def bodies(upstream: Upstream) -> list[tuple[str, Any]]:
    return [(it.path, json.loads(it.body)) for it in upstream.requests if it.method == "POST"]


# -- who is there -----------------------------------------------------------------------------------


@pytest.mark.parametrize("routes", [{"/api/v1/models": V1}, {"/api/v0/models": V0}], ids=["v1", "v0"])
async def test_either_list_tells_that_it_runs(clock: FakeClock, routes: Mapping[str, Answering]) -> None:
    async with server(routes, clock) as (it, _):
        assert await it.stand() == Standing(ServerState.RUNNING)


async def test_an_older_one_with_nothing_installed_runs(clock: FakeClock) -> None:
    async with server({"/api/v0/models": Reply(body={"object": "list", "data": []})}, clock) as (it, _):
        assert (await it.stand()).state is ServerState.RUNNING


async def test_one_without_either_list_is_too_old(clock: FakeClock) -> None:
    async with server({}, clock) as (it, _):
        stands = await it.stand()
    assert stands.state is ServerState.TOO_OLD
    assert "0.3.6" in stands.detail


async def test_one_that_wants_a_token_says_so(clock: FakeClock) -> None:
    words = "An LM Studio API token is required"
    async with server({"/api/v1/models": Reply(status=401, body={"error": {"message": words}})}, clock) as (it, _):
        assert await it.stand() == Standing(ServerState.REFUSING, detail=words)


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (Reply(status=403, body=b""), ServerState.REFUSING),
        (Reply(status=401, body={"error": "who are you?"}), ServerState.UNREACHABLE),
        (Reply(status=503, body=b"busy"), ServerState.UNREACHABLE),
    ],
)
async def test_what_stands_in_front_of_it_is_not_taken_for_it(
    clock: FakeClock, reply: Reply, state: ServerState
) -> None:
    """Nothing here greets as LM Studio does."""
    routes = dict.fromkeys(("/api/v1/models", "/api/v0/models"), reply)
    async with Upstream(routes) as url, httpx.AsyncClient(verify=tls()) as http:

        async def client() -> httpx.AsyncClient:
            return http

        assert (await LMStudio(client, url, clock).stand()).state is state


async def test_ollama_on_its_port_is_named(clock: FakeClock) -> None:
    async with Upstream({"/api/version": Reply(body={"version": "0.33.0"})}) as url, httpx.AsyncClient() as http:

        async def client() -> httpx.AsyncClient:
            return http

        assert await LMStudio(client, url, clock).stand() == Standing(ServerState.WRONG_PROGRAM, detail="Ollama")


async def test_nobody_at_home_is_a_state(clock: FakeClock) -> None:
    async with httpx.AsyncClient(verify=tls()) as http:

        async def client() -> httpx.AsyncClient:
            return http

        async with Upstream({}) as url:
            pass
        assert (await LMStudio(client, url, clock).stand()).state is ServerState.NOT_RUNNING


# -- what is in memory ------------------------------------------------------------------------------


async def test_each_instance_is_a_model_in_memory(clock: FakeClock) -> None:
    async with server({"/api/v1/models": V1}, clock) as (it, _):
        assert await it.loaded() == (
            Seen(GEMMA, GEMMA, 17990911801, context=4096),
            Seen(GEMMA, f"{GEMMA}:2", 17990911801, context=8192),
        )
        assert not it.says_use


async def test_an_instance_without_a_name_that_could_be_told_is_left_out(clock: FakeClock) -> None:
    instances = [{"id": id} for id in (7, " ", "a\nb", "mine")]
    row = {"key": "qwen", "loaded_instances": [*instances, {}]}
    async with server({"/api/v1/models": Reply(body={"models": [row]})}, clock) as (it, _):
        assert await it.loaded() == (Seen("qwen", "mine"),)


async def test_a_row_without_a_name_that_could_be_told_is_left_out(clock: FakeClock) -> None:
    rows = [{"size_bytes": 3}, {"key": 7}, {"key": " "}, {"key": "a\nb"}, {"id": "qwen"}]
    async with server({"/api/v1/models": Reply(body={"models": rows})}, clock) as (it, _):
        assert [model.name for model in await it.installed()] == ["qwen"]


async def test_the_older_list_says_it_with_a_state(clock: FakeClock) -> None:
    async with server({"/api/v0/models": V0}, clock) as (it, _):
        assert await it.loaded() == (Seen("llama-3.1-8b", "llama-3.1-8b"),)
        assert [(model.name, model.embedding) for model in await it.installed()] == [
            ("qwen2-vl-7b", False),
            ("llama-3.1-8b", False),
            ("nomic", True),
        ]


async def test_the_tool_adds_when_each_was_used(clock: FakeClock) -> None:
    tool = Tool({GEMMA: Use(used=100.0, ttl=60.0, busy=False), f"{GEMMA}:2": Use(busy=True, remote=True)})
    async with server({"/api/v1/models": V1}, clock, tool) as (it, _):
        first, second = await it.loaded()
        assert it.says_use
    assert (first.used, first.expires, first.busy, first.context) == (100.0, 160.0, False, 4096)
    assert (second.used, second.expires, second.busy, second.remote) == (None, NEVER, True, True)


async def test_its_word_counts_only_while_it_knows_every_model(clock: FakeClock) -> None:
    both = {GEMMA: Use(used=1.0), f"{GEMMA}:2": Use(used=1.0)}
    tool = Tool(both, {GEMMA: Use(used=1.0)}, both, None)
    async with server({"/api/v1/models": V1}, clock, tool) as (it, _):
        said = []
        for _ in range(4):
            await it.loaded()
            said.append(it.says_use)
    assert said == [True, False, True, False]


async def test_the_tool_is_left_alone_while_nothing_is_loaded_or_nobody_answers(clock: FakeClock) -> None:
    tool = Tool({})
    async with server({"/api/v1/models": Reply(body={"models": [EMBED]})}, clock, tool) as (it, _):
        assert await it.loaded() == ()
    with pytest.raises(ProviderError):
        await it.loaded()
    assert tool.asked == 0


async def test_the_tool_of_this_computer_knows_nothing_of_another_one(clock: FakeClock) -> None:
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200, json={"models": [ROW]})))

    async def client() -> httpx.AsyncClient:
        return http

    tool = Tool({GEMMA: Use(used=1.0)})
    it = LMStudio(client, "http://192.168.15.14:1234/v1", clock, uses=tool)
    assert len(await it.loaded()) == 2
    assert (tool.asked, it.says_use) == (0, False)


@pytest.mark.parametrize(
    ("routes", "kind"),
    [
        ({}, Kind.GONE),
        ({"/api/v1/models": Reply(body=b"<html>")}, Kind.GARBLED),
        ({"/api/v1/models": Reply(status=500, body={"error": "x"})}, Kind.UNREACHABLE),
    ],
)
async def test_what_is_no_list_is_an_error(clock: FakeClock, routes: Mapping[str, Answering], kind: Kind) -> None:
    async with server(routes, clock) as (it, _):
        for call in (it.loaded(), it.installed()):
            with pytest.raises(ProviderError) as caught:
                await call
            assert caught.value.failure.kind is kind


async def test_what_is_installed_has_its_size_and_kind(clock: FakeClock) -> None:
    async with server({"/api/v1/models": V1}, clock) as (it, _):
        assert await it.installed() == (
            Installed(GEMMA, GEMMA, 17990911801),
            Installed("nomic", "nomic", 84, embedding=True),
        )


# -- load and unload --------------------------------------------------------------------------------


async def test_where_the_last_use_is_known_the_load_route_is_taken(clock: FakeClock) -> None:
    routes = {**DOWNLOADED, "/api/v1/models/load": Reply(body={"instance_id": GEMMA, "status": "loaded"})}
    async with server(routes, clock, Tool({})) as (it, upstream):
        await it.load(MODEL, 120)
    assert bodies(upstream) == [("/api/v1/models/load", {"model": GEMMA})]


@pytest.mark.parametrize("tool", [None, Tool(None)], ids=["no tool", "a tool that does not answer"])
async def test_else_one_token_is_asked_for_and_the_server_lets_the_model_go(
    clock: FakeClock, tool: Tool | None
) -> None:
    async with server(
        {**DOWNLOADED, "/v1/chat/completions": Reply(body={"model": GEMMA, "choices": []})}, clock, tool
    ) as (
        it,
        up,
    ):
        await it.load(MODEL, 119.2)
    ((path, body),) = bodies(up)
    assert path == "/v1/chat/completions"
    assert (body["model"], body["max_tokens"], body["ttl"], body["stream"]) == (GEMMA, 1, 120, False)


async def test_an_embedding_model_is_asked_for_an_embedding(clock: FakeClock) -> None:
    async with server({**DOWNLOADED, "/v1/embeddings": Reply(body={"model": "nomic", "data": []})}, clock) as (
        it,
        upstream,
    ):
        await it.load(Installed("nomic", "nomic", embedding=True), 0)
    assert bodies(upstream) == [("/v1/embeddings", {"model": "nomic", "input": "hi", "ttl": 1})]


async def test_a_version_without_the_load_route_gets_the_other_request(clock: FakeClock) -> None:
    routes = {**DOWNLOADED, "/v1/chat/completions": Reply(body={"model": GEMMA, "choices": []})}
    async with server(routes, clock, Tool({})) as (it, upstream):
        await it.load(MODEL, NEVER)
    assert [path for path, _ in bodies(upstream)] == ["/api/v1/models/load", "/v1/chat/completions"]
    assert bodies(upstream)[1][1]["ttl"] == 2**31 - 1


async def test_another_model_that_answers_in_its_place_is_noticed(clock: FakeClock) -> None:
    async with server(
        {**DOWNLOADED, "/v1/chat/completions": Reply(body={"model": "qwen2.5-7b", "choices": []})}, clock
    ) as (it, _):
        with pytest.raises(ProviderError) as caught:
            await it.load(MODEL, 60)
    assert caught.value.failure.kind is Kind.GONE
    assert "qwen2.5-7b" in caught.value.failure.detail


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (
            Reply(status=404, body={"error": {"message": "No models loaded. Please load a model", "param": "model"}}),
            "No models loaded.",
        ),
        (Reply(body={"error": "Failed to load model"}), "Failed to load model"),
        (
            Reply(
                status=400,
                body={"error": {"message": "Model loading was stopped due to insufficient system resources."}},
            ),
            "There is not enough memory",
        ),
        (Reply(status=500, body=b""), "500"),
    ],
)
async def test_a_load_that_failed_is_said_in_the_server_s_words(clock: FakeClock, reply: Reply, words: str) -> None:
    async with server({**DOWNLOADED, "/v1/chat/completions": reply}, clock) as (it, _):
        with pytest.raises(ProviderError) as caught:
            await it.load(MODEL, 60)
    assert words in caught.value.failure.detail


@pytest.mark.parametrize(
    ("first", "second", "one"),
    [
        (GEMMA, GEMMA, True),
        (GEMMA, f"{GEMMA}:2", True),
        (GEMMA, f"{GEMMA}@q4_k_m", True),
        (GEMMA, "gemma-4-26b-a4b", True),
        ("Qwen", "qwen", True),
        ("qwen2.5-7b", "qwen2.5-14b", False),
        ("google/gemma", "google/gemma-2", False),
    ],
)
def test_instances_and_variants_are_one_model(first: str, second: str, one: bool) -> None:
    assert same(first, second) is one
    assert same(second, first) is one


async def test_a_server_that_is_not_there_is_not_started_by_asking_the_tool(clock: FakeClock) -> None:
    def refused(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    http = httpx.AsyncClient(transport=httpx.MockTransport(refused))

    async def client() -> httpx.AsyncClient:
        return http

    tool = Tool({})
    with pytest.raises(ProviderError) as caught:
        await LMStudio(client, "http://127.0.0.1:1234", clock, uses=tool).load(MODEL, 60)
    assert caught.value.failure.kind is Kind.NOT_RUNNING
    assert tool.asked == 0


async def test_unloading_names_the_instance(clock: FakeClock) -> None:
    routes = {"/api/v1/models/unload": Reply(body={"instance_id": SEEN.name})}
    async with server(routes, clock) as (it, upstream):
        await it.unload(SEEN)
    assert bodies(upstream) == [("/api/v1/models/unload", {"instance_id": SEEN.name})]


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(status=404, body={"error": {"message": "x"}}), Kind.GONE),
        (Reply(status=400, body={"error": {"message": "Model instance not found"}}), Kind.GONE),
        (Reply(body={"error": "No model instance with that id is loaded"}), Kind.GONE),
        (NO_ROUTE, Kind.FORBIDDEN),
        (Reply(status=500, body={"error": "not found a way"}), Kind.UNREACHABLE),
        (Reply(body={"error": "it broke"}), Kind.GARBLED),
    ],
)
async def test_what_cannot_be_unloaded_is_told_apart(clock: FakeClock, reply: Reply, kind: Kind) -> None:
    async with server({"/api/v1/models/unload": reply}, clock) as (it, _):
        with pytest.raises(ProviderError) as caught:
            await it.unload(SEEN)
    assert caught.value.failure.kind is kind


async def test_a_model_on_a_linked_computer_is_never_touched_and_a_lease_is_nothing(clock: FakeClock) -> None:
    async with server({}, clock) as (it, upstream):
        with pytest.raises(ValueError, match="never be touched"):
            await it.unload(Seen(GEMMA, GEMMA, remote=True))
        with pytest.raises(ValueError, match="never be touched"):
            await it.load(Installed(GEMMA, GEMMA, remote=True), 60)
        assert await it.lease(SEEN, 60) == 0.0
        assert not it.leases
    assert upstream.requests == []
