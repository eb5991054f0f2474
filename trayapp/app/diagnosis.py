"""Looks the program over: keyring, files, servers of this computer, every account. Sends nothing anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from trayapp.app.keychain import spec_of
from trayapp.app.root import App, name_of
from trayapp.app.updating import seen
from trayapp.catalog.metrics import AccountStats, Stats
from trayapp.core.accounts import Account, KeyFrom
from trayapp.core.clock import SystemClock
from trayapp.core.errors import ProviderError, UserError
from trayapp.core.listings import Listing
from trayapp.core.topic import Topic
from trayapp.core.version import VERSION
from trayapp.providers.spec import base_url, loopback, origin
from trayapp.system.keys import KeyringState
from trayapp.system.paths import Paths
from trayapp.ui import figures
from trayapp.ui.figures import Overview
from trayapp.ui.findings import AccountSeen, FileTrouble, Machine, Seen

PATIENCE = 3.0
"""Seconds for the keyring to answer; a command waits for the whole check."""


class Doctor:
    """What the Diagnostics page and ``trayapp doctor`` are told. Changes nothing."""

    def __init__(self, app: App, *, running: bool) -> None:
        """``running``: this is the tray, and not a command that only reads its files."""
        self._app = app
        self._running = running

    async def look(self) -> Machine:
        """Everything besides the accounts: takes milliseconds, and three seconds where the keyring hangs."""
        app = self._app
        import platform

        from trayapp.system.checkup import look_over

        (keyring, reason), places, answering, editions = await asyncio.gather(
            self._keyring(),
            asyncio.to_thread(look_over, app.paths),
            self._listening(),
            asyncio.to_thread(lambda: app.facts().editions()),
        )
        return Machine(
            version=VERSION,
            system=f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
            home=str(Path.home()),
            running=self._running,
            tray=app.tray() if app.tray is not None else None,
            keyring=keyring.value,
            reason=reason,
            troubled=tuple(FileTrouble(it.path, it.trouble) for it in places.troubled),
            aside=places.aside,
            free=places.free,
            problems=app.problems,
            rules=await asyncio.to_thread(self._rules),
            overridden=tuple(app.forced.items()),
            shipped=editions.shipped,
            shipped_age=_age(editions.shipped, app.clock.now()),
            refreshed=tuple((it.name, it.day) for it in editions.refreshed),
            log=str(app.paths.log_file),
            updates=seen(app),
            listening=answering,
        )

    def seen(self, machine: Machine) -> Seen:
        """All of it, with the accounts as they are now."""
        return self._seen(machine, self._app.catalog.stats())

    def overview(self, machine: Machine | None) -> Overview:
        """The page's content now; without findings before the first look. Some 10 ms."""
        stats = self._app.catalog.stats()
        names = {it.id: name_of(it) for it in self._app.accounts}
        return figures.overview(stats, names, self._seen(machine, stats) if machine is not None else None)

    def report(self, machine: Machine) -> str:
        """All of it as text that may be shown to others."""
        from trayapp.system.logs import clean

        stats = self._app.catalog.stats()
        return clean(figures.report(stats, self._seen(machine, stats)))

    def listen(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Hear when something of it may have changed; the function given back ends that."""
        app = self._app
        topics: tuple[Topic[object], ...] = (  # type: ignore[assignment]
            app.catalog.changes,
            app.catalog.refreshing,
            app.settings,
            app.state,
            app.keyring,
        )
        leave = [topic.listen(lambda _value: changed()) for topic in topics]

        def end() -> None:
            for each in leave:
                each()

        return end

    def _seen(self, machine: Machine, stats: Stats) -> Seen:
        rows = {it.provider: it for it in stats.accounts}
        return Seen(machine, tuple(self._account(it, rows.get(it.id), machine) for it in self._app.accounts))

    def _account(self, account: Account, row: AccountStats | None, machine: Machine) -> AccountSeen:
        app = self._app
        row = row or AccountStats(provider=account.id)
        listing = app.catalog.listings.value.get(account.id, Listing(account.id))
        known, local, needed, problem, address = False, False, True, "", ""
        variables: tuple[str, ...] = ()
        try:
            spec = spec_of(account)
            known, local, needed, variables = True, spec.local, spec.key_required, spec.key_env
            address = origin(base_url(spec, account))
        except UserError as exc:
            problem = str(exc)
        except ProviderError:
            pass  # its provider is not in the table
        kept = app.keychain.kept(account)
        return AccountSeen(
            id=account.id,
            name=name_of(account),
            provider=account.spec,
            known=known,
            enabled=account.enabled,
            own=any(it.id == account.id for it in app.settings.value.accounts) or account.id in app.state.value.seen,
            local=local,
            key=kept or ("missing" if needed else "unneeded"),
            from_environment=account.key_from is KeyFrom.ENVIRONMENT,
            variable=app.keychain.variables().get(account.spec, " / ".join(variables)),
            problem=problem,
            address=address,
            answers=machine.listening.get(account.id),
            source=row.source,
            models=row.entries,
            age=row.age,
            failure=listing.failure,
            breaker=row.breaker,
            next_refresh=row.next_refresh,
        )

    def _rules(self) -> tuple[str, ...]:
        """Looked at only where there are any: the patterns bring a library of their own."""
        settings = self._app.settings.value
        if not settings.rules:
            return ()
        from trayapp.local.routing import problems
        from trayapp.ui.routes import complaints

        return complaints(problems(settings.rules, settings.roles, {it.id for it in self._app.accounts}))

    async def _keyring(self) -> tuple[KeyringState, str]:
        try:
            async with asyncio.timeout(PATIENCE):
                state = await self._app.keychain.look()
        except TimeoutError:
            state = KeyringState.NO_SERVICE
        return state, self._app.keychain.keys.reason

    async def _listening(self) -> dict[str, bool]:
        """Whether somebody is there, of the servers of this very computer: others are not knocked at."""
        from trayapp.system.checkup import listening

        doors = {}
        for account in self._app.accounts:
            try:
                url = base_url(spec_of(account), account)
                if account.enabled and spec_of(account).local and loopback(url):
                    doors[account.id] = urlsplit(origin(url))
            except (UserError, ProviderError):
                continue
        answers = await asyncio.gather(*(listening(it.hostname or "", it.port or 80) for it in doors.values()))
        return dict(zip(doors, answers, strict=True))


class _At(SystemClock):
    """The machine's clock, but for what is asked of it at one moment."""

    def __init__(self, now: float) -> None:
        self._now = now

    def now(self) -> float:
        return self._now


def without_tray(paths: Paths, *, env: Mapping[str, str], now: float) -> Seen:
    """What can be seen off the disk and of the keyring, where no tray runs."""

    async def look() -> Seen:
        app = at_rest(paths, env=env, now=now)
        try:
            doctor = Doctor(app, running=False)
            return doctor.seen(await doctor.look())
        finally:
            await app.close()

    return asyncio.run(look())


def at_rest(paths: Paths, *, env: Mapping[str, str], now: float) -> App:
    """The program as its files have it: nothing was asked yet, and nothing will be."""
    from trayapp.app.build import build

    app = build(paths, clock=_At(now), env=env)
    app.alone = True
    return app


def _age(day: str, now: float) -> float | None:
    from datetime import UTC, datetime

    try:
        return now - datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
