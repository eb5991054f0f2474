"""One line of a menu, and a submenu of such lines."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from trayapp.core.intents import Intent
from trayapp.core.models import ModelRef


class Row(Struct, frozen=True):
    """One entry of the menu. Without an intent it is a line of text."""

    label: str
    intent: Intent | None = None
    checked: bool = False
    checkable: bool = False
    enabled: bool = True
    group: str = ""
    """Of the checkable rows with the same one, at most one is checked, drawn as a radio button; empty: a check mark."""
    ref: ModelRef | None = None
    """The model that it stands for, whether it can be chosen or not."""
    hidden: bool = False
    """The user left this model out of lists; it is shown because they asked for those as well."""


class Submenu(Struct, frozen=True):
    """A menu in the menu; it is drawn when somebody opens it."""

    key: str
    """The same as long as it is the same thing, whatever it is called; no other in its menu has it."""
    title: str
    entries: tuple[Entry, ...] = ()


Entry: TypeAlias = Row | Submenu | None
"""A line, a submenu, a separator."""
