"""Answers other processes of the same user: one JSON line asks, one answers."""

from __future__ import annotations

import os
from typing import Any

import msgspec

from trayapp.app.perform import perform
from trayapp.app.root import App
from trayapp.core.intents import Reply, WireIntent
from trayapp.core.language import _


class Request(msgspec.Struct, frozen=True):
    """Either something to do or something to know, by the name that ``answer`` knows it by."""

    intent: WireIntent | None = None
    ask: str = ""
    activation: str = ""
    """What lets a window come to the front, from whoever was clicked (``cli.windows.forward``)."""


async def answer(app: App, line: bytes) -> bytes:
    """The reply to one line; what cannot be understood is answered with words, too."""
    try:
        request = msgspec.json.decode(line, type=Request)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return msgspec.json.encode(Reply(False, _("The running trayapp does not understand this request.")))
    if request.activation and app.tray is not None:
        os.environ["XDG_ACTIVATION_TOKEN"] = request.activation  # Qt uses it for the next window, and takes it out
    if request.intent is not None:
        return msgspec.json.encode(await perform(app, request.intent, told=False))
    match request.ask:
        case "status":
            return msgspec.json.encode(Reply(data=status(app)))
        case "cache":
            return msgspec.json.encode(Reply(data=app.catalog.stats()))
        case "doctor":
            from trayapp.app.diagnosis import Doctor

            doctor = Doctor(app, running=True)
            return msgspec.json.encode(Reply(data=doctor.seen(await doctor.look())))
        case "local":
            await app.local.look()
            return msgspec.json.encode(Reply(data=app.local.summary()))
        case "gateway":
            from trayapp.app.gateway_work import summary

            return msgspec.json.encode(Reply(data=await summary(app)))
        case "ping":
            return msgspec.json.encode(Reply())
    return msgspec.json.encode(Reply(False, _("The running trayapp does not know “{what}”.").format(what=request.ask)))


def status(app: App) -> dict[str, Any]:
    """What a running program knows beyond the files: who is being asked, the keyring, and what is under way."""
    import asyncio

    return {
        "tasks": sorted(task.get_name() for task in asyncio.all_tasks()),
        "refreshing": sorted(app.catalog.refreshing.value),
        "keyring": app.keyring.value,
        "kept": {it.id: app.keychain.kept(it) for it in app.accounts},
        "listings": {
            provider: {
                "source": listing.source.value,
                "models": len(listing.models),
                "fetched_at": listing.fetched_at,
                "failure": listing.failure.kind.value if listing.failure else None,
            }
            for provider, listing in app.catalog.listings.value.items()
        },
    }
