"""The running program tells how it stands and what is wrong, to a command and on its Diagnostics page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.desktop import until
from tests.support.pointer import Pointer
from tests.support.upstream import Reply
from tests.whole.program import Host, Served, Trayapp, answer, cli, listing, server, set_up
from tests.whole.reader import Reader
from trayapp.catalog.facts import REFRESHED
from trayapp.system.paths import find

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "catalog"
NOBODY = "http://127.0.0.1:9/v1"


def public_lists() -> dict[str, Reply]:
    """Both lists in their recorded shapes, as long as they have to be to be believed beside the shipped file."""
    models_dev = json.loads((SAMPLES / "models-dev.json").read_bytes())
    made = models_dev["openai"]["models"]
    made |= {f"gpt-{n}": {**made["gpt-4o"], "id": f"gpt-{n}"} for n in range(1500)}
    openrouter = json.loads((SAMPLES / "openrouter.json").read_bytes())
    first = next(it for it in openrouter["data"] if "id" in it)
    openrouter["data"] += [{**first, "id": f"maker/m-{n}"} for n in range(600)]
    return {"/api.json": Reply(body=models_dev), "/api/v1/models": Reply(body=openrouter)}


@pytest.fixture
def provider() -> Iterator[Served]:
    with Served({"/v1/models": answer("one", "two"), **public_lists()}) as served:
        yield served


def told(env: dict[str, str], *words: str, code: int = 0) -> dict[str, Any]:
    """What a command says in JSON."""
    found: dict[str, Any] = json.loads(cli(env, *words, "--json", code=code))
    return found


def row(env: dict[str, str], account: str) -> dict[str, Any]:
    return next(it for it in told(env, "cache", "stats")["accounts"] if it["provider"] == account)


def test_the_running_program_tells_its_counts_and_what_is_wrong(
    desk: dict[str, str], host: Host, provider: Served
) -> None:
    set_up(
        server("mine", f"{provider.url}/v1", "Mine"),
        server("gone", NOBODY, "Gone"),
        lists=(listing("mine", "old", age=9000.0),),
    )
    before = row(desk, "mine")
    assert (before["entries"], before["calls"], before["next_refresh"]) == (1, None, 0.0)
    with Trayapp(desk) as program:
        host.wait_item()
        until(lambda: row(desk, "mine")["calls"] == 1 and row(desk, "gone")["failures"] == 1, "both were asked")
        mine, gone = row(desk, "mine"), row(desk, "gone")
        assert (mine["source"], mine["entries"], mine["puts"]) == ("live", 2, 1)
        assert (gone["last_failure"], gone["source"]) == ("not-running", "")
        texts = [it["text"] for it in told(desk, "doctor")["findings"]]
        assert "The icon has its place in the tray." in texts
        assert "Mine: 2 models, listed just now." in texts
        assert any("Gone is not running at http://127.0.0.1:9" in text for text in texts)

        assert cli(desk, "cache", "clear", "mine") == "The list of Mine is cleared.\n"
        until(lambda: row(desk, "mine")["calls"] == 2, "it was asked again by itself")
        cli(desk, "cache", "clear", "nobody", code=1)
        cli(desk, "quit")
        assert program.wait_end() == 0
    after = row(desk, "mine")
    assert (after["entries"], after["source"], after["calls"]) == (2, "cached", None)
    assert "trayapp is not running" in cli(desk, "doctor")


def test_the_catalogue_is_refreshed_at_the_users_word_with_a_tray_and_without(
    desk: dict[str, str], host: Host, provider: Served
) -> None:
    desk["TRAYAPP_MODELS_DEV_URL"] = f"{provider.url}/api.json"
    desk["TRAYAPP_OPENROUTER_URL"] = f"{provider.url}/api/v1/models?output_modalities=all"
    set_up()
    assert told(desk, "catalog", "status")["refreshed"] == []
    text = cli(desk, "catalog", "update")
    for part in ("models.dev: 15", "OpenRouter: 6", "The shipped catalogue is of "):
        assert part in text
    files = [find().data / name for name in REFRESHED]
    first = [path.stat().st_mtime_ns for path in files]
    assert [it["name"] for it in told(desk, "catalog", "status")["refreshed"]] == ["models.dev", "OpenRouter"]
    with Trayapp(desk):
        host.wait_item()
        assert len(provider.paths()) == 2  # nobody asked but the user
        cli(desk, "catalog", "update")
        assert all(path.stat().st_mtime_ns > before for path, before in zip(files, first, strict=True))
        provider.stop()
        cli(desk, "catalog", "update", code=1)
        assert len(told(desk, "catalog", "status")["refreshed"]) == 2


def test_the_page_can_be_read_and_used_by_keyboard(
    desk: dict[str, str], host: Host, reader: Reader, pointer: Pointer, provider: Served
) -> None:
    set_up(server("mine", f"{provider.url}/v1", "Mine"))
    with Trayapp(desk):
        item = host.wait_item()
        host.wait_row(item, "Mine (2)")
        host.click(item, "Settings…")
        pointer.focus(pointer.wait_window("Settings", by="name"))
        for _page in range(7):
            pointer.keys("ctrl+Next")
        reader.wait("Nothing is wrong.", "label")
        reader.wait("1 list with 2 models take ", "label")
        calls = len(provider.paths())
        pointer.keys("alt+e")
        reader.wait("2 models of 1 provider.", "label")
        assert len(provider.paths()) == calls + 1
        pointer.keys("alt+l")
        reader.wait("Forget the model lists of all accounts?", "label")
        pointer.keys("alt+f")
        reader.wait("1 list is cleared.", "label")
        until(lambda: len(provider.paths()) == calls + 2, "it was asked again by itself")
