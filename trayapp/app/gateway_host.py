"""Switches the gateway on and off as the settings say, and tells how it stands.

Nothing of it is imported before it is switched on for the first time, and it never moves to another port by itself:
tools remember the port, and would talk to whoever holds it. Where the port is taken, it is tried again every minute
without a word, for programs end, and at once when the user switches the gateway on again.
"""

from __future__ import annotations

import asyncio
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING

from trayapp.core.errors import Kind, ProviderError, UserError
from trayapp.core.language import _
from trayapp.core.topic import Topic
from trayapp.gateway.status import GatewayState, Status
from trayapp.ui.notices import Notice, Subject

if TYPE_CHECKING:
    from trayapp.app.gateway_tokens import Tokens
    from trayapp.app.gateway_works import Works
    from trayapp.app.root import App
    from trayapp.gateway.guard import Gate
    from trayapp.gateway.server import Listener
    from trayapp.gateway.usage import Totals

AGAIN = 60.0
"""Seconds until a port that was taken is tried again."""
_OFF = None


class GatewayHost:
    """The listener's owner. Everything here belongs to the main loop."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.status: Topic[Status] = Topic(Status())
        self.line: Topic[str] = Topic("")
        """What was used today, in a line for the menu; empty until somebody has looked."""
        self._works: Works | None = None
        self._listener: Listener | None = None
        self._port: int | None = _OFF
        """The port that was last tried, with or without success."""
        self._untried = False
        """It is to be tried once more, though nothing has changed."""
        self._begun = False
        self._asked = False
        """Whoever switches it on now has just said so: only then may the keyring ask for its password."""
        self._settling: asyncio.Task[None] | None = None
        self._waiting: asyncio.Task[None] | None = None
        self._leaving: dict[int, asyncio.Task[None]] = {}
        """Listeners that take no more callers and let answers finish, by their port."""

    # -- life -----------------------------------------------------------------------------------

    def begin(self) -> None:
        """From now on it follows the settings."""
        app = self._app
        self._begun = True
        self._asked = not app.settings.value.gateway
        app.settings.listen(lambda _settings: self._changed())
        app.state.listen(lambda _state: self._changed())
        app.catalog.listings.listen(lambda _listings: self._rewrite())
        app.keyring.listen(lambda _state: self._opened())
        self._follow()

    def retry(self) -> None:
        """The user switches it on once more: a port that was taken is tried again at once."""
        if self.status.value.state is GatewayState.FAILED:
            self._untried = True
            self._follow()

    async def settled(self) -> None:
        """Return when what the settings say has been carried out, or could not be."""
        while self._settling is not None:
            await asyncio.wait({self._settling})

    def leave(self) -> None:
        """Take no more callers: the port is free for whoever starts next, while answers are finished."""
        self._begun = False
        for task in (self._waiting, self._settling):
            if task is not None:
                task.cancel()
        self._leave()

    async def end(self) -> None:
        """Let answers finish for the time that the settings give them, and write the figures down."""
        self.leave()
        if self._settling is not None:
            await asyncio.wait({self._settling})
            self._leave()
        if self._leaving:
            await asyncio.wait(set(self._leaving.values()))
        if self._works is not None:
            await self._works.close()

    @cached_property
    def tokens(self) -> Tokens:
        """Who may use it."""
        from trayapp.app.gateway_tokens import Tokens

        return Tokens(self._app)

    # -- what others ask --------------------------------------------------------------------------

    def rules_changed(self) -> None:
        """Tokens, origins or open paths are others: they hold from the next request on."""
        if self._listener is not None:
            self._listener.set_gate(self._gate(0))

    def network_changed(self) -> None:
        """The computer woke up, or is in another network: connections and proxies are not what they were."""
        if self._works is not None:
            self._works.network_changed()

    async def today(self) -> Totals | None:
        """The sums of this day; None where they cannot be read."""

        def read() -> Totals:
            from trayapp.gateway.usage import FILE
            from trayapp.gateway.usage_file import UsageFile

            return UsageFile(self._app.paths.data / FILE, self._app.clock.now).today()

        try:
            return await asyncio.to_thread(read)
        except UserError:
            return None

    def looked_at(self) -> None:
        """Somebody opened the menu: its line is read anew, for whoever opens the submenu."""
        if self.status.value.state is not GatewayState.OFF:
            self._app.tasks.start(self._tell_today(), name="what was used today")

    async def _tell_today(self) -> None:
        from trayapp.ui.usage import today_line

        line = today_line(await self.today())
        if line != self.line.value:
            self.line.publish(line)

    # -- following the settings -------------------------------------------------------------------

    def _changed(self) -> None:
        self._rewrite()
        self.rules_changed()
        self._follow()

    def _rewrite(self) -> None:
        if self._works is not None:
            self._works.follow()

    def _opened(self) -> None:
        """The keyring is open: the first token may have waited for that."""
        if self._listener is not None and not self.tokens.all:
            self._app.tasks.start(self._first_token(), name="the first token")

    def _wanted(self) -> int | None:
        settings = self._app.settings.value
        return settings.gateway_port if self._begun and settings.gateway else _OFF

    def _follow(self) -> None:
        if (self._untried or self._wanted() != self._port) and self._settling is None:
            self._settling = self._app.tasks.start(self._settle(), name="switch the gateway")
            self._settling.add_done_callback(self._has_settled)

    def _has_settled(self, _task: object) -> None:
        self._settling = None
        if self._begun:
            self._follow()

    async def _settle(self) -> None:
        again = self._untried and self._wanted() == self._port
        self._port = wanted = self._wanted()
        self._untried = False
        if self._waiting is not None:
            self._waiting.cancel()
        self._leave()
        if wanted is _OFF:
            self.status.publish(Status())
            self._asked = True
        else:
            await self._listen(wanted, again=again)

    async def _listen(self, port: int, *, again: bool) -> None:
        if not again:  # what is wrong stays in sight until it is mended
            self.status.publish(Status(GatewayState.STARTING, port))
        if (ending := self._leaving.get(port)) is not None:
            await asyncio.wait({ending})
        problem, taken = _("The gateway could not be started; the log says why."), False
        listener = None
        try:
            listener = await self._made(port)
            await listener.start()
            problem = ""
        except ProviderError as exc:
            problem, taken = exc.failure.detail, exc.failure.kind is Kind.PORT_TAKEN
        finally:
            if problem:
                self._failed(port, problem, again=taken)
        if problem or listener is None:
            return
        self._listener = listener
        self.rules_changed()  # what changed meanwhile
        self._show()
        await self._first_token()

    async def _made(self, port: int) -> Listener:
        # aiohttp waits for the gateway's own thread
        server = await asyncio.to_thread(import_module, "trayapp.gateway.server")
        if self._works is None:
            found = await asyncio.to_thread(import_module, "trayapp.app.gateway_works")
            self._works = found.Works(self._app, self._show)
        works = self._works
        made: Listener = server.Listener(
            works.life(port), gate=self._gate(port), report=works.reported(self._heard), words=works.words
        )
        return made

    def _leave(self) -> None:
        """Take no more callers; answers that are under way may finish behind our back."""
        listener, self._listener = self._listener, None
        port = self.status.value.port
        if listener is None:
            return
        grace = float(self._app.settings.value.gateway_grace)
        ending = self._app.tasks.start(listener.stop(grace), name="the gateway's last answers")
        self._leaving[port] = ending
        ending.add_done_callback(lambda _task: self._leaving.pop(port, None))

    def _failed(self, port: int, problem: str, *, again: bool) -> None:
        self.status.publish(Status(GatewayState.FAILED, port, problem))
        if again and self._begun:
            self._waiting = self._app.tasks.start(self._again(), name="wait for the gateway's port")

    async def _again(self) -> None:
        await self._app.clock.sleep(AGAIN)
        self._waiting = None
        self.retry()

    async def _first_token(self) -> None:
        """Where it cannot be made, its user is told; the gateway listens all the same."""
        try:
            await self.tokens.first(may_prompt=self._asked)
        except (UserError, ProviderError) as exc:
            from trayapp.app.root import words_for

            why = words_for(self._app, exc.failure) if isinstance(exc, ProviderError) else str(exc)
            self._app.tell(Notice(Subject.FAILED, _("There is no token for tools yet"), why))

    def _gate(self, port: int) -> Gate:
        from trayapp.gateway.guard import Gate

        settings = self._app.settings.value
        paths = (it.strip().removesuffix("*") for it in settings.gateway_without_token)
        return Gate(
            port,
            self.tokens.digests,
            frozenset(it.strip().rstrip("/") for it in settings.gateway_origins),
            tuple(it for it in paths if it.startswith("/")),
        )

    # -- how it stands ----------------------------------------------------------------------------

    def _show(self) -> None:
        """The figures of the moment."""
        if self._listener is None or self._listener.port is None or self._works is None:
            return
        ref, why = self._works.activity.answered
        active, served = self._works.metrics.active, str(ref) if ref is not None else ""
        status = Status(GatewayState.LISTENING, self._listener.port, "", active, served, why)
        if status != self.status.value:
            self.status.publish(status)

    def _heard(self, name: str, exc: BaseException) -> None:
        """Something unforeseen in the gateway's thread; it may have ended the whole of it."""
        self._app.report(name, exc)
        if self._listener is not None and self._listener.port is None:
            self._leave()
            self._failed(self.status.value.port, _("The gateway has ended by itself; the log says why."), again=True)
