"""The commands about settings: each is declared once, so names, limits and words are read off there."""

from __future__ import annotations

from typing import Any

from trayapp.cli import disk, output
from trayapp.cli.codes import DONE
from trayapp.cli.console import Console
from trayapp.core.errors import UserError
from trayapp.core.intents import SaveSettings, WireIntent
from trayapp.core.language import _
from trayapp.core.schema import change, limits, preferences, typed


def get(console: Console, args: Any) -> int:
    """``trayapp settings get``: the value alone, as ``settings set`` takes it."""
    found = disk.read(console.paths, console.env)
    _known(args.setting)
    console.say(typed(getattr(found.settings, args.setting)))
    return DONE


def put(console: Console, args: Any) -> int:
    """``trayapp settings set``: checked here, so that a wrong value reaches nobody."""
    _known(args.setting)
    new: set[str] = set()

    def intent() -> WireIntent:
        found = disk.read(console.paths, console.env)
        try:
            changed = change(found.stored, args.setting, args.value, onto=True)
        except ValueError as exc:
            raise UserError(str(exc)) from exc
        if args.setting == "provider_ttl_overrides":
            new.update(changed.provider_ttl_overrides.keys() - found.stored.provider_ttl_overrides.keys())
        return SaveSettings(changed, found.stored)

    code = console.answer(console.remote.perform(intent))
    _warn(console, new)
    return code


def show(console: Console, args: Any) -> int:
    """``trayapp settings list``: name, value, what it does and what it may be."""
    found = disk.read(console.paths, console.env)
    for notice in found.notices:
        console.complain(notice)
    declared = preferences().values()
    if args.json:
        console.json(
            [
                {
                    "name": it.name,
                    "value": getattr(found.settings, it.name),
                    "default": it.default,
                    "set_by": found.forced.get(it.name),
                    "label": _(it.label),
                    "limits": allowed(it) or None,
                }
                for it in declared
            ]
        )
        return DONE
    rows = [(_("NAME"), _("VALUE"), _("MEANS"), _("MAY BE"))]
    for it in declared:
        value = typed(getattr(found.settings, it.name))
        if it.name in found.forced:
            value = _("{value} (set by {variable})").format(value=value, variable=found.forced[it.name])
        rows.append((it.name, value, _(it.label), allowed(it)))
    console.say(output.columns(rows, width=console.width, flexible=(2, 3)))
    return DONE


def allowed(preference: Any) -> str:
    """What may be entered, in words."""
    return _("on or off") if preference.type is bool else limits(preference)


def _known(name: str) -> None:
    if name not in preferences():
        raise UserError(disk.unknown(_("There is no setting “{name}”."), name, list(preferences())))


def _warn(console: Console, names: set[str]) -> None:
    """A name that means nothing yet may be an account to come, and may be a slip."""
    if not names:
        return
    from trayapp.providers.table import SPECS

    known = {*(it.id for it in disk.read(console.paths, console.env).accounts), *(it.id for it in SPECS)}
    for name in sorted(names - known):
        console.complain(disk.unknown(_("So far “{name}” is neither an account nor a provider."), name, known))
