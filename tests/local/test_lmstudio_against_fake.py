"""The adapter over real sockets against a server that loads, keeps and evicts as LM Studio does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.support.lmstudio import FakeLM, FakeLMStudio
from tests.support.timeloop import LoopClock
from tests.support.tls import tls
from trayapp.core.errors import Kind, ProviderError
from trayapp.local.lmstudio import LMStudio
from trayapp.local.residency import NEVER, Installed, Seen, ServerState
from trayapp.system.lms import Use, parsed

pytestmark = pytest.mark.virtual_time

QWEN, NOMIC = FakeLM(key="qwen/qwen3-8b"), FakeLM(key="nomic", type="embedding", load=1.0)
MODEL = Installed("qwen/qwen3-8b", "qwen/qwen3-8b")


@asynccontextmanager
async def asked(
    fake: FakeLMStudio, *, tool: bool = False, headers: Mapping[str, str] | None = None
) -> AsyncIterator[LMStudio]:
    """The adapter of a running fake, through a socket; with its tool or without."""

    async def uses() -> Mapping[str, Use] | None:
        return parsed(json.dumps(fake.lms_ps()).encode())

    async with fake, httpx.AsyncClient(verify=tls()) as http:

        async def client() -> httpx.AsyncClient:
            return http

        yield LMStudio(client, fake.url, LoopClock(), headers, uses=uses if tool else None)


async def one(it: LMStudio) -> Seen:
    (seen,) = await it.loaded()
    return seen


@pytest.mark.parametrize("native_v1", [True, False])
async def test_it_is_known_with_either_api(native_v1: bool) -> None:
    fake = FakeLMStudio(QWEN, NOMIC, native_v1=native_v1)
    async with asked(fake) as it:
        assert (await it.stand()).state is ServerState.RUNNING
        assert [(found.name, found.embedding) for found in await it.installed()] == [
            ("qwen/qwen3-8b", False),
            ("nomic", True),
        ]
        await fake.chat("qwen/qwen3-8b")
        assert (await one(it)).name == "qwen/qwen3-8b"
        await fake.stop()
        assert (await it.stand()).state is ServerState.NOT_RUNNING


async def test_a_token_is_sent_where_there_is_one_and_its_lack_is_a_refusal() -> None:
    fake = FakeLMStudio(QWEN, token="let me in")
    async with asked(fake) as it:
        assert (await it.stand()).state is ServerState.REFUSING
        with pytest.raises(ProviderError) as caught:
            await it.loaded()
        assert caught.value.failure.kind.closed
    async with asked(fake, headers={"Authorization": "Bearer let me in"}) as it:
        assert (await it.stand()).state is ServerState.RUNNING
        assert await it.loaded() == ()


async def test_with_the_tool_a_model_is_loaded_to_stay_and_its_uses_are_known() -> None:
    fake, clock = FakeLMStudio(QWEN), LoopClock()
    async with asked(fake, tool=True) as it:
        await it.load(MODEL, 60)
        await asyncio.sleep(7200)
        assert (await one(it)).expires == NEVER
        await fake.chat("qwen/qwen3-8b")
        seen = await one(it)
        assert it.says_use
        assert seen.used == pytest.approx(clock.now(), abs=0.1)
        answer = asyncio.create_task(fake.chat("qwen/qwen3-8b", seconds=30))
        await asyncio.sleep(5)
        assert ((await one(it)).busy, seen.busy) == (True, False)
        await answer
        await it.unload(seen)
        assert await it.loaded() == ()


async def test_without_it_the_server_lets_the_model_go_by_itself() -> None:
    fake = FakeLMStudio(QWEN)
    async with asked(fake) as it:
        await it.load(MODEL, 60)
        assert not it.says_use
        await asyncio.sleep(55)
        assert len(await it.loaded()) == 1
        await asyncio.sleep(10)
        assert await it.loaded() == ()
    assert [event.kind for event in fake.story] == ["loaded", "expired"]


async def test_the_time_to_live_that_another_program_set_is_shown() -> None:
    fake, clock = FakeLMStudio(QWEN), LoopClock()
    async with asked(fake, tool=True) as it:
        await fake.chat("qwen/qwen3-8b", ttl=600)
        assert (await one(it)).expires - clock.now() == pytest.approx(600, abs=1)


@pytest.mark.parametrize("tool", [True, False])
async def test_what_is_loaded_already_is_not_loaded_twice(tool: bool) -> None:
    fake = FakeLMStudio(QWEN)
    async with asked(fake, tool=tool) as it:
        await fake.chat("qwen/qwen3-8b")
        await it.load(MODEL, 60)
        assert fake.loaded == ["qwen/qwen3-8b"]


@pytest.mark.parametrize("tool", [True, False])
async def test_an_embedding_model_is_loaded(tool: bool) -> None:
    async with asked(FakeLMStudio(NOMIC), tool=tool) as it:
        await it.load((await it.installed())[0], 60)
        assert (await one(it)).name == "nomic"


@pytest.mark.parametrize("tool", [True, False])
async def test_a_wrong_name_is_noticed_though_another_model_answers(tool: bool) -> None:
    async with asked(FakeLMStudio(QWEN), tool=tool) as it:
        await it.load(MODEL, 60)
        with pytest.raises(ProviderError) as caught:
            await it.load(Installed("qwen3-14b", "qwen3-14b"), 60)
    assert caught.value.failure.kind in (Kind.GONE, Kind.GARBLED)


async def test_loads_that_fail_or_may_not_be_are_said_in_words() -> None:
    broken = FakeLM(key="big", fails="Model loading was stopped due to insufficient system resources.")
    async with asked(FakeLMStudio(broken), tool=True) as it:
        with pytest.raises(ProviderError, match="not enough memory for “big”"):
            await it.load(Installed("big", "big"), 60)
    async with asked(FakeLMStudio(QWEN, jit=False)) as it:
        with pytest.raises(ProviderError, match="No models loaded"):
            await it.load(MODEL, 60)


async def test_unloading_needs_the_instance_and_a_version_that_can() -> None:
    fake = FakeLMStudio(QWEN)
    async with asked(fake) as it:
        with pytest.raises(ProviderError) as caught:
            await it.unload(Seen("qwen/qwen3-8b", "qwen/qwen3-8b:2"))
        assert caught.value.failure.kind is Kind.GONE
    async with asked(FakeLMStudio(QWEN, native_v1=False)) as it:
        await it.load(MODEL, 60)
        with pytest.raises(ProviderError, match=r"0\.4\.0") as caught:
            await it.unload(await one(it))
        assert caught.value.failure.kind is Kind.FORBIDDEN
