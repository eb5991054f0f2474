"""What the gateway is handed of the program: functions to be called in its thread, which cross over where they must.

Most requests cross nothing: the book, the settings and a key that is in memory are read where the request runs. Only
a key that has to be fetched, and a local server that has to make room, are waited for in the main loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from trayapp.app.gateway_book import book
from trayapp.app.keychain import spec_of
from trayapp.app.root import words_for
from trayapp.core.accounts import IMPLICIT, Account
from trayapp.core.errors import Failure, Kind, ProviderError
from trayapp.core.language import _
from trayapp.core.models import Model, ModelRef
from trayapp.gateway.links import Links
from trayapp.gateway.resolve import Book
from trayapp.gateway.usage import Request
from trayapp.providers.spec import Entry, signed
from trayapp.system import bridge

if TYPE_CHECKING:
    from trayapp.app.gateway_activity import Activity
    from trayapp.app.root import App

UNLISTED = 500
"""Models on no list that are remembered with what the catalogue says of them: tools may ask for any name."""

LOOK_AGAIN = 5.0
"""Seconds between two looks at the local servers for whoever asks for their figures."""


class Joined:
    """The program's side of the gateway's links. Made in the main loop, and told there when something changed."""

    def __init__(self, app: App, activity: Activity, record: Callable[[Request], object]) -> None:
        """``record`` may be called from any thread."""
        self._app = app
        self._activity = activity
        self._record = record
        self._loop = asyncio.get_running_loop()
        self.book = Book()
        """What names mean now."""
        self._unlisted: dict[ModelRef, Model | None] = {}
        self._looked = app.clock.monotonic() - LOOK_AGAIN
        self._key = _crossing(self._loop, self._fetched)
        self._enter = _crossing(self._loop, self._entered)
        self.follow()

    def follow(self) -> None:
        """Accounts, lists, settings or the choice changed: requests that come from now on see it, as one value."""
        app = self._app
        self.book = book(app.accounts, app.catalog.listings.value, app.settings.value, app.state.value)

    @property
    def links(self) -> Links:
        """For the gateway."""
        return Links(
            book=lambda: self.book,
            settings=lambda: self._app.settings.value,
            headers=self._headers,
            known=self._known,
            serving=self._serving,
            local=_crossing(self._loop, self._local),
            record=self._recorded,
            served=self._activity.served,
            failed=self._failed,
        )

    # -- keys -----------------------------------------------------------------------------------

    async def _headers(self, account: Account, bearer: bool) -> Mapping[str, str]:
        spec, keychain = spec_of(account), self._app.keychain
        key = keychain.held(account)
        if key is not None:
            self._activity.key_used()
        elif spec.key_required or keychain.kept(account):
            key = await self._key(account)
        return signed(spec, key, account, bearer=bearer)

    async def _fetched(self, account: Account) -> Any:
        """From the keyring, in the main loop and without a prompt: nobody has clicked for this request."""
        try:
            return await self._app.keychain.key(account)
        except ProviderError as exc:
            failure = exc.failure
            raise ProviderError(Failure(failure.kind, account.id, words_for(self._app, failure))) from None

    # -- models ---------------------------------------------------------------------------------

    def _known(self, ref: ModelRef) -> Model | None:
        """From the lists; of a model on none, from the catalogue, which is read for the first such request only."""
        found = self._app.catalog.lookups.books.get(ref.provider)
        if found is not None and (model := found.by_id.get(ref.model)) is not None:
            return model
        if ref not in self._unlisted:
            bridge.tell(self._loop, self._look_up, ref)
        return self._unlisted.get(ref)

    def _look_up(self, ref: ModelRef) -> None:
        if ref in self._unlisted:
            return
        if len(self._unlisted) >= UNLISTED:
            self._unlisted = {}
        self._unlisted[ref] = None
        account = self.book.accounts.get(ref.provider)
        if account is not None:
            self._app.tasks.start(self._looked_up(account, ref), name="look up a model that is on no list")

    async def _looked_up(self, account: Account, ref: ModelRef) -> None:
        spec = spec_of(account)
        found = await asyncio.to_thread(self._app.facts().enrich, account, spec, (Entry(ref.model),))
        self._unlisted[ref] = found[0] if found else None

    # -- local servers --------------------------------------------------------------------------

    def _serving(self, ref: ModelRef) -> AbstractAsyncContextManager[None]:
        account = self.book.accounts.get(ref.provider)
        if account is None or account.spec not in IMPLICIT or self._app.state.value.strategy is None:
            return nullcontext()
        return self._with_room(ref)

    @asynccontextmanager
    async def _with_room(self, ref: ModelRef) -> AsyncIterator[None]:
        """Room is made and the stay is counted in the main loop. However this ends, the stay ends there as well."""
        stay = _Stay()
        try:
            await self._enter(ref, stay)
            yield
        finally:
            bridge.tell(self._loop, self._left, stay)

    async def _entered(self, ref: ModelRef, stay: _Stay) -> None:
        context = self._app.local.engine(ref.provider).serving(ref.model)
        await context.__aenter__()
        # who waits may have given up in this very moment: then it was told before, or will be
        stay.context = context
        if stay.over:
            self._leave(stay)

    def _left(self, stay: _Stay) -> None:
        stay.over = True
        self._leave(stay)

    def _leave(self, stay: _Stay) -> None:
        context, stay.context = stay.context, None
        if context is not None:
            self._app.tasks.start(_closed(context), name="a local model's answer is over")

    async def _local(self) -> Mapping[str, Any]:
        now = self._app.clock.monotonic()
        if now - self._looked >= LOOK_AGAIN:  # who asks every second must not make us ask as often
            self._looked = now
            await self._app.local.look()
        return self._app.local.summary()

    # -- what is told ---------------------------------------------------------------------------

    def _recorded(self, request: Request) -> None:
        self._record(request)
        self._activity.changed()

    def _failed(self, failure: Failure) -> None:
        if failure.kind is Kind.REFUSED:  # whatever else goes wrong with a request says nothing about the list
            bridge.tell(self._loop, self._app.catalog.refused, failure)


class _Stay:
    """One request at a local server. Belongs to the main loop."""

    def __init__(self) -> None:
        self.context: AbstractAsyncContextManager[None] | None = None
        self.over = False


async def _closed(context: AbstractAsyncContextManager[None]) -> None:
    await context.__aexit__(None, None, None)


def _crossing(loop: asyncio.AbstractEventLoop, function: Any) -> Any:
    """``bridge.across``, with a sentence for whoever asked where the other side gave it up."""
    across = bridge.across(loop, function)

    async def call(*args: Any) -> Any:
        try:
            return await across(*args)
        except bridge.LeftError:
            told = _("trayapp gave this up: it is being quit, or the model was no longer to be loaded.")
            raise ProviderError(Failure(Kind.UNREACHABLE, detail=told)) from None

    return call
