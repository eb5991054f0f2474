"""The commands about profiles: list them, use one, save what is in use as one, forget one."""

from __future__ import annotations

from typing import Any

from trayapp.cli import disk, output
from trayapp.cli.codes import DONE, USAGE
from trayapp.cli.console import Console
from trayapp.core import profiles
from trayapp.core.errors import UserError
from trayapp.core.intents import RemoveProfile, SaveProfile, UseProfile, WireIntent
from trayapp.core.language import _
from trayapp.core.models import ModelRef
from trayapp.core.profiles import Profile

OFF = "off"


def show(console: Console, args: Any) -> int:
    """``trayapp profile``: each with what it holds; the one in use is marked."""
    found = disk.read(console.paths, console.env)
    for notice in found.notices:
        console.complain(notice)
    current = profiles.current(found.state)
    changed = profiles.changed(found.state)
    if args.json:
        console.json([_object(it, it is current, changed) for it in found.state.profiles])
        return DONE
    if not found.state.profiles:
        console.say(_("There are no profiles yet. “trayapp profile save NAME” saves what is in use now as one."))
        return DONE
    rows = [("", _("NAME"), _("MODEL"), _("ACCOUNTS"), _("LOCAL MODELS"), "")]
    in_use = _("in use, something else chosen since") if changed else _("in use")
    rows += [
        (
            "●" if it is current else "",
            it.name,
            str(it.active) if it.active else _("as chosen"),
            _("all") if it.accounts is None else ", ".join(it.accounts),
            it.strategy or OFF,
            in_use if it is current else "",
        )
        for it in found.state.profiles
    ]
    console.say(output.columns(rows, width=console.width, flexible=(2, 3)))
    return DONE


def use(console: Console, args: Any) -> int:
    """``trayapp profile use NAME`` or ``--none``."""
    if bool(args.name) == args.none:
        console.complain(_("Say which profile, or “--none” for none."))
        return USAGE
    return none(console, args) if args.none else console.answer(console.remote.perform(lambda: UseProfile(args.name)))


def none(console: Console, args: Any) -> int:
    """``trayapp profile none``."""
    return console.answer(console.remote.perform(lambda: UseProfile("")))


def save(console: Console, args: Any) -> int:
    """``trayapp profile save NAME``: what is not said is as it is now."""
    if (args.model and args.no_model) or (args.accounts is not None and args.all_accounts):
        console.complain(_("“--model” and “--no-model” exclude each other, and so do the two about accounts."))
        return USAGE
    model = _meant(console, args) if args.model else None

    def intent() -> WireIntent:
        found = disk.read(console.paths, console.env)
        state, current = found.state, profiles.current(found.state)
        active = None if args.no_model else model or state.active
        accounts = current.accounts if current is not None else None
        if args.all_accounts:
            accounts = None
        elif args.accounts is not None:
            accounts = tuple(found.account(it.strip()).id for it in args.accounts.split(",") if it.strip())
        strategy = state.strategy if args.strategy is None else args.strategy
        return SaveProfile(Profile(args.name, active, accounts, None if strategy == OFF else strategy))

    return console.answer(console.remote.perform(intent))


def remove(console: Console, args: Any) -> int:
    """``trayapp profile remove NAME``."""
    return console.answer(console.remote.perform(lambda: RemoveProfile(args.name)))


def _meant(console: Console, args: Any) -> ModelRef:
    """The model that was named, of any account that is switched on: another profile may be in use now."""
    from trayapp.cli.choice import meant

    found = disk.read(console.paths, console.env)
    accounts = [it for it in found.accounts if it.enabled]
    if args.accounts is not None:
        inside = {it.strip() for it in args.accounts.split(",")}
        accounts = [it for it in accounts if it.id in inside]
        if not accounts:
            raise UserError(_("None of these accounts is there and switched on: {names}.").format(names=args.accounts))
    listings, _notices = disk.listings(found, console.paths, accounts, now=console.now, env=console.env)
    return meant(args.model, listings, forcible=False)


def _object(profile: Profile, in_use: bool, changed: bool) -> dict[str, Any]:
    active = profile.active
    return {
        "name": profile.name,
        "provider": active.provider if active else None,
        "model": active.model if active else None,
        "accounts": profile.accounts,
        "strategy": profile.strategy,
        "in_use": in_use,
        "changed": in_use and changed,
    }
