"""The fake LM Studio against the notes: its lists, what stays loaded, and its odd errors."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.support.lmstudio import FakeLM, FakeLMStudio
from tests.support.timeloop import EPOCH, LoopClock

pytestmark = pytest.mark.virtual_time

QWEN, LLAMA, NOMIC = "qwen/qwen3-8b", "meta/llama-3.1-8b", "nomic-embed"


def server_of(**more: Any) -> FakeLMStudio:
    models = FakeLM(key=QWEN), FakeLM(key=LLAMA, type="vlm"), FakeLM(key=NOMIC, type="embedding", tools=False)
    return FakeLMStudio(*models, **more)


async def v1(server: FakeLMStudio, key: str) -> dict[str, Any]:
    rows = (await server.ask("GET", "/api/v1/models")).json["models"]
    found: dict[str, Any] = next(row for row in rows if row["key"] == key)
    return found


async def load(server: FakeLMStudio, key: str, **more: Any) -> dict[str, Any]:
    said: dict[str, Any] = (await server.ask("POST", "/api/v1/models/load", {"model": key, **more})).json
    return said


# 7.1 Surfaces


async def test_the_two_lists_have_two_vocabularies() -> None:
    async with server_of() as server:
        await server.chat(LLAMA)
        v0 = {row["id"]: row for row in (await server.ask("GET", "/api/v0/models")).json["data"]}
        assert [row["type"] for row in v0.values()] == ["llm", "vlm", "embeddings"]
        assert [row["state"] for row in v0.values()] == ["not-loaded", "loaded", "not-loaded"]
        assert v0[QWEN]["capabilities"] == ["tool_use"]
        assert [(await v1(server, key))["type"] for key in v0] == ["llm", "llm", "embedding"]
        assert [bool((await v1(server, key))["loaded_instances"]) for key in v0] == [False, True, False]
        assert (await v1(server, LLAMA))["capabilities"]["vision"]
        assert "capabilities" not in await v1(server, NOMIC)


async def test_a_load_by_hand_tells_its_instance_and_how_long_it_took() -> None:
    async with server_of() as server:
        said = await load(server, QWEN, context_length=16384, echo_load_config=True, ttl=5)
        assert (said["instance_id"], said["load_time_seconds"], said["status"]) == (QWEN, 4.0, "loaded")
        assert said["load_config"]["context_length"] == 16384
        assert (await load(server, QWEN))["instance_id"] == f"{QWEN}:2"
        assert [one["id"] for one in (await v1(server, QWEN))["loaded_instances"]] == [QWEN, f"{QWEN}:2"]
        await asyncio.sleep(30 * 86_400)  # it knows no ttl, so it stays
        assert server.loaded == [QWEN, f"{QWEN}:2"]


async def test_unload_goes_by_the_instances_id() -> None:
    async with server_of() as server:
        await load(server, QWEN)
        await load(server, QWEN)
        said = await server.ask("POST", "/api/v1/models/unload", {"instance_id": f"{QWEN}:2"})
        assert said.json == {"instance_id": f"{QWEN}:2"}
        assert server.loaded == [QWEN]
        assert (await server.ask("POST", "/api/v1/models/unload", {"model": QWEN})).status == 404


@pytest.mark.parametrize(("jit", "listed"), [(True, [QWEN, LLAMA, NOMIC]), (False, [LLAMA])])
async def test_the_openai_list_has_only_what_is_loaded_where_jit_is_off(jit: bool, listed: list[str]) -> None:
    async with server_of(jit=jit) as server:
        await load(server, LLAMA)
        assert [row["id"] for row in (await server.ask("GET", "/v1/models")).json["data"]] == listed


# 7.2 Lifecycle rules


@pytest.mark.parametrize(("more", "ttl"), [({}, 3600), ({"ttl": 60}, 60)], ids=["default", "ttl 60"])
async def test_a_model_loaded_by_a_request_leaves_after_its_ttl_of_idleness(more: dict[str, Any], ttl: int) -> None:
    async with server_of() as server:
        await server.chat(QWEN, **more)
        await asyncio.sleep(ttl - 5)
        await server.chat(QWEN)  # resets it
        await asyncio.sleep(ttl - 5)
        assert server.loaded == [QWEN]
        await asyncio.sleep(6)
        assert server.loaded == []
        assert server.story[-1].kind == "expired"


async def test_it_does_not_leave_while_it_answers() -> None:
    async with server_of() as server:
        await server.chat(QWEN, ttl=60)
        assert (await server.chat(QWEN, seconds=600)).json["choices"]
        assert server.loaded == [QWEN]


async def test_at_most_one_model_is_loaded_by_requests_and_those_by_hand_are_exempt() -> None:
    async with server_of() as server:
        await load(server, NOMIC)
        await server.chat(QWEN)
        await server.chat(LLAMA)
        assert server.loaded == [NOMIC, LLAMA]
        assert [(event.kind, event.id) for event in server.story if event.kind == "evicted"] == [("evicted", QWEN)]


async def test_auto_evict_can_be_off() -> None:
    async with server_of(auto_evict=False) as server:
        await server.chat(QWEN)
        await server.chat(LLAMA)
        assert server.loaded == [QWEN, LLAMA]


@pytest.mark.parametrize("stream", [True, False])
async def test_an_eviction_cuts_off_a_model_that_answers(stream: bool) -> None:
    async with server_of() as server:
        await server.chat(QWEN)
        cut = asyncio.create_task(server.chat(QWEN, seconds=60, stream=stream))
        await asyncio.sleep(5)
        await server.chat(LLAMA)
        said = await cut
        assert b"[DONE]" not in said.body
        assert said.status == (200 if stream else 400)
        assert server.story[-2].busy


async def test_an_explicit_load_has_no_ttl_even_after_a_request_with_one() -> None:
    async with server_of() as server:
        await load(server, QWEN)
        await server.chat(QWEN, ttl=5)
        await asyncio.sleep(60)
        assert server.loaded == [QWEN]
        assert server.lms_ps()[0]["ttlMs"] is None


async def test_lms_ps_knows_the_last_use_and_the_ttl() -> None:
    async with server_of() as server:
        await server.chat(QWEN, ttl=90)
        row = server.lms_ps()[0]
        assert (row["identifier"], row["modelKey"], row["ttlMs"], row["status"]) == (QWEN, QWEN, 90_000, "idle")
        assert row["lastUsedTime"] == pytest.approx((EPOCH + LoopClock().monotonic()) * 1000, abs=1)
        busy = asyncio.create_task(server.chat(QWEN, seconds=10))
        await asyncio.sleep(1)
        assert server.lms_ps()[0]["status"] == "generating"
        await busy


# 7.3 Authorisation, discovery, errors


@pytest.mark.parametrize(
    ("method", "target"),
    [("POST", "/chat/completions"), ("GET", "/api/ps"), ("GET", "//v1/models"), ("GET", "/v1/chat/completions")],
)
async def test_an_unknown_endpoint_answers_200_with_an_error(method: str, target: str) -> None:
    async with server_of() as server:
        said = await server.ask(method, target)
        error = {"error": f"Unexpected endpoint or method. ({method} {target})"}
        assert (said.status, said.json) == (200, error)


async def test_before_0_4_the_native_v1_routes_are_unknown() -> None:
    async with server_of(native_v1=False) as server:
        assert "Unexpected endpoint" in (await server.ask("GET", "/api/v1/models")).json["error"]
        assert len((await server.ask("GET", "/api/v0/models")).json["data"]) == 3


async def test_a_wrong_name_is_answered_by_the_only_loaded_model() -> None:
    async with server_of() as server:
        await server.chat(QWEN)
        said = await server.chat("no-such-model")
        assert (said.status, said.json["model"]) == (200, QWEN)


async def test_nothing_loaded_and_jit_off_is_said_in_these_words() -> None:
    async with server_of(jit=False) as server:
        said = await server.chat(QWEN)
        assert said.status == 404
        assert said.json == {
            "error": {
                "message": "No models loaded. Please load a model in the developer page or use the `lms load` command.",
                "type": "invalid_request_error",
                "param": "model",
                "code": "model_not_found",
            }
        }


async def test_it_greets_and_may_want_a_token() -> None:
    async with server_of(token="t") as server, httpx.AsyncClient(base_url=server.url) as client:
        assert (await client.get("/lmstudio-greeting")).json() == {"lmstudio": True}
        assert (await client.get("/v1/models")).status_code == 401
        assert (await client.get("/v1/models", headers={"authorization": "Bearer t"})).status_code == 200


async def test_embeddings_load_their_model_too() -> None:
    async with server_of() as server:
        said = await server.ask("POST", "/v1/embeddings", {"model": NOMIC, "input": "x"})
        assert said.json["data"][0]["embedding"]
        assert server.loaded == [NOMIC]


async def test_a_load_that_fails_says_why() -> None:
    async with FakeLMStudio(FakeLM(key="big", fails="Failed to load model: out of memory")) as server:
        said = await server.ask("POST", "/api/v1/models/load", {"model": "big"})
        assert (said.status, said.json["error"]["message"]) == (500, "Failed to load model: out of memory")
        assert (await server.chat("big")).status == 500
        assert server.loaded == []
