"""Takes over what another installation exported, and gives what can be exported: everything but keys."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from trayapp.app.account_work import not_sent, save_settings
from trayapp.app.keychain import spec_of
from trayapp.app.local_work import STRATEGIES
from trayapp.app.menu_work import MOST_PINNED
from trayapp.app.perform import RECENT
from trayapp.app.profile_work import MOST
from trayapp.app.root import App, name_of, replaced
from trayapp.core import transfer
from trayapp.core.accounts import Account, KeyFrom, check_id
from trayapp.core.errors import ProviderError, UserError
from trayapp.core.intents import Import, Reply, SaveSettings
from trayapp.core.language import _, plural
from trayapp.core.profiles import current
from trayapp.core.redaction import struck
from trayapp.core.settings import Settings
from trayapp.core.state import State
from trayapp.core.transfer import Taken
from trayapp.providers.keys import vouched
from trayapp.providers.spec import origin
from trayapp.system import files
from trayapp.system.paths import Paths
from trayapp.system.store import LIMIT


class Plan(msgspec.Struct, frozen=True):
    """What an import will do."""

    settings: Settings | None
    state: State | None
    said: tuple[str, ...]
    """What is taken over, what cannot be, and what is still to be done: one sentence a line."""
    keyless: tuple[str, ...]
    """Ids of the accounts whose key is missing on this computer."""


def exported(app: App) -> dict[str, Any]:
    """The document that ``Import`` takes: settings, accounts, rules, what is remembered; no key is in it."""
    kept = ("keyring", "session")
    keyed = [it.id for it in app.stored.accounts if app.keychain.kept(it) in kept]
    return transfer.document(app.stored, app.state.value, now=app.clock.now(), keyed=keyed)


async def take_over(app: App, intent: Import) -> Reply:
    """Replace settings and what is remembered by what the document holds. Both files are copied aside before.

    Raises UserError for a document that cannot be used, and then nothing was changed.
    """
    plan = planned(intent.document, app.stored, app.state.value, lambda account: bool(app.keychain.kept(account)))
    aside = await asyncio.to_thread(_keep_aside, app.paths, app.clock.now())
    enabled = {it.id for it in app.accounts if it.enabled}
    said = [*plan.said, *await _replaced(app, plan.settings, plan.state)]
    app.catalog.set_accounts(app.accounts)
    back = tuple(it for it in app.accounts if it.enabled and it.id not in enabled)
    if back:
        app.behind(app.catalog.refresh(back), name="refresh what was imported")
    if aside:
        told = _("What was there before is kept beside it: {names}.")
        said.append(told.format(names=", ".join(it.name for it in aside)))
    return Reply(True, "\n".join(said), {"keyless": plan.keyless, "aside": [str(it) for it in aside]})


async def _replaced(app: App, settings: Settings | None, state: State | None) -> list[str]:
    """Take both over, or none, whenever the program is killed; gives what is to be said."""
    before, store = app.state.value, app.store
    if state is None or settings is None:
        if state is not None:
            await app.remember(lambda mine: transfer.merged(mine, state))
        return [] if settings is None else [(await save_settings(app, SaveSettings(settings))).text]
    try:
        await asyncio.to_thread(store.begin_both, before)
        # what is remembered comes first: an account that its profile leaves out is not to be asked meanwhile
        await app.remember(lambda mine: transfer.merged(mine, state))
        said = (await save_settings(app, SaveSettings(settings))).text
    except (ProviderError, UserError):
        store.end_both()
        await app.remember(lambda mine: transfer.merged(mine, before))
        raise
    store.end_both()
    with contextlib.suppress(ProviderError, UserError):  # what stands beside it means nothing any more
        await app.remember(lambda mine: mine, again=True)
    return [said]


def planned(document: dict[str, Any], settings: Settings, state: State, kept: Callable[[Account], bool]) -> Plan:
    """What the document would do to these. ``kept`` says whether this computer has an account's key.

    Raises UserError, in words, for a document that cannot be used.
    """
    taken = transfer.read(document, strategies=STRATEGIES)
    theirs, problems = taken.settings, list(taken.problems)
    if theirs is not None:
        theirs = _with_good_accounts(theirs, problems)
    remembered = _within_limits(taken.state, problems) if taken.state is not None else None
    said = [_summary(theirs, remembered), *problems]
    keyless: list[str] = []
    if theirs is not None:
        ids = {it.id for it in theirs.accounts}
        if gone := [name_of(it) for it in settings.accounts if it.id not in ids]:
            told = _("Accounts that are not in the export are gone: {names}. Their keys stay in the keyring.")
            said.append(told.format(names=", ".join(gone)))
        for account in theirs.accounts:
            if (missing := _missing(account, taken)) and not kept(account):
                keyless.append(account.id)
                said.append(missing)
    there = {it.name for it in state.tokens}
    for name in taken.tokens:
        if name not in there:
            told = _("Tools used the token “{name}” there. A new one for here: trayapp gateway token --new {word}")
            said.append(told.format(name=name, word=_word(name)))
    return Plan(theirs, remembered, tuple(map(struck, said)), tuple(keyless))


def _summary(settings: Settings | None, state: State | None) -> str:
    counts: list[str] = []
    if settings is not None:
        counts.append(plural("{n} account", "{n} accounts", len(settings.accounts)))
        if changes := transfer.changes(settings):
            counts.append(plural("{n} setting", "{n} settings", len(changes)))
        if settings.rules:
            counts.append(plural("{n} rule", "{n} rules", len(settings.rules)))
    if state is not None:
        if state.profiles:
            counts.append(plural("{n} profile", "{n} profiles", len(state.profiles)))
        if state.pinned:
            counts.append(plural("{n} pinned model", "{n} pinned models", len(state.pinned)))
        if state.active is not None:
            counts.append(_("the chosen model {model}").format(model=state.active))
    return _("In the export: {parts}.").format(parts=", ".join(counts) or _("nothing that differs from the defaults"))


def _with_good_accounts(settings: Settings, problems: list[str]) -> Settings:
    """The settings without accounts that cannot be; a sentence for each of these."""
    good = []
    for account in settings.accounts:
        try:
            check_id(account.id)
            spec_of(account)
            if account.base_url:
                origin(account.base_url.strip().replace("{", "").replace("}", ""))
        except ProviderError:
            told = _("The account “{id}” is left out: this version knows no provider “{spec}”.")
            problems.append(told.format(id=account.id, spec=account.spec))
        except UserError as exc:
            problems.append(_("The account “{id}” is left out: {why}").format(id=account.id, why=exc))
        else:
            good.append(account)
    return msgspec.structs.replace(settings, accounts=tuple(good))


def _within_limits(state: State, problems: list[str]) -> State:
    """No more of anything than could be made here; a sentence for what the user would miss."""
    profiles, pinned = state.profiles[:MOST], state.pinned[:MOST_PINNED]
    if len(profiles) < len(state.profiles):
        problems.append(_("More than {n} profiles are not kept.").format(n=MOST))
    if len(pinned) < len(state.pinned):
        problems.append(_("More than {n} pinned models are not kept.").format(n=MOST_PINNED))
    state = replaced(state, profiles=profiles, pinned=pinned, recent=state.recent[:RECENT])
    return state if current(state) is not None else replaced(state, profile="")


def _missing(account: Account, taken: Taken) -> str:
    """How to give it its key, in a sentence; empty where it needs none."""
    spec = spec_of(account)
    if not spec.key_required and account.id not in taken.keyed:
        return ""
    if account.key_from is KeyFrom.ENVIRONMENT and spec.key_env:
        with contextlib.suppress(UserError):  # an address that is not complete
            if not vouched(spec, account, ()):
                return not_sent(account, spec.key_env[0])
        told = _("The key of {name} is missing: set the variable {variable}.")
        return told.format(name=name_of(account), variable=spec.key_env[0])
    return _("The key of {name} is missing: trayapp key set {id}").format(name=name_of(account), id=account.id)


def _word(text: str) -> str:
    """As one word of a command line."""
    import shlex

    return shlex.quote(text)


def _keep_aside(paths: Paths, now: float) -> list[Path]:
    """Copy both files as they are, under a name that tells the date. Raises UserError, in words."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
    made = []
    for path in (paths.settings_file, paths.state_file):
        try:
            data = files.read_bytes(path, LIMIT)
            aside, number = path.with_name(f"{path.name}.before-import-{stamp}"), 2
            while aside.exists():
                aside, number = path.with_name(f"{path.name}.before-import-{stamp}-{number}"), number + 1
            files.write_private(aside, data)
        except FileNotFoundError:
            continue
        except OSError as exc:
            told = _("“{file}” could not be copied aside: {why}. Nothing was imported.")
            raise UserError(told.format(file=path, why=exc.strerror or exc)) from exc
        made.append(aside)
    return made
