"""``profile`` and its verbs: what is asked of the running program, and what is printed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.cli.conftest import Shell
from trayapp.core.accounts import Account
from trayapp.core.intents import RemoveProfile, Reply, SaveAccount, SaveProfile, UseProfile
from trayapp.core.models import ModelRef
from trayapp.core.profiles import Profile

GROQ, OLLAMA = Account("groq", "groq"), Account("ollama", "ollama")
QWEN, LLAMA = ModelRef("ollama", "qwen3:8b"), ModelRef("groq", "llama-3.3")
WORK = Profile("Work", LLAMA, ("groq",), "ssd")


@pytest.fixture(autouse=True)
def _there(shell: Shell) -> None:
    shell.set_up(GROQ, OLLAMA)
    shell.keyed(GROQ)
    shell.listed(GROQ, "llama-3.3", "both")
    shell.listed(OLLAMA, "qwen3:8b", "both")
    shell.remember(active=LLAMA, strategy="ram", profiles=[WORK, Profile("Any thing")])


def saved(shell: Shell, *words: str) -> Profile:
    ran = shell.run("profile", "save", *words)
    assert ran.code == 0, ran.err
    intent = shell.alone[-1]
    assert isinstance(intent, SaveProfile)
    return intent.profile


def test_without_any_the_list_says_how_to_make_one(shell: Shell) -> None:
    shell.remember(profiles=[])
    ran = shell.run("profile")
    assert (ran.code, ran.err) == (0, "")
    assert "trayapp profile save NAME" in ran.out
    assert shell.run("profile", "--json").out == "[]\n"


def test_the_list_marks_the_one_in_use(shell: Shell) -> None:
    shell.remember(profile="work", strategy="ssd")
    lines = shell.run("profile").out.splitlines()
    assert lines[0].split() == ["NAME", "MODEL", "ACCOUNTS", "LOCAL", "MODELS"]
    assert lines[1].split() == ["●", "Work", "groq/llama-3.3", "groq", "ssd", "in", "use"]
    assert lines[2].split() == ["Any", "thing", "as", "chosen", "all", "off"]


def test_json_tells_each_part_and_whether_something_else_was_chosen_since(shell: Shell) -> None:
    shell.remember(profile="Work")
    found: list[dict[str, Any]] = msgspec.json.decode(shell.run("profile", "--json").out)
    assert found[0] == {
        "name": "Work",
        "provider": "groq",
        "model": "llama-3.3",
        "accounts": ["groq"],
        "strategy": "ssd",
        "in_use": True,
        "changed": True,
    }
    assert (found[1]["model"], found[1]["accounts"], found[1]["in_use"], found[1]["changed"]) == (
        None,
        None,
        False,
        False,
    )


@pytest.mark.parametrize(
    ("words", "name"),
    [(("use", "work"), "work"), (("use", "--none"), ""), (("none",), ""), (("use", "Any thing"), "Any thing")],
)
def test_a_profile_is_used_by_whoever_runs(shell: Shell, words: tuple[str, ...], name: str) -> None:
    shell.running = True
    shell.reply = lambda _intent: Reply(True, "Done so.")
    ran = shell.run("profile", *words)
    assert (ran.code, ran.out) == (0, "Done so.\n")
    assert shell.handed == [UseProfile(name)]


@pytest.mark.parametrize("words", [("use",), ("use", "work", "--none")])
def test_which_one_has_to_be_said(shell: Shell, words: tuple[str, ...]) -> None:
    assert shell.run("profile", *words).code == 2
    assert shell.alone == []


def test_what_is_in_use_now_is_saved(shell: Shell) -> None:
    assert saved(shell, "home") == Profile("home", LLAMA, None, "ram")
    shell.remember(profile="Work", active=QWEN, strategy=None)
    assert saved(shell, "home") == Profile("home", QWEN, ("groq",), None)


def test_each_part_can_be_said_instead(shell: Shell) -> None:
    assert saved(shell, "x", "--model", "qwen3:8b") == Profile("x", QWEN, None, "ram")
    assert saved(shell, "x", "--no-model", "--strategy", "off") == Profile("x")
    assert saved(shell, "x", "--accounts", "ollama, groq", "--strategy", "none") == Profile(
        "x", LLAMA, ("ollama", "groq"), "none"
    )
    shell.remember(profile="Work")
    assert saved(shell, "x", "--all-accounts").accounts is None


def test_a_model_is_looked_for_in_the_accounts_that_are_named_whatever_is_in_use(shell: Shell) -> None:
    shell.remember(profile="Work")  # leaves Ollama out
    assert saved(shell, "x", "--model", "both", "--accounts", "ollama").active == ModelRef("ollama", "both")
    assert saved(shell, "x", "--model", "ollama/qwen3:8b", "--all-accounts").active == QWEN


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("--model", "both"), 1, "More than one account"),
        (("--model", "ollama/nothing"), 1, "does not list"),
        (("--model", "x", "--no-model"), 2, "exclude each other"),
        (("--accounts", "groq", "--all-accounts"), 2, "exclude each other"),
        (("--accounts", "grok"), 1, "Did you mean groq?"),
        (("--model", "x", "--accounts", "grok"), 1, "None of these accounts"),
        (("--strategy", "fast"), 2, "fast"),
    ],
)
def test_what_does_not_fit_together_saves_nothing(shell: Shell, words: tuple[str, ...], code: int, why: str) -> None:
    ran = shell.run("profile", "save", "x", *words)
    assert (ran.code, ran.out, shell.alone) == (code, "", [])
    assert why in ran.err
    assert "--unlisted" not in ran.err


def test_one_is_removed(shell: Shell) -> None:
    shell.reply = lambda _intent: Reply(False, "There is no profile “x”.")
    ran = shell.run("profile", "remove", "x")
    assert (ran.code, ran.err) == (1, "trayapp: There is no profile “x”.\n")
    assert shell.alone == [RemoveProfile("x")]


# -- what a profile leaves out, elsewhere ---------------------------------------------------------------


def test_models_of_accounts_that_it_leaves_out_are_not_listed_and_not_chosen(shell: Shell) -> None:
    shell.remember(profile="Work")
    assert {line.split("\t")[0] for line in shell.run("models", "--porcelain").out.splitlines()} == {"groq"}
    ran = shell.run("models", "--provider", "ollama")
    assert (ran.code, ran.err) == (
        1,
        "trayapp: “ollama” is not in use with the profile “Work”. “trayapp profile none” ends that.\n",
    )
    assert shell.run("use", "ollama/qwen3:8b").code == 1
    assert shell.run("use", "both").code == 0, "only one account in use has it"


def test_the_accounts_are_still_told_with_the_reason_why_they_are_not_in_use(shell: Shell) -> None:
    shell.remember(profile="Work")
    out = shell.run("providers").out
    (line,) = (it for it in out.splitlines() if it.startswith("ollama"))
    assert "not in this profile" in line
    rows = {it["id"]: it for it in msgspec.json.decode(shell.run("providers", "--json").out)}
    assert (rows["ollama"]["enabled"], rows["ollama"]["in_use"], rows["groq"]["in_use"]) == (True, False, True)


def test_changing_an_account_that_it_leaves_out_does_not_switch_it_off(shell: Shell) -> None:
    shell.remember(profile="Work")
    assert shell.run("providers", "set", "ollama", "ttl=600").code == 0
    (intent,) = shell.alone
    assert isinstance(intent, SaveAccount)
    assert intent.account.enabled


def test_status_names_the_profile(shell: Shell) -> None:
    assert "Profile" not in shell.run("status").out
    shell.remember(profile="Work")
    out = shell.run("status").out
    assert "Profile: Work\n" in out
    assert "not in this profile" in out
