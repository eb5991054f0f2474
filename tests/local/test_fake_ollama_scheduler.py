"""The fake Ollama against the notes: who waits for whom, and who leaves for whom."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.local.fake_scene import a, b, c, expires, near
from tests.support.ollama import FakeOllama, embedding
from tests.support.timeloop import LoopClock

pytestmark = pytest.mark.virtual_time


# 2.3 Scheduler semantics


async def test_the_last_explicit_value_wins_and_persists() -> None:
    async with FakeOllama(a()) as server:
        await server.chat("a", keep_alive=20)
        assert await expires(server) == near(20)
        await server.v1_chat("a")
        assert await expires(server) == near(20)
        await server.chat("a")
        assert await expires(server) == near(20)
        await server.chat("a", keep_alive="1h")
        assert await expires(server) == near(3600)


async def test_it_leaves_when_its_time_is_over_and_not_before() -> None:
    async with FakeOllama(a(), unload=0.1) as server:
        await server.chat("a", keep_alive=20)
        await asyncio.sleep(19.9)
        assert server.loaded == ["a:latest"]
        await asyncio.sleep(0.3)
        assert (server.loaded, await server.ps()) == ([], [])


async def test_the_timer_starts_when_the_last_request_in_flight_ends() -> None:
    async with FakeOllama(a(), num_parallel=2) as server:
        await server.chat("a", keep_alive=10)
        short, long = (asyncio.create_task(server.chat("a", seconds=seconds)) for seconds in (5, 60))
        await short
        await asyncio.sleep(20)
        assert server.busy("a")
        assert await expires(server) < 0
        await long
        await asyncio.sleep(0.01)
        assert await expires(server) == near(9.99)


async def test_a_touch_returns_at_once_while_the_model_is_busy_and_counts_when_the_last_request_ends() -> None:
    async with FakeOllama(a()) as server:
        await server.chat("a", keep_alive=20)
        chat = asyncio.create_task(server.chat("a", seconds=60))
        await asyncio.sleep(1)
        before, began = await expires(server), LoopClock().monotonic()
        assert (await server.generate("a", keep_alive=100)).json["done_reason"] == "load"
        assert LoopClock().monotonic() == began
        assert await expires(server) == near(before)
        assert [(touch.seconds, touch.busy) for touch in server.touches] == [(100, True)]
        await chat
        await asyncio.sleep(0.01)
        assert await expires(server) == near(99.99)


async def test_the_same_on_an_unloaded_model_loads_it_and_blocks() -> None:
    async with FakeOllama(a(load=4)) as server:
        said = await server.generate("a", keep_alive=60)
        assert said.json == {
            "model": "a",
            "created_at": said.json["created_at"],
            "response": "",
            "done": True,
            "done_reason": "load",
        }
        assert LoopClock().monotonic() == 4
        assert await expires(server) == near(60)


async def test_keep_alive_0_returns_at_once_and_a_busy_model_goes_when_its_requests_have_ended() -> None:
    async with FakeOllama(a()) as server:
        await server.chat("a", keep_alive=-1)
        chat = asyncio.create_task(server.chat("a", seconds=10))
        await asyncio.sleep(1)
        assert (await server.generate("a", keep_alive=0)).json["done_reason"] == "unload"
        assert await expires(server) == near(0)  # the time of the call
        more = asyncio.create_task(server.chat("a", seconds=10))  # still served by it
        assert (await chat).status == (await more).status == 200
        await asyncio.sleep(0.2)
        assert server.loaded == []
        assert server.loads["a:latest"] == 1


async def test_keep_alive_0_for_a_model_that_is_not_loaded_does_nothing() -> None:
    async with FakeOllama(a()) as server:
        assert (await server.generate("a", keep_alive=0)).json["done_reason"] == "unload"
        assert (await server.chat("a", messages=[], keep_alive="0")).json["done_reason"] == "unload"
        assert (await server.generate("nobody", keep_alive=0)).status == 404
        assert server.story == []


async def test_a_prompt_with_keep_alive_0_is_answered_and_then_it_unloads() -> None:
    async with FakeOllama(a()) as server:
        assert (await server.chat("a", keep_alive=0)).json["message"]["content"]
        await asyncio.sleep(0.2)
        assert server.loaded == []


async def test_an_empty_embed_with_keep_alive_0_loads_and_then_unloads() -> None:
    async with FakeOllama(embedding("e")) as server:
        assert (await server.embed("e", keep_alive=0)).json == {"model": "e", "embeddings": []}
        await asyncio.sleep(0.2)
        assert (server.loads["e:latest"], server.loaded) == (1, [])


async def test_unloading_waits_for_the_gpus_memory_one_model_after_the_other() -> None:
    async with FakeOllama(a(), b(), c(), vram_wait=5, unload=0.1) as server:
        for name in "abc":
            await server.chat(name)
        for name in "abc":
            await server.generate(name, keep_alive=0)
        left = []
        for _ in range(4):
            left.append(len(server.loaded))
            await asyncio.sleep(5.05)
        assert left == [3, 2, 1, 0]


async def test_loads_are_serial_and_loaded_models_keep_answering() -> None:
    async with FakeOllama(a(load=4), b(load=4), c(load=0)) as server:
        await server.chat("c")
        began = LoopClock().monotonic()
        done: dict[str, float] = {}

        async def ask(name: str) -> None:
            await server.chat(name)
            done[name] = LoopClock().monotonic() - began

        await asyncio.gather(ask("a"), ask("b"), ask("c"))
        assert done == {"c": near(0.5), "a": near(4.5), "b": near(8.5)}


async def test_a_client_that_hangs_up_aborts_the_load_and_the_next_one_starts_again() -> None:
    async with FakeOllama(a(load=4)) as server:
        first = asyncio.create_task(server.generate("a"))
        await asyncio.sleep(1)
        second = asyncio.create_task(server.generate("a"))
        await asyncio.sleep(0.5)
        first.cancel()
        await second
        assert LoopClock().monotonic() == near(5.5)
        assert [event.kind for event in server.story] == ["load", "aborted", "load", "loaded"]


async def test_a_dead_child_stays_listed_until_a_request_and_is_reloaded_with_the_default() -> None:
    async with FakeOllama(a()) as server:
        await server.chat("a", keep_alive=-1)
        server.kill_runner("a")
        await asyncio.sleep(3600)
        assert [row["name"] for row in await server.ps()] == ["a:latest"]
        assert (await server.v1_chat("a")).status == 200
        assert (server.loads["a:latest"], await expires(server)) == (2, near(300))


# 2.7 The deadlock


@pytest.mark.parametrize("lease", [-1, 8 * 3600], ids=repr)
async def test_a_touch_undoes_an_eviction_and_nothing_loads_any_more(lease: int) -> None:
    async with FakeOllama(a(), b(), c(), max_loaded=1) as server:
        await server.chat("a")
        long = asyncio.create_task(server.chat("a", seconds=60))
        await asyncio.sleep(1)
        waits = asyncio.create_task(server.chat("b"))
        await asyncio.sleep(1)
        await server.generate("a", keep_alive=lease)
        await long
        too = asyncio.create_task(server.chat("c"))
        await asyncio.sleep(3600)
        assert not waits.done()
        assert not too.done()
        assert server.waiting == 2
        for path in ("/api/tags", "/api/ps", "/api/version"):  # green all the while
            assert (await server.ask("GET", path)).status == 200
        assert (await server.chat("a")).status == 200
        await server.generate("a", keep_alive=0)  # the cure
        await waits
        await too
        assert server.loaded == ["c:latest"]


async def test_without_the_touch_the_newcomer_starts_as_soon_as_the_answer_is_done() -> None:
    async with FakeOllama(a(), b(load=4), max_loaded=1, unload=0) as server:
        await server.chat("a")
        long = asyncio.create_task(server.chat("a", seconds=59.9))
        await asyncio.sleep(1)
        waits = asyncio.create_task(server.chat("b"))
        await asyncio.sleep(1)
        await server.v1_chat("a")  # carries no keep_alive
        await long
        began = LoopClock().monotonic()
        await waits
        assert LoopClock().monotonic() - began < 5
        assert server.evictions == ["a:latest"]


async def test_where_it_is_repaired_the_touch_changes_nothing() -> None:
    async with FakeOllama(a(), b(), max_loaded=1, deadlocks=False) as server:
        await server.chat("a")
        long = asyncio.create_task(server.chat("a", seconds=60))
        await asyncio.sleep(1)
        waits = asyncio.create_task(server.chat("b"))
        await asyncio.sleep(1)
        await server.generate("a", keep_alive=-1)
        await long
        await waits
        assert server.loaded == ["b:latest"]


# 4.2 When Ollama itself evicts


async def test_limit_2_a_request_for_c_evicts_b_which_was_used_a_moment_ago() -> None:
    async with FakeOllama(a(), b(), c(), max_loaded=2) as server:
        await server.chat("a", keep_alive="1h")
        await asyncio.sleep(1800)
        await server.chat("b", keep_alive="5m")
        await server.chat("c")
        assert server.evictions == ["b:latest"]


async def test_with_both_at_minus_1_the_smaller_blob_goes_used_or_not() -> None:
    async with FakeOllama(a(), b(), c(), max_loaded=2) as server:
        await server.chat("b", keep_alive=-1)
        await asyncio.sleep(1800)
        await server.chat("a", keep_alive=-1)
        await server.chat("c")
        assert server.evictions == ["a:latest"]


async def test_a_busy_model_is_no_victim_while_another_is_idle() -> None:
    async with FakeOllama(a(), b(), c(), max_loaded=2) as server:
        await server.chat("a", keep_alive=60)
        await server.chat("b", keep_alive="1h")
        long = asyncio.create_task(server.chat("a", seconds=30))
        await asyncio.sleep(1)
        await server.chat("c")
        assert server.evictions == ["b:latest"]
        await long


async def test_a_model_that_does_not_fit_the_gpu_evicts_until_it_does() -> None:
    gigabyte = 10**9
    models = a(size=4 * gigabyte), b(size=4 * gigabyte), c(size=8 * gigabyte)
    async with FakeOllama(*models, vram=12 * gigabyte, max_loaded=9) as server:
        for name in "abc":
            await server.chat(name)
        assert server.evictions == ["a:latest", "b:latest"]
        assert (await server.ps())[0]["size_vram"] == 8 * gigabyte


async def test_out_of_memory_at_a_load_throws_all_out_and_fails_all_the_same() -> None:
    async with FakeOllama(a(), b(), c(oom=True), max_loaded=9) as server:
        await server.chat("a", keep_alive=-1)
        await server.chat("b", keep_alive=-1)
        said = await server.chat("c")
        assert said.status == 500
        assert "cudaMalloc failed: out of memory" in said.json["error"]
        assert (server.loaded, server.evictions) == ([], ["a:latest", "b:latest"])


async def test_where_it_fits_alone_the_second_try_succeeds() -> None:
    async with FakeOllama(a(size=6), b(size=6), ram=10) as server:
        await server.chat("a", keep_alive=-1)
        assert (await server.chat("b")).status == 200
        assert server.loaded == ["b:latest"]


async def test_out_of_memory_while_answering_expires_all() -> None:
    async with FakeOllama(a(), b(oom_at_answer=True)) as server:
        await server.chat("a", keep_alive=-1)
        assert "out of memory" in (await server.chat("b")).json["error"]
        await asyncio.sleep(0.5)
        assert server.loaded == []


async def test_a_second_load_comes_out_of_the_file_cache() -> None:
    async with FakeOllama(a(load=4, reload=1)) as server:
        for _ in range(2):
            await server.generate("a")
            await server.generate("a", keep_alive=0)
            await asyncio.sleep(0.2)
        assert [event.seconds for event in server.story if event.kind == "loaded"] == [4, 1]


async def test_deleted_while_loaded_it_stays_and_cannot_be_unloaded_by_name() -> None:
    async with FakeOllama(a()) as server:
        await server.chat("a", keep_alive=-1)
        said = await server.ask("DELETE", "/api/delete", {"model": "a"})
        assert (said.status, said.body) == (200, b"")
        assert (await server.generate("a", keep_alive=0)).status == 404
        assert [row["name"] for row in await server.ps()] == ["a:latest"]


async def test_a_server_that_ends_cuts_every_answer_and_comes_back_empty() -> None:
    async with FakeOllama(a()) as server:
        await server.chat("a")
        url, long = server.url, asyncio.create_task(server.chat("a", seconds=60))
        await asyncio.sleep(1)
        await server.stop()
        with pytest.raises(httpx.RemoteProtocolError):
            await long
        with pytest.raises(httpx.ConnectError):
            await server.ps()
        await server.start()
        assert (server.url, await server.ps()) == (url, [])
