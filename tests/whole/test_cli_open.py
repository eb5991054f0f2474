"""``trayapp open``: the running program opens the window; where none runs, the first start does."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.support.pointer import Pointer
from tests.whole.program import COMMAND, WINDOW, Host, Trayapp, cli, listing, server, set_up

SETTINGS = "^Settings – trayapp$"
QUICK = {"msgspec", "typing", "argparse", "json", "asyncio", "PySide6", "trayapp.cli.verbs", "trayapp.cli.console"}
"""What a start that only hands over has no time for."""


def furnish() -> None:
    set_up(server("mine", "http://127.0.0.1:9", ttl=10**6), lists=[listing("mine", "one", "two")])


def test_the_first_start_opens_the_window_and_the_next_ones_ask_it(
    desk: dict[str, str], host: Host, pointer: Pointer
) -> None:
    furnish()
    with Trayapp(desk, "open", "--settings", "gateway") as first:
        host.wait_item()
        pointer.wait_window(SETTINGS, by="name")
        assert not pointer.windows(WINDOW, by="name")
        assert cli(desk, "open", "--models") == ""
        pointer.wait_window(WINDOW, by="name")
        assert len(host.items) == 1
        assert first.said() == ""
        cli(desk, "quit")
        assert first.wait_end() == 0


def test_without_a_window_named_it_does_as_a_second_start(desk: dict[str, str], host: Host, pointer: Pointer) -> None:
    furnish()
    with Trayapp(desk):
        host.wait_item()
        assert cli(desk, "open") == ""
        pointer.wait_window(WINDOW, by="name")


@pytest.mark.unmeasured
@pytest.mark.parametrize("words", [("open", "--finder"), ("open", "--settings", "gateway"), ("open",)])
def test_asking_for_a_window_imports_no_more_than_a_second_start(
    desk: dict[str, str], host: Host, words: tuple[str, ...]
) -> None:
    furnish()
    with Trayapp(desk):
        host.wait_item()
        ran = subprocess.run(
            [COMMAND[0], "-X", "importtime", *COMMAND[1:], *words],
            env={**os.environ, **desk},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert ran.returncode == 0, ran.stderr
    imported = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines()}
    assert "trayapp.cli.start" in imported
    assert not imported & QUICK


def test_without_a_display_it_says_so(desk: dict[str, str]) -> None:
    env = {name: value for name, value in desk.items() if name not in ("DISPLAY", "QT_QPA_PLATFORM")}
    ran = subprocess.run([*COMMAND, "open", "--finder"], env=env, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 3
    assert "DISPLAY" in ran.stderr
