"""``providers`` and what is below it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.cli.conftest import Shell
from trayapp.core.accounts import Account, KeyFrom
from trayapp.core.intents import EnableAccount, RemoveAccount, SaveAccount
from trayapp.providers.table import SPECS

GROQ = Account("groq", "groq")


def test_accounts_are_listed_with_key_and_list(shell: Shell) -> None:
    shell.set_up(GROQ, Account("openai", "openai", name="Work", enabled=False))
    shell.listed(GROQ, "a", "b", age=7300)
    shell.keyed(GROQ)
    lines = shell.run("providers").out.splitlines()
    groq = next(line for line in lines if line.startswith("groq "))
    assert groq.split()[:5] == ["groq", "Groq", "in", "the", "keyring"]
    assert "2 h ago" in groq
    work = next(line for line in lines if line.startswith("openai "))
    assert "Work" in work
    assert "switched off" in work
    assert any(line.startswith("ollama ") for line in lines)
    rows = {it["id"]: it for it in msgspec.json.decode(shell.run("providers", "--json").out)}
    assert (rows["groq"]["key"], rows["groq"]["models"], rows["groq"]["source"]) == ("keyring", 2, "stale")
    assert (rows["openai"]["enabled"], rows["openai"]["name"], rows["openai"]["key"]) == (False, "Work", "missing")
    assert rows["ollama"]["key"] == "unneeded"


def test_a_key_of_another_address_is_not_this_accounts_key(shell: Shell) -> None:
    shell.set_up(Account("groq", "groq", base_url="https://proxy.example/v1"))
    shell.keyed(GROQ)
    rows = {it["id"]: it for it in msgspec.json.decode(shell.run("providers", "--json").out)}
    assert rows["groq"]["key"] == "missing"


def test_a_key_of_the_environment_is_shown_as_such(shell: Shell, canary: str) -> None:
    shell.set_up(Account("groq", "groq", key_from=KeyFrom.ENVIRONMENT))
    shell.env["GROQ_API_KEY"] = canary
    ran = shell.run("key", "list")
    assert "from the environment" in ran.out
    assert canary not in ran.out


def test_every_known_provider_is_listed(shell: Shell) -> None:
    out = shell.run("providers", "--known").out
    for spec in SPECS:
        assert any(line.startswith(f"{spec.id} ") for line in out.splitlines())
    rows = msgspec.json.decode(shell.run("providers", "--known", "--json").out)
    assert [it["id"] for it in rows] == sorted(spec.id for spec in SPECS)


def added(shell: Shell, *words: str) -> Any:
    ran = shell.run("providers", "add", *words)
    assert ran.code == 0, ran.err
    (intent,) = shell.alone[-1:]
    assert isinstance(intent, SaveAccount)
    return intent.account


def test_an_account_is_added_with_the_providers_own_id(shell: Shell) -> None:
    assert added(shell, "groq") == GROQ


def test_a_second_account_gets_an_id_from_its_name(shell: Shell) -> None:
    shell.set_up(Account("openai", "openai"))
    assert added(shell, "openai", "--name", "Work").id == "openai-work"
    assert added(shell, "openai").id == "openai-2"


def test_an_added_account_that_needs_a_key_says_how_to_give_it(shell: Shell) -> None:
    assert "trayapp key set groq" in shell.run("providers", "add", "groq").err
    assert shell.run("providers", "add", "groq", "--key-from", "environment").err == ""
    assert shell.run("providers", "add", "ollama").err == ""


def test_all_that_can_be_said_about_an_account_is_taken(shell: Shell) -> None:
    account = added(
        shell, "groq", "--id", "fast", "--name", "Fast", "--base-url", "https://proxy.example/v1",
        "--key-from", "environment",
    )  # fmt: skip
    assert account == Account(
        "fast", "groq", name="Fast", base_url="https://proxy.example/v1", key_from=KeyFrom.ENVIRONMENT
    )


def test_what_a_provider_asks_for_is_asked_for(shell: Shell) -> None:
    spec = next(it for it in SPECS if any(not ask.default and not ask.optional for ask in it.asks))
    ask = next(it for it in spec.asks if not it.default and not it.optional)
    ran = shell.run("providers", "add", spec.id)
    assert (ran.code, shell.alone) == (1, [])
    assert f"--set {ask.name}=" in ran.err
    assert added(shell, spec.id, "--set", f"{ask.name}=acme").values == {ask.name: "acme"}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nobody"], 1, "There is no provider"),
        (["grok"], 1, "groq"),
        (["groq", "--id", "Not Good"], 1, "cannot be an account id"),
        (["groq", "--id", "taken"], 1, "already"),
        (["groq", "--base-url", "ftp://x"], 1, "not an http or https address"),
        (["groq", "--set", "region=x"], 1, "needs no values"),
        (["groq", "--set", "region"], 2, "NAME=VALUE"),
        (["groq", "--key-from", "file"], 2, "invalid choice"),
        ([], 2, "required"),
    ],
)
def test_what_cannot_be_added_is_said(shell: Shell, words: list[str], code: int, said: str) -> None:
    shell.set_up(Account("taken", "openai"))
    ran = shell.run("providers", "add", *words)
    assert (ran.code, ran.out, shell.alone) == (code, "", [])
    assert said in ran.err


def test_accounts_are_removed_and_switched(shell: Shell) -> None:
    shell.set_up(GROQ)
    for words in (("remove", "groq"), ("enable", "groq"), ("disable", "groq")):
        assert shell.run("providers", *words).code == 0
    assert shell.alone == [RemoveAccount("groq"), EnableAccount("groq", True), EnableAccount("groq", False)]


@pytest.mark.parametrize("verb", ["remove", "enable", "disable"])
def test_an_account_that_is_not_there_is_code_one(shell: Shell, verb: str) -> None:
    ran = shell.run("providers", verb, "nobody")
    assert (ran.code, shell.alone) == (1, [])
    assert "There is no account “nobody”" in ran.err


def changed(shell: Shell, *words: str) -> Account:
    ran = shell.run("providers", "set", *words)
    assert ran.code == 0, ran.err
    (intent,) = shell.alone[-1:]
    assert isinstance(intent, SaveAccount)
    return intent.account


def test_an_accounts_times_and_words_are_changed_and_the_rest_stays(shell: Shell) -> None:
    """S4-44: the latency class is a setting of the account."""
    azure = Account("azure", "azure-openai", "Work", values={"resource": "acme"}, enabled=False)
    shell.set_up(azure)
    made = changed(shell, "azure", "ttl=600", "strategy=fresh", "timeouts=slow", "name=Home", "resource=other")
    other = {"name": "Home", "values": {"resource": "other"}, "ttl": 600, "strategy": "fresh", "timeouts": "slow"}
    assert made == msgspec.structs.replace(azure, **other)
    shell.set_up(made)
    unset = changed(shell, "azure", "ttl=", "strategy=", "timeouts=", "base_url=https://x.example/v1", "resource=")
    assert unset == Account("azure", "azure-openai", "Home", "https://x.example/v1", enabled=False)
    assert changed(shell, "azure", "key_from=environment").key_from is KeyFrom.ENVIRONMENT
    rows = {it["id"]: it for it in msgspec.json.decode(shell.run("providers", "--json").out)}
    assert (rows["azure"]["ttl"], rows["azure"]["strategy"], rows["azure"]["timeouts"]) == (600, "fresh", "slow")


def test_a_server_that_nobody_set_up_becomes_an_account_when_it_is_changed(shell: Shell) -> None:
    assert changed(shell, "ollama", "ttl=60") == Account("ollama", "ollama", ttl=60)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["groq", "ttl=soon"], "ttl: A whole number from 0 to 31536000, or nothing."),
        (["groq", "ttl=-1"], "ttl: A whole number"),
        (["groq", "strategy=lazy"], "fresh, moderate, aggressive"),
        (["groq", "timeouts=quick"], "local, fast, medium, slow"),
        (["groq", "key_from=file"], "keyring, environment"),
        (["groq", "ttl=60", "tll=3"], "Did you mean ttl"),
        (["groq", "resource=x"], "no “resource”"),
        (["groq", "ttl"], "NAME=VALUE"),
        (["grok", "ttl=60"], "Did you mean groq"),
    ],
)
def test_what_cannot_be_changed_is_said_and_reaches_nobody(shell: Shell, words: list[str], said: str) -> None:
    shell.set_up(GROQ)
    ran = shell.run("providers", "set", *words)
    assert (ran.code, ran.out, shell.alone) == (1, "", [])
    assert said in ran.err


def test_a_key_among_the_changes_is_refused(shell: Shell, canary: str) -> None:
    shell.set_up(GROQ)
    ran = shell.run("providers", "set", "groq", f"name={canary}")
    assert (ran.code, shell.alone) == (2, [])
    assert canary not in ran.err


def test_no_provider_asks_for_what_every_account_has() -> None:
    own = {"name", "base_url", "key_from", "ttl", "strategy", "timeouts", "id", "spec", "enabled"}
    assert not {ask.name for spec in SPECS for ask in spec.asks} & own


def test_what_can_be_changed_is_completed(shell: Shell) -> None:
    shell.set_up(Account("azure", "azure-openai"))

    def offered(*words: str) -> list[str]:
        return shell.run("complete", "--", *words).out.split()

    assert {"ttl=", "timeouts=", "resource="} <= set(offered("providers", "set", "azure", ""))
    assert offered("providers", "set", "azure", "ttl=60", "strategy=f") == ["strategy=fresh"]
    assert "azure=" in offered("settings", "set", "provider_ttl_overrides", "")
