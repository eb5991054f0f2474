"""The commands about accounts: list them or every known provider, add, remove, switch on and off."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from trayapp.cli import disk, output
from trayapp.cli.codes import DONE, USAGE
from trayapp.cli.console import Console
from trayapp.core.accounts import Account, KeyFrom, check_id, new_id
from trayapp.core.errors import UserError
from trayapp.core.intents import EnableAccount, RemoveAccount, SaveAccount, WireIntent
from trayapp.core.language import _
from trayapp.core.listings import Listing
from trayapp.core.schema import change_account
from trayapp.providers.spec import ProviderSpec, base_url, origin
from trayapp.providers.table import SPECS


def show(console: Console, args: Any) -> int:
    """``trayapp providers``: the accounts with their keys and lists; ``--known``: the whole table."""
    if args.known:
        return _known(console, args.json)
    found = disk.read(console.paths, console.env)
    listings, notices = disk.listings(found, console.paths, found.accounts, now=console.now, env=console.env)
    for notice in (*found.notices, *notices):
        console.complain(notice)
    keys = {it.id: disk.key_place(it, found.state, console.env) for it in found.accounts}
    in_use = {it.id for it in found.in_use}
    if args.json:
        console.json(
            [
                {**_object(it, listings[it.id], keys[it.id], console.now), "in_use": it.id in in_use}
                for it in found.in_order
            ]
        )
        return DONE
    from trayapp.ui import words

    rows = [(_("ID"), _("NAME"), _("KEY"), _("MODELS"), _("LIST"))]
    for account in found.in_order:
        listing = listings[account.id]
        if not account.enabled:
            state = _("switched off")
        elif account.id not in in_use:
            state = _("not in this profile")
        elif listing.models or listing.failure:
            state = words.state(listing, console.now)
        else:
            state = _("no list yet")
        count = str(len(listing.models)) if listing.models else ""
        rows.append((account.id, disk.name_of(account), key_words(keys[account.id]), count, state))
    console.say(output.columns(rows, width=console.width, flexible=(1, 4)))
    return DONE


def add(console: Console, args: Any) -> int:
    """``trayapp providers add``: the account is checked for what its provider asks before it is saved."""
    spec = next((it for it in SPECS if it.id == args.spec), None)
    if spec is None:
        raise UserError(disk.unknown(_("There is no provider “{name}”."), args.spec, [it.id for it in SPECS]))
    values: dict[str, str] = {}
    for pair in args.set or ():
        name, equals, value = pair.partition("=")
        if not equals:
            console.complain(_("“--set” takes NAME=VALUE."))
            return USAGE
        values[name.strip()] = value.strip()
    _check_values(spec, values)
    ids: list[str] = []

    def intent() -> WireIntent:
        account = _account(spec, args, values, disk.read(console.paths, console.env))
        ids.append(account.id)
        return SaveAccount(account, new=True)

    reply = console.remote.perform(intent)
    code = console.answer(reply)
    if reply.ok and spec.key_required and args.key_from != KeyFrom.ENVIRONMENT.value:
        console.complain(_("Its id is “{id}”. Now give it its key: trayapp key set {id}").format(id=ids[-1]))
    return code


def put(console: Console, args: Any) -> int:
    """``trayapp providers set``: one or more of the account's values; an empty one is as if it were never set."""

    def intent() -> WireIntent:
        account = base = disk.read(console.paths, console.env).account(args.account)
        for pair in args.change:
            name, equals, value = (it.strip() for it in pair.partition("="))
            if not equals:
                raise UserError(_("“providers set” takes NAME=VALUE, such as ttl=600."))
            account = _changed(account, name, value)
        return SaveAccount(account, base)

    return console.answer(console.remote.perform(intent))


def remove(console: Console, args: Any) -> int:
    """``trayapp providers remove``."""
    disk.read(console.paths, console.env).account(args.account)
    return console.answer(console.remote.perform(lambda: RemoveAccount(args.account)))


def enable(console: Console, args: Any) -> int:
    """``trayapp providers enable``."""
    return _switch(console, args.account, enabled=True)


def disable(console: Console, args: Any) -> int:
    """``trayapp providers disable``: its list and its key stay where they are."""
    return _switch(console, args.account, enabled=False)


def key_words(place: str) -> str:
    """Where a key is, for people."""
    told = {
        "keyring": _("in the keyring"),
        "environment": _("from the environment"),
        "session": _("until trayapp ends"),
        "unneeded": _("not needed"),
        "missing": _("missing"),
    }
    return told[place]


def _switch(console: Console, provider: str, *, enabled: bool) -> int:
    disk.read(console.paths, console.env).account(provider)
    return console.answer(console.remote.perform(lambda: EnableAccount(provider, enabled)))


def _account(spec: ProviderSpec, args: Any, values: dict[str, str], found: disk.Disk) -> Account:
    """The account as asked for. Raises UserError for an id that is taken or an address that cannot be."""
    taken = [it.id for it in found.settings.accounts]
    provider = check_id(args.id) if args.id else new_id(spec.id, args.name or "", taken)
    if provider in taken:
        raise UserError(
            _("There is an account “{id}” already. Give this one another id with “--id”.").format(id=provider)
        )
    account = Account(
        provider,
        spec.id,
        name=args.name or "",
        base_url=args.base_url or "",
        values=values,
        key_from=KeyFrom(args.key_from or KeyFrom.KEYRING),
    )
    try:
        origin(base_url(spec, account))
    except UserError as exc:
        if missing := [it for it in spec.asks if not (values.get(it.name) or it.default or it.optional)]:
            needs = " ".join(f"--set {it.name}={it.example or it.name.upper()}" for it in missing)
            raise UserError(_("{name} needs more: {options}").format(name=spec.name, options=needs)) from exc
        if not (account.base_url or spec.base_url):
            raise UserError(_("{name} needs its address: --base-url URL").format(name=spec.name)) from exc
        raise
    return account


def _changed(account: Account, name: str, value: str) -> Account:
    """The account with one value set from text. Raises UserError with what else there is, or what it may be."""
    spec = disk.spec_of(account)
    asks = [it.name for it in spec.asks] if spec else []
    try:
        if name in ("name", "base_url"):
            words: dict[str, Any] = {name: value}
            return replace(account, **words)
        if name == "key_from":
            return replace(account, key_from=KeyFrom(value or KeyFrom.KEYRING))
        if name in asks:
            others = {ask: text for ask, text in account.values.items() if ask != name}
            return replace(account, values=others | ({name: value} if value else {}))
        return change_account(account, name, value)
    except KeyError:
        known = ["name", "base_url", "key_from", "ttl", "strategy", "timeouts", *asks]
        raise UserError(disk.unknown(_("An account has no “{name}”."), name, known)) from None
    except ValueError as exc:
        said = str(exc) if name != "key_from" else _("One of: {choices}.").format(choices=", ".join(KeyFrom))
        raise UserError(f"{name}: {said}") from exc


def _check_values(spec: ProviderSpec, values: dict[str, str]) -> None:
    known = [it.name for it in spec.asks]
    for name in values:
        if name in known:
            continue
        if known:
            raise UserError(
                _("{provider} asks for {names}, not for “{name}”.").format(
                    provider=spec.name, names=", ".join(known), name=name
                )
            )
        raise UserError(_("{provider} needs no values.").format(provider=spec.name))


def _known(console: Console, as_json: bool) -> int:
    specs = sorted(SPECS, key=lambda it: it.id)
    if as_json:
        console.json(
            [
                {
                    "id": it.id,
                    "name": it.name,
                    "local": it.local,
                    "base_url": it.base_url,
                    "key_required": it.key_required,
                    "key_env": it.key_env,
                    "keys_url": it.keys_url,
                    "asks": [
                        {"name": ask.name, "label": ask.label, "default": ask.default, "optional": ask.optional}
                        for ask in it.asks
                    ],
                }
                for it in specs
            ]
        )
        return DONE
    rows = [(_("PROVIDER"), _("NAME"), _("ASKS FOR"), _("KEYS"))]
    rows += [
        (
            it.id,
            it.name,
            ", ".join(f"[{ask.name}]" if ask.optional or ask.default else ask.name for ask in it.asks),
            it.keys_url or (_("on this computer") if it.local else ""),
        )
        for it in specs
    ]
    console.say(output.columns(rows, width=console.width, flexible=(1, 2)))
    return DONE


def _object(account: Account, listing: Listing, key: str, now: float) -> dict[str, Any]:
    known = listing.fetched_at > 0
    return {
        "id": account.id,
        "provider": account.spec,
        "name": disk.name_of(account),
        "enabled": account.enabled,
        "base_url": account.base_url or None,
        "values": account.values,
        "ttl": account.ttl,
        "strategy": account.strategy or None,
        "timeouts": account.timeouts or None,
        "key": key,
        "models": len(listing.models),
        "source": listing.source.value if listing.models else None,
        "age_seconds": round(listing.age(now), 1) if known else None,
        "failure": listing.failure.kind.value if listing.failure else None,
    }
