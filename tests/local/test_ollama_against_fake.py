"""The adapter over real sockets against a server that loads, keeps, evicts and hangs as Ollama does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.support.ollama import FakeModel, FakeOllama, Said, cloud, embedding
from tests.support.timeloop import LoopClock
from tests.support.tls import tls
from trayapp.core.errors import Kind, ProviderError
from trayapp.local.ollama import Ollama
from trayapp.local.residency import NEVER, Installed, Seen, ServerState

pytestmark = pytest.mark.virtual_time

LLAMA, QWEN = FakeModel(name="llama3.2", load=4.0), FakeModel(name="qwen3:8b", load=6.0)


@asynccontextmanager
async def asked(fake: FakeOllama) -> AsyncIterator[Ollama]:
    """The adapter of a running fake, through a socket."""
    async with fake, httpx.AsyncClient(verify=tls()) as http:

        async def client() -> httpx.AsyncClient:
            return http

        yield Ollama(client, fake.url, LoopClock())


async def one(it: Ollama) -> Seen:
    (seen,) = await it.loaded()
    return seen


async def model(it: Ollama, name: str) -> Installed:
    return next(found for found in await it.installed() if found.name == name)


async def failure(call: Coroutine[Any, Any, object]) -> Kind:
    with pytest.raises(ProviderError) as caught:
        await call
    return caught.value.failure.kind


async def in_turn(fake: FakeOllama, *names: str) -> list[asyncio.Task[Said]]:
    """Other programs ask for these models, one a moment after the other."""
    chats = []
    for name in names:
        chats.append(asyncio.create_task(fake.chat(name)))
        await asyncio.sleep(0.1)
    return chats


@pytest.mark.parametrize(
    ("version", "state"),
    [("0.33.0", ServerState.RUNNING), ("0.1.33", ServerState.RUNNING), ("0.1.32", ServerState.TOO_OLD)],
)
async def test_old_and_new_versions_are_known(version: str, state: ServerState) -> None:
    async with asked(FakeOllama(version=version)) as it:
        stands = await it.stand()
    assert (stands.state, stands.version) == (state, version)


async def test_every_way_to_stand_is_told_apart() -> None:
    fake = FakeOllama()
    async with asked(fake) as it:
        found = []
        for standing in ("running", "starting", "refusing", "another", "running"):
            fake.standing = standing
            found.append((await it.stand()).state)
        await fake.stop()
        found.append((await it.stand()).state)
        await fake.start()
        found.append((await it.stand()).state)
    assert found == [
        ServerState.RUNNING,
        ServerState.STARTING,
        ServerState.REFUSING,
        ServerState.WRONG_PROGRAM,
        ServerState.RUNNING,
        ServerState.NOT_RUNNING,
        ServerState.RUNNING,
    ]


async def test_a_server_that_was_started_anew_is_met_at_once() -> None:
    fake = FakeOllama(LLAMA)
    async with asked(fake) as it:
        await it.load(Installed("k", "llama3.2"), 60)
        await fake.stop()
        await fake.start()
        assert await it.loaded() == ()
        await fake.stop()
        assert await failure(it.loaded()) is Kind.NOT_RUNNING


async def test_a_load_takes_as_long_as_it_takes_and_stays_as_long_as_it_is_told() -> None:
    slow = FakeModel(name="slow", load=200.0)
    clock = LoopClock()
    async with asked(FakeOllama(slow)) as it:
        began = clock.monotonic()
        await it.load(await model(it, "slow:latest"), 1800)
        assert clock.monotonic() - began == pytest.approx(200, abs=1)
        seen = await one(it)
        assert seen.expires - clock.now() == pytest.approx(1800, abs=1)
        assert (seen.name, seen.size > 0, seen.context) == ("slow:latest", True, 4096)
        assert seen.key == (await model(it, "slow:latest")).key


async def test_a_load_that_is_cancelled_is_given_up_by_the_server() -> None:
    fake = FakeOllama(LLAMA)
    async with asked(fake) as it:
        load = asyncio.create_task(it.load(Installed("k", "llama3.2:latest"), 60))
        await asyncio.sleep(1.5)
        assert fake.loading == "llama3.2:latest"
        load.cancel()
        await asyncio.wait([load])
        await asyncio.sleep(10)
        assert await it.loaded() == ()
    assert [event.kind for event in fake.story] == ["load", "aborted"]


async def test_a_lease_loads_nothing_anew_whatever_context_the_model_has() -> None:
    fake = FakeOllama(LLAMA)
    clock = LoopClock()
    async with asked(fake) as it:
        await fake.chat("llama3.2", options={"num_ctx": 2048})
        seen = await one(it)
        assert seen.context == 2048
        assert await it.lease(seen, 3600) < 0.5
        assert (await one(it)).expires - clock.now() == pytest.approx(3600, abs=1)
        await fake.v1_chat("llama3.2")  # which knows no context: the server loads it anew, whatever we do
    assert fake.reloads["llama3.2:latest"] == 1


async def test_a_lease_on_options_that_nobody_sees_is_seen_to_take_its_time() -> None:
    fake = FakeOllama(LLAMA)
    async with asked(fake) as it:
        await fake.chat("llama3.2", options={"num_thread": 3})
        assert await it.lease(await one(it), 3600) >= 1.0
        assert fake.reloads["llama3.2:latest"] == 1


async def test_an_embedding_model_is_loaded_leased_and_unloaded() -> None:
    fake = FakeOllama(embedding("nomic-embed-text"))
    async with asked(fake) as it:
        known = await model(it, "nomic-embed-text:latest")
        assert known.embedding
        await it.load(known, 60)
        assert await it.lease(await one(it), 600, embedding=True) < 0.5
        assert await it.lease(await one(it), 700) < 0.5
        assert (await one(it)).expires - LoopClock().now() == pytest.approx(700, abs=1)
        await it.unload(await one(it))
        await asyncio.sleep(1)
        assert await it.loaded() == ()
    assert fake.reloads.total() == 0


async def test_an_embedding_model_of_an_old_version_is_found_out_by_the_refusal() -> None:
    async with asked(FakeOllama(embedding("nomic-embed-text"), version="0.12.0")) as it:
        known = await model(it, "nomic-embed-text:latest")
        assert not known.embedding
        await it.load(known, 60)
        assert [seen.name for seen in await it.loaded()] == ["nomic-embed-text:latest"]


async def test_a_busy_model_leaves_when_its_answer_is_done() -> None:
    fake = FakeOllama(LLAMA)
    async with asked(fake) as it:
        await it.load(Installed("k", "llama3.2"), 3600)
        answer = asyncio.create_task(fake.chat("llama3.2", seconds=30))
        await asyncio.sleep(5)
        await it.unload(await one(it))
        assert len(await it.loaded()) == 1
        said = await answer
        await asyncio.sleep(1)
        assert await it.loaded() == ()
    assert said.json["done"] is True


async def test_unloading_what_is_not_loaded_is_no_fault_and_what_is_unknown_is_gone() -> None:
    fake = FakeOllama(LLAMA)
    async with asked(fake) as it:
        await it.unload(Seen("k", "llama3.2:latest"))
        assert await failure(it.unload(Seen("k", "nope"))) is Kind.GONE
        assert await failure(it.unload(Seen("k", "a b"))) is Kind.GARBLED
        assert await failure(it.load(Installed("k", "nope"), 60)) is Kind.GONE
        assert await failure(it.lease(Seen("k", "nope"), 60, embedding=True)) is Kind.GONE


async def test_a_pinned_model_never_goes_and_its_uses_are_still_seen() -> None:
    fake = FakeOllama(LLAMA)
    async with asked(fake) as it:
        await fake.generate("llama3.2", keep_alive=-1)
        await fake.chat("llama3.2")
        first = await one(it)
        await asyncio.sleep(60)
        assert (await one(it)).stamp == first.stamp
        await fake.chat("llama3.2")
        later = await one(it)
    assert (first.expires, later.expires) == (NEVER, NEVER)
    assert first.stamp is not None
    assert later.stamp is not None
    assert later.stamp - first.stamp == pytest.approx(60, abs=2)


async def test_too_little_memory_is_said_in_words() -> None:
    async with asked(FakeOllama(FakeModel(name="big", oom=True))) as it:
        with pytest.raises(ProviderError) as caught:
            await it.load(Installed("k", "big"), 60)
    assert "not enough memory for “big”" in caught.value.failure.detail


async def test_a_full_queue_is_waited_for() -> None:
    """One model loads for six seconds, one waits in the only place there is."""
    fake = FakeOllama(LLAMA, QWEN, FakeModel(name="gemma3", load=1.0), max_queue=1)
    async with asked(fake) as it:
        others = await in_turn(fake, "qwen3:8b", "gemma3")
        await it.load(Installed("k", "llama3.2"), 60)
        await asyncio.wait(others)
        assert sorted(fake.loaded) == ["gemma3:latest", "llama3.2:latest", "qwen3:8b"]
    assert [each.status for each in fake.log if not each.direct] == [503, 503, 503, 200]


async def test_a_queue_that_stays_full_is_said() -> None:
    fake = FakeOllama(LLAMA, FakeModel(name="stuck", stalls=True), FakeModel(name="gemma3"), max_queue=1)
    async with asked(fake) as it:
        others = await in_turn(fake, "stuck", "gemma3")
        assert await failure(it.load(Installed("k", "llama3.2"), 60)) is Kind.LIMITED
        for other in others:
            other.cancel()
        await asyncio.wait(others)


async def test_copies_share_a_key_and_nothing_of_the_cloud_is_ever_asked_for() -> None:
    alias = FakeModel(name="alias", blob=LLAMA.blob)
    fake = FakeOllama(LLAMA, alias, cloud("gpt-oss:120b-cloud"))
    async with asked(fake) as it:
        known = {found.name: found for found in await it.installed()}
        assert known["alias:latest"].key == known["llama3.2:latest"].key
        far = known["gpt-oss:120b-cloud"]
        assert far.remote
        for call in (it.load(far, 60), it.unload(Seen(far.key, far.name))):
            with pytest.raises(ValueError, match="never be touched"):
                await call
        assert await it.show(far.name) == ""
        assert (await it.show("alias")).endswith(f"sha256-{LLAMA.blob}")
    assert fake.cloud_calls == []
