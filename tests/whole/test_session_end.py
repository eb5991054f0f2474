"""The session ends, or the program is killed: it goes in time, and what was chosen is there at the next start."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any

import pytest

from tests.support.desktop import until
from tests.support.upstream import Reply
from tests.whole.program import Host, Served, Trayapp, cli, listing, remembered, server, set_up

LIMIT = 5.0
QT_ENDS = """
import sys
from PySide6.QtCore import QCoreApplication, QTimer
from trayapp.qt.front import Front

begin = Front.start

def start(self, claim):
    begin(self, claim)
    QTimer.singleShot(500, QCoreApplication.quit)

Front.start = start
from trayapp.__main__ import main
sys.exit(main())
"""
"""The program, with a session manager that tells Qt to quit soon after the start."""
HANGS = """
import sys, threading
from trayapp.system import store

save, hangs = store.Store.save_state, threading.Event()

def slow(self, state):
    save(self, state)
    hangs.wait()

store.Store.save_state = slow
from trayapp.__main__ import main
sys.exit(main())
"""
"""The program on a disk that hangs once it has written."""


def furnish(url: str = "http://127.0.0.1:9", **settings: Any) -> None:
    set_up(server("mine", url, ttl=10**6), lists=[listing("mine", "one", "two")], **settings)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_right_after_a_choice_loses_nothing_though_a_provider_hangs(
    desk: dict[str, str], host: Host, number: signal.Signals
) -> None:
    with Served(lambda sent: Reply(hang=True)) as dead:
        furnish(f"{dead.url}/v1")
        with Trayapp(desk) as program:
            item = host.wait_item()
            host.click(item, "Refresh")
            until(lambda: dead.asked, "the question")
            cli(desk, "use", "mine/two")
            began = time.monotonic()
            os.kill(program.pid, number)
            assert program.wait_end() == 0
            assert time.monotonic() - began < LIMIT
            assert remembered()["active"] == ["mine", "two"]
            host.wait_gone(item)


def test_a_disk_that_hangs_does_not_keep_the_session(desk: dict[str, str], host: Host) -> None:
    furnish()
    with Trayapp(desk, command=(sys.executable, "-c", HANGS)) as program:
        item = host.wait_item()
        host.click(item, "two")
        until(lambda: remembered().get("active") == ["mine", "two"], "the choice on the disk")
        began = time.monotonic()
        os.kill(program.pid, signal.SIGTERM)
        assert program.wait_end() == 0
        assert time.monotonic() - began < LIMIT + 0.5
    with Trayapp(desk):
        assert host.row(host.wait_item(), "● mine: two")


def test_a_session_that_ends_qt_itself_finds_the_program_gone_and_tidy(desk: dict[str, str], host: Host) -> None:
    furnish(gateway=False)
    with Trayapp(desk, command=(sys.executable, "-c", QT_ENDS)) as program:
        item = host.wait_item()
        host.click(item, "two")
        assert (program.wait_end(), program.said()) == (0, "")
        assert remembered()["active"] == ["mine", "two"]
        host.wait_gone(item)
        cli(desk, "quit", code=4)  # its door is closed, too


def test_killed_in_the_middle_of_choices_it_starts_with_the_last_one_that_was_told(
    desk: dict[str, str], host: Host
) -> None:
    furnish()
    for last in ("one", "two"):
        with Trayapp(desk) as program:
            item = host.wait_item()
            for _ in range(5):
                for model in ("two", "one") if last == "one" else ("one", "two"):
                    cli(desk, "use", f"mine/{model}")
            host.click(item, last)  # not waited for
            program.kill()
            host.wait_gone(item)
        assert remembered()["active"] == ["mine", last]
    with Trayapp(desk) as program:
        item = host.wait_item()
        assert host.row(item, "● mine: two")
        cli(desk, "quit")
        assert program.wait_end() == 0
