"""The commands about the catalogue of facts: how old it is, and asking for newer ones."""

from __future__ import annotations

from typing import Any

from trayapp.cli import output
from trayapp.cli.codes import DONE
from trayapp.cli.console import Console
from trayapp.core.language import _


def update(console: Console, args: Any) -> int:
    """``trayapp catalog update``: asks models.dev and OpenRouter; code 1 where one of them gave nothing."""
    from trayapp.core.intents import UpdateCatalog

    return console.answer(console.remote.perform(UpdateCatalog))


def status(console: Console, args: Any) -> int:
    """``trayapp catalog status``: the date of the shipped facts, and of each source refreshed since."""
    from trayapp.catalog.facts import Facts

    found = Facts(console.paths.resources / "catalog.json", console.paths.data).editions()
    if args.json:
        import msgspec

        console.json(msgspec.to_builtins(found))
        return DONE
    rows = [(_("SOURCE"), _("EDITION"), _("OF"))]
    rows += [(_("shipped: {name}").format(name=it.name), it.version, it.day) for it in found.sources]
    rows += [(_("refreshed: {name}").format(name=it.name), "", it.day) for it in found.refreshed]
    if found.shipped:
        console.say(_("The shipped catalogue is of {day}.").format(day=found.shipped))
    else:
        console.complain(_("The shipped catalogue is missing or cannot be read. Install trayapp again."))
    if not found.refreshed:
        console.say(_("It was not refreshed since. “trayapp catalog update” asks for newer facts."))
    if rows[1:]:
        console.say(output.columns(rows, width=console.width, flexible=(0,)))
    return DONE
