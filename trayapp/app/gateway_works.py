"""What the gateway works with: made when it is first switched on, kept until the program ends.

A listener runs a ``Life`` of it in its own thread and loop; a second one while the first finishes its answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from trayapp.app.gateway_activity import Activity
from trayapp.app.gateway_life import Life
from trayapp.app.gateway_links import Joined
from trayapp.app.keychain import spec_of
from trayapp.core.errors import ProviderError, UserError
from trayapp.core.language import _
from trayapp.core.models import ModelRef
from trayapp.gateway import sentences
from trayapp.gateway.ledger import Ledger
from trayapp.gateway.metrics import Metrics
from trayapp.gateway.plan import Route, ours, plan
from trayapp.gateway.service import Gateway
from trayapp.gateway.usage import FILE
from trayapp.local.routing import last_text
from trayapp.providers.spec import loopback
from trayapp.system import bridge
from trayapp.ui.notices import Notice, Subject

if TYPE_CHECKING:
    from trayapp.app.root import App
    from trayapp.gateway import server


class Works:
    """Belongs to the main loop, but for what ``Life`` calls in the gateway's."""

    words = staticmethod(sentences.words)
    """What a request is told that is turned away at the door."""

    def __init__(self, app: App, show: Callable[[], object]) -> None:
        """``show`` is called when there is something new to be shown of ``activity``."""
        self._app = app
        self._loop = asyncio.get_running_loop()
        self.metrics = Metrics()
        self.activity = Activity(show, app.keychain.used)
        self._ledger = Ledger(
            app.paths.data / FILE,
            clock=app.clock,
            days=lambda: app.settings.value.usage_days,
            tell=lambda sentence: bridge.tell(self._loop, self._told, sentence),
        )
        self._joined = Joined(app, self.activity, self._ledger.record)
        self._chosen = app.state.value.active
        self._lives: list[Life] = []

    def life(self, port: int) -> server.Life:
        """For a listener at this port."""

        def made() -> Life:
            return Life(self._gateway, self.activity, lambda: self._worth_warming(port), self._lives)

        return made

    def follow(self) -> None:
        """Accounts, lists, settings or the choice changed."""
        self._joined.follow()
        chosen = self._app.state.value.active
        if chosen != self._chosen:
            self._chosen = chosen
            for life in tuple(self._lives):
                life.picked()

    def network_changed(self) -> None:
        """Open connections may lead nowhere, and other proxies and certificates may hold."""
        for life in tuple(self._lives):
            life.network_changed()

    def reported(self, heard: Callable[[str, BaseException], object]) -> Callable[[str, BaseException], object]:
        """For who reports from the gateway's thread: ``heard`` is called in the main loop."""
        return lambda name, exc: bridge.tell(self._loop, heard, name, exc)

    async def close(self) -> None:
        """Write what is still to be written."""
        self.activity.close()
        await asyncio.to_thread(self._ledger.close)

    def _told(self, sentence: str) -> None:
        self._app.tell(Notice(Subject.FAILED, _("The figures of use"), sentence))

    # -- in the gateway's loop --------------------------------------------------------------------

    def _gateway(self) -> Gateway:
        settings = self._app.settings
        return Gateway(
            self._joined.links,
            rules=lambda: settings.value.rules,
            last_text=last_text,
            metrics=self.metrics,
            clock=self._app.clock,
        )

    def _worth_warming(self, port: int) -> tuple[ModelRef, ...]:
        """Where the next request goes: to the chosen model, or to the one that answered last."""
        found: dict[str, ModelRef] = {}
        for ref in (self._app.state.value.active, self.activity.answered[0]):
            url = self._address(ref) if ref is not None else ""
            if ref is not None and url and not loopback(url) and not ours(url, port):
                found.setdefault(ref.provider, ref)
        return tuple(found.values())

    def _address(self, ref: ModelRef) -> str:
        account = self._joined.book.accounts.get(ref.provider)
        if account is None or not self._app.reachable(account):
            return ""
        try:
            return plan(Route.CHAT, spec_of(account), account, ref.model).url
        except (UserError, ProviderError):
            return ""
