"""The same policy over LM Studio, which takes no leases, and cuts an answer off when it is told to unload."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx
import pytest

from tests.local.engine_scene import NONE, RAM, SSD, Scene, after
from tests.support.lmstudio import FakeLM, FakeLMStudio
from tests.support.ollama import FakeOllama
from trayapp.core.errors import UserError
from trayapp.local.lmstudio import LMStudio
from trayapp.local.residency import FIRST_ANSWER, NEVER, Note, Strategy
from trayapp.system.lms import Use

pytestmark = pytest.mark.virtual_time
A, B = FakeLM(key="acme/a"), FakeLM(key="acme/b")


@asynccontextmanager
async def studio(*models: FakeLM, strategy: Strategy | None, tool: bool = True) -> AsyncIterator[Scene]:
    """``tool``: its command line tool is there, and says when each model was used."""
    async with FakeLMStudio(*models) as server, httpx.AsyncClient(transport=server.transport()) as http:

        async def uses() -> Mapping[str, Use] | None:
            return {it["identifier"]: _use(it) for it in server.lms_ps()} if tool else None

        it = Scene(cast("FakeOllama", server), http, strategy)
        it.renew(LMStudio(it.client, server.url, server.clock, uses=uses))
        it.engine.begin()
        try:
            yield it
        finally:
            await it.end()
        assert it.faults == []


def _use(row: dict[str, Any]) -> Use:
    ttl = row["ttlMs"]
    return Use(row["lastUsedTime"] / 1000, None if ttl is None else ttl / 1000, row["status"] != "idle")


def server(it: Scene) -> FakeLMStudio:
    return cast("FakeLMStudio", it.server)


async def test_an_idle_model_is_unloaded_when_its_time_is_over() -> None:
    async with studio(A, strategy=SSD) as it:
        await server(it).chat(A.key)
        await after(110)
        assert [one.name for one in it.shown] == [A.key]
        await after(46)
        assert server(it).loaded == []


async def test_none_waits_until_the_answer_is_done() -> None:
    async with studio(A, strategy=NONE) as it:
        talk = asyncio.create_task(server(it).chat(A.key, seconds=120))
        await after(60)
        assert it.shown[0].busy
        assert it.shown[0].due == NEVER
        assert (await talk).status == 200
        await after(6)
        assert server(it).loaded == []
        assert [event.busy for event in server(it).story if event.kind == "unloaded"] == [False]


async def test_what_was_warmed_up_under_none_does_not_stay_for_ever() -> None:
    async with studio(A, strategy=NONE) as it:
        assert "is loaded" in await it.engine.warm(A.key, wait=True)
        await after(FIRST_ANSWER - 10)
        assert server(it).loaded == [A.key]
        await after(16)
        assert server(it).loaded == []


async def test_of_several_the_one_used_last_stays() -> None:
    async with studio(A, B, strategy=SSD) as it:
        for model in (A, B):
            await server(it).ask("POST", "/api/v1/models/load", {"model": model.key})
            await server(it).chat(model.key)
        await after(31)
        assert server(it).loaded == [B.key]


async def test_without_its_tool_models_are_left_to_their_own_time() -> None:
    async with studio(A, strategy=SSD, tool=False) as it:
        await server(it).chat(A.key, ttl=3000)
        await after(2000)
        assert it.shown[0].note is Note.UNUSED
        assert server(it).loaded == [A.key]


async def test_two_instances_of_one_model_are_two() -> None:
    async with studio(A, strategy=RAM) as it:
        for _ in range(2):
            await server(it).ask("POST", "/api/v1/models/load", {"model": A.key})
        await after(31)
        assert [one.name for one in it.shown] == [A.key, f"{A.key}:2"]
        assert await it.engine.unload(f"{A.key}:2") == f"“{A.key}:2” is unloaded."
        assert server(it).loaded == [A.key]


async def test_a_busy_model_is_not_cut_off_by_the_user_either() -> None:
    async with studio(A, strategy=None) as it:
        talk = asyncio.create_task(server(it).chat(A.key, seconds=60))
        await after(10)
        with pytest.raises(UserError, match="Unload it when it has finished"):
            await it.engine.unload(A.key)
        assert (await talk).status == 200
        assert await it.engine.unload(A.key) == f"“{A.key}” is unloaded."


async def test_why_a_model_could_not_be_unloaded_is_said() -> None:
    async with FakeLMStudio(A, native_v1=False) as fake, httpx.AsyncClient(transport=fake.transport()) as http:
        it = Scene(cast("FakeOllama", fake), http, None)
        it.renew(LMStudio(it.client, fake.url, fake.clock))
        await fake.chat(A.key)
        with pytest.raises(UserError, match=rf"“{A.key}” was not unloaded: LM Studio 0\.4\.0 or later is needed"):
            await it.engine.unload(A.key)
        await it.end()


async def test_a_version_that_cannot_unload_is_not_asked_again_and_again() -> None:
    async with FakeLMStudio(A, native_v1=False) as fake, httpx.AsyncClient(transport=fake.transport()) as http:

        async def uses() -> Mapping[str, Use] | None:
            return {it["identifier"]: _use(it) for it in fake.lms_ps()}

        it = Scene(cast("FakeOllama", fake), http, SSD)
        it.renew(LMStudio(it.client, fake.url, fake.clock, uses=uses))
        it.engine.begin()
        await fake.chat(A.key)
        await after(600)
        await it.end()
        assert sum(one.path == "/api/v1/models/unload" for one in it.asked) == 1
