"""The program as its user has it: set up on the disk, started, clicked, spoken to, and ended by its own process id."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec

from tests.support.dbusmenu import Node
from tests.support.desktop import ROOT, Program, until
from tests.support.snihost import Item, SniHost
from tests.support.upstream import Reply, Script, Upstream
from trayapp.catalog.cache import Shelf, mark
from trayapp.core.accounts import IMPLICIT, Account, KeyFrom, environment_slot
from trayapp.core.listings import Listing, Source
from trayapp.core.models import Model, ModelRef
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.providers.spec import origin
from trayapp.system.paths import find
from trayapp.system.store import Store

T = TypeVar("T")
COMMAND = (sys.executable, "-m", "trayapp")
WINDOW = "^trayapp$"
"""The class of every window of the program, and the name of its list."""


class Served(Upstream):
    """A scripted server with a loop of its own on a thread: ``with Served(script) as server: server.url``."""

    def __init__(self, script: Script) -> None:
        super().__init__(script)
        self.asked: list[float] = []
        """When each connection came, by ``time.monotonic``."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="served")
        self._running = False

    def __enter__(self) -> Served:
        self._thread.start()
        self._running = True
        asyncio.run_coroutine_threadsafe(self.__aenter__(), self._loop).result(10)
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Be gone, as a server whose network is: nobody listens there any more."""
        if self._running:
            self._running = False
            asyncio.run_coroutine_threadsafe(self.__aexit__(), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
            self._loop.close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append(time.monotonic())
        super()._accept(reader, writer)


class Host(SniHost):
    """A tray host that notes when each icon came, and reads a menu without opening it."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.came: list[float] = []
        """By ``time.monotonic``."""

    def peek(self, item: Item) -> Node:
        """The top of the menu as it is while nobody looks."""
        return self._layout(item, 0)

    def row(self, item: Item, beginning: str) -> Node:
        """The one entry of the menu that begins like this: labels end with facts, ages and states."""
        menu = self.peek(item)
        found = [child for child in menu.children if not child.separator and child.label.startswith(beginning)]
        if len(found) != 1:
            raise LookupError(f"{len(found)} entries begin with “{beginning}”:\n{menu.dump()}")
        return found[0]

    def wait_menu(self, item: Item, check: Callable[[Node], T | None], what: str, timeout: float = 10.0) -> T:
        """The first true answer of ``check`` about the menu; nobody opens it meanwhile."""
        try:
            return until(lambda: check(self.peek(item)), what, timeout, pause=0.02)
        except TimeoutError as late:
            raise TimeoutError(f"{late}:\n{self.peek(item).dump()}") from None

    def wait_row(self, item: Item, beginning: str, timeout: float = 10.0) -> Node:
        """The first entry of the menu that begins like this, once it is there."""
        return self._wait_label(item, lambda label: label.startswith(beginning), beginning, timeout)

    def wait_words(self, item: Item, words: str, timeout: float = 10.0) -> Node:
        """The first entry of the menu with these words anywhere in it, once it is there."""
        return self._wait_label(item, lambda label: words in label, words, timeout)

    def __enter__(self) -> Host:
        self.start()
        return self

    def _wait_label(self, item: Item, fits: Callable[[str], bool], what: str, timeout: float) -> Node:
        def found(menu: Node) -> Node | None:
            return next((child for child in menu.children if fits(child.label)), None)

        return self.wait_menu(item, found, f"“{what}” in the menu", timeout)

    def _register(self, service: str, sender: str) -> None:
        self.came.append(time.monotonic())
        super()._register(service, sender)


class Trayapp:
    """One process of the program. Leaving the block ends it, and fails if it met anything it did not expect."""

    def __init__(self, env: Mapping[str, str], *args: str, command: tuple[str, ...] = COMMAND) -> None:
        self.env = dict(env)
        self._said = _new_file(env)
        self._killed = False
        self.program = Program(*command, *args, env=env, stdout=self._said, stderr=self._said)

    @property
    def pid(self) -> int:
        return self.program.pid

    def wait_end(self, timeout: float = 10.0) -> int:
        """Its exit code, once it has left by itself."""
        return self.program.process.wait(timeout)

    def kill(self) -> None:
        """End it without a chance to tidy up."""
        self._killed = True
        os.kill(self.pid, signal.SIGKILL)
        self.wait_end()

    def said(self) -> str:
        """All that it wrote to standard output and error."""
        return Path(self._said.name).read_text(encoding="utf-8")

    def __enter__(self) -> Trayapp:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        ended = self.program.process.poll()
        self.program.end()
        self._said.close()
        logged = "".join(path.read_text(encoding="utf-8") for path in Path(self.env["HOME"]).rglob("trayapp.log"))
        if kind is None:
            assert self._killed or not ended, f"it ended by itself, with {ended}:\n{self.said()}"
            assert "Traceback" not in self.said(), self.said()
            assert "Traceback" not in logged, logged


def cli(env: Mapping[str, str], *words: str, typed: str = "", code: int = 0) -> str:
    """What ``trayapp WORD…`` prints; fails unless its exit code is ``code``."""
    ran = subprocess.run(
        [*COMMAND, *words], env=dict(env), input=typed, capture_output=True, encoding="utf-8", timeout=60, cwd=ROOT
    )
    assert ran.returncode == code, f"trayapp {' '.join(words)}: {ran.returncode}\n{ran.stdout}{ran.stderr}"
    return ran.stdout


# -- what is on the disk before a start --------------------------------------------------------------


def set_up(
    *accounts: Account, lists: Iterable[Listing] = (), state: State | None = None, local: bool = False, **settings: Any
) -> None:
    """Write this test's own home through the program's own store and shelf.

    ``local``: the servers of this computer are looked for; otherwise they are switched off, because
    somebody may really run one where the tests run.
    """
    paths = find()
    store = Store(paths)
    store.load()
    off = () if local else tuple(Account(spec, spec, enabled=False) for spec in IMPLICIT)
    store.save_settings(Settings(accounts=(*accounts, *off), **settings))
    state = state or State()
    # keys of the environment may go where these accounts are, as if their user had chosen it there
    said = [environment_slot(it, origin(it.base_url)) for it in accounts if it.key_from is KeyFrom.ENVIRONMENT]
    store.save_state(msgspec.structs.replace(state, keyed=(*state.keyed, *said)))
    shelf = Shelf(paths.listings)
    by_id = {account.id: account for account in accounts}
    for listing in lists:
        shelf.put(listing, mark(by_id[listing.provider]))


def server(id: str, url: str, name: str = "", **fields: Any) -> Account:
    """An account at an OpenAI-compatible server that wants no key; it is not asked twice when it fails."""
    return Account(id, "openai-compatible", name or id, base_url=url, timeouts="local", **fields)


def listing(account: str, *models: str, age: float = 0.0) -> Listing:
    """A list that was fetched ``age`` seconds ago."""
    made = tuple(Model(ModelRef(account, it)) for it in models)
    return Listing(account, made, Source.API, time.time() - age)


def answer(*models: str) -> Reply:
    """A list in OpenAI's form."""
    rows = [{"id": model, "object": "model", "created": 1_700_000_000, "owned_by": "me"} for model in models]
    return Reply(body={"object": "list", "data": rows})


def remembered() -> dict[str, Any]:
    """state.json as it is now."""
    found: dict[str, Any] = msgspec.json.decode(find().state_file.read_bytes())
    return found


def _new_file(env: Mapping[str, str]) -> IO[bytes]:
    folder = Path(env["HOME"], "said")
    folder.mkdir(exist_ok=True)
    return (folder / str(len(list(folder.iterdir())))).open("xb")
