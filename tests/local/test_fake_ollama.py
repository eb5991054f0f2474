"""The fake Ollama against the notes: its routes, errors and streams, over a socket and without one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.local.fake_scene import a, b
from tests.support.ollama import FakeModel, FakeOllama, cloud, embedding
from tests.support.timeloop import LoopClock
from tests.support.tls import tls

pytestmark = pytest.mark.virtual_time

HELLO = [{"role": "user", "content": "hello"}]
V1 = ("/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/messages")


def ask_of(path: str, model: str = "a", **more: Any) -> dict[str, Any]:
    field = "prompt" if path in ("/api/generate", "/v1/completions") else "messages"
    field = "input" if path == "/v1/responses" else field
    return {"model": model, field: HELLO if field == "messages" else "hello", **more}


@asynccontextmanager
async def client_of(server: FakeOllama, way: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = server.transport() if way == "memory" else None
    async with httpx.AsyncClient(transport=transport, base_url=server.url, verify=tls()) as client:
        yield client


both_ways = pytest.mark.parametrize("way", ["socket", "memory"])


# 1.1 Routes


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/", 200, b"Ollama is running"),
        ("HEAD", "/", 200, b""),
        ("GET", "/api/version", 200, b'{"version":"0.33.0-rc2"}'),
        ("HEAD", "/api/version", 200, b""),
        ("GET", "/api/status", 200, b'{"cloud":{"disabled":false,"source":"none"}}'),
        ("HEAD", "/api/tags", 200, b""),
        ("GET", "/api/ps", 200, b'{"models":[]}'),
        ("GET", "/api/nothing", 404, b"404 page not found"),
        ("POST", "/v1/messages/count_tokens", 404, b"404 page not found"),
        ("GET", "/api/generate", 405, b"405 method not allowed"),
        ("POST", "/api/tags", 405, b"405 method not allowed"),
        ("HEAD", "/api/ps", 405, b""),
    ],
)
@both_ways
async def test_a_route_answers(way: str, method: str, path: str, status: int, body: bytes) -> None:
    async with FakeOllama(a(), version="0.33.0-rc2") as server, client_of(server, way) as client:
        said = await client.request(method, path, headers={"authorization": "Bearer wrong"})
        assert (said.status_code, said.content) == (status, body)
        plain = path == "/" or status >= 400
        assert said.headers["content-type"].startswith("text/plain" if plain else "application/json")


async def test_tags_list_the_newest_first_and_tell_cloud_models() -> None:
    async with FakeOllama(a(modified=1), embedding("e", modified=3), cloud("x:cloud", modified=2)) as server:
        rows = (await server.ask("GET", "/api/tags")).json["models"]
        assert [row["name"] for row in rows] == ["e:latest", "x:cloud", "a:latest"]
        assert [row.get("remote_host") for row in rows] == [None, "https://ollama.com:443", None]
        assert rows[0]["capabilities"] == ["embedding"]
        assert rows[2]["details"]["context_length"] == 131_072


async def test_show_has_the_path_of_the_weights_and_may_know_more_than_tags() -> None:
    model = a(capabilities=("completion",), shown=("tools", "completion"), parameters={"num_ctx": 2048})
    async with FakeOllama(model) as server:
        said = (await server.ask("POST", "/api/show", {"model": "a"})).json
        assert "\nFROM /usr/share/ollama/.ollama/models/blobs/sha256-aaa\n" in said["modelfile"]
        assert said["capabilities"] == ["tools", "completion"]
        assert said["parameters"].split() == ["num_ctx", "2048"]


async def test_old_versions_lack_what_came_later() -> None:
    async with FakeOllama(a(), version="0.6.0") as server:
        await server.chat("a")
        assert "context_length" not in (await server.ps())[0]
        assert "capabilities" not in (await server.ask("GET", "/api/tags")).json["models"][0]
        assert "capabilities" not in (await server.ask("POST", "/api/show", {"model": "a"})).json
        assert (await server.ask("POST", "/v1/messages", ask_of("/v1/messages"))).status == 404
        assert (await server.ask("POST", "/v1/responses", ask_of("/v1/responses"))).status == 404
    async with FakeOllama(a(), version="0.1.32") as server:
        assert (await server.ask("GET", "/api/ps")).status == 404


# 1.3 Answers and streams


@pytest.mark.parametrize("path", ["/api/generate", "/api/chat"])
async def test_a_native_stream_comes_line_by_line_and_ends_with_figures(path: str) -> None:
    async with FakeOllama(a()) as server:
        said = await server.ask("POST", path, ask_of(path, "A"))
        assert said.headers["content-type"] == "application/x-ndjson"
        assert [line["done"] for line in said.lines] == [False] * 4 + [True]
        assert {line["model"] for line in said.lines} == {"A"}  # as the client wrote it
        last = said.lines[-1]
        assert (last["done_reason"], last["eval_count"]) == ("stop", 4)
        assert last["total_duration"] > last["load_duration"] == pytest.approx(4e9)
        assert ("context" in last) is (path == "/api/generate")


@pytest.mark.parametrize("path", V1)
async def test_a_compatible_answer_comes_whole_and_as_events(path: str) -> None:
    async with FakeOllama(a()) as server:
        whole = await server.ask("POST", path, ask_of(path))
        assert whole.json["model"] == "a"
        assert "usage" in whole.json
        stream = await server.ask("POST", path, ask_of(path, stream=True))
        assert stream.headers["content-type"] == "text/event-stream"
        assert b"word0" in stream.body
        last = stream.events[-1]
        assert last == "[DONE]" or last["type"] in ("message_stop", "response.completed")


@both_ways
async def test_pieces_come_when_they_are_made(way: str) -> None:
    async with FakeOllama(a(load=4, prompt=0.1, answer=4)) as server, client_of(server, way) as client:
        async with client.stream("POST", "/api/chat", json=ask_of("/api/chat")) as said:
            at = [LoopClock().monotonic() async for _ in said.aiter_lines()]
        assert at == pytest.approx([5.1, 6.1, 7.1, 8.1, 8.1])


async def test_embed_answers_with_vectors_and_with_none_for_no_input() -> None:
    async with FakeOllama(embedding("e")) as server:
        assert (await server.embed("e")).json == {"model": "e", "embeddings": []}
        assert server.loaded == ["e:latest"]
        assert len((await server.embed("e", "one", "two")).json["embeddings"]) == 2
        assert (await server.ask("POST", "/api/embeddings", {"model": "e", "prompt": "x"})).json["embedding"]
        said = await server.ask("POST", "/v1/embeddings", {"model": "e", "input": "x"})
        assert said.json["data"][0]["object"] == "embedding"


async def test_a_pull_tells_its_steps_and_its_errors_within_a_good_answer() -> None:
    async with FakeOllama(a()) as server:
        said = await server.ask("POST", "/api/pull", {"model": "a"})
        assert said.lines[-1] == {"status": "success"}
        unknown = await server.ask("POST", "/api/pull", {"model": "nope"})
        assert (unknown.status, unknown.lines[-1]) == (200, {"error": "pull model manifest: file does not exist"})
        whole = await server.ask("POST", "/api/pull", {"model": "nope", "stream": False})
        assert (whole.status, whole.json) == (500, {"error": "pull model manifest: file does not exist"})


# 1.4 Errors


@pytest.mark.parametrize(
    ("path", "body", "status", "text"),
    [
        ("/api/generate", {"model": "nope"}, 404, "model 'nope' not found"),
        ("/api/chat", {"model": "nope"}, 404, "model 'nope' not found"),
        ("/api/embed", {"model": "nope"}, 404, 'model "nope" not found, try pulling it first'),
        ("/api/embeddings", {"model": "nope"}, 404, 'model "nope" not found, try pulling it first'),
        ("/api/show", {"model": "nope"}, 404, "model 'nope:latest' not found"),
        ("/api/generate", {"model": ""}, 404, "model '' not found"),
        ("/api/chat", {"model": ""}, 400, "model is required"),
        ("/api/generate", {"model": "a b"}, 400, "invalid model name"),
        ("/api/pull", {"model": ""}, 400, "invalid model name"),
        ("/api/chat", b'{"model":', 400, "unexpected EOF"),
        ("/api/chat", b"hello", 400, "invalid character 'h' looking for beginning of value"),
        (
            "/api/generate",
            {"model": 5},
            400,
            "json: cannot unmarshal number into Go struct field GenerateRequest.model of type string",
        ),
        ("/api/chat", b"", 400, "missing request body"),
        ("/v1/chat/completions", b"", 400, "EOF"),
        ("/v1/messages", b"", 400, "EOF"),
        (
            "/api/generate",
            {"model": "a", "options": {"num_ctx": "big"}},
            500,
            'option "num_ctx" must be of type integer',
        ),
        ("/api/generate", {"model": "e", "prompt": "x"}, 400, '"e" does not support generate'),
        ("/api/generate", {"model": "e"}, 400, '"e" does not support generate'),
        ("/api/chat", {"model": "e", "messages": HELLO}, 400, '"e" does not support chat'),
        ("/api/chat", {"model": "a", "messages": HELLO, "think": True}, 400, '"a" does not support thinking'),
        ("/v1/chat/completions", {"model": "nope"}, 404, "model 'nope' not found"),
        ("/v1/messages", {"model": "nope"}, 404, "model 'nope' not found"),
    ],
    ids=lambda value: str(value)[:50],
)
async def test_an_error_has_its_status_and_its_words(path: str, body: object, status: int, text: str) -> None:
    async with FakeOllama(a(), embedding("e")) as server:
        said = await server.ask("POST", path, body)
        error = said.json["error"]
        assert (said.status, error["message"] if isinstance(error, dict) else error) == (status, text)
        if path == "/v1/chat/completions":
            kind = "not_found_error" if status == 404 else "invalid_request_error"
            assert error == {"message": text, "type": kind, "param": None, "code": None}
        if path == "/v1/messages":
            assert set(said.json) == {"type", "error", "request_id"}


async def test_an_embedding_model_is_unloaded_by_generate_with_keep_alive_0() -> None:
    async with FakeOllama(embedding("e")) as server:
        await server.embed("e", keep_alive=-1)
        assert (await server.generate("e", keep_alive=0)).json["done_reason"] == "unload"
        await asyncio.sleep(0.2)
        assert server.loaded == []


async def test_a_full_queue_is_told_with_two_spaces() -> None:
    words = "server busy, please try again.  maximum pending requests exceeded"
    async with FakeOllama(a(load=60), max_queue=1) as server:
        waits = []
        for _ in range(2):  # one loads, one waits
            waits.append(asyncio.create_task(server.chat("a")))
            await asyncio.sleep(1)
        said = await server.chat("a")
        assert (said.status, said.json, "retry-after" in said.headers) == (503, {"error": words}, False)
        openai = await server.ask("POST", "/v1/chat/completions", ask_of("/v1/chat/completions"))
        assert (openai.status, openai.json["error"]["type"]) == (503, "api_error")
        anthropic = await server.ask("POST", "/v1/messages", ask_of("/v1/messages"))
        assert (anthropic.status, anthropic.json["error"]["type"]) == (503, "overloaded_error")
        await asyncio.gather(*waits)


async def test_a_load_that_stalls_is_given_up() -> None:
    async with FakeOllama(a(stalls=True), load_timeout=300) as server:
        said = await server.chat("a")
        assert said.status == 500
        assert said.json["error"].startswith("timed out waiting for llama-server to start - ")
        assert LoopClock().monotonic() == 300


@pytest.mark.parametrize(
    ("path", "end"),
    [
        ("/api/chat", b'{"error":"an error was encountered while running the model: unexpected EOF"}\n'),
        ("/v1/chat/completions", b'"content":""},"finish_reason":null}]}\n\n'),
        ("/v1/messages", b'"text":"word1 "}}\n\n'),
    ],
)
async def test_a_runner_that_dies_ends_a_stream_with_200(path: str, end: bytes) -> None:
    async with FakeOllama(a(load=0, prompt=0, answer=4)) as server:
        asking = asyncio.create_task(server.ask("POST", path, ask_of(path, stream=True)))
        await asyncio.sleep(2.5)
        server.kill_runner("a")
        said = await asking
        assert said.status == 200
        assert said.body.endswith(end)
        assert b"[DONE]" not in said.body


@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions"])
@pytest.mark.parametrize("clean", [False, True], ids=["runner died", "runner closes cleanly"])
async def test_a_runner_that_ends_within_a_whole_answer(path: str, clean: bool) -> None:
    async with FakeOllama(a(load=0, answer=4)) as server:
        asking = asyncio.create_task(server.ask("POST", path, ask_of(path, stream=False)))
        await asyncio.sleep(2.5)
        server.kill_runner("a", clean=clean)
        said = await asking
        if not clean:
            assert said.status == 500
            assert b"an error was encountered while running the model: unexpected EOF" in said.body
        elif path == "/api/chat":
            assert (said.status, said.json["done"]) == (200, False)
        else:
            assert (said.status, said.json["choices"][0]["finish_reason"]) == (200, None)
            assert said.json["usage"]["total_tokens"] == 0


@pytest.mark.parametrize(
    "header",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "chrome-extension://abc"},
        {"host": "evil.example:11434"},
    ],
    ids=str,
)
async def test_a_foreign_origin_or_host_gets_403_and_an_empty_body(header: dict[str, str]) -> None:
    async with FakeOllama(a()) as server:
        for method, path in (("GET", "/api/ps"), ("POST", "/api/chat"), ("GET", "/api/nothing")):
            said = await server.ask(method, path, headers=header)
            assert (said.status, said.body) == (403, b"")


@pytest.mark.parametrize(
    "header", [{"origin": "http://localhost:3000"}, {"origin": "app://x"}, {"host": "box.local"}, {"host": "[::1]:1"}]
)
async def test_a_local_origin_or_host_is_let_in(header: dict[str, str]) -> None:
    async with FakeOllama(a()) as server:
        assert (await server.ask("GET", "/api/ps", headers=header)).status == 200


# 4.5 Cloud models


@pytest.mark.parametrize("name", ["kimi-k3:cloud", "gpt-oss:120b-cloud", "x:tag:cloud", "stub"])
async def test_every_request_for_a_cloud_model_is_passed_on_and_counted(name: str) -> None:
    async with FakeOllama(FakeModel(name="stub", remote_host="https://ollama.com:443")) as server:
        assert (await server.generate(name, keep_alive=0)).json["done_reason"] == "stop"
        assert (await server.chat(name, messages=[])).status == 200
        assert (await server.v1_chat(name)).json["choices"]
        assert len(server.cloud_calls) == 3
        assert (server.loaded, server.story) == ([], [])


@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions"])
async def test_cloud_errors_keep_the_native_shape_everywhere(path: str) -> None:
    async with FakeOllama(cloud="disabled") as server:
        said = await server.ask("POST", path, ask_of(path, "x:cloud"))
        assert (said.status, said.json) == (403, {"error": "ollama cloud is disabled: remote model is unavailable"})
    async with FakeOllama(cloud="signed-out") as server:
        said = await server.ask("POST", path, ask_of(path, "x:cloud"))
        assert (said.status, said.json["error"], "signin_url" in said.json) == (401, "unauthorized", True)


async def test_local_forces_a_local_model() -> None:
    async with FakeOllama() as server:
        assert (await server.chat("x:cloud:local")).status == 404
        assert server.cloud_calls == []


# Who is there, and hanging up


@both_ways
async def test_a_client_whose_time_is_over_aborts_its_load(way: str) -> None:
    async with FakeOllama(a(load=4)) as server, client_of(server, way) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post("/api/generate", json={"model": "a"}, timeout=1.5)
        await asyncio.sleep(5)
        assert (server.loaded, [event.kind for event in server.story]) == ([], ["load", "aborted"])


@both_ways
async def test_a_client_that_leaves_a_stream_ends_the_answer(way: str) -> None:
    async with FakeOllama(a()) as server, client_of(server, way) as client:
        async with client.stream("POST", "/api/chat", json=ask_of("/api/chat", keep_alive=60)) as said:
            async for _ in said.aiter_lines():
                break
            assert server.busy("a")
        await asyncio.sleep(0.01)
        assert not server.busy("a")


@both_ways
async def test_a_server_that_starts_accepts_and_answers_late(way: str) -> None:
    async with FakeOllama(a(), standing="starting") as server, client_of(server, way) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.get("/api/ps", timeout=5)
        late = asyncio.create_task(client.get("/api/ps", timeout=5))
        await asyncio.sleep(3)
        server.standing = "running"
        assert (await late).status_code == 200


@both_ways
async def test_others_may_stand_at_the_port(way: str) -> None:
    async with FakeOllama(a(), b(), standing="refusing") as server, client_of(server, way) as client:
        assert ((said := await client.get("/api/ps")).status_code, said.content) == (403, b"")
        server.standing = "another"
        assert "It works!" in (await client.get("/")).text
        await server.stop()
        with pytest.raises(httpx.ConnectError):
            await client.get("/")


@pytest.mark.unmeasured
@pytest.mark.timeout_s(60)
async def test_a_simulated_morning_of_polls_is_cheap() -> None:
    async with FakeOllama(a()) as server, client_of(server, "memory") as client:
        began = time.thread_time()
        for _ in range(6 * 720):
            await asyncio.sleep(5)
            await client.get("/api/ps")
        assert time.thread_time() - began < 4
        assert len(server.log) == 6 * 720


async def test_the_log_tells_what_was_asked_and_by_whom() -> None:
    async with FakeOllama(a()) as server, client_of(server, "socket") as client:
        await server.chat("a", keep_alive=5)
        await client.post("/api/generate", json={"model": "a"})
        first, second = server.log
        assert (first.method, first.path, first.json["keep_alive"], first.direct) == ("POST", "/api/chat", 5, True)
        assert (second.path, second.direct, second.status) == ("/api/generate", False, 200)
        assert second.at == pytest.approx(first.ended)
