"""``version``: which one this is, what is known of newer ones, and asking for them."""

from __future__ import annotations

import msgspec
import pytest

from tests.cli.conftest import NOW, Shell
from trayapp.core.intents import LookForUpdate, Reply
from trayapp.core.version import RELEASES_VARIABLE as VARIABLE
from trayapp.core.version import VERSION

AT = "https://trayapp.example/newest"
HEARD = {"at": NOW - 7200, "version": "99.0.0", "page": "https://trayapp.example/news"}


def test_where_nobody_is_asked_it_is_the_version_alone(shell: Shell) -> None:
    assert shell.run("version") == shell.run("--version")
    assert shell.run("version").out == f"trayapp {VERSION}\n"
    assert (shell.handed, shell.alone) == ([], [])


def test_what_was_heard_is_told_without_asking_anybody(shell: Shell) -> None:
    shell.env[VARIABLE] = AT
    shell.remember(looked=HEARD)
    ran = shell.run("version")
    assert ran.out.splitlines() == [
        f"trayapp {VERSION}",
        f"trayapp 99.0.0 is out; this is {VERSION}. trayapp.example was asked for new versions 2 h ago.",
    ]
    told = msgspec.json.decode(shell.run("version", "--json").out)
    assert told == {
        "version": VERSION, "host": "trayapp.example", "on": False, "age": 7200.0, "failed": False,
        "newest": "99.0.0", "page": "https://trayapp.example/news",
    }  # fmt: skip
    assert (shell.handed, shell.alone) == ([], [])


def test_a_build_that_asks_nobody_says_so_to_whoever_has_switched_it_on(shell: Shell) -> None:
    shell.set_up(update_notice=True)
    assert "no address to ask" in shell.run("version").out


def test_an_address_that_cannot_be_used_is_complained_about(shell: Shell) -> None:
    shell.env[VARIABLE] = "http://trayapp.example"
    assert "TRAYAPP_UPDATE_URL is ignored" in shell.run("version").err


@pytest.mark.parametrize("running", [True, False])
def test_asking_is_done_by_whoever_is_there(shell: Shell, running: bool) -> None:
    shell.running = running
    shell.reply = lambda _intent: Reply(True, "This is the newest version.", {"version": VERSION, "newest": ""})
    ran = shell.run("version", "--check")
    assert (ran.code, ran.out) == (0, "This is the newest version.\n")
    ran = shell.run("version", "--check", "--json")
    assert (ran.code, msgspec.json.decode(ran.out)) == (0, {"version": VERSION, "newest": ""})
    assert (shell.handed if running else shell.alone) == [LookForUpdate(), LookForUpdate()]


def test_asking_in_vain_has_code_one_and_the_reason(shell: Shell) -> None:
    shell.reply = lambda _intent: Reply(False, "a.example gave no answer that can be used: it took too long.")
    for words in (("version", "--check"), ("version", "--check", "--json")):
        ran = shell.run(*words)
        assert (ran.code, ran.out) == (1, "")
        assert "it took too long" in ran.err
    shell.reply = lambda _intent: Reply(False, "as before", {"failed": True})
    assert shell.run("version", "--check", "--json").code == 1
