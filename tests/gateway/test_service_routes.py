"""Paths and methods, the headers that pass, what each request leaves in the figures, and the figures themselves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.gateway.figures import parsed
from tests.gateway.gateways import CLAUDE, OPENAI, World, accounts, gateway, said, upstream
from tests.gateway.serving import TOKEN
from tests.support.upstream import Reply, Upstream
from trayapp.core.models import Model, Price
from trayapp.core.rules import Rule
from trayapp.core.settings import Settings
from trayapp.gateway import routes, sentences
from trayapp.gateway.plan import Route
from trayapp.gateway.resolve import Routed
from trayapp.providers.spec import Dialect

HI: Any = [{"role": "user", "content": "Hi"}]
NOWHERE = "http://127.0.0.1:9"
SAME = [
    ("/v1/chat/completions", Route.CHAT),
    ("/chat/completions", Route.CHAT),
    ("/v1/v1/chat/completions", Route.CHAT),
    ("//v1/chat/completions", Route.CHAT),
    ("/v1/chat/completions/", Route.CHAT),
    ("/completions", Route.COMPLETIONS),
    ("/embeddings", Route.EMBEDDINGS),
    ("/responses", Route.RESPONSES),
    ("/v1/messages", Route.MESSAGES),
    ("/messages", Route.MESSAGES),
    ("/v1/v1/messages", Route.MESSAGES),
    ("/v1/messages/count_tokens", Route.COUNT_TOKENS),
    ("/api/chat", Route.OLLAMA_CHAT),
    ("/api//generate", Route.OLLAMA_GENERATE),
    ("/api/embed", Route.OLLAMA_EMBED),
    ("/api/show", routes.Local.SHOW),
]
READ = [
    ("/", routes.Local.ROOT),
    ("//", routes.Local.ROOT),
    ("/v1/models", routes.Local.MODELS),
    ("/models", routes.Local.MODELS),
    ("/v1/models/openai/gpt-5", routes.Local.MODEL),
    ("/models/openai%2Fgpt-5", routes.Local.MODEL),
    ("/api/tags", routes.Local.TAGS),
    ("/api/ps", routes.Local.PS),
    ("/api/version", routes.Local.VERSION),
    ("/api/llm/stats", routes.Local.STATS),
    ("/metrics", routes.Local.METRICS),
]


@pytest.mark.parametrize(("path", "route"), SAME)
def test_a_path_means_its_route_however_a_tool_puts_the_version(path: str, route: object) -> None:
    assert routes.find("POST", path).route is route
    with pytest.raises(routes.NoRouteError) as caught:
        routes.find("GET", path)
    assert (caught.value.status, caught.value.allow) == (405, "POST, OPTIONS")


@pytest.mark.parametrize(("path", "route"), READ)
def test_what_is_read_may_be_asked_for_its_head_as_well(path: str, route: object) -> None:
    for method in ("GET", "HEAD"):
        found = routes.find(method, path)
        assert found.route is route
        assert found.name == ("openai/gpt-5" if route is routes.Local.MODEL else "")
    with pytest.raises(routes.NoRouteError, match="takes GET, HEAD, OPTIONS, not DELETE"):
        routes.find("DELETE", path)


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/nothing", "/api", "/api/v1/chat/completions", "/v1/api/chat", "/x", "/v2/messages"]
)
def test_other_paths_mean_nothing(path: str) -> None:
    with pytest.raises(routes.NoRouteError, match="Tools may ask: /v1/chat/completions"):
        routes.find("POST", path)


def test_a_refusal_of_the_listeners_is_in_the_dialect_of_the_path() -> None:
    for path, dialect in (("/api/chat", Dialect.OLLAMA), ("/messages", Dialect.ANTHROPIC), ("/v1/x", Dialect.OPENAI)):
        kind, body = sentences.words(path, 401, "unknown_caller", "Who are you?")
        told = json.loads(body)
        assert kind == "application/json"
        assert (told["error"] if dialect is Dialect.OLLAMA else told["error"]["message"]) == "Who are you?"
        assert told.get("type") == ("error" if dialect is Dialect.ANTHROPIC else None)


async def test_unknown_paths_and_methods_are_told_in_the_dialect_that_was_meant() -> None:
    async with gateway(World(accounts={})) as served:
        pulled = await served.post("/api/pull", {"model": "x"})
        assert (pulled.status_code, pulled.json()) == (
            404,
            {"error": "/api/pull is not passed on by trayapp: ask Ollama itself."},
        )
        wrong = await served.http.get("/v1/messages")
        assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST, OPTIONS")
        assert wrong.json()["type"] == "error"
        options = await served.http.options("/v1/chat/completions")
        assert (options.status_code, options.content) == (204, b"")
        assert "access-control-allow-origin" not in options.headers
        head = await served.http.head("/api/version")
        assert (head.status_code, head.content) == (200, b"")
        assert int(head.headers["content-length"]) > 0
        assert (await served.http.get("/")).text == "trayapp is running\n"
        assert await served.quiet() == []


async def test_of_a_request_only_model_and_key_are_changed() -> None:
    server = Upstream(upstream())
    async with server as url, gateway(World(accounts=accounts(url), chosen=OPENAI)) as served:
        raw = (
            b'{"messages": [{"role":"user","content":"Hi"}],  "model":"gpt-x", "temperature": 0.10,'
            b' "seed": 123456789012345678901, "future": {"b": 1, "a": [1e2]}}'
        )
        await served.post("/v1/chat/completions", raw)
        assert server.requests[-1].body == raw.replace(b"  ", b"").replace(b', "', b',"').replace(
            b'": ', b'":'
        ).replace(b'"gpt-x"', b'"big"').replace(b'{"b":1,"a"', b'{"b": 1, "a"').replace(b'"a":[1e2]', b'"a": [1e2]')
        sent = server.requests[-1].headers
        assert sent["authorization"] == f"Bearer {served.world.key}"
        assert TOKEN not in str(sent)
        assert sent["accept-encoding"] == "identity"


async def test_anthropics_own_headers_pass_to_who_speaks_it() -> None:
    server = Upstream(upstream())
    async with server as url, gateway(World(accounts=accounts(url), chosen=CLAUDE)) as served:
        beta = {"anthropic-beta": "fine-grained", "anthropic-version": "2024-10-22"}
        unsigned = {"type": "thinking", "thinking": "Hm.", "signature": ""}
        turns = [*HI, {"role": "assistant", "content": [unsigned, {"type": "text", "text": "Yes."}]}, *HI]
        await served.post("/v1/messages", {"model": "x", "messages": turns, "max_tokens": 5}, **beta)
        sent = server.requests[-1]
        assert (sent.headers["anthropic-beta"], sent.headers["anthropic-version"]) == ("fine-grained", "2024-10-22")
        assert sent.headers["x-api-key"] == served.world.key
        # what another vendor's model thought is no thinking of Claude's
        assert said(sent)["messages"][1]["content"] == [{"type": "text", "text": "Yes."}]
        await served.post("/v1/chat/completions", {"messages": HI}, **{"openai-beta": "x"})
        assert server.requests[-1].headers["anthropic-version"] == "2023-06-01"
        assert "openai-beta" not in server.requests[-1].headers


async def test_a_rule_that_reads_is_given_the_callers_last_words() -> None:
    seen: list[tuple[str, str]] = []

    def followed(text: str, name: str) -> Routed:
        seen.append((text, name))
        return Routed(OPENAI, "rule poems") if "poem" in text else Routed(CLAUDE, "tray")

    server = Upstream(upstream())
    async with server as url:
        world = World(accounts=accounts(url), followed=followed)
        async with gateway(world) as served:
            await served.post("/v1/chat/completions", {"model": "x", "messages": HI})
            assert seen == [("", "x")]  # no rule reads, so nothing was looked for
            world.rules = (Rule("poems", "poem", "openai/big"),)
            poem = [{"role": "user", "content": "a poem"}]
            for path, field in (
                ("/v1/chat/completions", {"messages": poem}),
                ("/v1/responses", {"input": "a poem"}),
                ("/v1/messages", {"messages": poem, "max_tokens": 9}),
                ("/api/generate", {"prompt": "a poem", "stream": False}),
            ):
                answer = await served.post(path, {"model": "x", **field})
                assert answer.headers["x-trayapp-model"] == str(OPENAI), path
            assert world.served[-1] == (str(OPENAI), "rule poems")


async def test_names_that_mean_nothing_are_refused_where_the_user_says_so() -> None:
    async with Upstream(upstream()) as url:
        world = World(accounts=accounts(url), chosen=OPENAI, settings=Settings(gateway_other_names="refuse"))
        async with gateway(world) as served:
            answer = await served.post("/v1/chat/completions", {"model": "gpt-4o", "messages": HI})
            assert answer.status_code == 404
            assert answer.json()["error"]["code"] == "model_not_found"
            for name in ("current", "openai/big", ""):
                answer = await served.post("/v1/chat/completions", {"model": name, "messages": HI})
                assert answer.status_code == 200


async def test_the_figures_tell_who_asked_for_what_and_what_it_cost() -> None:
    cached = {"prompt_tokens": 100, "completion_tokens": 10, "prompt_tokens_details": {"cached_tokens": 80}}
    body = {"choices": [{"index": 0, "message": {"content": "x"}, "finish_reason": "stop"}], "usage": cached}
    async with Upstream(lambda _: Reply(body=body)) as url:
        world = World(accounts=accounts(url), chosen=OPENAI)
        world.models = {OPENAI: Model(OPENAI, price=Price(2.0, 10.0, 0.5))}
        async with gateway(world) as served:
            await served.post("/v1/chat/completions", {"model": "current", "messages": HI})
            figures = await served.last()
            assert (figures.tool, figures.asked, figures.route) == ("test", "current", "chat")
            assert (figures.input, figures.output, figures.cached) == (100, 10, 80)
            assert figures.cost == pytest.approx((20 * 2 + 80 * 0.5 + 10 * 10) / 1e6)
            found = parsed((await served.http.get("/metrics")).text)
            (counted,) = [it for it in found if it.name == "trayapp_requests_total"]
            assert (counted.labels, counted.value) == (
                {"provider": "openai", "model": "big", "outcome": "ok"},
                1,
            )


async def test_the_engines_figures_are_told_as_they_are() -> None:
    local = {"cache_strategy": "ram", "loaded_models": ["a"], "cache_hit_rate": 0.85, "avg_swap_time_ms": 1200}
    async with gateway(World(accounts={}, local=local)) as served:
        answer = await served.http.get("/api/llm/stats")
        assert (answer.json(), answer.headers["content-type"]) == (local, "application/json")
        assert "trayapp_local_hit_ratio 0.85" in (await served.http.get("/metrics")).text


async def test_a_model_just_chosen_finds_its_connection_ready() -> None:
    from trayapp.system.bridge import across

    server = Upstream({"/": Reply(body=b""), "/v1/chat/completions": upstream()})
    async with server as url, gateway(World(accounts=accounts(url), chosen=OPENAI)) as served:
        loop = served.door.listener.loop
        assert loop is not None
        assert await across(loop, served.gateway.warm)(OPENAI)
        assert server.connections == 1
        await served.post("/v1/chat/completions", {"messages": HI})
        assert server.connections == 1
        assert server.requests[0].method == "HEAD"
        assert "authorization" not in server.requests[0].headers
