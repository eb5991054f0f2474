"""The command that says which version this is, and asks whether a newer one is out."""

from __future__ import annotations

from typing import Any

from trayapp.cli.codes import DONE, FAILED
from trayapp.cli.console import Console
from trayapp.core.version import VERSION


def version(console: Console, args: Any) -> int:
    """``trayapp version``: sends nothing, unless it is told to ``--check``; code 1 where that brought nothing."""
    if args.check:
        return _check(console, as_json=args.json)
    from trayapp.cli import disk
    from trayapp.core import releases
    from trayapp.ui.releases import standing

    found = disk.read(console.paths, console.env)
    address, problem = releases.address(console.env)
    if problem:
        console.complain(problem)
    on = found.settings.update_notice
    seen = releases.seen(found.state.looked, address=address, on=on, now=console.now)
    if args.json:
        import msgspec

        console.json({"version": VERSION, **msgspec.to_builtins(seen)})
        return DONE
    console.say(f"trayapp {VERSION}")
    if seen.host or seen.on:
        console.say(standing(seen))
    return DONE


def _check(console: Console, *, as_json: bool) -> int:
    from trayapp.core.intents import LookForUpdate

    reply = console.remote.perform(LookForUpdate)
    if not as_json or reply.data is None:
        return console.answer(reply)
    console.json(reply.data)
    return DONE if reply.ok else FAILED
