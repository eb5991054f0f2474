"""The command that tells which model a text would go to, and why."""

from __future__ import annotations

from typing import Any

from trayapp.cli import disk, output
from trayapp.cli.codes import DONE, FAILED
from trayapp.cli.console import Console
from trayapp.core.language import _


def route(console: Console, args: Any) -> int:
    """``trayapp route``: by the rules as they hold; code 1 where no model would answer. Nothing is sent."""
    from trayapp.local import routing
    from trayapp.ui import routes

    found = disk.read(console.paths, console.env)
    settings = found.settings
    accounts = [it.id for it in found.accounts]
    for notice in found.notices:
        console.complain(notice)
    for complaint in routes.complaints(routing.problems(settings.rules, settings.roles, accounts)):
        console.complain(output.clean(complaint))
    chosen = found.state.active
    if chosen is not None and not chosen.provider:
        from trayapp.cli.unfinished import asked

        console.complain(asked(found, console.paths, console.env)[0])
        chosen = None
    routed = routing.route(
        args.text,
        args.name,
        rules=settings.rules,
        roles=settings.roles,
        default=settings.default_route,
        chosen=chosen,
        accounts=accounts,
    )
    said = output.clean(routes.sentence(routed, args.text, args.name))
    if args.json:
        console.json(_object(routed, said))
    if routed.ref is None:
        console.complain(said)
        return FAILED
    if not args.json:
        console.say(said)
    if routed.ref.provider not in accounts:
        console.complain(disk.unknown(_("There is no account “{name}”."), routed.ref.provider, accounts))
        return FAILED
    return DONE


def _object(routed: Any, said: str) -> dict[str, Any]:
    return {
        "provider": routed.ref.provider if routed.ref else None,
        "model": routed.ref.model if routed.ref else None,
        "why": routed.why.value,
        "rule": routed.rule or None,
        "role": routed.role or None,
        "roles_not_set": list(routed.unset),
        "text": said,
    }
