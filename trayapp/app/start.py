"""What begins once the icon is there: the door, a look at the keyring, and the first lists."""

from __future__ import annotations

from asyncio import TimerHandle, get_running_loop
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from trayapp.app.door import answer
from trayapp.app.keychain import spec_of
from trayapp.app.network import Network
from trayapp.app.root import App
from trayapp.catalog.refresher import Refresher
from trayapp.core.accounts import IMPLICIT, Account
from trayapp.core.errors import ProviderError, UserError
from trayapp.providers.spec import base_url, loopback
from trayapp.system import files, wake
from trayapp.system.instance import Claim
from trayapp.system.paths import Paths

if TYPE_CHECKING:
    import logging

    from trayapp.app.updating import Updating

UPDATES_AFTER = 300.0
"""Seconds after the start until newer versions of the program may be looked for."""
LOOK_AGAIN = 60.0
"""Seconds between two looks for a local server that never answered; only when a menu is opened."""


class Started:
    """The parts that run while the program runs; all of them wait, none of them polls."""

    def __init__(self, app: App, claim: Claim | None, *, watch: Callable[..., Awaitable[None]] = wake.watch) -> None:
        """``watch`` says what happens to the computer, as ``system.wake.watch`` does."""
        self.app = app
        self._claim = claim
        self._looked = app.clock.monotonic()
        self.network = Network(
            back=lambda: app.tasks.start(self._begin_anew(), name="after sleep, or in another network"),
            changed=self._network_changed,
            watch=watch,
        )
        self._updates_begin: TimerHandle | None = None
        self.updates: Updating | None = None
        """Looks for newer versions of the program; None in the first minutes, and where there is nobody to ask."""
        self.refresher = Refresher(
            app.catalog,
            accounts=self._kept_up,
            start=lambda work, name: app.tasks.start(work, name=name),
            online=lambda: self.network.online,
            metered=self._metered,
            local=on_this_computer,
        )

    def begin(self) -> None:
        """Serve the command line, look at the keyring without opening it, ask for what is due."""
        app = self.app
        app.reachable = self._reachable
        if self._claim is not None:
            app.tasks.start(self._claim.serve(partial(answer, app)), name="serve the command line")
        app.tasks.start(self._tidy(), name="remove what a killed program left")
        app.tasks.start(self.network.watch(), name="hear of sleep and network")
        app.tasks.start(self._first(), name="first lists")
        app.tasks.start(self._follow(), name="start at login by where the program is now")
        app.settings.listen(lambda _settings: self.refresher.arm())
        app.catalog.listings.listen(lambda _listings: self._look_for_accounts())
        app.state.listen(lambda _state: self._look_for_accounts())
        self._look_for_accounts()
        app.local.begin()
        app.gateway.begin()
        if app.release_address:
            self._updates_begin = get_running_loop().call_later(UPDATES_AFTER, self._begin_updates)

    def end(self) -> None:
        """Arm nothing more, and let no more tools in."""
        self.refresher.end()
        if self._updates_begin is not None:
            self._updates_begin.cancel()
        if self.updates is not None:
            self.updates.end()
        self.app.gateway.leave()

    def menu_opened(self) -> None:
        """Ages in the menu are told anew, and a local server may have been started meanwhile."""
        app = self.app
        app.redraw()
        app.keychain.keys.drop_stale()
        app.local.watched(True)
        app.gateway.looked_at()
        if app.asks_updates and app.release_address:
            app.tasks.start(self._asked(), name="the question about new versions was put")
        now = app.clock.monotonic()
        unseen = self._to_look_for()
        if unseen and now - self._looked >= LOOK_AGAIN:
            self._looked = now
            app.tasks.start(app.catalog.refresh(unseen, force=True), name="look for local servers")

    def menu_closed(self) -> None:
        """Nobody looks any more: what was only passed over is left alone."""
        self.app.local.watched(False)
        self.refresher.closed()

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

    async def _tidy(self) -> None:
        """Half-written files must not outlive the program that was killed at them by more than one start."""
        import asyncio

        paths = self.app.paths
        linked = paths.settings_file.resolve().parent  # it may lie in a repository of dotfiles
        for folder in {paths.config, linked, paths.data, paths.cache, paths.listings}:
            await asyncio.to_thread(files.sweep, folder)
        await asyncio.to_thread(_finished, paths)

    async def _follow(self) -> None:
        """An upgrade may have moved the program; without a tray there is another one that the login starts."""
        import asyncio

        if self.app.tray is None:
            return
        try:
            moved = await asyncio.to_thread(lambda: self.app.login().follow())
        except UserError as exc:
            _log().warning("start at login: %s", exc)
        else:
            if moved:
                _log().info("start at login names this program now: the one that it named has moved")

    async def _first(self) -> None:
        app = self.app
        if app.state.value.keyed:
            await app.keychain.look()
        await self.network.known()
        self.refresher.begin()
        unseen = self._to_look_for()
        if unseen:
            await app.catalog.refresh(unseen, force=True)

    def _begin_updates(self) -> None:
        """Imported only now: nobody waits for it."""
        from trayapp.app.updating import Updating

        network = self.network
        self.updates = Updating(self.app, allowed=lambda: network.online is not False and network.metered is not True)
        self.updates.begin()

    async def _asked(self) -> None:
        from trayapp.app.updating import asked

        await asked(self.app)

    def _network_changed(self) -> None:
        self.refresher.arm()
        self._arm_updates()

    def _arm_updates(self) -> None:
        if self.updates is not None:
            self.updates.arm()

    async def _begin_anew(self) -> None:
        """Connections are not what they were, and neither are the reasons to leave a provider alone."""
        await self.app.net.reset()
        self.app.local.woken()
        self.app.gateway.network_changed()
        self.refresher.woke()
        self._arm_updates()

    def _look_for_accounts(self) -> None:
        """Of models that were stored without theirs; seldom is there one."""
        if self.app.unwritten or not self.app.state.value.whole:
            from trayapp.app import unfinished

            unfinished.write_down(self.app)

    def _metered(self) -> bool | None:
        return self.network.metered and not self.app.settings.value.refresh_when_metered

    def _to_look_for(self) -> tuple[Account, ...]:
        """Local servers that never answered; those elsewhere only over a network that is there and costs nothing."""
        return tuple(it for it in self.app.accounts if it.enabled and self._unseen(it) and self._reachable(it))

    def _reachable(self, account: Account) -> bool:
        """It may be asked by itself: there is a network that costs nothing, or none is needed."""
        closed = self.network.online is False or self._metered() is True
        return not closed or on_this_computer(account)

    def _unseen(self, account: Account) -> bool:
        """A server that nobody set up and that never answered: looked for, but not waited for."""
        own = any(it.id == account.id for it in self.app.settings.value.accounts)
        return account.spec in IMPLICIT and not own and account.id not in self.app.state.value.seen

    def _kept_up(self) -> tuple[Account, ...]:
        return tuple(it for it in self.app.accounts if it.enabled and not self._unseen(it))


def _log() -> logging.Logger:
    import logging

    return logging.getLogger("trayapp")


def _finished(paths: Paths) -> None:
    """The figures of use have a journal where a program was killed at them, and few starts have to import for that."""
    if next(paths.data.glob("*-journal"), None) is None:
        return
    from trayapp.gateway.usage import FILE
    from trayapp.gateway.usage_file import UsageFile

    with suppress(UserError):  # told when figures are next written
        UsageFile(paths.data / FILE).finish()


def on_this_computer(account: Account) -> bool:
    """A server of this very computer, which needs no network."""
    try:
        spec = spec_of(account)
        return spec.local and loopback(base_url(spec, account))
    except (UserError, ProviderError):
        return False
