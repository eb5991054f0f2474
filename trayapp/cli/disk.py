"""Reads what the tray would show, off the disk: accounts, the choice, and every list with its source."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from trayapp.core.accounts import Account, KeyFrom, key_slot, with_implicit
from trayapp.core.errors import Failure, Kind, UserError
from trayapp.core.language import _
from trayapp.core.listings import Listing, Source
from trayapp.core.profiles import effective
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.providers.local import addressed
from trayapp.system.paths import Paths

if TYPE_CHECKING:
    from trayapp.catalog.facts import Facts
    from trayapp.providers.spec import ProviderSpec


class Disk(NamedTuple):
    """Settings and state, and sentences about what could not be read."""

    settings: Settings
    """As they hold: what the environment sets stands above what is stored."""
    state: State
    notices: tuple[str, ...]
    stored: Settings
    """As the file has them: what a change starts from."""
    forced: Mapping[str, str]
    """The preferences that the environment sets, and by which variable."""

    @property
    def accounts(self) -> tuple[Account, ...]:
        """The user's accounts, and the local servers that are looked for without being set up."""
        return with_implicit(self.settings.accounts)

    @property
    def in_use(self) -> tuple[Account, ...]:
        """The accounts that are switched on, without those that the profile in use leaves out."""
        return tuple(it for it in effective(self.accounts, self.state) if it.enabled)

    @property
    def in_order(self) -> tuple[Account, ...]:
        """All accounts as they stand in the menu."""
        place = {provider: at for at, provider in enumerate(self.settings.provider_order)}
        return tuple(sorted(self.accounts, key=lambda it: place.get(it.id, len(place))))

    def account(self, provider: str) -> Account:
        """The account with this id. Raises UserError that names the nearest ids."""
        for account in self.accounts:
            if account.id == provider:
                return account
        raise UserError(unknown(_("There is no account “{name}”."), provider, [it.id for it in self.accounts]))


def read(paths: Paths, env: Mapping[str, str] = os.environ) -> Disk:
    """The two small files, and the environment above them. An unreadable file is set aside, and a notice says so."""
    from trayapp.core.overrides import overlay
    from trayapp.system.store import Store

    loaded = Store(paths).load()
    settings, forced, problems = overlay(loaded.settings, env)
    found = Disk(settings, loaded.state, (*loaded.notices, *problems), loaded.settings, forced)
    if loaded.state.whole:
        return found
    from trayapp.cli.unfinished import settled  # by somebody else's hand, or by a version of long ago

    return settled(found, paths, env)


def listings(
    disk: Disk, paths: Paths, accounts: Iterable[Account], *, now: float, env: Mapping[str, str]
) -> tuple[dict[str, Listing], tuple[str, ...]]:
    """The list of each account as a tray shows it at its start, and sentences about unreadable files.

    Without a key the shipped list stands in, unless the settings say otherwise.
    """
    from trayapp.catalog.cache import Shelf, mark

    wanted = tuple(addressed(it, env) for it in accounts)
    # an account that was moved to another server must not show the old one's list
    held, notices = Shelf(paths.listings).load_all((it.id for it in wanted), {it.id: mark(it) for it in wanted})
    shown: dict[str, Listing] = {}
    facts: Facts | None = None
    for account in wanted:
        listing = held.get(account.id)
        if key_place(account, disk.state, env) == "missing":
            facts = facts or _facts(paths)
            shown[account.id] = _without_key(account, listing, facts if disk.settings.use_catalog_fallback else None)
        elif listing is None:
            shown[account.id] = Listing(account.id)
        else:
            source = Source.CACHE if listing.fresh(now, ttl(disk.settings, account)) else Source.STALE
            shown[account.id] = msgspec.structs.replace(listing, source=source)
    return shown, tuple(notices)


def shipped(account: Account, paths: Paths) -> Listing:
    """The list that the program was shipped with; empty where it has none of this provider."""
    return _facts(paths).embedded(account)


def key_place(account: Account, state: State, env: Mapping[str, str]) -> str:
    """``keyring``, ``environment``, ``unneeded`` or ``missing``, without opening anything."""
    spec = spec_of(account)
    if spec is None:
        return "missing"
    account = addressed(account, env)
    try:
        if account.key_from is KeyFrom.ENVIRONMENT:
            from trayapp.providers.keys import given

            if given(spec, account, env, state.keyed):
                return "environment"
        else:
            from trayapp.providers.spec import base_url, origin

            if key_slot(account, origin(base_url(spec, account))) in state.keyed:
                return "keyring"
    except UserError:
        pass  # an address that is not complete has no key
    return "missing" if spec.key_required else "unneeded"


def ttl(settings: Settings, account: Account) -> float:
    """Seconds the account's list counts as fresh."""
    from trayapp.catalog.freshness import time_to_live

    spec = spec_of(account)
    return time_to_live(
        account,
        default=settings.default_ttl_seconds,
        overrides=settings.provider_ttl_overrides,
        row=spec.ttl if spec else None,
        local=spec.local if spec else False,
        listed=bool(spec.list_path) if spec else True,
    )


def spec_of(account: Account) -> ProviderSpec | None:
    """The provider's row; None where another version of the table had it."""
    from trayapp.providers.table import spec

    try:
        return spec(account.spec)
    except KeyError:
        return None


def name_of(account: Account) -> str:
    """What people call the account."""
    spec = spec_of(account)
    return account.name or (spec.name if spec else account.id)


def local(account: Account) -> bool:
    """Whether it is a server of this computer."""
    spec = spec_of(account)
    return spec is not None and spec.local


def unknown(sentence: str, name: str, known: Iterable[str]) -> str:
    """A sentence about a name that does not exist, with the ones that look like it.

    What was typed is repeated only when it cannot be a key that went astray.
    """
    from difflib import get_close_matches

    from trayapp.core.redaction import struck

    shown = struck(name) if len(name) <= 24 else "…"
    near = get_close_matches(name, list(known), n=3, cutoff=0.5)
    text = sentence.format(name=shown)
    return f"{text} " + _("Did you mean {names}?").format(names=", ".join(near)) if near else text


def _without_key(account: Account, held: Listing | None, facts: Facts | None) -> Listing:
    from trayapp.catalog.fallback import next_best

    embedded = facts.embedded(account) if facts is not None and spec_of(account) is not None else None
    return next_best(held, embedded, Failure(Kind.NO_KEY, account.id))


def _facts(paths: Paths) -> Facts:
    from trayapp.catalog.facts import Facts

    return Facts(paths.resources / "catalog.json", paths.data)
