"""Newer versions of the program, in words: the line in the menu, the one question about it, and how things stand."""

from __future__ import annotations

from trayapp.core import releases
from trayapp.core.intents import ShowRelease, SwitchUpdates
from trayapp.core.language import _
from trayapp.core.releases import Updates
from trayapp.core.state import Looked
from trayapp.core.version import VERSION
from trayapp.ui import words
from trayapp.ui.row import Row, Submenu

KEY = "updates"
"""Of the question, among whatever else stands in the menu."""


def entry(looked: Looked | None, address: str, *, ask: bool) -> Row | Submenu | None:
    """What the menu says of it: a version that is out, until its page was opened; else the question, where it is due.

    Nothing at all where there is nobody to ask.
    """
    if not address:
        return None
    found = releases.known(looked, address)
    if found is not None and looked is not None and looked.told != found.version:
        return Row(_("trayapp {version} is out – what is new…").format(version=found.version), ShowRelease())
    return _question(address) if ask else None


def _question(address: str) -> Submenu:
    return Submenu(
        KEY,
        _("Look for new versions once a day?"),
        (
            Row(_("Yes, once a day"), SwitchUpdates(True)),
            Row(_("No, and do not ask again"), SwitchUpdates(False)),
            None,
            Row(_("It asks {host}, and downloads nothing.").format(host=releases.host(address)), enabled=False),
            Row(_("Sends nothing but the request itself:"), enabled=False),
            Row(_("the server sees your address on the network."), enabled=False),
        ),
    )


def standing(it: Updates) -> str:
    """How things stand, in a sentence or two."""
    if not it.host:
        return _("This build of trayapp has no address to ask for new versions.")
    if it.age is None:
        told = _("Nobody was asked for new versions yet.")
    elif it.failed:
        told = _("{host} was asked for new versions {when} and said nothing usable.")
    else:
        told = _("{host} was asked for new versions {when}.")
    told = told.format(host=it.host, when=words.age(it.age or 0.0))
    if it.newest:
        return " ".join((_("trayapp {version} is out; this is {own}.").format(version=it.newest, own=VERSION), told))
    if it.age is None or it.failed:
        return told
    return " ".join((_("This is the newest version, {version}.").format(version=VERSION), told))
