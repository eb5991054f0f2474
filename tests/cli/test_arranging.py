"""``pin``, ``hide``, ``providers order``, and what becomes of them in lists."""

from __future__ import annotations

import msgspec
import pytest

from tests.cli.conftest import Shell
from trayapp.core.accounts import Account
from trayapp.core.intents import Hide, OrderAccounts, Pin
from trayapp.core.models import Model, ModelRef, Use

GROQ, OLLAMA = Account("groq", "groq"), Account("ollama", "ollama")
QWEN, LLAMA, BOTH = ModelRef("ollama", "qwen3:8b"), ModelRef("groq", "llama-3.3"), ModelRef("groq", "both")
WHISPER, GONE = ModelRef("groq", "whisper"), ModelRef("groq", "gone")


@pytest.fixture(autouse=True)
def _there(shell: Shell) -> None:
    shell.set_up(GROQ, OLLAMA)
    shell.keyed(GROQ)
    shell.listed(GROQ, "llama-3.3", "both", Model(WHISPER, use=Use.AUDIO))
    shell.listed(OLLAMA, "qwen3:8b", "both")


@pytest.mark.parametrize(
    ("words", "intent"),
    [
        (("pin", "groq/llama-3.3"), Pin(LLAMA)),
        (("pin", "llama-3.3"), Pin(LLAMA)),
        (("pin", "qwen3:8b", "--off"), Pin(QWEN, False)),
        (("hide", "whisper"), Hide(WHISPER)),
        (("hide", "--off", "groq/llama-3.3"), Hide(LLAMA, False)),
        (("hide", "--none"), Hide(None)),
        (("providers", "order", "ollama", "groq"), OrderAccounts(("ollama", "groq"))),
    ],
)
def test_it_is_asked_of_whoever_runs(shell: Shell, words: tuple[str, ...], intent: object) -> None:
    shell.running = True
    assert shell.run(*words).code == 0
    assert shell.handed[-1] == intent


def test_what_is_listed_no_longer_can_still_be_let_go(shell: Shell) -> None:
    shell.remember(pinned=[GONE, QWEN], hidden=[GONE])
    assert shell.run("pin", "gone", "--off").code == 0
    assert shell.run("hide", "groq/gone", "--off").code == 0
    assert shell.alone == [Pin(GONE, False), Hide(GONE, False)]
    assert shell.run("pin", "gone").code == 1


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("hide",), 2, "--none"),
        (("hide", "llama-3.3", "--none"), 2, "--none"),
        (("hide", "--off", "--none"), 2, "--none"),
        (("pin", "both"), 1, "groq/both"),
        (("pin", "groq/lama-3.3"), 1, "groq/llama-3.3"),
        (("providers", "order", "grok"), 1, "Did you mean groq?"),
        (("providers", "order"), 2, "ID"),
    ],
)
def test_what_is_not_clear_does_nothing(shell: Shell, words: tuple[str, ...], code: int, why: str) -> None:
    ran = shell.run(*words)
    assert (ran.code, ran.out, shell.alone) == (code, "", [])
    assert why in ran.err
    assert "--unlisted" not in ran.err


def porcelain(shell: Shell, *words: str) -> list[str]:
    ran = shell.run("models", "--porcelain", *words)
    assert ran.code == 0
    return ["/".join(line.split("\t")[:2]) for line in ran.out.splitlines()]


def test_hidden_models_are_left_out_unless_asked_for(shell: Shell) -> None:
    shell.remember(hidden=[LLAMA, WHISPER], pinned=[QWEN])
    assert porcelain(shell) == ["groq/both", "ollama/both", "ollama/qwen3:8b"]
    assert len(porcelain(shell, "--all")) == 5
    assert porcelain(shell, "--hidden") == ["groq/llama-3.3", "groq/whisper"]
    assert porcelain(shell, "--pinned") == ["ollama/qwen3:8b"]
    assert porcelain(shell, "--pinned", "--hidden") == ["groq/llama-3.3", "groq/whisper", "ollama/qwen3:8b"]
    assert porcelain(shell, "--hidden", "--provider", "ollama") == []


def test_who_names_a_hidden_model_can_still_choose_it(shell: Shell) -> None:
    shell.remember(hidden=[LLAMA])
    assert shell.run("use", "llama-3.3").code == 0


def test_the_lines_of_porcelain_stay_as_they_are(shell: Shell) -> None:
    shell.remember(pinned=[QWEN])
    assert {line.count("\t") for line in shell.run("models", "--porcelain").out.splitlines()} == {6}


def test_people_and_json_are_told_which_are_pinned_and_hidden(shell: Shell) -> None:
    shell.remember(hidden=[LLAMA], pinned=[LLAMA, QWEN], active=QWEN)
    out = shell.run("models", "--all").out
    (qwen,) = (it for it in out.splitlines() if "qwen3" in it)
    (llama,) = (it for it in out.splitlines() if "llama-3.3" in it)
    assert "chosen pinned" in qwen
    assert "pinned hidden" in llama
    rows = {it["model"]: it for it in msgspec.json.decode(shell.run("models", "--all", "--json").out)}
    assert (rows["qwen3:8b"]["pinned"], rows["qwen3:8b"]["hidden"], rows["llama-3.3"]["hidden"]) == (True, False, True)


def test_nothing_pinned_is_said(shell: Shell) -> None:
    ran = shell.run("models", "--pinned")
    assert (ran.code, ran.out, ran.err) == (0, "", "trayapp: No model is pinned.\n")
    assert shell.run("models", "--hidden").err == "trayapp: No model is hidden.\n"


def test_accounts_stand_in_the_order_of_the_menu(shell: Shell) -> None:
    shell.set_up(GROQ, OLLAMA, provider_order=["ollama"])
    rows = [it["id"] for it in msgspec.json.decode(shell.run("providers", "--json").out)]
    assert rows.index("ollama") == 0
    assert rows.index("groq") > 0
