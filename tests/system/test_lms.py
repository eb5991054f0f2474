"""LM Studio's tool is found, run within bounds, and read; where it is missing, nothing is known."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from trayapp.system import command, lms
from trayapp.system.lms import Use, parsed

ROWS = [
    {
        "identifier": "a",
        "modelKey": "a",
        "sizeBytes": 5,
        "ttlMs": 60000,
        "lastUsedTime": 1750000000500,
        "status": "idle",
    },
    {"identifier": "a:2", "ttlMs": None, "lastUsedTime": None, "status": "processingPrompt", "queued": 0},
    {"identifier": "b", "status": "idle", "queued": 2, "deviceIdentifier": "there"},
    {"identifier": "c"},
    {"modelKey": "nameless"},
    None,
]
needs_scripts = pytest.mark.skipif(sys.platform == "win32", reason="needs programs that are scripts")


def script(folder: Path, body: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "lms"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def test_times_are_seconds_and_anything_but_idle_is_busy() -> None:
    assert parsed(json.dumps(ROWS).encode()) == {
        "a": Use(used=1_750_000_000.5, ttl=60.0, busy=False),
        "a:2": Use(busy=True),
        "b": Use(busy=True, remote=True),
        "c": Use(),
    }


@pytest.mark.parametrize("data", [b"", b"{}", b"No models", b"[{", b"[" * 5000, b'[{"identifier": 3}, 5'])
def test_anything_else_is_nothing(data: bytes) -> None:
    assert parsed(data) is None


def test_what_is_printed_before_the_list_is_passed_over() -> None:
    assert parsed(b'Waking up\n[{"identifier": "a"}]\n') == {"a": Use()}
    assert parsed(b"[]") == {}


@needs_scripts
def test_it_is_found_in_its_own_folder_before_the_path(tmp_path: Path) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    elsewhere = script(other, "")
    env = {"PATH": str(other)}
    assert lms.find({"PATH": ""}, home) is None
    assert lms.find(env, home) == elsewhere
    own = script(home / ".lmstudio" / "bin", "")
    assert lms.find(env, home) == own
    moved = script(tmp_path / "big disk" / "bin", "")
    pointer = home / ".lmstudio-home-pointer"
    pointer.write_text(f"{tmp_path / 'big disk'}\n")
    assert lms.find(env, home) == moved
    for spoiled in (b"\xff\xfe", b"x" * 100_000, b"a\0b"):
        pointer.write_bytes(spoiled)
        assert lms.find(env, home) == own
    pointer.unlink()
    os.mkfifo(pointer)
    assert lms.find(env, home) == own


@needs_scripts
async def test_the_tool_is_run_without_a_shell_and_read(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}")
    script(home / "bin", f"""[ "$*" = "ps --json" ] && echo '{json.dumps(ROWS[:1])}'""")
    assert await lms.in_memory() == {"a": Use(used=1_750_000_000.5, ttl=60.0, busy=False)}


@needs_scripts
async def test_without_the_tool_nothing_is_known(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(home))
    assert await lms.in_memory() is None


@needs_scripts
@pytest.mark.parametrize(
    "body",
    ["echo '[]'; exit 1", "sleep 60", "(sleep 60) & echo '[]'; wait", "cat /dev/zero", "echo nothing"],
    ids=["fails", "hangs", "leaves a child", "never ends", "says something else"],
)
def test_a_tool_that_misbehaves_is_given_up(tmp_path: Path, body: str) -> None:
    began = time.monotonic()
    assert lms.ask(script(tmp_path, body), seconds=0.5) is None
    assert time.monotonic() - began < 5


@needs_scripts
def test_a_command_gives_what_it_prints_or_nothing(tmp_path: Path) -> None:
    assert command.output([str(script(tmp_path, "printf 12345"))], seconds=10) == b"12345"
    assert command.output([str(script(tmp_path, "printf 12345"))], seconds=10, limit=4) is None
    assert command.output([str(tmp_path / "missing")], seconds=10) is None
    assert command.output(["a\0b"], seconds=10) is None


@needs_scripts
def test_a_command_whose_group_may_not_be_ended_is_ended_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "killpg", refused)
    began = time.monotonic()
    assert command.output([str(script(tmp_path, "exec sleep 60"))], seconds=0.05) is None
    assert time.monotonic() - began < 5
