"""The commands about the program itself: refresh, status, start at login, paths, quit, completion."""

from __future__ import annotations

from typing import Any

from trayapp.cli import output
from trayapp.cli.codes import DONE, NOT_RUNNING
from trayapp.cli.console import Console
from trayapp.core.language import _, plural


def refresh(console: Console, args: Any) -> int:
    """``trayapp refresh``: code 1 where a provider that should answer did not."""
    from trayapp.cli import disk
    from trayapp.core.intents import Refresh

    if args.account:
        disk.read(console.paths, console.env).account(args.account)
    return console.answer(console.remote.perform(lambda: Refresh(args.account), writes=False))


def status(console: Console, args: Any) -> int:
    """``trayapp status``: from the running program what only it knows, the rest off the disk."""
    from trayapp.cli import disk
    from trayapp.core import profiles

    found = disk.read(console.paths, console.env)
    reply = console.remote.ask("status")
    live: dict[str, Any] = reply.data if reply is not None and isinstance(reply.data, dict) else {}
    listings, notices = disk.listings(found, console.paths, found.accounts, now=console.now, env=console.env)
    for notice in (*found.notices, *notices):
        console.complain(notice)
    places = {it.id: disk.key_place(it, found.state, console.env) for it in found.accounts}
    places |= {provider: kept for provider, kept in live.get("kept", {}).items() if kept == "session"}
    in_use = {it.id for it in found.in_use}
    accounts = [
        _state(it.id, it.enabled, listings[it.id], places[it.id], live.get("listings", {}).get(it.id), console.now)
        | {"in_use": it.id in in_use}
        for it in found.in_order
    ]
    profile = profiles.current(found.state)
    active = found.state.active
    if args.json:
        from trayapp.cli.local import told

        console.json(
            {
                "running": reply is not None,
                "provider": active.provider or None if active else None,
                "model": active.model if active else None,
                "profile": profile.name if profile else None,
                "keyring": live.get("keyring"),
                "refreshing": live.get("refreshing", []),
                "accounts": accounts,
                "local": told(console),
            }
        )
        return DONE
    console.say(_("trayapp is running.") if reply is not None else _("trayapp is not running."))
    console.say(_("Chosen: {ref}").format(ref=output.clean(str(active))) if active else _("No model is chosen."))
    if active is not None and not active.provider:
        from trayapp.cli.unfinished import asked

        console.complain(asked(found, console.paths, console.env)[0])
    if profile is not None:
        console.say(_("Profile: {name}").format(name=output.clean(profile.name)))
    if found.state.strategy is not None:
        from trayapp.local.residency import strategy_of
        from trayapp.ui.memory import strategy_label

        label = strategy_label(strategy_of(found.settings, found.state.strategy))
        console.say(_("Local models: {strategy}").format(strategy=label))
    if live.get("refreshing"):
        console.say(_("Being asked: {names}").format(names=", ".join(live["refreshing"])))
    if live.get("keyring"):
        from trayapp.ui.words import keyring

        if about := keyring(live["keyring"]):
            console.say(about)
    console.say(_accounts(accounts, console))
    return DONE


def login_on(console: Console, args: Any) -> int:
    """``trayapp login on``."""
    return _login(console, on=True)


def login_off(console: Console, args: Any) -> int:
    """``trayapp login off``."""
    return _login(console, on=False)


def login_status(console: Console, args: Any) -> int:
    """``trayapp login status``: what the system says, not what was asked of it once."""
    from trayapp.app.build import program
    from trayapp.system.login import Login

    found = Login(program(console.env)).status()
    if args.json:
        console.json({"on": found.on, "note": found.note or None})
        return DONE
    console.say(_("on") if found.on else _("off"))
    if found.note:
        console.complain(found.note)
    return DONE


def paths(console: Console, args: Any) -> int:
    """``trayapp paths``: one name and one path a line."""
    places = {
        "settings": console.paths.settings_file,
        "state": console.paths.state_file,
        "lists": console.paths.listings,
        "log": console.paths.log_file,
        "runtime": console.paths.runtime,
        "resources": console.paths.resources,
    }
    if args.json:
        console.json({name: str(path) for name, path in places.items()})
        return DONE
    console.say(output.columns([(name, str(path)) for name, path in places.items()]))
    return DONE


def leave(console: Console, args: Any) -> int:
    """``trayapp quit``: code 4 where nothing runs."""
    from trayapp.core.intents import Quit

    reply = console.remote.send(Quit())
    if reply is None:
        console.complain(_("trayapp is not running."))
        return NOT_RUNNING
    return console.answer(reply)


def completion(console: Console, args: Any) -> int:
    """``trayapp completion``: the script as it is shipped; its first lines say where to put it."""
    from trayapp.cli.completion import SCRIPTS

    console.machine((console.paths.resources / "completions" / SCRIPTS[args.shell]).read_text(encoding="utf-8"))
    return DONE


def _login(console: Console, *, on: bool) -> int:
    from trayapp.core.intents import SetLogin

    return console.answer(console.remote.perform(lambda: SetLogin(on), writes=False))


def _state(
    provider: str, enabled: bool, listing: Any, key: str, live: dict[str, Any] | None, now: float
) -> dict[str, Any]:
    """One account's line; what the running program holds is newer than the file."""
    source = listing.source.value if listing.models else None
    fetched, count = listing.fetched_at, len(listing.models)
    failure = listing.failure.kind.value if listing.failure else None
    if live is not None and enabled:
        source, fetched, count, failure = live["source"], live["fetched_at"], live["models"], live["failure"]
    return {
        "id": provider,
        "enabled": enabled,
        "key": key,
        "models": count,
        "source": source if count else None,
        "age_seconds": round(now - fetched, 1) if fetched > 0 else None,
        "failure": failure,
    }


def _accounts(accounts: list[dict[str, Any]], console: Console) -> str:
    from trayapp.core.errors import Failure, Kind
    from trayapp.ui import words

    rows = []
    for it in accounts:
        about = []
        if not it["enabled"]:
            about.append(_("switched off"))
        elif not it["in_use"]:
            about.append(_("not in this profile"))
        if it["failure"]:
            about.append(words.trouble(Failure(Kind(it["failure"]))))
        if it["source"]:
            about.append(
                it["source"] if it["age_seconds"] is None else f"{it['source']} {words.age(it['age_seconds'])}"
            )
        if it["enabled"] and not it["failure"] and not it["source"]:
            about.append(_("no list yet"))
        count = plural("{n} model", "{n} models", it["models"]) if it["models"] else ""
        rows.append((it["id"], count, ", ".join(about)))
    return output.columns(rows, width=console.width, flexible=(2,))
