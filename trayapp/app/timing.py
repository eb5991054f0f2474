"""Which figures of time hold for an account: its own, its provider's, or the program's."""

from __future__ import annotations

import msgspec

from trayapp.app.keychain import spec_of
from trayapp.catalog.freshness import Strategy, Timing, time_to_live
from trayapp.core.accounts import Account
from trayapp.core.errors import Failure, Kind, ProviderError, UserError
from trayapp.core.settings import Settings
from trayapp.providers.spec import TIMEOUTS, ProviderSpec, Timeouts, base_url, latency


def timing(settings: Settings, account: Account) -> Timing:
    """Time to live, strategy, retries and deadline, each by the nearest word for this account."""
    try:
        spec = spec_of(account)
        times = waiting(spec, account, settings)
    except ProviderError:
        return Timing(ttl=settings.default_ttl_seconds, retries=0)
    strategy = account.strategy if account.strategy in list(Strategy) else settings.model_cache_strategy
    return Timing(
        ttl=time_to_live(
            account,
            default=settings.default_ttl_seconds,
            overrides=settings.provider_ttl_overrides,
            row=spec.ttl,
            local=spec.local,
            listed=bool(spec.list_path),
        ),
        strategy=Strategy(strategy),
        retries=times.retries,
        base_delay=times.base_delay,
        deadline=float(settings.batch_timeout_seconds),
    )


def waiting(spec: ProviderSpec, account: Account, settings: Settings) -> Timeouts:
    """How long to wait for this account's answers: its class's figures, with what the user changed of them.

    Raises ProviderError for an address that is not complete.
    """
    try:
        of_class = latency(spec, account, base_url(spec, account))
    except UserError as exc:
        raise ProviderError(Failure(Kind.BAD_INPUT, account.id, str(exc))) from exc
    shipped = TIMEOUTS[of_class]
    changed = next((it for name, it in settings.timeouts.items() if name == of_class), None)
    return msgspec.structs.replace(shipped, **msgspec.to_builtins(changed)) if changed else shipped
