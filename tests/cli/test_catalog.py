"""``catalog status`` and ``catalog update``: how old the facts about models are, and asking for newer ones."""

from __future__ import annotations

import msgspec

from tests.cli.conftest import Shell
from trayapp.catalog.facts import REFRESHED
from trayapp.catalog.rows import Edition, Fact, write
from trayapp.core.intents import Reply, UpdateCatalog

FACTS = {"openai": [Fact("gpt-5")]}


def test_the_shipped_date_is_told_with_its_sources(shell: Shell) -> None:
    ran = shell.run("catalog", "status")
    assert (ran.code, ran.err) == (0, "")
    assert "The shipped catalogue is of 2" in ran.out
    assert "not refreshed since" in ran.out
    assert "shipped: litellm" in ran.out


def test_both_dates_are_told_after_a_refresh(shell: Shell) -> None:
    shell.paths.data.mkdir(parents=True, exist_ok=True)
    day = "2999-01-01"
    (shell.paths.data / REFRESHED[0]).write_bytes(write(day, [Edition("models.dev", "", day)], FACTS))
    ran = shell.run("catalog", "status")
    assert "The shipped catalogue is of 2" in ran.out
    assert ["refreshed:", "models.dev", day] in [line.split() for line in ran.out.splitlines()]
    found = msgspec.json.decode(shell.run("catalog", "status", "--json").out)
    assert [it["day"] for it in found["refreshed"]] == [day]
    assert found["shipped"] < day


def test_an_older_refresh_than_the_shipped_file_is_not_in_use_and_not_told(shell: Shell) -> None:
    shell.paths.data.mkdir(parents=True, exist_ok=True)
    (shell.paths.data / REFRESHED[1]).write_bytes(write("2020-01-01", [Edition("OpenRouter", "", "2020-01-01")], FACTS))
    assert "2020-01-01" not in shell.run("catalog", "status").out


def test_an_update_is_made_by_whoever_is_there(shell: Shell) -> None:
    shell.reply = lambda _intent: Reply(True, "models.dev: 1124 models.")
    assert shell.run("catalog", "update").out == "models.dev: 1124 models.\n"
    shell.running = True
    shell.reply = lambda _intent: Reply(False, "models.dev gave nothing new.")
    ran = shell.run("catalog", "update")
    assert (ran.code, ran.out) == (1, "")
    assert "gave nothing new" in ran.err
    assert (shell.alone, shell.handed) == ([UpdateCatalog()], [UpdateCatalog()])
