"""Ollama is asked by its own routes and rules, and whoever else answers there is told apart from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.local.ollama_scene import raising, scripted, server
from tests.support.clock import FakeClock
from tests.support.upstream import Answering, Reply, Upstream
from trayapp.core.errors import Kind, ProviderError, UserError
from trayapp.local.ollama import LONGEST, Ollama, keep_alive
from trayapp.local.residency import NEVER, Installed, Seen, ServerState, Standing

MODEL = Installed("d1", "llama3.2:latest")
SEEN = Seen("d1", "llama3.2:latest", context=8192)
LOADED = Reply(body={"model": "llama3.2", "response": "", "done": True, "done_reason": "load"})
UNKNOWN = Reply(status=404, body={"error": "model 'llama3.2:latest' not found"})
BUSY = Reply(status=503, body={"error": "server busy, please try again.  maximum pending requests exceeded"})
NOT_GENERATE = Reply(status=400, body={"error": '"embed" does not support generate'})


def sent(upstream: Upstream) -> list[tuple[str, Any]]:
    return [(it.path, json.loads(it.body)) for it in upstream.requests]


# -- who is there -----------------------------------------------------------------------------------


async def test_a_running_server_says_its_version(clock: FakeClock) -> None:
    async with server({"/api/version": Reply(body={"version": "0.33.0"}), "/api/ps": Reply(body={})}, clock) as (it, _):
        assert await it.stand() == Standing(ServerState.RUNNING, "0.33.0", remote=False)


async def test_the_list_is_tried_once_per_version(clock: FakeClock) -> None:
    versions = [Reply(body={"version": it}) for it in ("0.9.0", "0.9.0", "0.10.0")]
    async with server({"/api/version": versions, "/api/ps": Reply(body={"models": []})}, clock) as (it, upstream):
        for _ in range(3):
            await it.stand()
        assert upstream.paths().count("/api/ps") == 2


async def test_a_list_that_fails_once_is_tried_again(clock: FakeClock) -> None:
    routes: dict[str, Answering] = {
        "/api/version": Reply(body={"version": "0.33.0"}),
        "/api/ps": [Reply(status=500), Reply(body={"models": []})],
    }
    async with server(routes, clock) as (it, upstream):
        for _ in range(3):
            assert (await it.stand()).state is ServerState.RUNNING
        assert upstream.paths().count("/api/ps") == 2


@pytest.mark.parametrize("status", [404, 405])
async def test_a_version_that_lists_nothing_is_too_old(clock: FakeClock, status: int) -> None:
    routes = {"/api/version": Reply(body={"version": "0.1.32"}), "/api/ps": Reply(status=status, body=b"404 page")}
    async with server(routes, clock) as (it, _):
        stands = await it.stand()
        assert (stands.state, stands.version) == (ServerState.TOO_OLD, "0.1.32")
        assert "0.1.33" in stands.detail
        with pytest.raises(ProviderError) as caught:
            await it.loaded()
        assert caught.value.failure.kind is Kind.GONE


async def test_nobody_at_home_here_is_a_state(clock: FakeClock) -> None:
    async with httpx.AsyncClient() as http:

        async def client() -> httpx.AsyncClient:
            return http

        async with Upstream({}) as url:
            pass
        stands = await Ollama(client, url, clock).stand()
    assert stands.state is ServerState.NOT_RUNNING
    assert url.removeprefix("http://") in stands.detail


async def test_nobody_at_home_elsewhere_is_unreachable(clock: FakeClock) -> None:
    it = scripted(raising(httpx.ConnectError("refused")), clock, "http://192.168.15.14:11434/v1")
    stands = await it.stand()
    assert (stands.state, stands.remote) == (ServerState.UNREACHABLE, True)


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout(""),
        httpx.ReadError(""),
        httpx.RemoteProtocolError("Server disconnected without sending a response."),
    ],
    ids=["no answer in time", "broken off", "hung up"],
)
async def test_who_takes_the_connection_and_says_nothing_is_starting(clock: FakeClock, error: Exception) -> None:
    assert (await scripted(raising(error), clock).stand()).state is ServerState.STARTING


async def test_a_refusal_by_origin_or_host_has_an_empty_body(clock: FakeClock) -> None:
    async with server({"/api/version": Reply(status=403)}, clock) as (it, _):
        assert (await it.stand()).state is ServerState.REFUSING


@pytest.mark.parametrize(
    ("reply", "program"),
    [
        (Reply(body={"error": "Unexpected endpoint or method. (GET /api/version)"}), "LM Studio"),
        (Reply(status=404, body={"error": {"code": 404}}, headers={"server": "llama.cpp"}), "llama.cpp"),
        (Reply(body=b"<html>It works!", headers={"server": "nginx/1.24 (Debian)"}), "nginx"),
        (Reply(raw=b"220 mail ready\r\n\r\n"), ""),
        (Reply(body={"version": 3}), ""),
    ],
    ids=["LM Studio", "llama.cpp", "a page", "no HTTP", "another version"],
)
async def test_another_program_on_the_port_is_named_where_it_says_its_name(
    clock: FakeClock, reply: Reply, program: str
) -> None:
    async with server({"/api/version": reply}, clock) as (it, _):
        assert await it.stand() == Standing(ServerState.WRONG_PROGRAM, detail=program)


@pytest.mark.parametrize("status", [401, 502])
async def test_what_stands_in_front_of_the_server_is_not_taken_for_it(clock: FakeClock, status: int) -> None:
    async with server({"/api/version": Reply(status=status)}, clock) as (it, _):
        stands = await it.stand()
        assert stands.state is ServerState.UNREACHABLE
        assert str(status) in stands.detail


async def test_an_address_that_is_none_and_a_key_that_cannot_be_sent_are_said(clock: FakeClock) -> None:
    it = scripted(raising(AssertionError()), clock, "http://user:word@127.0.0.1:1")
    assert "user name" in (await it.stand()).detail

    async def headers() -> Mapping[str, str]:
        raise UserError("Enter it again.")

    async with server({}, clock, headers) as (other, _):
        assert (await other.stand()).detail == "Enter it again."


# -- load, lease, unload ----------------------------------------------------------------------------


async def test_a_load_makes_no_text_carries_a_number_and_no_options(clock: FakeClock) -> None:
    async with server({"/api/generate": LOADED}, clock) as (it, upstream):
        await it.load(MODEL, 1800.0)
    assert sent(upstream) == [("/api/generate", {"model": "llama3.2:latest", "keep_alive": 1800, "stream": False})]
    assert b'"keep_alive":1800,' in upstream.requests[0].body


async def test_an_embedding_model_has_its_own_route(clock: FakeClock) -> None:
    async with server({"/api/embed": Reply(body={"embeddings": []})}, clock) as (it, upstream):
        await it.load(Installed("d1", "embed", embedding=True), 60)
        await it.lease(Seen("d1", "embed", context=2048), 60, embedding=True)
    common = {"model": "embed", "keep_alive": 60, "input": []}
    assert sent(upstream) == [("/api/embed", common), ("/api/embed", {**common, "options": {"num_ctx": 2048}})]


async def test_a_model_that_turns_out_to_embed_takes_the_other_route(clock: FakeClock) -> None:
    routes = {"/api/generate": NOT_GENERATE, "/api/embed": Reply(body={"embeddings": []})}
    async with server(routes, clock) as (it, upstream):
        await it.load(MODEL, 60)
        await it.lease(SEEN, 60)
        assert upstream.paths() == ["/api/generate", "/api/embed"] * 2


async def test_a_load_has_no_limit_of_time_and_a_look_has_one(clock: FakeClock) -> None:
    limits: list[dict[str, float | None]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        limits.append(request.extensions["timeout"])
        return httpx.Response(200, json={"models": []})

    it = scripted(answer, clock)
    await it.load(MODEL, 60)
    await it.loaded()
    assert limits[0]["read"] is None
    assert (limits[1]["connect"], limits[1]["read"]) == (1.0, 8.0)


async def test_a_full_queue_is_tried_again_and_then_said(clock: FakeClock) -> None:
    async with server({"/api/generate": [BUSY, BUSY, LOADED]}, clock) as (it, _):
        await it.load(MODEL, 60)
    assert clock.slept == [1.0, 2.0]
    async with server({"/api/generate": BUSY}, clock) as (it, upstream):
        with pytest.raises(ProviderError) as caught:
            await it.load(MODEL, 60)
    assert (caught.value.failure.kind, caught.value.status) == (Kind.LIMITED, 503)
    assert "maximum pending requests" in caught.value.failure.detail
    assert len(upstream.requests) == 4


async def test_a_lease_sends_the_context_that_the_model_has(clock: FakeClock) -> None:
    async with server({"/api/generate": LOADED}, clock) as (it, upstream):
        await it.lease(SEEN, 7200.5)
        await it.lease(Seen("d1", "old"), 60)
    assert sent(upstream) == [
        (
            "/api/generate",
            {"model": "llama3.2:latest", "keep_alive": 7200.5, "stream": False, "options": {"num_ctx": 8192}},
        ),
        ("/api/generate", {"model": "old", "keep_alive": 60, "stream": False}),
    ]


async def test_a_lease_tells_how_long_it_took(clock: FakeClock) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        clock.advance(4.5)
        return httpx.Response(200, json={"done": True, "done_reason": "load"})

    assert await scripted(answer, clock).lease(SEEN, 60) == 4.5


async def test_a_lease_is_tried_once(clock: FakeClock) -> None:
    async with server({"/api/generate": BUSY}, clock) as (it, upstream):
        with pytest.raises(ProviderError) as caught:
            await it.lease(SEEN, 60)
    assert caught.value.failure.kind is Kind.LIMITED
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, 1), (-1, 1), (0.2, 1), (1.5, 1.5), (1800.0, 1800), (1e10, LONGEST), (NEVER, LONGEST), (float("nan"), 1)],
)
def test_no_lease_unloads_wraps_or_pins(seconds: float, written: float) -> None:
    assert keep_alive(seconds) == written


async def test_unloading_is_a_keep_alive_of_zero_for_every_kind_of_model(clock: FakeClock) -> None:
    async with server({"/api/generate": Reply(body={"done": True, "done_reason": "unload"})}, clock) as (it, upstream):
        await it.unload(SEEN)
    assert sent(upstream) == [("/api/generate", {"model": "llama3.2:latest", "keep_alive": 0, "stream": False})]


async def test_a_name_that_is_gone_is_said_so(clock: FakeClock) -> None:
    async with server({"/api/generate": UNKNOWN}, clock) as (it, _):
        for call in (it.unload(SEEN), it.lease(SEEN, 60), it.load(MODEL, 60)):
            with pytest.raises(ProviderError) as caught:
                await call
            assert caught.value.failure.kind is Kind.GONE
            assert "not found" in caught.value.failure.detail


async def test_a_route_that_is_missing_does_not_mean_that_the_model_is(clock: FakeClock) -> None:
    async with server({"/api/generate": Reply(status=404, body=b"404 page not found")}, clock) as (it, _):
        with pytest.raises(ProviderError) as caught:
            await it.unload(SEEN)
    assert caught.value.failure.kind is not Kind.GONE


@pytest.mark.parametrize(
    "words",
    [
        "llama-server process has terminated: exit status 1: cudaMalloc failed: out of memory",
        "model requires more system memory (8.0 GiB) than is available (3.1 GiB)",
        "ggml_vulkan: Device memory allocation failed: ErrorOutOfDeviceMemory",
        "unable to allocate CPU buffer",
    ],
)
async def test_too_little_memory_is_said_plainly(clock: FakeClock, words: str) -> None:
    async with server({"/api/generate": Reply(status=500, body={"error": words})}, clock) as (it, _):
        with pytest.raises(ProviderError) as caught:
            await it.load(MODEL, 60)
    failure = caught.value.failure
    assert not failure.kind.retryable
    assert failure.detail.startswith("There is not enough memory for “llama3.2:latest”.")
    assert words[:30] in failure.detail


async def test_other_failures_of_a_load_are_in_the_server_s_words_without_keys(clock: FakeClock, canary: str) -> None:
    words = f"timed out waiting for llama-server to start - {canary} {'x ' * 300}"
    headers = {"Authorization": f"Bearer {canary}"}
    async with server({"/api/generate": Reply(status=500, body={"error": words})}, clock, headers) as (it, upstream):
        with pytest.raises(ProviderError) as caught:
            await it.load(MODEL, 60)
        assert canary in upstream.requests[0].headers["authorization"]
    detail = caught.value.failure.detail
    assert detail.startswith("timed out waiting for llama-server to start - … x")
    assert len(detail) <= 200


async def test_an_error_under_a_good_status_is_one(clock: FakeClock) -> None:
    async with server({"/api/generate": Reply(body={"error": "something broke"})}, clock) as (it, _):
        with pytest.raises(ProviderError, match="something broke"):
            await it.load(MODEL, 60)


async def test_models_in_the_cloud_are_never_touched(clock: FakeClock) -> None:
    async with server({}, clock) as (it, upstream):
        for name, remote in (("gpt-oss:120b-cloud", False), ("mine:latest", True)):
            seen, model = Seen("d", name, remote=remote), Installed("d", name, remote=remote)
            for call in (it.load(model, 60), it.lease(seen, 60), it.unload(seen)):
                with pytest.raises(ValueError, match="never be touched"):
                    await call
        assert await it.show("kimi-k3:cloud") == ""
        assert upstream.requests == []


async def test_the_server_is_asked_for_at_its_root_whatever_was_typed(clock: FakeClock) -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(200, json={"models": []})

    for url in ("http://192.168.15.14:11434/v1", "https://host/ollama/", "http://[::1]:11434/api"):
        await scripted(answer, clock, url).loaded()
    assert seen == [
        "http://192.168.15.14:11434/api/ps",
        "https://host/ollama/api/ps",
        "http://[::1]:11434/api/ps",
    ]


async def test_headers_are_made_anew_for_each_call(clock: FakeClock) -> None:
    count = 0

    async def headers() -> Mapping[str, str]:
        nonlocal count
        count += 1
        return {"X-Count": str(count)}

    async with server({"/api/ps": Reply(body={"models": []})}, clock, headers) as (it, upstream):
        await it.loaded()
        await it.loaded()
    assert [each.headers["x-count"] for each in upstream.requests] == ["1", "2"]


async def test_an_endless_answer_is_not_read_to_its_end(clock: FakeClock) -> None:
    body = b'{"models":[' + b" " * (9 << 20) + b"]}"
    async with server({"/api/ps": Reply(body=body)}, clock) as (it, _):
        with pytest.raises(ProviderError) as caught:
            await it.loaded()
    assert caught.value.failure.kind is Kind.GARBLED


async def test_a_client_that_was_closed_meanwhile_is_an_outage(clock: FakeClock) -> None:
    async def client() -> httpx.AsyncClient:
        http = httpx.AsyncClient()
        await http.aclose()
        return http

    with pytest.raises(ProviderError) as caught:
        await Ollama(client, "http://127.0.0.1:9", clock).loaded()
    assert caught.value.failure.kind is Kind.UNREACHABLE
