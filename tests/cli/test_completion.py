"""What a half-typed command can become, with the names handed in."""

from __future__ import annotations

import pytest

from trayapp.cli.completion import SCRIPTS, Candidate, candidates
from trayapp.cli.names import lines
from trayapp.cli.verbs import SHELLS, VERBS, below
from trayapp.cli.windows import PAGES

NAMES = {
    "account": lambda given, typed: [Candidate("openai"), Candidate("ollama")],
    "spec": lambda given, typed: [Candidate("openai"), Candidate("azure")],
    "ask": lambda given, typed: [Candidate("resource=")] if given == ["azure"] else [],
    "setting": lambda given, typed: [Candidate("notify_switch")],
    "value": lambda given, typed: [Candidate("on"), Candidate("off")] if given == ["notify_switch"] else [],
    "change": lambda given, typed: [Candidate("ttl="), Candidate("timeouts=")] if given[:1] == ["openai"] else [],
    "accounts": lambda given, typed: [Candidate("openai,ollama")] if typed == "openai," else [],
    "profile": lambda given, typed: [Candidate("work"), Candidate("offline")],
    "page": lambda given, typed: [Candidate(it) for it in PAGES],
    "guide": lambda given, typed: [Candidate("gateway"), Candidate("lists")],
    "file": lambda given, typed: [Candidate("export.json")],
    "model": lambda given, typed: [Candidate("openai/gpt-4o"), Candidate("ollama/qwen3:8b")],
}


def texts(line: str) -> list[str]:
    return [it.text for it in candidates(line.split(" "), NAMES)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("us", ["use", "usage"]),
        ("s", ["serve", "status", "settings"]),
        ("use ", ["openai/gpt-4o", "ollama/qwen3:8b"]),
        ("use ollama/q", ["ollama/qwen3:8b"]),
        ("use openai/gpt-4o ", ["--unlisted"]),
        ("key ", ["set", "remove", "list", "test"]),
        ("key set ", ["openai", "ollama"]),
        ("key set o", ["openai", "ollama"]),
        ("key set openai ", ["--unchecked"]),
        ("key remove openai ", []),
        ("models --provider ", ["openai", "ollama"]),
        ("models --provider=op", ["--provider=openai"]),
        ("models --provider openai --po", ["--porcelain"]),
        ("models --json --", ["--provider", "--refresh", "--all", "--pinned", "--hidden", "--porcelain", "--help"]),
        ("models --provider openai --prov", ["--provider"]),
        ("login o", ["on", "off"]),
        ("settings set ", ["notify_switch"]),
        ("settings set notify_switch o", ["on", "off"]),
        ("providers add a", ["azure"]),
        ("providers add azure --set ", ["resource="]),
        ("providers add azure --set resource=x --set ", ["resource="]),
        ("providers add azure --key-from ", ["keyring", "environment"]),
        ("providers --", ["--known", "--json", "--help"]),
        ("providers e", ["enable"]),
        ("providers set o", ["openai", "ollama"]),
        ("providers set openai t", ["ttl=", "timeouts="]),
        ("providers set openai ttl=600 t", ["ttl=", "timeouts="]),
        ("completion ", list(SHELLS)),
        ("--v", ["--version"]),
        ("nonsense ", []),
        ("refresh ", ["openai", "ollama"]),
        ("pro", ["profile", "providers"]),
        ("profile ", ["use", "none", "save", "remove", "--json"]),
        ("profile use ", ["work", "offline"]),
        ("profile use o", ["offline"]),
        ("profile save x --strategy ", ["ram", "ssd", "none", "off"]),
        ("profile save x --model ollama/q", ["ollama/qwen3:8b"]),
        ("profile save x --accounts openai,", ["openai,ollama"]),
        ("pin ", ["openai/gpt-4o", "ollama/qwen3:8b"]),
        ("pin openai/gpt-4o ", ["--off"]),
        ("hide ollama/q", ["ollama/qwen3:8b"]),
        ("providers order openai ", ["openai", "ollama"]),
        ("open --", ["--finder", "--models", "--settings", "--welcome", "--help-page", "--help"]),
        ("open --settings g", ["general", "gateway"]),
        ("open --help-page ", ["gateway", "lists"]),
        ("import ex", ["export.json"]),
        ("import export.json ", ["--dry-run"]),
    ],
)
def test_a_half_typed_command_goes_on(line: str, expected: list[str]) -> None:
    assert texts(line) == expected


def test_nothing_typed_offers_every_command() -> None:
    assert texts("") == list(below(()))
    assert candidates([], NAMES) == candidates([""], NAMES)


def test_an_account_may_be_added_after_the_listing_words() -> None:
    assert set(texts("providers ")) == {"add", "set", "order", "remove", "enable", "disable", "--known", "--json"}


def test_commands_come_with_what_they_do() -> None:
    about = {it.text: it.about for it in candidates([""], NAMES)}
    assert about["use"] == next(verb.help for verb in VERBS if verb.words == ("use",))


def test_every_shell_has_its_script() -> None:
    assert set(SCRIPTS) == set(SHELLS)


def test_candidates_are_lines_and_unusable_names_are_left_out() -> None:
    found = [Candidate("a", "what\tit is"), Candidate("b\nc", "broken"), Candidate("d")]
    assert lines(found, described=True) == "a\twhat it is\nd\n"
    assert lines(found, described=False) == "a\nd\n"
