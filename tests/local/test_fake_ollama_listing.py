"""The fake Ollama against the notes: what ``/api/ps`` lists, and when an expiry moves."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest

from tests.local.fake_scene import a, b, c, expires, near
from tests.support.ollama import FakeOllama

pytestmark = pytest.mark.virtual_time


# 3 What /api/ps lists


async def test_expires_at_moves_only_when_the_last_request_ends() -> None:
    async with FakeOllama(a()) as server:
        await server.chat("a")
        first = (await server.ps())[0]["expires_at"]
        await asyncio.sleep(30)
        assert (await server.ps())[0]["expires_at"] == first
        chat = asyncio.create_task(server.chat("a", seconds=400))
        await asyncio.sleep(350)
        assert (await server.ps())[0]["expires_at"] == first  # stays old, and is past
        await chat
        await asyncio.sleep(1)
        assert await expires(server) == near(299)


async def test_until_its_first_request_has_ended_the_expiry_is_reckoned_at_each_look() -> None:
    async with FakeOllama(a(load=4)) as server:
        chat = asyncio.create_task(server.chat("a", seconds=60, keep_alive=100))
        await asyncio.sleep(5)
        looks = []
        for _ in range(3):
            looks.append(await expires(server))
            await asyncio.sleep(10)
        assert looks == [near(100)] * 3
        await chat
        await asyncio.sleep(5)
        assert await expires(server) == near(95)


async def test_an_own_touch_moves_it_too() -> None:
    async with FakeOllama(a()) as server:
        await server.chat("a")
        await asyncio.sleep(100)
        await server.generate("a", keep_alive=300)
        await asyncio.sleep(0.01)
        assert await expires(server) == near(299.99)


async def test_an_eviction_by_the_scheduler_does_not_change_it() -> None:
    async with FakeOllama(a(), b(), max_loaded=1) as server:
        await server.chat("a")
        before = (await server.ps())[0]["expires_at"]
        long = asyncio.create_task(server.chat("a", seconds=10))
        waits = asyncio.create_task(server.chat("b"))
        await asyncio.sleep(1)
        assert (await server.ps())[0]["expires_at"] == before
        await asyncio.gather(long, waits)


async def test_it_is_rfc_3339_in_the_servers_zone_with_digits_that_vary() -> None:
    async with FakeOllama(a(), zone=-5) as server:
        fractions = set()
        for pause in (0.5, 0.25, 0.125, 0.0625, 1, 2, 3):
            await server.chat("a")
            await asyncio.sleep(pause)
            text = (await server.ps())[0]["expires_at"]
            assert text.endswith("-05:00")
            fractions.add(len(text.partition(".")[2]))
            assert not text.removesuffix("-05:00").endswith("0")
        assert len(fractions) > 1
    async with FakeOllama(a(), zone=0) as server:
        await server.chat("a", keep_alive=-1)
        text = (await server.ps())[0]["expires_at"]
        assert text.endswith("Z")
        assert datetime.fromisoformat(text).year == 2317  # 292.47 years from 2025


async def test_the_list_is_sorted_by_the_time_left_longest_first() -> None:
    async with FakeOllama(a(), b(), c()) as server:
        for name, lease in (("a", 60), ("b", 3600), ("c", 600)):
            await server.chat(name, keep_alive=lease)
        assert [row["name"] for row in await server.ps()] == ["b:latest", "c:latest", "a:latest"]


@pytest.mark.parametrize(("version", "listed"), [("0.33.0", False), ("0.24.0", True)])
async def test_a_loading_model_is_listed_by_old_servers_only(version: str, listed: bool) -> None:
    async with FakeOllama(a(load=4), version=version) as server:
        load = asyncio.create_task(server.chat("a"))
        await asyncio.sleep(2)
        rows = await server.ps()
        assert bool(rows) is listed
        assert all("context_length" not in row and row["size_vram"] == 0 for row in rows)
        await load
