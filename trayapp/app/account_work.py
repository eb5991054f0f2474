"""What happens to accounts when the user asks: added, changed, switched off, removed."""

from __future__ import annotations

import msgspec

from trayapp.app.fetching import unset
from trayapp.app.key_work import changed, forget_keys
from trayapp.app.keychain import spec_of
from trayapp.app.root import App, name_of
from trayapp.core.accounts import IMPLICIT, Account, check_id
from trayapp.core.errors import UserError
from trayapp.core.intents import EnableAccount, RemoveAccount, Reply, SaveAccount, SaveSettings
from trayapp.core.language import _
from trayapp.core.settings import Settings
from trayapp.providers.spec import origin


async def save_account(app: App, intent: SaveAccount) -> Reply:
    """Add it, or replace the one with its id; another address or value invalidates its list."""
    account = intent.account
    check_id(account.id)
    spec = spec_of(account)
    if account.base_url:
        origin(account.base_url)
    before = {it.id: it for it in app.accounts}.get(account.id)
    if before is not None and before.spec != account.spec:
        raise UserError(_("The account “{id}” belongs to {name} already.").format(id=account.id, name=before.spec))
    await app.prefer(lambda settings: with_account(settings, account))
    now = app.account(account.id)
    if before is None or reach(before) != reach(now):
        await changed(app, now)
    missing = unset(now)
    return Reply(True, missing or _("{name} saved.").format(name=account.name or spec.name), {"id": account.id})


async def remove_account(app: App, intent: RemoveAccount) -> Reply:
    """Its key, its list and its settings go; a model chosen from it stays chosen and is marked."""
    account = app.account(intent.provider)
    name = name_of(account)
    await forget_keys(app, account.id)
    if account.id in IMPLICIT:
        # without an entry it would be looked for again
        off = msgspec.structs.replace(_own(app, account), enabled=False)
        await app.prefer(lambda settings: with_account(settings, off))
    else:
        await app.prefer(
            lambda settings: msgspec.structs.replace(
                settings, accounts=tuple(it for it in settings.accounts if it.id != account.id)
            )
        )
    app.catalog.remove(account.id)
    return Reply(True, _("{name} removed.").format(name=name))


async def enable_account(app: App, intent: EnableAccount) -> Reply:
    """Switched off, its file and its key stay."""
    account = app.account(intent.provider)
    own = msgspec.structs.replace(_own(app, account), enabled=intent.enabled)
    await app.prefer(lambda settings: with_account(settings, own))
    if intent.enabled and not account.enabled:
        app.behind(app.catalog.refresh((app.account(account.id),)), name=f"refresh {account.id}")
    text = _("{name} is switched on.") if intent.enabled else _("{name} is switched off.")
    return Reply(True, text.format(name=name_of(account)))


async def save_settings(app: App, intent: SaveSettings) -> Reply:
    """All preferences at once; accounts whose address changed are asked again."""
    for account in intent.settings.accounts:
        check_id(account.id)
        spec_of(account)
    before = {it.id: reach(it) for it in app.accounts}
    await app.prefer(lambda _old: intent.settings)
    for account in app.accounts:
        if before.get(account.id) != reach(account):
            await changed(app, account)
    return Reply(True, _("Settings saved."))


def with_account(settings: Settings, account: Account) -> Settings:
    """The settings with this account in the place of its namesake, or at the end."""
    accounts = settings.accounts
    if any(it.id == account.id for it in accounts):
        accounts = tuple(account if it.id == account.id else it for it in accounts)
    else:
        accounts = (*accounts, account)
    return msgspec.structs.replace(settings, accounts=accounts)


def reach(account: Account) -> tuple[object, ...]:
    """What decides whom we ask and as whom: when it changes, the old list is another account's."""
    return (account.spec, account.base_url, tuple(sorted(account.values.items())), account.key_from)


def _own(app: App, account: Account) -> Account:
    """The account as the settings hold it, without an address that came from the environment."""
    found = next((it for it in app.settings.value.accounts if it.id == account.id), None)
    return found or Account(account.id, account.spec)
