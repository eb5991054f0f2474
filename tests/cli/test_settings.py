"""``settings``: tables are changed entry by entry, and what the environment sets is told and never stored."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.cli.conftest import Shell
from trayapp.core.accounts import Account
from trayapp.core.intents import SaveSettings
from trayapp.core.settings import Settings, Waits

GROQ = Account("groq", "groq")


def saved(shell: Shell, *words: str) -> Settings:
    ran = shell.run("settings", "set", *words)
    assert ran.code == 0, ran.err
    (intent,) = shell.alone[-1:]
    assert isinstance(intent, SaveSettings)
    return intent.settings


def rows(shell: Shell) -> dict[str, Any]:
    return {it["name"]: it for it in msgspec.json.decode(shell.run("settings", "list", "--json").out)}


def test_times_for_single_providers_are_set_and_removed_one_by_one(shell: Shell) -> None:
    """S1-31, S1-67"""
    shell.set_up(GROQ)
    assert saved(shell, "provider_ttl_overrides", "ollama=300,anthropic=86400").provider_ttl_overrides == {
        "ollama": 300,
        "anthropic": 86400,
    }
    shell.paths.settings_file.write_text("provider_ttl_overrides = {ollama = 300, groq = 60}\n")
    assert shell.run("settings", "get", "provider_ttl_overrides").out == "ollama=300,groq=60\n"
    assert saved(shell, "provider_ttl_overrides", "groq=").provider_ttl_overrides == {"ollama": 300}
    assert saved(shell, "provider_ttl_overrides", "").provider_ttl_overrides == {}


def test_waiting_times_of_a_class_are_set_and_only_those_stored(shell: Shell) -> None:
    """S4-30"""
    made = saved(shell, "timeouts", "fast.receive=20,slow.retries=1")
    assert made == Settings(timeouts={"fast": Waits(receive=20), "slow": Waits(retries=1)})
    shell.paths.config.mkdir(parents=True, exist_ok=True)
    shell.paths.settings_file.write_text("[timeouts]\nfast.receive = 20\nslow.retries = 1\n")
    assert shell.run("settings", "get", "timeouts").out == "fast.receive=20,slow.retries=1\n"
    assert rows(shell)["timeouts"]["value"] == {"fast": {"receive": 20.0}, "slow": {"retries": 1}}
    assert saved(shell, "timeouts", "slow.retries=").timeouts == {"fast": Waits(receive=20)}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("provider_ttl_overrides", "ollama", "NAME=NUMBER"),
        ("provider_ttl_overrides", "ollama=-3", "0 to 31536000"),
        ("timeouts", "fast.receive=9999", "0.1 to 600"),
        ("timeouts", "quick.receive=3", "local, fast, medium, slow"),
    ],
)
def test_a_wrong_table_reaches_nobody(shell: Shell, name: str, value: str, said: str) -> None:
    ran = shell.run("settings", "set", name, value)
    assert (ran.code, shell.alone) == (1, [])
    assert said in ran.err


def test_a_time_for_nobody_is_stored_and_remarked(shell: Shell) -> None:
    shell.set_up(GROQ)
    ran = shell.run("settings", "set", "provider_ttl_overrides", "olama=300,groq=5,anthropic=9")
    assert ran.code == 0
    assert "“olama” is neither an account nor a provider. Did you mean ollama" in ran.err
    assert "“groq”" not in ran.err
    assert "“anthropic”" not in ran.err


def test_a_variable_holds_above_the_file_and_says_so(shell: Shell) -> None:
    shell.set_up(default_ttl_seconds=7200)
    shell.env |= {"TRAYAPP_DEFAULT_TTL_SECONDS": "60"}
    assert shell.run("settings", "get", "default_ttl_seconds").out == "60\n"
    line = next(it for it in shell.run("settings", "list").out.splitlines() if it.startswith("default_ttl"))
    assert "60 (set by TRAYAPP_DEFAULT_TTL_SECONDS)" in line
    row = rows(shell)["default_ttl_seconds"]
    assert (row["value"], row["set_by"]) == (60, "TRAYAPP_DEFAULT_TTL_SECONDS")
    assert rows(shell)["tray_wait"]["set_by"] is None


def test_a_change_of_one_setting_stores_nothing_of_the_environment(shell: Shell) -> None:
    shell.set_up(default_ttl_seconds=7200)
    shell.env |= {"TRAYAPP_DEFAULT_TTL_SECONDS": "60", "TRAYAPP_TRAY_WAIT": "3"}
    assert saved(shell, "inline_models", "7") == Settings(default_ttl_seconds=7200, inline_models=7)
    assert saved(shell, "default_ttl_seconds", "90").default_ttl_seconds == 90


def test_a_bad_variable_is_complained_about_and_ignored(shell: Shell) -> None:
    shell.env |= {"TRAYAPP_TRAY_WAIT": "soon"}
    assert shell.run("settings", "get", "tray_wait").out == "15\n"
    ran = shell.run("settings", "list")
    assert ran.code == 0
    assert "TRAYAPP_TRAY_WAIT is ignored: A whole number from 0 to 600." in ran.err


def test_lists_read_off_the_disk_are_judged_by_the_time_that_the_environment_sets(shell: Shell) -> None:
    shell.set_up(GROQ)
    shell.keyed(GROQ)
    shell.listed(GROQ, "a", age=120)

    def source() -> str:
        rows = msgspec.json.decode(shell.run("providers", "--json").out)
        return str(next(it["source"] for it in rows if it["id"] == "groq"))

    assert source() == "cached"
    shell.env["TRAYAPP_DEFAULT_TTL_SECONDS"] = "60"
    assert source() == "stale"
    shell.env["TRAYAPP_PROVIDER_TTL_OVERRIDES"] = "groq=600"
    assert source() == "cached"
