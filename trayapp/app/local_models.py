"""The engines over the local model servers: which server has one, what they go by, what they show."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from trayapp.app.keychain import spec_of
from trayapp.core.accounts import IMPLICIT, Account
from trayapp.core.errors import Failure, Kind, ProviderError, UserError
from trayapp.core.language import _
from trayapp.core.models import ModelRef
from trayapp.core.topic import Topic
from trayapp.local.residency import Figures, View, canonical, strategy_of, treated
from trayapp.providers.spec import base_url, loopback, signed
from trayapp.ui import notices
from trayapp.ui.notices import Notice, Subject

if TYPE_CHECKING:
    from trayapp.app.model_files import ModelFiles
    from trayapp.app.root import App
    from trayapp.local.engine import Engine
    from trayapp.local.residency import Server
    from trayapp.local.stats import Measurements

_TALK = "trayapp.local.ollama"
"""Imports the library for the network, which takes 60 ms."""
ENDING = 3.0
"""Seconds for the models to be unloaded when the program ends."""


class LocalModels:
    """One engine per local server that answered once or was set up; none before one is needed.

    Needed they are from the moment that a strategy is chosen, or somebody looks, or a model is to be warmed up.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self.views: Topic[tuple[View, ...]] = Topic(())
        """One per server, in the order of the accounts."""
        self._engines: dict[str, tuple[Account, Engine]] = {}
        self._watchers: set[str] = set()
        """Who looks: the menu, a page of the settings."""
        self._measurements: Measurements | None = None
        self._followed: object = None
        self._loading = False
        """What talks to the servers is being imported in a thread."""

    # -- life -----------------------------------------------------------------------------------

    def begin(self) -> None:
        """From now on the strategy holds; the models to be warmed up at the start are loaded one by one."""
        self._app.state.listen(lambda _state: self.follow())
        self._app.settings.listen(lambda _settings: self.follow())
        self.follow()
        for text in self._app.settings.value.warm_at_launch:
            self._app.tasks.start(self._warm_at_launch(text), name=f"warm up {text}")

    def follow(self) -> None:
        """Make the engines what accounts, strategy and figures say now."""
        by = self._goes_by()
        if by == self._followed:
            return
        self._followed = by
        if self._app.state.value.strategy is None and not self._watchers and not self._engines:
            return
        wanted = {it.id: it for it in self.servers()}
        if wanted and not self._ready():
            return
        for provider, (account, engine) in tuple(self._engines.items()):
            if wanted.get(provider) != account:
                del self._engines[provider]
                self._app.tasks.start(engine.end(unload=False), name=f"leave {provider}")
        for account in wanted.values():
            self._engine(account).woken()
        self._publish()

    def woken(self) -> None:
        """The computer or its network came back: what is known of the servers may be long out of date."""
        for _account, engine in self._engines.values():
            engine.woken()

    def watched(self, on: bool, who: str = "menu") -> None:
        """Somebody looks: look at the servers at once, and often, until nobody does any more."""
        before = bool(self._watchers)
        (self._watchers.add if on else self._watchers.discard)(who)
        servers = self.servers() if on and not before else ()
        if servers and self._ready():
            for account in servers:
                self._engine(account)
        if bool(self._watchers) != before:
            for _account, engine in self._engines.values():
                engine.watched(on)

    async def end(self) -> None:
        """Leave the models to their time, or unload them, as the settings say; keep the measurements."""
        app = self._app
        unload = app.settings.value.local_on_quit == "unload" and app.state.value.strategy is not None and not app.alone
        engines = [engine for _account, engine in self._engines.values()]
        self._engines.clear()
        if engines:
            await asyncio.wait([asyncio.ensure_future(engine.end(unload=unload)) for engine in engines], timeout=ENDING)
        if self._measurements is not None:
            await asyncio.to_thread(self._measurements.save)

    # -- who there is ---------------------------------------------------------------------------

    def servers(self) -> tuple[Account, ...]:
        """The accounts whose servers are looked after: those set up, and those that answered once."""
        app = self._app
        own = {it.id for it in app.settings.value.accounts}
        return tuple(
            it
            for it in app.accounts
            if it.enabled and it.spec in IMPLICIT and (it.id in own or it.id in app.state.value.seen or app.alone)
        )

    def engine(self, provider: str) -> Engine:
        """The engine of this account's server. Raises UserError for an account that has none."""
        account = self._app.account(provider)
        if account.spec not in IMPLICIT:
            told = _("{name} does not let other programs decide what it keeps in memory.")
            raise UserError(told.format(name=self._app.name(provider)))
        if not account.enabled:
            from trayapp.app.root import switched_off

            raise UserError(switched_off(self._app, account))
        return self._engine(account)

    @property
    def engines(self) -> dict[str, Engine]:
        """Every engine that there is, by account."""
        return {provider: engine for provider, (_account, engine) in self._engines.items()}

    @property
    def measurements(self) -> Measurements:
        """What was measured so far, read from the disk when it is first wanted."""
        if self._measurements is None:
            from trayapp.local.stats import Measurements

            self._measurements = Measurements(self._app.paths.data / "local.json", clock=self._app.clock)
            if self._measurements.notices:
                self._app.tell(notices.set_aside(self._measurements.notices))
        return self._measurements

    @property
    def load_seconds(self) -> float | None:
        """What a load usually takes here, in seconds; None while nothing was measured or nobody has asked yet."""
        return self._measurements.usual_all().any if self._measurements is not None else None

    async def look(self) -> None:
        """Look at every server once, for a command that runs without a tray."""
        engines = [self._engine(it) for it in self.servers()]
        await asyncio.gather(*(engine.look() for engine in engines))

    def summary(self) -> dict[str, Any]:
        """The fields of requirement S3-39, and more, as ``trayapp local status --json`` prints them."""
        from trayapp.app.local_status import summary

        return summary(self._app, self._seen(), self.measurements)

    # -- parts ----------------------------------------------------------------------------------

    def _ready(self) -> bool:
        """Engines can be made at once; where that would hold up the windows, they are made a little later."""
        if self._app.alone or _TALK in sys.modules:
            return True
        if not self._loading:
            self._loading = True
            self._app.tasks.start(self._load(), name="load what talks to local servers")
        return False

    async def _load(self) -> None:
        try:
            await asyncio.to_thread(import_module, _TALK)
        finally:
            self._loading = False
        self._followed = None
        self.follow()

    def _engine(self, account: Account) -> Engine:
        if account.id not in self._engines:
            from trayapp.local.engine import Engine

            app = self._app
            server, files = self._server(account)
            engine = Engine(
                account.id,
                server,
                clock=app.clock,
                figures=lambda: self._figures(account.id),
                stats=self.measurements,
                start=lambda work, name: app.tasks.start(work, name=name),
                remote=not loopback(_address(account)),
                tell=self._tell,
                read_ahead=files.read_ahead if files else None,
                cached=files.cached if files else None,
            )
            self._engines[account.id] = (account, engine)
            engine.view.listen(lambda _view: self._publish())
            if not app.alone:
                engine.begin()
                engine.watched(bool(self._watchers))
        return self._engines[account.id][1]

    def _server(self, account: Account) -> tuple[Server, ModelFiles | None]:
        app = self._app

        async def headers() -> Mapping[str, str]:
            return signed(spec_of(account), await app.keychain.key(account), account)

        if account.spec == "ollama":
            from trayapp.app.model_files import ModelFiles
            from trayapp.local.ollama import Ollama

            ollama = Ollama(app.net.client, _address(account), app.clock, headers=headers)
            return ollama, ModelFiles(ollama)
        from trayapp.local.lmstudio import LMStudio
        from trayapp.system.lms import in_memory

        here = loopback(_address(account))
        uses = in_memory if here else None
        return LMStudio(app.net.client, _address(account), app.clock, headers=headers, uses=uses), None

    def _figures(self, provider: str) -> Figures:
        settings, state = self._app.settings.value, self._app.state.value
        by_hand = frozenset(canonical(ref.model) for ref in state.kept if ref.provider == provider)
        return Figures(
            strategy=strategy_of(settings, state.strategy),
            never=treated(settings.local_exceptions, "never") | by_hand,
            always=treated(settings.local_exceptions, "always") - by_hand,
            read_ahead=settings.read_ahead and state.strategy == "ssd",
        )

    def _goes_by(self) -> object:
        """All that the engines depend on; they are woken only when it changed."""
        return self.servers(), tuple(self._figures(it.id) for it in self.servers())

    def _publish(self) -> None:
        views = self._seen()
        if [replace(it, looked=0.0) for it in views] != [replace(it, looked=0.0) for it in self.views.value]:
            self.views.publish(views)  # that somebody looked again is no news

    def _seen(self) -> tuple[View, ...]:
        order = {it.id: at for at, it in enumerate(self._app.accounts)}
        views = (engine.view.value for _account, engine in self._engines.values())
        return tuple(sorted(views, key=lambda it: order.get(it.account, len(order))))

    def _tell(self, sentence: str) -> None:
        self._app.tell(Notice(Subject.FAILED, _("That did not work"), sentence))

    async def _warm_at_launch(self, text: str) -> None:
        try:
            ref = ModelRef.parse(text)
            await self.engine(ref.provider).warm(ref.model, wait=True)
        except ValueError:
            self._tell(_("“{text}” names no model: write it as ACCOUNT/MODEL.").format(text=text))
        except UserError as exc:
            self._tell(str(exc))
        except ProviderError as exc:
            if exc.failure.kind is not Kind.NOT_RUNNING:  # a state, which the menu shows
                self._app.report(f"warm up {text}", exc)


def _address(account: Account) -> str:
    try:
        return base_url(spec_of(account), account)
    except UserError as exc:
        raise ProviderError(Failure(Kind.BAD_INPUT, account.id, str(exc))) from exc
