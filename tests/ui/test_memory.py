"""Strategies, loaded models and servers in words."""

from __future__ import annotations

from typing import Any

import pytest

from trayapp.core.settings import Settings
from trayapp.local.residency import (
    NEVER,
    Loading,
    Note,
    Resident,
    ServerState,
    Standing,
    Strategy,
    strategy_of,
)
from trayapp.ui import memory

NOW = 1_750_000_000.0
GB = 1_000_000_000


def resident(**more: Any) -> Resident:
    size, vram = int(more.pop("size", 4.7 * GB)), int(more.pop("vram", 4.7 * GB))
    expires, due = more.pop("expires", NOW + 1800), more.pop("due", NOW + 750)
    return Resident("d1", "qwen2.5:7b", size, vram, expires, due, **more)


# -- strategies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id", "label"),
    [
        ("ram", "RAM – keep 3 loaded, 30 min"),
        ("ssd", "SSD – keep 1 loaded, 2 min"),
        ("none", "None – unload after each answer"),
        (None, "Not managed – leave it to the servers"),
    ],
)
def test_a_strategy_says_what_it_does(id: str | None, label: str) -> None:
    assert memory.strategy_label(strategy_of(Settings(), id)) == label


def test_a_strategy_says_the_figures_that_were_set() -> None:
    own = Settings(ram_max_models=5, ram_keep_seconds=5400)
    assert memory.strategy_label(strategy_of(own, "ram")) == "RAM – keep 5 loaded, 1 h 30 min"
    assert "up to 5 models loaded, each for 1 h 30 min" in memory.strategy_words(strategy_of(own, "ram"))


def test_a_strategy_says_in_a_sentence_who_leaves_first() -> None:
    assert memory.strategy_words(strategy_of(Settings(), "ram")) == (
        "RAM keeps up to 3 models loaded, each for 30 min after its last use;"
        " when there are more, the one used longest ago leaves first."
    )
    assert memory.strategy_words(strategy_of(Settings(), "ssd")) == (
        "SSD keeps 1 model loaded, for 2 min after its last use; the one before leaves as soon as it is idle."
    )
    all_but_one = Strategy("ssd", 2, 120, "immediate")
    assert memory.strategy_words(all_but_one).endswith("all but the one used last leave as soon as they are idle.")
    assert memory.strategy_words(Strategy("none")) == "None unloads each model right after its answer."
    assert memory.strategy_words(None).startswith("Not managed: ")


def test_a_load_time_is_typical_until_one_was_measured_and_one_second_is_promised_to_nobody() -> None:
    assert memory.load_time(None) == "A model that is not loaded typically takes 20–30 s to load."
    assert memory.load_time(12.4) == "Your models usually take 12 s to load."
    assert memory.load_time(0.84) == "Your models usually take 0.8 s to load."


# -- one loaded model -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vram", "share"),
    [(4.7, "GPU"), (0, "CPU"), (2.914, "62 % GPU"), (4.699, "GPU"), (0.01, "CPU"), (9, "GPU")],
)
def test_a_model_says_how_much_of_it_is_on_the_gpu(vram: float, share: str) -> None:
    assert memory.share(resident(vram=vram * GB)) == share


def test_a_server_that_tells_no_size_gets_no_share() -> None:
    assert memory.share(resident(size=0, vram=0)) == ""
    assert memory.facts(resident(size=0, vram=0), NOW) == "12 min left"


@pytest.mark.parametrize(
    ("more", "facts"),
    [
        ({}, "4.7 GB · GPU · 12 min left"),
        ({"expires": NOW + 65}, "4.7 GB · GPU · 1 min left"),  # whichever comes first
        ({"due": NEVER, "expires": NOW + 5400}, "4.7 GB · GPU · 1 h 30 min left"),
        ({"due": NOW + 59.7}, "4.7 GB · GPU · 59 s left"),
        ({"due": NOW + 0.4}, "4.7 GB · GPU · leaves now"),
        ({"due": NOW - 3}, "4.7 GB · GPU · leaves now"),
        ({"due": NEVER, "expires": NEVER}, "4.7 GB · GPU · as long as Ollama has room"),
        ({"busy": True, "expires": NOW - 20}, "4.7 GB · GPU · answering"),
        ({"busy": True, "leaving": True}, "4.7 GB · GPU · leaves after its answer"),
        ({"kept": True}, "4.7 GB · GPU · kept"),
        ({"kept": True, "busy": True}, "4.7 GB · GPU · answering · kept"),
        ({"note": Note.DRIFT}, "4.7 GB · GPU · set by another program · 12 min left"),
        ({"note": Note.HIDDEN}, "4.7 GB · GPU · only unloaded: its options cannot be seen · 12 min left"),
        (
            {"note": Note.DELETED, "due": NEVER, "expires": NEVER},
            "4.7 GB · GPU · its files were deleted · as long as Ollama has room",
        ),
        ({"note": Note.UNUSED}, "4.7 GB · GPU · the server does not say when it was used · 12 min left"),
    ],
)
def test_a_model_says_how_long_it_stays_and_what_is_odd_about_it(more: dict[str, Any], facts: str) -> None:
    assert memory.facts(resident(**more), NOW, "Ollama") == facts


def test_a_table_has_the_time_alone() -> None:
    assert memory.left(resident(), NOW) == "12 min"
    assert memory.left(resident(due=NEVER, expires=NEVER), NOW) == "as long as there is room"
    assert memory.left(resident(due=NOW - 3), NOW) == "now"
    assert memory.left(resident(kept=True), NOW) == memory.left(resident(busy=True), NOW) == ""


@pytest.mark.parametrize(
    ("more", "by_hand", "first"),
    [
        ({}, False, "It leaves in 12 min unless somebody uses it."),
        ({"due": NOW}, False, "It leaves now."),
        ({"kept": True}, True, "It stays until you take that back."),
        ({"kept": True}, False, "It stays: an exception in the settings says so."),
        ({"busy": True}, False, "It is answering; its time begins when it is done."),
        ({"leaving": True, "kept": True}, True, "It leaves as soon as its answer is done."),
        ({"due": NEVER, "expires": NEVER}, False, "It stays as long as Ollama has room."),
    ],
)
def test_it_also_says_so_in_a_sentence(more: dict[str, Any], by_hand: bool, first: str) -> None:
    assert memory.sentences(resident(**more), NOW, "Ollama", by_hand=by_hand) == (first,)


@pytest.mark.parametrize("note", list(Note))
def test_every_note_is_explained(note: Note) -> None:
    assert memory.state(resident(note=note))
    _fate, why, room = memory.sentences(resident(note=note, context=8192), NOW, "LM Studio")
    assert why.endswith(".")
    assert "{" not in why
    assert room == "It was loaded with room for 8k tokens."


@pytest.mark.parametrize(
    ("load", "text"),
    [
        (Loading("m", NOW - 8.7), "8 s"),
        (Loading("m", NOW - 8.7, usual=24.4), "8 s, usually 24 s"),
        (Loading("m", NOW + 3), "0 s"),  # the clock was set back
        (Loading("m", NOW - 65, waiting=True, usual=3), "waits for another load"),
        (Loading("m", NOW - 65, stuck=True), "1 min 5 s, longer than it should; room is being made"),
    ],
)
def test_a_load_says_how_long_it_takes_already(load: Loading, text: str) -> None:
    assert memory.loading(load, NOW) == text


# -- one server -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", list(ServerState))
@pytest.mark.parametrize("remote", [False, True])
def test_every_state_of_a_server_is_said_in_a_sentence_with_its_name(state: ServerState, remote: bool) -> None:
    it = Standing(state, "0.9.6", remote, "some detail")
    said = memory.standing_sentence(it, "Ollama")
    assert "Ollama" in said
    assert said.endswith(". (some detail)")
    assert "{" not in said + memory.standing(it, "Ollama")


def test_what_is_wrong_with_a_server_stands_in_the_menu_in_a_few_words() -> None:
    def said(state: ServerState, **more: Any) -> str:
        return memory.standing(Standing(state, **more), "Ollama")

    assert said(ServerState.RUNNING) == said(ServerState.UNKNOWN) == ""
    assert said(ServerState.RUNNING, remote=True) == "Ollama runs on another computer"
    assert said(ServerState.NOT_RUNNING) == "Ollama is not running – start it"
    assert said(ServerState.STARTING) == "Ollama is starting – wait a moment"
    assert said(ServerState.TOO_OLD, version="0.1.30") == "Ollama 0.1.30 is too old – update it"
    assert said(ServerState.TOO_OLD) == "Ollama is too old – update it"
    assert said(ServerState.REFUSING) == "Ollama refuses trayapp – check its address"
    assert said(ServerState.WRONG_PROGRAM) == "Another program answers in place of Ollama – check the address"
    assert said(ServerState.UNREACHABLE) == "Ollama does not answer – check its computer and the network"


def test_a_running_server_says_its_version() -> None:
    running = Standing(ServerState.RUNNING, "0.33.0")
    assert memory.standing_sentence(running, "Ollama") == "Ollama 0.33.0 is running."


# -- the command line -------------------------------------------------------------------------------------


def status(**more: Any) -> dict[str, Any]:
    loaded = {"name": "qwen2.5:7b", "size": 4_700_000_000, "gpu": 0.62, "context": 4096, "expires_in": 1800.0}
    loaded |= {"due_in": 750.0, "kept": False, "busy": False, "leaving": False, "note": "drift"}
    load = {"name": "phi4:14b", "seconds": 8.0, "waiting": False, "usual_seconds": 24.0}
    up: dict[str, Any] = {"account": "ollama", "state": "running", "version": "0.33.0", "remote": False, "detail": None}
    down: dict[str, Any] = {
        "account": "lmstudio",
        "state": "not-running",
        "version": None,
        "remote": False,
        "detail": None,
    }
    up |= {"age_seconds": 1.0, "loaded": [loaded], "loading": [load]}
    down |= {"age_seconds": 1.0, "loaded": [], "loading": []}
    return {
        "cache_strategy": "ram",
        "max_models": 3,
        "keep_alive": "1800s",
        "loaded_models": ["qwen2.5:7b"],
        "cache_hit_rate": 0.872,
        "avg_swap_time_ms": 12_400,
        "servers": [up, down],
    } | more


def test_the_command_line_reads_the_same_object_that_it_prints_as_json() -> None:
    assert memory.status_lines(status(), {"ollama": "Ollama", "lmstudio": "LM Studio"}) == (
        "RAM – keep 3 loaded, 30 min",
        "",
        "Ollama 0.33.0 is running.",
        "  qwen2.5:7b   4.7 GB · 62 % GPU · set by another program · 12 min left",
        "  phi4:14b   loading, 8 s, usually 24 s",
        "",
        "LM Studio is not running, or its server is switched off. Start it.",
        "",
        "Requests that found their model loaded: 87 %",
        "A load takes 12 s on average.",
    )


def test_the_command_line_says_when_nothing_is_loaded_measured_or_managed() -> None:
    found = status(cache_strategy=None, max_models=None, keep_alive=None, cache_hit_rate=None, avg_swap_time_ms=None)
    found["servers"] = [{**found["servers"][0], "loaded": [], "loading": []}]
    assert memory.status_lines(found, {}) == (
        "Not managed – leave it to the servers",
        "",
        "ollama 0.33.0 is running.",
        "  Nothing is loaded.",
    )
    assert memory.status_lines(status(cache_strategy="none", keep_alive="0", max_models=0, servers=[]), {})[0] == (
        "None – unload after each answer"
    )
