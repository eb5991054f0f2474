"""Profiles, pins and exports by real commands, with the program running and without."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.whole.program import COMMAND, Host, Trayapp, cli, listing, remembered, server, set_up
from tests.whole.test_cli import Computer
from trayapp.core.models import ModelRef
from trayapp.core.state import State


@pytest.fixture
def computer(home: Path) -> Computer:
    return Computer(home / "t")


def test_a_profile_is_saved_and_used_while_the_program_runs(desk: dict[str, str], host: Host) -> None:
    mine, yours = server("mine", "http://127.0.0.1:9", ttl=10**6), server("yours", "http://127.0.0.1:9", ttl=10**6)
    set_up(
        mine,
        yours,
        lists=[listing("mine", "one", "two"), listing("yours", "three")],
        state=State(active=ModelRef("mine", "one")),
    )
    with Trayapp(desk):
        item = host.wait_item()
        cli(desk, "profile", "save", "away", "--model", "three", "--accounts", "yours")
        assert "Model: three on yours." in cli(desk, "profile", "use", "Away")
        host.wait_words(item, "yours: three")
        assert not any("two" in label for label in host.peek(item).labels), "of the account that is left out"
        assert cli(desk, "models", "--porcelain").startswith("yours\tthree\t")
        cli(desk, "use", "mine/one", code=1)
        cli(desk, "profile", "none")
        host.wait_row(item, "two")
        cli(desk, "hide", "two")
        assert "two" not in cli(desk, "models", "--porcelain")
    assert remembered()["profiles"] == [{"name": "away", "active": ["yours", "three"], "accounts": ["yours"]}]


def test_all_but_the_keys_goes_from_one_computer_to_another(computer: Computer, home: Path) -> None:
    other = Computer(home / "other")
    other.paths.settings_file.write_text("version = 1\n# kept\ntray_wait = 7\n", encoding="utf-8")
    computer.done("use", "groq/allam")
    computer.done("pin", "llama-3.3")
    computer.done("profile", "save", "work", "--strategy", "ram")
    computer.done("settings", "set", "tray_wait", "30")
    file = home / "trayapp.json"
    computer.done("export", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert computer.run("export", str(file)).returncode == 1

    before = other.paths.settings_file.read_bytes()
    assert "Nothing was changed." in other.done("import", str(file), "--dry-run")
    assert other.paths.settings_file.read_bytes() == before
    said = other.done("import", "-", input=file.read_text("utf-8"))
    assert "In the export: 1 account, 1 setting, 1 profile, 1 pinned model, the chosen model groq/allam." in said
    (kept,) = other.paths.config.glob("settings.toml.before-import-*")
    assert kept.read_bytes() == before
    assert other.done("current") == "groq/allam\n"
    assert other.done("settings", "get", "tray_wait") == "30\n"
    assert "# kept" in other.paths.settings_file.read_text("utf-8")
    rows: list[dict[str, Any]] = msgspec.json.decode(other.done("profile", "--json"))
    assert [(it["name"], it["strategy"]) for it in rows] == [("work", "ram")]


def test_import_into_the_running_program_is_seen_at_once(desk: dict[str, str], host: Host, home: Path) -> None:
    mine = server("mine", "http://127.0.0.1:9", ttl=10**6)
    set_up(mine, lists=[listing("mine", "one", "two")], state=State(active=ModelRef("mine", "one")))
    file = home / "x.json"
    cli(desk, "export", str(file))
    document = msgspec.json.decode(file.read_bytes())
    document["state"]["active"] = ["mine", "two"]
    file.write_bytes(msgspec.json.encode(document))
    with Trayapp(desk):
        item = host.wait_item()
        host.wait_words(item, "mine: one")
        cli(desk, "import", str(file))
        host.wait_words(item, "mine: two")
        document["trayapp"]["export"] = 99
        file.write_bytes(msgspec.json.encode(document))
        cli(desk, "import", str(file), code=1)


def test_a_reader_that_is_a_program_gets_plain_json(computer: Computer) -> None:
    env = {**computer.env, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    computer.done("profile", "save", "größe")
    ran = subprocess.run([*COMMAND, "export"], env={**os.environ, **env}, capture_output=True, timeout=60, check=True)
    assert msgspec.json.decode(ran.stdout)["state"]["profiles"][0]["name"] == "größe"
