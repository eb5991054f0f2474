"""Somebody's program as screenshots show it: accounts with sample lists, pins, profiles; no key, and nobody's name."""

from __future__ import annotations

import time
from pathlib import Path

from trayapp.catalog.cache import Shelf, mark
from trayapp.catalog.facts import Facts
from trayapp.core.accounts import Account, key_slot
from trayapp.core.listings import Listing, Source
from trayapp.core.models import ModelRef
from trayapp.core.profiles import Profile
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.providers.spec import Entry, base_url, origin
from trayapp.providers.table import spec
from trayapp.system import paths
from trayapp.system.store import Store

LISTS = {
    "openai": ("gpt-5.4", "gpt-5.4-mini", "gpt-5-nano", "gpt-4o-mini", "gpt-4.1"),
    "anthropic": ("claude-opus-5", "claude-sonnet-5", "claude-haiku-4-5"),
    "mistral": ("mistral-large-latest", "mistral-small-latest", "codestral-latest", "ministral-8b-latest"),
}
"""What each sample account lists; the shipped catalogue says what such a model takes and costs."""
CHOSEN = ModelRef("anthropic", "claude-sonnet-5")
AGE = 25 * 60
"""Seconds since the lists came: they still count as fresh, so no vendor is asked."""


def write(home: Path, *, ollama: str, port: int) -> dict[str, str]:
    """Fill a folder: ``ollama`` is the address of a server, ``port`` where the gateway listens.

    Gives the variables that make the program use it.
    """
    env = {"TRAYAPP_HOME": str(home)}
    where = paths.find(env)
    store = Store(where)
    store.load()
    held = tuple(Account(id, id) for id in LISTS)
    store.save_settings(Settings(accounts=(*_servers(ollama), *held), gateway=True, gateway_port=port))
    store.save_state(_state(held))
    facts = Facts(where.resources / "catalog.json")
    shelf = Shelf(where.listings)
    for account in held:
        models = facts.enrich(account, spec(account.spec), map(Entry, LISTS[account.spec]))
        shelf.put(Listing(account.id, models, Source.API, time.time() - AGE), mark(account))
    return env


def write_bare(home: Path, *, ollama: str) -> dict[str, str]:
    """As before the first start, but for where a server is to be looked for; one vendor's key is in the environment."""
    env = {"TRAYAPP_HOME": str(home)}
    store = Store(paths.find(env))
    store.load()
    store.save_settings(Settings(accounts=_servers(ollama)))
    return env | {"ANTHROPIC_API_KEY": "a-sample-and-no-key"}


def _servers(ollama: str) -> tuple[Account, ...]:
    """The one, and none of the other kind: somebody may really run one where pictures are taken."""
    return Account("ollama", "ollama", base_url=ollama), Account("lmstudio", "lmstudio", enabled=False)


def _state(held: tuple[Account, ...]) -> State:
    local = ModelRef("ollama", "qwen3:8b")
    return State(
        active=CHOSEN,
        strategy="ram",
        keyed=tuple(key_slot(it, origin(base_url(spec(it.spec), it))) for it in held),
        pinned=(CHOSEN, local),
        recent=(CHOSEN, ModelRef("openai", "gpt-5.4"), local),
        profiles=(Profile("Work"), Profile("Offline")),
        seen=("ollama",),
    )
