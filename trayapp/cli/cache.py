"""The commands about the cache of lists: how it stands, and forgetting it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trayapp.cli import output
from trayapp.cli.codes import DONE
from trayapp.cli.console import Console
from trayapp.core.errors import Failure, Kind, ProviderError, UserError
from trayapp.core.language import _

if TYPE_CHECKING:
    from trayapp.catalog.metrics import Stats

_COUNTED = ("hits", "expired", "not_found", "puts", "calls", "retries", "joined", "failures", "saved", "breaker")
"""What only a running program counts."""


def stats(console: Console, args: Any) -> int:
    """``trayapp cache stats``: the tray's own counts where one runs, else what the disk says."""
    from trayapp.cli import disk

    reply = console.remote.ask("cache")
    found = _resting(console) if reply is None else _told(reply.ok, reply.data)
    if args.json:
        console.json(_object(found, running=reply is not None))
        return DONE
    from trayapp.ui import figures

    names = {it.id: disk.name_of(it) for it in disk.read(console.paths, console.env).accounts}
    counted = reply is not None
    rows = [(_("ID"), *figures.columns())]
    rows += [(it.provider, *it.cells) for it in figures.lines(found, names, counted=counted)]
    if not counted:
        blank = [at for at in range(len(rows[0])) if not any(row[at] for row in rows[1:])]
        rows = [tuple(cell for at, cell in enumerate(row) if at not in blank) for row in rows]
    console.say(output.columns(rows, width=console.width, flexible=(1,)))
    console.say(figures.totals(found, counted=counted))
    if not counted:
        console.say(
            _("trayapp is not running: it counts hits, misses and calls, and asks for lists, only while it runs.")
        )
    return DONE


def clear(console: Console, args: Any) -> int:
    """``trayapp cache clear``: in memory and on disk, of one account or all."""
    from trayapp.cli import disk
    from trayapp.core.intents import ClearCache

    if args.account is not None and all(it.id != args.account for it in disk.read(console.paths, console.env).accounts):
        from trayapp.core.redaction import struck

        raise ProviderError(Failure(Kind.UNKNOWN_PROVIDER, struck(args.account)))
    return console.answer(console.remote.perform(lambda: ClearCache(args.account)))


def _told(ok: bool, data: Any) -> Stats:
    """The running tray's figures. Raises UserError where it is of another version."""
    import msgspec

    from trayapp.catalog.metrics import Stats

    try:
        if ok:
            return msgspec.convert(data, Stats)
    except msgspec.ValidationError:
        pass
    raise UserError(_("The running trayapp is of another version. Quit it and start it again."))


def _resting(console: Console) -> Stats:
    from trayapp.app.diagnosis import at_rest

    app = at_rest(console.paths, env=console.env, now=console.now)
    for problem in app.problems:
        console.complain(problem)
    return app.catalog.stats()


def _object(found: Stats, *, running: bool) -> dict[str, Any]:
    import msgspec

    told: dict[str, Any] = {"running": running, **msgspec.to_builtins(found)}
    if not running:
        for each in (told, *told["accounts"]):
            each.update({name: None for name in _COUNTED if name in each})
    return told
