"""A whole program without its face, on real files, real sockets and a keyring in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from tests.support.clock import FakeClock
from tests.support.memory_keyring import MemoryKeyring
from tests.support.upstream import Reply as Answer
from tests.support.upstream import Script, Upstream
from trayapp.app.build import build
from trayapp.app.perform import perform
from trayapp.app.root import App
from trayapp.catalog.cache import Shelf, mark
from trayapp.core.accounts import Account, key_slot
from trayapp.core.intents import Intent, Reply
from trayapp.core.listings import Listing
from trayapp.core.models import Model, ModelRef
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.providers.spec import base_url, origin
from trayapp.providers.table import spec
from trayapp.system.paths import Paths, find
from trayapp.system.store import Store
from trayapp.ui.notices import Notice

OFF = (Account("ollama", "ollama", enabled=False), Account("lmstudio", "lmstudio", enabled=False))
"""Whatever runs on the computer of who runs the tests is not asked."""
SERVER = Account("server", "openai-compatible", "Server")
GROQ = Account("groq", "groq")
WORK = Account("work", "openai", "OpenAI – work")
LASTING = ("upstream", "look after ")
"""Names of tasks that end with the program only."""
KEY = "gsk_0123456789abcdefghijklmnop"


class House:
    """One user's home: what is in its files and in the keyring outlives each program opened in it."""

    def __init__(self, home: Path, clock: FakeClock) -> None:
        self.home = home
        self.clock = clock
        self.env = {"TRAYAPP_HOME": str(home)}
        self.keyring = MemoryKeyring()

    @property
    def paths(self) -> Paths:
        return find(self.env)

    def prepare(self, *accounts: Account, state: State | None = None, **preferences: Any) -> None:
        """Write both files as an earlier run would have. The local servers are off unless they are named."""
        named = {it.id for it in accounts}
        self.prepare_only(*(it for it in OFF if it.id not in named), *accounts, state=state, **preferences)

    def prepare_only(self, *accounts: Account, state: State | None = None, **preferences: Any) -> None:
        """The same with these accounts and no others: a local server that is not named is looked for."""
        store = Store(self.paths)
        store.load()
        store.save_settings(Settings(accounts=accounts, **preferences))
        if state is not None:
            store.save_state(state)

    def keyed(self, *accounts: Account, key: str = KEY) -> State:
        """Put a key of these accounts into the keyring; gives the state that remembers it."""
        slots = tuple(slot_of(it) for it in accounts)
        self.keyring.entries.update(dict.fromkeys(slots, key))
        return State(keyed=slots)

    def listed(self, account: Account, *models: str | Model, age: float = 60.0) -> None:
        """Put an account's list on the disk, so many seconds old."""
        made = tuple(it if isinstance(it, Model) else Model(ModelRef(account.id, it)) for it in models)
        Shelf(self.paths.listings).put(Listing(account.id, made, fetched_at=self.clock.now() - age), mark(account))

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[App]:
        """The program, as far as it goes without a screen; closed afterwards, as the front does it."""
        app = build(self.paths, clock=self.clock, env=self.env, keyring=self.keyring)
        try:
            yield app
        finally:
            await app.close()

    def files(self) -> list[Path]:
        """Every file below the home."""
        return [path for path in sorted(self.home.rglob("*")) if path.is_file()]

    def stored(self) -> tuple[Settings, State]:
        """What the files say now."""
        loaded = Store(self.paths).load()
        assert loaded.notices == ()
        return loaded.settings, loaded.state


def slot_of(account: Account) -> str:
    return key_slot(account, origin(base_url(spec(account.spec), account)))


def at(account: Account, url: str) -> Account:
    """The account, moved to this server."""
    return msgspec.structs.replace(account, base_url=f"{url}/v1")


def models(*ids: str) -> Answer:
    """A list as most providers give it."""
    return Answer(body={"object": "list", "data": [{"id": it, "object": "model", "owned_by": "x"} for it in ids]})


REFUSED = Answer(status=401, body={"error": {"message": "Invalid API Key", "code": "invalid_api_key"}})


def upstream(*ids: str, **more: Any) -> Upstream:
    """A server that lists these models at every usual place."""
    script: dict[str, Any] = {"/v1/models": models(*ids), **more}
    return Upstream(script)


def guarded(key: str, *ids: str) -> Upstream:
    """A server that lists these models to who has the key."""

    def answer(sent: Any) -> Answer:
        return models(*ids) if sent.headers.get("authorization") == f"Bearer {key}" else REFUSED

    script: Script = answer
    return Upstream(script)


async def do(app: App, intent: Intent, *, told: bool = False) -> Reply:
    """Have it performed, and wait for whatever it set going."""
    reply = await perform(app, intent, told=told)
    await settled(app)
    return reply


async def settled(app: App) -> None:
    """Return when nothing goes on any more but the tests' own servers, and what waits to be woken."""
    me = asyncio.current_task()
    while going := [it for it in asyncio.all_tasks() if it is not me and not it.get_name().startswith(LASTING)]:
        _done, still = await asyncio.wait(going, timeout=5)
        assert not still, still
    await asyncio.sleep(0)  # what changed is drawn in the next turn of the loop
    await asyncio.sleep(0)


def heard(app: App) -> list[Notice]:
    """Every notification from now on."""
    told: list[Notice] = []
    app.notice.listen(lambda notice: told.append(notice) if notice else None)
    return told


def ref(provider: str, model: str) -> ModelRef:
    return ModelRef(provider, model)
