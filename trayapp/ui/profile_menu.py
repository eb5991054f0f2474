"""The submenu “Profile”: which one is in use, what changed since, and the others."""

from __future__ import annotations

from trayapp.core.intents import OpenSettings, UseProfile
from trayapp.core.language import _
from trayapp.core.profiles import changed, current
from trayapp.core.state import State
from trayapp.ui.row import Row, Submenu

KEY = "profile"
"""Of the submenu, among whatever else stands in the menu."""
GROUP = "profile"


def profile_menu(state: State) -> Submenu | None:
    """The submenu; None where there is no profile at all."""
    if not state.profiles:
        return None
    from trayapp.ui.form import PROFILES  # not before the icon

    used, label = current(state), in_use(state)
    made = [_row(label if it is used else it.name, it.name, it is used) for it in state.profiles]
    return Submenu(
        KEY,
        _("Profile: {name}").format(name=label) if used else _("Profile"),
        (*made, _row(_("No profile"), "", used is None), None, Row(_("Profiles…"), OpenSettings(PROFILES))),
    )


def in_use(state: State) -> str:
    """The name of the profile in use, and whether something else is chosen by now; empty: none is."""
    profile = current(state)
    if profile is None:
        return ""
    return _("{name} (changed)").format(name=profile.name) if changed(state) else profile.name


def _row(label: str, name: str, used: bool) -> Row:
    return Row(label, UseProfile(name), checked=used, checkable=True, group=GROUP)
