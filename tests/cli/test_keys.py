"""``key``: read from a prompt or from standard input, and shown nowhere."""

from __future__ import annotations

import getpass
import io
import warnings

import pytest

from tests.cli.conftest import Desk
from trayapp.cli.argument_keys import in_words
from trayapp.core.accounts import Account
from trayapp.core.intents import CheckKey, KeyChanged, RemoveKey, Reply, StoreKey
from trayapp.core.secret import Secret

GROQ = Account("groq", "groq")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _one_account(desk: Desk) -> None:
    desk.set_up(GROQ)


def test_a_key_comes_from_standard_input_without_its_line_end(desk: Desk, canary: str) -> None:
    desk.reply = lambda _intent: Reply(True, "Key stored.", {"kept": "keyring"})
    ran = desk.run("key", "set", "groq", typed=f"  {canary}\r\n")
    assert (ran.code, ran.out) == (0, "Key stored.\n")
    assert desk.alone == [StoreKey("groq", Secret(canary))]
    assert canary not in ran.out + ran.err


def test_a_running_tray_is_told_without_the_key(desk: Desk, canary: str) -> None:
    desk.running = True
    assert desk.run("key", "set", "groq", typed=canary).code == 0
    assert desk.handed == ["ping", KeyChanged("groq", present=True)]
    assert desk.alone == [StoreKey("groq", Secret(canary))]


def test_a_refused_key_is_code_one_and_the_tray_hears_nothing(desk: Desk, canary: str) -> None:
    desk.running = True
    desk.reply = lambda intent: Reply(False, "Groq refused the key.") if isinstance(intent, StoreKey) else Reply()
    ran = desk.run("key", "set", "groq", typed=canary)
    assert (ran.code, ran.out) == (1, "")
    assert "trayapp: Groq refused the key.\n" in ran.err
    assert desk.handed == ["ping"]


def test_a_key_that_plainly_is_somebody_elses_is_said_so_and_tried(desk: Desk) -> None:
    ran = desk.run("key", "set", "groq", typed="sk-ant-api03-0123456789abcdef")
    assert ran.code == 0
    assert "Groq" in ran.err
    assert "sk-ant-api03-0123456789abcdef" not in ran.err


def test_a_key_that_could_be_kept_for_the_session_only_was_not_kept(desk: Desk, canary: str) -> None:
    desk.running = True
    desk.reply = lambda _intent: Reply(True, "Key held until you quit.", {"kept": "session"})
    ran = desk.run("key", "set", "groq", typed=canary)
    assert (ran.code, ran.out) == (1, "")
    assert "was not kept" in ran.err
    assert desk.handed == ["ping"]


@pytest.mark.parametrize("typed", ["", "\n", "   \n"])
def test_no_key_changes_nothing(desk: Desk, typed: str) -> None:
    assert desk.run("key", "set", "groq", typed=typed).code == 1
    assert desk.alone == []


def test_a_novel_is_no_key(desk: Desk) -> None:
    ran = desk.run("key", "set", "groq", typed="x" * 100_000)
    assert (ran.code, desk.alone) == (1, [])
    assert "too long" in ran.err


def test_at_a_terminal_it_is_asked_for_without_showing_it(
    desk: Desk, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def prompt(text: str) -> str:
        asked.append(text)
        return canary

    monkeypatch.setattr("io.StringIO", Terminal)
    monkeypatch.setattr(getpass, "getpass", prompt)
    assert desk.run("key", "set", "groq").code == 0
    assert asked == ["Key for Groq (it is not shown): "]
    assert desk.alone == [StoreKey("groq", Secret(canary))]


def test_where_typing_would_show_it_nothing_is_asked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def prompt(text: str) -> str:
        warnings.warn("echo cannot be turned off", getpass.GetPassWarning, stacklevel=1)
        return "never"

    monkeypatch.setattr("io.StringIO", Terminal)
    monkeypatch.setattr(getpass, "getpass", prompt)
    ran = desk.run("key", "set", "groq")
    assert (ran.code, desk.alone) == (1, [])
    assert "standard input" in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("key", "set", "groq", "KEY"),
        ("key", "set", "KEY"),
        ("key", "test", "KEY"),
        ("providers", "add", "groq", "--set", "key=KEY"),
        ("providers", "add", "groq", "--base-url", "https://proxy.example/?key=KEY"),
    ],
)
def test_a_key_among_the_words_is_refused_and_not_repeated(desk: Desk, words: tuple[str, ...], canary: str) -> None:
    ran = desk.run(*(word.replace("KEY", canary) for word in words))
    assert (ran.code, ran.out, desk.alone) == (2, "", [])
    assert "shell's history" in ran.err
    assert canary not in ran.err


def test_whatever_follows_the_account_is_taken_for_a_key() -> None:
    assert in_words(["key", "set", "azure", "0123456789abcdef0123456789abcdef"])
    assert in_words(["key", "set", "azure", "--", "hunter2"])
    assert not in_words(["key", "set", "azure"])
    assert not in_words(["key", "set", "azure", "--help"])
    assert not in_words(["providers", "add", "openai", "--name", "My work", "--base-url", "https://api.x.ai/v1"])


def test_an_account_that_may_be_a_key_is_not_repeated(desk: Desk) -> None:
    key = "0123456789abcdef0123456789abcdef"
    ran = desk.run("key", "set", key)
    assert ran.code == 1
    assert key not in ran.err


def test_a_key_is_removed_and_tested_by_whoever_is_there(desk: Desk) -> None:
    assert desk.run("key", "remove", "groq").code == 0
    desk.running = True
    desk.reply = lambda _intent: Reply(False, "Groq refused the key.")
    assert desk.run("key", "test", "groq").code == 1
    assert (desk.alone, desk.handed) == ([RemoveKey("groq")], [CheckKey("groq")])


def test_where_keys_are_is_listed_without_opening_anything(desk: Desk) -> None:
    desk.remember(keyed=["groq@https://api.groq.com:443"])
    lines = desk.run("key", "list").out.splitlines()
    assert any(line.split() == ["groq", "Groq", "in", "the", "keyring"] for line in lines)
    assert '"key": "keyring"' in desk.run("key", "list", "--json").out
