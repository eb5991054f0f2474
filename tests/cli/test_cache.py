"""``cache stats`` and ``cache clear``: the tray's own counts where one runs, and what the disk says without."""

from __future__ import annotations

import msgspec
import pytest

from tests.cli.conftest import Shell
from trayapp.catalog.metrics import AccountStats, total
from trayapp.core.accounts import Account
from trayapp.core.intents import ClearCache, Reply

GROQ = Account("groq", "groq", name="Groq – work")
MISTRAL = Account("mistral", "mistral")
OFF = (Account("ollama", "ollama", enabled=False), Account("lmstudio", "lmstudio", enabled=False))
STATS = total(
    (
        AccountStats(
            provider="groq",
            source="live",
            entries=2,
            bytes=512,
            age=60.0,
            hits=9,
            expired=1,
            calls=1,
            next_refresh=3540.0,
        ),
        AccountStats(provider="mistral", failures=3, last_failure="unreachable", breaker="open", next_refresh=90.0),
    ),
    4096,
)


@pytest.fixture(autouse=True)
def _accounts(shell: Shell) -> None:
    shell.set_up(GROQ, MISTRAL, *OFF)
    shell.keyed(GROQ)


def test_a_running_tray_tells_its_own_counts(shell: Shell) -> None:
    shell.running = True
    shell.reply = lambda _ask: Reply(data=msgspec.to_builtins(STATS))
    ran = shell.run("cache", "stats")
    assert shell.handed == ["cache"]
    header, groq, mistral, totals = ran.out.splitlines()
    assert header.split()[:3] == ["ID", "Account", "List"]
    assert "Groq – work" in groq
    assert "in 59 min" in groq
    for part in ("no answer", "open", "in 1 min"):
        assert part in mistral
    assert "90 % were answered" in totals
    found = msgspec.json.decode(shell.run("cache", "stats", "--json").out)
    assert (found["running"], found["hits"], found["calls"], found["saved"]) == (True, 9, 1, 0.9)
    assert found["accounts"][1]["last_failure"] == "unreachable"


def test_without_a_tray_the_disk_speaks_and_nothing_was_counted(shell: Shell) -> None:
    shell.listed(GROQ, "a", "b", age=600.0)
    ran = shell.run("cache", "stats")
    assert (ran.code, ran.err) == (0, "")
    groq = next(line for line in ran.out.splitlines() if line.startswith("groq"))
    for part in ("cached", "2", "10 min ago", " B", "in 50 min"):
        assert part in groq
    assert "Hits" not in ran.out
    assert "Calls" not in ran.out
    assert "trayapp is not running" in ran.out
    found = msgspec.json.decode(shell.run("cache", "stats", "--json").out)
    assert (found["running"], found["hits"], found["saved"], found["entries"]) == (
        False,
        None,
        None,
        2 + _shipped(found),
    )
    row = next(it for it in found["accounts"] if it["provider"] == "groq")
    assert (row["entries"], row["source"], row["age"], row["next_refresh"], row["hits"]) == (
        2,
        "cached",
        600.0,
        3000.0,
        None,
    )
    assert row["bytes"] == (shell.paths.listings / "groq.json").stat().st_size


def _shipped(found: dict[str, list[dict[str, int | str]]]) -> int:
    return sum(int(it["entries"]) for it in found["accounts"] if it["source"] == "shipped")


def test_a_file_that_cannot_be_used_is_told_on_standard_error(shell: Shell) -> None:
    shell.listed(GROQ, "a")
    (shell.paths.listings / "groq.json").write_bytes(b"junk")
    ran = shell.run("cache", "stats")
    assert ran.code == 0
    assert "groq" in ran.err


@pytest.mark.parametrize("reply", [Reply(False, "does not know"), Reply(data={"accounts": 3}), Reply()])
def test_a_tray_of_another_version_is_said_in_words(shell: Shell, reply: Reply) -> None:
    shell.running = True
    shell.reply = lambda _ask: reply
    ran = shell.run("cache", "stats")
    assert (ran.code, ran.out) == (1, "")
    assert "another version" in ran.err


def test_one_account_or_all_are_cleared_by_whoever_is_there(shell: Shell) -> None:
    shell.reply = lambda _intent: Reply(True, "2 lists are cleared.")
    assert shell.run("cache", "clear").out == "2 lists are cleared.\n"
    shell.running = True
    assert shell.run("cache", "clear", "groq").code == 0
    assert (shell.alone, shell.handed) == ([ClearCache()], [ClearCache("groq")])


def test_an_unknown_account_is_not_found(shell: Shell, canary: str) -> None:
    ran = shell.run("cache", "clear", "nobody")
    assert (ran.code, ran.out, shell.alone) == (1, "", [])
    assert "Provider “nobody” not found" in ran.err
    assert canary not in shell.run("cache", "clear", canary).err


def test_the_account_can_be_completed(shell: Shell) -> None:
    assert shell.run("complete", "--", "cache", "").out == "stats\nclear\n"
    assert "groq" in shell.run("complete", "--", "cache", "clear", "g").out
