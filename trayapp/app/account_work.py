"""What happens to accounts when the user asks: added, changed, switched off, removed."""

from __future__ import annotations

import msgspec

from trayapp.app.fetching import unset
from trayapp.app.key_work import changed, forget_keys
from trayapp.app.keychain import spec_of
from trayapp.app.root import App, name_of, replaced
from trayapp.core.accounts import IMPLICIT, Account, KeyFrom, check_id, environment_slot
from trayapp.core.errors import Kind, ProviderError, UserError
from trayapp.core.intents import EnableAccount, RemoveAccount, Reply, SaveAccount, SaveSettings
from trayapp.core.language import _
from trayapp.core.schema import complaints
from trayapp.core.settings import Settings
from trayapp.providers.keys import vouched
from trayapp.providers.spec import ProviderSpec, base_url, origin


async def save_account(app: App, intent: SaveAccount) -> Reply:
    """Add it, or replace the one with its id; another address or value invalidates its list."""
    account = intent.account
    spec = _checked(account)
    before, own = ({it.id: it for it in held}.get(account.id) for held in (app.accounts, app.settings.value.accounts))
    if before is not None and before.spec != account.spec:
        raise UserError(_("The account “{id}” belongs to {name} already.").format(id=account.id, name=name_of(before)))
    await app.prefer(lambda settings: _with_saved(settings, intent))
    now = app.account(account.id)
    await _follow(app, before, now)
    if now.key_from is KeyFrom.ENVIRONMENT and (own is None or own.key_from is not now.key_from or own == account):
        await _vouch(app, now)  # the environment was chosen with this very address in view
    said = unset(account) or _("{name} saved.").format(name=account.name or spec.name)
    variable = app.keychain.variables().get(now.spec, "")
    if now.key_from is KeyFrom.ENVIRONMENT and variable and not (unset(account) or app.keychain.kept(now)):
        said = f"{said} {not_sent(now, variable)}"
    return Reply(True, said, {"id": account.id})


async def _vouch(app: App, account: Account) -> None:
    """The key in the environment may go to the account's address: its user has just said so."""
    spec = spec_of(account)
    try:
        if vouched(spec, account, app.state.value.keyed):
            return
        slot = environment_slot(account, origin(base_url(spec, account)))
    except UserError:  # the address is not complete: there is nobody to send it to
        return
    await app.remember(lambda state: replaced(state, keyed=(*state.keyed, slot)))
    await changed(app, account)


def not_sent(account: Account, variable: str) -> str:
    """Why the key in the environment is not used, in a sentence."""
    told = _(
        "The key in {variable} is not sent to another address by itself:"
        " choose it once more, or run “trayapp providers set {id} key_from=environment”."
    )
    return told.format(variable=variable, id=account.id)


async def remove_account(app: App, intent: RemoveAccount) -> Reply:
    """Its key, its list and its settings go; a model chosen from it stays chosen and is marked."""
    account = app.account(intent.provider)
    note = ""
    try:
        await forget_keys(app, account)
    except ProviderError as exc:
        if exc.failure.kind is not Kind.NO_KEYRING:
            raise
        # what is not there for good must not keep its account for ever
        note = _("Its key stays in the keyring, which cannot be reached.")
    if account.id in IMPLICIT and account.spec == account.id:
        # without an entry it would be looked for again
        off = Account(account.id, account.spec, enabled=False)
        await app.prefer(lambda settings: with_account(settings, off))
    else:
        await app.prefer(
            lambda settings: msgspec.structs.replace(
                settings, accounts=tuple(it for it in settings.accounts if it.id != account.id)
            )
        )
    app.catalog.remove(account.id)
    return Reply(True, " ".join((_("{name} removed.").format(name=name_of(account)), note)).rstrip())


async def enable_account(app: App, intent: EnableAccount) -> Reply:
    """Switched off, its file and its key stay."""
    account = app.account(intent.provider)
    await app.prefer(
        lambda settings: with_account(
            settings, msgspec.structs.replace(_own(settings, account), enabled=intent.enabled)
        )
    )
    await _follow(app, account, app.account(account.id))
    text = _("{name} is switched on.") if intent.enabled else _("{name} is switched off.")
    return Reply(True, text.format(name=name_of(account)))


async def save_settings(app: App, intent: SaveSettings) -> Reply:
    """All preferences at once; accounts whose address changed are asked again."""
    held = {it.id: it for it in app.settings.value.accounts}
    accounts = intent.settings.accounts
    for account in accounts:
        if account != held.get(account.id):  # one that another version wrote is left as it is
            _checked(account)
    twice = next((it.id for it in accounts if sum(it.id == other.id for other in accounts) > 1), None)
    if twice is not None:
        raise UserError(_("There are two accounts “{id}”. Give one of them another id.").format(id=twice))
    before = {it.id: it for it in app.accounts}
    shipped, stored = app.settings.value.use_catalog_fallback, app.stored
    base = intent.base or stored
    from trayapp.system.settings_text import merged

    await app.prefer(lambda now: merged(now, base, intent.settings))
    for account in app.accounts:
        listing = app.catalog.listings.value.get(account.id)
        if listing is not None and listing.locked and app.settings.value.use_catalog_fallback is not shipped:
            await changed(app, account)  # the list that stands in comes, or goes
        else:
            await _follow(app, before.get(account.id), account)
    vain = [variable for name, variable in app.forced.items() if getattr(stored, name) != getattr(app.stored, name)]
    note = _("{variables} is set and takes precedence.").format(variables=", ".join(vain)) if vain else ""
    return Reply(True, " ".join((_("Settings saved."), note)).rstrip())


async def _follow(app: App, before: Account | None, now: Account) -> None:
    """Ask again where an account is new, means another server, or was switched on."""
    if before is None or reach(before) != reach(now):
        await changed(app, now)
    elif now.enabled and not before.enabled:
        app.behind(app.catalog.refresh((now,)), name=f"refresh {now.id}")


def with_account(settings: Settings, account: Account) -> Settings:
    """The settings with this account in the place of its namesake, or at the end."""
    accounts = settings.accounts
    if any(it.id == account.id for it in accounts):
        accounts = tuple(account if it.id == account.id else it for it in accounts)
    else:
        accounts = (*accounts, account)
    return msgspec.structs.replace(settings, accounts=accounts)


def _with_saved(settings: Settings, intent: SaveAccount) -> Settings:
    """The settings with the account as asked for. Raises UserError where its id was taken meanwhile."""
    held = next((it for it in settings.accounts if it.id == intent.account.id), None)
    if held is None:
        return with_account(settings, intent.account)
    if intent.new:
        told = _("There is an account “{id}” already. Give this one another id.")
        raise UserError(told.format(id=held.id))
    if intent.base is None:
        return with_account(settings, intent.account)
    changes = {
        name: value
        for name in Account.__struct_fields__
        if (value := getattr(intent.account, name)) != getattr(intent.base, name)
    }
    return with_account(settings, msgspec.structs.replace(held, **changes))


def reach(account: Account) -> tuple[object, ...]:
    """What decides whom we ask and as whom: when it changes, the old list is another account's."""
    return (account.spec, account.base_url, tuple(sorted(account.values.items())), account.key_from)


def _own(settings: Settings, account: Account) -> Account:
    """The account as the settings hold it, without an address that came from the environment."""
    found = next((it for it in settings.accounts if it.id == account.id), None)
    return found or Account(account.id, account.spec)


def _checked(account: Account) -> ProviderSpec:
    """Its row. Raises UserError or ProviderError for what cannot be an account."""
    check_id(account.id)
    spec = spec_of(account)
    if account.base_url and "{" not in account.base_url:
        origin(account.base_url.strip())
    for name, why in complaints(account).items():
        raise UserError(f"“{name}”: {why}")
    return spec
