"""Commands where a model was stored without its account: found where one account has it, else asked for in words."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec
import pytest

from tests.cli.conftest import Shell
from trayapp.core.accounts import Account
from trayapp.system import instance

SERVER = Account("server", "openai-compatible", "Server")
OTHER = Account("other", "openai-compatible", "Other")
OPENAI = Account("openai", "openai")


@pytest.fixture
def asked(shell: Shell) -> Shell:
    """Two accounts have the model that was chosen by its name alone."""
    shell.set_up(SERVER, OTHER)
    shell.listed(SERVER, "gpt-4.1")
    shell.listed(OTHER, "gpt-4.1")
    shell.remember(active="gpt-4.1")
    return shell


@pytest.fixture
def tray(shell: Shell) -> Iterator[Shell]:
    """A tray has the lock, and answers nothing here."""
    shell.paths.runtime.mkdir(parents=True, exist_ok=True)
    claim = instance.claim(shell.paths.runtime)
    assert claim is not None
    yield shell
    claim.release()


def stored(shell: Shell) -> object:
    return json.loads(shell.paths.state_file.read_bytes())["active"]


@pytest.mark.parametrize("active", ["gpt-4.1", ["", "gpt-4.1"], {"model": "gpt-4.1"}])
def test_the_account_is_found_and_stored_where_one_has_the_model(shell: Shell, active: object) -> None:
    shell.set_up(SERVER, OTHER)
    shell.listed(SERVER, "gpt-4.1")
    shell.listed(OTHER, "llama")
    shell.remember(active=active, later=1)
    ran = shell.run("current")
    assert (ran.code, ran.out, ran.err) == (0, "server/gpt-4.1\n", "")
    assert stored(shell) == ["server", "gpt-4.1"]
    assert json.loads(shell.paths.state_file.read_bytes())["later"] == 1


def test_the_shipped_list_tells_it_where_none_was_fetched(shell: Shell) -> None:
    shell.set_up(OPENAI)
    shell.keyed(OPENAI)
    shell.remember(active="gpt-4.1")
    assert shell.run("current").out == "openai/gpt-4.1\n"
    shell.set_up(OPENAI, use_catalog_fallback=False)
    shell.remember(active="gpt-4.1")
    assert shell.run("current").code == 1


def test_what_a_running_tray_has_is_for_the_tray_to_store(tray: Shell) -> None:
    tray.set_up(SERVER)
    tray.listed(SERVER, "gpt-4.1")
    tray.remember(active="gpt-4.1")
    assert tray.run("current").out == "server/gpt-4.1\n"
    assert stored(tray) == "gpt-4.1"


def test_where_two_accounts_have_it_each_command_says_so_and_nothing_is_lost(asked: Shell) -> None:
    told = "trayapp: “gpt-4.1” is offered by 2 accounts: choose one. “trayapp use ACCOUNT/MODEL” does it.\n"
    told += "  other/gpt-4.1\n  server/gpt-4.1\n"
    ran = asked.run("current")
    assert (ran.code, ran.out, ran.err) == (1, "", told)
    ran = asked.run("status")
    assert (ran.code, ran.err) == (0, told)
    assert "Chosen: gpt-4.1\n" in ran.out
    ran = asked.run("route", "a text")
    assert ran.code == 1
    assert told in ran.err
    assert asked.run("use", "gpt-4.1").code == 1
    assert stored(asked) == "gpt-4.1"


def test_programs_are_told_in_json_which_models_it_may_be(asked: Shell) -> None:
    ran = asked.run("current", "--json")
    assert ran.code == 1
    assert msgspec.json.decode(ran.out) == {
        "provider": None,
        "model": "gpt-4.1",
        "candidates": ["other/gpt-4.1", "server/gpt-4.1"],
    }
    found = msgspec.json.decode(asked.run("status", "--json").out)
    assert (found["provider"], found["model"]) == (None, "gpt-4.1")


def test_where_no_account_has_it_another_model_is_to_be_chosen(shell: Shell) -> None:
    shell.set_up(SERVER)
    shell.listed(SERVER, "llama")
    shell.remember(active="gpt-4.1")
    ran = shell.run("current")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("trayapp: No account in use lists “gpt-4.1”: choose a model.")
