"""The running program beside an Ollama: its submenu “Memory” under a real tray host, from the click to the server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import pytest

from tests.support.dbusmenu import Node
from tests.support.desktop import until
from tests.support.ollama import FakeModel, FakeOllama
from tests.support.snihost import Item
from tests.whole.program import Host, Trayapp, remembered, set_up
from trayapp.core.accounts import Account
from trayapp.core.state import State

T = TypeVar("T")


class Ollama:
    """A fake Ollama in real time, on a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="ollama")
        models = (FakeModel(name="qwen2.5:7b", load=0.2), FakeModel(name="phi_4:14b", load=0.2))
        self.server = self.run(self._made(*models), start=True)

    async def _made(self, *models: FakeModel) -> FakeOllama:
        made = FakeOllama(*models)
        await made.start()
        return made

    def run(self, work: Coroutine[Any, Any, T], *, start: bool = False) -> T:
        if start:
            self._thread.start()
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def close(self) -> None:
        self.run(self.server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@pytest.fixture
def ollama() -> Iterator[Ollama]:
    made = Ollama()
    yield made
    made.close()


def memory(host: Host, item: Item) -> Node:
    """The submenu, opened."""
    top = host.open(item)
    entry = next(it for it in top.children if it.label.startswith("Memory"))
    return host.menu(item, entry.id, 1)


def shown(host: Host, item: Item, beginning: str) -> Node:
    """One row of the submenu, opened again and again until it is there."""

    def look() -> Node | None:
        inside = memory(host, item)
        host.close(item)
        return next((it for it in inside.children if it.label.startswith(beginning)), None)

    return until(look, f"“{beginning}” in the submenu", pause=0.2)


def click(host: Host, item: Item, *beginnings: str) -> None:
    """Click a row of the submenu, or below it; labels end with figures that change."""
    node = memory(host, item)
    for at, beginning in enumerate(beginnings):
        entry = next(it for it in node.children if it.label.startswith(beginning))
        if at + 1 < len(beginnings):
            node = host.menu(item, entry.id, 1)
    host.close(item)
    host._event(item, entry.id, "clicked")


def start(ollama: Ollama, state: State | None = None) -> None:
    set_up(Account("ollama", "ollama", base_url=ollama.server.url), state=state)


def test_a_strategy_is_chosen_kept_and_shown(desk: dict[str, str], host: Host, ollama: Ollama) -> None:
    start(ollama)
    with Trayapp(desk):
        item = host.wait_item()
        host.wait_row(item, "Memory: not managed")
        click(host, item, "SSD – keep 1 loaded, 2 min")
        host.wait_row(item, "Memory: SSD – keep 1 loaded, 2 min")
        assert remembered()["strategy"] == "ssd"
        rows = memory(host, item).children[:4]
        assert [it.checked for it in rows] == [False, True, False, False]
        assert {it.props["toggle-type"] for it in rows} == {"radio"}
        host.close(item)
        click(host, item, "Not managed")
        host.wait_row(item, "Memory: not managed")
        assert "strategy" not in remembered()


def test_what_another_program_loaded_is_seen_kept_and_unloaded(
    desk: dict[str, str], host: Host, ollama: Ollama
) -> None:
    start(ollama, State(strategy="ram", seen=("ollama",)))
    ollama.run(ollama.server.chat("phi_4:14b"))
    with Trayapp(desk):
        item = host.wait_item()
        row = shown(host, item, "phi_4:14b   4")
        assert "GPU" in row.label
        click(host, item, "phi_4:14b", "Keep in memory")
        until(lambda: remembered().get("kept") == [["ollama", "phi_4:14b"]], "the mark on the disk")
        until(lambda: shown(host, item, "phi_4:14b").label.endswith("kept"), "the word in the menu", pause=0.2)
        click(host, item, "phi_4:14b", "Unload")
        until(lambda: ollama.server.loaded == [], "the model to leave")
        shown(host, item, "Nothing is loaded.")


def test_a_model_is_warmed_up_from_the_menu(desk: dict[str, str], host: Host, ollama: Ollama) -> None:
    start(ollama, State(strategy="ram", seen=("ollama",)))
    with Trayapp(desk):
        item = host.wait_item()
        shown(host, item, "Warm up")
        click(host, item, "Warm up", "qwen2.5:7b")
        until(lambda: ollama.server.loaded == ["qwen2.5:7b"], "the model in memory")
        shown(host, item, "qwen2.5:7b   4")
        inside = memory(host, item)
        warm = next(it for it in inside.children if it.label == "Warm up")
        assert [label.partition("   ")[0] for label in host.menu(item, warm.id, 1).labels] == ["phi_4:14b"]


def test_a_server_that_ends_says_so_when_the_menu_is_opened_again(
    desk: dict[str, str], host: Host, ollama: Ollama
) -> None:
    start(ollama, State(seen=("ollama",)))
    with Trayapp(desk):
        item = host.wait_item()
        shown(host, item, "Nothing is loaded.")
        ollama.run(ollama.server.stop())
        shown(host, item, "Ollama is not running – start it")
