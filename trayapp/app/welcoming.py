"""The first start's work: looks at this computer, and sets up what was entered, all of it or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from trayapp.app.perform import perform
from trayapp.app.root import App, name_of, replaced
from trayapp.core.accounts import IMPLICIT, Account
from trayapp.core.intents import RemoveAccount, Reply, SaveAccount, StoreKey
from trayapp.core.language import _
from trayapp.core.models import Model
from trayapp.ui.welcome import TOLD, Draft, Sights, to_do


def due(app: App) -> bool:
    """Nothing was ever chosen or set up, and nobody finished or skipped the steps."""
    state = app.state.value
    return TOLD not in state.told and state.active is None and not state.keyed and not app.settings.value.accounts


async def look(app: App, found: Callable[[], Mapping[str, str]]) -> Sights:
    """What is here. Asks for no password, and waits for local servers no longer than a list takes."""
    state = await app.keychain.keys.look()
    app.keyring.publish(state.value)
    local = tuple(it for it in app.accounts if it.spec in IMPLICIT and it.enabled)
    listings = await app.catalog.refresh(local, force=True)
    counts = {it.spec: len(listings[it.id].models) for it in local if it.id in listings}
    return Sights(keyring=state.value, servers=dict(found()), counts=counts, variables=app.keychain.variables())


async def lists(app: App, added: Sequence[Account]) -> tuple[tuple[str, tuple[Model, ...]], ...]:
    """The models to choose from: of what is set up already, then what is shipped about what would be added."""
    shown = app.catalog.listings.value
    made = [(name_of(it), tuple(shown[it.id].models)) for it in app.accounts if it.enabled and it.id in shown]
    facts = await asyncio.to_thread(app.facts)
    shipped = [await asyncio.to_thread(facts.embedded, it) for it in added]
    made += [(name_of(account), listing.models) for account, listing in zip(added, shipped, strict=True)]
    return tuple(it for it in made if it[1])


async def set_up(app: App, draft: Draft) -> Reply:
    """Do it all. Where a key is refused, or who asked gives up, the accounts that were added go again."""
    added: list[str] = []
    done = False
    try:
        for intent in to_do(draft, tuple(it.id for it in app.accounts)):
            reply = await perform(app, intent, told=False)
            if not reply.ok:
                return reply
            if isinstance(intent, SaveAccount):
                added.append(intent.account.id)
            if isinstance(intent, StoreKey) and draft.ref is None:
                app.behind(app.catalog.refresh((app.account(intent.provider),), force=True), name="first list")
        done = True
    finally:
        if not done:
            await asyncio.shield(_take_back(app, added))
    await leave(app)
    return Reply(True, _("All set. The icon in the tray is where everything else is."))


async def leave(app: App) -> None:
    """Do not come again by itself."""
    await app.note(lambda state: state if TOLD in state.told else replaced(state, told=(*state.told, TOLD)))


async def _take_back(app: App, added: Sequence[str]) -> None:
    for provider in added:
        await perform(app, RemoveAccount(provider), told=False)
