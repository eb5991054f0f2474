"""Which figures of time hold for an account: its own, its provider's, or the program's."""

from __future__ import annotations

from trayapp.app.keychain import spec_of
from trayapp.catalog.freshness import Timing
from trayapp.core.accounts import Account
from trayapp.core.errors import ProviderError
from trayapp.core.settings import Settings
from trayapp.providers.spec import TIMEOUTS, Timeouts


def timing(settings: Settings, account: Account) -> Timing:
    """TTL by S1-37: the account's override, its provider's, the row's own, then the default."""
    raise NotImplementedError((settings, account, spec_of, TIMEOUTS, Timeouts, Timing, ProviderError))
