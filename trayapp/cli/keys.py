"""The commands about keys. A key comes from a prompt or from standard input, and is shown nowhere."""

from __future__ import annotations

import sys
from typing import Any

from trayapp.cli import disk, output
from trayapp.cli.accounts import key_words
from trayapp.cli.codes import DONE, FAILED
from trayapp.cli.console import Console
from trayapp.core.errors import UserError
from trayapp.core.intents import CheckKey, KeyChanged, RemoveKey, Reply, StoreKey
from trayapp.core.language import _
from trayapp.core.secret import Secret

LONGEST = 65_536
"""Bytes read from standard input; no key comes near it."""


def store(console: Console, args: Any) -> int:
    """``trayapp key set``: checked against the provider, then written to the keyring by this process."""
    found = disk.read(console.paths, console.env)
    account = found.account(args.account)
    text = _typed(disk.name_of(account)).strip()
    if not text:
        console.complain(_("No key was given, so nothing was changed."))
        return FAILED
    spec = disk.spec_of(account)
    if spec is not None:
        from trayapp.providers.keys import warning

        note = warning(spec, text)
        if note:
            console.complain(note)
    reply = console.remote.store_key(StoreKey(account.id, Secret(text), check=not args.unchecked))
    about = reply.data if isinstance(reply.data, dict) else {}
    if reply.ok and about.get("kept") == "session":
        # this process is the session, and it ends now
        console.complain(
            _(
                "The key was not kept: there is no keyring to write to. Enter it in the settings of the running"
                " program; it then lasts until that ends."
            )
        )
        return FAILED
    code = console.answer(reply)
    if not reply.ok and about.get("verdict") == "unsure":
        console.complain(_("The key was not stored. “--unchecked” stores it all the same."))
    if reply.ok:
        told = _tell(console, KeyChanged(account.id, present=True), written=about.get("remembered", True))
        if told is not None and not told.ok:
            console.complain(told.text)
    return code


def remove(console: Console, args: Any) -> int:
    """``trayapp key remove``."""
    disk.read(console.paths, console.env).account(args.account)
    return console.answer(console.remote.perform(lambda: RemoveKey(args.account)))


def test(console: Console, args: Any) -> int:
    """``trayapp key test``: code 0 only where the provider says that the key is good."""
    disk.read(console.paths, console.env).account(args.account)
    return console.answer(console.remote.perform(lambda: CheckKey(args.account), writes=False))


def show(console: Console, args: Any) -> int:
    """``trayapp key list``: from what is remembered; the keyring stays closed."""
    found = disk.read(console.paths, console.env)
    places = {it.id: disk.key_place(it, found.state, console.env) for it in found.accounts}
    if args.json:
        console.json(
            [
                {"id": it.id, "provider": it.spec, "name": disk.name_of(it), "key": places[it.id]}
                for it in found.accounts
            ]
        )
        return DONE
    rows = [(_("ID"), _("NAME"), _("KEY"))]
    rows += [(it.id, disk.name_of(it), key_words(places[it.id])) for it in found.accounts]
    console.say(output.columns(rows, width=console.width, flexible=(1,)))
    return DONE


def _tell(console: Console, changed: KeyChanged, *, written: bool) -> Reply | None:
    """Have the program that runs look again; what it was to write down is written here if it has ended meanwhile."""
    return console.remote.send(changed) if written else console.remote.perform(lambda: changed)


def _typed(name: str) -> str:
    """The key from standard input, or from a prompt that does not show it."""
    if not sys.stdin.isatty():
        data = sys.stdin.buffer.read(LONGEST + 1)
        if len(data) > LONGEST:
            raise UserError(_("That is too long for a key."))
        return data.removeprefix(b"\xef\xbb\xbf").decode(errors="replace")  # ``warning`` tells of what is no text
    import getpass
    import warnings

    try:
        with warnings.catch_warnings():
            # where echo cannot be turned off, a key is not asked for at all
            warnings.simplefilter("error", getpass.GetPassWarning)
            return getpass.getpass(_("Key for {name} (it is not shown): ").format(name=name))
    except (getpass.GetPassWarning, EOFError) as exc:
        raise UserError(
            _("The key cannot be asked for here without showing it. Send it to standard input instead.")
        ) from exc
