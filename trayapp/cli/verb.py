"""What a command is made of: its words, its arguments, an example, and who does it."""

from __future__ import annotations

from typing import NamedTuple

from trayapp.core.language import N_


class Argument(NamedTuple):
    """One option (``--json``) or one word in its place (``account``)."""

    name: str
    help: str
    kind: str = ""
    """What stands there, for completion: account, accounts, spec, model, profile, setting, value, file and others
    of ``names``, or text for anything. An option without a kind is a switch."""
    metavar: str = ""
    repeated: bool = False
    choices: tuple[str, ...] = ()
    bare: bool = False
    """The option may stand without its value."""

    @property
    def option(self) -> bool:
        return self.name.startswith("-")


class Verb(NamedTuple):
    """One command: its words, and where the function is that does it, as ``module.function`` of this package."""

    words: tuple[str, ...]
    help: str
    run: str
    arguments: tuple[Argument, ...] = ()
    example: str = ""
    """A line or two as they are typed."""


class Group(NamedTuple):
    """Commands about the same, under one heading of the help page and of the manual."""

    title: str
    verbs: tuple[Verb, ...]


JSON = Argument("--json", N_("print JSON"))
ACCOUNT = Argument("account", N_("id of the account, as “trayapp providers” shows it"), "account", "ID")
STRATEGIES = ("ram", "ssd", "none", "off")
