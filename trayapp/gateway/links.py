"""What the program hands to the gateway: the only thread between the two."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from msgspec import Struct

from trayapp.core.accounts import Account
from trayapp.core.errors import Failure
from trayapp.core.gateway_settings import GatewaySettings
from trayapp.core.models import Model, ModelRef
from trayapp.gateway.resolve import Book
from trayapp.gateway.usage import Request


class Links(Struct, frozen=True, kw_only=True):
    """Functions of the program, each safe to call on the gateway's own loop; those that are awaited cross over."""

    book: Callable[[], Book]
    """Accounts, lists, roles and rules as they are now."""
    settings: Callable[[], GatewaySettings]
    headers: Callable[[Account, bool], Awaitable[Mapping[str, str]]]
    """The signed headers of one request, made for it and not kept; True: as a Bearer key. Raises ProviderError or
    UserError: keyring locked, no key, an account that is not complete."""
    known: Callable[[ModelRef], Model | None]
    """What the lists and the catalogue know of a model: price, limits, abilities."""
    serving: Callable[[ModelRef], AbstractAsyncContextManager[None]]
    """Around one request to a local server: room is made, the model loaded once with its lease, and counted as busy.
    Every other account passes at once."""
    local: Callable[[], Awaitable[Mapping[str, Any]]]
    """S3-39's object."""
    record: Callable[[Request], object]
    """Every request when it has ended."""
    served: Callable[[ModelRef, str], object]
    """Which model answers a request now, and why: shown in the menu."""
    failed: Callable[[Failure], object]
    """What went wrong at a provider: a refused key shows in the menu as it does after a refresh."""
