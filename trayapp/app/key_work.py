"""What happens to keys when the user asks: checked, stored, copied, tested, removed, unlocked."""

from __future__ import annotations

import asyncio
import contextlib
from importlib import import_module
from typing import TYPE_CHECKING

from trayapp.app.keychain import spec_of
from trayapp.app.root import App, replaced, without, words_for
from trayapp.app.timing import waiting
from trayapp.core.accounts import Account, KeyFrom, environment_slot
from trayapp.core.errors import Kind, ProviderError, UserError
from trayapp.core.intents import CheckKey, CopyKey, KeyChanged, RemoveKey, Reply, StoreKey
from trayapp.core.language import _
from trayapp.core.secret import Secret
from trayapp.core.settings import Settings
from trayapp.providers import keys as key_hints
from trayapp.system.keys import Kept, KeyringState, cleaned
from trayapp.system.logs import know
from trayapp.ui import words

if TYPE_CHECKING:
    from trayapp.providers.client import Checked

GOOD, REFUSED = "good", "refused"
"""Values of ``providers.client.Verdict``, which takes all of HTTP to import."""
_WAITED = (Kind.LOCKED, Kind.DENIED, Kind.NO_KEYRING)
"""Failures of a list that an open keyring mends."""


async def store_key(app: App, intent: StoreKey) -> Reply:
    """Check first, then write, then say what became of it. A refused key is not stored."""
    account = app.account(intent.provider)
    slot = app.keychain.slot(account)
    key = _cleaned(account, intent.key)
    note = ""
    if intent.check:
        checked = await _check(app, account, key)
        note = _verdict(app, account, checked)
        if checked.verdict != GOOD:
            return Reply(False, note, {"verdict": checked.verdict.value})
    kept = await _store(app, account, slot, key, remember=intent.remember)
    if kept is Kept.SESSION:
        return Reply(True, " ".join((_("Key held until you quit."), _why_not(app))).rstrip(), {"kept": kept.value})
    told = " ".join((_("Key stored in the keyring."), note)).rstrip()
    about = {"kept": kept.value} if intent.remember else {"kept": kept.value, "remembered": False}
    return Reply(True, told, about)


async def copy_key(app: App, intent: CopyKey) -> Reply:
    """From the environment into the keyring, by a click and never otherwise."""
    account = app.account(intent.provider)
    found = key_hints.from_environment(spec_of(account), app.env)
    if found is None:
        raise UserError(_("There is no key for {name} in the environment.").format(name=app.name(account.id)))
    state = await app.keychain.look()
    if state in (KeyringState.LOCKED, KeyringState.ABSENT):
        state = await app.keychain.unlock()
    if state is not KeyringState.OK:
        # held for the session it would be gone tomorrow, and the environment's no longer used
        raise UserError(" ".join((_("The key was not copied."), _why_not(app))).rstrip())
    return await store_key(app, StoreKey(account.id, found[1], check=False))


async def try_key(app: App, intent: CheckKey) -> Reply:
    """Ask the provider. The keyring may ask for its password: somebody clicked for this."""
    account = app.account(intent.provider)
    key = await app.keychain.key(account, may_prompt=True)
    if key is None:
        raise UserError(_("{name} has no key to test.").format(name=app.name(account.id)))
    checked = await _check(app, account, key)
    listing = app.catalog.listings.value.get(account.id)
    if checked.verdict == GOOD and account.enabled and listing is not None and listing.failure is not None:
        app.behind(app.catalog.refresh((account,), force=True), name=f"refresh {account.id}")
    return Reply(checked.verdict == GOOD, _verdict(app, account, checked), {"verdict": checked.verdict.value})


async def remove_key(app: App, intent: RemoveKey) -> Reply:
    """From the keyring and from memory, whatever address it was entered for."""
    account = app.account(intent.provider)
    await forget_keys(app, account)
    await changed(app, account)
    if app.keychain.kept(account) == "environment":
        variable = app.keychain.variables().get(account.spec, "")
        return Reply(
            True, _("Nothing of it is in the keyring. The key in {variable} is used.").format(variable=variable)
        )
    return Reply(True, _("Key removed."))


async def key_changed(app: App, intent: KeyChanged) -> Reply:
    """The command line wrote the keyring itself: look again."""
    account = app.account(intent.provider)
    slot = app.keychain.slot(account)
    app.keychain.stored_elsewhere(slot)
    # the command wrote state.json as it had read it: what was chosen here meanwhile has to stand there again
    await _known(app, slot, present=intent.present, again=True)
    if intent.present:
        await _own_key(app, account)
    await changed(app, account)
    return Reply()


async def unlock(app: App) -> Reply:
    """Let the system ask; then fetch what waited for it."""
    state = await app.keychain.unlock()
    if state is not KeyringState.OK:
        return Reply(False, _why_not(app))
    shown = app.catalog.listings.value
    waiting = tuple(
        it
        for it in app.accounts
        if it.id in shown and (failure := shown[it.id].failure) is not None and failure.kind in _WAITED
    )
    app.behind(app.catalog.refresh(waiting, force=True), name="refresh after unlock")
    return Reply(True, _("Keyring unlocked."))


async def forget_keys(app: App, account: Account) -> None:
    """Remove every entry of this account, for all addresses it ever had."""
    gone = [it for it in app.state.value.keyed if it.startswith(environment_slot(account, ""))]
    slots = set(app.keychain.slots(account))
    if await app.keychain.look() is KeyringState.OK:
        with contextlib.suppress(UserError, ProviderError):  # without an address it has no entry of its own
            slots.add(app.keychain.slot(account))  # somebody may have put one there without our knowing
    try:
        for slot in sorted(slots):
            await app.keychain.remove(slot)
            gone.append(slot)
    finally:
        await app.remember(lambda state: replaced(state, keyed=without(state.keyed, *gone)))


async def changed(app: App, account: Account) -> None:
    """The account has another key or address: what was known of it counts no more, and it is asked again."""
    app.catalog.invalidate(account.id)
    app.redraw()
    if account.enabled:
        app.behind(app.catalog.refresh((account,), force=True), name=f"refresh {account.id}")


async def _store(app: App, account: Account, slot: str, key: Secret, *, remember: bool) -> Kept:
    """Write it and remember that it is there. What cannot be remembered is not kept either."""
    try:
        kept = await app.keychain.store(slot, key)
    except ProviderError as exc:
        # what is wrong is the key or the keyring, and neither the account nor its provider
        raise UserError(exc.failure.detail or words_for(app, exc.failure)) from exc
    if not remember or (kept is Kept.SESSION and app.alone):
        return kept  # the session is this one call
    try:
        await _known(app, slot, present=kept is Kept.KEYRING)
    except (ProviderError, UserError):
        await app.keychain.remove(slot)
        raise
    await _own_key(app, account)
    await changed(app, account)
    return kept


async def _known(app: App, slot: str, *, present: bool, again: bool = False) -> None:
    def change(keyed: tuple[str, ...]) -> tuple[str, ...]:
        if present:
            return keyed if slot in keyed else (*keyed, slot)
        return without(keyed, slot)

    await app.remember(lambda state: replaced(state, keyed=change(state.keyed)), again=again)


async def _own_key(app: App, account: Account) -> None:
    """A key entered for an account that read the environment is used from now on."""
    if account.key_from is KeyFrom.KEYRING:
        return
    import msgspec

    from trayapp.app.account_work import with_account

    def change(settings: Settings) -> Settings:
        own = next((it for it in settings.accounts if it.id == account.id), account)
        return with_account(settings, msgspec.structs.replace(own, key_from=KeyFrom.KEYRING))

    await app.prefer(change)


async def _check(app: App, account: Account, key: Secret) -> Checked:
    client = await asyncio.to_thread(import_module, "trayapp.providers.client")
    try:
        http = await app.net.client()
        times = waiting(spec_of(account), account, app.settings.value)
        checked: Checked = await client.check_key(spec_of(account), http, account=account, key=key, timeouts=times)
    except ProviderError as exc:
        return client.Checked(client.Verdict.UNSURE, words_for(app, exc.failure))  # type: ignore[no-any-return]
    return checked


def _cleaned(account: Account, key: Secret) -> Secret:
    """Without white space around it, and known to the log. Raises UserError for what can be no key."""
    try:
        key = cleaned(key, provider=account.id)
    except ProviderError as exc:
        raise UserError(exc.failure.detail) from exc
    know(key)
    return key


def _why_not(app: App) -> str:
    """Why the keyring holds nothing, in a sentence."""
    return words.keyring(app.keyring.value) or app.keychain.keys.reason


def _verdict(app: App, account: Account, checked: Checked) -> str:
    name = app.name(account.id)
    told = {
        GOOD: _("{name} takes the key."),
        REFUSED: _("{name} refused the key."),
    }
    text = told.get(checked.verdict, _("Could not tell whether {name} takes the key."))
    return f"{text.format(name=name)} {checked.detail}".rstrip()
