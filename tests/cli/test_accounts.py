"""``providers`` and what is below it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.cli.conftest import Desk
from trayapp.core.accounts import Account, KeyFrom
from trayapp.core.intents import EnableAccount, RemoveAccount, SaveAccount
from trayapp.providers.table import SPECS

GROQ = Account("groq", "groq")


def test_accounts_are_listed_with_key_and_list(desk: Desk) -> None:
    desk.set_up(GROQ, Account("openai", "openai", name="Work", enabled=False))
    desk.listed(GROQ, "a", "b", age=7300)
    desk.remember(keyed=["groq@https://api.groq.com:443"])
    lines = desk.run("providers").out.splitlines()
    groq = next(line for line in lines if line.startswith("groq "))
    assert groq.split()[:5] == ["groq", "Groq", "in", "the", "keyring"]
    assert "2 h ago" in groq
    work = next(line for line in lines if line.startswith("openai "))
    assert "Work" in work
    assert "switched off" in work
    assert any(line.startswith("ollama ") for line in lines)
    rows = {it["id"]: it for it in msgspec.json.decode(desk.run("providers", "--json").out)}
    assert (rows["groq"]["key"], rows["groq"]["models"], rows["groq"]["source"]) == ("keyring", 2, "stale")
    assert (rows["openai"]["enabled"], rows["openai"]["name"], rows["openai"]["key"]) == (False, "Work", "missing")
    assert rows["ollama"]["key"] == "unneeded"


def test_a_key_of_another_address_is_not_this_accounts_key(desk: Desk) -> None:
    desk.set_up(Account("groq", "groq", base_url="https://proxy.example/v1"))
    desk.remember(keyed=["groq@https://api.groq.com:443"])
    rows = {it["id"]: it for it in msgspec.json.decode(desk.run("providers", "--json").out)}
    assert rows["groq"]["key"] == "missing"


def test_a_key_of_the_environment_is_shown_as_such(desk: Desk, canary: str) -> None:
    desk.set_up(Account("groq", "groq", key_from=KeyFrom.ENVIRONMENT))
    desk.env["GROQ_API_KEY"] = canary
    ran = desk.run("key", "list")
    assert "from the environment" in ran.out
    assert canary not in ran.out


def test_every_known_provider_is_listed(desk: Desk) -> None:
    out = desk.run("providers", "--known").out
    for spec in SPECS:
        assert any(line.startswith(f"{spec.id} ") for line in out.splitlines())
    rows = msgspec.json.decode(desk.run("providers", "--known", "--json").out)
    assert [it["id"] for it in rows] == sorted(spec.id for spec in SPECS)


def added(desk: Desk, *words: str) -> Any:
    ran = desk.run("providers", "add", *words)
    assert ran.code == 0, ran.err
    (intent,) = desk.alone[-1:]
    assert isinstance(intent, SaveAccount)
    return intent.account


def test_an_account_is_added_with_the_providers_own_id(desk: Desk) -> None:
    assert added(desk, "groq") == GROQ


def test_a_second_account_gets_an_id_from_its_name(desk: Desk) -> None:
    desk.set_up(Account("openai", "openai"))
    assert added(desk, "openai", "--name", "Work").id == "openai-work"
    assert added(desk, "openai").id == "openai-2"


def test_an_added_account_that_needs_a_key_says_how_to_give_it(desk: Desk) -> None:
    assert "trayapp key set groq" in desk.run("providers", "add", "groq").err
    assert desk.run("providers", "add", "groq", "--key-from", "environment").err == ""
    assert desk.run("providers", "add", "ollama").err == ""


def test_all_that_can_be_said_about_an_account_is_taken(desk: Desk) -> None:
    account = added(
        desk, "groq", "--id", "fast", "--name", "Fast", "--base-url", "https://proxy.example/v1",
        "--key-from", "environment",
    )  # fmt: skip
    assert account == Account(
        "fast", "groq", name="Fast", base_url="https://proxy.example/v1", key_from=KeyFrom.ENVIRONMENT
    )


def test_what_a_provider_asks_for_is_asked_for(desk: Desk) -> None:
    spec = next(it for it in SPECS if any(not ask.default and not ask.optional for ask in it.asks))
    ask = next(it for it in spec.asks if not it.default and not it.optional)
    ran = desk.run("providers", "add", spec.id)
    assert (ran.code, desk.alone) == (1, [])
    assert f"--set {ask.name}=" in ran.err
    assert added(desk, spec.id, "--set", f"{ask.name}=acme").values == {ask.name: "acme"}


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
def test_what_cannot_be_added_is_said(desk: Desk, words: list[str], code: int, said: str) -> None:
    desk.set_up(Account("taken", "openai"))
    ran = desk.run("providers", "add", *words)
    assert (ran.code, ran.out, desk.alone) == (code, "", [])
    assert said in ran.err


def test_accounts_are_removed_and_switched(desk: Desk) -> None:
    desk.set_up(GROQ)
    for words in (("remove", "groq"), ("enable", "groq"), ("disable", "groq")):
        assert desk.run("providers", *words).code == 0
    assert desk.alone == [RemoveAccount("groq"), EnableAccount("groq", True), EnableAccount("groq", False)]


@pytest.mark.parametrize("verb", ["remove", "enable", "disable"])
def test_an_account_that_is_not_there_is_code_one(desk: Desk, verb: str) -> None:
    ran = desk.run("providers", verb, "nobody")
    assert (ran.code, desk.alone) == (1, [])
    assert "There is no account “nobody”" in ran.err
