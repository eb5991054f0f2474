"""``key``: read from a prompt or from standard input, and shown nowhere."""

from __future__ import annotations

import getpass
import warnings

import pytest

from tests.cli.conftest import Shell
from trayapp.cli.argument_keys import in_words
from trayapp.core.accounts import Account
from trayapp.core.intents import CheckKey, KeyChanged, RemoveKey, Reply, StoreKey
from trayapp.core.secret import Secret

GROQ = Account("groq", "groq")


@pytest.fixture(autouse=True)
def _one_account(shell: Shell) -> None:
    shell.set_up(GROQ)


def test_a_key_comes_from_standard_input_without_its_line_end(shell: Shell, canary: str) -> None:
    shell.reply = lambda _intent: Reply(True, "Key stored.", {"kept": "keyring"})
    ran = shell.run("key", "set", "groq", typed=f"  {canary}\r\n")
    assert (ran.code, ran.out) == (0, "Key stored.\n")
    assert shell.alone == [StoreKey("groq", Secret(canary))]
    assert canary not in ran.out + ran.err


def test_a_running_tray_is_told_without_the_key(shell: Shell, canary: str) -> None:
    shell.running = True
    assert shell.run("key", "set", "groq", typed=canary).code == 0
    assert shell.handed == ["ping", KeyChanged("groq", present=True)]
    assert shell.alone == [StoreKey("groq", Secret(canary), remember=False)]


def test_a_refused_key_is_code_one_and_the_tray_hears_nothing(shell: Shell, canary: str) -> None:
    shell.running = True
    shell.reply = lambda intent: Reply(False, "Groq refused the key.") if isinstance(intent, StoreKey) else Reply()
    ran = shell.run("key", "set", "groq", typed=canary)
    assert (ran.code, ran.out) == (1, "")
    assert "trayapp: Groq refused the key.\n" in ran.err
    assert shell.handed == ["ping"]


def test_a_key_that_plainly_is_somebody_elses_is_said_so_and_tried(shell: Shell) -> None:
    ran = shell.run("key", "set", "groq", typed="sk-ant-api03-0123456789abcdef")
    assert ran.code == 0
    assert "Groq" in ran.err
    assert "sk-ant-api03-0123456789abcdef" not in ran.err


def test_a_key_that_could_be_kept_for_the_session_only_was_not_kept(shell: Shell, canary: str) -> None:
    shell.running = True
    shell.reply = lambda _intent: Reply(True, "Key held until you quit.", {"kept": "session"})
    ran = shell.run("key", "set", "groq", typed=canary)
    assert (ran.code, ran.out) == (1, "")
    assert "was not kept" in ran.err
    assert shell.handed == ["ping"]


def test_a_key_the_provider_could_not_be_asked_about_can_be_insisted_on(shell: Shell, canary: str) -> None:
    shell.reply = lambda _intent: Reply(False, "Groq did not answer.", {"verdict": "unsure"})
    assert "--unchecked" in shell.run("key", "set", "groq", typed=canary).err
    shell.run("key", "set", "--unchecked", "groq", typed=canary)
    assert shell.alone[-1] == StoreKey("groq", Secret(canary), check=False)


def test_a_byte_order_mark_is_no_part_of_a_key(shell: Shell, canary: str) -> None:
    assert shell.run("key", "set", "groq", typed=f"\ufeff{canary}\n").code == 0
    assert shell.alone == [StoreKey("groq", Secret(canary))]


def test_what_is_no_text_is_said_to_be_no_key(shell: Shell) -> None:
    ran = shell.run("key", "set", "groq", typed="\udcff\udcfe\x00not a key")
    assert "letters in this key that no key has" in ran.err or "white space" in ran.err
    assert "not a key" not in ran.err


@pytest.mark.parametrize("typed", ["", "\n", "   \n"])
def test_no_key_changes_nothing(shell: Shell, typed: str) -> None:
    assert shell.run("key", "set", "groq", typed=typed).code == 1
    assert shell.alone == []


def test_a_novel_is_no_key(shell: Shell) -> None:
    ran = shell.run("key", "set", "groq", typed="x" * 100_000)
    assert (ran.code, shell.alone) == (1, [])
    assert "too long" in ran.err


def test_at_a_terminal_it_is_asked_for_without_showing_it(
    shell: Shell, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def prompt(text: str) -> str:
        asked.append(text)
        return canary

    shell.terminal = True
    monkeypatch.setattr(getpass, "getpass", prompt)
    assert shell.run("key", "set", "groq").code == 0
    assert asked == ["Key for Groq (it is not shown): "]
    assert shell.alone == [StoreKey("groq", Secret(canary))]


def test_where_typing_would_show_it_nothing_is_asked(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def prompt(text: str) -> str:
        warnings.warn("echo cannot be turned off", getpass.GetPassWarning, stacklevel=1)
        return "never"

    shell.terminal = True
    monkeypatch.setattr(getpass, "getpass", prompt)
    ran = shell.run("key", "set", "groq")
    assert (ran.code, shell.alone) == (1, [])
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
def test_a_key_among_the_words_is_refused_and_not_repeated(shell: Shell, words: tuple[str, ...], canary: str) -> None:
    ran = shell.run(*(word.replace("KEY", canary) for word in words))
    assert (ran.code, ran.out, shell.alone) == (2, "", [])
    assert "shell's history" in ran.err
    assert canary not in ran.err


def test_whatever_follows_the_account_is_taken_for_a_key() -> None:
    assert in_words(["key", "set", "azure", "0123456789abcdef0123456789abcdef"])
    assert in_words(["key", "set", "azure", "--", "hunter2"])
    assert not in_words(["key", "set", "azure"])
    assert not in_words(["key", "set", "azure", "--help"])
    assert not in_words(["providers", "add", "openai", "--name", "My work", "--base-url", "https://api.x.ai/v1"])


def test_an_account_that_may_be_a_key_is_not_repeated(shell: Shell) -> None:
    for key in ("0123456789abcdef0123456789abcdef", "abcdefghijklmnopqrstuvwxyz"):
        ran = shell.run("key", "set", key)
        assert ran.code in (1, 2)
        assert key not in ran.err


def test_a_key_is_removed_and_tested_by_whoever_is_there(shell: Shell) -> None:
    assert shell.run("key", "remove", "groq").code == 0
    shell.running = True
    shell.reply = lambda _intent: Reply(False, "Groq refused the key.")
    assert shell.run("key", "test", "groq").code == 1
    assert (shell.alone, shell.handed) == ([RemoveKey("groq")], [CheckKey("groq")])


def test_where_keys_are_is_listed_without_opening_anything(shell: Shell) -> None:
    shell.keyed(GROQ)
    lines = shell.run("key", "list").out.splitlines()
    assert any(line.split() == ["groq", "Groq", "in", "the", "keyring"] for line in lines)
    assert '"key": "keyring"' in shell.run("key", "list", "--json").out
