"""Builds every object once and joins them: the composition root."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from trayapp.app.keychain import Keychain, spec_of
from trayapp.app.root import App, replaced, without
from trayapp.app.timing import timing
from trayapp.catalog.cache import Shelf
from trayapp.catalog.service import Catalog
from trayapp.core.accounts import Account
from trayapp.core.clock import Clock, SystemClock
from trayapp.core.errors import ProviderError
from trayapp.core.listings import Listing
from trayapp.core.secret import Secret
from trayapp.system.keys import Keys
from trayapp.system.net import Net
from trayapp.system.paths import Paths
from trayapp.system.store import Store
from trayapp.ui import notices

if TYPE_CHECKING:
    from trayapp.app.fetching import Fetcher
    from trayapp.catalog.facts import Facts
    from trayapp.system.keyrings import Keyring
    from trayapp.system.login import Login


def build(
    paths: Paths, *, clock: Clock | None = None, env: Mapping[str, str] | None = None, keyring: Keyring | None = None
) -> App:
    """The program, read from the disk and ready to be shown. Opens no network and no keyring.

    What only later work needs is imported when that begins: the icon waits for all that stands here.
    ``keyring`` stands in for the system's.
    """
    clock = clock or SystemClock()
    env = os.environ if env is None else env
    store = Store(paths)
    loaded = store.load()
    app: App

    async def lost(slot: str, still: Callable[[], bool]) -> None:
        """Another key may have come while something else was being written."""
        await app.note(lambda state: replaced(state, keyed=without(state.keyed, slot)) if still() else state)

    keychain = Keychain(
        Keys(clock=clock, env=env, know=_know, backend=keyring),
        env,
        lambda: app.state.value.keyed,
        know=_know,
        lost=lost,
    )
    net = Net()

    @cache
    def facts() -> Facts:
        from trayapp.catalog.facts import Facts

        return Facts(paths.resources / "catalog.json", paths.data)

    @cache
    def login() -> Login:
        from trayapp.system.login import Login

        return Login(program(env))

    @cache
    def fetcher() -> Fetcher:
        from trayapp.app.fetching import Fetcher

        return Fetcher(
            net=net,
            keychain=keychain,
            facts=facts(),
            clock=clock,
            env=env,
            settings=lambda: app.settings.value,
            answered=answered,
        )

    async def answered(provider: str) -> None:
        if provider not in app.state.value.seen:
            await app.note(lambda state: replaced(state, seen=(*without(state.seen, provider), provider)))

    def embedded(account: Account) -> Listing | None:
        try:
            spec_of(account)
        except ProviderError:
            return None
        return facts().embedded(account)

    def first() -> tuple[str, ...]:
        from trayapp.catalog.refresher import precedence

        state = app.state.value
        return precedence(state.active, state.pinned, state.recent)

    catalog = Catalog(
        fetch=lambda account, held: fetcher()(account, held),
        shelf=Shelf(paths.listings),
        embedded=embedded,
        keyed=keychain.worth_asking,
        timing=lambda account: timing(app.settings.value, account),
        width=lambda: app.settings.value.max_in_flight,
        batch_deadline=lambda: float(app.settings.value.batch_timeout_seconds),
        fallback_on=lambda: app.settings.value.use_catalog_fallback,
        wait_for_new=lambda: app.settings.value.wait_for_new,
        priority=first,
        reachable=lambda account: app.reachable(account),
        tell=lambda sentence: app.tell(notices.set_aside((sentence,))),
        clock=clock,
    )
    app = App(
        paths=paths,
        loaded=loaded,
        store=store,
        catalog=catalog,
        keychain=keychain,
        facts=facts,
        net=net,
        login=login,
        clock=clock,
        env=env,
    )
    app.problems = problems = (*loaded.notices, *app.problems, *catalog.load(app.accounts))
    if not loaded.state.whole:
        from trayapp.app import unfinished

        app.state.publish(unfinished.settled(app, loaded.state))
        app.unwritten = app.state.value != loaded.state
    app.redraw()
    if problems:
        app.tell(notices.set_aside(problems))
    return app


def _know(secret: Secret) -> None:
    from trayapp.system import logs

    logs.know(secret)


def program(env: Mapping[str, str]) -> list[str]:
    """The command that starts this program again: what an entry for start at login runs."""
    if "TRAYAPP_PROGRAM" in env:  # set by whoever started us by another way, such as packaging/run.py
        return env["TRAYAPP_PROGRAM"].split("\n")
    if getattr(sys, "frozen", False):
        return [sys.executable]
    from trayapp.system.login_program import script

    installed = script()
    return [installed] if installed else [sys.executable, "-m", "trayapp"]
