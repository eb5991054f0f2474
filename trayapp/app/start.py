"""What begins once the icon is there: the door, a look at the keyring, and the first lists."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from trayapp.app.door import answer
from trayapp.app.root import App
from trayapp.catalog.refresher import Refresher
from trayapp.core.accounts import Account
from trayapp.system.instance import Claim

LOOK_AGAIN = 60.0
"""Seconds between two looks for a local server that never answered; only when a menu is opened."""


class Started:
    """The parts that run while the program runs; all of them wait, none of them polls."""

    def __init__(self, app: App, claim: Claim | None) -> None:
        self.app = app
        self._claim = claim
        self._looked = app.clock.monotonic()

    def begin(self) -> None:
        """Serve the command line, look at the keyring without opening it, ask for what is due."""

    def end(self) -> None:
        """Arm nothing more."""

    def menu_opened(self) -> None:
        """Ages in the menu are told anew, and a local server may have been started meanwhile."""

    def section_opened(self, provider: str) -> None:
        """Somebody looks at this list: an old one is asked for again."""

    def found(self) -> Mapping[str, str]:
        """Local servers that answered, by the id of their row, with their addresses."""
        return {}


_ = (partial, answer, Refresher, Account)
