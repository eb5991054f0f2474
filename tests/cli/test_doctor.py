"""``doctor``: in words what is wrong and what to do, and an exit code for scripts."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.cli.conftest import Shell
from trayapp.core.accounts import Account, KeyFrom
from trayapp.core.errors import Failure, Kind
from trayapp.core.intents import Reply
from trayapp.ui.findings import AccountSeen, Machine, Seen

GROQ = Account("groq", "groq")
OFF = (Account("ollama", "ollama", enabled=False), Account("lmstudio", "lmstudio", enabled=False))
WELL = Machine(version="0.1.0", running=True, tray=True, shipped="2026-11-02")


def running(shell: Shell, seen: Seen) -> None:
    shell.running = True
    shell.reply = lambda _ask: Reply(data=msgspec.to_builtins(seen))


def objects(shell: Shell) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = msgspec.json.decode(shell.run("doctor", "--json").out)["findings"]
    return found


def test_where_nothing_is_wrong_the_code_is_zero(shell: Shell) -> None:
    running(shell, Seen(WELL))
    ran = shell.run("doctor")
    assert (ran.code, ran.err) == (0, "")
    assert shell.handed == ["doctor"]
    assert ran.out.startswith("In order:\n")
    assert ran.out.endswith("Nothing is wrong.\n")


def test_what_is_wrong_stands_first_with_what_to_do(shell: Shell) -> None:
    refused = AccountSeen(id="groq", name="Groq", provider="groq", key="keyring", failure=Failure(Kind.REFUSED, "groq"))
    running(shell, Seen(WELL, (refused,)))
    ran = shell.run("doctor")
    assert ran.code == 1
    lines = ran.out.splitlines()
    assert lines[0] == "To be mended:"
    assert lines[1].startswith("  Groq refused the key.")
    assert lines[2] == "      → Replace it in the settings, or with “trayapp key set groq”."
    assert lines[-1] == "1 thing is wrong."
    first = objects(shell)[0]
    assert (first["severity"], first["account"]) == ("error", "groq")


def test_without_a_tray_it_looks_for_itself(shell: Shell) -> None:
    shell.set_up(GROQ, *OFF)
    shell.keyed(GROQ)
    shell.env["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    shell.listed(GROQ, "a", "b")
    ran = shell.run("doctor")
    assert ran.code == 1  # the key is in a keyring that is not there
    assert "trayapp is not running" in ran.out
    assert "This system offers no keyring" in ran.out
    assert "Groq: 2 models, listed 1 min ago." in ran.out
    assert "The shipped catalogue is of" in ran.out
    assert str(shell.paths.log_file) in ran.out


def test_keys_from_the_environment_are_named_and_never_shown(shell: Shell, canary: str) -> None:
    work = Account("work", "openai", name="Work", key_from=KeyFrom.ENVIRONMENT)
    shell.set_up(GROQ, work, *OFF)
    shell.env["OPENAI_API_KEY"] = canary
    ran = shell.run("doctor")
    assert "OPENAI_API_KEY is used for Work" in ran.out
    assert "Groq has no key yet." in ran.out
    assert canary not in ran.out
    del shell.env["OPENAI_API_KEY"]
    assert "OPENAI_API_KEY is not set" in shell.run("doctor").out


def test_a_damaged_and_a_newer_file_are_told(shell: Shell) -> None:
    shell.set_up(*OFF)
    shell.remember()
    shell.paths.settings_file.write_text("version = 99\n")
    shell.paths.state_file.write_bytes(b"junk")
    texts = [it["text"] for it in objects(shell) if it["severity"] == "warning"]
    assert any("newer version" in text for text in texts)
    assert any("state.json.bad-1" in text for text in texts)


def test_an_address_that_is_not_complete_and_a_provider_nobody_knows_are_told(shell: Shell) -> None:
    shell.set_up(Account("azure", "azure-openai"), Account("x", "gone-provider"), *OFF)
    found = {it["account"]: it for it in objects(shell) if it["account"]}
    assert found["azure"]["severity"] == found["x"]["severity"] == "error"
    assert "gone-provider" in found["x"]["text"]


@pytest.mark.parametrize("reply", [Reply(False, "does not know"), Reply(data={"machine": 3})])
def test_a_tray_of_another_version_is_a_finding(shell: Shell, reply: Reply) -> None:
    shell.set_up(*OFF)
    shell.running = True
    shell.reply = lambda _ask: reply
    ran = shell.run("doctor")
    assert ran.code == 1
    assert "another version" in ran.out
    assert "Quit it and start it again." in ran.out


def test_a_tray_that_does_not_answer_is_the_first_finding(shell: Shell) -> None:
    shell.set_up(*OFF)
    shell.running = True

    def silent(_ask: object) -> Reply:
        raise TimeoutError("no answer")

    shell.reply = silent
    ran = shell.run("doctor")
    assert ran.code == 1
    assert "does not answer" in ran.out.splitlines()[1]
