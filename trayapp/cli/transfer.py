"""The commands that carry settings from one computer to another: export and import."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import msgspec

from trayapp.cli import disk
from trayapp.cli.codes import DONE
from trayapp.cli.console import Console
from trayapp.core import transfer
from trayapp.core.errors import UserError
from trayapp.core.intents import Import
from trayapp.core.language import _
from trayapp.system import files
from trayapp.system.store import LIMIT

STANDARD = "-"
LONGEST = 1_000_000
"""Bytes of an import on its way to the running program, which takes no longer requests."""


def export(console: Console, args: Any) -> int:
    """``trayapp export``: everything but keys, as the running program has it or would have it."""
    found = disk.read(console.paths, console.env)
    for notice in found.notices:
        console.complain(notice)
    keyed = [it.id for it in found.stored.accounts if disk.key_place(it, found.state, console.env) == "keyring"]
    made = transfer.document(found.stored, found.state, now=console.now, keyed=keyed)
    for place in made.get("left_out", ()):
        console.complain(_("“{place}” looks like a key and was left out.").format(place=place))
    if args.file in (None, STANDARD):
        console.json(made)
        return DONE
    path = Path(args.file)
    _check(path, force=args.force)
    try:
        files.write_private(path, msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n")
    except OSError as exc:
        raise UserError(_("“{file}” could not be written: {why}.").format(file=path, why=exc.strerror or exc)) from exc
    console.say(_("Written to “{file}”. No key is in it.").format(file=path))
    return DONE


def import_file(console: Console, args: Any) -> int:
    """``trayapp import``: what is there is copied aside, then replaced; ``--dry-run`` only says what would be."""
    document = _read(args.file)
    if args.dry_run:
        from trayapp.app.transfer import planned

        found = disk.read(console.paths, console.env)
        places = ("keyring", "environment")
        plan = planned(
            document,
            found.stored,
            found.state,
            lambda account: disk.key_place(account, found.state, console.env) in places,
        )
        console.say("\n".join((*plan.said, _("Nothing was changed."))))
        return DONE
    return console.answer(console.remote.perform(lambda: Import(document)))


def _check(path: Path, *, force: bool) -> None:
    """Raises UserError where nothing may be written."""
    if not path.parent.is_dir():
        raise UserError(_("There is no folder “{folder}”.").format(folder=path.parent))
    if not os.path.lexists(path):
        return
    if path.exists() and not path.is_file():
        raise UserError(
            _("“{file}” is not a file. Without a name the export goes to standard output.").format(file=path)
        )
    if not force:
        raise UserError(_("“{file}” is there already. “--force” replaces it.").format(file=path))


def _read(name: str) -> dict[str, Any]:
    """The document in this file, or on standard input. Raises UserError."""
    try:
        data = sys.stdin.buffer.read(LIMIT + 1) if name == STANDARD else files.read_bytes(Path(name), LIMIT)
    except OSError as exc:
        raise UserError(_("“{file}” could not be read: {why}.").format(file=name, why=exc.strerror or exc)) from exc
    document = transfer.decoded(data) if len(data) <= LIMIT else None
    if document is None or len(msgspec.json.encode(document)) > LONGEST:
        raise UserError(_("This export is too large to be one of trayapp’s. Nothing was changed."))
    return document
