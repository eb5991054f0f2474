"""The file behind a local model: how much of it is cached is told, and it is read ahead and that is logged."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any, cast

import pytest

from trayapp.app.model_files import ModelFiles
from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.local.ollama import Ollama
from trayapp.local.residency import Installed
from trayapp.system import filecache
from trayapp.system.filecache import ReadAhead, Stop

MODEL = Installed("sha256:1", "qwen:latest")


class Server:
    """Names the path of each model's file; raises while it is silent."""

    def __init__(self, path: str = "/models/blob", silent: bool = False) -> None:
        self.path, self.silent = path, silent
        self.asked: list[str] = []

    async def show(self, name: str) -> str:
        self.asked.append(name)
        if self.silent:
            raise ProviderError(Failure(Kind.UNREACHABLE))
        return self.path


def files(server: Server) -> ModelFiles:
    return ModelFiles(cast("Ollama", server))


@pytest.mark.parametrize(
    ("share", "cached"), [(1.0, True), (0.98, True), (0.9, None), (0.5, False), (0.0, False), (None, None)]
)
async def test_a_file_counts_as_cached_or_not_where_its_share_is_clear(
    share: float | None, cached: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filecache, "resident_share", lambda path: share if path == "/models/blob" else 1.0)
    assert await files(Server()).cached(MODEL) is cached


async def test_the_path_is_asked_for_once_and_again_after_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filecache, "resident_share", lambda _path: 1.0)
    server = Server(silent=True)
    it = files(server)
    assert await it.cached(MODEL) is None
    server.silent = False
    assert [await it.cached(MODEL), await it.cached(MODEL)] == [True, True]
    assert server.asked == [MODEL.name] * 2


async def test_a_file_is_read_ahead_and_the_log_tells_how_it_went(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    read: list[str] = []
    outcome = [ReadAhead(4_000, 2.04), ReadAhead(reason="There is not enough free memory.")]

    def ahead(path: str, *, stop: Stop) -> ReadAhead:
        assert not stop.is_set()
        read.append(path)
        return outcome.pop(0)

    monkeypatch.setattr(filecache, "read_ahead", ahead)
    it = files(Server())
    await it.read_ahead(MODEL)
    await it.read_ahead(MODEL)
    await files(Server(path="")).read_ahead(MODEL)
    assert read == ["/models/blob"] * 2
    assert "qwen:latest: 4000 bytes read ahead in 2.0 s" in caplog.text
    assert "qwen:latest was not read ahead: There is not enough free memory." in caplog.text


async def test_who_gives_up_ends_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def ahead(_path: str, *, stop: Any) -> ReadAhead:
        loop.call_soon_threadsafe(begun.set)
        assert stop.wait(5)
        loop.call_soon_threadsafe(ended.set)
        return ReadAhead(reason="Reading the file ahead was given up.")

    monkeypatch.setattr(filecache, "read_ahead", ahead)
    reading = asyncio.create_task(files(Server()).read_ahead(MODEL))
    await begun.wait()
    reading.cancel()
    async with asyncio.timeout(5):
        await ended.wait()
    with pytest.raises(asyncio.CancelledError):
        await reading
