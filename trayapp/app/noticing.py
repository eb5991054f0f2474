"""Which events the user is told of though nobody asked: a key that is refused, a gateway that cannot listen.

Each once. That a key was refused is remembered beyond the end of the program, until the account has another key or
works again; the menu says it all the while. What the user has just asked for is answered, and not told again here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from trayapp.app.root import App, replaced, without
from trayapp.core.errors import Kind
from trayapp.core.listings import Listing, Source
from trayapp.gateway.status import GatewayState, Status
from trayapp.ui import notices

REFUSED = "refused:"
"""In ``State.told``, before the id of an account."""


class Noticing:
    """Listens to lists and gateway from ``begin`` to ``end``."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._known: set[str] = set()
        """Accounts whose refusal was told, or was there to be told."""
        self._kinds: dict[str, Kind] = {}
        """What was wrong with each account when its list was last heard of."""
        self._before = app.gateway.status.value.state
        self._first = app.settings.value.gateway
        """It was on when the program started: what comes of that, nobody has just asked for."""
        self._leave: list[Callable[[], None]] = []

    def begin(self) -> None:
        """From now on."""
        app = self._app
        self._known = {it.removeprefix(REFUSED) for it in app.state.value.told if it.startswith(REFUSED)}
        self._leave = [app.catalog.listings.listen(self._listed), app.gateway.status.listen(self._gateway)]
        self._listed(app.catalog.listings.value)
        self._gateway(app.gateway.status.value)

    def end(self) -> None:
        """Tell nothing more."""
        for leave in self._leave:
            leave()

    def _listed(self, listings: Mapping[str, Listing]) -> None:
        before, self._kinds = (
            self._kinds,
            {id: it.failure.kind for id, it in listings.items() if it.failure is not None},
        )
        new = {id for id, kind in self._kinds.items() if kind is Kind.REFUSED} - self._known
        mended = {id for id in self._known if self._mended(id, listings.get(id), before)}
        for provider in sorted(new):
            self._app.tell(notices.refused(provider, self._app.name(provider)))
        if new or mended:
            self._known = (self._known - mended) | new
            self._app.tasks.start(self._remember(), name="which refusals were told")

    def _mended(self, provider: str, listing: Listing | None, before: Mapping[str, Kind]) -> bool:
        """It works, its key is gone, or what was wrong counts no more because it has another one.

        A list from the disk alone says nothing: at the start nobody has been asked yet.
        """
        if provider in self._kinds:
            return self._kinds[provider] is Kind.NO_KEY
        live = listing is not None and listing.source is Source.API
        return live or provider in before or all(it.id != provider for it in self._app.accounts)

    async def _remember(self) -> None:
        marks = tuple(REFUSED + it for it in sorted(self._known))
        before = tuple(it for it in self._app.state.value.told if it.startswith(REFUSED))
        if before != marks:
            await self._app.note(lambda state: replaced(state, told=(*without(state.told, *before), *marks)))

    def _gateway(self, status: Status) -> None:
        before, self._before = self._before, status.state
        failed = status.state is GatewayState.FAILED
        if failed and (self._first or before is GatewayState.LISTENING):
            self._app.tell(notices.unreachable(status.problem))
        # whoever switches it on later is answered, and so is whoever gives it another port
        self._first = self._first and status.state in (GatewayState.OFF, GatewayState.STARTING)
