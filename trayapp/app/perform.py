"""Performs an intent, clicked or typed, and says what became of it."""

from __future__ import annotations

from typing import assert_never

from trayapp.app import account_work, key_work
from trayapp.app.root import App, replaced, switched_off, words_for
from trayapp.core import intents
from trayapp.core.accounts import Account
from trayapp.core.errors import Kind, ProviderError, UserError
from trayapp.core.intents import Intent, PickModel, Refresh, Reply, SetLogin
from trayapp.core.language import _, plural
from trayapp.core.listings import Source
from trayapp.core.models import ModelRef
from trayapp.core.state import State
from trayapp.ui import notices
from trayapp.ui.menu import listed
from trayapp.ui.notices import Notice, Subject

RECENT = 20
"""How many choices are remembered."""


async def perform(app: App, intent: Intent, *, told: bool = True) -> Reply:
    """Do what was asked. What went wrong comes back in words, never as an exception.

    ``told``: a failure is also shown as a notification, because the user cannot see the reply.
    """
    try:
        reply = await _perform(app, intent)
    except UserError as exc:
        reply = Reply(False, str(exc))
    except ProviderError as exc:
        reply = Reply(False, words_for(app, exc.failure), {"kind": exc.failure.kind.value})
    # a list that did not come says so where it stands
    if told and not reply.ok and reply.text and not isinstance(intent, Refresh):
        app.tell(Notice(Subject.FAILED, _("That did not work"), reply.text))
    return reply


async def _perform(app: App, intent: Intent) -> Reply:
    match intent:
        case PickModel():
            return await pick(app, intent)
        case Refresh():
            return await refresh(app, intent)
        case intents.SaveSettings():
            return await account_work.save_settings(app, intent)
        case intents.SaveAccount():
            return await account_work.save_account(app, intent)
        case intents.RemoveAccount():
            return await account_work.remove_account(app, intent)
        case intents.EnableAccount():
            return await account_work.enable_account(app, intent)
        case intents.StoreKey():
            return await key_work.store_key(app, intent)
        case intents.CopyKey():
            return await key_work.copy_key(app, intent)
        case intents.CheckKey():
            return await key_work.try_key(app, intent)
        case intents.RemoveKey():
            return await key_work.remove_key(app, intent)
        case intents.KeyChanged():
            return await key_work.key_changed(app, intent)
        case intents.UnlockKeyring():
            return await key_work.unlock(app)
        case intents.ClearCache():
            from trayapp.app.catalog_work import clear_cache

            return await clear_cache(app, intent)
        case intents.UpdateCatalog():
            from trayapp.app.catalog_work import update_catalog

            return await update_catalog(app)
        case intents.SwitchUpdates() | intents.LookForUpdate() | intents.ShowRelease():
            return await _updates(app, intent)
        case intents.SetStrategy() | intents.Unload() | intents.Keep() | intents.WarmUp() | intents.CancelWarmUp():
            return await _local(app, intent)
        case intents.SwitchGateway() | intents.NewToken() | intents.RevokeToken():
            return await _gateway(app, intent)
        case intents.CopyAddress() | intents.CopyToken():
            return Reply(False, _("There is no clipboard without a screen."))  # who has one does not ask here
        case intents.Pin() | intents.Hide() | intents.Fold() | intents.OrderAccounts():
            return await _arrange(app, intent)
        case intents.UseProfile() | intents.SaveProfile() | intents.RemoveProfile() | intents.Import():
            return await _presets(app, intent)
        case intents.CancelRefresh():
            app.catalog.give_up()
            return Reply()
        case SetLogin():
            return await set_login(app, intent)
        case intents.OpenSettings() | intents.ShowAll() | intents.Activate():
            return open_window(app, intent)
        case intents.OpenFinder() | intents.OpenWelcome() | intents.OpenHelp():
            return open_window(app, intent)
        case intents.Quit():
            app.leaving.set()
            return Reply()
    assert_never(intent)


async def _arrange(app: App, intent: intents.Pin | intents.Hide | intents.Fold | intents.OrderAccounts) -> Reply:
    from trayapp.app import menu_work

    match intent:
        case intents.Pin():
            return await menu_work.pin(app, intent)
        case intents.Hide():
            return await menu_work.hide(app, intent)
        case intents.Fold():
            return await menu_work.fold(app, intent)
        case intents.OrderAccounts():
            return await menu_work.order(app, intent)


async def _presets(
    app: App, intent: intents.UseProfile | intents.SaveProfile | intents.RemoveProfile | intents.Import
) -> Reply:
    from trayapp.app import profile_work, transfer

    match intent:
        case intents.UseProfile():
            return await profile_work.use(app, intent)
        case intents.SaveProfile():
            return await profile_work.save(app, intent)
        case intents.RemoveProfile():
            return await profile_work.remove(app, intent)
        case intents.Import():
            return await transfer.take_over(app, intent)


async def _updates(app: App, intent: intents.SwitchUpdates | intents.LookForUpdate | intents.ShowRelease) -> Reply:
    from trayapp.app import updating

    match intent:
        case intents.SwitchUpdates():
            return await updating.switch(app, intent)
        case intents.LookForUpdate():
            return await updating.look(app)
        case intents.ShowRelease():
            return await updating.show(app)


async def _local(
    app: App, intent: intents.SetStrategy | intents.Unload | intents.Keep | intents.WarmUp | intents.CancelWarmUp
) -> Reply:
    from trayapp.app import local_work

    match intent:
        case intents.SetStrategy():
            return await local_work.set_strategy(app, intent)
        case intents.Unload():
            return await local_work.unload(app, intent)
        case intents.Keep():
            return await local_work.keep(app, intent)
        case intents.WarmUp():
            return await local_work.warm_up(app, intent)
        case intents.CancelWarmUp():
            return await local_work.cancel_warm_up(app, intent)


async def _gateway(app: App, intent: intents.SwitchGateway | intents.NewToken | intents.RevokeToken) -> Reply:
    from trayapp.app import gateway_work

    match intent:
        case intents.SwitchGateway():
            return await gateway_work.switch(app, intent)
        case intents.NewToken():
            return await gateway_work.new_token(app, intent)
        case intents.RevokeToken():
            return await gateway_work.revoke_token(app, intent)


async def pick(app: App, intent: PickModel) -> Reply:
    """Provider and model as one value, on the disk before anyone hears of it."""
    ref = intent.ref
    _usable(app, ref.provider)
    listing = app.catalog.listings.value.get(ref.provider)
    model = listed(ref, listing)
    if model is not None:
        ref = model.ref  # an alias is remembered by the id it stands for
    label, name = (model.label if model else ref.model), app.name(ref.provider)
    before = app.state.value.active
    moves = before is not None and before.provider not in ("", ref.provider)
    if moves and app.settings.value.confirm_switch and not intent.confirmed and app.ask is not None:
        question = _("Switch from {old} to {new}, model {model}?")
        if not await app.ask(question.format(old=app.name(before.provider) if before else "", new=name, model=label)):
            return Reply(False, "")
        _usable(app, ref.provider)  # the answer may have taken its time
    await app.remember(lambda state: _picked(ref, state))
    notice = notices.switched(ref, label, name)
    if before != ref:
        app.tell(notice)
    note = ""
    if listing is not None and listing.locked:
        note = _("It has no working key yet.")
    elif model is None and listing is not None and listing.models and listing.source is not Source.EMBEDDED:
        note = _("The provider does not list this model.")
    return Reply(True, f"{notice.title} {note}".rstrip(), {"provider": ref.provider, "model": ref.model})


async def refresh(app: App, intent: Refresh) -> Reply:
    """Ask one provider or all of them; one that fails delays and hides no other."""
    if intent.provider is None:
        accounts = tuple(it for it in app.accounts if it.enabled)
    else:
        accounts = (_usable(app, intent.provider),)
    listings = await app.catalog.refresh(accounts, force=True)
    failed = [
        words_for(app, listing.failure)
        for listing in listings.values()
        if listing.failure is not None and listing.failure.kind not in (Kind.NOT_RUNNING, Kind.NO_KEY)
    ]
    if intent.provider is not None:
        failure = listings[intent.provider].failure if intent.provider in listings else None
        failed = [words_for(app, failure)] if failure else []
    models = sum(len(listing.models) for listing in listings.values() if listing.failure is None)
    good = sum(listing.failure is None for listing in listings.values())
    summary = _("{models} of {accounts}.").format(
        models=plural("{n} model", "{n} models", models), accounts=plural("{n} provider", "{n} providers", good)
    )
    return Reply(not failed, "\n".join((summary, *failed)) if good or not failed else "\n".join(failed))


def open_window(app: App, window: intents.Window) -> Reply:
    """Have it shown by whoever has a screen."""
    if app.tray is None:
        return Reply(False, _("trayapp runs without a screen here, so it has no windows."))
    app.window.publish(window)
    return Reply()


async def set_login(app: App, intent: SetLogin) -> Reply:
    """Write the system's own entry, then read it back: what counts is what stands there."""
    import asyncio

    await asyncio.to_thread(app.login().set, intent.on)
    status = await asyncio.to_thread(app.login().status)
    if status.on is not intent.on:
        return Reply(False, status.note or _("The system did not keep the setting."))
    text = _("trayapp starts with the desktop.") if status.on else _("trayapp no longer starts with the desktop.")
    return Reply(True, text, {"on": status.on})


def _usable(app: App, provider: str) -> Account:
    """The account, which has to be switched on. Raises ProviderError or UserError."""
    account = app.account(provider)
    if not account.enabled:
        raise UserError(switched_off(app, account))
    return account


def _picked(ref: ModelRef, state: State) -> State:
    if state.active is not None and not state.active.provider:
        from trayapp.core.loose import answered

        state = answered(state, ref)
    recent = (ref, *(it for it in state.recent if it != ref))[:RECENT]
    return replaced(state, active=ref, recent=recent)
