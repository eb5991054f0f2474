"""``export`` and ``import``: files that are not overwritten, documents that are read, and what is said."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.cli.conftest import Shell
from trayapp.cli import transfer
from trayapp.core.accounts import Account
from trayapp.core.intents import Import, Reply
from trayapp.core.models import ModelRef

GROQ, OPENAI = Account("groq", "groq"), Account("openai", "openai")
DOCUMENT = {"trayapp": {"export": 1}, "settings": {"accounts": [{"id": "openai", "spec": "openai"}]}}


@pytest.fixture(autouse=True)
def _there(shell: Shell) -> None:
    shell.set_up(GROQ, tray_wait=30)
    shell.keyed(GROQ)
    shell.remember(active=ModelRef("groq", "llama"))


@pytest.fixture
def file(home: Path) -> Path:
    return home / "x.json"


def decoded(text: str) -> Any:
    return msgspec.json.decode(text)


def test_it_goes_to_standard_output_unless_a_file_is_named(shell: Shell) -> None:
    for words in ((), ("-",)):
        ran = shell.run("export", *words)
        assert (ran.code, ran.err) == (0, "")
        found = decoded(ran.out)
        assert found["settings"]["tray_wait"] == 30
        assert found["state"] == {"version": 1, "active": ["groq", "llama"]}
        assert found["keys_missing"] == ["groq"]


def test_the_file_is_its_users_alone(shell: Shell, file: Path) -> None:
    ran = shell.run("export", str(file))
    assert (ran.code, ran.out) == (0, f"Written to “{file}”. No key is in it.\n")
    assert decoded(file.read_text("utf-8"))["trayapp"]["export"] == 1
    if sys.platform != "win32":
        assert file.stat().st_mode & 0o777 == 0o600


def test_what_is_there_is_not_overwritten_without_a_word(shell: Shell, file: Path) -> None:
    file.write_text("mine")
    ran = shell.run("export", str(file))
    assert (ran.code, ran.out, file.read_text()) == (1, "", "mine")
    assert "--force" in ran.err
    assert shell.run("export", str(file), "--force").code == 0
    assert decoded(file.read_text("utf-8"))


def test_only_a_file_in_a_folder_that_is_there_is_written(shell: Shell, home: Path) -> None:
    ran = shell.run("export", str(home / "none" / "x.json"))
    assert ran.code == 1
    assert "There is no folder" in ran.err
    ran = shell.run("export", str(home), "--force")
    assert ran.code == 1
    assert "is not a file" in ran.err
    if sys.platform != "win32":
        ran = shell.run("export", os.devnull, "--force")
        assert ran.code == 1
        assert not Path(os.devnull).is_file()


def test_what_looks_like_a_key_is_left_out_and_named(shell: Shell) -> None:
    shell.set_up(Account("groq", "groq", base_url="https://gsk_0123456789abcdef@example.org/v1"))
    ran = shell.run("export")
    assert "gsk_" not in ran.out
    assert ran.err == "trayapp: “settings.accounts.groq.base_url” looks like a key and was left out.\n"


def test_what_the_environment_sets_is_not_exported(shell: Shell) -> None:
    shell.env["TRAYAPP_TRAY_WAIT"] = "99"
    assert decoded(shell.run("export").out)["settings"]["tray_wait"] == 30


@pytest.mark.parametrize("running", [True, False])
def test_an_import_is_done_by_whoever_runs(shell: Shell, file: Path, running: bool) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + msgspec.json.encode(DOCUMENT))
    shell.running = running
    shell.reply = lambda _intent: Reply(True, "Taken over.")
    ran = shell.run("import", str(file))
    assert (ran.code, ran.out) == (0, "Taken over.\n")
    assert (shell.handed if running else shell.alone)[-1] == Import(DOCUMENT)


def test_it_is_read_from_standard_input_too(shell: Shell) -> None:
    assert shell.run("import", "-", typed=msgspec.json.encode(DOCUMENT).decode()).code == 0
    assert shell.alone == [Import(DOCUMENT)]


def test_a_dry_run_says_what_would_be_done_and_does_nothing(shell: Shell, file: Path) -> None:
    file.write_bytes(msgspec.json.encode(DOCUMENT))
    before = shell.paths.settings_file.read_bytes(), shell.paths.state_file.read_bytes()
    ran = shell.run("import", str(file), "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "In the export: 1 account.",
        "Accounts that are not in the export are gone: Groq. Their keys stay in the keyring.",
        "The key of OpenAI is missing: trayapp key set openai",
        "Nothing was changed.",
    ]
    assert (shell.handed, shell.alone) == ([], [])
    assert (shell.paths.settings_file.read_bytes(), shell.paths.state_file.read_bytes()) == before


def test_a_dry_run_refuses_what_the_import_would(shell: Shell, file: Path) -> None:
    file.write_bytes(msgspec.json.encode({"trayapp": {"export": 9, "version": "7.0"}}))
    ran = shell.run("import", str(file), "--dry-run")
    assert (ran.code, ran.out) == (1, "")
    assert "newer version of trayapp (7.0)" in ran.err


@pytest.mark.parametrize("text", ["", "nonsense", "[1]", "1", "[" * 100_000, "\udcff", '{"a": "\udce4"}', "\0"])
def test_what_is_no_export_is_not_handed_on(shell: Shell, text: str, file: Path) -> None:
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    for ran in (shell.run("import", str(file)), shell.run("import", "-", typed=text)):
        assert (ran.code, ran.out, shell.alone) == (1, "", [])
        assert "no export of trayapp" in ran.err


def test_a_file_that_is_not_there_is_named(shell: Shell, file: Path, home: Path) -> None:
    for path in (file, home):
        ran = shell.run("import", str(path))
        assert (ran.code, shell.alone) == (1, [])
        assert str(path) in ran.err


def test_one_that_no_request_can_hold_is_refused(shell: Shell, file: Path) -> None:
    file.write_bytes(msgspec.json.encode({**DOCUMENT, "x": "y" * transfer.LONGEST}))
    ran = shell.run("import", str(file))
    assert (ran.code, shell.alone) == (1, [])
    assert "too large" in ran.err
