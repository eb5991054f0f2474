"""What begins once the icon is there: the door, a look at the keyring, and the first lists."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from trayapp.app.door import answer
from trayapp.app.keychain import spec_of
from trayapp.app.root import App
from trayapp.catalog.refresher import Refresher
from trayapp.core.accounts import IMPLICIT, Account
from trayapp.core.errors import ProviderError, UserError
from trayapp.providers.spec import base_url
from trayapp.system.instance import Claim

LOOK_AGAIN = 60.0
"""Seconds between two looks for a local server that never answered; only when a menu is opened."""


class Started:
    """The parts that run while the program runs; all of them wait, none of them polls."""

    def __init__(self, app: App, claim: Claim | None) -> None:
        self.app = app
        self._claim = claim
        self._looked = app.clock.monotonic()
        self.refresher = Refresher(
            app.catalog, accounts=self._kept_up, start=lambda work, name: app.tasks.start(work, name=name)
        )

    def begin(self) -> None:
        """Serve the command line, look at the keyring without opening it, ask for what is due."""
        app = self.app
        if self._claim is not None:
            app.tasks.start(self._claim.serve(partial(answer, app)), name="serve the command line")
        app.tasks.start(self._first(), name="first lists")
        app.settings.listen(lambda _settings: self.refresher.arm())

    def end(self) -> None:
        """Arm nothing more."""
        self.refresher.end()

    def menu_opened(self) -> None:
        """Ages in the menu are told anew, and a local server may have been started meanwhile."""
        app = self.app
        app.redraw()
        app.keychain.keys.drop_stale()
        now = app.clock.monotonic()
        unseen = tuple(it for it in app.accounts if it.enabled and self._unseen(it))
        if unseen and now - self._looked >= LOOK_AGAIN:
            self._looked = now
            app.tasks.start(app.catalog.refresh(unseen, force=True), name="look for local servers")

    def section_opened(self, provider: str) -> None:
        """Somebody looks at this list: an old one is asked for again."""
        self.refresher.opened(provider)

    def found(self) -> Mapping[str, str]:
        """Local servers that answered, by the id of their row, with their addresses."""
        made = {}
        for account in self.app.accounts:
            if account.spec in IMPLICIT and account.id in self.app.state.value.seen:
                try:
                    made[account.spec] = base_url(spec_of(account), account)
                except (UserError, ProviderError):
                    continue
        return made

    async def _first(self) -> None:
        app = self.app
        if app.state.value.keyed:
            await app.keychain.look()
        self.refresher.begin()
        unseen = tuple(it for it in app.accounts if it.enabled and self._unseen(it))
        if unseen:
            await app.catalog.refresh(unseen, force=True)

    def _unseen(self, account: Account) -> bool:
        """A server that nobody set up and that never answered: looked for, but not waited for."""
        own = any(it.id == account.id for it in self.app.settings.value.accounts)
        return account.spec in IMPLICIT and not own and account.id not in self.app.state.value.seen

    def _kept_up(self) -> tuple[Account, ...]:
        return tuple(it for it in self.app.accounts if it.enabled and not self._unseen(it))
