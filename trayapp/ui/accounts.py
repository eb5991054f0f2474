"""What the Providers page shows of each account, and which ones it offers to add, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum

import msgspec
from msgspec import Struct

from trayapp.catalog.freshness import time_to_live
from trayapp.core.accounts import Account, KeyFrom, key_slot, with_implicit
from trayapp.core.errors import Failure, Kind, UserError
from trayapp.core.language import _, plural
from trayapp.core.listings import Listing
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.providers.keys import vouched
from trayapp.providers.local import addressed
from trayapp.providers.spec import Ask, ProviderSpec, base_url, latency, origin
from trayapp.ui import words


class Held(StrEnum):
    """Where an account's key is."""

    KEYRING = "keyring"
    SESSION = "session"
    ENVIRONMENT = "environment"
    NOWHERE = "nowhere"
    NOT_NEEDED = "not-needed"


class AccountView(Struct, frozen=True):
    """One account as the page shows it."""

    account: Account
    title: str
    """What the user calls it, else its provider's name."""
    provider_name: str
    state: str
    """How it is doing, in words."""
    attention: bool
    """Something is for the user to do."""
    held: Held
    key: str
    """Where the key is, in words."""
    variable: str = ""
    """The environment variable that holds a key for this provider, whether it is used or not."""
    locked: bool = False
    """The key is in a keyring that has to be unlocked first."""
    keyring_note: str = ""
    """What is the matter with the keyring, in a sentence; empty when all is well."""
    problem: str = ""
    """What its address lacks, in a sentence."""
    origin: str = ""
    """The server a key would be bound to; empty while the address is not complete."""
    hint: str = ""
    """The provider's own address, which holds while none is typed."""
    asks: tuple[Ask, ...] = ()
    keys_url: str = ""
    local: bool = False
    known: bool = True
    """Its provider is in the table."""
    usual_ttl: int = 0
    """Seconds its list counts as fresh unless the account has its own figure."""
    usual_strategy: str = ""
    """When it is asked, unless the account has its own strategy."""
    usual_latency: str = ""
    """The latency class it is in, unless the account has its own."""

    @property
    def provider(self) -> str:
        """The account's id."""
        return self.account.id

    @property
    def has_key(self) -> bool:
        """There is something to test."""
        return self.held in (Held.KEYRING, Held.SESSION, Held.ENVIRONMENT)


class Offer(Struct, frozen=True):
    """A provider that can be added with one click, because something of it was found here."""

    spec: str
    title: str
    variable: str = ""
    """The environment variable with a key in it."""
    address: str = ""
    """Where a server of this computer answers."""


def account_views(
    settings: Settings,
    state: State,
    listings: Mapping[str, Listing],
    specs: Iterable[ProviderSpec],
    env_keys: Mapping[str, str],
    keyring_state: str,
    session_slots: Collection[str],
    now: float,
    *,
    refreshing: Collection[str] = (),
    env: Mapping[str, str] | None = None,
) -> tuple[AccountView, ...]:
    """Every account in the user's order, the local servers that nobody set up before them.

    ``env_keys`` maps the id of a provider's row to the variable that holds a key for it;
    ``session_slots`` are the entries that are held in memory only; ``env`` may say where Ollama listens.
    """
    table = {spec.id: spec for spec in specs}
    made = []
    for account in with_implicit(settings.accounts):
        listing = listings.get(account.id, Listing(account.id))
        spec = table.get(account.spec)
        if spec is None:
            made.append(_unknown(account))
            continue
        reached = addressed(account, env or {})
        problem, server = "", ""
        try:
            server = origin(base_url(spec, reached))
        except UserError as exc:
            problem = str(exc)
        variable = env_keys.get(spec.id, "")
        slot = key_slot(account, server)
        given = variable if problem or vouched(spec, reached, state.keyed) else ""
        held = _held(account, spec, given, slot in session_slots, slot in state.keyed)
        locked = held is Held.KEYRING and keyring_state in ("locked", "denied")
        plain = msgspec.structs.replace(account, ttl=None, timeouts="")
        about, attention = _state(account, listing, now, account.id in refreshing)
        made.append(
            AccountView(
                account=account,
                title=account.name or spec.name,
                provider_name=spec.name,
                state=_("needs to be set up") if problem and account.enabled else about,
                attention=account.enabled and (attention or bool(problem)),
                held=held,
                key=_key_words(held, account, spec, variable, locked),
                variable=variable,
                locked=locked,
                keyring_note=words.keyring(keyring_state),
                problem=problem,
                origin=server,
                hint=spec.base_url if reached is account else reached.base_url,
                asks=spec.asks,
                keys_url=spec.keys_url,
                local=spec.local,
                usual_ttl=time_to_live(
                    plain,
                    default=settings.default_ttl_seconds,
                    overrides=settings.provider_ttl_overrides,
                    row=spec.ttl,
                    local=spec.local,
                    listed=bool(spec.list_path),
                ),
                usual_strategy=settings.model_cache_strategy,
                usual_latency=latency(spec, plain, server),
            )
        )
    return tuple(made)


def offers(
    specs: Iterable[ProviderSpec],
    settings: Settings,
    env_keys: Mapping[str, str],
    answering: Mapping[str, str] | None = None,
) -> tuple[Offer, ...]:
    """What was found on this computer and is not in use: servers first, then key variables.

    ``answering`` maps the id of a local server's row to the address where it answered.
    """
    table = {spec.id: spec for spec in specs}
    present = {account.spec for account in with_implicit(settings.accounts)}
    from_env = {account.spec for account in settings.accounts if account.key_from is KeyFrom.ENVIRONMENT}
    made = [
        Offer(id, _("{name}, running at {address}").format(name=table[id].name, address=address), address=address)
        for id, address in (answering or {}).items()
        if id in table and id not in present
    ]
    made += [
        Offer(id, _("{name}, key found in {variable}").format(name=table[id].name, variable=variable), variable)
        for id, variable in env_keys.items()
        if id in table and id not in from_env
    ]
    return tuple(made)


def _held(account: Account, spec: ProviderSpec, variable: str, session: bool, keyed: bool) -> Held:
    if account.key_from is KeyFrom.ENVIRONMENT:
        return Held.ENVIRONMENT if variable else Held.NOWHERE
    if session:
        return Held.SESSION
    if keyed:
        return Held.KEYRING
    return Held.NOWHERE if spec.key_required else Held.NOT_NEEDED


def _key_words(held: Held, account: Account, spec: ProviderSpec, variable: str, locked: bool) -> str:
    match held:
        case Held.KEYRING:
            return _("in the keyring, which is locked") if locked else _("in the keyring")
        case Held.SESSION:
            return _("held for this session only")
        case Held.ENVIRONMENT:
            return _("from {variable}").format(variable=variable)
        case Held.NOT_NEEDED:
            return _("none needed")
    if account.key_from is KeyFrom.ENVIRONMENT and not variable:
        wanted = " / ".join(spec.key_env)
        return _("none: {variable} is not set").format(variable=wanted) if wanted else _("none")
    return _("none yet; there is one in {variable}").format(variable=variable) if variable else _("none yet")


def _state(account: Account, listing: Listing, now: float, refreshing: bool) -> tuple[str, bool]:
    if not account.enabled:
        return _("switched off"), False
    failure = listing.failure
    if failure is None and not listing.models:
        return (words.state(listing, now, refreshing=True) if refreshing else _("no list yet")), False
    about = words.state(listing, now, refreshing=refreshing)
    if listing.models:
        about = f"{plural('{n} model', '{n} models', len(listing.models))}, {about}"
    # a local server that is not running is a state, and nobody's task
    return about, failure is not None and failure.kind is not Kind.NOT_RUNNING


def _unknown(account: Account) -> AccountView:
    return AccountView(
        account=account,
        title=account.name or account.id,
        provider_name=account.spec,
        state=words.trouble(Failure(Kind.UNKNOWN_PROVIDER, account.id)),
        attention=True,
        held=Held.NOWHERE,
        key="",
        problem=_("This version of the program does not know the provider “{id}”.").format(id=account.spec),
        known=False,
    )
