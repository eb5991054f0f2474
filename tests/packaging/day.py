"""What is tried with every artefact: installed, set up, started, used, started by the session, removed."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.bench.processes import memory
from tests.packaging.artefact import Artefact
from tests.packaging.bare import Root
from tests.support.desktop import Program, until
from tests.support.gnome_keyring import GnomeKeyring
from tests.support.pointer import Pointer
from tests.support.snihost import Item, SniHost

KEY = "sk-no-key-but-a-trial-of-an-artefact"
SETTLED = 4.0
"""Seconds after the icon in which the program does what it does late, before its memory is read."""


class Figures(NamedTuple):
    """Sizes and memory in MB, times in ms from the start of the process to the icon in the tray."""

    name: str
    file: float
    own: float
    grown: float
    first: float
    again: float
    rss: float
    pss: float


class User:
    """Somebody with a desktop, in front of one installed program."""

    def __init__(self, root: Root, artefact: Artefact, desk: Mapping[str, str], host: SniHost) -> None:
        self.root = root
        self.artefact = artefact
        self.env = {**root.environment(desk), **artefact.env()}
        self.host = host
        self.config = Path(desk["XDG_CONFIG_HOME"])
        self.data = Path(desk["XDG_DATA_HOME"])

    def types(self, *words: str, typed: str = "", code: int = 0) -> str:
        """One command in a terminal; what it printed."""
        done = subprocess.run(
            self.root.command(*self.artefact.command(), *words),
            env=self.env,
            input=typed,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        if done.returncode != code:
            raise RuntimeError(f"trayapp {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    @contextmanager
    def started(self, *command: str) -> Iterator[tuple[Program, Item, float]]:
        """The running program, its icon, and how long that took; it has to have ended well when the block ends."""
        said = self.data.parent / "said"
        with said.open("wb") as out:
            began = time.perf_counter()
            words = self.root.command(*(command or self.artefact.command()))
            program = Program(*words, env=self.env, stdout=out, stderr=out)
            try:
                item = self.host.wait_item(30)
                yield program, item, (time.perf_counter() - began) * 1e3
                code = program.process.wait(15)
            except (TimeoutError, AssertionError, OSError) as why:
                program.end()
                raise RuntimeError(f"{why}\nThe program said:\n{said.read_text('utf-8')}") from why
            finally:
                program.end()
        self.host.wait_gone(item)
        text = said.read_text("utf-8")
        if code or "Traceback" in text:
            raise RuntimeError(f"{self.artefact.name} ended with {code}:\n{text}")


def whole(user: User, vault: GnomeKeyring, runs: int) -> Figures:
    """The whole day. RuntimeError or AssertionError at the first thing that is not as it should be."""
    artefact, root = user.artefact, user.root
    artefact.install(root)
    grown = root.grown()
    own = sum(_size(root.inside(path)) for path in artefact.own())
    assert "trayapp" in user.types("--version")
    user.types("providers", "add", "openai")
    user.types("key", "set", "--unchecked", "openai", typed=KEY)
    assert any(KEY not in str(it) and "openai" in str(it) for it in vault.items()), "the keyring has no such entry"
    first, rss, pss = _used(user)
    again = [_glance(user) for _ in range(runs)]
    _german(user)
    _session(user)
    artefact.remove(root)
    left = [path for path in artefact.own() if root.there(path)]
    assert not left, left
    assert (user.config / "trayapp" / "settings.toml").exists(), "the settings were removed"
    assert (user.data / "trayapp" / "state.json").exists(), "what it remembers was removed"
    assert vault.items(), "the key was removed"
    size = _size(artefact.file)
    return Figures(artefact.name, size, own, grown, first, median(again), rss, pss)


def _used(user: User) -> tuple[float, float, float]:
    """First start: the icon is drawn, the menu read, a model chosen, and everybody agrees on it; Help opens."""
    with user.started() as (program, item, took):
        time.sleep(SETTLED)
        assert program.running(), "it ended by itself"
        held = memory(program.pid)
        assert user.host.icon(item).sizes, "the icon has no picture"
        path, row = until(lambda: _model(user.host, item), "a model in the menu", 30)  # the network is asked in vain
        user.host.click(item, *path, row)
        state = user.data / "trayapp" / "state.json"
        chosen = until(
            lambda: state.exists() and json.loads(state.read_bytes()).get("active"), "the choice on the disk"
        )
        assert user.types("current").split()[0] == "/".join(chosen), chosen
        user.types("login", "on")
        assert "It is running already." in user.types()
        user.host.click(item, "Help")
        Pointer(user.env).wait_window("^Help – trayapp$", by="name", timeout=30)
        user.host.click(item, "Quit")
    return took, held.rss, held.pss


def _model(host: SniHost, item: Item) -> tuple[tuple[str, ...], str] | None:
    """One that can be chosen, and where it stands."""
    rows = [it for it in _rows(host, item, host.menu(item)) if "gpt" in it[1]]
    return rows[-1] if rows else None


def _rows(host: SniHost, item: Item, menu: object) -> Iterator[tuple[tuple[str, ...], str]]:
    """The rows for models, at the top and one menu below it."""
    for child in getattr(menu, "children"):  # noqa: B009
        if child.submenu and "OpenAI" in child.label:
            yield from (((child.label,), row.label) for row in host.menu(item, child.id).children if row.enabled)
        elif child.checkable and child.enabled:
            yield (), child.label


def _glance(user: User) -> float:
    """Started and quit: how long until the icon, in ms."""
    with user.started() as (_program, item, took):
        user.host.settle(item)
        user.types("quit")
    return took


def _german(user: User) -> None:
    """Its sentences are there in other languages, too."""
    user.types("settings", "set", "language", "de")
    with user.started() as (_program, item, _took):
        until(lambda: user.host.menu(item).labels[-1] == "Beenden", "the menu in German")
        user.types("quit")
    user.types("settings", "set", "language", "system")


def _session(user: User) -> None:
    """The session's own start: the entry names the right program, which starts; and ``login off`` leaves nothing."""
    entry = user.config / "autostart" / "trayapp.desktop"
    found = dict(re.findall(r"^(\w+)=(.*)$", entry.read_text("utf-8"), re.MULTILINE))
    words = found["Exec"].split()
    assert words[0] == user.artefact.login, found
    assert found["TryExec"] == user.artefact.login, found
    assert user.root.there(found["TryExec"])
    subprocess.run(["desktop-file-validate", str(entry)], check=True)
    with user.started(*words) as (_program, item, _took):
        user.host.settle(item)
        assert user.types("login", "status").startswith("on")
        user.types("quit")


def _size(path: Path) -> float:
    if path.is_symlink() or not path.exists():
        return 0.0
    if path.is_file():
        return path.stat().st_size / 1e6
    return sum(it.stat().st_size for it in path.rglob("*") if it.is_file() and not it.is_symlink()) / 1e6
