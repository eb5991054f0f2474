"""What becomes of a model that the user unloads, in words that hold."""

from __future__ import annotations

import asyncio

import pytest

from tests.local.engine_scene import RAM, after, scene
from tests.support.ollama import FakeModel, cloud
from trayapp.core.errors import UserError
from trayapp.local.residency import Note

pytestmark = pytest.mark.virtual_time
A, B = FakeModel(name="a"), FakeModel(name="b")


async def test_an_idle_model_is_gone_when_it_is_said_to_be() -> None:
    async with scene(A, strategy=None, begin=False) as it:
        await it.server.chat("a", keep_alive=-1)
        assert await it.engine.unload("A") == "“a:latest” is unloaded."
        assert it.server.loaded == []
        assert it.names == []


async def test_a_card_that_gives_its_memory_back_slowly_is_waited_for() -> None:
    async with scene(A, limits={"unload": 4.0}) as it:
        await it.server.chat("a")
        assert await it.engine.unload("a") == "“a:latest” is unloaded."
        assert it.server.loaded == []


async def test_a_busy_model_leaves_when_it_has_finished_and_that_is_said() -> None:
    async with scene(A) as it:
        talk = asyncio.create_task(it.server.chat("a", seconds=60))
        await after(10)
        began = it.server.clock.now()
        assert await it.engine.unload("a") == "“a:latest” is answering: it will be unloaded when it has finished."
        assert it.server.clock.now() - began < 7
        assert it.one("a").leaving
        assert (await talk).status == 200
        await after(6)
        assert it.server.loaded == []
        assert it.acts == [("a:latest", 0)]


async def test_all_of_them_can_be_unloaded() -> None:
    async with scene(A, B, cloud("c:cloud")) as it:
        await it.server.chat("a")
        await it.server.chat("b", keep_alive=-1)
        said = await it.engine.unload(None)
        assert sorted(said.splitlines()) == ["“a:latest” is unloaded.", "“b:latest” is unloaded."]
        assert await it.engine.unload(None) == ""


async def test_a_model_goes_by_every_name_it_has() -> None:
    async with scene(A, FakeModel(name="copy", blob=A.blob), strategy=None, begin=False) as it:
        await it.server.chat("a")
        assert await it.engine.unload("copy") == "“a:latest” is unloaded."


@pytest.mark.parametrize(
    ("name", "why"), [("b", "is not loaded"), ("other", "is not loaded"), ("c:cloud", "in the cloud")]
)
async def test_what_is_not_loaded_cannot_be_unloaded(name: str, why: str) -> None:
    async with scene(A, B, cloud("c:cloud")) as it:
        await it.server.chat("a")
        with pytest.raises(UserError, match=why):
            await it.engine.unload(name)
        assert it.server.loaded == ["a:latest"]
        assert it.server.cloud_calls == []


async def test_what_was_deleted_while_it_was_loaded_cannot_be_unloaded_by_its_name() -> None:
    async with scene(A) as it:
        await it.server.chat("a")
        await after(31)
        await it.server.ask("DELETE", "/api/delete", {"model": "a"})
        with pytest.raises(UserError, match="was deleted while it was loaded"):
            await it.engine.unload("a")
        assert it.one("a").note is Note.DELETED
        before = len(it.acts)
        await after(3600)
        assert len(it.acts) == before


async def test_who_is_used_again_at_once_is_said_to_be_loaded_still() -> None:
    async with scene(A, strategy=RAM) as it:
        talk = asyncio.create_task(it.server.chat("a", seconds=3))
        await after(6)
        unloading = asyncio.create_task(it.engine.unload("a"))
        await after(0.2)
        again = asyncio.create_task(it.server.chat("a", seconds=1, keep_alive=600))
        assert await unloading == "“a:latest” was used again at once, so it is still loaded."
        await asyncio.gather(talk, again)
        assert it.server.loaded == ["a:latest"]


async def test_a_kept_model_can_be_unloaded_by_hand() -> None:
    async with scene(A) as it:
        it.choose(RAM, never=["a"])
        await it.server.chat("a")
        assert await it.engine.unload("a") == "“a:latest” is unloaded."
