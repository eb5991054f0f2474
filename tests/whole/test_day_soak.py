"""A day of use leaves the program as it was: no memory, descriptor, task or thread more, and no event that took long.

The short form is for every run. ``TEST_DAY_MINUTES=10`` asks for the long one, 24 hours at least: in each, every
window is opened and closed, models are switched, lists refreshed, answers streamed, settings changed, the panel
restarted, the keyring locked and unlocked, and Ollama ended and started.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.app.gateway_scene import free_port
from tests.support.notifications import Notifications
from tests.support.pointer import Pointer
from tests.whole.day_soak import Day, Look, Provider, an_ollama, kept_busy, lived, look, slope
from tests.whole.home import files_with
from tests.whole.program import Host, Trayapp, cli, set_up
from trayapp.core.accounts import Account
from trayapp.core.state import State

MINUTES = float(os.environ.get("TEST_DAY_MINUTES", "0"))
GROWTH = 12.0
"""MB in the second half at most; in the short form from the first hour to the second, when windows are made."""
SLOPE = 0.5
"""MB an hour in the second half of the long form."""
PROMISED = 50
"""Milliseconds of CPU that one event may take; below them the watchdog logs nothing."""
WORST = 80
"""The same on a machine where everything runs at once: the longest take 30, and two programs that share a core and its
caches use up to twice the CPU time for the same work."""

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the soak needs /proc, as Linux has it")


def test_a_day_of_use_leaves_the_program_as_it_was(
    desk_keyring: dict[str, str], host: Host, pointer: Pointer, notifications: Notifications, canary: str
) -> None:
    env, port = desk_keyring, free_port()
    with Provider(canary) as provider, an_ollama(env, free_port()) as ollama:
        accounts = (
            Account("openai", "openai", base_url=f"{provider.front.url}/v1", timeouts="local"),
            Account("ollama", "ollama", base_url=ollama.url),
            Account("lmstudio", "lmstudio", enabled=False),
        )
        state = State(seen=("ollama",), told=("welcome", "close"), strategy="ram")
        set_up(*accounts, state=state, local=True, gateway_port=port)
        cli(env, "key", "set", "openai", typed=canary)
        day = Day(env, host, pointer, notifications, provider, ollama, port)
        with Trayapp(env) as program:
            host.wait_row(day.item, "OpenAI (60)")
            host.wait_row(day.item, "Ollama (")
            cli(env, "gateway", "on")
            day.key, day.token = canary, cli(env, "gateway", "token").strip()
            began = time.monotonic()
            day.patient = bool(MINUTES)
            looks = lived(day, 60 * MINUTES, 24 if MINUTES else 2, lambda: look(program.pid, began))
        busy = kept_busy()
    report(day, looks, busy)
    assert_flat(looks)
    assert all(ms < (PROMISED if MINUTES else WORST) for ms in busy.values()), busy
    assert files_with(env, canary) == []


def report(day: Day, looks: list[Look], busy: dict[str, int]) -> None:
    print(f"{len(looks)} hours in {looks[-1].at:.0f} s: {dict(day.done)}; {len(day.shown)} notifications")
    print(f"milliseconds: {dict(day.took)}")
    for part in (10, 50, 100):
        print(f"at {part} %: {looks[max(0, len(looks) * part // 100 - 1)]}")
    print(f"memory: {slope([it.rss for it in looks[len(looks) // 2 :]]):.3f} MB an hour in the second half")
    print("RSS:", *(it.rss for it in looks))
    for what, ms in sorted(busy.items(), key=lambda it: -it[1]):
        print(f"{ms} ms: {what}")


def assert_flat(looks: list[Look]) -> None:
    warm, last = looks[(len(looks) - 1) // 2], looks[-1]
    assert last.rss - warm.rss < GROWTH, [it.rss for it in looks]
    assert last.files <= warm.files + 2, looks  # a connection that is kept for the next request comes and goes
    assert last.threads <= warm.threads + 1, looks  # of four for slow work, one may begin late
    assert len(last.tasks) <= len(warm.tasks), looks
    if MINUTES:
        assert slope([it.rss for it in looks[len(looks) // 2 :]]) < SLOPE, [it.rss for it in looks]
