"""Gets one account's list once: finds the key, asks the provider, enriches what it says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

import msgspec

from trayapp.app.keychain import Keychain, spec_of
from trayapp.app.timing import waiting
from trayapp.catalog.facts import Facts
from trayapp.core.accounts import IMPLICIT, Account
from trayapp.core.clock import Clock
from trayapp.core.errors import Failure, Kind, ProviderError, UserError
from trayapp.core.language import _
from trayapp.core.listings import Listing, Source
from trayapp.core.settings import Settings
from trayapp.providers.local import addressed
from trayapp.providers.spec import base_url
from trayapp.system.net import Net

if TYPE_CHECKING:
    from trayapp.providers.client import Fetched


class Fetcher:
    """One attempt to get one list. Raises ProviderError; retries and caching are the catalogue's."""

    def __init__(
        self,
        *,
        net: Net,
        keychain: Keychain,
        facts: Facts,
        clock: Clock,
        env: Mapping[str, str],
        settings: Callable[[], Settings],
        answered: Callable[[str], Awaitable[object]],
    ) -> None:
        self._net = net
        self._keychain = keychain
        self._facts = facts
        self._clock = clock
        self._env = env
        self._settings = settings
        self._answered = answered

    async def __call__(self, account: Account, held: Listing | None) -> Listing:
        account = addressed(account, self._env)
        spec = spec_of(account)
        timeouts = waiting(spec, account, self._settings())
        # 100 ms and more, so not before the icon, and not on the loop
        client = await asyncio.to_thread(import_module, "trayapp.providers.client")
        key = await self._keychain.key(account)
        http = await self._net.client()
        # a list of models could be anybody's
        if spec.id in IMPLICIT and not await client.answers(spec, http, account=account):
            raise ProviderError(Failure(Kind.NOT_RUNNING, account.id))
        # what was fetched before the catalogue was refreshed has to come again to be told its news
        known = held if held and held.fetched_at >= await asyncio.to_thread(self._facts.refreshed_at) else None
        fetched: Fetched = await client.list_models(
            spec,
            http,
            account=account,
            key=key,
            timeouts=timeouts,
            etag=known.etag if known else "",
            last_modified=known.last_modified if known else "",
        )
        if spec.local:
            await self._answered(account.id)
        now = self._clock.now()
        if fetched.not_modified and held is not None:
            return msgspec.structs.replace(held, source=Source.API, fetched_at=now, failure=None)
        models = await asyncio.to_thread(self._facts.enrich, account, spec, fetched.entries)
        return Listing(
            account.id,
            models,
            Source.API,
            now,
            # a list that was cut never says no: what it lacks may stand behind the cut
            dropped=fetched.dropped + fetched.truncated,
            etag=fetched.etag,
            last_modified=fetched.last_modified,
        )


def unset(account: Account) -> str:
    """What the account still needs, in words; empty when its address is complete."""
    try:
        base_url(spec_of(account), account)
    except (UserError, ProviderError) as exc:
        return str(exc) or _("This account is not complete.")
    return ""
