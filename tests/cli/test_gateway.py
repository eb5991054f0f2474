"""The commands about the gateway, with a tray that answers and without one."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.cli.conftest import NOW, Shell
from tests.support.memory_keyring import MemoryKeyring
from trayapp.app.gateway_tokens import slot
from trayapp.core.intents import NewToken, Reply, RevokeToken, SwitchGateway
from trayapp.gateway import tokens
from trayapp.gateway.usage import FILE, Request
from trayapp.gateway.usage_file import UsageFile
from trayapp.system.keyrings import KeyringState

TOKEN = tokens.BEGINNING + "x" * 43
LISTENING = {
    "state": "listening",
    "url": "http://127.0.0.1:4321/v1",
    "port": 4321,
    "problem": None,
    "active": 2,
    "served": "groq/llama",
    "why": "tray",
    "tokens": [{"name": "first", "made": NOW - 7200, "session": True}],
    "today": {"requests": 3, "failed": 1},
}


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> MemoryKeyring:
    """In the place of this computer's."""
    made = MemoryKeyring()
    monkeypatch.setattr("trayapp.system.keys.candidates", lambda _env=None: iter([made]))
    return made


def tray(shell: Shell, reply: Reply) -> None:
    shell.running = True
    shell.reply = lambda _asked: reply


@pytest.mark.parametrize("on", [True, False])
def test_on_and_off_are_said_to_the_tray_or_done_here(shell: Shell, on: bool) -> None:
    word = "on" if on else "off"
    shell.reply = lambda _intent: Reply(True, "Done.")
    assert shell.run("gateway", word).out == "Done.\n"
    assert shell.alone == [SwitchGateway(on)]
    shell.running = True
    assert shell.run("gateway", word).code == 0
    assert shell.handed == [SwitchGateway(on)]


def test_a_gateway_that_cannot_listen_is_code_one(shell: Shell) -> None:
    tray(shell, Reply(False, "Port 4180 is in use by ollama."))
    ran = shell.run("gateway", "on")
    assert (ran.code, ran.out, ran.err) == (1, "", "trayapp: Port 4180 is in use by ollama.\n")


def test_the_url_is_where_it_listens(shell: Shell) -> None:
    tray(shell, Reply(data=LISTENING))
    ran = shell.run("gateway", "url")
    assert (ran.code, ran.out, ran.err) == (0, "http://127.0.0.1:4321/v1\n", "")


def test_the_url_is_where_it_would_listen_with_a_remark(shell: Shell) -> None:
    shell.set_up(gateway_port=4999)
    ran = shell.run("gateway", "url")
    assert (ran.code, ran.out) == (0, "http://127.0.0.1:4999/v1\n")
    assert "does not listen now" in ran.err


def test_the_status_says_how_it_stands_and_how_tools_are_pointed_at_it(shell: Shell) -> None:
    tray(shell, Reply(data=LISTENING))
    out = shell.run("gateway", "status").out
    for words in (
        "listens at http://127.0.0.1:4321/v1.",
        "2 requests are under way.",
        "Last answered: groq/llama (tray).",
        "3 requests today, 1 failed.",
        "OPENAI_BASE_URL=http://127.0.0.1:4321/v1 ",
        "ANTHROPIC_BASE_URL=http://127.0.0.1:4321 ",
        "OLLAMA_HOST=http://127.0.0.1:4321\n",
        "first  2 h ago  shown until trayapp ends",
    ):
        assert words in out


@pytest.mark.parametrize(
    ("on", "words"), [(True, "as soon as trayapp runs"), (False, "“trayapp gateway on” switches it on")]
)
def test_without_a_tray_the_status_comes_off_the_disk(shell: Shell, on: bool, words: str) -> None:
    shell.set_up(gateway=on)
    shell.remember(tokens=[{"name": "first", "sha256": "0" * 64, "made": NOW - 60}])
    shell.paths.data.mkdir(parents=True, exist_ok=True)
    UsageFile(shell.paths.data / FILE, lambda: NOW).write([Request(NOW, "editor", "groq", "llama")])
    ran = shell.run("gateway", "status")
    assert words in ran.out
    assert "first  1 min ago" in ran.out
    assert "1 request today." in ran.out
    told: dict[str, Any] = msgspec.json.decode(shell.run("gateway", "status", "--json").out)
    assert (told["running"], told["on"], told["state"], told["url"]) == (False, on, "off", None)
    assert (told["tokens"][0]["name"], told["today"]["requests"]) == ("first", 1)


def test_the_status_as_json_has_the_same_fields_with_a_tray(shell: Shell) -> None:
    alone = msgspec.json.decode(shell.run("gateway", "status", "--json").out)
    tray(shell, Reply(data=LISTENING))
    there = msgspec.json.decode(shell.run("gateway", "status", "--json").out)
    assert set(alone) == set(there)
    assert there["running"]


def test_a_tray_of_an_older_version_is_said(shell: Shell) -> None:
    tray(shell, Reply(False, "The running trayapp does not know “gateway”."))
    ran = shell.run("gateway", "status")
    assert (ran.code, "another version" in ran.err) == (1, True)


def test_the_first_token_that_the_keyring_has_is_printed_alone(shell: Shell, keyring: MemoryKeyring) -> None:
    shell.remember(tokens=[{"name": it, "sha256": "0" * 64} for it in ("gone", "first")])
    keyring.entries[slot("first")] = TOKEN
    ran = shell.run("gateway", "token")
    assert (ran.code, ran.out, ran.err) == (0, f"{TOKEN}\n", "")
    assert shell.alone == shell.handed == []


def test_where_there_is_no_token_it_is_said_how_to_make_one(shell: Shell, keyring: MemoryKeyring) -> None:
    ran = shell.run("gateway", "token")
    assert (ran.code, ran.out, "--new NAME" in ran.err) == (1, "", True)
    shell.remember(tokens=[{"name": "first", "sha256": "0" * 64}])
    ran = shell.run("gateway", "token")
    assert (ran.code, ran.out, "--new NAME" in ran.err) == (1, "", True)
    keyring.state = keyring.answer = KeyringState.DENIED
    assert "not unlocked" in shell.run("gateway", "token").err


def test_what_is_no_token_of_ours_is_never_printed(shell: Shell, keyring: MemoryKeyring, canary: str) -> None:
    shell.remember(tokens=[{"name": "first", "sha256": "0" * 64}])
    keyring.entries[slot("first")] = canary
    ran = shell.run("gateway", "token")
    assert (ran.code, ran.out, "something else" in ran.err) == (1, "", True)


@pytest.mark.parametrize("running", [True, False])
def test_a_new_token_is_printed_kept_and_told_by_its_digest_alone(
    shell: Shell, keyring: MemoryKeyring, running: bool
) -> None:
    shell.running = running
    ran = shell.run("gateway", "token", "--new", "editor")
    (intent,) = shell.handed[-1:] if running else shell.alone
    assert isinstance(intent, NewToken)
    printed = ran.out.removesuffix("\n")
    assert (ran.code, ran.err, keyring.entries) == (0, "", {slot("editor"): printed})
    assert tokens.named(printed, {"editor": intent.sha256}) == "editor"


def test_without_a_keyring_a_new_token_is_shown_this_once(shell: Shell, keyring: MemoryKeyring) -> None:
    keyring.state = KeyringState.NO_SERVICE
    ran = shell.run("gateway", "token", "--new", "editor")
    assert (ran.code, ran.out.startswith(tokens.BEGINNING), "shown this once" in ran.err) == (0, True, True)


def test_a_name_that_is_refused_leaves_the_keyring_as_it_is(shell: Shell, keyring: MemoryKeyring) -> None:
    tray(shell, Reply(False, "There is a token “editor” already."))
    ran = shell.run("gateway", "token", "--new", "editor")
    assert (ran.code, ran.out, "already" in ran.err, keyring.entries) == (1, "", True, {})


def test_a_token_is_revoked_by_whoever_is_there(shell: Shell, keyring: MemoryKeyring) -> None:
    assert shell.run("gateway", "token", "--revoke", "editor").code == 0
    assert shell.alone == [RevokeToken("editor")]
    assert shell.run("gateway", "token", "--revoke", "a", "--new", "b").code == 1
