"""The whole program with its gateway switched on, before an upstream of the benchmark's.

It runs on a private desktop as its user would have it: an account that is chosen, a key in the environment, one token,
figures of use written down.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.data import YEAR
from tests.bench.desk import PROGRAMS, TRAYAPP, Desk, Started
from tests.bench.gateway_parts import TOKEN, Target, free_port, listening, pinned
from tests.support.desktop import ROOT
from trayapp.catalog.cache import Shelf, mark
from trayapp.core.accounts import IMPLICIT, Account, KeyFrom
from trayapp.core.listings import Listing, Source
from trayapp.core.models import Model, ModelRef, Price
from trayapp.core.settings import Settings
from trayapp.core.state import State, Token
from trayapp.gateway import tokens
from trayapp.gateway.usage import FILE
from trayapp.system import paths
from trayapp.system.store import Store

CHOSEN = ModelRef("bench", "up-model")
OTHER = ModelRef("other", "up-model")
KEY = "sk-upstream-of-the-benchmark"
TIMED = (sys.executable, "-P", str(PROGRAMS / "timed_tray.py"))
"""The same program with a timer on its GUI thread: it says how late that was, whenever SIGUSR1 comes."""
_numbers = itertools.count()


class Tray:
    """The program at work."""

    def __init__(self, started: Started, target: Target, env: dict[str, str]) -> None:
        self.started = started
        self.target = target
        self.env = env

    def run(self, *words: str) -> None:
        """A command of the user's. CalledProcessError where it fails."""
        command = (sys.executable, "-P", "-m", "trayapp", *words)
        subprocess.run(command, env=self.env, cwd=ROOT, check=True, capture_output=True, timeout=30)


@contextlib.contextmanager
def tray(
    on: Desk, origin: str, *, other: str = "", command: tuple[str, ...] = TRAYAPP, listens: bool = True
) -> Iterator[Tray]:
    """The program with its first account at ``origin`` chosen, and one at ``other``; the gateway may still be off."""
    port = free_port(below=32768)
    env = on.env | _home(on.home / f"gateway-{next(_numbers)}", origin, other, port, listens=listens)
    started = on.start((*pinned(2, 3), *command), env, piped=command is TIMED)
    target = Target("gateway", port, started.program.pid)
    try:
        if listens:
            listening(port, 20)
        time.sleep(1.0)  # what begins once the icon is there has begun
        yield Tray(started, target, env)
    finally:
        on.end(started)


def _home(home: Path, origin: str, other: str, port: int, *, listens: bool) -> dict[str, str]:
    """Settings, state and lists, written through the program's own store and shelf; gives the variables for them."""
    env = {"TRAYAPP_HOME": str(home), "OPENAI_COMPATIBLE_API_KEY": KEY}
    where = paths.find(env)
    accounts = tuple(
        Account(ref.provider, "openai-compatible", base_url=f"{address}/v1", key_from=KeyFrom.ENVIRONMENT, ttl=YEAR)
        for ref, address in ((CHOSEN, origin), (OTHER, other))
        if address
    )
    off = tuple(Account(spec, spec, enabled=False) for spec in IMPLICIT)
    store = Store(where)
    store.load()
    settings = Settings(accounts=(*accounts, *off), default_ttl_seconds=YEAR, gateway=listens, gateway_port=port)
    store.save_settings(settings)
    store.save_state(State(active=CHOSEN, tokens=(Token("bench", tokens.digest(TOKEN), time.time()),)))
    shelf = Shelf(where.listings)
    for account in accounts:
        model = Model(ModelRef(account.id, CHOSEN.model), price=Price(input=0.15, output=0.6))
        shelf.put(Listing(account.id, (model,), Source.API, time.time()), mark(account))
    return env


def has_aiohttp(pid: int) -> bool:
    """Whether the gateway's weight is in this process."""
    return "aiohttp" in Path(f"/proc/{pid}/maps").read_text(errors="replace")


def used_figures(it: Tray) -> int:
    """How many requests the program wrote down, once no more of them come."""
    import sqlite3

    found, seen = -1, -2
    while found != seen:
        with contextlib.closing(sqlite3.connect(paths.find(it.env).data / FILE, timeout=5)) as db:
            found, seen = int(db.execute("SELECT count(*) FROM requests").fetchone()[0]), found
        time.sleep(1.5)
    return found


def lateness(it: Tray) -> dict[str, float]:
    """Milliseconds that the GUI thread's timer was late since it was last asked: ``p50``, ``p99``, ``max``."""
    import json
    import signal

    said = it.started.program.process.stdout
    assert said is not None
    os.kill(it.started.program.pid, signal.SIGUSR1)
    found: dict[str, float] = json.loads(said.readline())
    return found
