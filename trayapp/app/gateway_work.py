"""What happens to the gateway when the user asks: switched on or off, a token made or revoked; and how it stands."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec

from trayapp.app.root import App
from trayapp.core.errors import ProviderError, UserError
from trayapp.core.intents import NewToken, Reply, RevokeToken, SwitchGateway
from trayapp.core.language import _
from trayapp.gateway.status import GatewayState, Status
from trayapp.system.keys import Kept


async def switch(app: App, intent: SwitchGateway) -> Reply:
    """Remember it, carry it out, and say what came of it. Raises UserError where the environment decides."""
    if "gateway" in app.forced and app.settings.value.gateway is not intent.on:
        told = _("The gateway is switched by “trayapp serve” here, or by {variable}, which takes precedence.")
        raise UserError(told.format(variable=app.forced["gateway"]))
    before = app.settings.value.gateway
    await app.prefer(lambda settings: msgspec.structs.replace(settings, gateway=intent.on))
    if app.alone:
        return await _for_later(app, intent.on)
    if intent.on and before:
        app.gateway.retry()
    await app.gateway.settled()
    status = app.gateway.status.value
    if not intent.on:
        return Reply(True, _("The gateway is switched off."), seen(status))
    if status.state is not GatewayState.LISTENING:
        return Reply(False, status.problem or _("The gateway does not listen."), seen(status))
    text = _("Tools reach the chosen model at {url}.").format(url=f"{status.url}/v1")
    return Reply(True, f"{text} {_of_tokens(app)}".rstrip(), seen(status))


async def new_token(app: App, intent: NewToken) -> Reply:
    """Make one, or know one whose owner keeps it. The token itself is never in the reply."""
    if intent.sha256:
        await app.gateway.tokens.enter(intent.name, intent.sha256)
        return Reply(True, _("The token “{name}” lets tools in.").format(name=intent.name.strip()))
    kept = await app.gateway.tokens.make(intent.name)
    text = _("The token “{name}” is made and kept in the keyring.")
    if kept is Kept.SESSION:
        text = _(
            "The token “{name}” is made. There is no keyring to keep it in: copy it before you quit trayapp."
            " It counts until you revoke it."
        )
    return Reply(True, text.format(name=intent.name.strip()), {"kept": kept.value})


async def revoke_token(app: App, intent: RevokeToken) -> Reply:
    """From now on it lets nobody in; answers under way are finished."""
    note = await app.gateway.tokens.revoke(intent.name)
    text = _("The token “{name}” is revoked.").format(name=intent.name.strip())
    return Reply(True, f"{text} {note}".rstrip())


async def summary(app: App) -> dict[str, Any]:
    """Everything that ``gateway status`` shows."""
    today = await app.gateway.today()
    tokens = [
        {"name": it.name, "made": it.made, "session": app.gateway.tokens.session_only(it.name)}
        for it in app.gateway.tokens.all
    ]
    return {
        **seen(app.gateway.status.value),
        "tokens": tokens,
        "today": None if today is None else msgspec.to_builtins(today),
    }


def seen(status: Status) -> dict[str, Any]:
    """How the gateway stands, for the command line."""
    return {
        "state": status.state.value,
        "url": f"{status.url}/v1" if status.state is GatewayState.LISTENING else None,
        "port": status.port or None,
        "problem": status.problem or None,
        "active": status.active,
        "served": status.served or None,
        "why": status.why or None,
    }


async def _for_later(app: App, on: bool) -> Reply:
    """No tray runs: the setting is all there is, and the first token where a keyring can keep it."""
    if not on:
        return Reply(True, _("The gateway is switched off."))
    # else it is made when trayapp starts: a keyring that is not there is no reason not to switch on
    with suppress(UserError, ProviderError):
        await app.gateway.tokens.first(may_prompt=True)
    return Reply(True, _("The gateway is switched on. It listens as soon as trayapp runs."))


def _of_tokens(app: App) -> str:
    """Where the token is that tools have to show."""
    names = [it.name for it in app.gateway.tokens.all]
    if not names:
        return _("There is no token for tools yet.")
    if app.gateway.tokens.session_only(names[0]):
        return _("There is no keyring to keep their token in: copy it before you quit trayapp.")
    return _("Their token: “trayapp gateway token”, or the menu.")
