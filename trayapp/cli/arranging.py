"""The commands about how the menu is arranged: models pinned and hidden, the order of the accounts."""

from __future__ import annotations

from typing import Any

from trayapp.cli import disk
from trayapp.cli.codes import USAGE
from trayapp.cli.console import Console
from trayapp.core.intents import Hide, OrderAccounts, Pin
from trayapp.core.language import _
from trayapp.core.models import ModelRef


def pin(console: Console, args: Any) -> int:
    """``trayapp pin MODEL``: on top of the menu, or no longer with ``--off``."""
    found = disk.read(console.paths, console.env)
    ref = _meant(console, found, args.model, found.state.pinned if args.off else ())
    return console.answer(console.remote.perform(lambda: Pin(ref, not args.off)))


def hide(console: Console, args: Any) -> int:
    """``trayapp hide MODEL``: left out of lists, or shown again with ``--off``; ``--none`` shows all again."""
    if bool(args.model) == args.none or (args.off and args.none):
        console.complain(_("Say which model, or “--none” to hide none any more."))
        return USAGE
    if args.none:
        return console.answer(console.remote.perform(lambda: Hide(None)))
    found = disk.read(console.paths, console.env)
    ref = _meant(console, found, args.model, found.state.hidden if args.off else ())
    return console.answer(console.remote.perform(lambda: Hide(ref, not args.off)))


def order(console: Console, args: Any) -> int:
    """``trayapp providers order ID…``: the others follow as they are."""
    found = disk.read(console.paths, console.env)
    ids = tuple(found.account(it).id for it in args.account)
    return console.answer(console.remote.perform(lambda: OrderAccounts(ids)))


def _meant(console: Console, found: disk.Disk, text: str, there: tuple[ModelRef, ...]) -> ModelRef:
    """The model that was named; one of ``there`` may be listed no longer. Raises UserError with the candidates."""
    from trayapp.cli.choice import meant

    known = [it for it in there if text.strip() in (str(it), it.model)]
    if len(known) == 1:
        return known[0]
    accounts = [it for it in found.accounts if it.enabled]
    listings, _notices = disk.listings(found, console.paths, accounts, now=console.now, env=console.env)
    return meant(text, listings, forcible=False)
