"""The commands about local models: what they hand over, what they print, and whose model a bare name means."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import pytest
from msgspec.structs import replace

from tests.cli.conftest import Shell
from trayapp.cli import local
from trayapp.core.accounts import Account
from trayapp.core.intents import CancelWarmUp, Keep, Reply, SetStrategy, Unload, WarmUp
from trayapp.core.models import Model, ModelRef

OLLAMA, STUDIO = Account("ollama", "ollama"), Account("lmstudio", "lmstudio")
LLAMA = ModelRef("ollama", "llama3.2:latest")
TOLD: dict[str, Any] = {
    "cache_strategy": "ram",
    "loaded_models": ["llama3.2:latest"],
    "cache_hit_rate": 0.85,
    "avg_swap_time_ms": 1200,
    "swaps": 3,
    "hits": 17,
    "misses": 3,
    "models": [],
    "max_models": 3,
    "keep_alive": "1800s",
    "servers": [
        {
            "account": "ollama",
            "state": "running",
            "version": "0.33.0",
            "remote": False,
            "detail": None,
            "age_seconds": 0.5,
            "loaded": [
                {
                    "name": "llama3.2:latest",
                    "size": 4_700_000_000,
                    "gpu": 1.0,
                    "context": 4096,
                    "expires_in": 1700.0,
                    "due_in": 720.0,
                    "kept": False,
                    "busy": False,
                    "leaving": False,
                    "note": None,
                }
            ],
            "loading": [{"name": "qwen2.5:7b", "seconds": 12.0, "waiting": False, "usual_seconds": 20.0}],
        }
    ],
}


@pytest.fixture
def tray(shell: Shell) -> Shell:
    """A shell beside a running program that knows TOLD."""
    shell.running = True
    shell.reply = lambda it: Reply(data=TOLD) if it == "local" else Reply(True, "Done.")
    shell.listed(OLLAMA, Model(LLAMA, aliases=("llama3.2",)), "qwen2.5:7b")
    return shell


def test_the_object_is_printed_as_the_program_tells_it(tray: Shell) -> None:
    ran = tray.run("local", "status", "--json")
    assert (ran.code, json.loads(ran.out)) == (0, TOLD)


def test_the_status_holds_the_same_object(tray: Shell) -> None:
    tray.reply = lambda it: Reply(data=TOLD) if it == "local" else Reply(data={})
    assert json.loads(tray.run("status", "--json").out)["local"] == TOLD


def test_people_read_what_is_loaded_and_for_how_long(tray: Shell) -> None:
    out = tray.run("local", "status").out
    assert "RAM – keep 3 loaded, 30 min" in out
    line = next(it for it in out.splitlines() if "llama3.2" in it)
    assert "4.7 GB" in line
    assert "12 min left" in line
    assert any("qwen2.5:7b" in it and "12 s" in it for it in out.splitlines())
    assert "85 %" in out


def test_a_program_of_another_version_is_said_to_be_one(tray: Shell) -> None:
    tray.reply = lambda _it: Reply(False, "does not know “local”")
    ran = tray.run("local", "status", "--json")
    assert (ran.code, "another version" in ran.err) == (1, True)


@pytest.mark.parametrize(("word", "strategy"), [("ram", "ram"), ("ssd", "ssd"), ("none", "none"), ("off", None)])
def test_a_strategy_is_chosen(tray: Shell, word: str, strategy: str | None) -> None:
    assert tray.run("local", "strategy", word).code == 0
    assert tray.handed == [SetStrategy(strategy)]


def test_another_strategy_is_refused_with_those_there_are(tray: Shell) -> None:
    ran = tray.run("local", "strategy", "disk")
    assert (ran.code, "ssd" in ran.err, tray.handed) == (2, True, [])


def test_the_strategy_is_said_without_asking_anybody(shell: Shell) -> None:
    assert "Not managed" in shell.run("local", "strategy").out
    shell.remember(strategy="ssd")
    assert shell.run("local", "strategy").out.startswith("SSD keeps 1 model loaded, for 2 min")


@pytest.mark.parametrize("typed", ["llama3.2", "LLAMA3.2:latest", "ollama/llama3.2:latest"])
def test_a_name_alone_is_enough_where_it_is_clear_whose(tray: Shell, typed: str) -> None:
    tray.run("local", "unload", typed)
    assert [str(it.ref).lower() for it in tray.handed] == [str(LLAMA)]


def test_a_name_nobody_lists_goes_to_the_only_server_that_ever_answered(shell: Shell) -> None:
    shell.remember(seen=["ollama"])
    shell.running = True
    shell.run("local", "unload", "new:1b")
    assert shell.handed == [Unload(ModelRef("ollama", "new:1b"))]


def test_where_it_is_not_clear_the_command_asks_whose(shell: Shell) -> None:
    shell.listed(OLLAMA, "same")
    shell.listed(STUDIO, "same")
    ran = shell.run("local", "warm", "same")
    assert (ran.code, "ollama/same" in ran.err, shell.alone) == (1, True, [])


def test_a_name_nobody_lists_goes_to_the_only_server_that_runs(shell: Shell) -> None:
    shell.running = True
    shell.reply = lambda it: Reply(data=TOLD) if it == "local" else Reply()
    shell.run("local", "warm", "new:1b")
    assert shell.handed[-1] == WarmUp(ModelRef("ollama", "new:1b"), wait=True)


def test_the_strategy_stands_in_the_status(shell: Shell) -> None:
    shell.remember(strategy="none")
    assert "None – unload after each answer" in shell.run("status").out


@pytest.mark.parametrize("words", [("local", "unload"), ("local", "unload", "llama3.2", "--all")])
def test_unload_wants_one_model_or_all(tray: Shell, words: tuple[str, ...]) -> None:
    ran = tray.run(*words)
    assert (ran.code, "--all" in ran.err, tray.handed) == (1, True, [])


def test_all_models_leave(tray: Shell) -> None:
    tray.run("local", "unload", "--all")
    assert tray.handed == [Unload()]


def test_a_model_is_kept_and_let_go_again(tray: Shell) -> None:
    tray.run("local", "keep", "llama3.2")
    tray.run("local", "keep", "llama3.2", "--off")
    assert tray.handed == [Keep(LLAMA), Keep(LLAMA, on=False)]


def test_warm_waits_for_the_load(tray: Shell) -> None:
    ran = tray.run("local", "warm", "llama3.2")
    assert (ran.code, tray.handed) == (0, [WarmUp(LLAMA, wait=True)])


def test_warm_gives_the_load_up_when_it_is_interrupted(tray: Shell) -> None:
    def interrupted(it: Any) -> Reply:
        if isinstance(it, WarmUp):
            raise KeyboardInterrupt
        return Reply()

    tray.reply = interrupted
    assert tray.run("local", "warm", "llama3.2").code == 130
    assert tray.handed[-1] == CancelWarmUp(LLAMA)


def test_without_a_running_program_a_model_is_loaded_all_the_same(shell: Shell) -> None:
    shell.listed(OLLAMA, "llama3.2:latest")
    shell.run("local", "warm", "llama3.2")
    assert shell.alone == [WarmUp(LLAMA, wait=True)]


class Screen(io.StringIO):
    """A terminal that notes what is written to it."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_is_told_for_how_long_a_load_has_been_waited_for(
    tray: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Screen()

    def slow(it: Any) -> Reply:
        until = time.monotonic() + 5
        while "Loading" not in screen.getvalue() and time.monotonic() < until:
            time.sleep(0.001)
        return Reply(True, "Loaded.")

    tray.reply = slow
    monkeypatch.setattr(local, "_TICK", 0.001)
    monkeypatch.setattr("sys.stderr", screen)
    assert tray.run("local", "warm", str(LLAMA)).out == "Loaded.\n"
    assert screen.getvalue().startswith("\rLoading llama3.2:latest… 0 s ")
    assert screen.getvalue().endswith("\r\033[K"), "the line is left empty"


def test_without_any_local_server_the_command_says_how_to_add_one(shell: Shell) -> None:
    shell.set_up(replace(OLLAMA, enabled=False), replace(STUDIO, enabled=False))
    ran = shell.run("local", "unload", "llama3.2")
    assert ran.code == 1
    assert "“trayapp providers add ollama” adds one" in ran.err


def test_a_program_of_another_version_is_to_be_started_again(shell: Shell) -> None:
    shell.running = True
    shell.reply = lambda _it: Reply(ok=False)
    ran = shell.run("local", "status")
    assert (ran.code, "of another version" in ran.err) == (1, True)
