"""Makes a home with accounts and models in it, through the program's own store and shelf."""

from __future__ import annotations

import time
from pathlib import Path

from trayapp.catalog.cache import Shelf, mark
from trayapp.core.accounts import IMPLICIT, Account, key_slot
from trayapp.core.listings import Listing, Source
from trayapp.core.models import Capability, Modality, Model, ModelRef, Price
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.providers.spec import origin
from trayapp.system import paths
from trayapp.system.store import Store

YEAR = 31_536_000


def fill(
    home: Path, *, accounts: int, models: int, address: str, fresh: bool = True, local: bool = True
) -> dict[str, str]:
    """Write settings, state and lists below ``home``; gives the variables that make the program use them.

    Every other account has a key in the keyring (as far as the program remembers), the others need
    none; all live at ``address``. Not ``fresh``: the lists are a week old, and due. Not ``local``: the servers
    that are looked for without being set up are switched off.
    """
    env = {"TRAYAPP_HOME": str(home)}
    where = paths.find(env)
    held = tuple(_account(number, address) for number in range(accounts))
    now = time.time() - (0 if fresh else 7 * 86_400)
    store = Store(where)
    store.load()
    # models in a home that is in nobody's keyring: what was chosen and which keys exist is remembered
    lists = [listing(account.id, models // accounts, now) for account in held]
    off = () if local else tuple(Account(spec, spec, enabled=False) for spec in IMPLICIT)
    store.save_settings(Settings(accounts=(*held, *off), default_ttl_seconds=YEAR if fresh else 3600))
    store.save_state(
        State(
            active=lists[0].models[0].ref,
            keyed=tuple(key_slot(account, origin(account.base_url)) for account in held if account.spec == "openai"),
        )
    )
    shelf = Shelf(where.listings)
    for account, models_of_it in zip(held, lists, strict=True):
        shelf.put(models_of_it, mark(account))
    return env


def listing(provider: str, count: int, fetched_at: float) -> Listing:
    """A list as a provider's answer and the catalogue make it: names, limits, prices, abilities."""
    return Listing(
        provider,
        tuple(_model(provider, number) for number in range(count)),
        Source.API,
        fetched_at,
    )


def _account(number: int, address: str) -> Account:
    if number % 2:
        return Account(f"server-{number}", "openai-compatible", f"Server {number}", base_url=address)
    return Account(f"openai-{number}", "openai", f"OpenAI – team {number}", base_url=address)


def _model(provider: str, number: int) -> Model:
    return Model(
        ModelRef(provider, f"family-{number % 17}/model_{number}-instruct"),
        name=f"Family {number % 17}: Model {number} Instruct",
        context=128_000,
        max_output=16_384,
        price=Price(input=0.15 + number % 7, output=0.6 + number % 11),
        inputs=int(Modality.TEXT | Modality.IMAGE),
        outputs=int(Modality.TEXT),
        capabilities=int(Capability.TOOLS | Capability.STREAMING),
        released=f"2025-{number % 12 + 1:02}-01",
    )
