"""The commands about the gateway: on and off, where it is, and the tokens by which tools may use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trayapp.cli import disk, output
from trayapp.cli.codes import DONE
from trayapp.cli.console import Console
from trayapp.core.errors import UserError
from trayapp.core.intents import NewToken, RevokeToken, SwitchGateway
from trayapp.core.language import _, plural

if TYPE_CHECKING:
    from trayapp.core.secret import Secret

LISTENING = "listening"


def on(console: Console, args: Any) -> int:
    """``trayapp gateway on``: code 1 where it could not listen."""
    return console.answer(console.remote.perform(lambda: SwitchGateway(True)))


def off(console: Console, args: Any) -> int:
    """``trayapp gateway off``."""
    return console.answer(console.remote.perform(lambda: SwitchGateway(False)))


def url(console: Console, args: Any) -> int:
    """``trayapp gateway url``: what most tools are given; where the gateway is off, a remark on standard error."""
    found = _told(console)
    console.say(found["url"] or _address(console))
    if not found["url"]:
        console.complain(found["problem"] or _("The gateway does not listen now. “trayapp gateway on” switches it on."))
    return DONE


def status(console: Console, args: Any) -> int:
    """``trayapp gateway status``: how it stands, and how tools are pointed at it."""
    found = _told(console)
    if args.json:
        console.json(found)
        return DONE
    if found["state"] == LISTENING:
        console.say(_("The gateway listens at {url}.").format(url=found["url"]))
    elif found["problem"]:
        console.say(found["problem"])
    elif found["on"]:
        console.say(_("The gateway is switched on. It listens as soon as trayapp runs."))
    else:
        console.say(_("The gateway is switched off. “trayapp gateway on” switches it on."))
    for line in (*_use(found), *_tools(found["url"] or _address(console)), *_tokens(found, console)):
        console.say(output.clean(line))
    return DONE


def token(console: Console, args: Any) -> int:
    """``trayapp gateway token``: the first one on standard output; one is made, or revoked, if named."""
    if args.new is not None and args.revoke is not None:
        raise UserError(_("Make a token or revoke one, one at a time."))
    if args.revoke is not None:
        return console.answer(console.remote.perform(lambda: RevokeToken(args.revoke)))
    if args.new is not None:
        return _new(console, args.new)
    from trayapp.app.token_keeping import first_of

    names = [it.name for it in disk.read(console.paths, console.env).state.tokens]
    if not names:
        raise UserError(_("There is no token yet. “trayapp gateway token --new NAME” makes one."))
    _print(console, first_of(names, console.env))
    return DONE


def _new(console: Console, name: str) -> int:
    """Made here and kept from here, so that it passes through no socket; the program learns its digest alone."""
    from trayapp.app.token_keeping import keep, made
    from trayapp.system.keys import Kept

    digest, secret = made()
    reply = console.remote.perform(lambda: NewToken(name, digest))
    if not reply.ok:
        return console.answer(reply)
    kept = keep(name, secret, console.env)
    _print(console, secret)
    if kept is not Kept.KEYRING:
        console.complain(
            _("There is no keyring to keep it in, so it is shown this once. It counts until you revoke it.")
        )
    return DONE


def _print(console: Console, secret: Secret) -> None:
    from trayapp.system.keys import shown

    try:
        console.machine(shown(secret) + "\n")
    except ValueError:
        told = _("The keyring holds something else in the token's place. Revoke the token, and make a new one.")
        raise UserError(told) from None


def _told(console: Console) -> dict[str, Any]:
    """What the running program says; without one, what stands on the disk. Raises UserError."""
    found = disk.read(console.paths, console.env)
    reply = console.remote.ask("gateway")
    if reply is not None:
        if not reply.ok or not isinstance(reply.data, dict):
            raise UserError(_("The running trayapp is of another version. Quit it and start it again."))
        return {"running": True, "on": reply.data["state"] != "off", **reply.data}
    return {
        "running": False,
        "on": found.settings.gateway,
        "state": "off",
        "url": None,
        "port": found.settings.gateway_port,
        "problem": None,
        "active": 0,
        "served": None,
        "why": None,
        "tokens": [{"name": it.name, "made": it.made, "session": False} for it in found.state.tokens],
        "today": _today(console),
    }


def _today(console: Console) -> Any:
    """Today's sums off the file; None where they cannot be read."""
    from msgspec import to_builtins

    from trayapp.gateway.usage import FILE
    from trayapp.gateway.usage_file import UsageFile

    try:
        return to_builtins(UsageFile(console.paths.data / FILE, lambda: console.now).today())
    except UserError:
        return None


def _address(console: Console) -> str:
    return f"http://127.0.0.1:{disk.read(console.paths, console.env).settings.gateway_port}/v1"


def _use(found: dict[str, Any]) -> list[str]:
    lines = []
    if found["active"]:
        lines.append(plural("{n} request is under way.", "{n} requests are under way.", found["active"]))
    if found["served"]:
        lines.append(_("Last answered: {model} ({why}).").format(model=found["served"], why=found["why"]))
    if found["today"] and found["today"]["requests"]:
        requests = plural("{n} request today", "{n} requests today", found["today"]["requests"])
        failed = found["today"]["failed"]
        lines.append(_("{requests}, {n} failed.").format(requests=requests, n=failed) if failed else f"{requests}.")
    return lines


def _tools(url: str) -> list[str]:
    """How tools are pointed at it: what most of them read from the environment."""
    plain = url.removesuffix("/v1")
    return [
        "",
        _("Point tools at it, with a token as their key and “current” as the model:"),
        f"  OPENAI_BASE_URL={url}  OPENAI_API_KEY=…",
        f"  ANTHROPIC_BASE_URL={plain}  ANTHROPIC_AUTH_TOKEN=…",
        f"  OLLAMA_HOST={plain}",
        "",
    ]


def _tokens(found: dict[str, Any], console: Console) -> list[str]:
    if not found["tokens"]:
        return [_("There is no token yet: the first one is made when the gateway is switched on.")]
    from trayapp.ui.words import age

    rows = [(_("TOKEN"), _("MADE"), "")]
    for it in found["tokens"]:
        note = _("shown until trayapp ends") if it["session"] else ""
        rows.append((it["name"], age(console.now - it["made"]), note))
    return output.columns(rows, width=console.width, flexible=(0,)).splitlines()
