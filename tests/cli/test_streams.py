"""Standard streams that are closed, or that take nothing: a sentence or nothing, and never a trace of the program."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from trayapp.cli import entry
from trayapp.core.accounts import Account

FULL = Path("/dev/full")
full_disk = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full on this system")


@full_disk
@pytest.mark.parametrize("words", ["--version", "--help", "export", "completion bash", "models", "complete -- k"])
def test_a_full_disk_is_said_in_words(shell: Shell, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    shell.set_up(Account("groq", "groq"))
    shell.listed(Account("groq", "groq"), *(f"model-{number}" for number in range(500)))
    with FULL.open("w", encoding="utf-8") as out:
        monkeypatch.setattr("sys.stdout", out)
        ran = shell.run(*words.split())
    assert (ran.code, ran.err) == (1, "trayapp: The output could not be written: No space left on device.\n")


@full_disk
def test_a_complaint_comes_through_though_the_output_is_stuck(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    with FULL.open("w", encoding="utf-8") as out:
        monkeypatch.setattr("sys.stdout", out)
        ran = shell.run("use", "nobody/nothing")
    assert ran.code == 1
    assert "nobody" in ran.err


def test_closed_streams_hinder_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("stdin", "stdout", "stderr")
    for name in names:
        monkeypatch.setattr(sys, name, None)
    try:
        assert entry.main(["--version"]) == 0
        assert entry.main(["import", "-"]) == 1
        assert entry.main(["nonsense"]) == 2
    finally:
        for name in names:
            getattr(sys, name).close()
