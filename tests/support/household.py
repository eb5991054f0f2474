"""A home as the documents' examples assume it, vendors and an Ollama on 127.0.0.1; commands are run in this process.

Accounts with their keys, lists on the disk, two profiles; whatever a command asks of anybody is answered here.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from tests.support import samples
from tests.support.memory_keyring import MemoryKeyring
from tests.support.ollama import FakeModel, FakeOllama
from trayapp.app import token_keeping
from trayapp.app.alone import alone
from trayapp.app.gateway_tokens import slot
from trayapp.catalog.cache import Shelf, mark
from trayapp.cli.console import Console
from trayapp.cli.entry import main
from trayapp.cli.remote import Remote
from trayapp.core.accounts import Account, key_slot
from trayapp.core.listings import Listing
from trayapp.core.models import Model, ModelRef
from trayapp.core.profiles import Profile
from trayapp.core.settings import Settings
from trayapp.core.state import State, Token
from trayapp.gateway import tokens
from trayapp.providers import table
from trayapp.providers.spec import base_url, origin
from trayapp.system.paths import Paths, find
from trayapp.system.store import Store

KEY = "a-key-of-the-documents-0123456789"
NAMES = {"openai-work": "OpenAI – work", "openai-private": "OpenAI – private"}
SPECS = {"openai-work": "openai", "openai-private": "openai", "azure": "azure-openai"}
"""Rows of the accounts whose ids say something else."""
LISTS = {
    "openai-work": ("gpt-4o", "gpt-4.1"),
    "openai-private": ("gpt-4o",),
    "openai": ("gpt-3.5-turbo",),
    "anthropic": ("claude-sonnet-4-5",),
    "azure": ("team-chat",),
    "groq": ("llama-3.3-70b-versatile",),
    "ollama": ("qwen3:8b", "qwen2.5:7b"),
}
CALLED = {"gpt-4o": "GPT-4o", "claude-sonnet-4-5": "Claude Sonnet 4.5"}
NOBODY = "http://127.0.0.1:9"
"""Where nobody listens: LM Studio is installed and does not run."""


class Ran(NamedTuple):
    """What became of a command."""

    code: int
    said: list[str]
    """Its lines on standard output and standard error, as a terminal shows them."""


class Street:
    """The servers of one test file: every vendor's address leads to ``url``, Ollama's to ``ollama``."""

    def __init__(self, url: str, ollama: str, load: Callable[[], None], folder: Path) -> None:
        self.url, self.ollama = url, ollama
        self.load = load
        """Has Ollama's first model in memory, as after somebody asked it."""
        self._folder = folder
        self._models: dict[tuple[str, ...], _Model] = {}

    def variables(self) -> dict[str, str]:
        """What the environment says of it. There is no screen."""
        return {
            "OLLAMA_HOST": self.ollama,
            "TRAYAPP_MODELS_DEV_URL": f"{self.url}/models-dev",
            "TRAYAPP_OPENROUTER_URL": f"{self.url}/openrouter",
            "TRAYAPP_UPDATE_URL": f"{self.url}/newest.json",
        }

    def model(self, without: Sequence[str]) -> _Model:
        """The home that others are copies of: written with all the program's care once, since that takes its time."""
        key = tuple(without)
        if key not in self._models:
            self._models[key] = self._written(self._folder / str(len(self._models)), key)
        return self._models[key]

    def _written(self, folder: Path, without: tuple[str, ...]) -> _Model:
        paths = find({"TRAYAPP_HOME": str(folder)})
        accounts = tuple(self._account(id) for id in (*LISTS, "lmstudio") if id not in without)
        slots = tuple(key_slot(it, origin(base_url(table.spec(it.spec), it))) for it in accounts)
        token = tokens.new()
        offline = Profile("offline", active=ModelRef("ollama", "qwen3:8b"), accounts=("ollama",), strategy="ram")
        store = Store(paths)
        store.load()
        store.save_settings(Settings(accounts=accounts))
        store.save_state(
            State(
                keyed=slots,
                active=ModelRef("openai-work", "gpt-4.1"),
                profiles=(offline, Profile("work")),
                tokens=(Token("first", tokens.digest(token)),),
            )
        )
        shelf = Shelf(paths.listings)
        for account in accounts:
            names = LISTS.get(account.id, ())
            models = tuple(Model(ModelRef(account.id, it), name=CALLED.get(it, "")) for it in names)
            if models:
                shelf.put(Listing(account.id, models, fetched_at=Console(paths).now - 60), mark(account))
        return _Model(folder, {**dict.fromkeys(slots, KEY), slot("first"): token})

    def _account(self, id: str) -> Account:
        return Account(
            id,
            SPECS.get(id, id),
            NAMES.get(id, ""),
            base_url={"ollama": self.ollama, "lmstudio": NOBODY}.get(id, ""),
            values={"resource": "acme"} if id == "azure" else {},
            enabled=id != "lmstudio",
        )


class _Model(NamedTuple):
    folder: Path
    keyring: Mapping[str, str]


class Household:
    """One home, in a folder that is not there yet. ``without``: accounts that the commands will add themselves."""

    def __init__(self, street: Street, folder: Path, *, without: Sequence[str] = ()) -> None:
        model = street.model(without)
        shutil.copytree(model.folder, folder)
        self.keyring = MemoryKeyring()
        self.keyring.entries.update(model.keyring)
        self._env = {"TRAYAPP_HOME": str(folder)}
        self.paths: Paths = find(self._env)

    def run(self, words: Sequence[str], env: Mapping[str, str], typed: str = "") -> Ran:
        """``trayapp WORDS`` in this process, with more variables. It has no tray to ask, so it does the work itself."""
        said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        before = dict(os.environ)
        stdin, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(typed.encode()), encoding="utf-8")
        os.environ.update({**self._env, **env})
        try:
            with redirect_stdout(said), redirect_stderr(said), pytest.MonkeyPatch.context() as patch:
                for function in (token_keeping.keep, token_keeping.first_of):
                    patch.setattr(token_keeping, function.__name__, partial(function, keyring=self.keyring))
                code = main(list(words), self._console)
        finally:
            sys.stdin = stdin
            os.environ.clear()
            os.environ.update(before)
        said.seek(0)
        return Ran(code, said.read().splitlines())

    def _console(self) -> Console:
        remote = Remote(self.paths, alone=lambda intent, paths: alone(intent, paths, keyring=self.keyring))
        return Console(self.paths, remote=remote)


@contextmanager
def street(folder: Path) -> Iterator[Street]:
    """Both servers, and the table of providers with all addresses at one of them. ``folder`` is for models of homes."""
    with _vendors() as url, _ollama() as ollama, pytest.MonkeyPatch.context() as patch:
        moved = [it if it.local else replace(it, base_url=f"{url}/{it.id}") for it in table.SPECS]
        patch.setattr(table, "SPECS", tuple(moved))
        patch.setattr(table, "_BY_ID", {it.id: it for it in moved})
        yield Street(url, *ollama, folder)


_MIRRORED = ("models-dev", "openrouter")
MANY = 1500
"""Models in a mirror: a catalogue that has lost most of its models is not believed."""


def _mirrored(source: str) -> bytes:
    """A sample of a public catalogue, made as long as the real one."""
    body = samples.data(f"catalog/{source}")
    if source == "models-dev":
        models = next(iter(body.values()))["models"]
        first = next(iter(models.values()))
        models.update({f"model-{number}": first | {"id": f"model-{number}"} for number in range(MANY)})
    else:
        first = body["data"][0]
        body["data"] += [first | {"id": f"acme/model-{number}"} for number in range(MANY)]
    return json.dumps(body).encode()


class _Vendor(BaseHTTPRequestHandler):
    """Lists the models of whoever is asked, to whoever asks."""

    def do_GET(self) -> None:
        first = self.path.split("/")[1].partition("?")[0]
        if first in _MIRRORED:
            body = _mirrored(first)
        elif first == "newest.json":
            body = b'{"version": "99.0", "url": "https://example.org/news"}'
        else:
            ids = [it for id, listed in LISTS.items() if SPECS.get(id, id) == first for it in listed]
            body = json.dumps({"object": "list", "data": [_row(it) for it in ids]}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Nobody reads it."""


def _row(model: str) -> dict[str, str]:
    return {"id": model, "object": "model", "model": model, "status": "succeeded"}


@contextmanager
def _vendors() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Vendor)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, name="vendors")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def _ollama() -> Iterator[tuple[str, Callable[[], None]]]:
    """A fake one, in real time, whose models are loaded at once."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="ollama")
    thread.start()

    def wait(work: Coroutine[object, object, object]) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result(10)

    fakes: list[FakeOllama] = []

    async def start() -> None:
        quick = (FakeModel(name=it, load=0.01, prompt=0.0, answer=0.0) for it in LISTS["ollama"])
        fakes.append(FakeOllama(*quick, unload=0.01))
        await fakes[0].start()

    try:
        wait(start())
        yield fakes[0].url, lambda: wait(fakes[0].chat(LISTS["ollama"][0], keep_alive=60))
    finally:
        wait(fakes[0].stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
