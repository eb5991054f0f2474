"""``refresh``, ``status``, ``login``, ``settings``, ``paths``, ``quit``, and what is no command at all."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from tests.cli.conftest import NOW, Shell
from trayapp.cli.verbs import SHELLS
from trayapp.core.accounts import Account
from trayapp.core.intents import Quit, Refresh, Reply, SaveSettings, SetLogin
from trayapp.core.schema import preferences
from trayapp.core.settings import Settings

GROQ = Account("groq", "groq")


@pytest.fixture(autouse=True)
def _key(shell: Shell) -> None:
    shell.keyed(GROQ)


def test_a_refresh_names_an_account_or_none(shell: Shell) -> None:
    shell.set_up(GROQ)
    shell.running = True
    shell.reply = lambda _intent: Reply(True, "2 models of 1 provider.")
    assert shell.run("refresh").out == "2 models of 1 provider.\n"
    shell.run("refresh", "groq")
    assert shell.handed == [Refresh(None), Refresh("groq")]
    assert shell.run("refresh", "nobody").code == 1


def test_status_without_a_tray_is_read_off_the_disk(shell: Shell) -> None:
    shell.set_up(GROQ)
    shell.listed(GROQ, "a", "b")
    shell.remember(active=["groq", "a"])
    ran = shell.run("status")
    assert ran.code == 0
    assert "trayapp is not running." in ran.out
    assert "groq/a" in ran.out
    assert "2 models" in ran.out
    found = msgspec.json.decode(shell.run("status", "--json").out)
    assert (found["running"], found["provider"], found["model"]) == (False, "groq", "a")
    groq = next(it for it in found["accounts"] if it["id"] == "groq")
    assert (groq["models"], groq["source"], groq["age_seconds"]) == (2, "cached", 60.0)


def test_status_with_a_tray_tells_what_only_that_knows(shell: Shell) -> None:
    shell.set_up(GROQ)
    shell.listed(GROQ, "a")
    shell.running = True
    live = {"source": "live", "models": 3, "fetched_at": NOW - 5, "failure": "refused"}
    data = {"refreshing": ["groq"], "keyring": "locked", "kept": {"groq": "session"}, "listings": {"groq": live}}
    shell.reply = lambda _ask: Reply(data=data)
    ran = shell.run("status")
    assert shell.handed == ["status"]
    for part in ("trayapp is running.", "Being asked: groq", "keyring is locked", "3 models", "key refused", "live"):
        assert part in ran.out
    found = msgspec.json.decode(shell.run("status", "--json").out)
    assert (found["running"], found["keyring"], found["refreshing"]) == (True, "locked", ["groq"])
    groq = next(it for it in found["accounts"] if it["id"] == "groq")
    assert (groq["key"], groq["models"], groq["failure"], groq["age_seconds"]) == ("session", 3, "refused", 5.0)


def test_start_at_login_is_switched_by_whoever_is_there(shell: Shell) -> None:
    assert shell.run("login", "on").code == 0
    shell.running = True
    assert shell.run("login", "off").code == 0
    assert (shell.alone, shell.handed) == ([SetLogin(True)], [SetLogin(False)])


def test_half_a_command_lists_its_other_half(shell: Shell) -> None:
    ran = shell.run("login")
    assert (ran.code, ran.out) == (2, "")
    assert "{on,off,status}" in ran.err
    assert shell.run("key", "--help").code == 0


def test_every_setting_can_be_read(shell: Shell) -> None:
    for name in preferences():
        ran = shell.run("settings", "get", name)
        assert (ran.code, ran.err) == (0, "")
    assert shell.run("settings", "get", "notify_switch").out == "on\n"
    shell.set_up(notify_switch=False, tray_wait=20)
    assert shell.run("settings", "get", "notify_switch").out == "off\n"
    assert shell.run("settings", "get", "tray_wait").out == "20\n"
    rows = {it["name"]: it for it in msgspec.json.decode(shell.run("settings", "list", "--json").out)}
    assert (rows["tray_wait"]["value"], rows["tray_wait"]["default"]) == (20, 15)
    assert "tray_wait" in shell.run("settings", "list").out


def test_a_setting_is_changed_and_the_others_stay(shell: Shell) -> None:
    shell.set_up(GROQ, tray_wait=20)
    assert shell.run("settings", "set", "notify_switch", "off").code == 0
    before = Settings(tray_wait=20, accounts=(GROQ,))
    assert shell.alone == [SaveSettings(msgspec.structs.replace(before, notify_switch=False), before)]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("tray_wait", "9999", "0 to 600"),
        ("tray_wait", "soon", "0 to 600"),
        ("notify_switch", "maybe", "neither on nor off"),
        ("notify_swich", "on", "Did you mean notify_switch"),
        ("model_cache_strategy", "lazy", "moderate"),
    ],
)
def test_a_wrong_value_reaches_nobody(shell: Shell, name: str, value: str, said: str) -> None:
    ran = shell.run("settings", "set", name, value)
    assert (ran.code, ran.out, shell.alone) == (1, "", [])
    assert said in ran.err


def test_a_setting_can_be_given_back_what_it_printed(shell: Shell) -> None:
    for name in preferences():
        value = shell.run("settings", "get", name).out.rstrip("\n")
        assert shell.run("settings", "set", name, value).code == 0
    assert all(isinstance(it, SaveSettings) and it.settings == Settings() for it in shell.alone)


def test_paths_say_where_everything_is(shell: Shell) -> None:
    found: dict[str, Any] = msgspec.json.decode(shell.run("paths", "--json").out)
    assert found["settings"] == str(shell.paths.settings_file)
    lines = shell.run("paths").out.splitlines()
    assert [line.split(None, 1)[0] for line in lines] == list(found)
    assert [line.split(None, 1)[1] for line in lines] == list(found.values())


def test_quitting_what_does_not_run_is_code_four(shell: Shell) -> None:
    ran = shell.run("quit")
    assert (ran.code, ran.out, shell.alone) == (4, "", [])
    assert "not running" in ran.err
    shell.running = True
    assert shell.run("quit").code == 0
    assert shell.handed == [Quit()]


@pytest.mark.parametrize("kind", SHELLS)
def test_the_shipped_script_is_printed(shell: Shell, kind: str) -> None:
    ran = shell.run("completion", kind)
    assert ran.code == 0
    assert "trayapp" in ran.out
    assert shell.run("completion", "csh").code == 2


def test_what_is_no_command_is_code_two(shell: Shell, canary: str) -> None:
    ran = shell.run("modles")
    assert (ran.code, ran.out) == (2, "")
    assert "modles" in ran.err
    assert canary not in shell.run(canary).err


def test_help_and_version_are_printed(shell: Shell) -> None:
    assert shell.run("--help").out == shell.run("help").out == shell.run("-h").out
    assert re.fullmatch(r"trayapp \d+\.\d+\.\d+\n", shell.run("--version").out)


def test_commands_speak_the_language_of_the_settings_or_of_the_desktop(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken: list[tuple[str, list[str] | None]] = []
    monkeypatch.setattr("trayapp.core.language.install", lambda folder, names: spoken.append((folder, names)))
    shell.run("paths")
    assert spoken == []
    shell.env["LANG"] = "de_DE.UTF-8"
    shell.run("--help")
    shell.set_up(language="zh")
    shell.run("complete", "--", "u")
    assert [names for _folder, names in spoken] == [["de_DE"], ["zh"]]
