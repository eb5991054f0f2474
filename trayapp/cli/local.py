"""The commands about local models: what is loaded, the strategy, unload, keep, warm up."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from trayapp.cli import disk, output
from trayapp.cli.codes import DONE
from trayapp.cli.console import Console
from trayapp.core.accounts import IMPLICIT
from trayapp.core.errors import UserError
from trayapp.core.intents import CancelWarmUp, Keep, SetStrategy, Unload, WarmUp
from trayapp.core.language import _
from trayapp.core.models import ModelRef

OFF = "off"
LONGEST_LOAD = 7200.0
"""Seconds that a load is waited for: a large model from a slow disk takes minutes."""
_TICK = 0.5
"""Seconds between two words to a terminal."""


def status(console: Console, args: Any) -> int:
    """``trayapp local status``: the running tray's own view, else one look at the servers."""
    found = told(console)
    if args.json:
        console.json(found)
        return DONE
    from trayapp.ui.memory import status_lines

    names = {it.id: disk.name_of(it) for it in disk.read(console.paths, console.env).accounts}
    for line in status_lines(found, names):
        console.say(output.clean(line))
    return DONE


def told(console: Console) -> dict[str, Any]:
    """The object that ``local status --json`` prints and ``status --json`` holds. Raises UserError."""
    reply = console.remote.ask("local")
    if reply is None:
        from trayapp.app.alone import local_status

        return local_status(console.paths, env=console.env)
    if not reply.ok or not isinstance(reply.data, dict):
        raise UserError(_("The running trayapp is of another version. Quit it and start it again."))
    return reply.data


def strategy(console: Console, args: Any) -> int:
    """``trayapp local strategy``: say it, or choose it."""
    if args.strategy is None:
        from trayapp.local.residency import strategy_of
        from trayapp.ui.memory import strategy_words

        found = disk.read(console.paths, console.env)
        console.say(strategy_words(strategy_of(found.settings, found.state.strategy)))
        return DONE
    chosen = None if args.strategy == OFF else args.strategy
    return console.answer(console.remote.perform(lambda: SetStrategy(chosen)))


def unload(console: Console, args: Any) -> int:
    """``trayapp local unload MODEL`` or ``--all``."""
    if bool(args.model) == args.all:
        raise UserError(_("Say which model, or “--all” for every one."))
    ref = _meant(console, args.model) if args.model else None
    return console.answer(console.remote.perform(lambda: Unload(ref), writes=False))


def keep(console: Console, args: Any) -> int:
    """``trayapp local keep MODEL``: never unloaded until ``--off``."""
    ref = _meant(console, args.model)
    return console.answer(console.remote.perform(lambda: Keep(ref, not args.off)))


def warm(console: Console, args: Any) -> int:
    """``trayapp local warm MODEL``: waits until it is loaded; interrupted, the load is given up."""
    ref = _meant(console, args.model)
    try:
        with _progress(_("Loading {model}…").format(model=output.clean(ref.model))):
            reply = console.remote.perform(lambda: WarmUp(ref, wait=True), writes=False, patience=LONGEST_LOAD)
    except KeyboardInterrupt:
        console.remote.send(CancelWarmUp(ref))
        raise
    return console.answer(reply)


def _meant(console: Console, text: str) -> ModelRef:
    """``account/model``, or a model's name alone where it is clear whose. Raises UserError."""
    found = disk.read(console.paths, console.env)
    servers = [it for it in found.in_use if it.spec in IMPLICIT]
    provider, slash, model = text.strip().partition("/")
    if slash and model and provider in {it.id for it in servers}:
        return ModelRef(provider, model)
    listings, _notices = disk.listings(found, console.paths, servers, now=console.now, env=console.env)
    from trayapp.local.residency import canonical

    name = canonical(text)
    has = [
        ModelRef(it.provider, model.ref.model)
        for it in listings.values()
        for model in it.models
        if name in (canonical(model.ref.model), *map(canonical, model.aliases))
    ]
    if len(has) == 1:
        return has[0]
    here = {it.provider for it in has} or {it.id for it in servers if it.id in found.state.seen} or _running(console)
    if len(here) == 1:
        return ModelRef(next(iter(here)), text.strip())  # one server there is: it knows best what it has
    if not servers:
        raise UserError(_("No local server is set up: “trayapp providers add ollama” adds one."))
    told = _("Say whose model it is, such as “{example}”.")
    raise UserError(told.format(example=ModelRef(servers[0].id, output.clean(text.strip()))))


def _running(console: Console) -> set[str]:
    """The servers that answer now: looked for only where nothing else is known."""
    return {it["account"] for it in told(console)["servers"] if it["state"] == "running"}


@contextmanager
def _progress(text: str) -> Iterator[None]:
    """On a terminal, what is being waited for and for how long already; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()
    begun = time.monotonic()

    def tell() -> None:
        while not done.wait(_TICK):
            sys.stderr.write(f"\r{text} {time.monotonic() - begun:.0f} s ")
            sys.stderr.flush()

    teller = threading.Thread(target=tell, name="progress")
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()
        sys.stderr.write("\r\033[K")
        sys.stderr.flush()
