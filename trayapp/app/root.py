"""The running program without its face: its topics, their one writer, and what is drawn from them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from trayapp.app.gateway_host import GatewayHost
from trayapp.app.keychain import Keychain, spec_of
from trayapp.app.local_models import LocalModels
from trayapp.catalog.service import Catalog
from trayapp.core import version
from trayapp.core.accounts import Account, with_implicit
from trayapp.core.clock import Clock
from trayapp.core.errors import Failure, Kind, ProviderError, UserError
from trayapp.core.intents import Window
from trayapp.core.language import _
from trayapp.core.overrides import overlay
from trayapp.core.profiles import current, effective
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.core.topic import Topic
from trayapp.providers.local import addressed
from trayapp.system.net import Net
from trayapp.system.paths import Paths
from trayapp.system.store import Loaded, Store
from trayapp.system.tasks import Tasks
from trayapp.ui import notices, words
from trayapp.ui.menu import Shown, TrayView, tray_view
from trayapp.ui.notices import Notice

if TYPE_CHECKING:
    import logging

    from trayapp.catalog.facts import Facts
    from trayapp.system.login import Login
    from trayapp.ui.row import Row, Submenu

T = TypeVar("T")

REPORT_AGAIN = 3600.0
"""Seconds after which the same unexpected error is written to the log again."""
REPORTS = 100
"""Different unexpected errors that are told apart."""
TELL_AGAIN = 60.0
"""Seconds between two notifications about unexpected errors, whichever they are."""
SETTLE = 2.0
"""Seconds that lists have to reach the disk when the program ends."""


class App:
    """Holds what is known and remembered. Whoever changes it goes through ``perform.perform``.

    State and settings are replaced, never edited; the disk has the new value before a listener
    hears of it, and one change is made at a time.
    """

    def __init__(
        self,
        *,
        paths: Paths,
        loaded: Loaded,
        store: Store,
        catalog: Catalog,
        keychain: Keychain,
        facts: Callable[[], Facts],
        net: Net,
        login: Callable[[], Login],
        clock: Clock,
        env: Mapping[str, str],
    ) -> None:
        self.paths = paths
        self.store = store
        self.catalog = catalog
        self.keychain = keychain
        self.facts = facts
        self.net = net
        self.login = login
        self.clock = clock
        self.env = env
        overlaid = overlay(loaded.settings, env)
        self.stored = loaded.settings
        """The settings as the file has them: what is changed and saved."""
        self.forced = overlaid.names
        """The preferences that the environment sets above them, and by which variable."""
        self.settings: Topic[Settings] = Topic(overlaid.settings)
        """The settings that hold."""
        self.state: Topic[State] = Topic(loaded.state)
        self.keyring: Topic[str] = keychain.state
        self.notice: Topic[Notice | None] = Topic(None)
        self.window: Topic[Window | None] = Topic(None)
        self.view: Topic[TrayView] = Topic(TrayView())
        self.ask: Callable[[str], Awaitable[bool]] | None = None
        """Asks the user a question; set by whoever has a screen."""
        self.tray: Callable[[], bool] | None = None
        """Whether the icon has a place; set by whoever has a screen."""
        self.release_address = ""
        """Who is asked for newer versions; empty: nobody, and the user is not asked about it."""
        self.asks_updates = False
        """Whether the menu asks, in this run, if newer versions are to be looked for."""
        self.problems: tuple[str, ...] = (*overlaid.problems, *self._announcer(loaded.state))
        """What could not be used at the start, in sentences."""
        self.unwritten = False
        """The state holds what was found out at the start and is not on the disk yet."""
        self.alone = False
        """No tray: one thing is done, and nothing is begun that would outlive it."""
        self.reachable: Callable[[Account], bool] = lambda _account: True
        """Whether an account may be asked though nobody clicked for it; the network decides."""
        self.leaving = asyncio.Event()
        self.tasks = Tasks(self.report)
        self.local = LocalModels(self)
        """What is in the memory of the local servers, and for how long."""
        self.gateway = GatewayHost(self)
        """The server that tools are pointed at."""
        self._writing = asyncio.Lock()
        self._redraw_due = False
        self._reported: dict[str, tuple[float, int]] = {}
        """When each unexpected error was last written to the log, and how often it came since."""
        self._told_at = -TELL_AGAIN
        for topic in (
            self.settings,
            self.state,
            self.keyring,
            catalog.listings,
            catalog.refreshing,
            self.local.views,
            self.gateway.status,
            self.gateway.line,
        ):
            topic.listen(lambda _value: self._redraw_soon())

    # -- what there is ------------------------------------------------------------------------

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Every account, the local servers that nobody set up among them, each with its address.

        What the profile in use leaves out is switched off here, and as it was in the settings.
        """
        every = with_implicit(self.settings.value.accounts)
        return tuple(addressed(it, self.env) for it in effective(every, self.state.value))

    def account(self, provider: str) -> Account:
        """The account with this id. Raises ProviderError, "Provider … not found"."""
        for it in self.accounts:
            if it.id == provider:
                return it
        raise ProviderError(Failure(Kind.UNKNOWN_PROVIDER, provider))

    def name(self, provider: str) -> str:
        """What people call the account; its id where it is not known."""
        return next((name_of(it) for it in self.accounts if it.id == provider), provider)

    # -- changes, one at a time -----------------------------------------------------------------

    async def remember(self, change: Callable[[State], State], *, again: bool = False) -> State:
        """Write and publish a changed state. Raises ProviderError(DISK) and then changes nothing.

        ``again``: write it even unchanged, because another process may have written its own.
        """
        async with self._writing:
            state = change(self.state.value)
            if again or state != self.state.value:
                await _written(self.store.save_state, state, self.state.publish)
            return state

    async def prefer(self, change: Callable[[Settings], Settings]) -> Settings:
        """Write changed settings, and publish them with what the environment says. Raises as ``remember`` does.

        ``change`` gets and gives what is stored: what only the environment says is never written.
        """
        async with self._writing:
            stored = change(self.stored)
            if stored != self.stored:
                await _written(self.store.save_settings, stored, self._preferred)
            return stored

    async def note(self, change: Callable[[State], State], *, again: bool = False) -> None:
        """Remember what nobody asked for: where it cannot be written, the log says so, and nobody is bothered.

        Without a tray the file is changed as it stands then: others may have written it since we read it.
        """
        try:
            if self.alone:
                await asyncio.to_thread(self._note_alone, change)
            else:
                await self.remember(change, again=again)
        except (ProviderError, UserError) as exc:
            _log().warning("not remembered: %s", exc)

    def _note_alone(self, change: Callable[[State], State]) -> None:
        """In our turn; where a tray runs, or another command is at work, it is found out again some other time."""
        from trayapp.system import instance

        try:
            with instance.write_lock(self.paths.runtime, timeout=0.0):
                store = Store(self.paths)
                before = store.load().state
                if change(before) != before:
                    store.save_state(change(before))
        except OSError as exc:
            _log().info("not remembered: %s", exc)

    def _preferred(self, stored: Settings) -> None:
        self.stored = stored
        self.settings.publish(overlay(stored, self.env).settings)
        self.catalog.set_accounts(self.accounts)

    def tell(self, notice: Notice) -> None:
        """Notify the user, if wanted."""
        if notices.wanted(notice, self.settings.value):
            self.notice.publish(notice)

    def report(self, task: str, exc: BaseException) -> None:
        """Something that nobody expected: to the log, and one notification in words.

        The same again within the hour is only counted: what fails every second would fill log and screen.
        """
        now, mark = self.clock.monotonic(), _mark(exc)
        since, more = self._reported.get(mark, (now - REPORT_AGAIN, 0))
        if now - since < REPORT_AGAIN:
            self._reported[mark] = (since, more + 1)
            return
        if len(self._reported) >= REPORTS:
            self._reported.clear()
        self._reported[mark] = (now, 0)
        again = f", and {more} times more since it was last written here" if more else ""
        _log().error("unexpected in %s%s", task, again, exc_info=exc)
        if now - self._told_at >= TELL_AGAIN:
            self._told_at = now
            self.tell(notices.unexpected())

    def behind(self, work: Coroutine[Any, Any, object], *, name: str) -> None:
        """Go on with this while the user gets an answer; without a tray there is no later."""
        if self.alone:
            work.close()
        else:
            self.tasks.start(work, name=name)

    # -- what is drawn --------------------------------------------------------------------------

    def redraw(self) -> None:
        """Compute what the tray shows now; listeners hear of it only when it differs."""
        self._redraw_due = False
        view = tray_view(
            tuple(shown(it) for it in self.accounts),
            settings=self.settings.value,
            state=self.state.value,
            listings=self.catalog.listings.value,
            now=self.clock.now(),
            refreshing=self.catalog.refreshing.value,
            keyring=self.keyring.value,
            local=self.local.views.value,
            load_seconds=self.local.load_seconds,
            gateway=self.gateway.status.value,
            today=self.gateway.line.value,
            update=self._update(),
        )
        if view != self.view.value:
            self.view.publish(view)

    def _announcer(self, state: State) -> tuple[str, ...]:
        """Who announces newer versions, and whether to ask about that; gives what is wrong with the address.

        Where there is nobody, nothing is imported for it.
        """
        if not (version.RELEASES or self.env.get(version.RELEASES_VARIABLE)):
            return ()
        from trayapp.core import releases

        self.release_address, problem = releases.address(self.env)
        self.asks_updates = releases.asks(state, self.forced)
        return (problem,) if problem else ()

    def _update(self) -> Row | Submenu | None:
        """What the menu says of newer versions."""
        self.asks_updates = self.asks_updates and not self.settings.value.update_notice  # who has it on has answered
        if not self.release_address or not (self.asks_updates or self.state.value.looked):
            return None
        from trayapp.ui.releases import entry

        return entry(self.state.value.looked, self.release_address, ask=self.asks_updates)

    def _redraw_soon(self) -> None:
        """Many changes in one turn of the loop are drawn once."""
        if self._redraw_due:
            return
        try:
            asyncio.get_running_loop().call_soon(self.redraw)
            self._redraw_due = True
        except RuntimeError:
            self.redraw()

    # -- the end ----------------------------------------------------------------------------------

    async def close(self) -> None:
        """Let go of everything, tidily and within a few seconds."""
        await self.gateway.end()  # answers that are under way may need all the others
        await self.local.end()
        await self.tasks.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.catalog.close(), SETTLE)  # who still asks needs the network for that
        await self.net.close()
        self.keychain.close()


async def _written(save: Callable[[T], None], value: T, publish: Callable[[T], None]) -> None:
    """Save in a thread, then publish. Both or neither: who asked may give up, but a thread cannot be stopped."""
    saving = asyncio.ensure_future(asyncio.to_thread(save, value))
    try:
        await asyncio.shield(saving)
    finally:
        if not saving.done():
            await asyncio.wait((saving,))
        if not saving.cancelled() and saving.exception() is None:
            publish(value)


def _log() -> logging.Logger:
    import logging

    return logging.getLogger("trayapp")


def _mark(exc: BaseException) -> str:
    """The same for the same mistake: what was raised, and where."""
    trace, where = exc.__traceback__, str(exc)[:200]
    while trace is not None:
        where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(exc).__name__} {where}"


def name_of(account: Account) -> str:
    """The account's own name, else its provider's; an id where even that is unknown."""
    if account.name:
        return account.name
    try:
        return spec_of(account).name
    except ProviderError:
        return account.id


def shown(account: Account) -> Shown:
    """The account as the menu needs it."""
    try:
        local = spec_of(account).local
    except ProviderError:
        local = False
    return Shown(account, name_of(account), local)


def words_for(app: App, failure: Failure) -> str:
    """A failure in a sentence, with the account's name in it."""
    return words.sentence(failure, app.name(failure.provider) if failure.provider else "")


def switched_off(app: App, account: Account) -> str:
    """Why an account is not in use, and what to do, in a sentence."""
    profile = current(app.state.value)
    own = {it.id: it for it in with_implicit(app.settings.value.accounts)}
    if profile is not None and own[account.id].enabled:
        told = _("The profile “{profile}” leaves {name} out. Use another profile, or none.")
        return told.format(profile=profile.name, name=app.name(account.id))
    return _("{name} is switched off. Switch it on first.").format(name=app.name(account.id))


def replaced(state: State, **changes: Any) -> State:
    """The state with these fields changed."""
    return msgspec.structs.replace(state, **changes)


def without(names: tuple[str, ...], *gone: str) -> tuple[str, ...]:
    """The names in their order, these left out."""
    return tuple(it for it in names if it not in gone)
