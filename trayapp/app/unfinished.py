"""Finds the account of models that were stored by their name alone, as soon as one account alone has such a model."""

from __future__ import annotations

from trayapp.app.keychain import spec_of
from trayapp.app.root import App
from trayapp.core import loose
from trayapp.core.accounts import Account, with_implicit
from trayapp.core.errors import ProviderError
from trayapp.core.listings import Listing
from trayapp.core.state import State


def settled(app: App, state: State) -> State:
    """The state with the account of each model, as far as the lists that are known tell it.

    While a profile leaves accounts out, only the chosen model is looked for: it has to be of those that are in use.
    """
    every = with_implicit(app.settings.value.accounts)
    in_use = [it for it in app.accounts if it.enabled]
    listings = {it.id: listing for it in in_use if (listing := _known(app, it)) is not None}
    left_out = len(in_use) < sum(it.enabled for it in every)
    return loose.settled(state, listings, {it.id for it in every}, only_active=left_out)


def write_down(app: App) -> None:
    """What can be told by now, behind all else; nothing where that is nothing new."""
    if not app.unwritten and settled(app, app.state.value) == app.state.value:
        return
    again, app.unwritten = app.unwritten, False
    work = app.note(lambda state: settled(app, state), again=again)
    app.tasks.start(work, name="write down of which account a model is")


def _known(app: App, account: Account) -> Listing | None:
    """The account's own list, else the shipped one."""
    listing = app.catalog.listings.value.get(account.id)
    if listing is not None and listing.models:
        return listing
    try:
        spec_of(account)
    except ProviderError:
        return listing
    return app.facts().embedded(account) if app.settings.value.use_catalog_fallback else listing
