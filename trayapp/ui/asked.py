"""Asks of which account a model is that was stored by its name alone: in the menu, and in words."""

from __future__ import annotations

from collections.abc import Mapping

from trayapp.core.intents import OpenFinder
from trayapp.core.language import _, plural
from trayapp.core.listings import Listing
from trayapp.core.loose import candidates
from trayapp.ui.row import Row


def question(name: str, among: int) -> str:
    """What is to be done about it, without a stop; ``among``: so many accounts have it."""
    if not among:
        return _("No account in use lists “{model}”: choose a model").format(model=name)
    told = plural(
        "“{model}” is offered by {n} account: choose it", "“{model}” is offered by {n} accounts: choose one", among
    )
    return told.format(model=name)


def row(name: str, listings: Mapping[str, Listing]) -> Row:
    """The line in the menu that leads to the search for it. ``listings``: of the accounts in use."""
    among = {it.provider for it in candidates(name, listings)}
    return Row(f"{question(name, len(among))}…", OpenFinder(name))
