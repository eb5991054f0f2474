"""The fake Ollama against the notes: how keep_alive is read, what reloads a model, and what ``/v1`` ignores."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.local.fake_scene import a, expires, near
from tests.support.ollama import FakeModel, FakeOllama
from tests.support.ollama_durations import FOREVER, SECOND, BadDurationError, default, keep_alive

pytestmark = pytest.mark.virtual_time

MINUTE, HOUR = 60 * SECOND, 3600 * SECOND


# 2.1 What parses


@pytest.mark.parametrize(
    ("value", "length"),
    [
        (None, None),
        ("5m", 5 * MINUTE),
        ("30m", 30 * MINUTE),
        ("1800s", 1800 * SECOND),
        ("1h30m", 90 * MINUTE),
        ("1.5h", 90 * MINUTE),
        ("24h", 24 * HOUR),
        (1800, 1800 * SECOND),
        (1800.5, 1800 * SECOND + SECOND // 2),
        (0.5, SECOND // 2),
        (0, 0),
        ("0", 0),
        ("0s", 0),
        ("0m", 0),
        (-1, FOREVER),
        (-0.5, FOREVER),
        ("-1s", FOREVER),
        ("-1m", FOREVER),
        ("-5m", FOREVER),
        (9223372036, 9223372036 * SECOND),
        (9223372037, -(2**63)),
        (1e10, -(2**63)),
        ("2562047h47m16s", 9223372036 * SECOND),
    ],
    ids=lambda value: f"{value!r}",
)
def test_a_keep_alive_is_read_as_go_reads_it(value: object, length: int | None) -> None:
    assert keep_alive(value) == length


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("-1", 'time: missing unit in duration "-1"'),
        ("30", 'time: missing unit in duration "30"'),
        ("", "time: invalid duration"),
        ("forever", "time: invalid duration"),
        ("∞", "time: invalid duration"),
        ("1d", 'time: unknown unit "d"'),
        ("1w", 'time: unknown unit "w"'),
        ("5 m", "time: unknown unit"),
        (True, "Unsupported type: 'bool'"),
        ([], "Unsupported type"),
        ({}, "Unsupported type"),
        ("2562048h", "time: invalid duration"),
    ],
    ids=lambda value: f"{value!r}",
)
async def test_a_keep_alive_that_is_none_is_refused(value: object, words: str) -> None:
    with pytest.raises(BadDurationError, match=words):
        keep_alive(value)
    async with FakeOllama(a()) as server:
        for said in (await server.chat("a", keep_alive=value), await server.embed("a", "text", keep_alive=value)):
            assert said.status == 400
            assert words in said.json["error"]
        assert server.loaded == []


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("-1", FOREVER),
        ("30", 30 * SECOND),
        ("90", 90 * SECOND),
        ("0", 0),
        ('"10m"', 10 * MINUTE),
        ("abc", 5 * MINUTE),
        ("1d", 5 * MINUTE),
        ("1.5", 5 * MINUTE),
        ("", 5 * MINUTE),
    ],
)
async def test_the_servers_environment_is_read_differently(text: str, length: int) -> None:
    assert default(text) == length
    if 0 < length < FOREVER:
        async with FakeOllama(a(), keep_alive=text) as server:
            await server.chat("a")
            assert await expires(server) == near(length / SECOND)


async def test_above_9223372036_the_model_loads_and_is_unloaded_immediately() -> None:
    async with FakeOllama(a()) as server:
        assert (await server.generate("a", keep_alive=9223372037)).json["done_reason"] == "load"
        await asyncio.sleep(0.2)
        assert server.loaded == []
        await server.generate("a", keep_alive=9223372036)
        assert await expires(server) > 9e9


async def test_2_2_a_keep_alive_among_the_models_parameters_is_ignored() -> None:
    async with FakeOllama(a(parameters={"keep_alive": "1h"})) as server:
        await server.chat("a")
        assert await expires(server) == near(300)


# 2.4 Reload traps


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": 1.0, "top_p": 0.5, "seed": 1, "num_predict": 5, "stop": ["x"]},
        {"num_ctx": 4096},
        {"num_gpu": -1},
        {"use_mmap": True},
        {"use_mlock": True, "low_vram": True},
        {},
    ],
    ids=str,
)
async def test_the_same_runner_serves(options: dict[str, object]) -> None:
    async with FakeOllama(a()) as server:
        await server.chat("a", keep_alive=-1)
        await server.chat("a", options=options)
        assert not server.reloads
        assert await expires(server) > 9e9


@pytest.mark.parametrize(
    "more",
    [
        {"options": {"num_ctx": 2048}},
        {"options": {"num_thread": 3}},
        {"options": {"num_batch": 128}},
        {"options": {"num_gpu": 5}},
        {"options": {"use_mmap": False}},
        {"shift": False},
    ],
    ids=str,
)
async def test_another_runner_is_loaded_and_the_pin_is_lost(more: dict[str, Any]) -> None:
    async with FakeOllama(a()) as server:
        await server.chat("a", keep_alive=-1)
        await server.chat("a", **more)
        assert server.reloads["a:latest"] == 1
        assert await expires(server) == near(300)


async def test_another_tag_of_the_same_blob_shares_the_runner_under_the_first_name() -> None:
    async with FakeOllama(a()) as server:
        await server.ask("POST", "/api/copy", {"source": "a", "destination": "z"})
        await server.chat("z", keep_alive=-1)
        await server.chat("a")
        assert [row["name"] for row in await server.ps()] == ["z:latest"]
        await server.generate("a", keep_alive=0)
        await asyncio.sleep(0.2)
        assert server.loaded == []


async def test_another_tag_with_parameter_num_ctx_reloads_and_they_never_coexist() -> None:
    small = FakeModel(name="small", blob="aaa", parameters={"num_ctx": 2048})
    async with FakeOllama(a(), small) as server:
        await server.chat("a", keep_alive=-1)
        await server.chat("small")
        assert server.loaded == ["small:latest"]
        await server.chat("a")
        assert server.loaded == ["a:latest"]
        assert server.models["a:latest"].digest != server.models["small:latest"].digest


@pytest.mark.parametrize("options", [{"num_ctx": 2048}, {"num_thread": 3}], ids=str)
async def test_a_bare_touch_reloads_what_another_client_loaded_with_options(options: dict[str, object]) -> None:
    async with FakeOllama(a()) as server:
        await server.chat("a", options=options)
        await server.generate("a", keep_alive=60)
        assert server.reloads["a:latest"] == 1
        assert (await server.ps())[0]["context_length"] == 4096


@pytest.mark.parametrize("options", [{"num_ctx": 2048}, {}, {"num_ctx": 999_999_999}], ids=str)
async def test_a_touch_with_the_context_length_of_ps_reloads_nothing(options: dict[str, object]) -> None:
    async with FakeOllama(a()) as server:
        await server.chat("a", options=options)
        context = (await server.ps())[0]["context_length"]
        await server.generate("a", keep_alive=60, options={"num_ctx": context})
        await asyncio.sleep(0.01)
        assert not server.reloads
        assert await expires(server) == near(59.99)


async def test_keep_alive_0_unloads_and_never_reloads() -> None:
    async with FakeOllama(a()) as server:
        await server.chat("a", options={"num_ctx": 2048, "num_thread": 3})
        await server.generate("a", keep_alive=0)
        await asyncio.sleep(0.2)
        assert (server.loaded, server.reloads.total()) == ([], 0)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
async def test_preloaded_natively_with_num_ctx_a_compatible_request_reloads(path: str) -> None:
    async with FakeOllama(a()) as server:
        await server.generate("a", keep_alive=-1, options={"num_ctx": 2048})
        await server.ask("POST", path, {"model": "a", "messages": [{"role": "user", "content": "x"}]})
        assert server.reloads["a:latest"] == 1
        assert (await server.ps())[0]["context_length"] == 4096
        assert await expires(server) == near(300)


# 2.5 Compatible routes ignore keep_alive


@pytest.mark.parametrize("value", [-1, "30m", 0], ids=repr)
@pytest.mark.parametrize(
    "path", ["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses", "/v1/messages"]
)
async def test_keep_alive_does_nothing_on_v1(path: str, value: object) -> None:
    async with FakeOllama(a()) as server:
        body = {"model": "a", "messages": [{"role": "user", "content": "x"}], "prompt": "x", "input": "x"}
        assert (await server.ask("POST", path, {**body, "keep_alive": value})).status == 200
        assert await expires(server) == near(300)


@pytest.mark.parametrize("asked", [True, False])
async def test_a_stream_in_openais_dialect_tells_the_tokens_where_it_is_asked_to(asked: bool) -> None:
    async with FakeOllama(FakeModel(name="a")) as server:
        said = await server.v1_chat("a", stream=True, stream_options={"include_usage": asked})
        counts = [it["usage"]["total_tokens"] for it in said.events if isinstance(it, dict) and it.get("usage")]
        assert bool(counts) is asked
