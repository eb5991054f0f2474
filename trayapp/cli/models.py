"""The commands about models: list them, say which is chosen, choose one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trayapp.cli import disk, output
from trayapp.cli.codes import DONE, FAILED
from trayapp.cli.console import Console
from trayapp.core.accounts import Account
from trayapp.core.errors import UserError
from trayapp.core.language import _
from trayapp.core.listings import Listing
from trayapp.core.models import Capability, Model, Use
from trayapp.core.state import State


def models(console: Console, args: Any) -> int:
    """``trayapp models``: every account's models, sorted by account id, then model id."""
    found = disk.read(console.paths, console.env)
    code = DONE
    if args.refresh:
        code = _refreshed(console, args.provider, found)
        found = disk.read(console.paths, console.env)
    accounts = _wanted(found, args.provider)
    now = console.now
    listings, notices = disk.listings(found, console.paths, accounts, now=now, env=console.env)
    for notice in (*found.notices, *notices):
        console.complain(notice)
    shown = _shown(args, found)
    rows = sorted(
        ((model, listing) for listing in listings.values() for model in listing.models if shown(model)),
        key=lambda row: row[0].ref,
    )
    if args.porcelain:
        console.machine("".join(f"{output.porcelain(it, listing.source.value)}\n" for it, listing in rows))
    elif args.json:
        names = {it.id: disk.name_of(it) for it in accounts}
        console.json([_object(it, listing, names, now, found.state) for it, listing in rows])
    elif not rows and (args.pinned or args.hidden):
        console.complain(_("No model is pinned.") if args.pinned else _("No model is hidden."))
    else:
        _for_people(console, found, rows, listings, accounts)
    return code


def _shown(args: Any, found: disk.Disk) -> Callable[[Model], bool]:
    """Which models are printed: those of the menu, or those that were asked for."""
    pinned, hidden = frozenset(found.state.pinned), frozenset(found.state.hidden)
    if args.pinned or args.hidden:
        asked = (pinned if args.pinned else frozenset()) | (hidden if args.hidden else frozenset())
        return lambda model: model.ref in asked
    if args.all:
        return lambda _model: True
    every = found.settings.show_non_chat
    return lambda model: model.ref not in hidden and (every or model.use is Use.CHAT)


def current(console: Console, args: Any) -> int:
    """``trayapp current``: the choice as ``provider/model``; code 1 where nothing is chosen yet, or half a choice."""
    found = disk.read(console.paths, console.env)
    active = found.state.active
    if active is None:
        if args.json:
            console.json(None)
        console.complain(_("No model is chosen yet. “trayapp use PROVIDER/MODEL” chooses one."))
        return FAILED
    if not active.provider:
        return _unclear(console, found, as_json=args.json)
    if not args.json:
        console.say(output.clean(str(active)))
        return DONE
    accounts = [it for it in found.accounts if it.id == active.provider]
    listings, _notices = disk.listings(found, console.paths, accounts, now=console.now, env=console.env)
    listed = [it for listing in listings.values() for it in listing.models if it.ref == active]
    console.json(
        {
            "provider": active.provider,
            "provider_name": disk.name_of(accounts[0]) if accounts else None,
            "model": active.model,
            "name": (listed[0].name or None) if listed else None,
            "listed": bool(listed),
        }
    )
    return DONE


def _unclear(console: Console, found: disk.Disk, *, as_json: bool) -> int:
    """The choice was stored by the model's name alone, which does not say of which account it is."""
    from trayapp.cli.unfinished import asked

    told, refs = asked(found, console.paths, console.env)
    if as_json:
        name = found.state.active.model if found.state.active else None
        console.json({"provider": None, "model": name, "candidates": [str(it) for it in refs]})
    console.complain(told)
    return FAILED


def use(console: Console, args: Any) -> int:
    """``trayapp use``: provider and model as one value, so that nobody sees half of it."""
    from trayapp.cli.choice import meant
    from trayapp.cli.remote import chosen

    found = disk.read(console.paths, console.env)
    for notice in found.notices:
        console.complain(notice)
    listings, _notices = disk.listings(found, console.paths, found.in_use, now=console.now, env=console.env)
    ref = meant(args.model, listings, unlisted=args.unlisted)
    return console.answer(console.remote.perform(lambda: chosen(ref)))


def _wanted(found: disk.Disk, asked: list[str] | None) -> list[Account]:
    """The accounts in use, or those asked for by their id or by their provider's."""
    enabled = list(found.in_use)
    if not asked:
        return enabled
    wanted = []
    for name in asked:
        fits = [it for it in enabled if it.id == name] or [it for it in enabled if it.spec == name]
        if not fits:
            account = found.account(name)  # says what there is when there is none
            told = _("“{id}” is switched off. “trayapp providers enable {id}” switches it on.")
            if account.enabled:
                told = _("“{id}” is not in use with the profile “{name}”. “trayapp profile none” ends that.")
            raise UserError(told.format(id=account.id, name=found.state.profile))
        wanted += [it for it in fits if it not in wanted]
    return wanted


def _refreshed(console: Console, asked: list[str] | None, found: disk.Disk) -> int:
    """Have the lists asked for; what went wrong is said, and the lists that are there are shown all the same."""
    from trayapp.core.intents import Refresh

    code = DONE
    for provider in [it.id for it in _wanted(found, asked)] if asked else [None]:
        reply = console.remote.perform(lambda provider=provider: Refresh(provider), writes=False)  # type: ignore[misc]
        if not reply.ok:
            console.complain(reply.text)
            code = FAILED
    return code


def _for_people(
    console: Console,
    found: disk.Disk,
    rows: list[tuple[Model, Listing]],
    listings: dict[str, Listing],
    accounts: list[Account],
) -> None:
    from trayapp.ui import words

    if not rows:
        console.complain(_nothing(accounts, listings))
        return
    states = {it.provider: words.state(it, console.now) for it in listings.values()}
    table = [(_("PROVIDER"), _("MODEL"), _("NAME"), _("CONTEXT"), _("PRICE"), "", _("LIST"))]
    for model, listing in rows:
        marks = [
            _("chosen") if model.ref == found.state.active else "",
            _("pinned") if model.ref in found.state.pinned else "",
            _("hidden") if model.ref in found.state.hidden else "",
            _("tools") if model.can(Capability.TOOLS) else "",
        ]
        table.append(
            (
                model.ref.provider,
                model.ref.model,
                "" if model.name == model.ref.model else model.name,
                "" if model.context is None else words.tokens(model.context),
                "" if model.price is None else words.price(model.price),
                " ".join(filter(None, marks)),
                states[listing.provider],
            )
        )
    console.say(output.columns(table, width=console.width, flexible=(1, 2, 6)))


def _nothing(accounts: list[Account], listings: dict[str, Listing]) -> str:
    if not any(it.id in listings and not disk.local(it) for it in accounts):
        return _("No provider is set up yet. “trayapp providers --known” shows which there are.")
    return _("There is no list of models yet. “trayapp refresh” asks the providers.")


def _object(model: Model, listing: Listing, names: dict[str, str], now: float, state: State) -> dict[str, Any]:
    price = model.price
    known = listing.fetched_at > 0
    return {
        "provider": model.ref.provider,
        "provider_name": names.get(model.ref.provider, model.ref.provider),
        "model": model.ref.model,
        "name": model.name or None,
        "use": model.use.value,
        "context": model.context,
        "max_output": model.max_output,
        "input_price": price.input if price else None,
        "output_price": price.output if price else None,
        "tools": model.can(Capability.TOOLS),
        "reasoning": model.can(Capability.REASONING),
        "vision": model.can(Capability.VISION),
        "released": model.released,
        "deprecated": model.deprecated is not None,
        "about": model.about,
        "source": listing.source.value,
        "age_seconds": round(listing.age(now), 1) if known else None,
        "failure": listing.failure.kind.value if listing.failure else None,
        "pinned": model.ref in state.pinned,
        "hidden": model.ref in state.hidden,
    }
