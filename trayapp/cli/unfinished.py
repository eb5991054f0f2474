"""Models that were stored by their name alone: found where one account alone has them, else asked for in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from trayapp.cli import disk, output
from trayapp.cli.disk import Disk
from trayapp.core import loose
from trayapp.core.errors import ProviderError, UserError
from trayapp.core.language import _
from trayapp.core.listings import Listing
from trayapp.core.models import ModelRef
from trayapp.core.state import State
from trayapp.system.paths import Paths


def settled(found: Disk, paths: Paths, env: Mapping[str, str]) -> Disk:
    """What was read, with the account of each model as far as the lists tell it. Where no tray runs, it is stored."""
    listings = known(found, paths, env)
    every = [it.id for it in found.accounts]
    left_out = len(found.in_use) < sum(it.enabled for it in found.accounts)

    def whole(state: State) -> State:
        return loose.settled(state, listings, every, only_active=left_out)

    state = whole(found.state)
    if state != found.state:
        _store(paths, whole)
    return found._replace(state=state)


def known(found: Disk, paths: Paths, env: Mapping[str, str]) -> dict[str, Listing]:
    """The list of each account in use; the shipped one where none was fetched yet."""
    listings, _notices = disk.listings(found, paths, found.in_use, now=0.0, env=env)
    if found.settings.use_catalog_fallback:
        for account in found.in_use:
            if not listings[account.id].models and disk.spec_of(account) is not None:
                listings[account.id] = disk.shipped(account, paths)
    return listings


def asked(found: Disk, paths: Paths, env: Mapping[str, str]) -> tuple[str, list[ModelRef]]:
    """What is said of a chosen model whose account is not known, and which models it may be."""
    from trayapp.cli.choice import lines
    from trayapp.ui.asked import question

    name = found.state.active.model if found.state.active is not None else ""
    refs = loose.candidates(name, known(found, paths, env))
    how = _("“trayapp use ACCOUNT/MODEL” does it.")
    return f"{question(output.clean(name), len({it.provider for it in refs}))}. {how}{lines(refs)}", refs


def _store(paths: Paths, change: Callable[[State], State]) -> None:
    """In our turn. A tray that runs finds it out by itself, and what cannot be written now is found out again."""
    from trayapp.system import instance
    from trayapp.system.store import Store

    try:
        with instance.write_lock(paths.runtime, timeout=0.0):
            store = Store(paths)
            store.save_state(change(store.load().state))
    except (OSError, ProviderError, UserError):
        return
