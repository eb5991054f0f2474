"""What happens to keys when the user asks: checked, stored, copied, tested, removed, unlocked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayapp.app.keychain import spec_of
from trayapp.app.root import App, replaced, words_for
from trayapp.app.timing import waiting
from trayapp.core.accounts import Account, KeyFrom
from trayapp.core.errors import ProviderError, UserError
from trayapp.core.intents import CheckKey, CopyKey, KeyChanged, RemoveKey, Reply, StoreKey
from trayapp.core.language import _
from trayapp.core.secret import Secret
from trayapp.providers import keys as key_hints
from trayapp.system import logs
from trayapp.system.keys import Kept, KeyringState
from trayapp.ui import words

if TYPE_CHECKING:
    from trayapp.providers.client import Checked

GOOD, REFUSED = "good", "refused"
"""Values of ``providers.client.Verdict``, which takes all of HTTP to import."""


async def store_key(app: App, intent: StoreKey) -> Reply:
    """Check first, then write, then say what became of it. A refused key is not stored."""
    account = app.account(intent.provider)
    slot = app.keychain.slot(account)
    logs.know(intent.key)
    note = ""
    if intent.check:
        checked = await _check(app, account, intent.key)
        if checked.verdict != GOOD:
            return Reply(False, _verdict(app, account, checked), {"verdict": checked.verdict.value})
        note = _verdict(app, account, checked)
    kept = await app.keychain.keys.put(slot, intent.key, may_prompt=True)
    await _known(app, account, slot, present=kept is Kept.KEYRING)
    await _own_key(app, account)
    await changed(app, account)
    if kept is Kept.SESSION:
        app.keyring.publish((await app.keychain.keys.look()).value)
        reason = words.keyring(app.keyring.value)
        return Reply(True, " ".join(filter(None, (_("Key held until you quit."), reason))), {"kept": "session"})
    return Reply(True, " ".join(filter(None, (_("Key stored in the keyring."), note))), {"kept": "keyring"})


async def copy_key(app: App, intent: CopyKey) -> Reply:
    """From the environment into the keyring, by a click and never otherwise."""
    account = app.account(intent.provider)
    found = key_hints.from_environment(spec_of(account), app.env)
    if found is None:
        raise UserError(_("There is no key for {name} in the environment.").format(name=app.name(account.id)))
    return await store_key(app, StoreKey(account.id, found[1], check=False))


async def try_key(app: App, intent: CheckKey) -> Reply:
    """Ask the provider. The keyring may ask for its password: somebody clicked for this."""
    account = app.account(intent.provider)
    key = await app.keychain.key(account, may_prompt=True)
    if key is None:
        raise UserError(_("{name} has no key to test.").format(name=app.name(account.id)))
    checked = await _check(app, account, key)
    ok = checked.verdict == GOOD
    return Reply(ok, _verdict(app, account, checked), {"verdict": checked.verdict.value})


async def remove_key(app: App, intent: RemoveKey) -> Reply:
    """From the keyring and from memory, whatever address it was entered for."""
    account = app.account(intent.provider)
    await forget_keys(app, account.id, app.keychain.slot(account))
    await changed(app, account)
    return Reply(True, _("Key removed."))


async def key_changed(app: App, intent: KeyChanged) -> Reply:
    """The command line wrote the keyring itself: look again."""
    account = app.account(intent.provider)
    slot = app.keychain.slot(account)
    app.keychain.keys.forget(slot)
    await _known(app, account, slot, present=intent.present)
    if intent.present:
        await _own_key(app, account)
    await changed(app, account)
    return Reply()


async def unlock(app: App) -> Reply:
    """Let the system ask; then fetch what waited for it."""
    state = await app.keychain.keys.unlock()
    app.keyring.publish(state.value)
    if state is not KeyringState.OK:
        return Reply(False, words.keyring(state.value))
    app.behind(app.catalog.refresh(app.accounts, force=True), name="refresh after unlock")
    return Reply(True, _("Keyring unlocked."))


async def forget_keys(app: App, provider: str, *more: str) -> None:
    """Remove every entry of this account, for all addresses it ever had."""
    slots = {slot for slot in app.state.value.keyed if slot.rpartition("@")[0] == provider} | set(more)
    for slot in sorted(slots):
        await app.keychain.keys.remove(slot, may_prompt=True)
    await app.remember(lambda state: replaced(state, keyed=tuple(it for it in state.keyed if it not in slots)))


async def changed(app: App, account: Account) -> None:
    """The account has another key or address: what was known of it counts no more, and it is asked again."""
    app.catalog.invalidate(account.id)
    app.redraw()
    if account.enabled:
        app.behind(app.catalog.refresh((account,), force=True), name=f"refresh {account.id}")


async def _known(app: App, account: Account, slot: str, *, present: bool) -> None:
    def change(keyed: tuple[str, ...]) -> tuple[str, ...]:
        others = tuple(it for it in keyed if it != slot)
        return (*others, slot) if present else others

    await app.remember(lambda state: replaced(state, keyed=change(state.keyed)))


async def _own_key(app: App, account: Account) -> None:
    """A key entered for an account that read the environment is used from now on."""
    if account.key_from is KeyFrom.KEYRING:
        return
    import msgspec

    from trayapp.app.account_work import with_account

    own = next((it for it in app.settings.value.accounts if it.id == account.id), account)
    await app.prefer(lambda it: with_account(it, msgspec.structs.replace(own, key_from=KeyFrom.KEYRING)))


async def _check(app: App, account: Account, key: Secret) -> Checked:
    from trayapp.providers.client import Checked, Verdict, check_key

    spec = spec_of(account)
    try:
        http = await app.net.client()
        return await check_key(spec, http, account=account, key=key, timeouts=waiting(spec, account))
    except ProviderError as exc:
        return Checked(Verdict.UNSURE, words_for(app, exc.failure))


def _verdict(app: App, account: Account, checked: Checked) -> str:
    name = app.name(account.id)
    told = {
        GOOD: _("{name} takes the key."),
        REFUSED: _("{name} refused the key."),
    }
    text = told.get(checked.verdict, _("Could not tell whether {name} takes the key."))
    return f"{text.format(name=name)} {checked.detail}".rstrip()
