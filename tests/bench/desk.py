"""A private desktop for benchmarks: starts tray programs on it and says how long each took to its icon."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

from jeepney import Message

from tests.bench.upstream import Upstream
from tests.support.dbus_server import DbusServer, Reply
from tests.support.desktop import Program, Vault, desktop
from tests.support.snihost import Item, SniHost

T = TypeVar("T")
PROGRAMS = Path(__file__).parent / "programs"
BARE = (sys.executable, "-P", str(PROGRAMS / "bare_tray.py"))
TRAYAPP = (sys.executable, "-P", "-m", "trayapp")


class Started(NamedTuple):
    """A program whose icon is registered, ``took`` seconds after its start."""

    program: Program
    item: Item
    took: float


class Desk:
    """Screen, session bus and tray host, an upstream, and somebody who hears every call for the keyring."""

    def __init__(self, env: Mapping[str, str], host: SniHost, upstream: Upstream, home: Path) -> None:
        self.env = dict(env)
        self.host = host
        self.upstream = upstream
        self.home = home
        self.keyring_asked: list[float] = []

    def start(self, command: tuple[str, ...], env: Mapping[str, str] | None = None, *, piped: bool = False) -> Started:
        """Start a tray program and wait for its icon. RuntimeError with what it said if it ended."""
        out = subprocess.PIPE if piped else subprocess.DEVNULL
        with tempfile.TemporaryFile() as said:
            began = time.perf_counter()
            program = Program(*command, env={**self.env, **(env or {})}, stdout=out, stderr=said)
            try:
                item = self.host.wait_item(20)
            except TimeoutError:
                program.end()
                said.seek(0)
                raise RuntimeError(f"{' '.join(command[2:])} showed no icon:\n{said.read().decode()}") from None
        return Started(program, item, time.perf_counter() - began)

    def end(self, started: Started) -> None:
        started.program.end()
        self.host.wait_gone(started.item)

    def _keyring_called(self, message: Message) -> Reply | None:
        self.keyring_asked.append(time.perf_counter())
        raise LookupError("the benchmark keeps no keys")


@contextmanager
def desk(*, models_each: int = 80, vault: Vault = Vault.NONE) -> Iterator[Desk]:
    """All of it. Without a vault a stand-in has the keyring's name, answers nothing, and notes who asks."""
    with ExitStack() as stack:
        upstream = stack.enter_context(Upstream(models_each).running())
        env = stack.enter_context(desktop(vault))
        host = stack.enter_context(SniHost(env["DBUS_SESSION_BUS_ADDRESS"]))
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        made = Desk(env, host, upstream, home)
        if vault is Vault.NONE:
            ear = DbusServer(env["DBUS_SESSION_BUS_ADDRESS"], "org.freedesktop.secrets", made._keyring_called)
            ear.start()
            stack.callback(ear.stop)
        yield made


def interleaved(runs: int, subjects: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
    """Measure the subjects in turn, ``runs`` times each; a first round warms the disk and is dropped."""
    found: dict[str, list[T]] = {name: [] for name in subjects}
    for number in range(runs + 1):
        for name, subject in subjects.items():
            value = subject()
            if number:
                found[name].append(value)
    return found
