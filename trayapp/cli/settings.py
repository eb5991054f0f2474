"""The commands about settings: each is declared once, so names, limits and words are read off there."""

from __future__ import annotations

from typing import Any

from trayapp.cli import disk, output
from trayapp.cli.codes import DONE
from trayapp.cli.console import Console
from trayapp.core.errors import UserError
from trayapp.core.intents import SaveSettings, WireIntent
from trayapp.core.language import _
from trayapp.core.schema import change, limits, preferences


def get(console: Console, args: Any) -> int:
    """``trayapp settings get``: the value alone, as ``settings set`` takes it."""
    found = disk.read(console.paths)
    _known(args.setting)
    console.say(shown(getattr(found.settings, args.setting)))
    return DONE


def put(console: Console, args: Any) -> int:
    """``trayapp settings set``: checked here, so that a wrong value reaches nobody."""
    _known(args.setting)

    def intent() -> WireIntent:
        try:
            return SaveSettings(change(disk.read(console.paths).settings, args.setting, args.value))
        except ValueError as exc:
            raise UserError(str(exc)) from exc

    return console.answer(console.remote.perform(intent))


def show(console: Console, args: Any) -> int:
    """``trayapp settings list``: name, value, what it does and what it may be."""
    found = disk.read(console.paths)
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
                    "label": _(it.label),
                    "limits": allowed(it) or None,
                }
                for it in declared
            ]
        )
        return DONE
    rows = [(_("NAME"), _("VALUE"), _("MEANS"), _("MAY BE"))]
    rows += [(it.name, shown(getattr(found.settings, it.name)), _(it.label), allowed(it)) for it in declared]
    console.say(output.columns(rows, width=console.width, flexible=(2, 3)))
    return DONE


def shown(value: object) -> str:
    """A value as it is typed."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def allowed(preference: Any) -> str:
    """What may be entered, in words."""
    return _("on or off") if preference.type is bool else limits(preference)


def _known(name: str) -> None:
    if name not in preferences():
        raise UserError(disk.unknown(_("There is no setting “{name}”."), name, list(preferences())))
